/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hits.h - what was found for one name: candidates, settled.
 *
 * Every index of the matcher ends in lists of candidates, which are settled
 * here exactly. In a list the last id has DLO_LAST.
 */
#ifndef DLO_MATCH_HITS_H
#define DLO_MATCH_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/flat.h"
#include "match/store.h"

#define DLO_LAST 0x80000000u

/* The least ids so far, ascending. */
struct dlo_hits {
	const struct dlo_store *store;
	const struct dlo_name *name;
	uint32_t *ids;
	size_t cap, n; /* n may exceed cap */
	bool flat_made;
	struct dlo_flat flat;
};

/* The name, flat. */
static inline const struct dlo_flat *dlo_hits_flat(struct dlo_hits *h)
{
	if (!h->flat_made) {
		dlo_flatten(h->name, &h->flat);
		h->flat_made = true;
	}
	return &h->flat;
}

/* Settles a candidate; each may be given once for a name only. */
void dlo_hits_check(struct dlo_hits *h, uint32_t id);

static inline void dlo_hits_check_list(struct dlo_hits *h, const uint32_t *list)
{
	for (; !(*list & DLO_LAST); list++) {
		dlo_hits_check(h, *list);
	}
	dlo_hits_check(h, *list & ~DLO_LAST);
}

#endif
