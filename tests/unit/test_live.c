/* SPDX-License-Identifier: BSD-2-Clause */
/* test_live.c - the thread of an interface that goes, comes, counts, and
 * cannot be opened: on a machine where time passes only in poll(). */
#include "capture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "handle.h"
#include "log.h"

#define MS UINT64_C(1000000)

/* What happens to the interface, at which time. */
enum what {
	GOES_DOWN,
	COMES_UP,
	IS_DELETED,
	IS_RENAMED,
	IS_MADE,
	IS_FORBIDDEN,
	IS_RAW, /* when it is made next */
	LOOP_STANDS, /* the ring is full, and alerts are lost */
	LOOP_GOES_ON,
	NO_MORE_LOST,
};
struct event {
	unsigned ms;
	enum what what;
};

static struct {
	uint64_t now_ns, deaf_ns; /* how long the thread slept at most */
	const struct event *event;
	unsigned n_events;
	bool there, up, deleted, renamed, forbidden;
	uint64_t deleted_ns;
	unsigned n_open, n_held, n_samples_ended;
	int link_type; /* of the next handle */
	struct pcap_stat stat; /* of the handle */
	u_int dropped_each; /* while the thread sleeps once */
	u_int dropped; /* by all handles that are closed */
	unsigned n_stale_asked;
	struct timeval once_a_ms;
	uint64_t end_ns, opened_ns[64];
	unsigned n_opened;
	bool losing;
	struct source *source;
} machine;

static struct pcap {
	int unused;
} handle;

/* ---- the machine --------------------------------------------------------- */

static void fill(struct ring *r)
{
	struct item *item;

	while ((item = ring_reserve(r))) {
		item->kind = ITEM_RECORD;
		ring_stage(r);
		ring_publish(r);
	}
}

static void empty(struct ring *r)
{
	while (ring_peek(r)) {
		ring_pop(r);
	}
}

static void happen(enum what what)
{
	switch (what) {
	case LOOP_STANDS:
		fill(machine.source->ring);
		machine.losing = true;
		break;
	case LOOP_GOES_ON:
		empty(machine.source->ring);
		break;
	case NO_MORE_LOST:
		machine.losing = false;
		break;
	case GOES_DOWN:
		machine.up = false;
		break;
	case COMES_UP:
		machine.up = true;
		break;
	case IS_DELETED:
		machine.there = false;
		machine.deleted = true;
		machine.deleted_ns = machine.now_ns;
		break;
	case IS_RENAMED: /* the handle goes on */
		machine.there = false;
		machine.renamed = true;
		break;
	case IS_MADE:
		machine.there = machine.up = true;
		machine.forbidden = false;
		break;
	case IS_FORBIDDEN:
		machine.there = machine.forbidden = true;
		break;
	case IS_RAW:
		machine.link_type = DLT_RAW;
		break;
	}
}

static void pass(uint64_t ns)
{
	machine.now_ns += ns;
	if (machine.losing) {
		atomic_fetch_add(&machine.source->counts.lost, 1);
	}
	while (machine.n_events && machine.event->ms * MS <= machine.now_ns) {
		happen(machine.event->what);
		machine.event++;
		machine.n_events--;
	}
	if (machine.now_ns >= machine.end_ns) {
		atomic_store(&machine.source->stop, true);
	}
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	(void)clock;
	*ret = (struct timespec){
		.tv_sec = (time_t)(machine.now_ns / (1000 * MS)),
		.tv_nsec = (long)(machine.now_ns % (1000 * MS))};
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)fds, (void)n;
	assert_true(timeout_ms > 0);
	if ((uint64_t)timeout_ms * MS > machine.deaf_ns) {
		machine.deaf_ns = (uint64_t)timeout_ms * MS;
	}
	if (machine.n_open) {
		machine.stat.ps_drop += machine.dropped_each;
	}
	pass((uint64_t)timeout_ms * MS);
	return 0;
}

/* ---- libpcap, as it is with a deleted interface -------------------------- */

static void one_frame(pcap_handler callback, u_char *user)
{
	struct pcap_pkthdr h = {.caplen = 1, .len = 1};

	callback(user, &h, (const u_char *)"");
}

