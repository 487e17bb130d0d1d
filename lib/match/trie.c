/* SPDX-License-Identifier: BSD-2-Clause */
/* trie.c - what is anchored on the right, found by hash. */
#include "match/trie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_RECORD UINT32_MAX /* a key on the way to a deeper one */
#define WORDS_MIN 512u	     /* 4 KiB of filter */
#define KEYS_PER_WORD 4u
#define NODES_PER_BUCKET 2u
#define BUCKET_MAX 16u
#define SEEDS_MAX 64

struct key {
	uint64_t hash;
	uint32_t rec;
	uint32_t bucket;
};

/* The keys of one build, and the second half of radix sort's memory. */
struct keys {
	struct key *at, *other;
	size_t n, n_nodes;
};

static uint32_t bucket_of(uint64_t hash, uint32_t n_buckets)
{
	return (uint32_t)((uint64_t)(uint32_t)hash * n_buckets >> 32);
}

static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

static void set_seed(struct dlo_trie *t, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++) {
		seed = dlo_mum(
			seed + 0x9e3779b97f4a7c15u, 0xe7037ed1a0b428dbu ^ i);
		t->seed[i] = seed;
	}
}

/* Appends the keys of one pattern: its node's and those on the way there. */
static void add_keys(const struct dlo_trie *t, const uint8_t *records,
	const struct dlo_trie_entry *e, struct keys *k)
{
	struct dlo_packed r = dlo_record_read(records + e->rec);
	uint8_t off[DLO_LABELS_MAX + 1];
	const uint8_t *start, *end;
	struct dlo_tail tail;
	size_t n = 0, depth;
	uint64_t h;

	memset(tail.pad, 0, sizeof(tail.pad));
	dlo_record_tail(&r, &tail);
	end = tail.end;
	if (e->tail) {
		h = dlo_trie_hash(
			t->seed, t->seed[0] + e->key_len, end, e->key_len);
		k->at[k->n++] = (struct key){.hash = h, .rec = e->rec};
		return;
	}
	start = end - e->key_len;
	for (size_t at = 0; at < e->key_len; at += start[at] + 1u) {
		off[n++] = (uint8_t)at;
	}
	off[n] = e->key_len;
	depth = n < 2 ? n : 2;
	h = dlo_trie_hash(
		t->seed, t->seed[0], end, (size_t)e->key_len - off[n - depth]);
	for (; depth < n; depth++) {
		size_t to = off[n - depth], from = off[n - depth - 1];

		k->at[k->n++] = (struct key){.hash = h, .rec = NO_RECORD};
		h = dlo_trie_hash(t->seed, h, start + to, to - from);
	}
	k->at[k->n++] = (struct key){.hash = h, .rec = e->rec};
}

/* Sorts by the lower 32 bits of the hash, stably. */
static void sort_by_hash(struct keys *k)
{
	for (unsigned shift = 0; shift < 32; shift += 8) {
		uint32_t count[256] = {0}, sum = 0;
		struct key *swap = k->other;

		for (size_t i = 0; i < k->n; i++) {
			count[k->at[i].hash >> shift & 255]++;
		}
		for (size_t i = 0; i < 256; i++) {
			uint32_t here = count[i];

			count[i] = sum;
			sum += here;
		}
		for (size_t i = 0; i < k->n; i++) {
			k->other[count[k->at[i].hash >> shift & 255]++] =
				k->at[i];
		}
		k->other = k->at;
		k->at = swap;
	}
}

/* Sorts keys of one bucket by tag, stably; most come alone or sorted. */
static void sort_bucket(struct key *k, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct key x = k[i];
		size_t j = i;

		for (; j > 0 && tag_of(k[j - 1].hash) > tag_of(x.hash); j--) {
			k[j] = k[j - 1];
		}
		k[j] = x;
	}
}

/* Keys of one bucket and tag make one node, whether their suffixes are the same
 * or not: candidates are settled exactly. */
static bool same_node(const struct key *a, const struct key *b)
{
	return a->bucket == b->bucket && tag_of(a->hash) == tag_of(b->hash);
}

/*
 * Sorts keys into the order of their nodes, given the number of buckets, and
 * counts nodes. Returns how many nodes the fullest bucket has.
 */
