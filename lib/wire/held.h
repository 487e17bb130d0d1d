/* SPDX-License-Identifier: BSD-2-Clause */
/* held.h - things whose pieces wait for the rest: a fixed table with a pool. */
#ifndef DLO_WIRE_HELD_H
#define DLO_WIRE_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stats.h"
#include "wire/decap.h"
#include "wire/pieces.h"

/* Of one thing: 65,537 octets at any offset, and as much again ahead. */
#define DLO_HELD_BLOCKS_MAX 96u

struct dlo_held_key {
	uint8_t src[16], dst[16];
	uint32_t id; /* the fragments' id; both ports */
	uint32_t context;
	uint8_t ip_version, protocol;
	uint8_t zero[2];
};

/* One thing: the first member of what a module keeps of it. */
struct dlo_held {
	struct dlo_held_key key;
	struct dlo_pieces pieces; /* through the functions below only */
	uint64_t ts_ns; /* when it was last touched */
	uint64_t hash;
	struct dlo_held *chain;
	/* In its list, from the one touched longest ago to the newest. */
	struct dlo_held *older, *newer;
	struct dlo_held *source_older, *source_newer;
	bool holding;
};

struct dlo_held_table;

struct dlo_held_config {
	uint32_t n; /* things */
	size_t size; /* of one, struct dlo_held included */
	uint32_t n_blocks; /* of the pool */
	uint32_t share; /* blocks that one source may have */
	uint64_t seed;
	struct dlo_stats *stats; /* counts EVICTED, OVERLAP */
	/* Judges what can still be judged. The pieces are freed afterwards; the
	 * thing stays for its key. Must not call back into this table but for
	 * this thing. */
	void (*give_up)(void *ctx, struct dlo_held *h);
	void *ctx;
};

/* Of what goes from dgram's source to its destination. */
struct dlo_held_key dlo_held_key(
	const struct dlo_dgram *dgram, uint8_t protocol, uint32_t id);

/* -ENOMEM. */
int dlo_held_new(
	const struct dlo_held_config *cfg, struct dlo_held_table **ret);
struct dlo_held_table *dlo_held_free(struct dlo_held_table *t); /* NULL */
void dlo_held_restart(struct dlo_held_table *t); /* forgets everything */

uint64_t dlo_held_hash(
	const struct dlo_held_table *t, const struct dlo_held_key *key);
/* NULL: not there. */
struct dlo_held *dlo_held_find(const struct dlo_held_table *t,
	const struct dlo_held_key *key, uint64_t hash);

/* Adds one, zeroed. A full table loses the oldest that holds nothing, or else
 * gives up the oldest. O(1). */
struct dlo_held *dlo_held_add(struct dlo_held_table *t,
	const struct dlo_held_key *key, uint64_t hash, uint64_t ts_ns);
void dlo_held_remove(struct dlo_held_table *t, struct dlo_held *h);

/* It is now the newest of its list. */
void dlo_held_touch(
	struct dlo_held_table *t, struct dlo_held *h, uint64_t ts_ns);

/*
 * dlo_pieces_put(). Gives up the oldest others of this source when it has its
 * share, the oldest others of all when the pool is empty. False: no room even
 * so, nothing was put.
 */
bool dlo_held_put(struct dlo_held_table *t, struct dlo_held *h, uint32_t at,
	const uint8_t *data, uint32_t len, uint64_t ts_ns);

uint32_t dlo_held_run(const struct dlo_held_table *t, const struct dlo_held *h);
uint32_t dlo_held_hole(
	const struct dlo_held_table *t, const struct dlo_held *h);
void dlo_held_copy(const struct dlo_held_table *t, const struct dlo_held *h,
	uint32_t len, uint8_t *out);
void dlo_held_drop(struct dlo_held_table *t, struct dlo_held *h, uint32_t n);

/* Gives up this one's pieces. */
void dlo_held_give_up(struct dlo_held_table *t, struct dlo_held *h);

/* Gives up what was not touched for age_ns; with now_ns UINT64_MAX all. */
void dlo_held_expire(
	struct dlo_held_table *t, uint64_t now_ns, uint64_t age_ns);

#endif
