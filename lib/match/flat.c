/* SPDX-License-Identifier: BSD-2-Clause */
/* flat.c - a name as the symbols that globs are written in. */
#include "match/flat.h"

#include <string.h>

#include "base/fold.h"
#include "base/hash.h"

/* Copies backwards in words, as nothing after the root octet may be read. */
void dlo_flatten(const struct dlo_name *n, struct dlo_flat *ret)
{
	uint8_t *at = ret->mem + DLO_FLAT_HEADROOM;
	size_t boundary = 0, left = n->len;

	for (;;) {
		uint64_t x = dlo_fold64(dlo_load64(n->wire + left - 8));

		memcpy(at + left - 8, &x, sizeof(x));
		if (left <= 8) {
			break;
		}
		left -= 8;
	}
	for (unsigned label = 0; label < n->n_labels; label++) {
		at[boundary] = DLO_GLOB_BOUNDARY;
		boundary += n->wire[boundary] + 1u;
	}
	ret->len = (uint8_t)(boundary > 0 ? boundary - 1 : 0);
	at[0] = DLO_GLOB_BOUNDARY;
	at[ret->len + 1] = DLO_GLOB_BOUNDARY;
}

/*
 * Whether glob[0..n_glob), which ends in a star, matches all of at[0..len). A
 * star takes nothing at first; on a mismatch the last star takes one octet
 * more: what the stars before it took need never change.
 */
static bool matches_from_left(
	const uint8_t *glob, size_t n_glob, const uint8_t *at, size_t len)
{
	size_t g = 0, t = 0, star = 0, star_t = 0; /* star: after it; 0: none */

	while (g < n_glob) {
		if (glob[g] == DLO_GLOB_RUN) {
			star = ++g;
			star_t = t;
		} else if (t == len) {
			return false;
		} else if (glob[g] == at[t] || glob[g] == DLO_GLOB_ONE) {
			g++;
			t++;
		} else if (star) {
			g = star;
			t = ++star_t;
		} else {
			return false;
		}
	}
	return true;
}

bool dlo_flat_matches(
	const struct dlo_flat *f, const uint8_t *glob, size_t n_glob)
{
	const uint8_t *at = dlo_flat_at(f) + 1;
	size_t g = n_glob, t = f->len;

	/* The end first: that is where most candidates differ. */
	for (; g > 0 && glob[g - 1] != DLO_GLOB_RUN; g--, t--) {
		if (t == 0 || (glob[g - 1] != at[t - 1] &&
				      glob[g - 1] != DLO_GLOB_ONE)) {
			return false;
		}
	}
	return g > 0 ? matches_from_left(glob, g, at, t) : t == 0;
}
