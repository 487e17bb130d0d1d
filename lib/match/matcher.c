/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * matcher.c - all patterns of a rule set, compiled: name -> pattern ids.
 *
 * Theory of operation
 * -------------------
 * Two indices, each with a miss path that copies nothing and takes a fixed
 * number of loads a label: the trie (trie.h) for all that ends in a whole
 * domain and the windows (infix.h) for the rest. A pattern is in exactly one
 * list of exactly one index. What an index cannot exclude is settled exactly,
 * by the functions that define what a pattern matches.
 */
#include "match/matcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/infix.h"
#include "match/record.h"
#include "match/trie.h"

#define WEAK_MAX 256 /* globs settled for nearly every name */
#define RAW_TAILS_FROM 256 /* fewer do without keys of their own */
#define TAIL_MIN 4
#define INFIX_MAX 256 /* more globs than that need grams */

struct dlo_matcher {
	struct dlo_trie trie;
	struct dlo_infix infix;
	struct dlo_trie grams; /* of what would crowd the infix's buckets */
};

struct dlo_matcher_builder {
	uint8_t *records; /* headroom, then all patterns, by id */
	size_t len, cap;
	uint32_t n, n_weak;
};

/* What the patterns of a builder become entries of. */
struct plan {
	struct dlo_trie_entry *trie; /* and, after these, the grams' */
	uint32_t *infix; /* records */
	size_t n_trie, n_grams, n_infix;
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
		free(b->records);
		free(b);
	}
	return NULL;
}

/* Whether a glob has nowhere three octets, or dots, in a row. */
static bool is_weak(const struct dlo_pattern *p)
{
	size_t run = 0;

	for (size_t i = 0; i < p->n_glob && run < 3; i++) {
		bool wild = p->glob[i] == DLO_GLOB_RUN ||
			    p->glob[i] == DLO_GLOB_ONE;

		run = wild ? 0 : run + 1;
	}
	return p->kind == DLO_PATTERN_GLOB && run < 3;
}

static int reserve(struct dlo_matcher_builder *b)
{
	size_t cap = b->cap < 4096 ? 4096 : 2 * b->cap;
	uint8_t *records;

	if (b->records && b->cap - b->len >= DLO_RECORD_MAX) {
		return 0;
	}
	/* Offsets are 31 bits wide. */
	records = cap < INT32_MAX ? realloc(b->records, cap) : NULL;
	if (!records) {
		return -ENOMEM;
	}
	if (!b->records) {
		memset(records, 0, DLO_NAME_HEADROOM);
		b->len = DLO_NAME_HEADROOM;
	}
	b->records = records;
	b->cap = cap;
	return 0;
}

int dlo_matcher_add(struct dlo_matcher_builder *b, const struct dlo_pattern *p,
	const char **reterr_msg)
{
	bool weak = is_weak(p);

	if (weak && b->n_weak == WEAK_MAX) {
		*reterr_msg = "over 256 globs without three literal octets "
			      "in a row";
		return 1;
	}
	if (reserve(b)) {
		return -ENOMEM;
	}
	b->n_weak += weak;
	b->len += dlo_record_pack(b->records + b->len, p, b->n++);
	return 0;
}

/* The length of a raw tail's key: few lengths, as long as may be. */
static uint8_t tail_key_len(size_t len)
{
	static const uint8_t lens[DLO_TAILS_MAX] = {
		24, 20, 16, 14, 12, 10, 8, 7, 6, 5, 4};
	size_t i = 0;

	while (lens[i] > len) {
		i++;
	}
	return lens[i];
}

/* Whether a glob's literal end tells more than the whole labels in it. */
static bool is_raw_tail(const struct dlo_packed *r, const struct dlo_tail *t)
{
	return r->kind == DLO_PATTERN_GLOB && t->len >= TAIL_MIN &&
	       tail_key_len(t->len) > t->whole;
}

static size_t count_raw_tails(const struct dlo_matcher_builder *b)
{
	size_t n = 0;

	for (size_t at = DLO_NAME_HEADROOM; at < b->len;) {
		struct dlo_packed r = dlo_record_read(b->records + at);
		struct dlo_tail t;

		if (r.kind == DLO_PATTERN_GLOB) {
			dlo_record_tail(&r, &t);
			n += is_raw_tail(&r, &t);
		}
		at += dlo_record_size(&r);
	}
	return n;
}

