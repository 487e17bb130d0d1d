/* SPDX-License-Identifier: BSD-2-Clause */
/* trie.c - what is anchored on the right, found by hash. */
#include "match/trie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_RECORD UINT32_MAX /* a key on the way to a deeper one */
/* The filter's size: sparse while it stays in a second-level cache. */
#define WORDS_MIN 512u /* 4 KiB of filter */
#define WORDS_CACHED 131072u /* 1 MiB */
#define KEYS_PER_WORD_SPARSE 2u
#define KEYS_PER_WORD_DENSE 6u
#define KEYS_PER_BUCKET 3u /* at most, on average */
#define BUCKET_MAX 16u /* nodes in any */
#define SEEDS_MAX 64
#define AHEAD 8u /* records fetched before they are copied */
#define FAR 64u /* places; keys that lie farther off are not moved singly */

/* A hash in two halves: the lower one says the bucket and the filter's bits,
 * the upper one is the node's tag and says the filter's word. */
struct key {
	uint32_t low, tag;
	uint32_t rec;
};

/* The keys of one build, and the other half of radix sort's memory. */
struct keys {
	struct key *at, *other;
	size_t n, n_nodes;
	unsigned shift;
};

static void add_key(struct keys *k, uint64_t hash, uint32_t rec)
{
	k->at[k->n++] = (struct key){.low = (uint32_t)hash,
		.tag = (uint32_t)(hash >> 32),
		.rec = rec};
}

static uint64_t hash_of(const struct key *k)
{
	return (uint64_t)k->tag << 32 | k->low;
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
	const uint8_t *start;
	struct dlo_tail tail;
	size_t n = 0, depth;
	uint64_t h;

	dlo_record_tail(&r, &tail);
	if (e->gram) {
		add_key(k,
			dlo_trie_gram(t->seed, records + e->rec + e->gram,
				e->key_len),
			e->rec);
		return;
	}
	if (e->raw) {
		add_key(k,
			dlo_trie_hash(t->seed, t->seed[0] + e->key_len,
				tail.end, e->key_len),
			e->rec);
		return;
	}
	start = tail.end - e->key_len;
	for (size_t at = 0; at < e->key_len; at += start[at] + 1u) {
		off[n++] = (uint8_t)at;
	}
	off[n] = e->key_len;
	depth = n < 2 ? n : 2;
	h = dlo_trie_hash(t->seed, t->seed[0], tail.end,
		(size_t)e->key_len - off[n - depth]);
	for (; depth < n; depth++) {
		size_t to = off[n - depth], from = off[n - depth - 1];

		add_key(k, h, NO_RECORD);
		h = dlo_trie_hash(t->seed, h, start + to, to - from);
	}
	add_key(k, h, e->rec);
}

/* Sorts by bucket, stably: radix sort from the lowest bit that counts. */
static void sort_by_bucket(struct keys *k)
{
	for (unsigned shift = k->shift; shift < 32; shift += 9) {
		uint32_t count[512] = {0}, sum = 0;
		struct key *swap = k->other;

		for (size_t i = 0; i < k->n; i++) {
			count[k->at[i].low >> shift & 511]++;
		}
		for (size_t i = 0; i < 512; i++) {
			uint32_t here = count[i];

			count[i] = sum;
			sum += here;
		}
		for (size_t i = 0; i < k->n; i++) {
			uint32_t digit = k->at[i].low >> shift & 511;

			k->other[count[digit]++] = k->at[i];
		}
		k->other = k->at;
		k->at = swap;
	}
}

static int by_tag(const void *pa, const void *pb)
{
	const struct key *a = pa, *b = pb;

	return a->tag != b->tag ? (a->tag < b->tag ? -1 : 1)
				: (a->rec > b->rec) - (a->rec < b->rec);
}

/* Sorts keys of one bucket by tag; most come alone or sorted. Two keys of many
 * patterns each, by chance or chosen, would make it quadratic. */
static void sort_bucket(struct key *k, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct key x = k[i];
		size_t j = i;

		for (; j > 0 && k[j - 1].tag > x.tag; j--) {
			k[j] = k[j - 1];
		}
		k[j] = x;
		if (i - j > FAR) {
			qsort(k, n, sizeof(*k), by_tag);
			return;
		}
	}
}

/* Keys of one bucket and tag make one node, whether their suffixes are the same
 * or not: candidates are settled exactly. */
static bool same_node(const struct keys *k, size_t i, size_t j)
{
	return k->at[i].low >> k->shift == k->at[j].low >> k->shift &&
	       k->at[i].tag == k->at[j].tag;
}

/* Sorts keys into the order of their nodes and counts these. Returns how many
 * the fullest bucket has. */
