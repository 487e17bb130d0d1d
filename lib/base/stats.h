/* SPDX-License-Identifier: BSD-2-Clause */
/* stats.h - the counters of dnslookout.h: one writer, any number of readers. */
#ifndef DLO_BASE_STATS_H
#define DLO_BASE_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "dnslookout.h"

struct dlo_stats {
	_Atomic uint64_t n[DLO_STAT__N];
};

/* A plain load, add and store: no other thread writes. Relaxed: readers want a
 * recent value of each counter, no order between them. */
static inline void dlo_stats_add(
	struct dlo_stats *s, enum dlo_stat i, uint64_t n)
{
	uint64_t v = atomic_load_explicit(&s->n[i], memory_order_relaxed);

	atomic_store_explicit(&s->n[i], v + n, memory_order_relaxed);
}

static inline uint64_t dlo_stats_get(const struct dlo_stats *s, enum dlo_stat i)
{
	return atomic_load_explicit(&s->n[i], memory_order_relaxed);
}

#endif
