/* SPDX-License-Identifier: BSD-2-Clause */
/* distinct.c - about how many different things were seen, in fixed memory. */
#include "base/distinct.h"

/* Bits that are set in any of n maps. */
static uint32_t count_set(const struct dlo_distinct *const *d, unsigned n)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < DLO_DISTINCT_BITS / 64; i++) {
		uint64_t word = 0;

		for (unsigned k = 0; k < n; k++) {
			word |= atomic_load_explicit(
				&d[k]->map[i], memory_order_relaxed);
		}
		set += (uint32_t)__builtin_popcountll(word);
	}
	return set;
}

uint64_t dlo_distinct_estimate(const struct dlo_distinct *const *d, unsigned n)
{
	const uint32_t m = DLO_DISTINCT_BITS;
	uint32_t set = count_set(d, n);
	double sum = 0;

	/* With so many clear, one thing in m / clear sets the next. Their sum
	 * is m ln(m / clear), all but, without a library for one logarithm. */
	for (uint32_t clear = m; clear > m - set; clear--) {
		sum += (double)m / clear;
	}
	return (uint64_t)(sum + 0.5);
}
