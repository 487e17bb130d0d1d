/* SPDX-License-Identifier: BSD-2-Clause */
/* pieces.c - octets of a longer thing that arrive in any order, from a pool. */
#include "wire/pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation
 *
 * A block is a window of DLO_BLOCK_SIZE offsets, aligned, with a bit for each
 * octet that is there. A thing is a list of its blocks in the order of their
 * windows. So a thing of n octets never takes more than n / DLO_BLOCK_SIZE + 2
 * blocks, however small its pieces and in whatever order; nothing is moved, and
 * an overlap is a bit that is set already.
 *
 * Every block of a list has an octet at or behind the front. Offsets are
 * compared by their distance from the front, so they may wrap.
 */

#define WORDS (DLO_BLOCK_SIZE / 64)
#define WINDOW(offset) ((offset) & ~(DLO_BLOCK_SIZE - 1))

struct block {
	uint32_t at; /* the window's first offset */
	uint32_t next; /* 1 + index; 0: none */
	uint64_t there[WORDS];
	uint8_t data[DLO_BLOCK_SIZE];
};

struct dlo_pool {
	uint32_t n, n_left;
	uint32_t n_fresh; /* blocks from here on were never used */
	uint32_t free; /* list of those that came back */
	struct block block[];
};

/* ---- the pool ------------------------------------------------------------ */

int dlo_pool_new(uint32_t n_blocks, struct dlo_pool **ret)
{
	struct dlo_pool *pool =
		calloc(1, sizeof(*pool) + n_blocks * sizeof(struct block));

	if (!pool) {
		return -ENOMEM;
	}
	pool->n = n_blocks;
	pool->n_left = n_blocks;
	*ret = pool;
	return 0;
}

struct dlo_pool *dlo_pool_free(struct dlo_pool *pool)
{
	free(pool);
	return NULL;
}

uint32_t dlo_pool_left(const struct dlo_pool *pool)
{
	return pool->n_left;
}

void dlo_pool_reset(struct dlo_pool *pool)
{
	pool->n_left = pool->n;
	pool->n_fresh = 0;
	pool->free = 0;
}

/* Its index, from 1. One must be left. */
static uint32_t take_block(struct dlo_pool *pool, uint32_t at)
{
	uint32_t i = pool->free;
	struct block *b;

	if (i) {
		pool->free = pool->block[i - 1].next;
	} else {
		i = ++pool->n_fresh;
	}
	pool->n_left--;
	b = &pool->block[i - 1];
	b->at = at;
	memset(b->there, 0, sizeof(b->there));
	return i;
}

static void free_first(struct dlo_pool *pool, struct dlo_pieces *p)
{
	uint32_t i = p->first;
	struct block *b = &pool->block[i - 1];

	p->first = b->next;
	p->n_blocks--;
	b->next = pool->free;
	pool->free = i;
	pool->n_left++;
}

void dlo_pieces_free(struct dlo_pool *pool, struct dlo_pieces *p)
{
	while (p->first) {
		free_first(pool, p);
	}
}

/* ---- putting ------------------------------------------------------------- */

/* How far a window lies behind the one of the front. */
static uint32_t distance(const struct dlo_pieces *p, uint32_t window)
{
	return window - WINDOW(p->front);
}

uint32_t dlo_pieces_need(const struct dlo_pool *pool,
	const struct dlo_pieces *p, uint32_t at, uint32_t len)
{
	uint32_t from = distance(p, WINDOW(at)), n;
	uint32_t to = distance(p, WINDOW(at + len - 1));

	if (!len) {
		return 0;
	}
	n = (to - from) / DLO_BLOCK_SIZE + 1;
	for (uint32_t i = p->first; i; i = pool->block[i - 1].next) {
		uint32_t d = distance(p, pool->block[i - 1].at);

		n -= d >= from && d <= to;
	}
	return n;
}

/* The bits of n octets from `bit` on; bit + n <= 64. */
static uint64_t bits(uint32_t bit, uint32_t n)
{
	return (n < 64 ? ((uint64_t)1 << n) - 1 : UINT64_MAX) << bit;
}

static bool fill_singly(
	uint8_t *to, const uint8_t *from, uint32_t n, uint64_t there)
{
	bool same = true;

	for (uint32_t i = 0; i < n; i++) {
		if (there >> i & 1) {
			same = same && to[i] == from[i];
		} else {
			to[i] = from[i];
		}
	}
	return same;
}

