/* SPDX-License-Identifier: BSD-2-Clause */
/* test_distinct.c - estimates of how many different things were seen. */
#include "base/distinct.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"

/* n things, each added twice, are estimated within 2 % (or 1). */
static void check(uint64_t n)
{
	struct dlo_distinct *d = calloc(1, sizeof(*d));
	uint64_t got, slack = n / 50 + 1;

	assert_non_null(d);
	for (uint64_t i = 0; i < 2 * n; i++) {
		uint64_t thing = i / 2;

		dlo_distinct_add(d, dlo_hash(&thing, sizeof(thing), 7));
	}
	got = dlo_distinct_estimate((const struct dlo_distinct *[]){d}, 1);
	if (got + slack < n || got > n + slack) {
		fail_msg("%lu taken for %lu", n, got);
	}
	free(d);
}

static void test_estimates(void **state)
{
	static const uint64_t counts[] = {
		0, 1, 2, 10, 100, 1000, 10000, 50000, 100000, 200000};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		check(counts[i]);
	}
}

/* More than it can tell apart: a large number, no infinity. */
static void test_full(void **state)
{
	struct dlo_distinct *d = calloc(1, sizeof(*d));

	(void)state;
	assert_non_null(d);
	for (uint64_t i = 0; i < DLO_DISTINCT_BITS; i++) {
		dlo_distinct_add(d, i);
	}
	assert_int_equal(
		dlo_distinct_estimate((const struct dlo_distinct *[]){d}, 1),
		764646);
	free(d);
}

/* Two that share some: each thing counts once, whoever has seen it. */
static void test_several(void **state)
{
	struct dlo_distinct *d = calloc(2, sizeof(*d));
	const struct dlo_distinct *both[] = {d, d + 1};
	uint64_t got;

	(void)state;
	assert_non_null(d);
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t hash = dlo_hash(&i, sizeof(i), 7);

		if (i < 2000) {
			dlo_distinct_add(&d[0], hash);
		}
		if (i >= 1000) {
			dlo_distinct_add(&d[1], hash);
		}
	}
	got = dlo_distinct_estimate(both, 2);
	assert_in_range(got, 2940, 3060);
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_estimates),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
