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

#include "match/gram.h"

#define RAW_TAILS_FROM 256u /* fewer do without keys of their own */
#define TAIL_MIN 4
#define INFIX_MAX 256u /* more globs than that need grams */
#define CROWD_MAX 16u /* globs of one key in the trie */
#define CROWD_BITS 18 /* counters, as a power of two */

struct planner {
	struct dlo_plan *p;
	bool raw_tails;
	uint16_t *crowd; /* globs with a key, by its hash; they stop at 65535 */
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
	struct dlo_trie_entry *e)
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

static uint16_t *crowd_of(const struct planner *x, const struct dlo_tail *t,
	const struct dlo_trie_entry *e)
{
	uint64_t h = dlo_hash(t->end - e->key_len, e->key_len, e->raw);

	return &x->crowd[h >> (64 - CROWD_BITS)];
}

static uint32_t count_raw_tails(const struct dlo_store *s, uint32_t *ret_globs)
{
	const uint8_t *rec = s->at + DLO_NAME_HEADROOM;
	uint32_t n = 0, globs = 0;

	for (uint32_t id = 0; id < s->n; id++) {
		struct dlo_packed p = dlo_store_read(rec);
		struct dlo_tail t;

		if (p.kind == DLO_PATTERN_GLOB) {
			dlo_store_tail(&p, &t);
			n += is_raw_tail(&t);
			globs++;
		}
		rec = p.at + p.len;
	}
	*ret_globs = globs;
	return n;
}

/* Counts how many globs want each key. */
static void count_crowds(struct planner *x, const struct dlo_store *s)
{
	const uint8_t *rec = s->at + DLO_NAME_HEADROOM;

	for (uint32_t id = 0; id < s->n; id++) {
		struct dlo_packed p = dlo_store_read(rec);
		struct dlo_trie_entry e;
		struct dlo_tail t;

		rec = p.at + p.len;
		if (p.kind != DLO_PATTERN_GLOB) {
			continue;
		}
		dlo_store_tail(&p, &t);
		if (key_of(x, &t, &e)) {
			uint16_t *crowd = crowd_of(x, &t, &e);

			*crowd = (uint16_t)(*crowd + (*crowd < UINT16_MAX));
		}
	}
}

static void place_glob(
	const struct planner *x, const struct dlo_packed *p, uint32_t id)
{
	struct dlo_trie_entry e = {.id = id};
	struct dlo_plan *plan = x->p;
	struct dlo_tail t;
	bool crowded = false;

	dlo_store_tail(p, &t);
	if (key_of(x, &t, &e)) {
		crowded = *crowd_of(x, &t, &e) > CROWD_MAX &&
			  dlo_gram_exists(p->at, p->len);
		if (!crowded) {
			plan->trie[plan->n_trie++] = e;
			return;
		}
	}
	plan->infix[plan->n_infix++] = id;
}

static void place(const struct planner *x, const struct dlo_store *s)
{
	const uint8_t *rec = s->at + DLO_NAME_HEADROOM;
	struct dlo_plan *plan = x->p;

	for (uint32_t id = 0; id < s->n; id++) {
		struct dlo_packed p = dlo_store_read(rec);

		rec = p.at + p.len;
		if (p.kind == DLO_PATTERN_GLOB) {
			place_glob(x, &p, id);
		} else {
			plan->trie[plan->n_trie++] = (struct dlo_trie_entry){
				.id = id, .key_len = (uint8_t)p.len};
		}
	}
}

/* Moves globs from the windows, when these are too many, to the grams. */
static void move_to_grams(struct dlo_plan *p, const struct dlo_store *s)
{
	size_t n = p->n_infix > INFIX_MAX ? p->n_infix : 0;

	p->n_infix -= n;
	for (size_t i = 0; i < n; i++) {
		uint32_t id = p->infix[i];
		struct dlo_packed r = dlo_store_get(s, id);

		if (dlo_gram_exists(r.at, r.len)) {
			p->gram[p->n_gram++] = id;
		} else {
			p->infix[p->n_infix++] = id;
		}
	}
}

static int plan(struct planner *x, const struct dlo_store *s)
{
	uint32_t globs;

	x->raw_tails = count_raw_tails(s, &globs) > RAW_TAILS_FROM;
	x->p->trie = calloc(s->n + 1u, sizeof(*x->p->trie));
	x->p->infix = calloc(globs + 1u, sizeof(*x->p->infix));
	x->p->gram = calloc(globs + 1u, sizeof(*x->p->gram));
	x->crowd = calloc((size_t)1 << CROWD_BITS, sizeof(*x->crowd));
	if (!x->p->trie || !x->p->infix || !x->p->gram || !x->crowd) {
		return -ENOMEM;
	}
	if (globs > CROWD_MAX) {
		count_crowds(x, s);
	}
	place(x, s);
	move_to_grams(x->p, s);
	return 0;
}

int dlo_plan_make(struct dlo_plan *ret, const struct dlo_store *store)
{
	struct dlo_plan p = {0};
	struct planner x = {.p = &p};
	int r = plan(&x, store);

	free(x.crowd);
	if (r) {
		dlo_plan_fini(&p);
		return r;
	}
	*ret = p;
	return 0;
}

void dlo_plan_fini(struct dlo_plan *p)
{
	free(p->trie);
	free(p->infix);
	free(p->gram);
}
