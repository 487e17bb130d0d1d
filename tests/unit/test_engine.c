/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_engine.c - frames in, records out: what is emitted, in which order, with
 * which counters, and that no heap function is called on the way.
 */
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dnslookout.h"
#include "ring.h"

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

struct bench {
	struct dlo_ruleset *rules;
	struct dlo_engine *engine;
	char log[LOG_MAX];
	size_t len;
};

static void put(struct bench *b, const char *text)
{
	size_t n = strlen(text);

	assert_true(b->len + n < LOG_MAX);
	memcpy(b->log + b->len, text, n + 1);
	b->len += n;
}

/* One record: kind, question, service of an alert; ( first, ) last. */
static void on_record(void *ctx, const struct dlo_record *rec)
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

static void add_list(
	struct dlo_builder *builder, const char *file, const char *text)
{
	struct dlo_diag diag = {0};

	if (dlo_builder_add_list(
		    builder, file, text, strlen(text), NULL, &diag)) {
		fail_msg("%s:%u:%u: %s", diag.file, diag.line, diag.col,
			diag.msg);
	}
}

static void open_bench_with(
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

static void open_bench(struct bench *b, struct dlo_engine_config *cfg)
{
	open_bench_with(b, cfg, "");
}

static void close_bench(struct bench *b)
{
	dlo_engine_free(b->engine);
	dlo_ruleset_free(b->rules);
}

/* ---- frames -------------------------------------------------------------- */

struct frame {
	uint8_t data[2048];
	size_t len;
};

static void add(struct frame *f, const void *data, size_t len)
{
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static void add_name(struct frame *f, const char *text)
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
static void add_alias(struct frame *f, const char *owner, const char *target)
{
	uint8_t len[2] = {0, (uint8_t)(strlen(target) + 2)};

	add_name(f, owner);
	add(f, "\0\5\0\1\0\0\0\0", 8);
	add(f, len, 2);
	add_name(f, target);
}

/* A raw IPv4 frame with a message of `n` questions and, behind their names,
 * those that the first one leads to. */
static void make(
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

static void feed(struct bench *b, const struct frame *frame, uint64_t ts_ns)
{
	struct dlo_frame f = {.ts_ns = ts_ns,
		.packet = 1,
		.data = frame->data,
		.caplen = (uint32_t)frame->len,
		.len = (uint32_t)frame->len,
		.link_type = DLT_RAW};

	dlo_engine_frame(b->engine, &f);
}

/* ---- what is emitted ----------------------------------------------------- */

struct emit_case {
	const char *name;
	bool all, bytes;
	uint16_t flags;
	const char *names[8];
	const char *want;
};

static const struct emit_case cases[] = {
	{"nothing matches", .names = {"a.example"}, .want = ""},
	{"all: nothing matches", .all = true, .names = {"a.example"},
		.want = "(Q0)"},
	{"an alert comes with its question", .names = {"one.example"},
		.want = "(Q0 A0:tun/one[1])"},
	{"all patterns of a service are one alert", .names = {"a.one.example"},
		.want = "(Q0 A0:tun/one[2])"},
	{"an alert for each service", .names = {"two.one.example"},
		.want = "(Q0 A0:tun/one[2] A0:tun/two[1])"},
	{"questions before and after are told too",
		.names = {"a.example", "one.example", "b.example"},
		.want = "(Q0 Q1 A1:tun/one[1] Q2)"},
	{"alerts stand behind their questions",
		.names = {"one.example", "a.example", "two.example"},
		.want = "(Q0 A0:tun/one[1] Q1 Q2 A2:tun/two[1])"},
	{"all: several questions", .all = true,
		.names = {"a.example", "b.example"}, .want = "(Q0 Q1)"},
	{"a list that counts is no alert", .names = {"x.common.example"},
		.want = ""},
	{"a list that is off is nothing", .names = {"off.example"}, .want = ""},
	{"a response whose query was not seen", .flags = 0x8000,
		.names = {"one.example"}, .want = "(Q0 A0:tun/one[1])"},
	{"all: a response is told", .all = true, .flags = 0x8180,
		.names = {"a.example"}, .want = "(Q0)"},
	{"another opcode raises nothing", .flags = 0x2800,
		.names = {"one.example"}, .want = ""},
	{"bytes come first", .bytes = true, .names = {"one.example"},
		.want = "(B0 Q0 A0:tun/one[1])"},
};

static void test_each_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct emit_case *c = &cases[i];
		struct dlo_engine_config cfg;
		static struct frame f;
		static struct bench b;
		unsigned n = 0;

		while (n < 8 && c->names[n]) {
			n++;
		}
		dlo_engine_config_init(&cfg);
		cfg.all = c->all;
		cfg.bytes = c->bytes;
		open_bench(&b, &cfg);
		make(&f, c->flags, n, c->names);
		feed(&b, &f, 1);
		print_message("# %s\n", c->name);
		assert_string_equal(b.log, c->want);
		close_bench(&b);
	}
}

static void test_long_frame_in_pieces(void **state)
{
	struct dlo_engine_config cfg;
	static struct frame f;
	static struct bench b;

	(void)state;
	dlo_engine_config_init(&cfg);
	cfg.bytes = true;
	open_bench(&b, &cfg);
	make(&f, 0, 1, (const char *const[]){"one.example"});
	f.len = 1200; /* padding behind the packet */
	feed(&b, &f, 1);
	assert_string_equal(b.log, "(B0 B0 B0 Q0 A0:tun/one[1])");
	close_bench(&b);
}

static void test_link_type_is_the_frames_own(void **state)
{
	static const struct {
		int link_type;
		size_t skip; /* octets of link header in `data` */
	} frames[] = {{DLT_EN10MB, 0}, {DLT_RAW, 14}, {DLT_EN10MB, 0},
		{DLT_USER0, 14}, {DLT_RAW, 14}};
	struct dlo_engine_config cfg;
	static struct frame f;
	static struct bench b;
	uint8_t data[14 + sizeof(f.data)] = {[12] = 8}; /* IPv4 */

	(void)state;
	dlo_engine_config_init(&cfg);
	open_bench(&b, &cfg);
	make(&f, 0, 1, (const char *const[]){"one.example"});
	memcpy(data + 14, f.data, f.len);
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct dlo_frame in = {.data = data + frames[i].skip,
			.caplen = (uint32_t)(14 + f.len - frames[i].skip),
			.link_type = frames[i].link_type};

		in.len = in.caplen;
		dlo_engine_frame(b.engine, &in);
	}
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_ALERTS), 4);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_NO_LINK), 1);
	close_bench(&b);
}

