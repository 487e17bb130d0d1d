/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pattern.h - one textual pattern -> canonical form. The place that states the
 * grammar (see the table in pattern.c).
 */
#ifndef DLO_MATCH_PATTERN_H
#define DLO_MATCH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/name.h"

enum dlo_pattern_kind {
	DLO_PATTERN_DOMAIN, /* x.y    the name and everything below */
	DLO_PATTERN_EXACT, /* =x.y   the name alone */
	DLO_PATTERN_BELOW, /* *.x.y  everything below, not the name */
	DLO_PATTERN_GLOB, /* any other use of * and ? */
};

/*
 * One position of a glob is an octet in lower case or one of these symbols: no
 * folded octet is a capital letter, so three of them are free.
 */
enum dlo_glob_symbol {
	DLO_GLOB_BOUNDARY = 'A', /* between two labels */
	DLO_GLOB_ONE = 'B', /* ?: one octet or one boundary */
	DLO_GLOB_RUN = 'C', /* *: any run of both; never two in a row */
};
#define DLO_GLOB_MAX 512 /* symbols of one glob */

struct dlo_pattern {
	enum dlo_pattern_kind kind;
	/* DOMAIN, EXACT, BELOW: lower-case wire form, root octet included. */
	uint8_t wire[DLO_NAME_MAX];
	uint8_t wire_len;
	/* GLOB */
	uint16_t n_glob;
	uint8_t glob[DLO_GLOB_MAX];
	/* Canonical text, NUL-terminated: lower case, no trailing dot, ldns's
	 * escapes, `=` and `*` kept; a star or question mark that stands for
	 * itself is written \* and \?. */
	char text[2 * DLO_NAME_TEXT_MAX];
	uint16_t text_len;
};

/*
 * Parses `len` octets of text, without surrounding blanks. Returns 0; 1 with
 * *reterr_at (offset of the offending octet) and *reterr_msg (static text);
 * -ENOMEM, when libidn2 is out of memory, with both too. After a failure what
 * is in *ret means nothing.
 */
int dlo_pattern_parse(const char *text, size_t len, struct dlo_pattern *ret,
	size_t *reterr_at, const char **reterr_msg);

/*
 * Whether one pattern matches one name: the definition that the compiled
 * matcher must equal. O(len of name * len of pattern) at worst for a glob.
 */
bool dlo_pattern_matches(const struct dlo_pattern *p, const struct dlo_name *n);

/* Its two halves, which the matcher settles its few candidates with. */

/* Whether a lower-case wire name matches, as DOMAIN, EXACT or BELOW. */
bool dlo_pattern_matches_wire(enum dlo_pattern_kind kind, const uint8_t *wire,
	size_t wire_len, const struct dlo_name *n);

/* A name's octets in lower case with DLO_GLOB_BOUNDARY between its labels. */
struct dlo_flat {
	uint8_t at[DLO_NAME_MAX];
	uint8_t len; /* 0..253 */
};
void dlo_flatten(const struct dlo_name *n, struct dlo_flat *ret);
bool dlo_pattern_matches_flat(
	const uint8_t *glob, size_t n_glob, const struct dlo_flat *f);

#endif
