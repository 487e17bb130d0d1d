/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.h - memory that is taken in pieces and given back in one call. */
#ifndef DLO_BASE_ARENA_H
#define DLO_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct dlo_arena_chunk;

/* All zero is an empty arena. */
struct dlo_arena {
	struct dlo_arena_chunk *chunks;
	size_t bytes; /* given out */
};

/* n zeroed octets aligned for any type; NULL when memory is out. n may be 0. */
void *dlo_arena_take(struct dlo_arena *a, size_t n);
/* n * size octets; NULL on overflow too. */
void *dlo_arena_array(struct dlo_arena *a, size_t n, size_t size);
/* A NUL-terminated copy of n octets. */
char *dlo_arena_text(struct dlo_arena *a, const char *text, size_t n);
void dlo_arena_free(struct dlo_arena *a);

#endif
