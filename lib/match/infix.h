/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infix.h - globs that no suffix of whole labels can find.
 *
 * Theory of operation
 * -------------------
 * Nearly all such globs hold a dot: *ip-api.com*, pastebin.*, *.portmap.*, and
 * raw tails as *ngrok.io. What lies about that dot, five octets before the
 * length octet and two after it, must lie about a length octet of the name: so
 * it is enough to look at the two or three length octets of a name. Each glob
 * has one window there, the rarest, and belongs to one of 64 buckets. A table
 * of sets tells, for each octet at each place of the window, the buckets that
 * could bear it; the AND over the places is what may match there, and the OR
 * over all windows of a name is the buckets to be settled. No glob is found
 * twice, and the order of cost is fixed: eight loads a label, whatever the
 * list.
 *
 * Globs without a usable dot have a window of four octets that is looked for at
 * every octet, in the same way; those with neither are settled for every name.
 *
 * Upper and lower case have the same sets; the windows of both kinds end at or
 * before the root octet and begin within DLO_NAME_HEADROOM.
 */
#ifndef DLO_MATCH_INFIX_H
#define DLO_MATCH_INFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "match/hits.h"
#include "wire/name.h"

#define DLO_CUT_BEFORE 5
#define DLO_CUT_LEN 8 /* the length octet and two after it, too */
#define DLO_SCAN_LEN 4
#define DLO_BUCKETS 64

typedef uint64_t dlo_bucket_sets[256];

struct dlo_infix {
	const dlo_bucket_sets *cut; /* [DLO_CUT_LEN]; NULL: no such globs */
	const dlo_bucket_sets *scan; /* [DLO_SCAN_LEN]; NULL: none */
	const struct dlo_candidate *list; /* [0] is in no list */
	uint32_t n_cut, n_scan, n_list; /* elements of these three */
	uint32_t always; /* place in `list`; 0: none */
	uint32_t cut_list[DLO_BUCKETS], scan_list[DLO_BUCKETS];
};

/* Whether a glob's window lies about a dot. */
bool dlo_infix_by_cut(const struct dlo_store *store, uint32_t id);

/* Builds from globs. 0, -ENOMEM. */
int dlo_infix_build(struct dlo_infix *ret, struct dlo_arena *arena,
	const struct dlo_store *store, const uint32_t *id, size_t n);

/* Of any octets and numbers: whether all that is followed lies within, the ids
 * below n_ids. O(octets). */
bool dlo_infix_valid(const struct dlo_infix *x, uint32_t n_ids);

/* Buckets with a window of four octets in the name. */
uint64_t dlo_infix_scan(const struct dlo_infix *x, const struct dlo_name *n);

/* Settles what the buckets hold. */
void dlo_infix_find(const struct dlo_infix *x, uint64_t cut, uint64_t scan,
	struct dlo_hits *h);

/* Buckets whose window fits the length octet at `at`. */
static inline uint64_t dlo_infix_cut(
	const dlo_bucket_sets *set, const uint8_t *at)
{
	return set[0][at[-5]] & set[1][at[-4]] & set[2][at[-3]] &
	       set[3][at[-2]] & set[4][at[-1]] & set[5][at[0]] & set[6][at[1]] &
	       set[7][at[2]];
}

/* The same of all inner length octets: the miss path. */
static inline uint64_t dlo_infix_cuts(
	const struct dlo_infix *x, const struct dlo_name *n)
{
	const dlo_bucket_sets *set = x->cut;
	uint64_t found;

	if (n->n_labels < 2) {
		return 0;
	}
	found = dlo_infix_cut(set, n->wire + n->last);
	if (n->n_labels > 2) {
		found |= dlo_infix_cut(set, n->wire + n->last2);
		for (size_t at = n->wire[0] + 1u; at < n->last2;
			at += n->wire[at] + 1u) {
			found |= dlo_infix_cut(set, n->wire + at);
		}
	}
	return found;
}

#endif