/*
 * Decides for each pattern which index finds it. Raw tails wait until they are
 * many: a few cost less at a domain's node or in the buckets.
 */
static void make_plan(const struct dlo_matcher_builder *b, struct plan *p)
{
	bool raw_tails = count_raw_tails(b) > RAW_TAILS_FROM;

	for (size_t at = DLO_NAME_HEADROOM; at < b->len;) {
		struct dlo_packed r = dlo_record_read(b->records + at);
		struct dlo_trie_entry e = {.rec = (uint32_t)at};
		struct dlo_tail t;

		dlo_record_tail(&r, &t);
		if (raw_tails && is_raw_tail(&r, &t)) {
			e.key_len = tail_key_len(t.len);
			e.raw = true;
			p->trie[p->n_trie++] = e;
		} else if (r.kind != DLO_PATTERN_GLOB || t.n_whole >= 2) {
			e.key_len = t.whole;
			e.n_labels = t.n_whole;
			p->trie[p->n_trie++] = e;
		} else {
			p->infix[p->n_infix++] = e.rec;
		}
		at += dlo_record_size(&r);
	}
}

/* Moves globs from the buckets, when these are too many, to the grams. */
static void move_to_grams(const struct dlo_matcher_builder *b, struct plan *p)
{
	size_t n = p->n_infix > INFIX_MAX ? p->n_infix : 0;

	p->n_infix -= n;
	for (size_t i = 0; i < n; i++) {
		struct dlo_trie_entry e = {.rec = p->infix[i], .raw = true};

		e.key_len = dlo_infix_gram(b->records + e.rec, &e.gram);
		if (e.key_len > 0) {
			p->trie[p->n_trie + p->n_grams++] = e;
		} else {
			p->infix[p->n_infix++] = e.rec;
		}
	}
}

static int build(const struct dlo_matcher_builder *b, struct dlo_arena *arena,
	const struct plan *p, const struct dlo_matcher **ret)
{
	struct dlo_matcher *m = dlo_arena_take(arena, sizeof(*m));

	if (!m ||
		dlo_trie_build(&m->trie, arena, b->records, b->len, p->trie,
			p->n_trie) ||
		dlo_infix_build(
			&m->infix, arena, b->records, p->infix, p->n_infix)) {
		return -ENOMEM;
	}
	if (p->n_grams > 0 &&
		dlo_trie_build(&m->grams, arena, b->records, b->len,
			p->trie + p->n_trie, p->n_grams)) {
		return -ENOMEM;
	}
	*ret = m;
	return 0;
}

int dlo_matcher_build(struct dlo_matcher_builder *b, struct dlo_arena *arena,
	const struct dlo_matcher **ret)
{
	struct plan p = {.trie = calloc(b->n + 1u, sizeof(*p.trie)),
		.infix = calloc(b->n + 1u, sizeof(*p.infix))};
	int r = -ENOMEM;

	if (p.trie && p.infix) {
		make_plan(b, &p);
		move_to_grams(b, &p);
		r = build(b, arena, &p, ret);
	}
	free(p.trie);
	free(p.infix);
	return r;
}

/* Settles what the indices could not exclude: of the trie what dlo_trie_look()
 * left, of the infix some buckets, and perhaps the grams. */
static __attribute__((noinline)) size_t settle(const struct dlo_matcher *m,
	const struct dlo_name *name, uint32_t *ids, size_t cap, unsigned trie,
	uint64_t cut, uint64_t scan, bool grams)
{
	struct dlo_hits h; /* not set to zero: `flat` is large */

	h.name = name;
	h.ids = ids;
	h.cap = cap;
	h.n = 0;
	h.flat_made = false;
	if (trie) {
		dlo_trie_find(&m->trie, trie, &h);
	}
	dlo_infix_find(&m->infix, cut, scan, &h);
	if (grams) {
		dlo_trie_find_grams(&m->grams, &h);
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
	bool grams = m->grams.n_tails && dlo_trie_scan(&m->grams, name);

	if (__builtin_expect(
		    !trie && !grams && !(cut | scan | m->infix.always), 1)) {
		return 0;
	}
	return settle(m, name, ret_ids, cap, trie, cut, scan, grams);
}
