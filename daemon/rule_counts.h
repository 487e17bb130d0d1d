/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule_counts.h - alerts by rule and level since the start.
 *
 * Rules are known by their ids, so that the numbers go on when the rule set is
 * exchanged. The loop thread's.
 */
#ifndef RULE_COUNTS_H
#define RULE_COUNTS_H

#include "dnslookout.h"

/* Rules beyond are counted together, as the rule "": whoever stores the numbers
 * pays for each. */
#define RULE_COUNTS_MAX 1024u

struct rule_count {
	const char *rule, *title, *category;
	uint64_t n[DLO_LEVEL__N];
};

struct rule_counts;

int rule_counts_new(struct rule_counts **ret); /* -ENOMEM */
struct rule_counts *rule_counts_free(struct rule_counts *c); /* NULL */

/* Counts an alert. Tenths of a microsecond; the first of a rule allocates. */
void rule_counts_add(struct rule_counts *c, const struct dlo_record *rec);

/* Calls fn() for each rule that raised alerts, in the order of the first. */
void rule_counts_each(const struct rule_counts *c,
	void (*fn)(void *ctx, const struct rule_count *count), void *ctx);

#endif
