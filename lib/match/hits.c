/* SPDX-License-Identifier: BSD-2-Clause */
/* hits.c - what was found for one name: candidates, settled. */
#include "match/hits.h"

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

static bool settle(struct dlo_hits *h, const struct dlo_packed *p)
{
	return p->kind == DLO_PATTERN_GLOB
		       ? dlo_flat_matches(dlo_hits_flat(h), p->at, p->len)
		       : dlo_pattern_matches_wire(
				 p->kind, p->at, p->len, h->name);
}

void dlo_hits_check(struct dlo_hits *h, uint32_t id)
{
	struct dlo_packed p = dlo_store_get(h->store, id);

	if (settle(h, &p)) {
		add(h, id);
	}
}
