/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.h - which index finds which pattern. */
#ifndef DLO_MATCH_PLAN_H
#define DLO_MATCH_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "match/store.h"
#include "match/trie.h"

/* The globs, each in one of the three, ids ascending. All other patterns are
 * found in the trie. */
struct dlo_plan {
	struct dlo_trie_glob *trie;
	uint32_t *infix, *gram;
	size_t n_trie, n_infix, n_gram;
};

int dlo_plan_make(struct dlo_plan *ret, const struct dlo_store *store);
void dlo_plan_fini(struct dlo_plan *p);

#endif