int pcap_dispatch(pcap_t *p, int n, pcap_handler callback, u_char *user)
{
	(void)p, (void)n;
	/* The block that was being filled comes a little later. */
	if (machine.deleted && machine.n_held &&
		machine.now_ns >= machine.deleted_ns + 100 * MS) {
		machine.n_held--;
		one_frame(callback, user);
		return 1;
	}
	return machine.deleted ? PCAP_ERROR : 0;
}

char *pcap_geterr(pcap_t *p)
{
	static char text[] = "The interface disappeared";

	(void)p;
	return text;
}

const struct timeval *pcap_get_required_select_timeout(pcap_t *p)
{
	(void)p;
	return machine.up ? NULL : &machine.once_a_ms;
}

int pcap_get_selectable_fd(pcap_t *p)
{
	(void)p;
	return -1;
}

void pcap_breakloop(pcap_t *p)
{
	(void)p;
}

void pcap_close(pcap_t *p)
{
	(void)p;
	machine.n_open--;
	machine.dropped += machine.stat.ps_drop;
}

/* ps_ifdrop is the interface's own: 0 when that is gone. */
int pcap_stats(pcap_t *p, struct pcap_stat *ret)
{
	(void)p;
	*ret = machine.stat;
	if (machine.deleted) {
		ret->ps_ifdrop = 0;
	}
	return 0;
}

int pcap_datalink(pcap_t *p)
{
	(void)p;
	return machine.link_type;
}

const char *pcap_datalink_val_to_name(int link_type)
{
	return link_type == DLT_RAW ? "RAW" : "EN10MB";
}

int handle_open(const struct options *o, struct programs *programs,
	const char *interface, struct handle *ret, unsigned n)
{
	(void)o, (void)programs;
	assert_int_equal(n, 1);
	assert_string_equal(interface, "eth0");
	assert_true(machine.n_opened < 64);
	machine.opened_ns[machine.n_opened++] = machine.now_ns;
	*ret = (struct handle){.absent = !machine.there || !machine.up};
	if (machine.forbidden || ret->absent) {
		snprintf(ret->text, sizeof(ret->text), "%s",
			machine.forbidden ? "forbidden" : "not there");
		return EXIT_RUNTIME;
	}
	*ret = (struct handle){
		.pcap = (pcap_t *)&handle, .link_type = machine.link_type};
	machine.n_open++;
	machine.deleted = machine.renamed = false;
	/* Some before it is asked the first time. */
	machine.stat = (struct pcap_stat){.ps_drop = 3};
	return 0;
}

bool handle_is_stale(pcap_t *pcap, const char *interface)
{
	(void)pcap, (void)interface;
	machine.n_stale_asked++;
	return machine.deleted || machine.renamed;
}

/* ---- the rest ------------------------------------------------------------ */

const char *sampler_tick(struct sampler *s)
{
	(void)s;
	assert_true(machine.source->pcap && machine.up);
	return NULL;
}

void sampler_pause(struct sampler *s)
{
	(void)s;
	machine.n_samples_ended++;
}

void dlo_engine_flush(struct dlo_engine *e, uint64_t now_ns)
{
	(void)e, (void)now_ns;
}

void dlo_engine_frame(struct dlo_engine *e, const struct dlo_frame *f)
{
	(void)e;
	assert_int_equal(f->link_type, machine.source->link_type);
}

/* No new rules come; that they are taken is test_reload's. */
struct dlo_engine_rules *source_take_rules(struct source *s)
{
	(void)s;
	return NULL;
}

struct dlo_engine_rules *dlo_engine_swap(
	struct dlo_engine *e, struct dlo_engine_rules *fresh)
{
	(void)e;
	return fresh;
}

/* A source that is alone is given none. */
pcap_t *source_take_handle(struct source *s)
{
	(void)s;
	return NULL;
}

int source_init(struct source *s)
{
	(void)s;
	return 0;
}

void source_wake(const struct source *s)
{
	(void)s;
}

void source_woken(const struct source *s)
{
	assert_ptr_equal(s, machine.source);
}

static void notify(void *ctx)
{
	(void)ctx;
}

static char said[4096];

