/* SPDX-License-Identifier: BSD-2-Clause */
/* test_outages.c - how often, how long, and when to look again. */
#include "outages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

static void test_back_off(void **state)
{
	static const uint64_t pauses_ms[] = {
		500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
	struct outages o = {0};
	uint64_t now_ns = 7 * MS;

	(void)state;
	assert_true(outages_begin(&o, now_ns));
	for (size_t i = 0; i < sizeof(pauses_ms) / sizeof(pauses_ms[0]); i++) {
		assert_int_equal(o.retry_ns - now_ns, pauses_ms[i] * MS);
		now_ns = o.retry_ns + 3 * MS; /* what an attempt takes */
		outages_failed(&o, now_ns);
	}
	/* What was down is deleted: that is news, but no new outage. */
	assert_false(outages_begin(&o, now_ns));
	assert_int_equal(o.retry_ns - now_ns, 500 * MS);
	assert_int_equal(atomic_load(&o.n), 1);
}

static void test_sums(void **state)
{
	struct outages o = {0};

	(void)state;
	assert_false(outages_is_on(&o));
	assert_int_equal(outages_total_ns(&o, 99 * MS), 0);
	assert_true(outages_begin(&o, 100 * MS));
	assert_true(outages_is_on(&o));
	assert_int_equal(outages_total_ns(&o, 130 * MS), 30 * MS);
	assert_false(outages_begin(&o, 140 * MS));
	assert_int_equal(outages_end(&o, 150 * MS), 50 * MS);
	assert_false(outages_is_on(&o));
	assert_int_equal(outages_total_ns(&o, 900 * MS), 50 * MS);
	assert_true(outages_begin(&o, 1000 * MS));
	assert_int_equal(outages_total_ns(&o, 1001 * MS), 51 * MS);
	/* Another thread's clock may be behind. */
	assert_int_equal(outages_total_ns(&o, 999 * MS), 50 * MS);
	assert_int_equal(outages_end(&o, 1002 * MS), 2 * MS);
	assert_int_equal(atomic_load(&o.n), 2);
	assert_int_equal(outages_total_ns(&o, 1002 * MS), 52 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
