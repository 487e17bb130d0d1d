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

#define WEAK_MAX 256	   /* globs settled for nearly every name */
#define TAILS_IN_INFIX 256 /* raw tails that 64 buckets tell apart well */
#define TAIL_MIN 4

struct dlo_matcher {
	struct dlo_trie trie;
	struct dlo_infix infix;
};

struct dlo_matcher_builder {
	uint8_t *records; /* all patterns, by id */
	size_t len, cap;
	uint32_t n, n_weak;
};

/* What the patterns of a builder become entries of. */
struct plan {
	struct dlo_trie_entry *trie;
	uint32_t *infix; /* records */
	size_t n_trie, n_infix;
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

	if (b->cap - b->len >= DLO_RECORD_MAX) {
		return 0;
	}
	/* Offsets are 31 bits wide. */
	records = cap < INT32_MAX ? realloc(b->records, cap) : NULL;
	if (!records) {
		return -ENOMEM;
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

/* Whether a pattern ends in octets but not in two whole labels. */
static bool is_raw_tail(const struct dlo_packed *r, const struct dlo_tail *t)
{
	return r->kind == DLO_PATTERN_GLOB && t->n_whole < 2 &&
	       t->len >= TAIL_MIN;
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

static size_t count_raw_tails(const struct dlo_matcher_builder *b)
{
	size_t n = 0;

	for (size_t at = 0; at < b->len;) {
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

/* Decides for each pattern which index finds it. */
static void make_plan(const struct dlo_matcher_builder *b, struct plan *p)
{
	bool raw_tails = count_raw_tails(b) > TAILS_IN_INFIX;

	for (size_t at = 0; at < b->len;) {
		struct dlo_packed r = dlo_record_read(b->records + at);
		struct dlo_trie_entry e = {.rec = (uint32_t)at};
		struct dlo_tail t;

		dlo_record_tail(&r, &t);
		if (r.kind != DLO_PATTERN_GLOB || t.n_whole >= 2) {
			e.key_len = t.whole;
			p->trie[p->n_trie++] = e;
		} else if (raw_tails && is_raw_tail(&r, &t)) {
			e.key_len = tail_key_len(t.len);
			e.tail = true;
			p->trie[p->n_trie++] = e;
		} else {
			p->infix[p->n_infix++] = e.rec;
		}
		at += dlo_record_size(&r);
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
		r = build(b, arena, &p, ret);
	}
	free(p.trie);
	free(p.infix);
	return r;
}

/* Settles what the indices could not exclude. */
static __attribute__((noinline)) size_t settle(const struct dlo_matcher *m,
	const struct dlo_name *name, uint64_t cut, uint64_t scan, uint32_t *ids,
	size_t cap)
{
	struct dlo_hits h;

	h.name = name;
	h.ids = ids;
	h.cap = cap;
	h.n = 0;
	h.flat_made = false;
	dlo_trie_find(&m->trie, &h);
	dlo_infix_find(&m->infix, cut, scan, &h);
	return h.n;
}

size_t dlo_matcher_match(const struct dlo_matcher *m,
	const struct dlo_name *name, uint32_t *ret_ids, size_t cap)
{
	bool maybe = dlo_trie_maybe(&m->trie, name);
	uint64_t cut = m->infix.cut ? dlo_infix_cuts(&m->infix, name) : 0;
	uint64_t scan = m->infix.scan ? dlo_infix_scan(&m->infix, name) : 0;

	if (__builtin_expect(!maybe && !(cut | scan | m->infix.always), 1)) {
		return 0;
	}
	return settle(m, name, cut, scan, ret_ids, cap);
}
