/* SPDX-License-Identifier: BSD-2-Clause */
/* line.h - one line of a list: fields, values, comments. */
#ifndef DLO_RULES_LINE_H
#define DLO_RULES_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "dnslookout.h"
#include "rules/words.h"

#define DLO_LINE_MAX 4096 /* octets, the line's end not counted */
#define DLO_VALUE_MAX 255 /* octets of a title, a note, a tag, ... */

/* `at` is the offset in the line, for messages. */
struct dlo_slice {
	const char *p;
	size_t len, at;
};

struct dlo_line {
	const char *p;
	size_t len; /* at most DLO_LINE_MAX once something is read */
	size_t at; /* what is read next */
	char *scratch; /* of DLO_LINE_MAX octets, for values in quotes */
	struct dlo_diag *diag; /* file and line are filled in */
};

/*
 * Cuts the next line off *text; CRLF ends one too. `scratch` holds
 * DLO_LINE_MAX octets; diag->line counts.
 */
struct dlo_line dlo_line_next(const char **text, const char *end, char *scratch,
	struct dlo_diag *diag);

/* Where the text begins, behind a byte order mark. */
const char *dlo_line_skip_bom(const char *text, size_t len);

static inline bool dlo_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether it is an IP address, perhaps with a scope: fe80::1%lo0. */
bool dlo_is_address(const struct dlo_slice *s);

/* Fills in the diagnostic, for the octet at that offset. Returns 1. */
int dlo_line_bad(struct dlo_line *l, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a word that is not in the table. */
int dlo_line_unknown(struct dlo_line *l, const struct dlo_words *w,
	const struct dlo_slice *s);

/* Skips blanks. Whether something but a comment follows. */
bool dlo_line_more(struct dlo_line *l);

/* Reads up to the next blank. 0; 1 at a control character. */
int dlo_line_field(struct dlo_line *l, struct dlo_slice *ret);

/* Reads a value: quoted, or up to the next blank. 0, 1. */
int dlo_line_value(struct dlo_line *l, struct dlo_slice *ret);

/* Reads a value: quoted, or all that is left but comment and blanks, which may
 * be nothing. 0, 1. */
int dlo_line_rest(struct dlo_line *l, struct dlo_slice *ret);

/*
 * Reads one key=value of a line that may have each of `keys` once; *seen has a
 * bit for each that was there. key="" has its value in the scratch space. 0, 1.
 */
int dlo_line_pair(struct dlo_line *l, const struct dlo_words *keys,
	unsigned *seen, unsigned *ret_key, struct dlo_slice *ret_value);

/* Checks for UTF-8 without control characters. 0, 1. */
int dlo_line_printable(struct dlo_line *l, const struct dlo_slice *s);

#endif
