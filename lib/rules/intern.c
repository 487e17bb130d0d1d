/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intern.c - each run of octets kept once, and numbered.
 *
 * Theory of operation: open addressing with linear probing, at most half full.
 * The slots hold numbers only, so that growing them moves no entry. The hash is
 * keyed with the table's address, which who wrote the list cannot know: texts
 * chosen to crowd the table would make reading it quadratic. The key moves
 * slots only; numbers and order do not depend on it.
 */
#include "rules/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define SLOTS_MIN 64u
#define SLOTS_MAX (1u << 30)

static int grow(struct dlo_intern *t)
{
	uint32_t i, j, n = t->n_slots ? t->n_slots * 2 : SLOTS_MIN;
	struct dlo_intern_entry *entry;
	uint32_t *slot;

	if (n > SLOTS_MAX) {
		return -ENOMEM;
	}
	entry = realloc(t->entry, n / 2 * sizeof(*entry));
	if (!entry) {
		return -ENOMEM;
	}
	t->entry = entry;
	slot = calloc(n, sizeof(*slot));
	if (!slot) {
		return -ENOMEM;
	}
	for (i = 0; i < t->n; i++) {
		for (j = entry[i].hash & (n - 1); slot[j];
			j = (j + 1) & (n - 1)) {
		}
		slot[j] = i + 1;
	}
	free(t->slot);
	t->slot = slot;
	t->n_slots = n;
	return 0;
}

/* The slot of the octets, or the free one where they belong. */
static uint32_t find(const struct dlo_intern *t, const void *bytes, size_t len,
	uint32_t hash)
{
	uint32_t j = hash & (t->n_slots - 1);

	for (; t->slot[j]; j = (j + 1) & (t->n_slots - 1)) {
		const struct dlo_intern_entry *e = &t->entry[t->slot[j] - 1];

		if (e->hash == hash && e->len == len &&
			(!len || !memcmp(e->bytes, bytes, len))) {
			break;
		}
	}
	return j;
}

int dlo_intern(struct dlo_intern *t, struct dlo_arena *arena, const void *bytes,
	size_t len, uint32_t *ret)
{
	uint32_t hash = (uint32_t)dlo_hash(bytes, len, (uintptr_t)t);
	const void *copy;
	uint32_t j;

	if (t->n == t->n_slots / 2 && grow(t) < 0) {
		return -ENOMEM;
	}
	j = find(t, bytes, len, hash);
	if (!t->slot[j]) {
		copy = len < UINT32_MAX ? dlo_arena_text(arena, bytes, len)
					: NULL;
		if (!copy) {
			return -ENOMEM;
		}
		t->entry[t->n] = (struct dlo_intern_entry){
			.bytes = copy, .len = (uint32_t)len, .hash = hash};
		t->slot[j] = ++t->n;
	}
	*ret = t->slot[j] - 1;
	return 0;
}

void dlo_intern_fini(struct dlo_intern *t)
{
	free(t->entry);
	free(t->slot);
	*t = (struct dlo_intern){0};
}
