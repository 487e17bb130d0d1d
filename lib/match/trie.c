/* SPDX-License-Identifier: BSD-2-Clause */
/* trie.c - what is anchored on the right, found by hash. */
#include "match/trie.h"

/* What the keys are made from. */
struct source {
	const struct dlo_store *store;
	const struct dlo_trie_glob *glob;
	size_t n;
};

/* Puts the key of n octets before `end` in whole labels, and the ways there. */
static void put_labels(struct dlo_table_builder *b, const struct dlo_table *t,
	const uint8_t *end, size_t n, uint32_t id)
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

		dlo_table_way(b, h);
		h = dlo_trie_hash(t->seed, h, start + to, to - from);
	}
	dlo_table_put(b, h, id);
}

static void put_glob(struct dlo_table_builder *b, const struct dlo_table *t,
	const struct dlo_packed *p, const struct dlo_trie_glob *g)
{
	struct dlo_tail tail;

	dlo_store_tail(p, &tail);
	if (g->raw) {
		dlo_table_put(b,
			dlo_trie_hash(t->seed, t->seed[0] + g->key_len,
				tail.end, g->key_len),
			g->id);
	} else {
		put_labels(b, t, tail.end, g->key_len, g->id);
	}
}

static void put_keys(
	struct dlo_table_builder *b, const struct dlo_table *t, const void *ctx)
{
	const struct source *s = ctx;
	struct dlo_packed p;
	size_t g = 0;

	for (uint32_t id = 0; id < s->store->n; id++) {
		p = id ? dlo_store_next(&p) : dlo_store_first(s->store);
		if (p.kind != DLO_PATTERN_GLOB) {
			put_labels(b, t, p.at + p.len, p.len, id);
		} else if (g < s->n && s->glob[g].id == id) {
			put_glob(b, t, &p, &s->glob[g++]);
		}
	}
}

/* What the keys need. */
struct needs {
	size_t n_keys, n_ways;
	bool raw[DLO_NAME_MAX + 1]; /* lengths of raw tails */
};

static void survey_globs(const struct source *s, struct needs *ret)
{
	for (size_t i = 0; i < s->n; i++) {
		struct dlo_packed p = dlo_store_get(s->store, s->glob[i].id);
		struct dlo_tail tail;

		ret->n_keys++;
		if (s->glob[i].raw) {
			ret->raw[s->glob[i].key_len] = true;
		} else {
			dlo_store_tail(&p, &tail);
			ret->n_ways += tail.n_whole - 2u;
		}
	}
}

static void survey(
	struct dlo_trie *t, const struct source *s, struct needs *ret)
{
	struct dlo_packed p;

	for (uint32_t id = 0; id < s->store->n; id++) {
		size_t labels = 0;

		p = id ? dlo_store_next(&p) : dlo_store_first(s->store);
		if (p.kind == DLO_PATTERN_GLOB) {
			continue;
		}
		for (size_t at = 0; at < p.len; at += p.at[at] + 1u) {
			labels++;
		}
		ret->n_keys++;
		ret->n_ways += labels > 2 ? labels - 2 : 0;
		t->tops |= (uint8_t)(labels == 1);
	}
	survey_globs(s, ret);
	for (size_t i = 0; i <= DLO_NAME_MAX; i++) {
		if (ret->raw[i]) {
			t->tail_len[t->n_tails++] = (uint8_t)i;
		}
	}
	t->more = t->tops || t->n_tails > 0;
}

int dlo_trie_build(struct dlo_trie *ret, struct dlo_arena *arena,
	const struct dlo_store *store, uint64_t seed,
	const struct dlo_trie_glob *glob, size_t n)
{
	struct source s = {store, glob, n};
	struct dlo_trie t = {.n_tails = 0};
	struct needs need = {.n_keys = 0};
	int r;

	survey(&t, &s, &need);
	r = dlo_table_build(&t.table, arena, store, seed, need.n_keys,
		need.n_ways, put_keys, &s);
	if (r == 0) {
		*ret = t;
	}
	return r;
}

bool dlo_trie_valid(const struct dlo_trie *t)
{
	return t->n_tails <= DLO_TAILS_MAX && dlo_table_valid(&t->table);
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

bool dlo_trie_look_deeper(
	const struct dlo_trie *t, const struct dlo_name *n, uint64_t hash)
{
	size_t at = n->last2, from = 0;

	if (dlo_table_holds(&t->table, hash)) {
		return true;
	}
	if (at == 0) {
		return false;
	}
	while (from + n->wire[from] + 1u < at) {
		from += n->wire[from] + 1u;
	}
	return dlo_table_has(&t->table,
		dlo_trie_hash(t->table.seed, hash, n->wire + at, at - from));
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
