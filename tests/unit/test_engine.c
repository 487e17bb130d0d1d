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
#include "engine_bench.h"
#include "ring.h"

/* ---- what is emitted ----------------------------------------------------- */

struct emit_case {
	const char *name;
	bool all, bytes, alerts_only;
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
	{"alerts only: the first and last of their message",
		.alerts_only = true,
		.names = {"a.example", "two.one.example", "b.example"},
		.want = "(A1:tun/one[2] A1:tun/two[1])"},
	{"alerts only: and its bytes", .alerts_only = true, .bytes = true,
		.names = {"one.example"}, .want = "(B0 A0:tun/one[1])"},
	{"alerts only: nothing matches", .alerts_only = true, .bytes = true,
		.names = {"a.example"}, .want = ""},
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
		cfg.alerts_only = c->alerts_only;
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
				dlo_engine_rules_exception(
					dlo_engine_rules(b.engine), k, &last),
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
	assert_int_equal(dlo_engine_rules_exception(
				 dlo_engine_rules(b.engine), 0, &last),
		3);
	assert_int_equal(last, 102 * SECOND);
	assert_int_equal(dlo_engine_rules_exception(
				 dlo_engine_rules(b.engine), 1, &last),
		0);
	assert_int_equal(last, 0);
	/* The second one hides until its day is over. */
	make(&f, 0, 1, (const char *const[]){"one.example"});
	feed(&b, &f, 86400 * SECOND - 1);
	assert_string_equal(b.log, "");
	feed(&b, &f, 86400 * SECOND);
	assert_int_equal(n_heap_calls, 0);
	assert_string_equal(b.log, "(Q0 A0:tun/one[1]!2)");
	assert_int_equal(dlo_engine_rules_exception(
				 dlo_engine_rules(b.engine), 1, &last),
		1);
	assert_int_equal(last, 86400 * SECOND - 1);
	close_bench(&b);
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
	dlo_engine_rules_tally(dlo_engine_rules(b.engine), on_tally, &sum);
	assert_int_equal(sum, 2);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_COUNTED), 2);
	close_bench(&b);
}

static void on_census(void *ctx, const struct dlo_census_row *row)
{
	uint64_t *udp = ctx;

	if (row->part == DLO_CENSUS_LAYERS && !strcmp(row->name, "udp")) {
		assert_int_equal(*udp, 0); /* one row */
		*udp = row->count;
	}
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
	assert_null(dlo_engine_rules(b.engine));
	assert_string_equal(b.log, "");
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_FRAMES), 2);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_CARRIERS), 2);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_MESSAGES), 0);
	close_bench(&b);
}

/* Two engines of one interface: a census of both, whose clients count once. */
static void test_census_of_two(void **state)
{
	struct dlo_engine_config cfg;
	const struct dlo_engine *both[2];
	static struct frame f;
	static struct bench a, b;
	uint64_t udp = 0;

	(void)state;
	dlo_engine_config_init(&cfg);
	open_bench(&a, &cfg);
	open_bench(&b, &cfg);
	both[0] = a.engine;
	both[1] = b.engine;
	make(&f, 0, 1, (const char *const[]){"none.example"});
	feed(&a, &f, 1);
	feed(&b, &f, 2);
	f.data[15] ^= 1; /* another client */
	feed(&b, &f, 3);
	dlo_engine_census(both, 2, on_census, &udp);
	assert_int_equal(udp, 3);
	assert_int_equal(dlo_engine_clients(both, 1), 1);
	assert_int_equal(dlo_engine_clients(both, 2), 2);
	close_bench(&a);
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

/* Our own calls: ldns's (stage 8) are its library's. */
static void test_no_heap_call_on_the_path(void **state)
{
	struct dlo_engine_config cfg;
	struct ring *ring;
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
	for (size_t i = 0; i < N_CAPTURES; i++) {
		feed_capture(b.engine, capture_path(i), NULL);
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
		cmocka_unit_test(test_census_of_two),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_exception_hits),
		cmocka_unit_test(test_counts_are_told),
		cmocka_unit_test(test_census_says_nothing),
		cmocka_unit_test(test_heap_calls_are_counted),
		cmocka_unit_test(test_no_heap_call_on_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
