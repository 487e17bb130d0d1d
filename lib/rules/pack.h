/* SPDX-License-Identifier: BSD-2-Clause */
/* pack.h - rules that point to their texts -> rules as a set has them. */
#ifndef DLO_RULES_PACK_H
#define DLO_RULES_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "rules/intern.h"
#include "rules/rule.h"
#include "rules/set.h"

/* All zero is empty; dlo_pack_fini() frees it. */
struct dlo_pack {
	struct dlo_intern seen; /* texts, by their addresses */
	struct dlo_arena arena; /* of that table */
	uint32_t *place; /* of each of them */
	char *text;
	uint32_t *tag;
	size_t places_cap, text_len, text_cap, n_tags, tags_cap;
	/* The newest, for most of the next is the same. */
	struct dlo_rule from;
	struct dlo_set_rule to;
};

/* The place of a text that dlo_rules_text() gave. -ENOMEM. */
int dlo_pack_text(struct dlo_pack *p, const char *text, uint32_t *ret);

/* Whether text[0..n), of any octets, is texts with a NUL behind each, none of
 * them so long that it would take time to look at it again and again. */
#define DLO_PACKED_TEXT_MAX 65535u
bool dlo_pack_is_valid(const char *text, size_t n);

/* All but the group. -ENOMEM. */
int dlo_pack_rule(struct dlo_pack *p, const struct dlo_rule *rule,
	struct dlo_set_rule *ret);

/* Hands texts and tags over to a set, into its arena; `p` is then empty.
 * -ENOMEM. */
int dlo_pack_end(
	struct dlo_pack *p, struct dlo_arena *arena, struct dlo_ruleset *set);
void dlo_pack_fini(struct dlo_pack *p);

#endif
