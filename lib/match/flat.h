/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flat.h - a name as the symbols that globs are written in.
 *
 * On the wire a boundary between labels is a length octet, whose value a glob
 * need not know. Here all boundaries look alike, letters are in lower case, and
 * the name has a boundary at both ends: the first length octet and the root's.
 * So what a glob holds, its ends included, is an ordinary run of octets.
 */
#ifndef DLO_MATCH_FLAT_H
#define DLO_MATCH_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/name.h"

/*
 * One position of a glob is an octet in lower case or one of these symbols: no
 * folded octet is a capital letter, so three of them are free.
 */
enum dlo_glob_symbol {
	DLO_GLOB_BOUNDARY = 'A', /* between two labels */
	DLO_GLOB_ONE = 'B', /* ?: one octet or one boundary */
	DLO_GLOB_RUN = 'C', /* *: any run of both; never two in a row */
};

#define DLO_FLAT_HEADROOM 8

struct dlo_flat {
	/* Headroom, which may be read; then boundary, the name, boundary. */
	uint8_t mem[DLO_FLAT_HEADROOM + DLO_NAME_MAX + 1];
	uint8_t len; /* of the name: 0..253 */
};

/* The boundary before the name. */
static inline const uint8_t *dlo_flat_at(const struct dlo_flat *f)
{
	return f->mem + DLO_FLAT_HEADROOM;
}

void dlo_flatten(const struct dlo_name *n, struct dlo_flat *ret);

/* Whether a glob matches the name. O(n_glob * len) at worst. */
bool dlo_flat_matches(
	const struct dlo_flat *f, const uint8_t *glob, size_t n_glob);

#endif
