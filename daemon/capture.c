/* SPDX-License-Identifier: BSD-2-Clause */
/* capture.c - the capture thread: frames in, records into the ring. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "plural.h"
#include "source.h"

/*
 * Theory of operation
 *
 * Live and replay meet in on_frame(). Live waits in poll() on libpcap's
 * descriptor and on `wake`, then dispatches a batch without blocking: a
 * blocking pcap_dispatch() on TPACKET_V3 returns neither on its time-out on a
 * silent wire nor on a signal. Replay reads until the file ends.
 *
 * The last thing a thread does is to post ITEM_EOF: the ring is one ordered
 * channel, so whoever has seen it has seen all.
 */

#define BATCH 4096 /* frames between two looks at `stop` */
#define IDLE_MS 500
#define DOWN_MS 50
#define DRAIN_NS 200000000u /* twice the time-out of a block */
#define DRAIN_POLL_MS 20
#define SECOND_NS 1000000000u

/* ---- messages to the loop thread ---------------------------------------- */

static struct item *post_begin(struct source *s, enum item_kind kind)
{
	struct item *item = ring_reserve_wait(s->ring);

	if (item) {
		item->kind = kind;
		item->u.note.number = 0;
		item->u.note.snaplen = 0;
		item->u.note.text[0] = '\0';
	}
	return item;
}

static void post_end(struct source *s)
{
	ring_stage(s->ring);
	ring_publish(s->ring);
	s->shared->notify(s->shared->ctx);
}

void capture_trouble(struct source *s, int level, const char *format, ...)
{
	struct item *item = post_begin(s, ITEM_TROUBLE);
	va_list ap;

	if (!item) {
		return;
	}
	item->u.note.number = level;
	va_start(ap, format);
	vsnprintf(item->u.note.text, sizeof(item->u.note.text), format, ap);
	va_end(ap);
	post_end(s);
}

static void post_eof(struct source *s, int exit_code)
{
	struct item *item = post_begin(s, ITEM_EOF);

	if (item) {
		item->u.note.number = exit_code;
		post_end(s);
	}
}

/* ---- one frame ---------------------------------------------------------- */

static void add(atomic_uint_fast64_t *count, uint64_t n)
{
	uint64_t v = atomic_load_explicit(count, memory_order_relaxed);

	atomic_store_explicit(count, v + n, memory_order_relaxed);
}

static bool stopped(const struct source *s)
{
	return atomic_load_explicit(&s->stop, memory_order_relaxed);
}

/* Takes one of -c's frames. False: none was left. */
static bool take_frame(struct source *s)
{
	atomic_uint_fast64_t *left = &s->shared->frames_left;
	uint64_t n = atomic_load_explicit(left, memory_order_relaxed);

	do {
		if (!n) {
			s->done = true;
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(
		left, &n, n - 1, memory_order_relaxed, memory_order_relaxed));
	s->done = n == 1;
	return true;
}

static void on_frame(
	u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct source *s = (struct source *)(void *)user;
	const struct options *o = s->shared->options;
	struct dlo_frame f = {
		.ts_ns = (uint64_t)h->ts.tv_sec * SECOND_NS +
			 (uint64_t)h->ts.tv_usec, /* nanoseconds: see open */
		.packet = ++s->packet,
		.data = data,
		.caplen = h->caplen < o->snaplen ? h->caplen : o->snaplen,
		.len = h->len,
		.link_type = s->link_type,
	};

	if (s->user_filtered &&
		!pcap_offline_filter(&s->user_filter, h, data)) {
		add(&s->counts.filtered, 1);
		return;
	}
	if (o->max_frames && !take_frame(s)) {
		s->packet--;
		pcap_breakloop(s->pcap);
		return;
	}
	dlo_engine_frame(s->engine, &f);
	/* A pipe may go on for ever; an interface is drained. */
	if (s->done || (!s->interface && stopped(s))) {
		pcap_breakloop(s->pcap);
	}
}

/* One batch without blocking; keeps the count of frames read. */
static int dispatch(struct source *s)
{
	uint64_t before = s->packet;
	int r = pcap_dispatch(s->pcap, BATCH, on_frame, (u_char *)(void *)s);

	add(&s->counts.captured, s->packet - before);
	return r;
}

/* ---- live --------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* libpcap's counters are 32 bits wide and wrap: add what is new. */
static void read_kernel_counts(struct source *s)
{
	struct pcap_stat now;

	if (pcap_stats(s->pcap, &now)) {
		return;
	}
	add(&s->counts.dropped, (uint32_t)(now.ps_drop - s->kernel.ps_drop));
	add(&s->counts.if_dropped,
		(uint32_t)(now.ps_ifdrop - s->kernel.ps_ifdrop));
	s->kernel = now;
}

/* Sleeps until there may be frames. An interface that is down makes its
 * descriptor ready all the time: then only `wake` is waited for. */
static void wait_for_frames(struct source *s, bool down)
{
	struct pollfd fds[] = {
		{.fd = s->wake, .events = POLLIN},
		{.fd = pcap_get_selectable_fd(s->pcap), .events = POLLIN},
	};

	poll(fds, down ? 1 : 2, down ? DOWN_MS : IDLE_MS);
}

static void say_down_or_up(struct source *s, bool *down)
{
	/* libpcap asks for polling by time only while the interface is down. */
	bool is_down = pcap_get_required_select_timeout(s->pcap) != NULL;

	if (is_down != *down) {
		capture_trouble(s, is_down ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
			is_down ? "%s: interface is down, waiting"
				: "%s: interface is back",
			s->interface);
		*down = is_down;
	}
}

/* What could not be handed over is said as soon as there is room to say it. */
static void say_lost(struct source *s)
{
	uint64_t lost =
		atomic_load_explicit(&s->counts.lost, memory_order_relaxed);

	if (lost > s->lost_said) {
		capture_trouble(s, LOG_LEVEL_WARNING,
			"%s: %" PRIu64 " alert%s lost: more at once than could "
			"be handed over",
			s->interface, lost - s->lost_said,
			plural(lost - s->lost_said));
		s->lost_said = lost;
	}
}

/* Windows close and counters are read when the wire is idle, and at least once
 * a second when it is not. */
static void housekeeping(struct source *s, bool idle, uint64_t *done_ns)
{
	uint64_t now = now_ns();

	if (idle || now - *done_ns >= SECOND_NS) {
		dlo_engine_flush(s->engine, now);
		read_kernel_counts(s);
		say_lost(s);
		*done_ns = now;
	}
}

/* What came before we were asked to end is seen: the kernel hands a block over
 * when it is full, or after the time-out that was set. */
static void drain(struct source *s)
{
	uint64_t end_ns = now_ns() + DRAIN_NS;
	struct pollfd fd = {
		.fd = pcap_get_selectable_fd(s->pcap), .events = POLLIN};

	while (!s->done && now_ns() < end_ns && dispatch(s) >= 0) {
		poll(&fd, 1, DRAIN_POLL_MS);
	}
}

void capture_live(struct source *s)
{
	uint64_t kept_ns = now_ns();
	bool down = false;
	int r = 0;

	while (!stopped(s) && !s->done) {
		r = dispatch(s);
		if (r == PCAP_ERROR) {
			capture_trouble(s, LOG_LEVEL_ERROR, "%s: %s",
				s->interface, pcap_geterr(s->pcap));
			break;
		}
		housekeeping(s, r <= 0, &kept_ns);
		if (r == 0) {
			say_down_or_up(s, &down);
			wait_for_frames(s, down);
		}
	}
	if (r != PCAP_ERROR) {
		drain(s);
	}
	read_kernel_counts(s);
	dlo_engine_flush(s->engine, UINT64_MAX);
	say_lost(s);
	post_eof(s, r == PCAP_ERROR ? EXIT_RUNTIME : EXIT_FINE);
}

/* ---- files -------------------------------------------------------------- */

static const char *shown_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "stdin" : path;
}

