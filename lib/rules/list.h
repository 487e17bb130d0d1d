/* SPDX-License-Identifier: BSD-2-Clause */
/* list.h - the text of one list -> patterns. */
#ifndef DLO_RULES_LIST_H
#define DLO_RULES_LIST_H

#include "dnslookout.h"
#include "match/pattern.h"
#include "rules/line.h"
#include "rules/rule.h"

/* What is too large for the stack. */
struct dlo_list_scratch {
	struct dlo_pattern pattern;
	struct dlo_list_report report;
	char value[DLO_LINE_MAX + 2];
};

/*
 * Reads a list into `rules`. `file` is its name, for messages, for what has no
 * header, and for the format (its ending). Returns 0; 1 with *reterr_diag when
 * the list is refused (some of its patterns are then in `rules`); -ENOMEM.
 * ret_report may be NULL. O(len).
 */
int dlo_list_read(struct dlo_rules *rules, struct dlo_list_scratch *scratch,
	const char *file, const char *text, size_t len,
	struct dlo_list_report *ret_report, struct dlo_diag *reterr_diag);

#endif
