/* SPDX-License-Identifier: BSD-2-Clause */
/* live.c - the thread of an interface: captures on it, and waits for it. */
#include <inttypes.h>
#include <poll.h>

#include "capture.h"
#include "clock.h"
#include "handle.h"
#include "log.h"
#include "parts.h"
#include "plural.h"
#include "source.h"
#include "watchdog.h"

/*
 * Theory of operation
 *
 * The thread waits in poll() on libpcap's descriptor and on `wake`, then
 * dispatches a batch without blocking: a blocking pcap_dispatch() on TPACKET_V3
 * returns neither on its time-out on a silent wire nor on a signal.
 *
 * An interface that is down keeps its handle, which works again when it is up.
 * One that is deleted or renamed takes the handle with it. For a person that is
 * the end, as tcpdump's. A service opens the name again, at first after half a
 * second, then less and less often; what it finds may be another interface, of
 * another link type. Down, deleted, there again but not yet up: all of that is
 * one outage, told of when it begins and when it ends. It wakes at least every
 * IDLE_MS all the while: windows close, and the watchdog sees that it lives.
 */

#define BATCH 4096 /* frames between two looks at `stop` */
#define IDLE_MS 500
#define DOWN_MS 50
#define DRAIN_NS 200000000u /* twice the time-out of a block */
#define DRAIN_POLL_MS 20
#define SECOND_NS 1000000000u
#define TENTH_NS (SECOND_NS / 10)

/* ---- frames ------------------------------------------------------------- */

/* Of the parts of an interface, no two give a frame the same number. */
static uint64_t number_of(struct source *s, uint64_t n)
{
	unsigned n_parts = source_first(s)->n_more + 1;

	return n * n_parts + s->part + 1;
}

