/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trie.h - what is anchored on the right, found by hash.
 *
 * Theory of operation
 * -------------------
 * The patterns' labels, read from the right, form a trie. A node is not reached
 * through its parent but found by the keyed hash of its whole suffix, so the
 * search may begin at the last two labels: almost no name's last two labels are
 * in any list, and the filter of the table says so with one load. The filter
 * also knows the nodes on the way to deeper ones, which the table need not
 * hold: the search goes on, label by label, while the filter says yes.
 *
 * A raw tail (`*ngrok.io`, which cuts through a label) is a key too: the name's
 * last k octets, for a few k. Small sets have none: see infix.h.
 *
 * Hashes fold case by OR 0x20 on every octet. That is a superset (a length
 * octet of 3 becomes one of 35), nothing is copied, and all candidates are
 * settled exactly.
 */
#ifndef DLO_MATCH_TRIE_H
#define DLO_MATCH_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/hits.h"
#include "match/table.h"
#include "wire/name.h"

#define DLO_TAILS_MAX 16 /* distinct lengths of raw tails */

struct dlo_trie {
	struct dlo_table table;
	bool more; /* one of the next two */
	uint8_t tops; /* one-label patterns: look at the last label alone too */
	uint8_t n_tails;
	uint8_t tail_len[DLO_TAILS_MAX]; /* ascending */
};

/* A glob for the trie. Its key is the last octets of what dlo_store_tail()
 * finds in it: two whole labels or more, or a raw tail. */
struct dlo_trie_glob {
	uint32_t id;
	uint8_t key_len;
	bool raw;
};

/* Builds from all patterns that are no globs and from n globs, ids ascending.
 * 0, -ENOMEM. */
int dlo_trie_build(struct dlo_trie *ret, struct dlo_arena *arena,
	const struct dlo_store *store, uint64_t seed,
	const struct dlo_trie_glob *glob, size_t n);

/* Of any octets and numbers: whether all that is followed lies within. */
bool dlo_trie_valid(const struct dlo_trie *t);

/* Looks up what dlo_trie_look() left. */
void dlo_trie_find(const struct dlo_trie *t, unsigned left, struct dlo_hits *h);

/*
 * Hash of the n octets before `end`, chained to x. Reads up to 24 octets before
 * `end` whatever n is: hence DLO_NAME_HEADROOM.
 */
static inline uint64_t dlo_trie_hash(
	const uint64_t seed[4], uint64_t x, const uint8_t *end, size_t n)
{
	static const uint64_t fold = 0x2020202020202020u;
	/* 24 octets from &mask[n] keep the last n of 24. */
	static const uint8_t mask[48] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255};

	while (__builtin_expect(n > 24, 0)) {
		x = dlo_mum((dlo_load64(end - 8) | fold) ^ x,
			(dlo_load64(end - 16) | fold) ^ seed[1]);
		end -= 16;
		n -= 16;
	}
	uint64_t a = (dlo_load64(end - 8) | fold) & dlo_load64(mask + n + 16);
	uint64_t b = (dlo_load64(end - 16) | fold) & dlo_load64(mask + n + 8);
	uint64_t c = (dlo_load64(end - 24) | fold) & dlo_load64(mask + n);

	return dlo_mum(a ^ x, b ^ seed[1]) ^ dlo_mum(c ^ seed[2], x ^ seed[3]);
}

/* Hash of the name's labels from offset `at` on. */
static inline uint64_t dlo_trie_suffix(
	const struct dlo_trie *t, const struct dlo_name *n, size_t at)
{
	return dlo_trie_hash(t->table.seed, t->table.seed[0],
		n->wire + n->len - 1, (size_t)n->len - 1 - at);
}

static inline uint64_t dlo_trie_tail(
	const struct dlo_trie *t, const struct dlo_name *n, size_t len)
{
	return dlo_trie_hash(t->table.seed, t->table.seed[0] + len,
		n->wire + n->len - 1, len);
}

/*
 * What a look at the filter leaves of a name, a bit each: its last two labels,
 * its last label, its raw tails.
 */
#define DLO_TRIE_SUFFIX 1u
#define DLO_TRIE_TOP 2u
#define DLO_TRIE_TAIL 4u /* and the bits above it */

/* The rest of the miss path, for the sets that have such patterns. */
unsigned dlo_trie_look_more(const struct dlo_trie *t, const struct dlo_name *n);

/*
 * The same for a name whose last two labels, with that hash, the filter knows.
 * Mostly they are on the way to something that the name is not, as co.uk is;
 * then two buckets and one more look at the filter say so, without what it
 * takes to settle. False: nothing ends in them that matches.
 */
bool dlo_trie_look_deeper(
	const struct dlo_trie *t, const struct dlo_name *n, uint64_t hash);

/* The miss path. 0: nothing in the trie matches. */
static inline unsigned dlo_trie_look(
	const struct dlo_trie *t, const struct dlo_name *n)
{
	uint64_t hash = dlo_trie_suffix(t, n, n->last2);
	unsigned found = dlo_table_has(&t->table, hash) &&
			 dlo_trie_look_deeper(t, n, hash);

	if (t->more) {
		found |= dlo_trie_look_more(t, n);
	}
	return found;
}

#endif
