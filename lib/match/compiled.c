/* SPDX-License-Identifier: BSD-2-Clause */
/* compiled.c - a matcher as sections of a file, and back. */
#include "match/compiled.h"

#include <assert.h>
#include <errno.h>

#include "match/parts.h"

/* What is an array. */
#define PART(array, n) DLO_PART(struct dlo_matcher, array, n)
#define BUCKETS(array, n) \
	DLO_PART_OF(struct dlo_matcher, array, n, DLO_BUCKET * sizeof(uint32_t))
static const struct dlo_part parts[] = {
	PART(store.at, store.len),
	PART(store.block, store.n_blocks),
	PART(trie.table.filter, trie.table.n_words),
	BUCKETS(trie.table.slot, trie.table.n_buckets),
	PART(trie.table.list, trie.table.n_list),
	PART(infix.cut, infix.n_cut),
	PART(infix.scan, infix.n_scan),
	PART(infix.list, infix.n_list),
	PART(grams.bitmap, grams.n_bitmap),
	PART(grams.table.filter, grams.table.n_words),
	BUCKETS(grams.table.slot, grams.table.n_buckets),
	PART(grams.table.list, grams.table.n_list),
};
#define N_PARTS (sizeof(parts) / sizeof(parts[0]))
static_assert(N_PARTS + 1 == DLO_MATCHER_SECTIONS, "and the numbers");

/* What is none, less what follows from it. */
#define NUMBER(member) DLO_NUMBER(struct dlo_matcher, member)
static const struct dlo_number numbers_of[] = {
	NUMBER(store.n),
	NUMBER(store.n_globs),
	NUMBER(trie.table.seed),
	NUMBER(trie.table.value_bits),
	NUMBER(trie.tops),
	NUMBER(trie.n_tails),
	NUMBER(trie.tail_len),
	NUMBER(infix.always),
	NUMBER(infix.cut_list),
	NUMBER(infix.scan_list),
	NUMBER(grams.table.seed),
	NUMBER(grams.table.value_bits),
	NUMBER(grams.shift),
	NUMBER(grams.n_lens),
	NUMBER(grams.len),
};
#define N_NUMBERS (sizeof(numbers_of) / sizeof(numbers_of[0]))

void dlo_matcher_sections(const struct dlo_matcher *m,
	uint8_t numbers[DLO_MATCHER_NUMBERS], struct dlo_section *ret)
{
	size_t len = dlo_numbers_get(numbers_of, N_NUMBERS, NULL, NULL);

	assert(len <= DLO_MATCHER_NUMBERS);
	ret[0] = (struct dlo_section){.size = (uint32_t)len};
	if (m) {
		dlo_numbers_get(numbers_of, N_NUMBERS, m, numbers);
		ret[0].at = numbers;
		ret[0].n = 1;
	}
	dlo_parts_get(parts, N_PARTS, m, ret + 1);
}

/* The part that is not whole; NULL: there is none. The order matters: what is
 * proposed is looked up in the store. */
static const char *not_whole(const struct dlo_matcher *m)
{
	return m->store.n > DLO_PATTERNS_MAX || !dlo_store_valid(&m->store)
		       ? "the patterns"
	       : !dlo_trie_valid(&m->trie)		 ? "the keys of names"
	       : !dlo_infix_valid(&m->infix, m->store.n) ? "the windows"
	       : !dlo_grams_valid(&m->grams)		 ? "the keys of grams"
							 : NULL;
}

int dlo_matcher_load(const struct dlo_section *section, struct dlo_arena *arena,
	const struct dlo_matcher **ret, const char **reterr_what)
{
	struct dlo_matcher *m = dlo_arena_take(arena, sizeof(*m));
	const char *what;

	if (!m) {
		return -ENOMEM;
	}
	if (section[0].n != 1 ||
		!dlo_parts_set(parts, N_PARTS, section + 1, m)) {
		*reterr_what = "the numbers";
		return 1;
	}
	dlo_numbers_set(numbers_of, N_NUMBERS, section[0].at, m);
	m->trie.table.n_ids = m->grams.table.n_ids = m->store.n;
	m->trie.more = m->trie.tops || m->trie.n_tails;
	what = not_whole(m);
	if (what) {
		*reterr_what = what;
		return 1;
	}
	*ret = m;
	return 0;
}

uint32_t dlo_matcher_n(const struct dlo_matcher *m)
{
	return m->store.n;
}
