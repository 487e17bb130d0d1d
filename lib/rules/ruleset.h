/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ruleset.h - lists, compiled: name -> pattern ids -> alerts, one for each
 * (rule, service).
 *
 * The public half (struct dlo_builder and accessors) is in dnslookout.h.
 */
#ifndef DLO_RULES_RULESET_H
#define DLO_RULES_RULESET_H

#include <stddef.h>
#include <stdint.h>

#include "dnslookout.h"
#include "rules/exception.h"
#include "wire/name.h"

#define DLO_HITS_MAX 1024 /* patterns of one name that are kept */

/*
 * What one (rule, service) has to say about a name. `match` points into the
 * ids given to dlo_ruleset_decide(), which puts each group's ids together.
 */
struct dlo_verdict {
	uint32_t group; /* number of this (rule, service) in the set */
	const uint32_t *match; /* ascending */
	uint32_t n_matches;
	enum dlo_level level; /* highest of the matches */
	enum dlo_action action; /* alert wins over count over off */
};

/* All patterns of the set that match, ascending: dlo_matcher_match(). */
size_t dlo_ruleset_match(const struct dlo_ruleset *rs,
	const struct dlo_name *name, uint32_t *ret_ids, size_t cap);

/*
 * Groups ids[0..n) by (rule, service), in the order of each group's first
 * match, reordering ids so that a group's stand together. Matches with action
 * off come last in a verdict of their own (same group). Returns the number of
 * verdicts, at most n; ret has room for n. No heap. O(n * verdicts).
 */
size_t dlo_ruleset_decide(const struct dlo_ruleset *rs, uint32_t *ids, size_t n,
	struct dlo_verdict *ret);

/* All of its exceptions. */
const struct dlo_exception_set *dlo_ruleset_exceptions(
	const struct dlo_ruleset *rs);

/* What ids[0..n) of one verdict are to exceptions. */
struct dlo_subject dlo_ruleset_subject(
	const struct dlo_ruleset *rs, const uint32_t *ids, size_t n);

/*
 * What exceptions say about a verdict on a name: betters *io, which begins as
 * zero. One name after the other: that which matched, and that which was asked
 * for. No heap; without exceptions, nothing to do.
 */
void dlo_ruleset_except(const struct dlo_ruleset *rs,
	const struct dlo_name *name, const struct dlo_verdict *v,
	const struct dlo_asker *who, struct dlo_excepted *io);

/* (rule, service) pairs of the set: verdict.group is below it. */
uint32_t dlo_ruleset_n_groups(const struct dlo_ruleset *rs);

/* A pattern that belongs to the group: for its names. */
uint32_t dlo_ruleset_group_pattern(
	const struct dlo_ruleset *rs, uint32_t group);

#endif
