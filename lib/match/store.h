/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.h - the patterns of a set, packed, by id.
 *
 * A pattern's octets are kept here once: what an index proposes is settled with
 * them, and its text is printed from them. A record is a head (kind and length,
 * one octet, or three when it is long) and the wire name without its root octet
 * or the glob's symbols. Every 4th record's place is known; from there the
 * heads lead on.
 */
#ifndef DLO_MATCH_STORE_H
#define DLO_MATCH_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "match/pattern.h"

#define DLO_STORE_BLOCK 4u

struct dlo_store {
	const uint8_t *at; /* begins with DLO_NAME_HEADROOM octets */
	const uint32_t *block; /* place of each block's first record */
	uint32_t n, len, n_blocks;
	uint32_t n_globs; /* of them */
};

/* A record taken apart; `at` points into it. */
struct dlo_packed {
	enum dlo_pattern_kind kind;
	uint16_t len;
	const uint8_t *at;
};

#define DLO_STORE_LONG 63u /* and no shorter: the length is in two octets */

static inline struct dlo_packed dlo_store_read(const uint8_t *rec)
{
	struct dlo_packed p = {.kind = (enum dlo_pattern_kind)(rec[0] >> 6),
		.len = rec[0] & DLO_STORE_LONG,
		.at = rec + 1};

	if (__builtin_expect(p.len == DLO_STORE_LONG, 0)) {
		p.len = (uint16_t)(rec[1] << 8 | rec[2]);
		p.at += 2;
	}
	return p;
}

/* id < n. O(DLO_STORE_BLOCK). */
static inline struct dlo_packed dlo_store_get(
	const struct dlo_store *s, uint32_t id)
{
	struct dlo_packed p =
		dlo_store_read(s->at + s->block[id / DLO_STORE_BLOCK]);

	for (uint32_t i = id % DLO_STORE_BLOCK; i > 0; i--) {
		p = dlo_store_read(p.at + p.len);
	}
	return p;
}

/* All patterns in turn: of the first, then after each. */
static inline struct dlo_packed dlo_store_first(const struct dlo_store *s)
{
	return dlo_store_read(s->at + DLO_NAME_HEADROOM);
}

static inline struct dlo_packed dlo_store_next(const struct dlo_packed *p)
{
	return dlo_store_read(p->at + p->len);
}

void dlo_store_unpack(const struct dlo_packed *p, struct dlo_pattern *ret);

/* Of any octets and numbers: whether all records, and what is in them, lie
 * within. O(len). */
bool dlo_store_valid(const struct dlo_store *s);

/* ---- building ----------------------------------------------------------- */

/* All zero is empty; dlo_store_builder_fini() frees it. */
struct dlo_store_builder {
	uint8_t *at;
	uint32_t *block;
	size_t len, cap, blocks_cap;
	uint32_t n, n_globs;
};

int dlo_store_add(struct dlo_store_builder *b, const struct dlo_pattern *p);
/* Forgets all but the first n patterns. */
void dlo_store_cut(struct dlo_store_builder *b, uint32_t n);
/* The builder's patterns, in its own memory; valid until it changes. */
struct dlo_store dlo_store_of(const struct dlo_store_builder *b);
/* Hands them over to the arena; the builder is then empty. -ENOMEM. */
int dlo_store_build(struct dlo_store_builder *b, struct dlo_arena *arena,
	struct dlo_store *ret);
void dlo_store_builder_fini(struct dlo_store_builder *b);

/*
 * The literal octets that a pattern ends with, as they lie on the wire before
 * the root octet. The label lengths in them are known, because what is literal
 * up to the end of the name is whole. As before a name, DLO_NAME_HEADROOM
 * octets before them may be read.
 */
struct dlo_tail {
	const uint8_t *end; /* one past the last: in the record, or in buf */
	uint8_t len;
	uint8_t whole; /* of these octets, those of whole labels */
	uint8_t n_whole; /* these labels */
	uint8_t buf[DLO_NAME_HEADROOM + DLO_NAME_MAX];
};
void dlo_store_tail(const struct dlo_packed *p, struct dlo_tail *ret);

#endif
