/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * places.h - where in a name each octet stands, a bit each; globs against it.
 *
 * Theory of operation
 * -------------------
 * A chosen name may make hundreds of globs candidates. With the places of its
 * octets at hand each takes a few operations a symbol, whatever the name. A
 * glob is read from its end with a set of places, those from where what was
 * read matches the rest of the name: a literal moves the set one place to the
 * left and keeps the places with that octet, a question mark moves it, a star
 * adds all places before the last. It matches if the beginning is left.
 *
 * Rare octets share rows: for a glob that has one, yes means maybe.
 *
 * Before that, one operation: has the name all letters that the glob needs?
 */
#ifndef DLO_MATCH_PLACES_H
#define DLO_MATCH_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/flat.h"

#define DLO_PLACES_ROWS 64u
#define DLO_PLACES_WORDS 4 /* for 253 octets and the end */

struct dlo_places {
	uint32_t letters; /* that the name has: kinds of octets, a bit each */
	uint8_t len;
	uint64_t at[DLO_PLACES_WORDS][DLO_PLACES_ROWS];
};

void dlo_places_find(const struct dlo_flat *f, struct dlo_places *ret);

/* Whether the glob may match; *ret_exact: whether that is certain. False is
 * always certain. O(n_glob). */
bool dlo_places_match(const struct dlo_places *x, const uint8_t *glob,
	size_t n_glob, bool *ret_exact);

/* The letters that a name must have to match. */
uint32_t dlo_places_need(const uint8_t *glob, size_t n_glob);

#endif
