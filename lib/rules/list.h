/* SPDX-License-Identifier: BSD-2-Clause */
/* list.h - the text of one list -> patterns. */
#ifndef DLO_RULES_LIST_H
#define DLO_RULES_LIST_H

#include "dnslookout.h"
#include "rules/exception.h"
#include "rules/rule.h"
#include "rules/scratch.h"

/*
 * Reads a list into `rules`, and what it excepts of itself into `exceptions`,
 * whose texts `texts` interns: a set keeps them.
 * `file` is its name, for messages, for what has no header, and for the format
 * (its ending). Returns 0; 1 with *reterr_diag when the list is refused (some
 * of it is then in there); -ENOMEM. ret_report may be NULL. O(len).
 */
int dlo_list_read(struct dlo_rules *rules, struct dlo_exceptions *exceptions,
	struct dlo_rules *texts, struct dlo_list_scratch *scratch,
	const char *file, const char *text, size_t len,
	struct dlo_list_report *ret_report, struct dlo_diag *reterr_diag);

#endif
