/* SPDX-License-Identifier: BSD-2-Clause */
/* table.c - hash -> candidates, with a filter in front. */
#include "match/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The filter's size: sparse while it stays in a second-level cache. */
#define WORDS_MIN 512u /* 4 KiB of filter */
#define WORDS_CACHED 65536u /* 512 KiB */
#define KEYS_PER_WORD_SPARSE 2u
#define KEYS_PER_WORD_DENSE 6u
#define KEYS_PER_BUCKET 13u /* of 16, on average */
#define TRIES_MAX 64

#define FREE UINT32_MAX
#define NONE UINT32_MAX

static uint32_t bucket_of(uint32_t hash, uint32_t n_buckets)
{
	return (uint32_t)((uint64_t)hash * n_buckets >> 32);
}

static uint32_t first_bucket(const struct dlo_table *t, uint64_t hash)
{
	return bucket_of((uint32_t)hash, t->n_buckets);
}

static uint32_t second_bucket(const struct dlo_table *t, uint64_t hash)
{
	return bucket_of(
		(uint32_t)((hash * 0x9e3779b97f4a7c15u) >> 32), t->n_buckets);
}

/* The hash's tag, in its place. */
static uint32_t tag_of(const struct dlo_table *t, uint64_t hash)
{
	return (uint32_t)(hash >> 32) << t->value_bits;
}

static uint32_t value_of(const struct dlo_table *t, uint32_t word)
{
	return word & ~(UINT32_MAX << t->value_bits);
}

/* Which of a bucket's words have the tag, a bit each; no more than one has. */
static unsigned words_with(
	const struct dlo_table *t, uint32_t bucket, uint32_t tag)
{
	const uint32_t *slot = t->slot + (size_t)bucket * DLO_BUCKET;
	uint32_t mask = UINT32_MAX << t->value_bits;
	unsigned found = 0;

	for (unsigned i = 0; i < DLO_BUCKET; i++) {
		found |= (unsigned)((slot[i] & mask) == tag) << i;
	}
	return found;
}

/* ---- looking up --------------------------------------------------------- */

/* Whether the word is new to this name. */
static bool first_time(struct dlo_seen *s, uint32_t slot)
{
	uint64_t *word = &s->maybe[slot >> 6 & 7], bit;

	bit = (uint64_t)1 << (slot & 63);
	if (*word & bit) {
		for (unsigned i = 0; i < s->n; i++) {
			if (s->slot[i] == slot) {
				return false;
			}
		}
	}
	*word |= bit;
	s->slot[s->n++] = slot;
	return true;
}

static void find_in(const struct dlo_table *t, uint32_t bucket, uint32_t tag,
	struct dlo_seen *seen, struct dlo_hits *h)
{
	unsigned found = words_with(t, bucket, tag);
	uint32_t at, value;

	if (!found) {
		return;
	}
	at = bucket * DLO_BUCKET + (unsigned)__builtin_ctz(found);
	if (t->slot[at] == FREE || !first_time(seen, at)) {
		return;
	}
	value = value_of(t, t->slot[at]);
	if (value < t->n_ids) {
		dlo_hits_check(h, value);
	} else {
		dlo_hits_check_list(h, t->list + (value - t->n_ids));
	}
}

void dlo_table_find(const struct dlo_table *t, uint64_t hash,
	struct dlo_seen *seen, struct dlo_hits *h)
{
	uint32_t tag = tag_of(t, hash);
	uint32_t first = first_bucket(t, hash);
	uint32_t second = second_bucket(t, hash);

	__builtin_prefetch(t->slot + (size_t)second * DLO_BUCKET);
	find_in(t, first, tag, seen, h);
	find_in(t, second, tag, seen, h);
}

/* ---- building ----------------------------------------------------------- */

struct building {
	struct dlo_table *t;
	uint32_t *slot;
	uint64_t *filter;
	uint8_t *used; /* words of each bucket */
	size_t n_lists; /* ids that lists hold */
};

static void set_seed(struct dlo_table *t, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++) {
		seed = dlo_mum(
			seed + 0x9e3779b97f4a7c15u, 0xe7037ed1a0b428dbu ^ i);
		t->seed[i] = seed;
	}
}