/* Fills [from, from + len) of the block. */
static bool fill(
	struct block *b, uint32_t from, const uint8_t *data, uint32_t len)
{
	bool same = true;

	while (len) {
		uint32_t bit = from % 64, n = len < 64 - bit ? len : 64 - bit;
		uint64_t *word = &b->there[from / 64], mask = bits(bit, n);
		uint64_t have = *word & mask;
		uint8_t *to = b->data + from;

		if (!have) {
			memcpy(to, data, n);
		} else if (have == mask) {
			same = !memcmp(to, data, n) && same;
		} else {
			same = fill_singly(to, data, n, have >> bit) && same;
		}
		*word |= mask;
		from += n;
		data += n;
		len -= n;
	}
	return same;
}

bool dlo_pieces_put(struct dlo_pool *pool, struct dlo_pieces *p, uint32_t at,
	const uint8_t *data, uint32_t len)
{
	uint32_t *link = &p->first;
	bool same = true;

	while (len) {
		uint32_t window = WINDOW(at), from = at - window;
		uint32_t room = DLO_BLOCK_SIZE - from;
		uint32_t n = len < room ? len : room, i;

		while (*link && distance(p, pool->block[*link - 1].at) <
					distance(p, window)) {
			link = &pool->block[*link - 1].next;
		}
		if (!*link || pool->block[*link - 1].at != window) {
			i = take_block(pool, window);
			pool->block[i - 1].next = *link;
			*link = i;
			p->n_blocks++;
		}
		same = fill(&pool->block[*link - 1], from, data, n) && same;
		at += n;
		data += n;
		len -= n;
	}
	return same;
}

/* ---- asking and dropping ------------------------------------------------- */

/* The first octet at or behind `from` that is there (or, with `flip` all ones,
 * is not); DLO_BLOCK_SIZE: none. */
static uint32_t search(const struct block *b, uint32_t from, uint64_t flip)
{
	uint64_t word;

	for (; from < DLO_BLOCK_SIZE; from = (from | 63) + 1) {
		word = (b->there[from / 64] ^ flip) >> from % 64;
		if (word) {
			return from + (uint32_t)__builtin_ctzll(word);
		}
	}
	return DLO_BLOCK_SIZE;
}

uint32_t dlo_pieces_run(const struct dlo_pool *pool, const struct dlo_pieces *p)
{
	uint32_t pos = p->front, end;

	for (uint32_t i = p->first; i; i = pool->block[i - 1].next) {
		const struct block *b = &pool->block[i - 1];

		if (b->at != WINDOW(pos)) {
			break;
		}
		end = search(b, pos - b->at, UINT64_MAX);
		pos = b->at + end;
		if (end < DLO_BLOCK_SIZE) {
			break;
		}
	}
	return pos - p->front;
}

uint32_t dlo_pieces_hole(
	const struct dlo_pool *pool, const struct dlo_pieces *p)
{
	const struct block *b;
	uint32_t from;

	if (!p->first) {
		return UINT32_MAX;
	}
	b = &pool->block[p->first - 1];
	from = b->at == WINDOW(p->front) ? p->front - b->at : 0;
	return b->at + search(b, from, 0) - p->front;
}

void dlo_pieces_copy(const struct dlo_pool *pool, const struct dlo_pieces *p,
	uint32_t len, uint8_t *out)
{
	uint32_t from = p->front % DLO_BLOCK_SIZE;

	for (uint32_t i = p->first; len; i = pool->block[i - 1].next) {
		uint32_t room = DLO_BLOCK_SIZE - from;
		uint32_t n = len < room ? len : room;

		memcpy(out, pool->block[i - 1].data + from, n);
		out += n;
		len -= n;
		from = 0;
	}
}

/* Whether nothing of the block lies at or behind the front. */
static bool is_past(const struct dlo_pieces *p, const struct block *b)
{
	uint32_t from = p->front - b->at;

	if (from >= DLO_BLOCK_SIZE) {
		return from < UINT32_MAX / 2;
	}
	return search(b, from, 0) == DLO_BLOCK_SIZE;
}

void dlo_pieces_drop(struct dlo_pool *pool, struct dlo_pieces *p, uint32_t n)
{
	p->front += n;
	while (p->first && is_past(p, &pool->block[p->first - 1])) {
		free_first(pool, p);
	}
}
