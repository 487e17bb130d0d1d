/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * meet.c - whether there are names that two patterns both match.
 *
 * Theory of operation: a name is read by both patterns at once. Cell (i, j)
 * says whether one may have brought them to symbol i of the one and j of the
 * other, and what it ended with: no label is empty, so that a boundary may
 * follow an octet only. Symbols are only left behind, so that two rows of cells
 * do.
 */
#include "match/meet.h"

#include <string.h>

enum { START = 1, OCTET = 2, BOUNDARY = 4 };

#define SELF_AT 2 /* behind *. */

void dlo_symbols(const struct dlo_pattern *p, struct dlo_symbols *ret)
{
	uint16_t n = 0;

	ret->self = p->kind == DLO_PATTERN_DOMAIN;
	if (p->kind == DLO_PATTERN_GLOB) {
		memcpy(ret->at, p->glob, p->n_glob);
		ret->n = p->n_glob;
		return;
	}
	if (p->kind != DLO_PATTERN_EXACT) {
		ret->at[n++] = DLO_GLOB_RUN;
		ret->at[n++] = DLO_GLOB_BOUNDARY;
	}
	for (size_t at = 0; p->wire[at]; at += p->wire[at] + 1u) {
		if (at > 0) {
			ret->at[n++] = DLO_GLOB_BOUNDARY;
		}
		memcpy(ret->at + n, p->wire + at + 1, p->wire[at]);
		n = (uint16_t)(n + p->wire[at]);
	}
	ret->n = n;
}

static bool is_wild(uint8_t symbol)
{
	return symbol == DLO_GLOB_RUN || symbol == DLO_GLOB_ONE;
}

/* Whether both patterns end in symbols that are no wildcards and differ. */
static bool ends_differ(
	const struct dlo_symbols *a, const struct dlo_symbols *b)
{
	for (size_t k = 1; k <= a->n && k <= b->n; k++) {
		uint8_t x = a->at[a->n - k], y = b->at[b->n - k];

		if (is_wild(x) || is_wild(y)) {
			break;
		}
		if (x != y) {
			return true;
		}
	}
	return false;
}

/* What a name that ended with `state` ends with when one more octet or boundary
 * is taken by both symbols; 0: they take nothing together. */
static uint8_t take(uint8_t state, uint8_t x, uint8_t y)
{
	bool octet = x != DLO_GLOB_BOUNDARY && y != DLO_GLOB_BOUNDARY &&
		     (is_wild(x) || is_wild(y) || x == y);
	bool boundary = (state & OCTET) &&
			(is_wild(x) || x == DLO_GLOB_BOUNDARY) &&
			(is_wild(y) || y == DLO_GLOB_BOUNDARY);

	return (uint8_t)((octet ? OCTET : 0) | (boundary ? BOUNDARY : 0));
}

/* Where cell (i, j) leads to, in its row and the next one. */
static void step(const struct dlo_symbols *a, const struct dlo_symbols *b,
	size_t i, size_t j, uint8_t *row, uint8_t *next)
{
	bool x_run = i < a->n && a->at[i] == DLO_GLOB_RUN;
	bool y_run = j < b->n && b->at[j] == DLO_GLOB_RUN;
	bool both = i < a->n && j < b->n;

	if (both && x_run && y_run) { /* any octets and boundaries */
		row[j] |= take(row[j], a->at[i], b->at[j]);
		row[j] |= take(row[j], a->at[i], b->at[j]);
	} else if (both) {
		*((x_run ? row : next) + j + !y_run) |=
			take(row[j], a->at[i], b->at[j]);
	}
	if (x_run) {
		next[j] |= row[j];
	}
	if (y_run) {
		row[j + 1] |= row[j];
	}
}

bool dlo_symbols_meet(const struct dlo_symbols *a, const struct dlo_symbols *b)
{
	uint8_t rows[2][DLO_GLOB_MAX + 1] = {{0}};
	uint8_t *row = rows[0], *next = rows[1], *swap;

	if (ends_differ(a, b)) {
		return false;
	}
	for (size_t i = 0;; i++) {
		if (i == 0 || (i == SELF_AT && a->self)) {
			row[0] |= START;
			row[SELF_AT] |= b->self ? START : 0;
		}
		for (size_t j = 0; j <= b->n; j++) {
			if (row[j]) {
				step(a, b, i, j, row, next);
			}
		}
		if (i == a->n) {
			return row[b->n] & (START | OCTET);
		}
		memset(row, 0, b->n + 1u);
		swap = row;
		row = next;
		next = swap;
	}
}
