/* SPDX-License-Identifier: BSD-2-Clause */
/* reasons.h - why something was refused: the first few lines that were logged
 * about it, kept for whoever asked. */
#ifndef REASONS_H
#define REASONS_H

#include <stddef.h>

#define REASONS_MAX 8u /* of a kind are kept */

struct reasons {
	struct reasons_kind {
		unsigned n, n_kept;
		char *text[REASONS_MAX]; /* clean, without a newline */
	} errors, warnings;
};

/* What this thread logs is kept, until reasons_end(). */
void reasons_begin(struct reasons *r);
void reasons_end(void);

/* The first error, or else warning, and how many more there are: "a.list:3:1:
 * an empty label (and 2 more)". Returns buf; "" when there is nothing. */
const char *reasons_short(const struct reasons *r, char *buf, size_t cap);

void reasons_free(struct reasons *r);

#endif
