/* SPDX-License-Identifier: BSD-2-Clause */
/* capture.c - capture threads: a frame's way, and live ones' loop. */
#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "plural.h"
#include "watchdog.h"

/*
 * Theory of operation
 *
 * Live and replay (replay.c) meet in capture_frame(). Live waits in poll() on
 * libpcap's descriptor and on `wake`, then dispatches a batch without blocking:
 * a blocking pcap_dispatch() on TPACKET_V3 returns neither on its time-out on a
 * silent wire nor on a signal.
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

void capture_file(
	struct source *s, const char *name, int link_type, unsigned snaplen)
{
	struct item *item = post_begin(s, ITEM_FILE);

	if (item) {
		item->u.note.number = link_type;
		item->u.note.snaplen = snaplen;
		snprintf(item->u.note.text, sizeof(item->u.note.text), "%s",
			name);
		post_end(s);
	}
}

void capture_resume(struct source *s, const char *name)
{
	struct item *item = post_begin(s, ITEM_RESUME);

	if (item) {
		snprintf(item->u.note.text, sizeof(item->u.note.text), "%s",
			name);
		post_end(s);
	}
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

void capture_eof(struct source *s, int exit_code)
{
	struct item *item = post_begin(s, ITEM_EOF);

	if (item) {
		item->u.note.number = exit_code;
		post_end(s);
	}
}

/* ---- one frame ---------------------------------------------------------- */

void capture_count(atomic_uint_fast64_t *count, uint64_t n)
{
	uint64_t v = atomic_load_explicit(count, memory_order_relaxed);

	atomic_store_explicit(count, v + n, memory_order_relaxed);
}

bool capture_stopped(const struct source *s)
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

static bool passes(const struct bpf_program *filter, const struct dlo_frame *f)
{
	struct pcap_pkthdr h = {.caplen = f->caplen, .len = f->len};

	return pcap_offline_filter(filter, &h, f->data) != 0;
}

bool capture_frame(struct source *s, struct dlo_frame *f)
{
	const struct options *o = s->shared->options;

	if (s->filter && !passes(s->filter, f)) {
		capture_count(&s->counts.filtered, 1);
		return true;
	}
	if (o->max_frames && !take_frame(s)) {
		return false;
	}
	f->caplen = f->caplen < o->snaplen ? f->caplen : o->snaplen;
	dlo_engine_frame(s->engine, f);
	return true;
}

/* ---- live --------------------------------------------------------------- */

static void on_frame(
	u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct source *s = (struct source *)(void *)user;
	struct dlo_frame f = {
		.ts_ns = (uint64_t)h->ts.tv_sec * SECOND_NS +
			 (uint64_t)h->ts.tv_usec, /* nanoseconds: see open */
		.packet = ++s->packet,
		.data = data,
		.caplen = h->caplen,
		.len = h->len,
		.link_type = s->link_type,
	};

	s->packet -= !capture_frame(s, &f);
	if (s->done) {
		pcap_breakloop(s->pcap);
	}
}

/* One batch without blocking; keeps the count of frames read. */
static int dispatch(struct source *s)
{
	uint64_t before = s->packet;
	int r = pcap_dispatch(s->pcap, BATCH, on_frame, (u_char *)(void *)s);

	capture_count(&s->counts.captured, s->packet - before);
	return r;
}

/* libpcap's counters are 32 bits wide and wrap: add what is new. */
static void read_kernel_counts(struct source *s)
{
	struct pcap_stat now;

	if (pcap_stats(s->pcap, &now)) {
		return;
	}
	capture_count(&s->counts.dropped,
		(uint32_t)(now.ps_drop - s->kernel.ps_drop));
	capture_count(&s->counts.if_dropped,
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
	uint64_t now = clock_wall_ns();
	const char *wrong;

	if (idle || now - *done_ns >= SECOND_NS) {
		dlo_engine_flush(s->engine, now);
		read_kernel_counts(s);
		say_lost(s);
		wrong = sampler_tick(&s->sampler);
		if (wrong) {
			capture_trouble(s, LOG_LEVEL_WARNING,
				"%s: no sample for the census: %s",
				s->interface, wrong);
		}
		*done_ns = now;
	}
}

/* What came before we were asked to end is seen: the kernel hands a block over
 * when it is full, or after the time-out that was set. */
static void drain(struct source *s)
{
	uint64_t end_ns = clock_wall_ns() + DRAIN_NS;
	struct pollfd fd = {
		.fd = pcap_get_selectable_fd(s->pcap), .events = POLLIN};

	while (!s->done && clock_wall_ns() < end_ns && dispatch(s) >= 0) {
		poll(&fd, 1, DRAIN_POLL_MS);
	}
}

void capture_live(struct source *s)
{
	uint64_t kept_ns = clock_wall_ns();
	bool down = false;
	int r = 0;

	while (!capture_stopped(s) && !s->done) {
		watchdog_note(&s->alive_ns);
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
	capture_eof(s, r == PCAP_ERROR ? EXIT_RUNTIME : EXIT_FINE);
}