static pcap_t *open_file(struct source *s, const char *path)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, error);

	if (!p) {
		size_t n = strlen(path);

		/* libpcap puts the name in front of some messages only. */
		capture_trouble(s, LOG_LEVEL_ERROR, "%s: %s", shown_name(path),
			!strncmp(error, path, n) && error[n] == ':'
				? error + n + 2
				: error);
	}
	return p;
}

static int set_file_filter(struct source *s, const char *path)
{
	const char *text = s->shared->options->filter;

	s->user_filtered = *text != '\0';
	if (s->user_filtered && pcap_compile(s->pcap, &s->user_filter, text, 1,
					PCAP_NETMASK_UNKNOWN)) {
		s->user_filtered = false;
		capture_trouble(s, LOG_LEVEL_ERROR, "%s: filter expression: %s",
			shown_name(path), pcap_geterr(s->pcap));
		return -1;
	}
	return 0;
}

static void post_file(struct source *s, const char *path)
{
	struct item *item = post_begin(s, ITEM_FILE);

	if (item) {
		item->u.note.number = pcap_datalink(s->pcap);
		item->u.note.snaplen = (unsigned)pcap_snapshot(s->pcap);
		snprintf(item->u.note.text, sizeof(item->u.note.text), "%s",
			shown_name(path));
		post_end(s);
	}
	if (!dlo_link_known(pcap_datalink(s->pcap))) {
		const char *name =
			pcap_datalink_val_to_name(pcap_datalink(s->pcap));

		capture_trouble(s, LOG_LEVEL_WARNING,
			"%s: link type %s (%d) is not decoded yet: its frames "
			"are only counted",
			shown_name(path), name ? name : "unknown",
			pcap_datalink(s->pcap));
	}
}

/* Reads one file to its end. Returns an exit code. */
static int read_file(struct source *s, const char *path)
{
	int r, exit_code = EXIT_FINE;

	s->pcap = open_file(s, path);
	if (!s->pcap) {
		return EXIT_RUNTIME;
	}
	post_file(s, path);
	s->packet = 0;
	s->link_type = pcap_datalink(s->pcap);
	dlo_engine_restart(s->engine);
	if (set_file_filter(s, path)) {
		exit_code = EXIT_USAGE;
	}
	do {
		r = exit_code ? 0 : dispatch(s);
	} while (r > 0 && !s->done && !stopped(s));
	if (r == PCAP_ERROR && !stopped(s)) {
		capture_trouble(s, LOG_LEVEL_ERROR, "%s: %s", shown_name(path),
			pcap_geterr(s->pcap));
		exit_code = EXIT_RUNTIME;
	}
	dlo_engine_flush(s->engine, UINT64_MAX);
	if (s->user_filtered) {
		pcap_freecode(&s->user_filter);
	}
	pcap_close(s->pcap);
	s->pcap = NULL;
	return exit_code;
}

void capture_files(struct source *s)
{
	int r, worst = EXIT_FINE;

	for (unsigned i = 0; i < s->files.n && !s->done && !stopped(s); i++) {
		r = read_file(s, s->files.text[i]);
		worst = r > worst ? r : worst;
	}
	post_eof(s, worst);
}
