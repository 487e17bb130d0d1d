/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crowd.h - about how many patterns want the same key.
 *
 * Counters are found by hash and not told apart: some count too much, none too
 * little. They stop at 65535.
 */
#ifndef DLO_MATCH_CROWD_H
#define DLO_MATCH_CROWD_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

struct dlo_crowd {
	uint16_t *n;
	unsigned shift;
};

#define DLO_CROWD_BITS_MIN 8u
#define DLO_CROWD_BITS_MAX 20u

/* For n keys or more. 0, -ENOMEM. */
static inline int dlo_crowd_init(struct dlo_crowd *c, size_t n)
{
	unsigned bits = DLO_CROWD_BITS_MIN;

	while (bits < DLO_CROWD_BITS_MAX && n * 4 >> bits) {
		bits++;
	}
	c->shift = 64 - bits;
	c->n = calloc((size_t)1 << bits, sizeof(*c->n));
	return c->n ? 0 : -ENOMEM;
}

static inline void dlo_crowd_add(struct dlo_crowd *c, uint64_t hash)
{
	uint16_t *n = &c->n[hash >> c->shift];

	*n = (uint16_t)(*n + (*n < UINT16_MAX));
}

static inline unsigned dlo_crowd_at(const struct dlo_crowd *c, uint64_t hash)
{
	return c->n[hash >> c->shift];
}

static inline void dlo_crowd_fini(struct dlo_crowd *c)
{
	free(c->n);
}

#endif
