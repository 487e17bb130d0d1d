/* SPDX-License-Identifier: BSD-2-Clause */
/* places.c - where in a name each octet stands, a bit each. */
#include "match/places.h"

#include <string.h>

#define ROWS_EXACT 39u /* a to z, 0 to 9, - _ and the boundary */

/* The row of an octet. */
static inline unsigned row_of(uint8_t c)
{
	/* Row + 1; 0: one of the shared rows. */
	static const uint8_t exact[256] = {['a'] = 1,
		2,
		3,
		4,
		5,
		6,
		7,
		8,
		9,
		10,
		11,
		12,
		13,
		14,
		15,
		16,
		17,
		18,
		19,
		20,
		21,
		22,
		23,
		24,
		25,
		26,
		['0'] = 27,
		28,
		29,
		30,
		31,
		32,
		33,
		34,
		35,
		36,
		['-'] = 37,
		['_'] = 38,
		[DLO_GLOB_BOUNDARY] = 39};

	return exact[c] ? exact[c] - 1u
			: ROWS_EXACT + c % (DLO_PLACES_ROWS - ROWS_EXACT);
}

/* A bit for each letter; digits and the rest share six. */
static inline uint32_t letter_of(unsigned row)
{
	return (uint32_t)1 << (row < 26 ? row : 26 + row % 6);
}

void dlo_places_find(const struct dlo_flat *f, struct dlo_places *ret)
{
	const uint8_t *name = dlo_flat_at(f) + 1;
	size_t n_words = f->len < 64 ? 1 : DLO_PLACES_WORDS;

	ret->letters = 0;
	ret->len = f->len;
	memset(ret->at, 0, n_words * sizeof(ret->at[0]));
	for (size_t i = 0; i < f->len; i++) {
		unsigned row = row_of(name[i]);

		ret->at[i / 64][row] |= (uint64_t)1 << i % 64;
		ret->letters |= letter_of(row);
	}
}

uint32_t dlo_places_need(const uint8_t *glob, size_t n_glob)
{
	uint32_t need = 0;

	for (size_t i = 0; i < n_glob; i++) {
		if (glob[i] != DLO_GLOB_RUN && glob[i] != DLO_GLOB_ONE) {
			need |= letter_of(row_of(glob[i]));
		}
	}
	return need;
}

/* All places up to the last one of a set that is not empty. */
static inline uint64_t smear(uint64_t set)
{
	return UINT64_MAX >> __builtin_clzll(set);
}

/* Of names under 64 octets, as nearly all are. */
static bool match_short(
	const struct dlo_places *x, const uint8_t *glob, size_t n, bool *exact)
{
	uint64_t set = (uint64_t)1 << x->len;

	for (; n > 0; n--) {
		uint8_t c = glob[n - 1];
		unsigned row;

		if (c == DLO_GLOB_RUN) {
			set = smear(set);
			continue;
		}
		set >>= 1;
		if (c != DLO_GLOB_ONE) {
			row = row_of(c);
			*exact &= row < ROWS_EXACT;
			set &= x->at[0][row];
		}
		if (!set) {
			return false;
		}
	}
	return set & 1;
}

/* Of longer ones. No loops over the words: they stay in registers. */
static bool match_long(
	const struct dlo_places *x, const uint8_t *glob, size_t n, bool *exact)
{
	uint64_t end = (uint64_t)1 << x->len % 64;
	uint64_t a = 0, b = x->len / 64 == 1 ? end : 0,
		 c = x->len / 64 == 2 ? end : 0, d = x->len / 64 == 3 ? end : 0;

	for (; n > 0; n--) {
		uint8_t symbol = glob[n - 1];
		unsigned row;

		if (symbol == DLO_GLOB_RUN) {
			uint64_t above_c = d ? UINT64_MAX : 0;
			uint64_t above_b = d | c ? UINT64_MAX : 0;
			uint64_t above_a = d | c | b ? UINT64_MAX : 0;

			a = above_a | (a ? smear(a) : 0);
			b = above_b | (b ? smear(b) : 0);
			c = above_c | (c ? smear(c) : 0);
			d = d ? smear(d) : 0;
			continue;
		}
		a = a >> 1 | b << 63;
		b = b >> 1 | c << 63;
		c = c >> 1 | d << 63;
		d >>= 1;
		if (symbol != DLO_GLOB_ONE) {
			row = row_of(symbol);
			*exact &= row < ROWS_EXACT;
			a &= x->at[0][row];
			b &= x->at[1][row];
			c &= x->at[2][row];
			d &= x->at[3][row];
		}
		if (!(a | b | c | d)) {
			return false;
		}
	}
	return a & 1;
}

bool dlo_places_match(const struct dlo_places *x, const uint8_t *glob,
	size_t n_glob, bool *ret_exact)
{
	*ret_exact = true;
	return x->len < 64 ? match_short(x, glob, n_glob, ret_exact)
			   : match_long(x, glob, n_glob, ret_exact);
}
