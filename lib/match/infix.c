/* SPDX-License-Identifier: BSD-2-Clause */
/* infix.c - globs that no suffix of whole labels can find. */
#include "match/infix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/rarity.h"

/*
 * A place of a window holds one octet, or one of these. A length octet whose
 * label is written out in the glob is an octet like any other.
 */
#define ANY_LENGTH 0x100
#define ANY 0x101

/* Rarity is measured in half bits: -2 log2 of the share among names. */
#define CUT_RARITY_MIN 8 /* fits one length octet in 16, at most */
#define SCAN_RARITY_MIN 17 /* one octet in 360: one name in 16 */

#define ROOT 'D' /* beside the three symbols of a glob: the root octet */

/* A glob as it lies on the wire: with the first length octet and the root octet
 * where the glob is anchored there. */
struct wire_glob {
	uint8_t at[DLO_GLOB_MAX + 2];
	size_t n;
};

struct window {
	uint16_t at[DLO_CUT_LEN];
	unsigned rarity;
};

enum where { CUT, SCAN, ALWAYS };

struct entry {
	uint32_t id;
	enum where where;
	struct window window;
};

static void to_wire(
	const struct dlo_store *store, uint32_t id, struct wire_glob *ret)
{
	struct dlo_packed r = dlo_store_get(store, id);

	ret->n = 0;
	if (r.at[0] != DLO_GLOB_RUN) {
		ret->at[ret->n++] = DLO_GLOB_BOUNDARY;
	}
	memcpy(ret->at + ret->n, r.at, r.len);
	ret->n += r.len;
	if (r.at[r.len - 1] != DLO_GLOB_RUN) {
		ret->at[ret->n++] = ROOT;
	}
}

/* The length octet of the label that begins after g->at[i], if it is known. */
static uint16_t length_at(const struct wire_glob *g, size_t i)
{
	size_t to = i + 1;

	while (to < g->n && g->at[to] != DLO_GLOB_BOUNDARY &&
		g->at[to] != ROOT) {
		if (g->at[to] == DLO_GLOB_RUN || g->at[to] == DLO_GLOB_ONE) {
			return ANY_LENGTH;
		}
		to++;
	}
	return to < g->n ? (uint16_t)(to - i - 1) : ANY_LENGTH;
}

/* What stands at one place. */
static uint16_t place(const struct wire_glob *g, size_t i)
{
	switch (g->at[i]) {
	case DLO_GLOB_BOUNDARY:
		return length_at(g, i);
	case DLO_GLOB_ONE:
		return ANY;
	case ROOT:
		return 0;
	default:
		return g->at[i];
	}
}

static unsigned rarity(uint16_t place)
{
	return place == ANY	     ? 0
	       : place == ANY_LENGTH ? DLO_RARITY_BOUNDARY
				     : dlo_rarity((uint8_t)place);
}

/*
 * Makes the window of `len` places of which `before` lie before g->at[centre].
 * Nothing is known beyond a star or an end.
 */
static struct window window_at(
	const struct wire_glob *g, size_t centre, size_t before, size_t len)
{
	struct window w = {.rarity = 0};

	for (size_t i = 0; i < DLO_CUT_LEN; i++) {
		w.at[i] = ANY;
	}
	for (size_t i = 0; i <= before && i <= centre; i++) {
		if (g->at[centre - i] == DLO_GLOB_RUN) {
			break;
		}
		w.at[before - i] = place(g, centre - i);
	}
	for (size_t i = 1; before + i < len && centre + i < g->n; i++) {
		if (g->at[centre + i] == DLO_GLOB_RUN) {
			break;
		}
		w.at[before + i] = place(g, centre + i);
	}
	for (size_t i = 0; i < len; i++) {
		w.rarity += rarity(w.at[i]);
	}
	return w;
}