static void on_frame(
	u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct source *s = (struct source *)(void *)user;
	struct dlo_frame f = {
		.ts_ns = (uint64_t)h->ts.tv_sec * SECOND_NS +
			 (uint64_t)h->ts.tv_usec, /* nanoseconds: see open */
		.packet = number_of(s, s->packet++),
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

/* What came before the end is seen: the kernel hands a block over when it is
 * full, or after the time-out that was set. An interface that is gone is an
 * error again and again, and yet leaves a block. */
static void drain(struct source *s)
{
	uint64_t end_ns = clock_steady_ns() + DRAIN_NS;

	while (!s->done && clock_steady_ns() < end_ns) {
		if (dispatch(s) <= 0) {
			poll(NULL, 0, DRAIN_POLL_MS);
		}
	}
}

/* ---- housekeeping ------------------------------------------------------- */

/* What a counter has grown by. They are 32 bits wide and wrap. One that reads
 * the interface's own begins anew when that is gone: that is no growth. */
static uint32_t growth(u_int now, u_int before)
{
	uint32_t n = now - before;

	return n < UINT32_C(1) << 31 ? n : 0;
}

static void read_kernel_counts(struct source *s)
{
	struct pcap_stat now;

	if (!s->pcap || pcap_stats(s->pcap, &now)) {
		return;
	}
	capture_count(
		&s->counts.dropped, growth(now.ps_drop, s->kernel.ps_drop));
	if (!s->part) {
		capture_count(&s->counts.if_dropped,
			growth(now.ps_ifdrop, s->kernel.ps_ifdrop));
	}
	s->kernel = now;
}

/* What could not be handed over. */
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

static void take_sample(struct source *s)
{
	const char *wrong = sampler_tick(&s->sampler);

	if (wrong) {
		capture_trouble(s, LOG_LEVEL_WARNING,
			"%s: no sample for the census: %s", s->interface,
			wrong);
	}
}

/* Windows close and counters are read when the wire is idle, and at least once
 * a second when it is not. */
static void housekeeping(struct source *s, bool idle)
{
	uint64_t now = clock_wall_ns();

	if (!idle && now - s->kept_ns < SECOND_NS) {
		return;
	}
	s->kept_ns = now;
	dlo_engine_flush(s->engine, now);
	read_kernel_counts(s);
	/* As soon as there is room to say it: it must not be waited for. */
	if (now - s->said_ns >= SECOND_NS && ring_reserve(s->ring)) {
		s->said_ns = now;
		say_lost(s);
	}
	ring_trim(s->ring);
	if (!outages_is_on(&s->outages)) {
		take_sample(s);
	}
}

/* ---- outages ------------------------------------------------------------ */

static void begin_outage(struct source *s, const char *why)
{
	if (outages_begin(&s->outages, clock_steady_ns()) && !s->part) {
		capture_outage(s, LOG_LEVEL_WARNING,
			"interface %s down, waiting%s%s", s->interface,
			*why ? ": " : "", why);
	}
	s->told = false;
	sampler_pause(&s->sampler);
}

/* `other`: of another link type than before. */
static void end_outage(struct source *s, bool other)
{
	uint64_t tenths =
		outages_end(&s->outages, clock_steady_ns()) / TENTH_NS;

	if (s->part) {
		return;
	}
	capture_outage(s, LOG_LEVEL_INFO,
		"interface %s back after %" PRIu64 ".%" PRIu64 " s%s%s",
		s->interface, tenths / 10, tenths % 10,
		other ? ", link-type " : "",
		other ? pcap_datalink_val_to_name(s->link_type) : "");
}

/* libpcap asks for polling by time only while the interface is down. */
static void note_down_or_up(struct source *s)
{
	bool down = pcap_get_required_select_timeout(s->pcap) != NULL;

	if (down && !outages_is_on(&s->outages)) {
		begin_outage(s, "");
	} else if (!down && outages_is_on(&s->outages)) {
		end_outage(s, false);
	}
}

/* The handle is of no use any more. Frames that the kernel still holds are
 * taken first. */
static void lose_handle(struct source *s, const char *why)
{
	char text[PCAP_ERRBUF_SIZE];

	snprintf(text, sizeof(text), "%s", why);
	parts_lose(s, text);
	drain(s);
	read_kernel_counts(s);
	pcap_close(s->pcap);
	s->pcap = NULL;
	parts_let_go(s);
	if (s->shared->options->service) {
		begin_outage(s, text);
	} else if (!s->part) {
		capture_trouble(
			s, LOG_LEVEL_ERROR, "%s: %s", s->interface, text);
	}
}

/* A new handle counts from 0. */
static void take_handle(struct source *s, pcap_t *pcap)
{
	int link_type = pcap_datalink(pcap);
	bool other = s->link_type != link_type;

	s->pcap = pcap;
	s->link_type = link_type;
	s->kernel = (struct pcap_stat){0};
	end_outage(s, other);
}

static void try_again(struct source *s)
{
	struct handle h;

	if (!parts_open(s, &h)) {
		take_handle(s, h.pcap);
		return;
	}
	outages_failed(&s->outages, clock_steady_ns());
	if (!h.absent && !s->told) {
		s->told = true;
		capture_trouble(
			s, LOG_LEVEL_WARNING, "%s: %s", s->interface, h.text);
	}
}

/* ---- the thread --------------------------------------------------------- */

/* Sleeps until there may be frames. An interface that is down makes its
 * descriptor ready all the time: then only `wake` is waited for. */
static void wait_for_frames(struct source *s)
{
	bool down = outages_is_on(&s->outages);
	struct pollfd fds[] = {
		{.fd = s->wake, .events = POLLIN},
		{.fd = pcap_get_selectable_fd(s->pcap), .events = POLLIN},
	};

	poll(fds, down ? 1 : 2, down ? DOWN_MS : IDLE_MS);
	source_woken(s);
}

static void wait_until_woken(struct source *s, int ms)
{
	struct pollfd fd = {.fd = s->wake, .events = POLLIN};

	poll(&fd, 1, ms);
	source_woken(s);
}

/* The first of the parts looks for it. */
static void wait_for_handle(struct source *s)
{
	pcap_t *pcap = source_take_handle(s);

	if (pcap) {
		take_handle(s, pcap);
	} else {
		wait_until_woken(s, IDLE_MS);
	}
}

static void wait_for_interface(struct source *s)
{
	uint64_t now_ns = clock_steady_ns();
	uint64_t ms = s->outages.retry_ns > now_ns
			      ? (s->outages.retry_ns - now_ns) / 1000000 + 1
			      : 0;

	if (ms) {
		wait_until_woken(s, ms < IDLE_MS ? (int)ms : IDLE_MS);
	} else if (!parts_have_let_go(s)) {
		wait_until_woken(s, DOWN_MS);
	} else {
		try_again(s);
	}
}

/* Asked once a second. */
static bool is_stale(struct source *s)
{
	uint64_t now_ns = clock_steady_ns();

	if (now_ns - s->looked_ns < SECOND_NS) {
		return false;
	}
	s->looked_ns = now_ns;
	return handle_is_stale(s->pcap, s->interface);
}

/* Why the handle is of no use any more; NULL: it is. */
static const char *why_lost(struct source *s, int r)
{
	return r == PCAP_ERROR ? pcap_geterr(s->pcap)
	       : is_stale(s)   ? "The interface disappeared"
			       : parts_lost(s);
}

static void capture(struct source *s)
{
	int r = dispatch(s);
	const char *why = why_lost(s, r);

	if (why) {
		lose_handle(s, why);
		return;
	}
	if (r == 0) {
		note_down_or_up(s);
	}
	housekeeping(s, r <= 0);
	if (r == 0) {
		wait_for_frames(s);
	}
}

void capture_live(struct source *s)
{
	bool service = s->shared->options->service;

	s->kept_ns = clock_wall_ns();
	while (!capture_stopped(s) && !s->done && (s->pcap || service)) {
		watchdog_note(&s->alive_ns);
		if (s->pcap) {
			capture(s);
		} else if (s->part) {
			wait_for_handle(s);
			housekeeping(s, true);
		} else {
			wait_for_interface(s);
			housekeeping(s, true);
		}
		capture_take_rules(s);
	}
	if (s->pcap) {
		drain(s);
	}
	read_kernel_counts(s);
	dlo_engine_flush(s->engine, UINT64_MAX);
	say_lost(s);
	capture_eof(s, s->pcap || service ? EXIT_FINE : EXIT_RUNTIME);
}
