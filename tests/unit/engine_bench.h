/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_bench.h - an engine with lists, the log of its records, frames for it,
 * and a count of heap calls (link with --wrap).
 */
#ifndef TEST_ENGINE_BENCH_H
#define TEST_ENGINE_BENCH_H

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dnslookout.h"

/* ---- counting heap calls of our objects (meson links with --wrap) -------- */

/* Volatile: the compiler knows malloc(), and that it leaves statics alone. */
static volatile unsigned n_heap_calls;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

void *__wrap_malloc(size_t n)
{
	n_heap_calls++;
	return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	n_heap_calls++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	n_heap_calls++;
	return __real_realloc(p, n);
}

void __wrap_free(void *p)
{
	n_heap_calls++;
	__real_free(p);
}

/* ---- a set of lists, an engine, a log of its records --------------------- */

#define LOG_MAX 16384
#define SECOND 1000000000ull

struct bench {
	struct dlo_ruleset *rules;
	struct dlo_engine *engine;
	char log[LOG_MAX];
	size_t len;
};

static inline void put(struct bench *b, const char *text)
{
	size_t n = strlen(text);

	assert_true(b->len + n < LOG_MAX);
	memcpy(b->log + b->len, text, n + 1);
	b->len += n;
}

/* One record: kind, question, service of an alert; ( first, ) last. */
static inline void on_record(void *ctx, const struct dlo_record *rec)
{
	static const char *const kinds[] = {"Q", "A", "C", "B"};
	struct dlo_pattern_info p;
	struct bench *b = ctx;
	char text[128];

	put(b, rec->flags & DLO_RECORD_FIRST ? "(" : " ");
	snprintf(text, sizeof(text), "%s%u", kinds[rec->kind], rec->question);
	put(b, text);
	if (rec->kind == DLO_RECORD_ALERT || rec->kind == DLO_RECORD_CLOSING) {
		dlo_ruleset_pattern(rec->rules, rec->match[0], &p);
		snprintf(text, sizeof(text), ":%s/%s[%u]", p.rule_id, p.service,
			rec->n_matches_total);
		put(b, text);
		snprintf(text, sizeof(text), "!%u", rec->expired);
		put(b, rec->expired ? text : "");
	}
	if (rec->kind == DLO_RECORD_CLOSING) {
		snprintf(text, sizeof(text), "*%u", (unsigned)rec->count);
		put(b, text);
	}
	put(b, rec->flags & DLO_RECORD_LAST ? ")" : "");
}

static const char alert_list[] = "#: id: tun\n"
				 "#: level: high\n"
				 "[one]\n"
				 "one.example\n"
				 "*.one.example\n"
				 "[two]\n"
				 "*two*\n";
static const char count_list[] = "#: id: cnt\n"
				 "#: action: count\n"
				 "[common]\n"
				 "common.example\n";
static const char off_list[] = "#: id: off\n"
			       "#: action: off\n"
			       "off.example\n"
			       "one.example\n";

static inline void add_list(
	struct dlo_builder *builder, const char *file, const char *text)
{
	struct dlo_diag diag = {0};

	if (dlo_builder_add_list(
		    builder, file, text, strlen(text), NULL, &diag)) {
		fail_msg("%s:%u:%u: %s", diag.file, diag.line, diag.col,
			diag.msg);
	}
}

static inline void open_bench_with(
	struct bench *b, struct dlo_engine_config *cfg, const char *exceptions)
{
	struct dlo_builder *builder;
	struct dlo_diag diag;

	memset(b, 0, sizeof(*b));
	assert_int_equal(dlo_builder_new(&builder), 0);
	add_list(builder, "alert.list", alert_list);
	add_list(builder, "count.list", count_list);
	add_list(builder, "off.list", off_list);
	assert_int_equal(dlo_builder_add_exceptions(builder, "x.list",
				 exceptions, strlen(exceptions), NULL, &diag),
		0);
	assert_int_equal(dlo_builder_build(builder, &b->rules, &diag), 0);
	dlo_builder_free(builder);
	cfg->record = on_record;
	cfg->ctx = b;
	assert_int_equal(dlo_engine_new(cfg, b->rules, &b->engine), 0);
}

static inline void open_bench(struct bench *b, struct dlo_engine_config *cfg)
{
	open_bench_with(b, cfg, "");
}

static inline void close_bench(struct bench *b)
{
	dlo_engine_free(b->engine);
	dlo_ruleset_free(b->rules);
}

