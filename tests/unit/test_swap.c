/* SPDX-License-Identifier: BSD-2-Clause */
/* test_swap.c - other rules for an engine, between two frames. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dnslookout.h"
#include "engine_bench.h"

static const char other_list[] = "#: id: other\n"
				 "[three]\n"
				 "three.example\n"
				 "[four]\n"
				 "four.example\n"
				 "one.example\n"
				 "x.common.example\n";

/* Most names match it. */
static const char wide_list[] = "#: id: wide\n"
				"*e*\n";

static struct dlo_ruleset *rules_of(const char *text)
{
	struct dlo_builder *builder;
	struct dlo_ruleset *rs;
	struct dlo_diag diag;

	assert_int_equal(dlo_builder_new(&builder), 0);
	add_list(builder, "a.list", text);
	assert_int_equal(dlo_builder_build(builder, &rs, &diag), 0);
	dlo_builder_free(builder);
	return rs;
}

static void feed_name(struct bench *b, const char *name, uint64_t ts_ns)
{
	static struct frame f;

	make(&f, 0, 1, &name);
	feed(b, &f, ts_ns);
}

/* Nothing that was held back is lost: it is told of the rules that it is of. */
static void test_swap_closes_windows(void **state)
{
	struct dlo_engine_rules *fresh, *old;
	struct dlo_engine_config cfg;
	struct dlo_ruleset *other = rules_of(other_list);
	static struct bench b;

	(void)state;
	dlo_engine_config_init(&cfg);
	cfg.limit_n = 1;
	cfg.limit_s = 10;
	open_bench(&b, &cfg);
	assert_int_equal(dlo_engine_rules_new(&cfg, other, &fresh), 0);
	feed_name(&b, "one.example", 100 * SECOND);
	feed_name(&b, "one.example", 101 * SECOND);
	feed_name(&b, "two.example", 102 * SECOND); /* open, holds nothing */
	feed_name(&b, "three.example", 103 * SECOND);
	n_heap_calls = 0;
	old = dlo_engine_swap(b.engine, fresh);
	assert_int_equal(n_heap_calls, 0);
	assert_string_equal(b.log, "(Q0 A0:tun/one[1])(Q0 A0:tun/two[1])"
				   "(C0:tun/one[1]*1)");
	dlo_engine_rules_free(old);
	b.rules = dlo_ruleset_free(b.rules);
	b.len = 0;
	b.log[0] = '\0';
	feed_name(&b, "one.example", 104 * SECOND); /* a window of its own */
	feed_name(&b, "one.example", 105 * SECOND);
	feed_name(&b, "two.example", 106 * SECOND);
	feed_name(&b, "three.example", 107 * SECOND);
	dlo_engine_flush(b.engine, UINT64_MAX);
	assert_string_equal(b.log, "(Q0 A0:other/four[1])"
				   "(Q0 A0:other/three[1])"
				   "(C0:other/four[1]*1)");
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_ALERTS), 4);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_SUPPRESSED), 2);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_CLOSINGS), 2);
	close_bench(&b);
	dlo_ruleset_free(other);
}

/* Two engines with the same rules and one limit; *ret_cfg: of the first. */
static void open_two(
	struct bench *a, struct bench *b, struct dlo_engine_config *ret_cfg)
{
	struct dlo_engine_config cfg;

	dlo_engine_config_init(ret_cfg);
	ret_cfg->limit_n = 1;
	ret_cfg->limit_s = 100;
	open_bench(a, ret_cfg);
	memset(b, 0, sizeof(*b));
	cfg = *ret_cfg;
	cfg.ctx = b;
	cfg.limit_of = dlo_engine_rules(a->engine);
	assert_int_equal(dlo_engine_new(&cfg, a->rules, &b->engine), 0);
}

/* Rules for each of them, with one limit again. */
static void make_two(const struct dlo_engine_config *of_first,
	const struct dlo_ruleset *set, struct dlo_engine_rules **ret_a,
	struct dlo_engine_rules **ret_b)
{
	struct dlo_engine_config cfg = *of_first;

	assert_int_equal(dlo_engine_rules_new(&cfg, set, ret_a), 0);
	cfg.limit_of = *ret_a;
	assert_int_equal(dlo_engine_rules_new(&cfg, set, ret_b), 0);
}

static void expect_log(struct bench *b, const char *want)
{
	assert_string_equal(b->log, want);
	b->len = 0;
	b->log[0] = '\0';
}

/* Two engines take new rules one after the other: the old windows go on for
 * the second, and are closed by it; the new ones are theirs together. */
