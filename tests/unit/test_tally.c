/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tally.c - counts are right, also for more clients than there are rows.
 */
#include "alert/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct sums {
	uint64_t by_group[2], others;
	unsigned rows;
};

static void on_row(void *ctx, const struct dlo_tally_count *c)
{
	struct sums *s = ctx;

	s->by_group[c->group] += c->count;
	s->rows++;
	if (!c->ip_version) {
		s->others += c->count;
	}
}

static void add(struct dlo_tally *t, uint32_t group, uint32_t client)
{
	uint8_t address[4];

	memcpy(address, &client, 4);
	dlo_tally_add(t, group, address, 4);
}

static void test_counts_by_client(void **state)
{
	struct dlo_tally *t;
	struct sums s = {0};

	(void)state;
	assert_int_equal(dlo_tally_new(2, 1, &t), 0);
	add(t, 0, 1);
	add(t, 0, 1);
	add(t, 0, 2);
	add(t, 1, 1);
	dlo_tally_each(t, on_row, &s);
	assert_int_equal(s.rows, 3);
	assert_int_equal(s.by_group[0], 3);
	assert_int_equal(s.by_group[1], 1);
	assert_int_equal(s.others, 0);
	dlo_tally_free(t);
}

static void test_overflow_keeps_the_sum(void **state)
{
	struct dlo_tally *t;
	struct sums s = {0};

	(void)state;
	assert_int_equal(dlo_tally_new(2, 1, &t), 0);
	for (uint32_t i = 0; i < 3 * DLO_TALLY_ROWS; i++) {
		add(t, 1, i);
	}
	dlo_tally_each(t, on_row, &s);
	assert_int_equal(s.by_group[1], 3 * DLO_TALLY_ROWS);
	assert_true(s.others > 0);
	dlo_tally_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_by_client),
		cmocka_unit_test(test_overflow_keeps_the_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
