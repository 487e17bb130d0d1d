/* SPDX-License-Identifier: BSD-2-Clause */
/* compiled.h - a matcher as sections of a file, and back. */
#ifndef DLO_MATCH_COMPILED_H
#define DLO_MATCH_COMPILED_H

#include <stdint.h>

#include "base/arena.h"
#include "base/image.h"
#include "match/matcher.h"

#define DLO_MATCHER_SECTIONS 13u
#define DLO_MATCHER_NUMBERS 1024u /* octets, at most */

/*
 * The sections that a matcher is: ret[0..DLO_MATCHER_SECTIONS). One of them
 * points to `numbers`, the rest into the matcher. Without it (NULL) only the
 * sizes of their elements.
 */
void dlo_matcher_sections(const struct dlo_matcher *m,
	uint8_t numbers[DLO_MATCHER_NUMBERS], struct dlo_section *ret);

/*
 * Makes a matcher of such sections, whose numbers and octets may be any. It is
 * in the arena, but points to the sections, in which nobody may change
 * anything any more. 0; 1 with *reterr_what (static text), what is not whole;
 * -ENOMEM. O(octets).
 */
int dlo_matcher_load(const struct dlo_section *section, struct dlo_arena *arena,
	const struct dlo_matcher **ret, const char **reterr_what);

/* How many patterns it has. */
uint32_t dlo_matcher_n(const struct dlo_matcher *m);

#endif