/* All that the thread told, a line each with its level. */
static void hear(struct source *s)
{
	const struct item *item;

	said[0] = '\0';
	while ((item = ring_peek(s->ring))) {
		char *to = said + strlen(said);

		snprintf(to, sizeof(said) - (size_t)(to - said), "%s%d %s\n",
			item->kind == ITEM_OUTAGE ? "*"
			: item->kind == ITEM_EOF  ? "end "
						  : "",
			item->u.note.number, item->u.note.text);
		ring_pop(s->ring);
	}
}

static struct source_context shared = {.notify = notify};
static struct options options;

/* Runs the thread on what happens, for so long. */
static void run(struct source *s, bool service, const struct event *events,
	unsigned n_events, unsigned end_ms)
{
	machine.event = events;
	machine.n_events = n_events;
	machine.end_ns = end_ms * MS;
	machine.there = machine.up = machine.n_open;
	machine.source = s;
	machine.link_type = DLT_EN10MB;
	options.service = service;
	options.snaplen = 65535;
	shared.options = &options;
	*s = (struct source){.shared = &shared,
		.interface = "eth0",
		.link_type = machine.n_open ? DLT_EN10MB : -1,
		.pcap = machine.n_open ? (pcap_t *)&handle : NULL};
	if (!s->pcap) {
		outages_begin(&s->outages, machine.now_ns);
	}
	assert_int_equal(ring_new(&s->ring), 0);
	capture_live(s);
	hear(s);
	s->ring = ring_free(s->ring);
	assert_true(machine.deaf_ns <= 500 * MS);
	assert_int_equal(machine.n_open, s->pcap != NULL);
	assert_true(machine.n_stale_asked <= end_ms / 1000 + 1);
}

static void start(bool is_there)
{
	memset(&machine, 0, sizeof(machine));
	machine.n_open = is_there;
	machine.now_ns = MS; /* 0 is no time */
}

/* Whether that was said, but for how long an outage was. */
static bool said_like(const char *want)
{
	const char *got = said;

	for (; *want; want++) {
		if (*want == '#') {
			got += strspn(got, "0123456789.");
		} else if (*got++ != *want) {
			return false;
		}
	}
	return !*got;
}

#define DOWN "*1 interface eth0 down, waiting\n"
#define GONE "*1 interface eth0 down, waiting: The interface disappeared\n"
#define BACK "*2 interface eth0 back after # s"

static void test_down_and_up(void **state)
{
	static const struct event events[] = {
		{1000, GOES_DOWN}, {4300, COMES_UP}, {9000, GOES_DOWN}};
	static struct source s;

	(void)state;
	start(true);
	run(&s, false, events, 3, 20000);
	assert_string_equal(said, "*1 interface eth0 down, waiting\n"
				  "*2 interface eth0 back after 3.3 s\n"
				  "*1 interface eth0 down, waiting\n"
				  "end 0 \n");
	assert_int_equal(machine.n_opened, 0);
	assert_int_equal(atomic_load(&s.outages.n), 2);
	assert_int_equal(machine.n_samples_ended, 2);
}

/* For a person it is the end, and what the kernel held comes first. */
static void test_end(void **state)
{
	static const struct event events[] = {{1000, IS_DELETED}};
	static struct source s;

	(void)state;
	start(true);
	machine.n_held = 3;
	run(&s, false, events, 1, 20000);
	assert_string_equal(
		said, "0 eth0: The interface disappeared\nend 1 \n");
	assert_int_equal(atomic_load(&s.counts.captured), 3);
	assert_true(machine.now_ns < 2000 * MS);
}

