/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * distinct.h - about how many different things were seen, in fixed memory.
 *
 * Linear counting (Whang and others, 1990): each thing sets one bit of a map;
 * how many stayed clear tells how many things there were. Within 2 % up to
 * some 100,000 things, and no more than 765,000.
 */
#ifndef DLO_BASE_DISTINCT_H
#define DLO_BASE_DISTINCT_H

#include <stdatomic.h>
#include <stdint.h>

#define DLO_DISTINCT_BITS 65536u

/* One writer, any number of readers. All zero: nothing seen. */
struct dlo_distinct {
	_Atomic uint64_t map[DLO_DISTINCT_BITS / 64];
};

/* Notes a thing by a well-mixed hash of it. */
static inline void dlo_distinct_add(struct dlo_distinct *d, uint64_t hash)
{
	_Atomic uint64_t *word = &d->map[hash / 64 % (DLO_DISTINCT_BITS / 64)];
	uint64_t bit = (uint64_t)1 << hash % 64;
	uint64_t v = atomic_load_explicit(word, memory_order_relaxed);

	if (!(v & bit)) {
		/* Relaxed: no other thread writes, readers want an estimate. */
		atomic_store_explicit(word, v | bit, memory_order_relaxed);
	}
}

/* About how many different hashes were added to any of n, one at least. Any
 * thread; up to 0.1 ms and 10 us for each. */
uint64_t dlo_distinct_estimate(const struct dlo_distinct *const *d, unsigned n);

#endif