/* Finds the rarest window of a glob, and where it is to be looked for. */
static void choose(struct entry *e, const struct dlo_store *store)
{
	struct window cut = {.rarity = 0}, scan = {.rarity = 0}, w;
	struct wire_glob g;

	to_wire(store, e->id, &g);
	for (size_t i = 0; i < g.n; i++) {
		if (g.at[i] == DLO_GLOB_BOUNDARY && i > 0) {
			w = window_at(&g, i, DLO_CUT_BEFORE, DLO_CUT_LEN);
			w.rarity -= rarity(ANY_LENGTH);
			cut = w.rarity > cut.rarity ? w : cut;
		}
		if (g.at[i] != DLO_GLOB_RUN) {
			w = window_at(&g, i, DLO_SCAN_LEN - 1, DLO_SCAN_LEN);
			scan = w.rarity > scan.rarity ? w : scan;
		}
	}
	e->where = cut.rarity >= CUT_RARITY_MIN	    ? CUT
		   : scan.rarity >= SCAN_RARITY_MIN ? SCAN
						    : ALWAYS;
	e->window = e->where == CUT ? cut : scan;
}

bool dlo_infix_by_cut(const struct dlo_store *store, uint32_t id)
{
	struct entry e = {.id = id};

	choose(&e, store);
	return e.where == CUT;
}

/* Puts like windows side by side, the right end counting most: sets that share
 * their octets let through least. */
static int compare(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	if (a->where != b->where) {
		return a->where < b->where ? -1 : 1;
	}
	for (size_t i = DLO_CUT_LEN; i-- > 0;) {
		if (a->window.at[i] != b->window.at[i]) {
			return a->window.at[i] < b->window.at[i] ? -1 : 1;
		}
	}
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Adds a bucket to the set of each octet that may stand at a place. */
static void allow(dlo_bucket_sets set, uint16_t place, uint64_t bucket)
{
	unsigned first = place, last = place;

	if (place >= ANY_LENGTH) {
		first = place == ANY ? 0 : 1;
		last = place == ANY ? 255 : 63;
	}
	for (unsigned c = first; c <= last; c++) {
		set[c] |= bucket;
	}
	if (place >= 'a' && place <= 'z') {
		set[place - 'a' + 'A'] |= bucket;
	}
}

/* Where lists are written to. */
struct lists {
	const struct dlo_store *store;
	struct dlo_candidate *at;
	uint32_t n;
};

/* Writes the ids of n entries as one list. Returns its place. */
static uint32_t write_list(struct lists *l, const struct entry *e, size_t n)
{
	uint32_t first = l->n;

	for (size_t i = 0; i < n; i++) {
		l->at[l->n++] = dlo_candidate_of(l->store, e[i].id);
	}
	l->at[l->n - 1].id |= DLO_LAST;
	return first;
}

/* Shares n sorted entries out among the buckets. */
static int fill_buckets(struct dlo_arena *arena, struct lists *l,
	const struct entry *e, size_t n, size_t len,
	const dlo_bucket_sets **ret_sets, uint32_t list[DLO_BUCKETS])
{
	size_t n_buckets = n < DLO_BUCKETS ? n : DLO_BUCKETS;
	dlo_bucket_sets *set;

	if (n == 0) {
		return 0;
	}
	set = dlo_arena_array(arena, len, sizeof(*set));
	if (!set) {
		return -ENOMEM;
	}
	for (size_t b = 0; b < n_buckets; b++) {
		size_t from = b * n / n_buckets, to = (b + 1) * n / n_buckets;

		for (size_t i = from; i < to; i++) {
			for (size_t j = 0; j < len; j++) {
				allow(set[j], e[i].window.at[j],
					(uint64_t)1 << b);
			}
		}
		list[b] = write_list(l, e + from, to - from);
	}
	*ret_sets = (const dlo_bucket_sets *)set;
	return 0;
}

static int fill(struct dlo_infix *x, struct dlo_arena *arena,
	const struct dlo_store *store, const struct entry *e, size_t n)
{
	struct lists l = {.store = store, .n = 1}; /* 0: no list */
	size_t n_cut = 0, n_scan = 0, n_always;

	l.at = dlo_arena_array(arena, n + 1, sizeof(*l.at));
	if (!l.at) {
		return -ENOMEM;
	}
	x->list = l.at;
	for (size_t i = 0; i < n; i++) {
		n_cut += e[i].where == CUT;
		n_scan += e[i].where == SCAN;
	}
	n_always = n - n_cut - n_scan;
	if (n_always > 0) {
		x->always = write_list(&l, e + n_cut + n_scan, n_always);
	}
	if (fill_buckets(
		    arena, &l, e, n_cut, DLO_CUT_LEN, &x->cut, x->cut_list) ||
		fill_buckets(arena, &l, e + n_cut, n_scan, DLO_SCAN_LEN,
			&x->scan, x->scan_list)) {
		return -ENOMEM;
	}
	x->n_cut = n_cut ? DLO_CUT_LEN : 0;
	x->n_scan = n_scan ? DLO_SCAN_LEN : 0;
	x->n_list = l.n;
	return 0;
}

int dlo_infix_build(struct dlo_infix *ret, struct dlo_arena *arena,
	const struct dlo_store *store, const uint32_t *id, size_t n)
{
	struct dlo_infix x = {0};
	struct entry *e = calloc(n + 1, sizeof(*e));
	int r;

	if (!e) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		e[i].id = id[i];
		choose(&e[i], store);
	}
	qsort(e, n, sizeof(*e), compare);
	r = fill(&x, arena, store, e, n);
	free(e);
	if (r == 0) {
		*ret = x;
	}
	return r;
}

