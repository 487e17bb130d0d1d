/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set.h - what a rule set is made of: arrays of numbers, without a pointer, so
 * that they can be written to a file and used where they are read to
 * (compiled.h). All texts lie in one, and are known by their place in it.
 */
#ifndef DLO_RULES_SET_H
#define DLO_RULES_SET_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "match/matcher.h"
#include "rules/exception.h"
#include "rules/rule.h"

/* All that is said of a pattern but its text and line: struct dlo_rule. */
struct dlo_set_rule {
	uint32_t file, path, id, title, category, service, note; /* texts */
	uint32_t tags, n_tags; /* the first in `tag`, and how many */
	uint32_t level, action; /* enum dlo_level, enum dlo_action */
	uint32_t group, rank;
};

/* What became of a list. */
struct dlo_set_source {
	uint32_t path; /* text */
	uint32_t n_patterns, n_exceptions, n_bad, n_skipped;
};

struct dlo_ruleset {
	struct dlo_arena arena; /* holds this struct, and all but pages */
	void *pages; /* from mmap(): of a compiled set; else NULL */
	size_t pages_len;
	const struct dlo_matcher *matcher;
	const struct dlo_run *run;
	const struct dlo_set_rule *rule;
	const uint32_t *group_pattern; /* the first pattern of each group */
	const uint32_t *tag; /* texts */
	const char *text; /* each with a NUL behind it */
	const struct dlo_set_source *source;
	const char **tags; /* those of `tag` */
	struct dlo_exception_set exceptions;
	uint32_t n, n_runs, n_rules, n_groups, n_tags, n_text, n_sources;
	uint64_t built_s; /* when it was compiled to a file; 0: it was not */
};

/* Fills in set->tags. -ENOMEM. */
int dlo_set_point_tags(struct dlo_ruleset *set, struct dlo_arena *arena);

#endif