#define SECOND 1000000000ull

static void test_limit_and_time(void **state)
{
	struct dlo_engine_config cfg;
	static struct frame f;
	static struct bench b;

	(void)state;
	dlo_engine_config_init(&cfg);
	cfg.limit_n = 1;
	cfg.limit_s = 10;
	open_bench(&b, &cfg);
	make(&f, 0, 1, (const char *const[]){"one.example"});
	feed(&b, &f, 100 * SECOND);
	feed(&b, &f, 101 * SECOND);
	feed(&b, &f, 102 * SECOND);
	dlo_engine_flush(b.engine, 109 * SECOND);
	assert_string_equal(b.log, "(Q0 A0:tun/one[1])");
	dlo_engine_flush(b.engine, 110 * SECOND);
	assert_string_equal(b.log, "(Q0 A0:tun/one[1])(C0:tun/one[1]*2)");
	b.len = 0;
	feed(&b, &f, 111 * SECOND);
	feed(&b, &f, 112 * SECOND);
	feed(&b, &f, 50 * SECOND); /* a jump back closes, and opens anew */
	assert_string_equal(
		b.log, "(Q0 A0:tun/one[1])(C0:tun/one[1]*1)(Q0 A0:tun/one[1])");
	b.len = 0;
	feed(&b, &f, 51 * SECOND);
	dlo_engine_flush(b.engine, UINT64_MAX);
	assert_string_equal(b.log, "(C0:tun/one[1]*1)");
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_ALERTS), 3);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_SUPPRESSED), 4);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_CLOSINGS), 3);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_TIME_BACK), 1);
	close_bench(&b);
}

