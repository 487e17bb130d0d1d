/* SPDX-License-Identifier: BSD-2-Clause */
/* trie.c - what is anchored on the right, found by hash. */
#include "match/trie.h"

#include <errno.h>
#include <stdlib.h>

/* What the keys are made from. */
struct source {
	const struct dlo_store *store;
	const struct dlo_trie_entry *entry;
	size_t n;
};

static void add_key(struct dlo_keys *k, uint64_t hash, uint32_t id)
{
	k->key[k->n++] = (struct dlo_table_key){.hash = hash, .id = id};
}

/* Adds the keys of n octets before `end` in whole labels, which make up one
 * node, and of those on the way there. */
static void add_labels(const struct dlo_table *t, const uint8_t *end, size_t n,
	uint32_t id, struct dlo_keys *k)
{
	const uint8_t *start = end - n;
	uint8_t off[DLO_LABELS_MAX + 1];
	size_t labels = 0, depth;
	uint64_t h;

	for (size_t at = 0; at < n; at += start[at] + 1u) {
		off[labels++] = (uint8_t)at;
	}
	off[labels] = (uint8_t)n;
	depth = labels < 2 ? labels : 2;
	h = dlo_trie_hash(t->seed, t->seed[0], end, n - off[labels - depth]);
	for (; depth < labels; depth++) {
		size_t to = off[labels - depth], from = off[labels - depth - 1];

		k->way[k->n_way++] = h;
		h = dlo_trie_hash(t->seed, h, start + to, to - from);
	}
	add_key(k, h, id);
}

static void make_keys(
	const struct dlo_table *t, struct dlo_keys *k, const void *ctx)
{
	const struct source *s = ctx;

	for (size_t i = 0; i < s->n; i++) {
		const struct dlo_trie_entry *e = &s->entry[i];
		struct dlo_packed p = dlo_store_get(s->store, e->id);
		struct dlo_tail tail;

		dlo_store_tail(&p, &tail);
		if (e->raw) {
			add_key(k,
				dlo_trie_hash(t->seed, t->seed[0] + e->key_len,
					tail.end, e->key_len),
				e->id);
		} else {
			add_labels(t, tail.end, e->key_len, e->id, k);
		}
	}
}

/* Counts the keys and finds what the miss path has to look at. */
static void survey(
	struct dlo_trie *t, const struct source *s, struct dlo_keys *k)
{
	bool raw[DLO_NAME_MAX + 1] = {false};

	for (size_t i = 0; i < s->n; i++) {
		const struct dlo_trie_entry *e = &s->entry[i];
		struct dlo_packed p = dlo_store_get(s->store, e->id);
		struct dlo_tail tail;

		k->n++;
		if (e->raw) {
			raw[e->key_len] = true;
			continue;
		}
		dlo_store_tail(&p, &tail);
		k->n_way += tail.n_whole > 2 ? tail.n_whole - 2u : 0;
		t->tops |= tail.n_whole == 1;
	}
	for (size_t i = 0; i <= DLO_NAME_MAX; i++) {
		if (raw[i]) {
			t->tail_len[t->n_tails++] = (uint8_t)i;
		}
	}
	t->more = t->tops || t->n_tails > 0;
}

int dlo_trie_build(struct dlo_trie *ret, struct dlo_arena *arena,
	const struct dlo_store *store, uint64_t seed,
	const struct dlo_trie_entry *entry, size_t n)
{
	struct source s = {store, entry, n};
	struct dlo_trie t = {.n_tails = 0};
	struct dlo_keys k = {.n = 0};
	int r = -ENOMEM;

	survey(&t, &s, &k);
	k.key = calloc(k.n + 1, sizeof(*k.key));
	k.way = calloc(k.n_way + 1, sizeof(*k.way));
	if (k.key && k.way) {
		r = dlo_table_build(
			&t.table, arena, store->n, seed, &k, make_keys, &s);
	}
	free(k.key);
	free(k.way);
	if (r == 0) {
		*ret = t;
	}
	return r;
}

unsigned dlo_trie_look_more(const struct dlo_trie *t, const struct dlo_name *n)
{
	unsigned found = 0;

	if (t->tops && n->n_labels > 1 &&
		dlo_table_has(&t->table, dlo_trie_suffix(t, n, n->last))) {
		found = DLO_TRIE_TOP;
	}
	for (size_t i = 0; i < t->n_tails && t->tail_len[i] < n->len; i++) {
		unsigned has = dlo_table_has(
			&t->table, dlo_trie_tail(t, n, t->tail_len[i]));

		found |= has * DLO_TRIE_TAIL << i;
	}
	return found;
}

/* Goes on from the last two labels while something lies deeper. */
static void descend(const struct dlo_trie *t, uint64_t hash,
	struct dlo_seen *seen, struct dlo_hits *h)
{
	const struct dlo_name *name = h->name;
	uint8_t off[DLO_LABELS_MAX];
	size_t n = 0, at = 0;

	for (; at < name->last2; at += name->wire[at] + 1u) {
		off[n++] = (uint8_t)at;
	}
	do {
		dlo_table_find(&t->table, hash, seen, h);
		if (n-- == 0) {
			return;
		}
		hash = dlo_trie_hash(
			t->table.seed, hash, name->wire + at, at - off[n]);
		at = off[n];
	} while (dlo_table_has(&t->table, hash));
}

void dlo_trie_find(const struct dlo_trie *t, unsigned left, struct dlo_hits *h)
{
	const struct dlo_name *name = h->name;
	struct dlo_seen seen;

	dlo_seen_clear(&seen);
	if (left & DLO_TRIE_SUFFIX) {
		descend(t, dlo_trie_suffix(t, name, name->last2), &seen, h);
	}
	if (left & DLO_TRIE_TOP) {
		dlo_table_find(&t->table, dlo_trie_suffix(t, name, name->last),
			&seen, h);
	}
	for (left /= DLO_TRIE_TAIL; left; left &= left - 1) {
		size_t len = t->tail_len[__builtin_ctz(left)];

		dlo_table_find(
			&t->table, dlo_trie_tail(t, name, len), &seen, h);
	}
}
