/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.h - memory that is taken in pieces and given back in one call. */
#ifndef DLO_BASE_ARENA_H
#define DLO_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct dlo_arena_chunk;
struct dlo_arena_adopted;

/* All zero is an empty arena. */
struct dlo_arena {
	struct dlo_arena_chunk *chunks;
	struct dlo_arena_adopted *adopted;
	size_t bytes; /* given out */
};

/* n zeroed octets aligned for any type; NULL when memory is out. n may be 0. */
void *dlo_arena_take(struct dlo_arena *a, size_t n);
/* n * size octets; NULL on overflow too. */
void *dlo_arena_array(struct dlo_arena *a, size_t n, size_t size);
/* A NUL-terminated copy of n octets. */
char *dlo_arena_text(struct dlo_arena *a, const char *text, size_t n);
/* Makes `n` octets from malloc() the arena's. -ENOMEM: still the caller's. */
int dlo_arena_adopt(struct dlo_arena *a, void *p, size_t n);
void dlo_arena_free(struct dlo_arena *a);

/* Asks for large pages where memory is large: a table of a million entries is
 * then made with a fraction of the page faults and asked without TLB misses. */
void dlo_advise_large(void *p, size_t n);

#endif