/* ---- exceptions ---------------------------------------------------------- */

#define R 0x8000 /* a response: the sender of its frame is the server */

static const struct except_case {
	const char *name, *exceptions;
	struct {
		uint16_t flags;
		unsigned n; /* questions; the names behind them are aliases */
		const char *names[5];
	} message[2];
	const char *want;
	unsigned excepted, hits[3];
} except_cases[] = {
	{"a client's alert", "one.example client=192.0.2.5",
		{{0, 1, {"one.example"}}}, "", 1, {1}},
	{"not another client's", "one.example client=192.0.2.4",
		{{0, 1, {"one.example"}}}, "(Q0 A0:tun/one[1])", 0, {0}},
	{"of two services, one", "*.example service=one",
		{{0, 1, {"two.one.example"}}}, "(Q0 A0:tun/two[1])", 1, {1}},
	{"each service by another", "* service=two\n*",
		{{0, 1, {"two.one.example"}}}, "", 2, {1, 1}},
	{"of several questions, one", "=one.example",
		{{0, 3, {"one.example", "a.one.example", "one.example"}}},
		"(Q0 Q1 A1:tun/one[2] Q2)", 2, {2}},
	{"what only counts", "common.example", {{0, 1, {"x.common.example"}}},
		"", 1, {1}},
	{"what is off is not there", "*", {{0, 1, {"off.example"}}}, "", 0,
		{0}},
	{"expired", "* until=1970-01-01\n", {{0, 1, {"one.example"}}},
		"(Q0 A0:tun/one[1]!1)", 0, {0}},
	{"expired beside one that hides", "* until=1970-01-01\n* service=two",
		{{0, 1, {"two.one.example"}}}, "(Q0 A0:tun/one[2]!1)", 1,
		{0, 1}},
	{"a response: the client is who it is sent to",
		"* client=192.0.2.5\n* client=198.51.100.1",
		{{R, 1, {"one.example"}}}, "", 1, {0, 1}},
	{"a query, and its response says nothing more", "=one.example",
		{{0, 1, {"one.example"}}, {R, 1, {"one.example"}}}, "", 1, {1}},
	{"the name asked for, wherever it leads", "=www.example",
		{{R, 1, {"www.example", "a.one.example"}}}, "", 1, {1}},
	{"where it leads, whatever was asked for", "one.example",
		{{R, 1, {"www.example", "cdn.example", "a.one.example"}}}, "",
		1, {1}},
	{"a name on the way is neither", "cdn.example",
		{{R, 1, {"www.example", "cdn.example", "a.one.example"}}},
		"(Q0 A0:tun/one[2])", 0, {0}},
	{"another alias of that service is no exception", "=a.one.example",
		{{R, 1, {"www.example", "a.one.example", "b.one.example"}}},
		"(Q0 A0:tun/one[2])", 1, {1}},
	{"nor one before", "=b.one.example",
		{{R, 1, {"www.example", "a.one.example", "b.one.example"}}},
		"(Q0 A0:tun/one[2])", 0, {0}},
	{"both aliases", "one.example",
		{{R, 1, {"www.example", "a.one.example", "b.one.example"}}}, "",
		2, {2}},
	{"the question, and an alias of the same service", "=one.example",
		{{R, 1, {"one.example", "a.one.example"}}}, "", 1, {1}},
	{"the question, and an alias of another service",
		"=one.example service=one",
		{{R, 1, {"one.example", "two.example"}}}, "(Q0 A0:tun/two[1])",
		1, {1}},
	{"an alias, of which the question's name has expired",
		"=www.example until=1970-01-01",
		{{R, 1, {"www.example", "a.one.example"}}},
		"(Q0 A0:tun/one[2]!1)", 0, {0}},
};

