/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gram.h - globs by the thousand that nothing anchors on the right.
 *
 * Theory of operation
 * -------------------
 * Each glob has a gram: a run of octets and boundaries in it, without
 * wildcards, that must stand in the name as it stands in the glob (boundaries
 * look alike: flat.h). Grams have one of four lengths, the longer the better,
 * and are the keys of a table that is asked at every octet of a name, once for
 * each length in use. That must cost next to nothing: a bitmap says no to all
 * but a few per cent, and the filter of the table to most of these.
 *
 * Which gram a glob gets is decided when all are known. The rarest is best for
 * ordinary names; but one that many globs share would let a chosen name have
 * them all settled. So what counts is the rarity less the crowd.
 */
#ifndef DLO_MATCH_GRAM_H
#define DLO_MATCH_GRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "match/hits.h"
#include "match/table.h"

#define DLO_GRAM_LENS 4
#define DLO_GRAM_MIN 3 /* octets */

struct dlo_grams {
	struct dlo_table table;
	const uint64_t *bitmap; /* a bit for each gram, by a cheap hash */
	uint32_t n_bitmap; /* words */
	uint8_t shift; /* that hash's, to the number of a bit */
	uint8_t n_lens; /* 0: no globs here */
	uint8_t len[DLO_GRAM_LENS];
};

/* Whether a glob has a gram. */
bool dlo_gram_exists(const uint8_t *glob, size_t n_glob);

/* Builds from globs that have one, ids ascending. 0, -ENOMEM. */
int dlo_grams_build(struct dlo_grams *ret, struct dlo_arena *arena,
	const struct dlo_store *store, uint64_t seed, const uint32_t *id,
	size_t n);

/* Of any octets and numbers: whether all that is followed lies within. */
bool dlo_grams_valid(const struct dlo_grams *g);

/* Finds and settles all. O(len of name * n_lens), and the candidates. */
void dlo_grams_find(const struct dlo_grams *g, struct dlo_hits *h);

#endif
