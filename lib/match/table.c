/* SPDX-License-Identifier: BSD-2-Clause */
/* table.c - hash -> candidates, with a filter in front. */
#include "match/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The filter's size: more words would say no more often, but a second-level
 * cache would hold less of them, and that costs more. */
#define WORDS_MIN 512u /* 4 KiB of filter */
#define KEYS_PER_WORD 6u
#define KEYS_PER_BUCKET 13u /* of 16, on average */
#define TRIES_MAX 64
#define VALUE_BITS_MAX 28u

#define FREE UINT32_MAX

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

/* Four words at once, on every machine that the compiler knows a way. */
typedef uint32_t four __attribute__((vector_size(16)));
typedef uint64_t two __attribute__((vector_size(16)));
static_assert(DLO_BUCKET == 16, "four times four words");

/* Which of a bucket's words have the tag, a bit each; no more than one has. */
static inline unsigned words_with(
	const struct dlo_table *t, uint32_t bucket, uint32_t tag)
{
	static const four bit = {1, 2, 4, 8};
	uint32_t mask = UINT32_MAX << t->value_bits;
	four w[4], found;
	two halves;
	uint64_t half;

	memcpy(w, t->slot + (size_t)bucket * DLO_BUCKET, sizeof(w));
	found = (four)((w[0] & mask) == tag) & bit;
	found |= (four)((w[1] & mask) == tag) & (bit << 4);
	found |= (four)((w[2] & mask) == tag) & (bit << 8);
	found |= (four)((w[3] & mask) == tag) & (bit << 12);
	halves = (two)found;
	half = halves[0] | halves[1];
	return (unsigned)(half | half >> 32);
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

bool dlo_table_holds(const struct dlo_table *t, uint64_t hash)
{
	uint32_t tag = tag_of(t, hash);

	return words_with(t, first_bucket(t, hash), tag) |
	       words_with(t, second_bucket(t, hash), tag);
}

/* ---- checking ------------------------------------------------------------ */

/* All at once: as no word is asked for before the last, they are compared four
 * at a time. */
static bool words_are_valid(
	const struct dlo_table *t, size_t n, uint64_t n_values)
{
	int32_t mask = (int32_t) ~(UINT32_MAX << t->value_bits);
	int32_t last = n_values > INT32_MAX ? INT32_MAX : (int32_t)n_values - 1;
	int32_t bad = 0;

	for (size_t i = 0; i < n; i++) {
		int32_t word = (int32_t)t->slot[i];

		bad |= (word & mask) > last && word != -1;
	}
	return !bad;
}

bool dlo_table_valid(const struct dlo_table *t)
{
	size_t n_slots = (size_t)t->n_buckets * DLO_BUCKET;
	uint64_t n_values = (uint64_t)t->n_ids + t->n_list;

	if (t->n_words == 0 || t->n_buckets == 0 || n_slots > UINT32_MAX ||
		t->value_bits - 1 >= VALUE_BITS_MAX ||
		!dlo_candidates_valid(t->list, t->n_list, t->n_ids)) {
		return false;
	}
	return words_are_valid(t, n_slots, n_values);
}

/* ---- building ----------------------------------------------------------- */

/* Of a word that several keys share: its ids, a ring that the word leads to the
 * last one of. */
struct shared {
	uint32_t id, next;
};

struct pending {
	uint64_t hash;
	uint32_t id;
};
#define PENDING 16u /* keys whose buckets are being fetched */

struct dlo_table_builder {
	struct dlo_table *t;
	uint32_t *slot;
	uint64_t *filter;
	uint8_t *used; /* words of each bucket */
	struct shared *shared;
	uint32_t n_shared, shared_cap;
	struct pending pending[PENDING];
	uint32_t n_put;
	bool full; /* a key found no room */
	bool no_memory;
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
static uint32_t *same_word(struct dlo_table_builder *b, uint64_t hash)
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
static uint32_t *take_word(struct dlo_table_builder *b, uint64_t hash)
{
	uint32_t first = first_bucket(b->t, hash);
	uint32_t second = second_bucket(b->t, hash);
	uint32_t to = b->used[second] < b->used[first] ? second : first;

	return b->used[to] < DLO_BUCKET
		       ? &b->slot[(size_t)to * DLO_BUCKET + b->used[to]++]
		       : NULL;
}

/* Makes room for two more ids in rings. */
static bool reserve_shared(struct dlo_table_builder *b)
{
	uint32_t cap = b->shared_cap ? 2 * b->shared_cap : 64;
	struct shared *p;

	if (b->n_shared + 2 <= b->shared_cap) {
		return true;
	}
	p = realloc(b->shared, (size_t)cap * sizeof(*p));
	if (!p) {
		b->no_memory = true;
		return false;
	}
	b->shared = p;
	b->shared_cap = cap;
	return true;
}

/* Adds an id to those of a word. */
static void share(struct dlo_table_builder *b, uint32_t *word, uint32_t id)
{
	uint32_t value = value_of(b->t, *word), last = value - b->t->n_ids;
	uint32_t i;

	if (!reserve_shared(b)) {
		return;
	}
	if (value < b->t->n_ids) {
		last = b->n_shared++;
		b->shared[last] = (struct shared){.id = value, .next = last};
	}
	i = b->n_shared++;
	b->shared[i] = (struct shared){.id = id, .next = b->shared[last].next};
	b->shared[last].next = i;
	*word = *word - value + b->t->n_ids + i;
}

static void put_now(struct dlo_table_builder *b, const struct pending *p)
{
	uint32_t *word = same_word(b, p->hash);

	if (word) {
		share(b, word, p->id);
		return;
	}
	word = take_word(b, p->hash);
	if (word) {
		*word = tag_of(b->t, p->hash) | p->id;
	} else {
		b->full = true;
	}
}

/* A key waits until PENDING others have come, and its buckets with them. */
void dlo_table_put(struct dlo_table_builder *b, uint64_t hash, uint32_t id)
{
	struct pending *p = &b->pending[b->n_put % PENDING];

	if (b->full || b->no_memory) {
		return;
	}
	if (b->n_put >= PENDING) {
		put_now(b, p);
	}
	*p = (struct pending){.hash = hash, .id = id};
	b->n_put++;
	__builtin_prefetch(
		b->slot + (size_t)first_bucket(b->t, hash) * DLO_BUCKET, 1);
	__builtin_prefetch(
		b->slot + (size_t)second_bucket(b->t, hash) * DLO_BUCKET, 1);
	dlo_table_way(b, hash);
}

void dlo_table_way(struct dlo_table_builder *b, uint64_t hash)
{
	b->filter[dlo_table_word(hash, b->t->n_words)] |= dlo_table_bits(hash);
}

static void put_pending(struct dlo_table_builder *b)
{
	uint32_t n = b->n_put < PENDING ? b->n_put : PENDING;

	for (uint32_t i = b->n_put - n; i != b->n_put; i++) {
		put_now(b, &b->pending[i % PENDING]);
	}
}

/* Turns rings of ids into lists. */
static int write_lists(struct dlo_table_builder *b, struct dlo_arena *arena,
	const struct dlo_store *store)
{
	size_t n_slots = (size_t)b->t->n_buckets * DLO_BUCKET;
	struct dlo_candidate *list =
		dlo_arena_array(arena, b->n_shared, sizeof(*list));
	uint32_t at = 0, ids = b->t->n_ids;

	if (!list) {
		return -ENOMEM;
	}
	b->t->list = list;
	b->t->n_list = b->n_shared;
	for (size_t i = 0; i < n_slots && at < b->n_shared; i++) {
		uint32_t value = value_of(b->t, b->slot[i]), last, j;

		if (b->slot[i] == FREE || value < ids) {
			continue;
		}
		b->slot[i] = b->slot[i] - value + ids + at;
		last = j = value - ids;
		do {
			j = b->shared[j].next;
			list[at++] = dlo_candidate_of(store, b->shared[j].id);
		} while (j != last);
		list[at - 1].id |= DLO_LAST;
	}
	return 0;
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
	size_t n = n_keys / KEYS_PER_WORD;

	return n > WORDS_MIN ? n : WORDS_MIN;
}

/*
 * Ways are mostly the same few, and lists that overlap repeat keys: a filter
 * that turns out to be too large for the keys in it is folded, each word with
 * its neighbour, which is where one of half the size has them.
 */
static void fold_filter(struct dlo_table_builder *b)
{
	uint32_t n = b->t->n_words;
	size_t n_keys = bits_set(b->filter, n) / 2;

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
static int take(struct dlo_table_builder *b, struct dlo_arena *arena,
	size_t n_keys, size_t n_ways)
{
	size_t n_buckets = n_keys / KEYS_PER_BUCKET + 2;
	struct dlo_table *t = b->t;

	/* Of k keys that share words 2k - 2 are in rings, at most. A word of
	 * all bits is a free one. */
	t->value_bits = bits_for((uint64_t)t->n_ids + 2 * n_keys + 1);
	if (t->value_bits > VALUE_BITS_MAX) {
		return -ENOMEM;
	}
	t->n_buckets = (uint32_t)n_buckets;
	/* May be folded thrice. */
	t->n_words = ((uint32_t)words_for(n_keys + n_ways) + 7) & ~7u;
	b->slot = dlo_arena_array(
		arena, n_buckets, DLO_BUCKET * sizeof(*b->slot));
	b->filter = dlo_arena_array(arena, t->n_words, sizeof(*b->filter));
	b->used = malloc(n_buckets);
	t->slot = b->slot;
	t->filter = b->filter;
	return b->slot && b->filter && b->used ? 0 : -ENOMEM;
}

static void clear(struct dlo_table_builder *b)
{
	size_t n_slots = (size_t)b->t->n_buckets * DLO_BUCKET;

	memset(b->slot, 0xff, n_slots * sizeof(*b->slot));
	memset(b->filter, 0, b->t->n_words * sizeof(*b->filter));
	memset(b->used, 0, b->t->n_buckets);
	b->n_shared = b->n_put = 0;
	b->full = false;
}

/* Puts the keys under seeds until all have room. */
static int place(struct dlo_table_builder *b, uint64_t seed, dlo_keys_fn *put,
	const void *ctx)
{
	for (int tries = 0; tries < TRIES_MAX && !b->no_memory; tries++) {
		set_seed(b->t, seed++);
		clear(b);
		put(b, b->t, ctx);
		put_pending(b);
		if (!b->full && !b->no_memory) {
			return 0;
		}
	}
	return -ENOMEM;
}

int dlo_table_build(struct dlo_table *ret, struct dlo_arena *arena,
	const struct dlo_store *store, uint64_t seed, size_t n_keys,
	size_t n_ways, dlo_keys_fn *put, const void *ctx)
{
	struct dlo_table t = {.n_ids = store->n};
	struct dlo_table_builder b = {.t = &t};
	int r;

	r = take(&b, arena, n_keys, n_ways);
	r = r ? r : place(&b, seed, put, ctx);
	r = r ? r : write_lists(&b, arena, store);
	if (r == 0) {
		fold_filter(&b);
		*ret = t;
	}
	free(b.used);
	free(b.shared);
	return r;
}
