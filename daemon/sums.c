/* SPDX-License-Identifier: BSD-2-Clause */
/* sums.c - what the parts of an interface counted, together. */
#include "sums.h"

uint64_t sums_stat(const struct source *first, enum dlo_stat stat)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i <= first->n_more; i++) {
		sum += dlo_engine_stat(first[i].engine, stat);
	}
	return sum;
}

uint64_t sums_count(const struct source *first, size_t at)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i <= first->n_more; i++) {
		const void *count = (const char *)&first[i] + at;

		sum += atomic_load_explicit((const atomic_uint_fast64_t *)count,
			memory_order_relaxed);
	}
	return sum;
}