static void test_swap_of_two_with_one_limit(void **state)
{
	struct dlo_engine_rules *fresh_a, *fresh_b;
	struct dlo_ruleset *other = rules_of(other_list);
	struct dlo_engine_config cfg;
	static struct bench a, b;

	(void)state;
	open_two(&a, &b, &cfg);
	make_two(&cfg, other, &fresh_a, &fresh_b);
	feed_name(&a, "one.example", 100 * SECOND);
	feed_name(&b, "one.example", 101 * SECOND);
	dlo_engine_rules_free(dlo_engine_swap(a.engine, fresh_a));
	expect_log(&a, "(Q0 A0:tun/one[1])");
	feed_name(&a, "one.example", 102 * SECOND);
	feed_name(&b, "one.example", 103 * SECOND);
	expect_log(&a, "(Q0 A0:other/four[1])");
	expect_log(&b, "");
	dlo_engine_rules_free(dlo_engine_swap(b.engine, fresh_b));
	expect_log(&b, "(C0:tun/one[1]*2)");
	feed_name(&b, "one.example", 104 * SECOND);
	dlo_engine_flush(a.engine, UINT64_MAX); /* ends, the other goes on */
	feed_name(&b, "one.example", 105 * SECOND);
	expect_log(&a, "");
	dlo_engine_flush(b.engine, UINT64_MAX);
	expect_log(&b, "(C0:other/four[1]*2)");
	dlo_engine_free(b.engine);
	close_bench(&a);
	dlo_ruleset_free(other);
}

/* An engine that has ended and is given new rules keeps no window open. */
static void test_swap_of_one_that_has_ended(void **state)
{
	struct dlo_engine_rules *fresh_a, *fresh_b;
	struct dlo_engine_config cfg;
	static struct bench a, b;

	(void)state;
	open_two(&a, &b, &cfg);
	make_two(&cfg, a.rules, &fresh_a, &fresh_b);
	dlo_engine_flush(b.engine, UINT64_MAX);
	dlo_engine_rules_free(dlo_engine_swap(b.engine, fresh_b));
	dlo_engine_rules_free(dlo_engine_swap(a.engine, fresh_a));
	feed_name(&a, "one.example", 100 * SECOND);
	feed_name(&a, "one.example", 101 * SECOND);
	dlo_engine_flush(a.engine, UINT64_MAX);
	expect_log(&a, "(Q0 A0:tun/one[1])(C0:tun/one[1]*1)");
	dlo_engine_free(b.engine);
	close_bench(&a);
}

/* The clock is set back: no window of what lies ahead now hides anything. */
static void test_jump_back_of_two_with_one_limit(void **state)
{
	struct dlo_engine_config cfg;
	static struct bench a, b;

	(void)state;
	open_two(&a, &b, &cfg);
	feed_name(&b, "one.example", 9000 * SECOND);
	feed_name(&a, "one.example", 9001 * SECOND);
	feed_name(&a, "one.example", 100 * SECOND);
	expect_log(&a, "(C0:tun/one[1]*1)(Q0 A0:tun/one[1])");
	dlo_engine_flush(a.engine, UINT64_MAX);
	dlo_engine_flush(b.engine, UINT64_MAX);
	expect_log(&b, "(Q0 A0:tun/one[1])");
	dlo_engine_free(b.engine);
	close_bench(&a);
}

static void test_limit_of_other_rules_is_refused(void **state)
{
	struct dlo_engine_rules *fresh = NULL;
	struct dlo_ruleset *other = rules_of(other_list);
	struct dlo_engine_config cfg;
	static struct bench a;

	(void)state;
	dlo_engine_config_init(&cfg);
	open_bench(&a, &cfg);
	cfg.limit_of = dlo_engine_rules(a.engine);
	assert_int_equal(dlo_engine_rules_new(&cfg, other, &fresh), -EINVAL);
	assert_null(fresh);
	close_bench(&a);
	dlo_ruleset_free(other);
}

static void test_swap_keeps_tallies_apart(void **state)
{
	struct dlo_engine_rules *fresh, *old;
	struct dlo_engine_config cfg;
	uint64_t sum = 0;
	static struct bench b;

	(void)state;
	dlo_engine_config_init(&cfg);
	open_bench(&b, &cfg);
	assert_int_equal(dlo_engine_rules_new(&cfg, b.rules, &fresh), 0);
	feed_name(&b, "x.common.example", 1);
	feed_name(&b, "x.common.example", 2);
	old = dlo_engine_swap(b.engine, fresh);
	feed_name(&b, "x.common.example", 3);
	dlo_engine_rules_tally(old, on_tally, &sum);
	assert_int_equal(sum, 2);
	sum = 0;
	dlo_engine_rules_tally(dlo_engine_rules(b.engine), on_tally, &sum);
	assert_int_equal(sum, 1);
	assert_int_equal(dlo_engine_stat(b.engine, DLO_STAT_COUNTED), 3);
	dlo_engine_rules_free(old);
	close_bench(&b);
}

