/* SPDX-License-Identifier: BSD-2-Clause */
/* hits.c - what was found for one name: candidates, settled. */
#include "match/hits.h"

#define LONG_NAME 64 /* octets: its places are worth knowing for one glob */

/* Keeps the least `cap` ids, sorted; they mostly come in ascending order. */
static void add(struct dlo_hits *h, uint32_t id)
{
	size_t kept = h->n < h->cap ? h->n : h->cap, i = kept;

	h->n++;
	if (kept == h->cap) {
		if (id > h->ids[kept - 1]) {
			return;
		}
		i--;
	}
	for (; i > 0 && h->ids[i - 1] > id; i--) {
		h->ids[i] = h->ids[i - 1];
	}
	h->ids[i] = id;
}

static bool settle_glob(struct dlo_hits *h, const struct dlo_packed *p)
{
	bool exact;

	if (h->n_globs++ == 0 && h->name->len < LONG_NAME) {
		return dlo_flat_matches(dlo_hits_flat(h), p->at, p->len);
	}
	if (!h->places_made) {
		dlo_places_find(dlo_hits_flat(h), &h->places);
		h->have = h->places.letters;
		h->places_made = true;
	}
	return dlo_places_match(&h->places, p->at, p->len, &exact) &&
	       (exact || dlo_flat_matches(&h->flat, p->at, p->len));
}

void dlo_hits_check(struct dlo_hits *h, uint32_t id)
{
	struct dlo_packed p = dlo_store_get(h->store, id);
	bool matches = p.kind == DLO_PATTERN_GLOB
			       ? settle_glob(h, &p)
			       : dlo_pattern_matches_wire(
					 p.kind, p.at, p.len, h->name);

	if (matches) {
		add(h, id);
	}
}

void dlo_hits_check_list(struct dlo_hits *h, const struct dlo_candidate *list)
{
	uint32_t id;

	do {
		id = list->id;
		if (!(list->need & ~h->have)) {
			dlo_hits_check(h, id & ~DLO_LAST);
		}
		list++;
	} while (!(id & DLO_LAST));
}

bool dlo_candidates_valid(
	const struct dlo_candidate *list, size_t n, uint32_t n_ids)
{
	for (size_t i = 0; i < n; i++) {
		if ((list[i].id & ~DLO_LAST) >= n_ids) {
			return false;
		}
	}
	return n == 0 || list[n - 1].id & DLO_LAST;
}

struct dlo_candidate dlo_candidate_of(const struct dlo_store *s, uint32_t id)
{
	struct dlo_packed p = dlo_store_get(s, id);

	return (struct dlo_candidate){.id = id,
		.need = p.kind == DLO_PATTERN_GLOB
				? dlo_places_need(p.at, p.len)
				: 0};
}