static void test_exceptions(void **state)
{
	static struct frame f;
	static struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(except_cases) / sizeof(except_cases[0]);
		i++) {
		const struct except_case *c = &except_cases[i];
		struct dlo_engine_config cfg;
		uint64_t last;

		print_message("# %s\n", c->name);
		dlo_engine_config_init(&cfg);
		open_bench_with(&b, &cfg, c->exceptions);
		for (unsigned k = 0; k < 2 && c->message[k].n; k++) {
			make(&f, c->message[k].flags, c->message[k].n,
				c->message[k].names);
			if (c->message[k].flags == R && k) { /* the way back */
				uint8_t ends[12];

				memcpy(ends, f.data + 12, 12);
				memcpy(f.data + 12, ends + 4, 4);
				memcpy(f.data + 16, ends, 4);
				memcpy(f.data + 20, ends + 10, 2);
				memcpy(f.data + 22, ends + 8, 2);
			}
			feed(&b, &f, (100000 + k) * SECOND);
		}
		assert_string_equal(b.log, c->want);
		assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_EXCEPTED),
			c->excepted);
		assert_int_equal(
			dlo_engine_stat(b.engine, DLO_STAT_COUNTED), 0);
		for (unsigned k = 0; k < dlo_ruleset_n_exceptions(b.rules);
			k++) {
			assert_int_equal(
				dlo_engine_exception(b.engine, k, &last),
				c->hits[k]);
			assert_int_equal(
				last, c->hits[k] ? 100000 * SECOND : 0);
		}
		close_bench(&b);
	}
}

/* The newest hit, though packets overtake each other; and what is hidden is
 * not limited, and needs no heap. */
static void test_exception_hits(void **state)
{
	struct dlo_engine_config cfg;
	static struct frame f;
	static struct bench b;
	uint64_t last;

	(void)state;
	dlo_engine_config_init(&cfg);
	cfg.limit_n = 1;
	cfg.limit_s = 10;
	open_bench_with(&b, &cfg, "* service=two\n* until=1970-01-01\n");
	make(&f, 0, 1, (const char *const[]){"two.example"});
	n_heap_calls = 0;
	feed(&b, &f, 100 * SECOND);
	feed(&b, &f, 102 * SECOND);
	feed(&b, &f, 102 * SECOND - 1);
	dlo_engine_flush(b.engine, UINT64_MAX);
	dlo_engine_restart(b.engine);
	assert_string_equal(b.log, "");
	assert_int_equal(dlo_engine_exception(b.engine, 0, &last), 3);
	assert_int_equal(last, 102 * SECOND);
	assert_int_equal(dlo_engine_exception(b.engine, 1, &last), 0);
	assert_int_equal(last, 0);
	/* The second one hides until its day is over. */
	make(&f, 0, 1, (const char *const[]){"one.example"});
	feed(&b, &f, 86400 * SECOND - 1);
	assert_string_equal(b.log, "");
	feed(&b, &f, 86400 * SECOND);
	assert_int_equal(n_heap_calls, 0);
	assert_string_equal(b.log, "(Q0 A0:tun/one[1]!2)");
	assert_int_equal(dlo_engine_exception(b.engine, 1, &last), 1);
	assert_int_equal(last, 86400 * SECOND - 1);
	close_bench(&b);
}

static void on_tally(void *ctx, const struct dlo_tally_row *row)
{
	uint64_t *sum = ctx;

	assert_string_equal(row->service, "common");
	assert_string_equal(row->rule_id, "cnt");
	assert_memory_equal(row->client, "\xc0\0\2\5", 4);
	*sum += row->count;
}

static void test_counts_are_told(void **state)
{
	struct dlo_engine_config cfg;
	uint64_t sum = 0;
	static struct frame f;
	static struct bench b;

	(void)state;
	dlo_engine_config_init(&cfg);
	open_bench(&b, &cfg);
	make(&f, 0, 1, (const char *const[]){"x.common.example"});
	feed(&b, &f, 1);
	feed(&b, &f, 2);
	dlo_engine_tally(b.engine, on_tally, &sum);
	assert_int_equal(sum, 2);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_COUNTED), 2);
	close_bench(&b);
}

