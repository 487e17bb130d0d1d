/* SPDX-License-Identifier: BSD-2-Clause */
/* reload_bench.h - a reload with libuv's loop and threads, and sources whose
 * capture thread is the test. */
#ifndef TEST_RELOAD_BENCH_H
#define TEST_RELOAD_BENCH_H

#include <pcap/pcap.h>
#include <sys/eventfd.h>

#include "capture.h"
#include "folder.h"
#include "lastgood.h"
#include "reload.h"

#define N_SOURCES 2

struct bench {
	struct options options;
	struct source_context shared;
	struct source source[N_SOURCES];
	struct dlo_ruleset *rules;
	struct lists_age age;
	struct exceptions exceptions;
	struct tallies tallies;
	struct reload_boot boot;
	uv_loop_t uv;
	struct reload *reload;
	unsigned n_told;
	char keep[256];
	char log[256]; /* what came out of the rings */
};

/* ---- sources ------------------------------------------------------------- */

static inline void on_record(void *ctx, const struct dlo_record *rec)
{
	struct source *s = ctx;
	struct item *item = ring_reserve(s->ring);

	assert_non_null(item);
	item->kind = ITEM_RECORD;
	item->u.record = *rec;
	ring_stage(s->ring);
	ring_publish(s->ring);
}

static inline void notify(void *ctx)
{
	(void)ctx;
}