/* A word that has the key's tag in one of its buckets, or NULL. */
static uint32_t *same_word(struct building *b, uint64_t hash)
{
	uint32_t tag = tag_of(b->t, hash);
	uint32_t bucket[2] = {
		first_bucket(b->t, hash), second_bucket(b->t, hash)};

	for (size_t i = 0; i < 2; i++) {
		unsigned found = words_with(b->t, bucket[i], tag) &
				 ((1u << b->used[bucket[i]]) - 1);

		if (found) {
			return &b->slot[(size_t)bucket[i] * DLO_BUCKET +
					(unsigned)__builtin_ctz(found)];
		}
	}
	return NULL;
}

/* A free word for a key, in the emptier one of its buckets; NULL: no room. */
static uint32_t *take_word(struct building *b, uint64_t hash)
{
	uint32_t first = first_bucket(b->t, hash);
	uint32_t second = second_bucket(b->t, hash);
	uint32_t to = b->used[second] < b->used[first] ? second : first;

	return b->used[to] < DLO_BUCKET
		       ? &b->slot[(size_t)to * DLO_BUCKET + b->used[to]++]
		       : NULL;
}

/*
 * Puts key i, whose value is i for the time being, into the table. Keys come in
 * descending order, so that the ids behind a word ascend. False: no room.
 */
static bool put_key(struct building *b, struct dlo_keys *keys, uint32_t i)
{
	struct dlo_table_key *k = &keys->key[i];
	uint32_t *word = same_word(b, k->hash);

	k->next = NONE;
	if (word) {
		k->next = value_of(b->t, *word);
		b->n_lists += keys->key[k->next].next == NONE ? 2 : 1;
	} else {
		word = take_word(b, k->hash);
		if (!word) {
			return false;
		}
	}
	*word = tag_of(b->t, k->hash) | i;
	return true;
}

/* A key's bucket is fetched while others are put. */
#define AHEAD 16u

static bool put_keys(struct building *b, struct dlo_keys *keys)
{
	size_t n_slots = (size_t)b->t->n_buckets * DLO_BUCKET;

	memset(b->slot, 0xff, n_slots * sizeof(*b->slot));
	memset(b->used, 0, b->t->n_buckets);
	b->n_lists = 0;
	for (uint32_t i = (uint32_t)keys->n; i-- > 0;) {
		if (i >= AHEAD) {
			uint64_t hash = keys->key[i - AHEAD].hash;

			__builtin_prefetch(
				&b->slot[(size_t)first_bucket(b->t, hash) *
					 DLO_BUCKET]);
			__builtin_prefetch(
				&b->slot[(size_t)second_bucket(b->t, hash) *
					 DLO_BUCKET]);
		}
		if (!put_key(b, keys, i)) {
			return false;
		}
	}
	return true;
}

/* Turns the keys' numbers into ids and lists of ids. */
static void write_values(
	struct building *b, const struct dlo_keys *keys, uint32_t *list)
{
	size_t n_slots = (size_t)b->t->n_buckets * DLO_BUCKET;
	uint32_t at = 0, ids = b->t->n_ids;

	for (size_t i = 0; i < n_slots; i++) {
		const struct dlo_table_key *k;
		uint32_t tag, first = at;

		if (b->slot[i] == FREE) {
			continue;
		}
		k = &keys->key[value_of(b->t, b->slot[i])];
		tag = b->slot[i] & UINT32_MAX << b->t->value_bits;
		if (k->next == NONE) {
			b->slot[i] = tag | k->id;
			continue;
		}
		for (;; k = &keys->key[k->next]) {
			list[at++] = k->id;
			if (k->next == NONE) {
				break;
			}
		}
		list[at - 1] |= DLO_LAST;
		b->slot[i] = tag | (ids + first);
	}
}

static void add_bits(struct building *b, uint64_t hash)
{
	b->filter[dlo_table_word(hash, b->t->n_words)] |= dlo_table_bits(hash);
}

static size_t bits_set(const uint64_t *word, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (size_t)__builtin_popcountll(word[i]);
	}
	return sum;
}

