/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pieces.c - octets in any order, against a map of octets. */
#include "wire/pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_BLOCKS 16u
#define SPAN (8 * DLO_BLOCK_SIZE)

struct bench {
	struct dlo_pool *pool;
	struct dlo_pieces p;
	uint8_t map[SPAN]; /* from the first front on */
	bool there[SPAN];
	uint32_t start; /* the first front */
};

static void open_bench(struct bench *b, uint32_t start)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(dlo_pool_new(N_BLOCKS, &b->pool), 0);
	b->start = start;
	b->p.front = start;
}

static void close_bench(struct bench *b)
{
	dlo_pieces_free(b->pool, &b->p);
	assert_int_equal(dlo_pool_left(b->pool), N_BLOCKS);
	dlo_pool_free(b->pool);
}

/* Everything that can be asked is what the map says. */
static void check(struct bench *b)
{
	static uint8_t out[SPAN];
	uint32_t front = b->p.front - b->start, run = 0, hole = 0;

	while (front + run < SPAN && b->there[front + run]) {
		run++;
	}
	while (front + hole < SPAN && !b->there[front + hole]) {
		hole++;
	}
	assert_int_equal(dlo_pieces_run(b->pool, &b->p), run);
	assert_int_equal(dlo_pieces_hole(b->pool, &b->p),
		front + hole < SPAN ? hole : UINT32_MAX);
	dlo_pieces_copy(b->pool, &b->p, run, out);
	assert_memory_equal(out, b->map + front, run);
	assert_int_equal(b->p.n_blocks + dlo_pool_left(b->pool), N_BLOCKS);
	assert_true(!b->p.first == !b->p.n_blocks);
}

/* `at` from the first front on. */
static void put(struct bench *b, uint32_t at, const uint8_t *data, uint32_t len)
{
	uint32_t left = dlo_pool_left(b->pool), need;
	bool same = true;

	need = dlo_pieces_need(b->pool, &b->p, b->start + at, len);
	for (uint32_t i = 0; i < len; i++) {
		if (b->there[at + i]) {
			same = same && b->map[at + i] == data[i];
		} else {
			b->map[at + i] = data[i];
			b->there[at + i] = true;
		}
	}
	assert_int_equal(
		dlo_pieces_put(b->pool, &b->p, b->start + at, data, len), same);
	assert_int_equal(left - dlo_pool_left(b->pool), need);
	check(b);
}

/* Each of the orders of 4 pieces. */
static void test_every_order_of_four(void **state)
{
	static struct bench b;
	uint8_t data[4][300];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		memset(data[i], (int)('a' + i), sizeof(data[i]));
	}
	for (unsigned order = 0; order < 256; order++) {
		unsigned used = 0;

		for (unsigned k = 0; k < 4; k++) {
			used |= 1u << (order >> 2 * k & 3);
		}
		if (used != 15) { /* one comes twice */
			continue;
		}
		open_bench(&b, 900);
		for (unsigned k = 0; k < 4; k++) {
			unsigned i = order >> 2 * k & 3;

			put(&b, i * 300, data[i], 300);
		}
		assert_int_equal(dlo_pieces_run(b.pool, &b.p), 1200);
		close_bench(&b);
	}
}

/* Every place and length of a second piece around a first one, with the same
 * octets and with others, across the end of a block too. */
static void test_every_overlap(void **state)
{
	static struct bench b;
	uint8_t first[6], second[14];

	(void)state;
	memset(first, 'a', sizeof(first));
	for (uint32_t start = 0; start < 2 * DLO_BLOCK_SIZE;
		start += DLO_BLOCK_SIZE - 8) {
		for (uint32_t at = 0; at < 14; at++) {
			for (uint32_t len = 0; len <= 14; len++) {
				memset(second, len & 1 ? 'a' : 'b',
					sizeof(second));
				open_bench(&b, start);
				put(&b, 4, first, sizeof(first));
				put(&b, at, second, len);
				put(&b, 0, second, 5);
				close_bench(&b);
			}
		}
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du >> 33;
}

/* Offsets that wrap at 2^32, and a front that moves. */
static void test_random_pieces(void **state)
{
	static struct bench b;
	static uint8_t data[SPAN];
	uint64_t r = 7;

	(void)state;
	for (unsigned game = 0; game < 200; game++) {
		open_bench(&b, 0u - (uint32_t)(next_random(&r) % SPAN));
		for (unsigned step = 0; step < 60; step++) {
			uint32_t front = b.p.front - b.start, at, len;

			at = front + (uint32_t)next_random(&r) % (SPAN - front);
			len = (uint32_t)next_random(&r) %
			      (step % 3 ? 20 : 3000);
			len = len < SPAN - at ? len : SPAN - at;
			for (uint32_t i = 0; i < len; i++) {
				data[i] = (uint8_t)(at + i +
						    !(next_random(&r) % 999));
			}
			put(&b, at, data, len);
			if (step % 8 == 7) {
				len = (uint32_t)next_random(&r) % 1500;
				len = len < SPAN - front - 1 ? len : 0;
				dlo_pieces_drop(b.pool, &b.p, len);
				check(&b);
			}
		}
		close_bench(&b);
	}
}

static void test_single_octets_share_a_block(void **state)
{
	static struct bench b;

	(void)state;
	open_bench(&b, 0);
	for (uint32_t i = DLO_BLOCK_SIZE; i-- > 0;) {
		put(&b, i, (const uint8_t *)"x", 1);
	}
	assert_int_equal(b.p.n_blocks, 1);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order_of_four),
		cmocka_unit_test(test_every_overlap),
		cmocka_unit_test(test_random_pieces),
		cmocka_unit_test(test_single_octets_share_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