static inline void open_source(struct bench *b, struct source *s)
{
	struct dlo_engine_config cfg;

	dlo_engine_config_init(&cfg);
	cfg.limit_n = 1;
	cfg.limit_s = 60;
	cfg.record = on_record;
	cfg.ctx = s;
	*s = (struct source){.shared = &b->shared,
		.interface = "x0",
		.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	assert_int_equal(dlo_engine_new(&cfg, b->rules, &s->engine), 0);
	s->rules = dlo_engine_rules(s->engine);
	assert_int_equal(ring_new(&s->ring), 0);
}

/* A query for a name, by the client 192.0.2.5. */
static inline void ask(struct source *s, const char *name)
{
	uint8_t data[512] = "\x45\0\0\0\0\1\0\0\x40\x11\0\0\xc0\0\2\5"
			    "\xc6\x33\x64\1\xc0\0\0\x35\0\0\0\0"
			    "\x12\x34\1\0\0\1\0\0\0\0\0\0";
	struct dlo_frame f = {.ts_ns = 1, .data = data, .link_type = DLT_RAW};
	size_t at = 40;

	while (*name) {
		size_t n = strcspn(name, ".");

		data[at++] = (uint8_t)n;
		memcpy(data + at, name, n);
		at += n;
		name += n + (name[n] == '.');
	}
	memcpy(data + at, "\0\0\1\0\1", 5);
	at += 5;
	data[3] = (uint8_t)at;
	data[25] = (uint8_t)(at - 20);
	f.caplen = f.len = (uint32_t)at;
	dlo_engine_frame(s->engine, &f);
}

/* ---- the loop thread ----------------------------------------------------- */

static inline void take_item(struct bench *b, struct source *s)
{
	const struct item *item = ring_peek(s->ring);
	char pattern[DLO_PATTERN_TEXT_MAX];
	struct dlo_pattern_info p;
	char text[64] = "";

	if (item->kind == ITEM_RECORD &&
		item->u.record.kind != DLO_RECORD_QUESTION) {
		/* Of a set that is freed, this is an error of memory. */
		const struct dlo_ruleset *rules = item->u.record.rules;

		dlo_ruleset_pattern(rules, item->u.record.match[0], &p);
		dlo_ruleset_text(rules, item->u.record.match[0], pattern);
		snprintf(text, sizeof(text), "%s:%.40s ", p.rule_id, pattern);
	} else if (item->kind == ITEM_RETIRED) {
		reload_retired(b->reload, s, item->u.retired);
		snprintf(text, sizeof(text), "retired ");
	} else if (item->kind == ITEM_EOF) {
		s->ended = true;
		reload_source_ended(b->reload, s);
		snprintf(text, sizeof(text), "eof ");
	}
	assert_true(strlen(b->log) + strlen(text) < sizeof(b->log));
	strncat(b->log, text, sizeof(b->log) - strlen(b->log) - 1);
	ring_pop(s->ring);
}

static inline void drain(struct bench *b)
{
	for (unsigned i = 0; i < N_SOURCES; i++) {
		while (ring_peek(b->source[i].ring)) {
			take_item(b, &b->source[i]);
		}
	}
}

/* The capture threads wake. */
static inline void wake(struct bench *b)
{
	for (unsigned i = 0; i < N_SOURCES; i++) {
		if (!b->source[i].ended) {
			capture_take_rules(&b->source[i]);
		}
	}
}

/* Until nothing more is to be done. */
static inline void settle(struct bench *b)
{
	do {
		uv_run(&b->uv, UV_RUN_ONCE);
		wake(b);
		drain(b);
	} while (uv_loop_alive(&b->uv));
}

static inline const struct reload_outcome *finish(struct bench *b, uint64_t run)
{
	const struct reload_outcome *o;

	settle(b);
	o = reload_outcome(b->reload, run);
	assert_non_null(o);
	return o;
}

static inline const struct reload_outcome *reload(struct bench *b, bool force)
{
	return finish(b, reload_request(b->reload, "test", force));
}

static inline void tell(void *ctx, const char *before)
{
	struct bench *b = ctx;

	assert_string_equal(before, "READY=1\n");
	b->n_told++;
}

/* ---- all of it ----------------------------------------------------------- */

static inline void open_reload(
	struct bench *b, int (*settings)(void *ctx, struct options *ret))
{
	struct reload_context c = {.options = &b->options,
		.settings = settings,
		.sources = b->source,
		.n_sources = N_SOURCES,
		.rules = &b->rules,
		.age = &b->age,
		.exceptions = &b->exceptions,
		.tallies = &b->tallies,
		.keep = b->keep,
		.uv = &b->uv,
		.tell = tell,
		.ctx = b};

	assert_int_equal(reload_open(&c, &b->boot, &b->reload), 0);
	reload_begin(b->reload);
	while (uv_run(&b->uv, UV_RUN_ONCE)) {
	}
}

static inline void open_bench(struct bench *b, const char *list)
{
	*b = (struct bench){.boot.lists.keep = true};
	snprintf(b->keep, sizeof(b->keep), "%s", in_folder("kept"));
	unlink(in_folder("kept"));
	write_file("a.list", list);
	options_of(&b->options, "a.list", NULL);
	b->shared = (struct source_context){
		.options = &b->options, .notify = notify};
	assert_int_equal(
		lastgood_boot(&b->options, in_folder("kept"), &b->boot.lists,
			&b->boot.last_good, &b->boot.reasons),
		0);
	b->rules = b->boot.lists.rules;
	b->boot.lists.rules = NULL;
	assert_int_equal(exceptions_open(&b->exceptions, b->rules, NULL), 0);
	for (unsigned i = 0; i < N_SOURCES; i++) {
		open_source(b, &b->source[i]);
	}
	assert_int_equal(uv_loop_init(&b->uv), 0);
}

static inline void close_bench(struct bench *b)
{
	while (uv_run(&b->uv, UV_RUN_ONCE)) {
	}
	assert_int_equal(uv_loop_close(&b->uv), 0);
	for (unsigned i = 0; i < N_SOURCES; i++) {
		source_close(&b->source[i]);
	}
	reload_close(b->reload);
	lists_free(&b->boot.lists);
	reasons_free(&b->boot.reasons);
	exceptions_close(&b->exceptions);
	dlo_ruleset_free(b->rules);
	tallies_free(&b->tallies);
	options_free(&b->options);
}

/* The lists that were kept, in one text. */
static inline const char *kept(void)
{
	static char text[512];
	struct lists l = {0};
	struct reasons why;
	struct options o;
	size_t n = 0;
	time_t date;

	unlink(in_folder("gone"));
	options_of(&o, "gone", NULL);
	text[0] = '\0';
	if (!lastgood_boot(&o, in_folder("kept"), &l, &date, &why)) {
		for (unsigned i = 0; i < dlo_ruleset_n_patterns(l.rules); i++) {
			char pattern[DLO_PATTERN_TEXT_MAX];

			dlo_ruleset_text(l.rules, i, pattern);
			n += (size_t)snprintf(
				text + n, sizeof(text) - n, "%.64s ", pattern);
		}
	}
	lists_free(&l);
	reasons_free(&why);
	options_free(&o);
	return text;
}

#endif
