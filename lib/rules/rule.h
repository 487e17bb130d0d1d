/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule.h - what patterns stand for, and the patterns of a set that is being
 * gathered.
 */
#ifndef DLO_RULES_RULE_H
#define DLO_RULES_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "dnslookout.h"
#include "match/matcher.h"
#include "match/pattern.h"
#include "rules/intern.h"
#include "rules/words.h"

/*
 * All that is said of a pattern but its text and line. Most patterns of a list
 * share one. Its texts are interned, so that two are equal when their octets
 * are; hence no padding.
 */
struct dlo_rule {
	const char *file, *path;
	const char *id, *title, *category, *service, *note;
	const char *const *tags;
	uint16_t n_tags;
	uint16_t rank; /* an exception of a lower or the same one hides nothing
			  of it */
	uint16_t level; /* enum dlo_level */
	uint16_t action; /* enum dlo_action */
};

/* A rank that a pattern has by itself: the longer name, the higher. */
#define DLO_RANK_OF_NAME UINT16_MAX

/*
 * Where patterns stand: those from `first` on have one rule and lie on one line
 * each, one after the other. A list of a million names is one run, or a few.
 */
struct dlo_run {
	uint32_t first, line, rule;
};

/* The patterns gathered so far; all zero is none. */
struct dlo_rules {
	struct dlo_arena arena; /* interned texts, tags, rules */
	struct dlo_intern texts, rules;
	struct dlo_matcher_builder *matcher; /* NULL: no pattern yet */
	uint32_t n; /* patterns */
	struct dlo_run *run;
	uint32_t n_runs, runs_cap;
};

extern const struct dlo_words dlo_level_words;

/* Of names, the longer one's is higher, and of one name that of itself than
 * that of all below it; of a glob, 0. */
static inline uint32_t dlo_rank_of_name(const struct dlo_pattern *p)
{
	return p->kind == DLO_PATTERN_GLOB
		       ? 0
		       : 2u * p->wire_len + (p->kind == DLO_PATTERN_EXACT);
}

void dlo_rules_fini(struct dlo_rules *r);

/* Interns a text. 0, -ENOMEM. */
int dlo_rules_text(
	struct dlo_rules *r, const char *p, size_t len, const char **ret);

/*
 * Adds a pattern; its id is the number of patterns before it. The texts in
 * `rule` come from dlo_rules_text(). 0; 1 with *reterr_msg (static text) when
 * the set cannot take it; -ENOMEM, after which only dlo_rules_fini() is left.
 */
int dlo_rules_add(struct dlo_rules *r, const struct dlo_pattern *p,
	unsigned line, const struct dlo_rule *rule, const char **reterr_msg);

/* A place to come back to. */
struct dlo_rules_mark {
	uint32_t n, n_runs;
};
struct dlo_rules_mark dlo_rules_mark(const struct dlo_rules *r);

/* Takes back all patterns since the mark. */
void dlo_rules_rewind(struct dlo_rules *r, struct dlo_rules_mark mark);

#endif
