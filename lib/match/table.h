/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - hash -> candidates, with a filter in front.
 *
 * Theory of operation
 * -------------------
 * The filter has 64-bit words, two bits a key: almost every question ends after
 * one load from it. It is dense, to stay in a second-level cache as long as
 * that is possible.
 *
 * Behind it lie buckets of 16 words, one cache line each. A key is in one of
 * two buckets, so a look-up reads two lines at most, whatever was asked and
 * whatever is in the table. A word is a tag of the hash and a value: the id of
 * a pattern, or, above these, the place of a list of ids. Two keys of one
 * bucket and tag share a word: candidates are settled exactly. Of one hash no
 * more than two words are found.
 *
 * All is written as offsets, in the machine's byte order: no pointers. Seeds
 * come from the content, and the build tries others until all keys have found
 * room.
 */
#ifndef DLO_MATCH_TABLE_H
#define DLO_MATCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/hits.h"

#define DLO_BUCKET 16u /* words */

struct dlo_table {
	uint64_t seed[4];
	const uint64_t *filter;
	const uint32_t *slot; /* n_buckets of DLO_BUCKET; all bits: free */
	const struct dlo_candidate *list;
	uint32_t n_words; /* of the filter; 0: no keys */
	uint32_t n_buckets;
	uint32_t n_ids; /* values from here on are places in `list` */
	uint32_t n_list;
	uint32_t value_bits;
};

static inline uint64_t dlo_table_bits(uint64_t hash)
{
	return (uint64_t)1 << (hash & 63) | (uint64_t)1 << (hash >> 6 & 63);
}

/* By the highest 28 bits. The four below them may be put to use in the tag. */
static inline size_t dlo_table_word(uint64_t hash, uint32_t n_words)
{
	return (hash >> 36) * n_words >> 28;
}

/* Whether the key may be in the table. */
static inline bool dlo_table_has(const struct dlo_table *t, uint64_t hash)
{
	uint64_t bits = dlo_table_bits(hash);

	return (t->filter[dlo_table_word(hash, t->n_words)] & bits) == bits;
}

/* What was found for one name; nothing is settled twice, should two hashes of
 * it share a word. */
#define DLO_SEEN_MAX 512
struct dlo_seen {
	uint64_t maybe[8]; /* a filter over slot[0..n) */
	uint32_t slot[DLO_SEEN_MAX];
	unsigned n;
};

static inline void dlo_seen_clear(struct dlo_seen *s)
{
	for (size_t i = 0; i < 8; i++) {
		s->maybe[i] = 0;
	}
	s->n = 0;
}

/* Whether a word is there that the key may have: candidates. */
bool dlo_table_holds(const struct dlo_table *t, uint64_t hash);

/* Settles the candidates of a key. At most DLO_SEEN_MAX / 2 calls for one name.
 */
void dlo_table_find(const struct dlo_table *t, uint64_t hash,
	struct dlo_seen *seen, struct dlo_hits *h);

/* Of any octets and numbers: whether all that a look-up follows lies within,
 * the ids below n_ids. O(octets). */
bool dlo_table_valid(const struct dlo_table *t);

/* ---- building ----------------------------------------------------------- */

struct dlo_table_builder;

/* Puts all keys under t->seed, ids ascending, and what only the filter shall
 * know: keys that something lies beyond. */
typedef void dlo_keys_fn(struct dlo_table_builder *b, const struct dlo_table *t,
	const void *ctx);
void dlo_table_put(struct dlo_table_builder *b, uint64_t hash, uint32_t id);
void dlo_table_way(struct dlo_table_builder *b, uint64_t hash);

/*
 * Builds a table of patterns of the store. `put` puts at most n_keys and
 * n_ways. `seed` is a hash of the content. 0, -ENOMEM.
 */
int dlo_table_build(struct dlo_table *ret, struct dlo_arena *arena,
	const struct dlo_store *store, uint64_t seed, size_t n_keys,
	size_t n_ways, dlo_keys_fn *put, const void *ctx);

#endif
