/* SPDX-License-Identifier: BSD-2-Clause */
/* pieces.h - octets of a longer thing that arrive in any order, from a pool. */
#ifndef DLO_WIRE_PIECES_H
#define DLO_WIRE_PIECES_H

#include <stdbool.h>
#include <stdint.h>

#define DLO_BLOCK_SIZE 1024u /* divides 2^32: offsets may wrap */
#define DLO_BLOCKS 2048u /* of a pool: 2.3 MiB */

struct dlo_pool; /* fixed size, touched as it fills */

/*
 * One thing. Its offsets count modulo 2^32, as TCP's do; `front` is the first
 * that is still wanted, and all others lie within 2^31 behind it. Zeroed, but
 * for `front`, it is empty. It holds the blocks until dlo_pieces_free().
 */
struct dlo_pieces {
	uint32_t front;
	uint32_t first; /* block; 0: empty */
	uint32_t n_blocks;
};

/* -ENOMEM. */
int dlo_pool_new(uint32_t n_blocks, struct dlo_pool **ret);
struct dlo_pool *dlo_pool_free(struct dlo_pool *pool); /* NULL */
uint32_t dlo_pool_left(const struct dlo_pool *pool); /* free blocks */
void dlo_pool_reset(struct dlo_pool *pool); /* all pieces are forgotten */

/* Blocks that dlo_pieces_put() of the same octets would take. */
uint32_t dlo_pieces_need(const struct dlo_pool *pool,
	const struct dlo_pieces *p, uint32_t at, uint32_t len);

/*
 * Adds octets [at, at + len), none before the front; the pool must have the
 * blocks they need. Where octets are already, those stay. Returns whether all
 * of these said the same. O(blocks + len).
 */
bool dlo_pieces_put(struct dlo_pool *pool, struct dlo_pieces *p, uint32_t at,
	const uint8_t *data, uint32_t len);

/* Octets from the front on without a hole. O(result / 64). */
uint32_t dlo_pieces_run(
	const struct dlo_pool *pool, const struct dlo_pieces *p);

/* Octets from the front to the first one that is there; UINT32_MAX: none. */
uint32_t dlo_pieces_hole(
	const struct dlo_pool *pool, const struct dlo_pieces *p);

/* Copies the first `len` octets, all of which are there. */
void dlo_pieces_copy(const struct dlo_pool *pool, const struct dlo_pieces *p,
	uint32_t len, uint8_t *out);

/* Moves the front by n octets, there or not. O(blocks that became free). */
void dlo_pieces_drop(struct dlo_pool *pool, struct dlo_pieces *p, uint32_t n);

void dlo_pieces_free(struct dlo_pool *pool, struct dlo_pieces *p);

#endif
