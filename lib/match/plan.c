/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan.c - which index finds which pattern.
 *
 * A domain is found by its own name, in the trie. A glob hangs at the whole
 * labels that it ends with, if these are two; raw tails get keys of their own
 * when they are many. But a key that many globs share is no key: all of them
 * would be settled for every name there. Such globs, and those that end in no
 * domain, go by what stands in their middle: by windows (infix.h) while they
 * are few, by grams (gram.h) when they are many.
 */
#include "match/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "match/crowd.h"
#include "match/gram.h"
#include "match/infix.h"

#define RAW_TAILS_FROM 256u /* fewer do without keys of their own */
#define TAIL_MIN 4
#define INFIX_MAX 256u /* more globs than that need grams */
#define SCAN_MAX 64u /* so do more than that without a usable dot */
#define CROWD_MAX 16u /* globs of one key in the trie */

struct planner {
	struct dlo_plan *p;
	const struct dlo_store *store;
	uint32_t *glob; /* ids */
	size_t n;
	bool raw_tails;
	struct dlo_crowd crowd; /* globs with a key in the trie */
};

/* The length of a raw tail's key: few lengths, as long as may be. */
static uint8_t tail_key_len(size_t len)
{
	static const uint8_t lens[DLO_TAILS_MAX] = {
		120, 80, 56, 40, 32, 24, 20, 16, 14, 12, 10, 8, 7, 6, 5, 4};
	size_t i = 0;

	while (lens[i] > len) {
		i++;
	}
	return lens[i];
}

/* Whether a glob's literal end tells more than the whole labels in it. */
static bool is_raw_tail(const struct dlo_tail *t)
{
	return t->len >= TAIL_MIN && tail_key_len(t->len) > t->whole;
}

/* Finds the key in the trie that a glob may have. False: it has none. */
static bool key_of(const struct planner *x, const struct dlo_tail *t,
	struct dlo_trie_glob *e)
{
	if (x->raw_tails && is_raw_tail(t)) {
		e->key_len = tail_key_len(t->len);
		e->raw = true;
		return true;
	}
	e->key_len = t->whole;
	e->raw = false;
	return t->n_whole >= 2;
}

static uint64_t hash_of(const struct dlo_tail *t, const struct dlo_trie_glob *e)
{
	return dlo_hash(t->end - e->key_len, e->key_len, e->raw);
}

/* The globs of a set. */
static void list_globs(struct planner *x)
{
	struct dlo_packed p;

	for (uint32_t id = 0; id < x->store->n; id++) {
		p = id ? dlo_store_next(&p) : dlo_store_first(x->store);
		if (p.kind == DLO_PATTERN_GLOB) {
			x->glob[x->n++] = id;
		}
	}
}

static void tail_of(const struct planner *x, uint32_t id, struct dlo_tail *ret)
{
	struct dlo_packed p = dlo_store_get(x->store, id);

	dlo_store_tail(&p, ret);
}

static bool has_many_raw_tails(const struct planner *x)
{
	struct dlo_tail t;
	size_t n = 0;

	for (size_t i = 0; i < x->n && n <= RAW_TAILS_FROM; i++) {
		tail_of(x, x->glob[i], &t);
		n += is_raw_tail(&t);
	}
	return n > RAW_TAILS_FROM;
}

/* Counts how many globs want each key. */
static void count_crowds(struct planner *x)
{
	for (size_t i = 0; i < x->n; i++) {
		struct dlo_trie_glob e;
		struct dlo_tail t;

		tail_of(x, x->glob[i], &t);
		if (key_of(x, &t, &e)) {
			dlo_crowd_add(&x->crowd, hash_of(&t, &e));
		}
	}
}

static bool has_gram(const struct planner *x, uint32_t id)
{
	struct dlo_packed p = dlo_store_get(x->store, id);

	return dlo_gram_exists(p.at, p.len);
}

static void place(const struct planner *x, uint32_t id)
{
	struct dlo_trie_glob e = {.id = id};
	struct dlo_plan *plan = x->p;
	struct dlo_tail t;

	tail_of(x, id, &t);
	if (key_of(x, &t, &e) &&
		(dlo_crowd_at(&x->crowd, hash_of(&t, &e)) <= CROWD_MAX ||
			!has_gram(x, id))) {
		plan->trie[plan->n_trie++] = e;
	} else {
		plan->infix[plan->n_infix++] = id;
	}
}

/* Moves globs that no dot tells apart, or all, when they are too many for
 * windows, to the grams. */
static void move_to_grams(const struct planner *x)
{
	struct dlo_plan *p = x->p;
	size_t n = p->n_infix, n_scan = 0;

	for (size_t i = 0; i < n && n <= INFIX_MAX; i++) {
		n_scan += !dlo_infix_by_cut(x->store, p->infix[i]);
	}
	if (n <= INFIX_MAX && n_scan <= SCAN_MAX) {
		return;
	}
	p->n_infix = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t id = p->infix[i];

		if (has_gram(x, id) &&
			(n > INFIX_MAX || !dlo_infix_by_cut(x->store, id))) {
			p->gram[p->n_gram++] = id;
		} else {
			p->infix[p->n_infix++] = id;
		}
	}
}

static void plan(struct planner *x)
{
	list_globs(x);
	x->raw_tails = has_many_raw_tails(x);
	count_crowds(x);
	for (size_t i = 0; i < x->n; i++) {
		place(x, x->glob[i]);
	}
	move_to_grams(x);
}

int dlo_plan_make(struct dlo_plan *ret, const struct dlo_store *store)
{
	size_t n = store->n_globs + 1u;
	struct dlo_plan p = {.trie = calloc(n, sizeof(*p.trie)),
		.infix = calloc(n, sizeof(*p.infix)),
		.gram = calloc(n, sizeof(*p.gram))};
	struct planner x = {
		.p = &p, .store = store, .glob = calloc(n, sizeof(*x.glob))};
	int r = -ENOMEM;

	if (p.trie && p.infix && p.gram && x.glob &&
		!dlo_crowd_init(&x.crowd, n)) {
		plan(&x);
		*ret = p;
		r = 0;
	} else {
		dlo_plan_fini(&p);
	}
	free(x.glob);
	dlo_crowd_fini(&x.crowd);
	return r;
}

void dlo_plan_fini(struct dlo_plan *p)
{
	free(p->trie);
	free(p->infix);
	free(p->gram);
}
