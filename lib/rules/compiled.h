/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compiled.h - a rule set as one file, and back; exceptions excepted.
 *
 * The public half (struct dlo_compiled) is in dnslookout.h.
 */
#ifndef DLO_RULES_COMPILED_H
#define DLO_RULES_COMPILED_H

#include <stddef.h>

#include "base/arena.h"
#include "dnslookout.h"
#include "rules/set.h"

/*
 * Makes a rule set of the file that pages[0..len) holds, which becomes the
 * set's and is made read-only. All that anybody may follow in it later is
 * looked at. The rest of the set is in `arena`; tags and exceptions are missing
 * yet. 0; 1 with *reterr_diag, -ENOMEM: the pages are the caller's. O(len).
 */
int dlo_compiled_load(struct dlo_arena *arena, const char *file, void *pages,
	size_t len, struct dlo_ruleset **ret, struct dlo_diag *reterr_diag);

#endif
