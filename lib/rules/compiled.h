/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compiled.h - a rule set as one file, and back.
 *
 * The public half (struct dlo_compiled) is in dnslookout.h.
 */
#ifndef DLO_RULES_COMPILED_H
#define DLO_RULES_COMPILED_H

#include <stddef.h>

#include "dnslookout.h"
#include "rules/exception.h"
#include "rules/rule.h"
#include "rules/set.h"

/*
 * Makes a rule set of the file that pages[0..len) holds, which becomes the
 * set's and is made read-only. All that anybody may follow in it later is
 * looked at. The rest of the set is in the arena of `texts`; its tags are
 * missing yet, and its exceptions are added to *to, for there may be others. 0;
 * 1 with *reterr_diag, -ENOMEM: the pages are the caller's, and what is in *to
 * beyond what was means nothing. O(len).
 */
int dlo_compiled_load(struct dlo_rules *texts, struct dlo_exceptions *to,
	const char *file, void *pages, size_t len, struct dlo_ruleset **ret,
	struct dlo_diag *reterr_diag);

#endif
