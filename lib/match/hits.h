/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hits.h - what was found for one name: candidates, settled.
 *
 * Every index of the matcher ends in lists of candidates, which are settled
 * here exactly. The first glob of a name is compared octet by octet; from the
 * second on, or when the name is long, it pays to know where the octets stand
 * (places.h).
 */
#ifndef DLO_MATCH_HITS_H
#define DLO_MATCH_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/flat.h"
#include "match/places.h"
#include "match/store.h"

#define DLO_LAST 0x80000000u

/* In a list the last id has DLO_LAST. */
struct dlo_candidate {
	uint32_t id;
	uint32_t need; /* letters without which it cannot match */
};

/* The least ids so far, ascending. */
struct dlo_hits {
	const struct dlo_store *store;
	const struct dlo_name *name;
	uint32_t *ids;
	size_t cap, n; /* n may exceed cap */
	bool flat_made, places_made;
	unsigned n_globs; /* settled */
	uint32_t have; /* letters of the name, once that is known; else all */
	struct dlo_flat flat;
	struct dlo_places places;
};

static inline void dlo_hits_init(struct dlo_hits *h,
	const struct dlo_store *store, const struct dlo_name *name,
	uint32_t *ids, size_t cap)
{
	h->store = store; /* not all set to zero: the rest is large */
	h->name = name;
	h->ids = ids;
	h->cap = cap;
	h->n = 0;
	h->flat_made = h->places_made = false;
	h->n_globs = 0;
	h->have = UINT32_MAX;
}

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

void dlo_hits_check_list(struct dlo_hits *h, const struct dlo_candidate *list);

/* Of any octets: whether every id is below n_ids and every list has an end. */
bool dlo_candidates_valid(
	const struct dlo_candidate *list, size_t n, uint32_t n_ids);

/* A pattern as a candidate. */
struct dlo_candidate dlo_candidate_of(const struct dlo_store *s, uint32_t id);

#endif
