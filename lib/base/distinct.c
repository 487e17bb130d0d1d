/* SPDX-License-Identifier: BSD-2-Clause */
/* distinct.c - about how many different things were seen, in fixed memory. */
#include "base/distinct.h"

uint64_t dlo_distinct_estimate(const struct dlo_distinct *d)
{
	const uint32_t m = DLO_DISTINCT_BITS;
	uint32_t set = atomic_load_explicit(&d->n_set, memory_order_relaxed);
	double n = 0;

	/* With so many clear, one thing in m / clear sets the next. Their sum
	 * is m ln(m / clear), all but, without a library for one logarithm. */
	for (uint32_t clear = m; clear > m - set; clear--) {
		n += (double)m / clear;
	}
	return (uint64_t)(n + 0.5);
}
