/* SPDX-License-Identifier: BSD-2-Clause */
/* intern.h - each run of octets kept once, and numbered. */
#ifndef DLO_RULES_INTERN_H
#define DLO_RULES_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct dlo_intern_entry {
	const void *bytes;
	uint32_t len, hash;
};

/* All zero is an empty table; one that is not empty stays where it is. */
struct dlo_intern {
	struct dlo_intern_entry *entry; /* entry[0..n), room for n_slots / 2 */
	uint32_t *slot; /* number + 1; 0 is free */
	uint32_t n, n_slots; /* n_slots: 0 or a power of two */
};

/*
 * Finds the octets or keeps a copy in `arena`, aligned for any type and with a
 * NUL behind it. *ret is its number: 0, 1, ... in the order of first sight.
 * 0, -ENOMEM. O(len).
 */
int dlo_intern(struct dlo_intern *t, struct dlo_arena *arena, const void *bytes,
	size_t len, uint32_t *ret);

/* Frees the table; what it interned stays in the arena. */
void dlo_intern_fini(struct dlo_intern *t);

#endif
