/* SPDX-License-Identifier: BSD-2-Clause */
/* words.h - tables of known words: find one, or say which was meant. */
#ifndef DLO_RULES_WORDS_H
#define DLO_RULES_WORDS_H

#include <stddef.h>

/* A table whose rows each begin with `const char *name`. */
struct dlo_words {
	const char *what; /* "level": what messages call such a word */
	const void *rows;
	size_t stride;
	unsigned n;
};

#define DLO_WORDS(what, rows) \
	{ \
		what, rows, sizeof(*(rows)), sizeof(rows) / sizeof(*(rows)) \
	}

/* The row of that very word; w->n when there is none. */
unsigned dlo_words_find(const struct dlo_words *w, const char *p, size_t len);

/* The word of a row, i < w->n. */
const char *dlo_words_name(const struct dlo_words *w, unsigned i);

/*
 * Writes `unknown level "hihg", did you mean "high"?`, or all known words when
 * none is near. buf is NUL-terminated, cut at cap.
 */
void dlo_words_unknown(const struct dlo_words *w, const char *p, size_t len,
	char *buf, size_t cap);

/*
 * Copies text for a message: at most 40 octets, all but printable ASCII as
 * \xNN. buf holds DLO_QUOTE_SIZE. Returns buf.
 */
#define DLO_QUOTE_SIZE (40 * 4 + 4)
const char *dlo_quote(const char *p, size_t len, char *buf);

#endif
