/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.c - memory that is taken in pieces and given back in one call. */
#include "base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK 65536u

struct dlo_arena_chunk {
	struct dlo_arena_chunk *next;
	size_t used, size;
	alignas(max_align_t) unsigned char mem[];
};

struct dlo_arena_adopted {
	struct dlo_arena_adopted *next;
	void *p;
};

#define PAGE ((uintptr_t)4096)
#define LARGE_PAGE ((uintptr_t)1 << 21)

/* It is a wish: when the kernel has none to give, all works as before. Made for
 * all pages that p has a part of: a mapping with two minds cannot grow. */
void dlo_advise_large(void *p, size_t n)
{
	size_t before = (uintptr_t)p % PAGE;
	size_t len = (before + n + PAGE - 1) / PAGE * PAGE;

	if (n >= 2 * LARGE_PAGE) {
		(void)madvise((unsigned char *)p - before, len, MADV_HUGEPAGE);
	}
}

static struct dlo_arena_chunk *chunk_new(size_t size)
{
	struct dlo_arena_chunk *c;

	if (size > SIZE_MAX - sizeof(*c)) {
		return NULL;
	}
	c = calloc(1, sizeof(*c) + size);
	if (c) {
		dlo_advise_large(c, sizeof(*c) + size);
		c->size = size;
	}
	return c;
}

void *dlo_arena_take(struct dlo_arena *a, size_t n)
{
	struct dlo_arena_chunk *c = a->chunks;
	size_t size = (n + alignof(max_align_t) - 1) &
		      ~(size_t)(alignof(max_align_t) - 1);
	void *p;

	if (size < n) {
		return NULL;
	}
	if (!c || c->size - c->used < size) {
		c = chunk_new(size > CHUNK / 4 ? size : CHUNK);
		if (!c) {
			return NULL;
		}
		/* A large piece has its own chunk and leaves the open one. */
		if (a->chunks && size > CHUNK / 4) {
			c->next = a->chunks->next;
			a->chunks->next = c;
		} else {
			c->next = a->chunks;
			a->chunks = c;
		}
	}
	p = c->mem + c->used;
	c->used += size;
	a->bytes += size;
	return p;
}

void *dlo_arena_array(struct dlo_arena *a, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size) {
		return NULL;
	}
	return dlo_arena_take(a, n * size);
}

char *dlo_arena_text(struct dlo_arena *a, const char *text, size_t n)
{
	char *p = n < SIZE_MAX ? dlo_arena_take(a, n + 1) : NULL;

	if (p && n) {
		memcpy(p, text, n);
	}
	return p;
}

int dlo_arena_adopt(struct dlo_arena *a, void *p, size_t n)
{
	struct dlo_arena_adopted *x = dlo_arena_take(a, sizeof(*x));

	if (!x) {
		return -ENOMEM;
	}
	*x = (struct dlo_arena_adopted){.next = a->adopted, .p = p};
	a->adopted = x;
	a->bytes += n;
	return 0;
}

void dlo_arena_free(struct dlo_arena *a)
{
	struct dlo_arena_chunk *c = a->chunks, *next;

	for (struct dlo_arena_adopted *x = a->adopted; x; x = x->next) {
		free(x->p);
	}
	for (; c; c = next) {
		next = c->next;
		free(c);
	}
	*a = (struct dlo_arena){0};
}
