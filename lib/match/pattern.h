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

#include "match/flat.h"
#include "wire/name.h"

enum dlo_pattern_kind {
	DLO_PATTERN_DOMAIN, /* x.y    the name and everything below */
	DLO_PATTERN_EXACT, /* =x.y   the name alone */
	DLO_PATTERN_BELOW, /* *.x.y  everything below, not the name */
	DLO_PATTERN_GLOB, /* any other use of * and ? */
};

#define DLO_GLOB_MAX 512 /* symbols of one glob */

struct dlo_pattern {
	enum dlo_pattern_kind kind;
	/* DOMAIN, EXACT, BELOW: lower-case wire form, root octet included. */
	uint8_t wire[DLO_NAME_MAX];
	uint8_t wire_len;
	/* GLOB: octets in lower case and enum dlo_glob_symbol. */
	uint16_t n_glob;
	uint8_t glob[DLO_GLOB_MAX];
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
 * Prints a pattern in canonical form: lower case, no trailing dot, ldns's
 * escapes, `=` and `*` kept; a star or question mark that stands for itself is
 * \* and \?. Read again it is the same pattern. buf holds
 * DLO_PATTERN_TEXT_MAX octets, the NUL included. Returns the length.
 */
size_t dlo_pattern_print(const struct dlo_pattern *p, char *buf);

/*
 * Whether one pattern matches one name: the definition that the compiled
 * matcher must equal. O(len of name * len of pattern) at worst for a glob.
 */
bool dlo_pattern_matches(const struct dlo_pattern *p, const struct dlo_name *n);

/* Of DOMAIN, EXACT and BELOW: the lower-case wire name less its root octet. */
bool dlo_pattern_matches_wire(enum dlo_pattern_kind kind, const uint8_t *wire,
	size_t len, const struct dlo_name *n);

#endif
