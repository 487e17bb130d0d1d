/* SPDX-License-Identifier: BSD-2-Clause */
/* store.c - the patterns of a set, packed, by id. */
#include "match/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_MAX (3u + DLO_GLOB_MAX)
#define KIND_SHIFT 6
static_assert(DLO_PATTERN_GLOB == 3, "no kind is above it");
#define LABEL_MAX 63u
#define LABELS_AT_ONCE 4u

void dlo_store_unpack(const struct dlo_packed *p, struct dlo_pattern *ret)
{
	ret->kind = p->kind;
	ret->n_glob = 0;
	if (p->kind == DLO_PATTERN_GLOB) {
		ret->n_glob = p->len;
		memcpy(ret->glob, p->at, p->len);
		return;
	}
	memcpy(ret->wire, p->at, p->len);
	ret->wire[p->len] = 0;
	ret->wire_len = (uint8_t)(p->len + 1);
}

/* ---- checking ------------------------------------------------------------ */

/*
 * Whole labels, and no name over 255 octets. That all go LABELS_AT_ONCE steps,
 * of which the last may be none, spares the processor a wrong guess a name.
 */
static bool wire_is_valid(const uint8_t *at, size_t len)
{
	size_t to = 0, bad = len >= DLO_NAME_MAX;

	while (to < len) {
		for (unsigned i = 0; i < LABELS_AT_ONCE; i++) {
			size_t n = at[to < len ? to : 0];

			bad |= n - 1u >= LABEL_MAX;
			to += to < len ? n + 1u : 0;
		}
	}
	return to == len && !bad;
}

/* What dlo_pattern_parse() makes: no symbol that there is not, no star after a
 * star, and not more than a name has room for. */
static bool glob_is_valid(const uint8_t *at, size_t len)
{
	size_t n_runs = 0, label = 0;
	uint8_t before = 0;

	for (size_t i = 0; i < len; before = at[i++]) {
		bool run = at[i] == DLO_GLOB_RUN;
		bool ends = run || at[i] == DLO_GLOB_BOUNDARY ||
			    at[i] == DLO_GLOB_ONE;

		label = ends ? 0 : label + 1;
		n_runs += run;
		if (label > LABEL_MAX || (run && before == DLO_GLOB_RUN) ||
			(at[i] > DLO_GLOB_RUN && at[i] <= 'Z')) {
			return false;
		}
	}
	return len > 0 && len <= DLO_GLOB_MAX && len - n_runs < DLO_NAME_MAX;
}

/* The length of the first record of rec[0..left); 0: it is not whole, or holds
 * no pattern. */
static size_t valid_record(const uint8_t *rec, size_t left)
{
	struct dlo_packed p;
	size_t head;

	if (left < 3 && (left == 0 || (rec[0] & DLO_STORE_LONG) == 0x3f)) {
		return 0;
	}
	p = dlo_store_read(rec);
	head = (size_t)(p.at - rec);
	if (p.len > left - head ||
		!(p.kind == DLO_PATTERN_GLOB ? glob_is_valid(p.at, p.len)
					     : wire_is_valid(p.at, p.len))) {
		return 0;
	}
	return head + p.len;
}

/* Four labels from any of its records on, however long these say they are. */
#define LOOK_MAX (DLO_STORE_BLOCK * 64u + 4 * 256u)

/*
 * The octets of a block of names of two to four labels; 0: it is none, or not
 * whole. LOOK_MAX octets may be read. Nearly all blocks are such, and here no
 * verdict is asked for before the last: a wrong guess of the processor would
 * cost as much as two records. Labels that are not empty and whose octets sum
 * up to less than DLO_STORE_LONG are not too long either.
 */