/* Whether each bucket that sets may lead to has a list. */
static bool buckets_are_valid(const dlo_bucket_sets *set, size_t n,
	const uint32_t list[DLO_BUCKETS], uint32_t n_list)
{
	uint64_t used = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t c = 0; c < 256; c++) {
			used |= set[i][c];
		}
	}
	for (; used; used &= used - 1) {
		uint32_t at = list[__builtin_ctzll(used)];

		if (at == 0 || at >= n_list) {
			return false;
		}
	}
	return true;
}

bool dlo_infix_valid(const struct dlo_infix *x, uint32_t n_ids)
{
	if ((x->n_cut && x->n_cut != DLO_CUT_LEN) ||
		(x->n_scan && x->n_scan != DLO_SCAN_LEN)) {
		return false;
	}
	return (!x->always || x->always < x->n_list) &&
	       (x->n_list < 2 || dlo_candidates_valid(
					 x->list + 1, x->n_list - 1u, n_ids)) &&
	       buckets_are_valid(x->cut, x->n_cut, x->cut_list, x->n_list) &&
	       buckets_are_valid(x->scan, x->n_scan, x->scan_list, x->n_list);
}

uint64_t dlo_infix_scan(const struct dlo_infix *x, const struct dlo_name *n)
{
	const dlo_bucket_sets *set = x->scan;
	const uint8_t *at = n->wire;
	/* What the last one, two, three octets leave over: before the name any
	 * octet will do, as it is not the glob's. */
	uint64_t one = UINT64_MAX, two = one, three = one, found = 0;

	for (size_t i = 0; i < n->len; i++) {
		found |= three & set[3][at[i]];
		three = two & set[2][at[i]];
		two = one & set[1][at[i]];
		one = set[0][at[i]];
	}
	return found;
}

static void find(const struct dlo_candidate *lists, const uint32_t *list,
	uint64_t set, struct dlo_hits *h)
{
	for (; set; set &= set - 1) {
		dlo_hits_check_list(h, lists + list[__builtin_ctzll(set)]);
	}
}

void dlo_infix_find(const struct dlo_infix *x, uint64_t cut, uint64_t scan,
	struct dlo_hits *h)
{
	find(x->list, x->cut_list, cut, h);
	find(x->list, x->scan_list, scan, h);
	if (x->always) {
		dlo_hits_check_list(h, x->list + x->always);
	}
}