static size_t words_for(size_t n_keys)
{
	size_t dense = n_keys / KEYS_PER_WORD_DENSE;
	size_t sparse = n_keys / KEYS_PER_WORD_SPARSE;

	sparse = sparse < WORDS_CACHED ? sparse : WORDS_CACHED;
	sparse = sparse > WORDS_MIN ? sparse : WORDS_MIN;
	return dense > sparse ? dense : sparse;
}

/*
 * Fills the filter. Ways are mostly the same few, and lists that overlap repeat
 * keys: a filter that turns out to be too large for the keys in it is folded,
 * each word with its neighbour, which is where a half as large one has them.
 */
static void fill_filter(struct building *b, const struct dlo_keys *keys)
{
	uint32_t n = b->t->n_words;
	size_t n_keys;

	for (size_t i = 0; i < keys->n; i++) {
		add_bits(b, keys->key[i].hash);
	}
	for (size_t i = 0; i < keys->n_way; i++) {
		add_bits(b, keys->way[i]);
	}
	n_keys = bits_set(b->filter, n) / 2;
	for (; n % 2 == 0 && n / 2 >= words_for(n_keys); n /= 2) {
		for (uint32_t i = 0; i < n / 2; i++) {
			b->filter[i] = b->filter[2 * i] | b->filter[2 * i + 1];
		}
	}
	b->t->n_words = n;
}

static uint32_t bits_for(uint64_t n)
{
	uint32_t bits = 1;

	while (n >> bits) {
		bits++;
	}
	return bits;
}

/* Takes the memory of a table, the lists excepted. */
static int take(struct building *b, struct dlo_arena *arena, size_t n_keys,
	size_t n_buckets)
{
	struct dlo_table *t = b->t;

	if (n_buckets > UINT32_MAX / DLO_BUCKET) {
		return -ENOMEM;
	}
	t->n_buckets = (uint32_t)n_buckets;
	t->n_words = (uint32_t)words_for(n_keys);
	/* Room to be folded thrice. */
	t->n_words = (t->n_words + 7) & ~7u;
	b->slot = dlo_arena_array(
		arena, n_buckets, DLO_BUCKET * sizeof(*b->slot));
	b->filter = dlo_arena_array(arena, t->n_words, sizeof(*b->filter));
	b->used = malloc(n_buckets);
	t->slot = b->slot;
	t->filter = b->filter;
	return b->slot && b->filter && b->used ? 0 : -ENOMEM;
}

/* Puts the keys under seeds until all have room. */
static int place(struct building *b, uint64_t seed, struct dlo_keys *keys,
	dlo_keys_fn *make, const void *ctx)
{
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		set_seed(b->t, seed++);
		keys->n = keys->n_way = 0;
		make(b->t, keys, ctx);
		if (put_keys(b, keys)) {
			return 0;
		}
	}
	return -ENOMEM;
}

static int fill(struct building *b, struct dlo_arena *arena,
	const struct dlo_keys *keys)
{
	uint32_t *list = dlo_arena_array(arena, b->n_lists, sizeof(*list));

	if (!list) {
		return -ENOMEM;
	}
	write_values(b, keys, list);
	b->t->list = list;
	b->t->n_list = (uint32_t)b->n_lists;
	fill_filter(b, keys);
	return 0;
}

int dlo_table_build(struct dlo_table *ret, struct dlo_arena *arena,
	uint32_t n_ids, uint64_t seed, struct dlo_keys *keys, dlo_keys_fn *make,
	const void *ctx)
{
	struct dlo_table t = {.n_ids = n_ids};
	struct building b = {.t = &t};
	size_t n = keys->n;
	int r;

	/* A word of all bits is a free one. */
	t.value_bits = bits_for((uint64_t)n_ids + n + 1);
	if (t.value_bits > 28) {
		return -ENOMEM;
	}
	r = take(&b, arena, n + keys->n_way, n / KEYS_PER_BUCKET + 2);
	r = r ? r : place(&b, seed, keys, make, ctx);
	r = r ? r : fill(&b, arena, keys);
	free(b.used);
	if (r == 0) {
		*ret = t;
	}
	return r;
}