static size_t sort_keys(struct keys *k)
{
	size_t fullest = 0, from = 0;

	sort_by_bucket(k);
	k->n_nodes = 0;
	for (size_t to = 1; to <= k->n; to++) {
		size_t nodes = 1;

		if (to < k->n && k->at[to].low >> k->shift ==
					 k->at[from].low >> k->shift) {
			continue;
		}
		sort_bucket(k->at + from, to - from);
		for (size_t i = from + 1; i < to; i++) {
			nodes += !same_node(k, i - 1, i);
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
	uint64_t seed = dlo_hash(records, records_len, n);
	int tries = 0;

	do {
		set_seed(t, seed++);
		k->n = 0;
		for (size_t i = 0; i < n; i++) {
			add_keys(t, records, &entry[i], k);
		}
	} while (sort_keys(k) > BUCKET_MAX && ++tries < SEEDS_MAX);
}

/* The parts of a trie while they are written. */
struct parts {
	uint64_t *filter;
	uint32_t *bucket, n_buckets;
	struct dlo_trie_node *node;
	uint8_t *lists;
	size_t lists_len; /* written */
};

static uint32_t n_words_for(size_t n_nodes)
{
	size_t dense = n_nodes / KEYS_PER_WORD_DENSE;
	size_t sparse = n_nodes / KEYS_PER_WORD_SPARSE;

	sparse = sparse < WORDS_CACHED ? sparse : WORDS_CACHED;
	sparse = sparse > WORDS_MIN ? sparse : WORDS_MIN;
	return (uint32_t)(dense > sparse ? dense : sparse);
}

/* Takes the memory of a trie. */
static int take(struct dlo_trie *t, struct dlo_arena *arena,
	const struct keys *k, size_t lists_len, struct parts *ret)
{
	struct parts p = {.lists_len = 1};

	p.n_buckets = UINT32_MAX >> k->shift;
	p.n_buckets++;
	t->n_words = n_words_for(k->n_nodes);
	t->bucket_shift = (uint8_t)k->shift;
	t->filter = p.filter =
		dlo_arena_array(arena, t->n_words, sizeof(*p.filter));
	t->bucket = p.bucket =
		dlo_arena_array(arena, p.n_buckets + 1u, sizeof(*p.bucket));
	t->node = p.node = dlo_arena_array(arena, k->n_nodes, sizeof(*p.node));
	t->records = p.lists = dlo_arena_take(arena, lists_len);
	if (!p.filter || !p.bucket || !p.node || !p.lists) {
		return -ENOMEM;
	}
	*ret = p;
	return 0;
}

/* Makes the node of the keys from i on. Returns where the next one begins. */
static size_t make_node(struct parts *p, const struct keys *k, size_t i,
	const uint8_t *records, struct dlo_trie_node *ret)
{
	size_t j = i, last = 0;

	*ret = (struct dlo_trie_node){.tag = k->at[i].tag};
	for (; j < k->n && same_node(k, i, j); j++) {
		if (j + AHEAD < k->n && k->at[j + AHEAD].rec != NO_RECORD) {
			__builtin_prefetch(records + k->at[j + AHEAD].rec);
		}
		if (k->at[j].rec == NO_RECORD) {
			ret->list |= 1;
			continue;
		}
		ret->list |= last ? 0 : (uint32_t)p->lists_len << 1;
		last = p->lists_len;
		p->lists_len += dlo_record_copy(
			p->lists + last, records + k->at[j].rec);
	}
	if (last) {
		dlo_record_end(p->lists + last);
	}
	return j;
}

/* Writes filter, index, nodes and lists from sorted keys. */
static void fill(struct parts *p, const struct dlo_trie *t,
	const struct keys *k, const uint8_t *records)
{
	uint32_t n_nodes = 0, b = 0;

	for (size_t i = 0; i < k->n; i++) {
		uint64_t h = hash_of(&k->at[i]);

		p->filter[dlo_trie_word(h, t->n_words)] |= dlo_trie_bits(h);
	}
	for (size_t i = 0; i < k->n;) {
		for (; b <= k->at[i].low >> k->shift; b++) {
			p->bucket[b] = n_nodes;
		}
		i = make_node(p, k, i, records, &p->node[n_nodes++]);
	}
	for (; b <= p->n_buckets; b++) {
		p->bucket[b] = n_nodes;
	}
}

/* What the entries need. */
struct needs {
	size_t n_keys;
	size_t lists_len; /* octet 0 is no list */
};

static struct needs survey(struct dlo_trie *t, const uint8_t *records,
	const struct dlo_trie_entry *entry, size_t n)
{
	bool raw[DLO_NAME_MAX + 1] = {false};
	struct needs x = {.lists_len = 1};

	for (size_t i = 0; i < n; i++) {
		const struct dlo_trie_entry *e = &entry[i];
		struct dlo_packed r = dlo_record_read(records + e->rec);

		x.lists_len += dlo_record_size(&r);
		x.n_keys += !e->raw && e->n_labels > 2 ? e->n_labels - 1u : 1;
		raw[e->key_len] |= e->raw;
		t->tops |= !e->raw && e->n_labels == 1;
	}
	for (size_t i = 0; i <= DLO_NAME_MAX; i++) {
		if (raw[i]) {
			t->tail_len[t->n_tails++] = (uint8_t)i;
		}
	}
	t->more = t->tops || t->n_tails > 0;
	return x;
}

/* The shift that leaves as many buckets as n_keys need. */
static unsigned shift_for(size_t n_keys)
{
	unsigned shift = 31;

	while (shift > 4 && n_keys > (size_t)KEYS_PER_BUCKET << (32 - shift)) {
		shift--;
	}
	return shift;
}

int dlo_trie_build(struct dlo_trie *ret, struct dlo_arena *arena,
	const uint8_t *records, size_t records_len,
	const struct dlo_trie_entry *entry, size_t n)
{
	struct dlo_trie t = {.n_tails = 0};
	struct needs need = survey(&t, records, entry, n);
	struct keys k = {.shift = shift_for(need.n_keys)};
	struct parts p;
	int r = -ENOMEM;

	/* Half of 32 bits, as a list shares its word with a flag. */
	if (need.lists_len > INT32_MAX || need.n_keys > INT32_MAX) {
		return -ENOMEM;
	}
	k.at = calloc(need.n_keys + 1, sizeof(*k.at));
	k.other = calloc(need.n_keys + 1, sizeof(*k.other));
	if (k.at && k.other) {
		make_keys(&t, &k, records, records_len, entry, n);
		r = take(&t, arena, &k, need.lists_len, &p);
	}
	if (r == 0) {
		fill(&p, &t, &k, records);
		*ret = t;
	}
	free(k.at);
	free(k.other);
	return r;
}

unsigned dlo_trie_look_more(const struct dlo_trie *t, const struct dlo_name *n)
{
	unsigned found = 0;

	if (t->tops && n->n_labels > 1 &&
		dlo_trie_has(t, dlo_trie_suffix(t, n, n->last))) {
		found = DLO_TRIE_TOP;
	}
	for (size_t i = 0; i < t->n_tails; i++) {
		unsigned has =
			dlo_trie_has(t, dlo_trie_tail(t, n, t->tail_len[i]));

		found |= has * DLO_TRIE_TAIL << i;
	}
	return found;
}

static const struct dlo_trie_node *lookup(
	const struct dlo_trie *t, uint64_t hash)
{
	uint32_t b = (uint32_t)hash >> t->bucket_shift;
	uint32_t tag = (uint32_t)(hash >> 32);

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
	uint32_t list[2 * DLO_NAME_MAX]; /* two lengths of grams, or labels */
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

void dlo_trie_find(const struct dlo_trie *t, unsigned left, struct dlo_hits *h)
{
	const struct dlo_name *name = h->name;
	struct search s;

	s.t = t;
	s.h = h;
	s.n = 0;
	if (left & DLO_TRIE_SUFFIX) {
		uint64_t hash = dlo_trie_suffix(t, name, name->last2);

		if (visit(&s, hash)) {
			descend(&s, hash);
		}
	}
	if (left & DLO_TRIE_TOP) {
		(void)visit(&s, dlo_trie_suffix(t, name, name->last));
	}
	for (left /= DLO_TRIE_TAIL; left; left &= left - 1) {
		size_t len = t->tail_len[__builtin_ctz(left)];

		(void)visit(&s, dlo_trie_tail(t, name, len));
	}
}

bool dlo_trie_scan(const struct dlo_trie *t, const struct dlo_name *n)
{
	bool maybe = false;

	for (size_t i = 0; i < t->n_tails; i++) {
		size_t len = t->tail_len[i];

		for (size_t end = len + 1; end < n->len; end++) {
			maybe |= dlo_trie_has(
				t, dlo_trie_gram(t->seed, n->wire + end, len));
		}
	}
	return maybe;
}

void dlo_trie_find_grams(const struct dlo_trie *t, struct dlo_hits *h)
{
	const struct dlo_name *name = h->name;
	struct search s;

	s.t = t;
	s.h = h;
	s.n = 0;
	for (size_t i = 0; i < t->n_tails; i++) {
		size_t len = t->tail_len[i];

		for (size_t end = len + 1; end < name->len; end++) {
			(void)visit(&s,
				dlo_trie_gram(t->seed, name->wire + end, len));
		}
	}
}