static size_t plain_block(const uint8_t *rec)
{
	const uint8_t *from = rec;
	uint64_t differs = 0, less = 0; /* not 0; its highest bit */

#pragma GCC unroll 1 /* else what it holds does not fit the registers */
	for (size_t i = 0; i < DLO_STORE_BLOCK; i++) {
		uint64_t head = rec[0], len = head & DLO_STORE_LONG;
		const uint8_t *one = rec + 1, *two, *three, *four, *five;

		two = one + *one + 1;
		three = two + *two + 1;
		four = three + *three + 1;
		five = four + *four + 1;
		less |= (*one - 1ull) | (*two - 1ull) | (*three - 1ull) |
			(*four - 1ull) | (DLO_STORE_LONG - 1 - len) |
			(((uint64_t)DLO_PATTERN_GLOB << KIND_SHIFT) - 1 - head);
		rec = one + len;
		differs |= (uint64_t)(three - rec) * (uint64_t)(four - rec) *
			   (uint64_t)(five - rec);
	}
	return !differs && !(less >> 63) ? (size_t)(rec - from) : 0;
}

/* The octets of n records; 0: they are not whole. Counts the globs. */
static size_t any_block(
	const uint8_t *rec, size_t left, uint32_t n, uint32_t *n_globs)
{
	size_t at = 0;

	for (; n > 0; n--) {
		size_t len = valid_record(rec + at, left - at);

		if (len == 0) {
			return 0;
		}
		*n_globs += rec[at] >> KIND_SHIFT == DLO_PATTERN_GLOB;
		at += len;
	}
	return at;
}

bool dlo_store_valid(const struct dlo_store *s)
{
	size_t at = DLO_NAME_HEADROOM;
	uint32_t n_globs = 0;

	if (s->len < at || s->n_blocks != (s->n + DLO_STORE_BLOCK - 1ull) /
						  DLO_STORE_BLOCK) {
		return false;
	}
	for (uint32_t i = 0; i < s->n_blocks; i++) {
		uint32_t n = s->n - i * DLO_STORE_BLOCK;
		size_t left = s->len - at, len = 0;

		if (s->block[i] != at) {
			return false;
		}
		if (n >= DLO_STORE_BLOCK && left >= LOOK_MAX) {
			len = plain_block(s->at + at);
		}
		if (len == 0) {
			n = n < DLO_STORE_BLOCK ? n : DLO_STORE_BLOCK;
			len = any_block(s->at + at, left, n, &n_globs);
		}
		if (len == 0) {
			return false;
		}
		at += len;
	}
	return at == s->len && n_globs == s->n_globs;
}

/* ---- building ------------------------------------------------------------ */

/* An array grown to at least `want` elements, by doubling; NULL: no memory. */
static void *grow(void *array, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap : 4096;
	void *p;

	while (n < want) {
		n *= 2;
	}
	if (n == *cap) {
		return array;
	}
	p = realloc(array, n * size);
	if (p) {
		dlo_advise_large(p, n * size);
		*cap = n;
	}
	return p;
}

/* Makes room for a record and its block. Places are 32 bits wide. */
static int reserve(struct dlo_store_builder *b)
{
	size_t len = b->len ? b->len : DLO_NAME_HEADROOM;
	uint8_t *at;
	uint32_t *block;

	if (len > UINT32_MAX - RECORD_MAX) {
		return -ENOMEM;
	}
	at = grow(b->at, &b->cap, len + RECORD_MAX, sizeof(*at));
	if (!at) {
		return -ENOMEM;
	}
	b->at = at;
	block = grow(b->block, &b->blocks_cap, b->n / DLO_STORE_BLOCK + 1,
		sizeof(*block));
	if (!block) {
		return -ENOMEM;
	}
	b->block = block;
	if (!b->len) {
		memset(at, 0, DLO_NAME_HEADROOM);
		b->len = len;
	}
	return 0;
}

int dlo_store_add(struct dlo_store_builder *b, const struct dlo_pattern *p)
{
	bool glob = p->kind == DLO_PATTERN_GLOB;
	size_t len = glob ? p->n_glob : p->wire_len - 1u;
	uint8_t *to;

	if (reserve(b)) {
		return -ENOMEM;
	}
	if (b->n % DLO_STORE_BLOCK == 0) {
		b->block[b->n / DLO_STORE_BLOCK] = (uint32_t)b->len;
	}
	to = b->at + b->len;
	*to = (uint8_t)(p->kind << KIND_SHIFT);
	if (len < DLO_STORE_LONG) {
		*to++ |= (uint8_t)len;
	} else {
		*to++ |= DLO_STORE_LONG;
		*to++ = (uint8_t)(len >> 8);
		*to++ = (uint8_t)len;
	}
	memcpy(to, glob ? p->glob : p->wire, len);
	b->len = (size_t)(to - b->at) + len;
	b->n++;
	b->n_globs += glob;
	return 0;
}