static void test_swap_keeps_exceptions_apart(void **state)
{
	struct dlo_engine_rules *fresh, *old;
	struct dlo_engine_config cfg;
	uint64_t last;
	static struct bench b;

	(void)state;
	dlo_engine_config_init(&cfg);
	open_bench_with(&b, &cfg, "one.example\ntwo.example\n");
	assert_int_equal(dlo_engine_rules_new(&cfg, b.rules, &fresh), 0);
	feed_name(&b, "two.example", 1);
	feed_name(&b, "two.example", 2);
	old = dlo_engine_swap(b.engine, fresh);
	feed_name(&b, "two.example", 3);
	assert_string_equal(b.log, "");
	assert_int_equal(dlo_engine_rules_exception(old, 0, &last), 0);
	assert_int_equal(dlo_engine_rules_exception(old, 1, &last), 2);
	assert_int_equal(last, 2);
	assert_int_equal(dlo_engine_rules_exception(fresh, 1, &last), 1);
	assert_int_equal(last, 3);
	dlo_engine_rules_free(old);
	close_bench(&b);
}

/* A response says nothing that its query has said, under whichever rules; and
 * all that it has not. */
static void test_swap_between_query_and_response(void **state)
{
	static const char *const names[] = {
		"one.example", "two.example", "three.example"};
	struct dlo_engine_rules *fresh;
	struct dlo_engine_config cfg;
	struct dlo_ruleset *other = rules_of(other_list);
	static struct frame f;
	static struct bench b;

	(void)state;
	dlo_engine_config_init(&cfg);
	open_bench(&b, &cfg);
	assert_int_equal(dlo_engine_rules_new(&cfg, other, &fresh), 0);
	for (unsigned i = 0; i < 3; i++) {
		feed_name(&b, names[i], 1 + i);
	}
	dlo_engine_rules_free(dlo_engine_swap(b.engine, fresh));
	for (unsigned i = 0; i < 3; i++) {
		make(&f, 0x8180, 1, (const char *const[]){names[i], NULL});
		/* From the server to the client. */
		memcpy(f.data + 12, "\xc6\x33\x64\1\xc0\0\2\5", 8);
		memcpy(f.data + 20, "\0\x35\xc0\0", 4);
		feed(&b, &f, 10 + i);
	}
	assert_string_equal(b.log, "(Q0 A0:tun/one[1])(Q0 A0:tun/two[1])"
				   "(Q0 A0:other/three[1])");
	close_bench(&b);
	dlo_ruleset_free(other);
}

static void test_bad_limit_is_refused(void **state)
{
	struct dlo_engine_rules *rules;
	struct dlo_engine_config cfg;
	struct dlo_ruleset *other = rules_of(other_list);

	(void)state;
	dlo_engine_config_init(&cfg);
	cfg.limit_n = 1;
	assert_int_equal(dlo_engine_rules_new(&cfg, other, &rules), -EINVAL);
	dlo_ruleset_free(other);
}

static void digest(void *ctx, const struct dlo_record *rec)
{
	uint64_t *sum = ctx;

	/* All of it but which of two sets it is of. */
	for (size_t i = sizeof(rec->rules); i < sizeof(*rec); i++) {
		*sum = (*sum ^ ((const uint8_t *)rec)[i]) *
		       UINT64_C(1099511628211);
	}
}

/* Fragments, streams, answers: what waits for the rest goes on, and all records
 * are as if nothing had been exchanged. */
static void test_swap_loses_nothing(void **state)
{
	struct dlo_ruleset *rules = rules_of(wide_list);
	struct dlo_engine *plain, *swapped;
	struct dlo_engine_rules *spare;
	struct dlo_engine_config cfg;
	uint64_t sum = 1, swapped_sum = 1;

	(void)state;
	dlo_engine_config_init(&cfg);
	cfg.all = true;
	cfg.bytes = true;
	cfg.record = digest;
	cfg.ctx = &sum;
	assert_int_equal(dlo_engine_new(&cfg, rules, &plain), 0);
	cfg.ctx = &swapped_sum;
	assert_int_equal(dlo_engine_new(&cfg, rules, &swapped), 0);
	assert_int_equal(dlo_engine_rules_new(&cfg, rules, &spare), 0);
	for (size_t i = 0; i < N_CAPTURES; i++) {
		feed_capture(plain, capture_path(i), NULL);
		feed_capture(swapped, capture_path(i), &spare);
		assert_true(sum == swapped_sum);
	}
	assert_true(dlo_engine_stat(swapped, DLO_STAT_ALERTS) > 100);
	for (unsigned i = 0; i < DLO_STAT__N; i++) {
		assert_int_equal(
			dlo_engine_stat(swapped, i), dlo_engine_stat(plain, i));
	}
	dlo_engine_rules_free(spare);
	dlo_engine_free(swapped);
	dlo_engine_free(plain);
	dlo_ruleset_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swap_closes_windows),
		cmocka_unit_test(test_swap_of_two_with_one_limit),
		cmocka_unit_test(test_swap_of_one_that_has_ended),
		cmocka_unit_test(test_jump_back_of_two_with_one_limit),
		cmocka_unit_test(test_limit_of_other_rules_is_refused),
		cmocka_unit_test(test_swap_keeps_tallies_apart),
		cmocka_unit_test(test_swap_keeps_exceptions_apart),
		cmocka_unit_test(test_swap_between_query_and_response),
		cmocka_unit_test(test_swap_loses_nothing),
		cmocka_unit_test(test_bad_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