static size_t sort_keys(struct keys *k, uint32_t n_buckets)
{
	size_t fullest = 0, from = 0, nodes = 0;

	sort_by_hash(k);
	k->n_nodes = 0;
	for (size_t i = 0; i < k->n; i++) {
		k->at[i].bucket = bucket_of(k->at[i].hash, n_buckets);
	}
	for (size_t to = 1; to <= k->n; to++) {
		if (to < k->n && k->at[to].bucket == k->at[from].bucket) {
			continue;
		}
		sort_bucket(k->at + from, to - from);
		nodes = 1;
		for (size_t i = from + 1; i < to; i++) {
			nodes += !same_node(&k->at[i - 1], &k->at[i]);
		}
		k->n_nodes += nodes;
		fullest = nodes > fullest ? nodes : fullest;
		from = to;
	}
	return fullest;
}

/* Makes keys under seeds until no bucket is too full. */
static void make_keys(struct dlo_trie *t, struct keys *k,
	const uint8_t *records, size_t records_len,
	const struct dlo_trie_entry *entry, size_t n)
{
	uint64_t seed = records_len > 0 ? dlo_hash(records, records_len, n) : 0;
	int tries = 0;

	do {
		set_seed(t, seed++);
		k->n = 0;
		for (size_t i = 0; i < n; i++) {
			add_keys(t, records, &entry[i], k);
		}
	} while (
		sort_keys(k, t->n_buckets) > BUCKET_MAX && ++tries < SEEDS_MAX);
}

/* Takes the memory of a built trie; its pieces are yet to be filled. */
static int take(struct dlo_trie *t, struct dlo_arena *arena, size_t n_nodes,
	size_t records_len, uint64_t **ret_filter, uint32_t **ret_bucket,
	struct dlo_trie_node **ret_node, uint8_t **ret_records)
{
	t->n_words = (uint32_t)(n_nodes / KEYS_PER_WORD);
	t->n_words = t->n_words > WORDS_MIN ? t->n_words : WORDS_MIN;
	*ret_filter = dlo_arena_array(arena, t->n_words, sizeof(**ret_filter));
	*ret_bucket =
		dlo_arena_array(arena, t->n_buckets + 1u, sizeof(**ret_bucket));
	*ret_node = dlo_arena_array(arena, n_nodes, sizeof(**ret_node));
	*ret_records = dlo_arena_take(arena, records_len);
	t->filter = *ret_filter;
	t->bucket = *ret_bucket;
	t->node = *ret_node;
	t->records = *ret_records;
	return *ret_filter && *ret_bucket && *ret_node && *ret_records
		       ? 0
		       : -ENOMEM;
}

/* Octets that the records of n entries take, and one that is no list. */
static size_t sum_records(
	const uint8_t *records, const struct dlo_trie_entry *entry, size_t n)
{
	size_t sum = 1;

	for (size_t i = 0; i < n; i++) {
		struct dlo_packed r = dlo_record_read(records + entry[i].rec);

		sum += dlo_record_size(&r);
	}
	return sum;
}

/* Fills nodes, index, filter and record lists from sorted keys. */
static int fill(struct dlo_trie *t, struct dlo_arena *arena,
	const struct keys *k, const uint8_t *records, size_t lists_len)
{
	struct dlo_trie_node *node;
	uint64_t *filter;
	uint32_t *bucket, n_nodes = 0, b = 0;
	uint8_t *lists;
	size_t at = 1, last = 0;

	if (take(t, arena, k->n_nodes, lists_len, &filter, &bucket, &node,
		    &lists)) {
		return -ENOMEM;
	}
	for (size_t i = 0, j = 0; i < k->n; i = j) {
		struct dlo_trie_node x = {.tag = tag_of(k->at[i].hash)};

		for (; j < k->n && same_node(&k->at[i], &k->at[j]); j++) {
			uint64_t h = k->at[j].hash;

			filter[dlo_trie_word(h, t->n_words)] |=
				dlo_trie_bits(h);
			if (k->at[j].rec == NO_RECORD) {
				x.list |= 1;
				continue;
			}
			x.list |= x.list > 1 ? 0 : (uint32_t)at << 1;
			last = at;
			at += dlo_record_copy(
				lists + at, records + k->at[j].rec);
		}
		if (x.list > 1) {
			dlo_record_end(lists + last);
		}
		for (; b <= k->at[i].bucket; b++) {
			bucket[b] = n_nodes;
		}
		node[n_nodes++] = x;
	}
	for (; b <= t->n_buckets; b++) {
		bucket[b] = n_nodes;
	}
	return 0;
}

