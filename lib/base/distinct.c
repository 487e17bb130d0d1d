/* SPDX-License-Identifier: BSD-2-Clause */
/* distinct.c - about how many different things were seen, in fixed memory. */
#include "base/distinct.h"

#include <math.h>

uint64_t dlo_distinct_estimate(const struct dlo_distinct *d)
{
	const double m = DLO_DISTINCT_BITS;
	uint32_t set = atomic_load_explicit(&d->n_set, memory_order_relaxed);
	double clear = set < DLO_DISTINCT_BITS ? m - set : 1;

	return (uint64_t)(m * log(m / clear) + 0.5);
}
