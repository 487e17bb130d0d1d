/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * matcher.c - all patterns of a rule set, compiled: name -> pattern ids.
 *
 * Theory of operation
 * -------------------
 * The patterns lie packed in the store, by id. Three indices propose some of
 * them: the trie (trie.h) what ends in a whole domain, windows (infix.h) or
 * grams (gram.h) the rest; each pattern is in one of them, by the plan
 * (plan.h). What an index cannot exclude is settled exactly, by the functions
 * that define what a pattern matches. The miss path copies nothing and takes a
 * fixed number of loads a label.
 *
 * Everything but struct dlo_matcher is arrays of fixed-width numbers without a
 * pointer: where they lie does not matter (compiled.h).
 */
#include "match/matcher.h"

#include <errno.h>
#include <stdlib.h>

#include "match/parts.h"
#include "match/plan.h"

#define WEAK_MAX 256 /* globs settled for nearly every name */

struct dlo_matcher_builder {
	struct dlo_store_builder store;
	uint32_t n_weak;
};

int dlo_matcher_builder_new(struct dlo_matcher_builder **ret)
{
	struct dlo_matcher_builder *b = calloc(1, sizeof(*b));

	if (!b) {
		return -ENOMEM;
	}
	*ret = b;
	return 0;
}

struct dlo_matcher_builder *dlo_matcher_builder_free(
	struct dlo_matcher_builder *b)
{
	if (b) {
		dlo_store_builder_fini(&b->store);
		free(b);
	}
	return NULL;
}

static bool is_weak(const uint8_t *glob, size_t n_glob)
{
	size_t run = 0;

	for (size_t i = 0; i < n_glob && run < 3; i++) {
		bool wild = glob[i] == DLO_GLOB_RUN || glob[i] == DLO_GLOB_ONE;

		run = wild ? 0 : run + 1;
	}
	return run < 3;
}

bool dlo_matcher_is_weak(const struct dlo_pattern *p)
{
	return p->kind == DLO_PATTERN_GLOB && is_weak(p->glob, p->n_glob);
}

int dlo_matcher_add(struct dlo_matcher_builder *b, const struct dlo_pattern *p,
	const char **reterr_msg)
{
	bool weak = dlo_matcher_is_weak(p);

	if (weak && b->n_weak == WEAK_MAX) {
		*reterr_msg = "over 256 globs without three literal octets "
			      "in a row";
		return 1;
	}
	if (dlo_store_add(&b->store, p)) {
		return -ENOMEM;
	}
	b->n_weak += weak;
	return 0;
}

void dlo_matcher_cut(struct dlo_matcher_builder *b, uint32_t n)
{
	struct dlo_store s = dlo_store_of(&b->store);

	for (uint32_t id = n; id < s.n && b->n_weak > 0; id++) {
		struct dlo_packed p = dlo_store_get(&s, id);

		b->n_weak -= p.kind == DLO_PATTERN_GLOB && is_weak(p.at, p.len);
	}
	dlo_store_cut(&b->store, n);
}

static int build(struct dlo_matcher *m, struct dlo_arena *arena,
	const struct dlo_plan *p)
{
	const struct dlo_store *s = &m->store;
	uint64_t seed = dlo_hash(s->at, s->len, s->n);
	int r;

	r = dlo_trie_build(&m->trie, arena, s, seed, p->trie, p->n_trie);
	r = r ? r : dlo_infix_build(&m->infix, arena, s, p->infix, p->n_infix);
	return r ? r
		 : dlo_grams_build(
			   &m->grams, arena, s, seed, p->gram, p->n_gram);
}

int dlo_matcher_build(struct dlo_matcher_builder *b, struct dlo_arena *arena,
	const struct dlo_matcher **ret)
{
	struct dlo_matcher *m = dlo_arena_take(arena, sizeof(*m));
	struct dlo_plan p;
	int r;

	if (!m || dlo_store_build(&b->store, arena, &m->store) ||
		dlo_plan_make(&p, &m->store)) {
		return -ENOMEM;
	}
	r = build(m, arena, &p);
	dlo_plan_fini(&p);
	if (r == 0) {
		*ret = m;
	}
	return r;
}

void dlo_matcher_pattern(
	const struct dlo_matcher *m, uint32_t id, struct dlo_pattern *ret)
{
	struct dlo_packed p = dlo_store_get(&m->store, id);

	dlo_store_unpack(&p, ret);
}

/* Settles what the indices could not exclude: of the trie what dlo_trie_look()
 * left, of the infix some buckets, and of the grams all. */
static __attribute__((noinline)) size_t settle(const struct dlo_matcher *m,
	const struct dlo_name *name, uint32_t *ids, size_t cap, unsigned trie,
	uint64_t cut, uint64_t scan)
{
	struct dlo_hits h;

	dlo_hits_init(&h, &m->store, name, ids, cap);
	if (trie) {
		dlo_trie_find(&m->trie, trie, &h);
	}
	dlo_infix_find(&m->infix, cut, scan, &h);
	if (m->grams.n_lens) {
		dlo_grams_find(&m->grams, &h);
	}
	return h.n;
}

/* No struct for what is left: the miss path stays in registers. */
size_t dlo_matcher_match(const struct dlo_matcher *m,
	const struct dlo_name *name, uint32_t *ret_ids, size_t cap)
{
	unsigned trie = dlo_trie_look(&m->trie, name);
	uint64_t cut = m->infix.cut ? dlo_infix_cuts(&m->infix, name) : 0;
	uint64_t scan = m->infix.scan ? dlo_infix_scan(&m->infix, name) : 0;

	if (__builtin_expect(
		    !trie && !(cut | scan | m->infix.always | m->grams.n_lens),
		    1)) {
		return 0;
	}
	return settle(m, name, ret_ids, cap, trie, cut, scan);
}
