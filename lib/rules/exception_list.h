/* SPDX-License-Identifier: BSD-2-Clause */
/* exception_list.h - the text of a file of exceptions -> exceptions. */
#ifndef DLO_RULES_EXCEPTION_LIST_H
#define DLO_RULES_EXCEPTION_LIST_H

#include "dnslookout.h"
#include "rules/exception.h"
#include "rules/rule.h"
#include "rules/scratch.h"

/*
 * Reads a file of exceptions; `rules` interns the texts. Returns 0 and what
 * was added is in *x; 1 with *reterr_diag, -ENOMEM: nothing was added. O(len).
 */
int dlo_exceptions_read(struct dlo_exceptions *x, struct dlo_rules *rules,
	struct dlo_list_scratch *scratch, const char *file, const char *text,
	size_t len, struct dlo_diag *reterr_diag);

/*
 * Adds the pattern in the scratch space as an exception from a list, whose rule
 * has its names and `at` the place: of that list's alerts only, of that rank.
 * `rules` interns the texts.
 * 0; 1 with *reterr_msg (static text); -ENOMEM.
 */
int dlo_exceptions_add_listed(struct dlo_exceptions *x, struct dlo_rules *rules,
	struct dlo_list_scratch *scratch, const struct dlo_rule *rule,
	const struct dlo_diag *at, unsigned rank, const char **reterr_msg);

#endif
