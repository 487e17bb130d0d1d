/* SPDX-License-Identifier: BSD-2-Clause */
/* test_rule_counts.c - alerts by rule and level. */
#include "rule_counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* In place of the library's: pattern i is of rule "r<i>". */
void dlo_ruleset_pattern(
	const struct dlo_ruleset *rs, uint32_t id, struct dlo_pattern_info *ret)
{
	static char rule[16];

	(void)rs;
	snprintf(rule, sizeof(rule), "r%u", (unsigned)id);
	*ret = (struct dlo_pattern_info){
		.rule_id = rule, .title = "Title", .category = "c"};
}

static void add(struct rule_counts *c, unsigned pattern, unsigned level)
{
	struct dlo_record rec = {
		.kind = DLO_RECORD_ALERT, .level = (uint8_t)level};

	rec.match[0] = pattern;
	rule_counts_add(c, &rec);
}

struct seen {
	unsigned n;
	uint64_t sum;
	struct rule_count of[RULE_COUNTS_MAX + 1];
};

static void see(void *ctx, const struct rule_count *count)
{
	struct seen *s = ctx;

	assert_in_range(s->n, 0, RULE_COUNTS_MAX);
	s->of[s->n++] = *count;
	for (unsigned i = 0; i < DLO_LEVEL__N; i++) {
		s->sum += count->n[i];
	}
}

static const struct rule_count *of(const struct seen *s, const char *rule)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (!strcmp(s->of[i].rule, rule)) {
			return &s->of[i];
		}
	}
	fail_msg("no rule %s", rule);
	return NULL;
}

static void test_by_rule_and_level(void **state)
{
	static struct seen s;
	struct rule_counts *c;

	assert_int_equal(rule_counts_new(&c), 0);
	rule_counts_each(c, see, &s);
	assert_int_equal(s.n, 0);
	add(c, 1, DLO_LEVEL_HIGH);
	add(c, 2, DLO_LEVEL_LOW);
	add(c, 1, DLO_LEVEL_HIGH);
	add(c, 1, DLO_LEVEL_CRITICAL);
	rule_counts_each(c, see, &s);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.sum, 4);
	assert_int_equal(of(&s, "r1")->n[DLO_LEVEL_HIGH], 2);
	assert_int_equal(of(&s, "r1")->n[DLO_LEVEL_CRITICAL], 1);
	assert_int_equal(of(&s, "r2")->n[DLO_LEVEL_LOW], 1);
	assert_string_equal(of(&s, "r2")->title, "Title");
	assert_string_equal(of(&s, "r2")->category, "c");
	rule_counts_free(c);
	(void)state;
}

/* More rules than there is room for: none is lost, and those that have a row
 * keep it. */
static void test_too_many_rules(void **state)
{
	enum { N = RULE_COUNTS_MAX + 100 };
	static struct seen s;
	struct rule_counts *c;

	assert_int_equal(rule_counts_new(&c), 0);
	for (unsigned i = 0; i < 3 * N; i++) {
		add(c, i % N, DLO_LEVEL_MEDIUM);
	}
	rule_counts_each(c, see, &s);
	assert_int_equal(s.n, RULE_COUNTS_MAX + 1);
	assert_int_equal(s.sum, 3 * N);
	assert_int_equal(of(&s, "")->n[DLO_LEVEL_MEDIUM], 300);
	assert_int_equal(of(&s, "r0")->n[DLO_LEVEL_MEDIUM], 3);
	rule_counts_free(c);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_rule_and_level),
		cmocka_unit_test(test_too_many_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