/* ---- frames -------------------------------------------------------------- */

struct frame {
	uint8_t data[2048];
	size_t len;
};

static inline void add(struct frame *f, const void *data, size_t len)
{
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static inline void add_name(struct frame *f, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, ".");
		uint8_t len = (uint8_t)n;

		add(f, &len, 1);
		add(f, text, n);
		text += n + (text[n] == '.');
	}
	add(f, "", 1);
}

/* An alias: owner and target. */
static inline void add_alias(
	struct frame *f, const char *owner, const char *target)
{
	uint8_t len[2] = {0, (uint8_t)(strlen(target) + 2)};

	add_name(f, owner);
	add(f, "\0\5\0\1\0\0\0\0", 8);
	add(f, len, 2);
	add_name(f, target);
}

/* A raw IPv4 frame with a message of `n` questions and, behind their names,
 * those that the first one leads to. */
static inline void make(
	struct frame *f, uint16_t flags, unsigned n, const char *const *names)
{
	unsigned n_aliases = 0;
	uint8_t header[12] = {0x12, 0x34, (uint8_t)(flags >> 8), (uint8_t)flags,
		0, (uint8_t)n};
	size_t ip;

	for (; flags & 0x8000 && names[n + n_aliases]; n_aliases++) {
	}
	header[7] = (uint8_t)n_aliases;
	f->len = 0;
	add(f, "\x45\0\0\0\0\1\0\0\x40\x11\0\0\xc0\0\2\5\xc6\x33\x64\1", 20);
	add(f, "\xc0\0\0\x35\0\0\0\0", 8);
	add(f, header, 12);
	for (unsigned i = 0; i < n; i++) {
		add_name(f, names[i]);
		add(f, "\0\1\0\1", 4);
	}
	for (unsigned i = 0; i < n_aliases; i++) {
		add_alias(f, i ? names[n + i - 1] : names[0], names[n + i]);
	}
	ip = f->len;
	f->data[2] = (uint8_t)(ip >> 8);
	f->data[3] = (uint8_t)ip;
	f->data[24] = (uint8_t)((ip - 20) >> 8);
	f->data[25] = (uint8_t)(ip - 20);
}

static inline void feed(
	struct bench *b, const struct frame *frame, uint64_t ts_ns)
{
	struct dlo_frame f = {.ts_ns = ts_ns,
		.packet = 1,
		.data = frame->data,
		.caplen = (uint32_t)frame->len,
		.len = (uint32_t)frame->len,
		.link_type = DLT_RAW};

	dlo_engine_frame(b->engine, &f);
}

/* ---- what is counted ----------------------------------------------------- */

static inline void on_tally(void *ctx, const struct dlo_tally_row *row)
{
	uint64_t *sum = ctx;

	assert_string_equal(row->service, "common");
	assert_string_equal(row->rule_id, "cnt");
	assert_memory_equal(row->client, "\xc0\0\2\5", 4);
	*sum += row->count;
}

/* ---- captures ------------------------------------------------------------ */

/* With `spare`, the rules are exchanged after each frame. */
static inline void feed_capture(
	struct dlo_engine *e, const char *path, struct dlo_engine_rules **spare)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	pcap_t *p = pcap_open_offline(path, error);
	struct dlo_frame f = {0};

	if (!p) {
		fail_msg("%s: %s", path, error);
	}
	f.link_type = pcap_datalink(p);
	dlo_engine_restart(e);
	n_heap_calls = 0;
	while (pcap_next_ex(p, &h, &data) == 1) {
		f.ts_ns = (uint64_t)h->ts.tv_sec * SECOND;
		f.packet++;
		f.data = data;
		f.caplen = h->caplen;
		f.len = h->len;
		dlo_engine_frame(e, &f);
		if (spare) {
			*spare = dlo_engine_swap(e, *spare);
		}
	}
	dlo_engine_flush(e, UINT64_MAX);
	assert_int_equal(n_heap_calls, 0);
	pcap_close(p);
}

static const char *const captures[] = {"demo", "questions", "names",
	"malformed", "link-ether", "limit", "headers", "fragments",
	"fragments-odd", "tcp", "tcp-odd", "other", "chains"};
#define N_CAPTURES (sizeof(captures) / sizeof(captures[0]))

static inline const char *capture_path(size_t i)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s.pcap", getenv("DLO_CAPTURES"),
		captures[i]);
	return path;
}

#endif