void dlo_store_cut(struct dlo_store_builder *b, uint32_t n)
{
	struct dlo_store s = dlo_store_of(b);

	if (n < b->n) {
		struct dlo_packed p = dlo_store_get(&s, n);
		size_t head = p.len < DLO_STORE_LONG ? 1 : 3;

		b->len = (size_t)(p.at - b->at) - head;
		for (uint32_t id = n; id < b->n; id++) {
			b->n_globs -= p.kind == DLO_PATTERN_GLOB;
			p = id + 1 < b->n ? dlo_store_next(&p) : p;
		}
		b->n = n;
	}
}

struct dlo_store dlo_store_of(const struct dlo_store_builder *b)
{
	return (struct dlo_store){.at = b->at,
		.block = b->block,
		.n = b->n,
		.n_blocks = (b->n + DLO_STORE_BLOCK - 1) / DLO_STORE_BLOCK,
		.n_globs = b->n_globs,
		.len = (uint32_t)b->len};
}

/* Hands an array over, less what it did not need. NULL: no memory. */
static void *hand_over(void *array, size_t len, struct dlo_arena *arena)
{
	void *p = realloc(array, len);

	if (!p || dlo_arena_adopt(arena, p, len)) {
		free(p ? p : array);
		return NULL;
	}
	return p;
}

int dlo_store_build(struct dlo_store_builder *b, struct dlo_arena *arena,
	struct dlo_store *ret)
{
	struct dlo_store s = dlo_store_of(b);

	if (reserve(b)) { /* for the headroom of an empty one */
		return -ENOMEM;
	}
	s.len = (uint32_t)b->len;
	s.at = hand_over(b->at, b->len, arena);
	b->at = NULL;
	s.block = hand_over(
		b->block, (s.n_blocks + 1) * sizeof(*b->block), arena);
	b->block = NULL;
	dlo_store_builder_fini(b);
	if (!s.at || !s.block) {
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void dlo_store_builder_fini(struct dlo_store_builder *b)
{
	free(b->at);
	free(b->block);
	*b = (struct dlo_store_builder){0};
}

static void tail_of_wire(const struct dlo_packed *p, struct dlo_tail *ret)
{
	ret->end = p->at + p->len;
	ret->len = ret->whole = (uint8_t)p->len;
	ret->n_whole = 0;
	for (size_t i = 0; i < p->len; i += p->at[i] + 1u) {
		ret->n_whole++;
	}
}

static void tail_of_glob(const struct dlo_packed *p, struct dlo_tail *ret)
{
	uint8_t *to = ret->buf + sizeof(ret->buf), label = 0;
	size_t i = p->len;

	ret->end = to;
	ret->whole = ret->n_whole = 0;
	for (; i > 0; i--) {
		uint8_t c = p->at[i - 1];

		if (c == DLO_GLOB_RUN || c == DLO_GLOB_ONE) {
			break;
		}
		if (c == DLO_GLOB_BOUNDARY) {
			c = label;
			label = 0;
			ret->whole = (uint8_t)(p->len - i + 1);
			ret->n_whole++;
		} else {
			label++;
		}
		*--to = c;
	}
	ret->len = (uint8_t)(p->len - i);
	memset(to - DLO_NAME_HEADROOM, 0, DLO_NAME_HEADROOM);
}

void dlo_store_tail(const struct dlo_packed *p, struct dlo_tail *ret)
{
	if (p->kind == DLO_PATTERN_GLOB) {
		tail_of_glob(p, ret);
	} else {
		tail_of_wire(p, ret);
	}
}