/* Down, deleted, made but down, up: one outage; looked for less and less. */
static void test_deleted_and_made(void **state)
{
	static const struct event events[] = {{1000, GOES_DOWN},
		{1200, IS_DELETED}, {100000, IS_MADE}, {100000, GOES_DOWN},
		{140000, COMES_UP}, {190000, GOES_DOWN}, {191000, COMES_UP}};
	static const unsigned pauses_ms[] = {
		500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000};
	static struct source s;
	uint64_t before_ns;

	(void)state;
	start(true);
	machine.n_held = 2;
	run(&s, true, events, 7, 200000);
	assert_true(said_like(DOWN BACK "\n" DOWN BACK "\nend 0 \n"));
	assert_in_range(outages_total_ns(&s.outages, machine.now_ns) / MS,
		152000, 154000);
	assert_int_equal(atomic_load(&s.counts.captured), 2);
	assert_int_equal(atomic_load(&s.outages.n), 2);
	before_ns = 1400 * MS; /* after the last block */
	assert_int_equal(machine.n_opened, 10);
	for (unsigned i = 0; i < machine.n_opened; i++) {
		assert_in_range((machine.opened_ns[i] - before_ns) / MS,
			pauses_ms[i], pauses_ms[i] + 100);
		before_ns = machine.opened_ns[i];
	}
}

static void test_renamed(void **state)
{
	static const struct event events[] = {
		{1000, IS_RENAMED}, {2600, IS_MADE}};
	static struct source s;

	(void)state;
	start(true);
	run(&s, true, events, 2, 20000);
	assert_true(said_like(GONE BACK "\nend 0 \n"));
	assert_int_equal(atomic_load(&s.outages.n), 1);
	start(true);
	run(&s, false, events, 1, 20000);
	assert_string_equal(
		said, "0 eth0: The interface disappeared\nend 1 \n");
}

/* Not there at the start; then there, gone, and of another kind. */
static void test_made_later(void **state)
{
	static const struct event events[] = {{10000, IS_MADE},
		{30000, IS_DELETED}, {30000, IS_RAW}, {40000, IS_MADE}};
	static struct source s;

	(void)state;
	start(false);
	run(&s, true, events, 4, 60000);
	assert_true(said_like(BACK ", link-type EN10MB\n" GONE BACK
				   ", link-type RAW\nend 0 \n"));
	assert_int_equal(s.link_type, DLT_RAW);
	assert_int_equal(atomic_load(&s.outages.n), 2);
}

/* There, but it cannot be opened: told once an outage, and tried again. */
static void test_forbidden(void **state)
{
	static const struct event events[] = {{1000, IS_DELETED},
		{2000, IS_FORBIDDEN}, {50000, IS_MADE}, {90000, IS_DELETED},
		{91000, IS_FORBIDDEN}};
	static struct source s;

	(void)state;
	start(true);
	run(&s, true, events, 5, 120000);
	assert_true(said_like(GONE "1 eth0: forbidden\n" BACK "\n" GONE
				   "1 eth0: forbidden\nend 0 \n"));
}

/* Each handle counts from 0, and the interface's own counter ends with it. */
static void test_counters(void **state)
{
	static const struct event events[] = {{2000, IS_DELETED},
		{4000, IS_MADE}, {8000, IS_DELETED}, {9000, IS_MADE}};
	static struct source s;

	(void)state;
	start(true);
	machine.stat.ps_ifdrop = 7;
	machine.dropped_each = 5;
	run(&s, true, events, 4, 30000);
	assert_int_equal(atomic_load(&s.counts.if_dropped), 7);
	assert_true(machine.dropped > 100 && machine.stat.ps_drop > 100);
	assert_int_equal(atomic_load(&s.counts.dropped),
		machine.dropped + machine.stat.ps_drop);
}

/* That alerts were lost is not worth waiting for room, nor told all the time;
 * but each is told of. */
static void test_lost(void **state)
{
	static const struct event events[] = {{1000, LOOP_STANDS},
		{5000, LOOP_GOES_ON}, {7000, NO_MORE_LOST}};
	static struct source s;
	unsigned n_lines = 0, n, sum = 0;
	int len;

	(void)state;
	alarm(60); /* a thread that waits would wait for ever */
	start(true);
	run(&s, false, events, 3, 20000);
	alarm(0);
	for (const char *p = said; *p == '1'; p += len) {
		n_lines++;
		assert_int_equal(sscanf(p,
					 "1 eth0: %u alerts lost: more at "
					 "once than could be handed over\n%n",
					 &n, &len),
			1);
		sum += n;
	}
	assert_in_range(n_lines, 2, 4);
	assert_int_equal(sum, atomic_load(&s.counts.lost));
	assert_true(sum > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_down_and_up),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_deleted_and_made),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_made_later),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
