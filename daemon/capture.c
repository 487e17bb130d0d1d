/* SPDX-License-Identifier: BSD-2-Clause */
/* capture.c - what capture threads share: a frame's way, and messages. */
#include "capture.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * Theory of operation
 *
 * Live (live.c) and replay (replay.c) meet in capture_frame().
 *
 * The last thing a thread does is to post ITEM_EOF: the ring is one ordered
 * channel, so whoever has seen it has seen all.
 */

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

static void post_number(struct source *s, enum item_kind kind, int number)
{
	struct item *item = post_begin(s, kind);

	if (item) {
		item->u.note.number = number;
		post_end(s);
	}
}

void capture_turn(struct source *s, unsigned number)
{
	post_number(s, ITEM_TURN, (int)number);
}

void capture_turn_end(struct source *s)
{
	post_number(s, ITEM_TURN_END, 0);
}

__attribute__((format(printf, 4, 0))) static void post_text(struct source *s,
	enum item_kind kind, int level, const char *format, va_list ap)
{
	struct item *item = post_begin(s, kind);

	if (item) {
		item->u.note.number = level;
		vsnprintf(item->u.note.text, sizeof(item->u.note.text), format,
			ap);
		post_end(s);
	}
}

void capture_trouble(struct source *s, int level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	post_text(s, ITEM_TROUBLE, level, format, ap);
	va_end(ap);
}

void capture_outage(struct source *s, int level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	post_text(s, ITEM_OUTAGE, level, format, ap);
	va_end(ap);
}

/* NULL: there is no room now. */
static void give_back(struct source *s, struct item *item)
{
	if (item) {
		item->kind = ITEM_RETIRED;
		item->u.retired = s->retired;
		s->retired = NULL;
		post_end(s);
	}
}

void capture_take_rules(struct source *s)
{
	struct dlo_engine_rules *fresh;

	if (!s->retired) {
		fresh = source_take_rules(s);
		s->retired = fresh ? dlo_engine_swap(s->engine, fresh) : NULL;
	}
	if (s->retired) {
		give_back(s, ring_reserve(s->ring));
	}
}

void capture_eof(struct source *s, int exit_code)
{
	if (s->retired) {
		give_back(s, ring_reserve_wait(s->ring));
	}
	post_number(s, ITEM_EOF, exit_code);
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