/* A census looks at layers: whatever it is given, it has nothing to say, not
 * even of pieces that nothing came after. */
static void test_census_says_nothing(void **state)
{
	struct dlo_engine_config cfg;
	static struct frame f;
	static struct bench b;

	(void)state;
	dlo_engine_config_init(&cfg);
	cfg.all = true;
	cfg.census_only = true;
	open_bench(&b, &cfg);
	make(&f, 0, 2, (const char *const[]){"one.example", "a.example"});
	feed(&b, &f, 1);
	f.data[6] = 0x20; /* more fragments */
	feed(&b, &f, 2);
	dlo_engine_flush(b.engine, UINT64_MAX);
	dlo_engine_restart(b.engine);
	dlo_engine_tally(b.engine, NULL, NULL);
	assert_string_equal(b.log, "");
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_FRAMES), 2);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_CARRIERS), 2);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_MESSAGES), 0);
	close_bench(&b);
}

/* ---- no heap ------------------------------------------------------------- */

/* Stage 9 too: through the daemon's ring. */
static void hand_over(void *ctx, const struct dlo_record *rec)
{
	struct ring *ring = ctx;
	struct item *item = ring_reserve(ring);

	item->kind = ITEM_RECORD;
	item->u.record = *rec;
	ring_stage(ring);
	ring_publish(ring);
	assert_non_null(ring_peek(ring));
	ring_pop(ring);
}

static void feed_capture(struct dlo_engine *e, const char *path)
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
	}
	dlo_engine_flush(e, UINT64_MAX);
	assert_int_equal(n_heap_calls, 0);
	pcap_close(p);
}

/* Our own calls: ldns's (stage 8) are its library's. */
static void test_no_heap_call_on_the_path(void **state)
{
	static const char *const captures[] = {"demo", "questions", "names",
		"malformed", "link-ether", "limit", "headers", "fragments",
		"fragments-odd", "tcp", "tcp-odd", "other"};
	struct dlo_engine_config cfg;
	struct ring *ring;
	char path[1024];
	static struct bench b;

	(void)state;
	dlo_engine_config_init(&cfg);
	cfg.all = true;
	cfg.bytes = true;
	cfg.limit_n = 1;
	cfg.limit_s = 60;
	open_bench(&b, &cfg);
	dlo_engine_free(b.engine);
	assert_int_equal(ring_new(&ring), 0);
	cfg.record = hand_over;
	cfg.ctx = ring;
	assert_int_equal(dlo_engine_new(&cfg, b.rules, &b.engine), 0);
	for (size_t i = 0; i < sizeof(captures) / sizeof(captures[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s.pcap",
			getenv("DLO_CAPTURES"), captures[i]);
		feed_capture(b.engine, path);
	}
	assert_true(dlo_engine_stat(b.engine, DLO_STAT_QUESTIONS) > 100);
	assert_true(dlo_engine_stat(b.engine, DLO_STAT_TCP_MESSAGES) > 20);
	assert_true(dlo_engine_stat(b.engine, DLO_STAT_FRAGMENTS_WHOLE) > 5);
	assert_true(dlo_engine_stat(b.engine, DLO_STAT_PARTIAL) > 5);
	ring_free(ring);
	close_bench(&b);
}

/* ... and the counter can count. */
static void test_heap_calls_are_counted(void **state)
{
	void *volatile p; /* so that the calls are not optimised away */

	(void)state;
	n_heap_calls = 0;
	p = malloc(1);
	free(p);
	assert_int_equal(n_heap_calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_message),
		cmocka_unit_test(test_long_frame_in_pieces),
		cmocka_unit_test(test_link_type_is_the_frames_own),
		cmocka_unit_test(test_limit_and_time),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_exception_hits),
		cmocka_unit_test(test_counts_are_told),
		cmocka_unit_test(test_census_says_nothing),
		cmocka_unit_test(test_heap_calls_are_counted),
		cmocka_unit_test(test_no_heap_call_on_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
