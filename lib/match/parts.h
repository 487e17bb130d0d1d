/* SPDX-License-Identifier: BSD-2-Clause */
/* parts.h - what a matcher is made of. */
#ifndef DLO_MATCH_PARTS_H
#define DLO_MATCH_PARTS_H

#include "match/gram.h"
#include "match/infix.h"
#include "match/store.h"
#include "match/trie.h"

struct dlo_matcher {
	struct dlo_trie trie;
	struct dlo_infix infix;
	struct dlo_grams grams;
	struct dlo_store store;
};

#endif