/* The lengths of raw tails, and how many keys the entries make. */
static size_t survey(struct dlo_trie *t, const uint8_t *records,
	const struct dlo_trie_entry *entry, size_t n)
{
	bool tail[DLO_NAME_MAX + 1] = {false};
	size_t n_keys = 0;

	for (size_t i = 0; i < n; i++) {
		struct dlo_packed r = dlo_record_read(records + entry[i].rec);
		struct dlo_tail x;

		if (entry[i].tail) {
			tail[entry[i].key_len] = true;
			n_keys++;
			continue;
		}
		dlo_record_tail(&r, &x);
		t->tops |= x.n_whole == 1;
		n_keys += x.n_whole > 2 ? x.n_whole - 1u : 1;
	}
	for (size_t i = 0; i <= DLO_NAME_MAX; i++) {
		if (tail[i]) {
			t->tail_len[t->n_tails++] = (uint8_t)i;
		}
	}
	return n_keys;
}

int dlo_trie_build(struct dlo_trie *ret, struct dlo_arena *arena,
	const uint8_t *records, size_t records_len,
	const struct dlo_trie_entry *entry, size_t n)
{
	struct dlo_trie t = {0};
	size_t n_keys = survey(&t, records, entry, n);
	size_t lists_len = sum_records(records, entry, n);
	struct keys k = {0};
	int r = -ENOMEM;

	if (lists_len >= UINT32_MAX / 2 || n_keys >= UINT32_MAX / 2) {
		return -ENOMEM;
	}
	t.n_buckets = (uint32_t)(n_keys / NODES_PER_BUCKET + 1);
	k.at = calloc(n_keys + 1, sizeof(*k.at));
	k.other = calloc(n_keys + 1, sizeof(*k.other));
	if (k.at && k.other) {
		make_keys(&t, &k, records, records_len, entry, n);
		r = fill(&t, arena, &k, records, lists_len);
	}
	free(k.at);
	free(k.other);
	if (r == 0) {
		*ret = t;
	}
	return r;
}

static const struct dlo_trie_node *lookup(
	const struct dlo_trie *t, uint64_t hash)
{
	uint32_t b = bucket_of(hash, t->n_buckets), tag = tag_of(hash);

	for (uint32_t i = t->bucket[b]; i < t->bucket[b + 1]; i++) {
		if (t->node[i].tag == tag) {
			return &t->node[i];
		}
	}
	return NULL;
}

/* One search; lists already settled are not settled again, should two hashes
 * of one name share a node. */
struct search {
	const struct dlo_trie *t;
	struct dlo_hits *h;
	size_t n;
	uint32_t list[DLO_LABELS_MAX + DLO_TAILS_MAX + 1];
};

static void settle(struct search *s, uint32_t list)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i] == list) {
			return;
		}
	}
	s->list[s->n++] = list;
	dlo_hits_check(s->h, s->t->records + list);
}

/* Settles what hangs at one key. Returns whether something lies deeper. */
static bool visit(struct search *s, uint64_t hash)
{
	const struct dlo_trie_node *node =
		dlo_trie_has(s->t, hash) ? lookup(s->t, hash) : NULL;

	if (node && node->list > 1) {
		settle(s, node->list >> 1);
	}
	return node && (node->list & 1);
}

/* Goes on from the last two labels while something lies deeper. */
static void descend(struct search *s, uint64_t hash)
{
	const struct dlo_name *name = s->h->name;
	uint8_t off[DLO_LABELS_MAX];
	size_t n = 0, at = 0;

	for (; at < name->last2; at += name->wire[at] + 1u) {
		off[n++] = (uint8_t)at;
	}
	do {
		if (n-- == 0) {
			return;
		}
		hash = dlo_trie_hash(
			s->t->seed, hash, name->wire + at, at - off[n]);
		at = off[n];
	} while (visit(s, hash));
}

void dlo_trie_find(const struct dlo_trie *t, struct dlo_hits *h)
{
	const struct dlo_name *name = h->name;
	uint64_t hash = dlo_trie_suffix(t, name, name->last2);
	struct search s;

	s.t = t;
	s.h = h;
	s.n = 0;
	if (visit(&s, hash)) {
		descend(&s, hash);
	}
	if (t->tops && name->n_labels > 1) {
		(void)visit(&s, dlo_trie_suffix(t, name, name->last));
	}
	for (size_t i = 0; i < t->n_tails; i++) {
		(void)visit(&s, dlo_trie_tail(t, name, t->tail_len[i]));
	}
}
