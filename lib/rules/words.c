/* SPDX-License-Identifier: BSD-2-Clause */
/* words.c - tables of known words: find one, or say which was meant. */
#include "rules/words.h"

#include <stdio.h>
#include <string.h>

#include "wire/name.h"

#define QUOTE_MAX 40
#define WORD_MAX 24 /* longer ones have no neighbours */

const char *dlo_words_name(const struct dlo_words *w, unsigned i)
{
	const void *row = (const char *)w->rows + i * w->stride;

	return *(const char *const *)row;
}

unsigned dlo_words_find(const struct dlo_words *w, const char *p, size_t len)
{
	unsigned i;

	for (i = 0; i < w->n; i++) {
		const char *name = dlo_words_name(w, i);

		if (strlen(name) == len && !memcmp(name, p, len)) {
			break;
		}
	}
	return i;
}

static unsigned min2(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return dlo_lower((uint8_t)a) == dlo_lower((uint8_t)b);
}

/*
 * Insertions, deletions, replacements and swaps of neighbours that make a of b
 * ("optimal string alignment"), case aside. Both at most WORD_MAX long.
 */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	size_t i, j;

	for (i = 0; i <= na; i++) {
		for (j = 0; j <= nb; j++) {
			if (!i || !j) {
				d[i][j] = (unsigned)(i + j);
				continue;
			}
			d[i][j] = min2(d[i - 1][j], d[i][j - 1]) + 1;
			d[i][j] = min2(d[i][j],
				d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
				same(a[i - 2], b[j - 1])) {
				d[i][j] = min2(d[i][j], d[i - 2][j - 2] + 1);
			}
		}
	}
	return d[na][nb];
}

/* How far a is from b; the beginning of a word counts as the word. */
static unsigned farness(const char *a, size_t na, const char *b)
{
	size_t i, nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX) {
		return WORD_MAX;
	}
	for (i = 0; i < na && i < nb && same(a[i], b[i]); i++) {
	}
	return i == na && na >= 2 ? 0 : distance(a, na, b, nb);
}

const char *dlo_quote(const char *p, size_t len, char *buf)
{
	size_t i, n = 0;

	for (i = 0; i < len && i < QUOTE_MAX; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= 0x20 && c < 0x7f) {
			buf[n++] = p[i];
		} else {
			n += (size_t)snprintf(buf + n, 5, "\\x%02x", c);
		}
	}
	memcpy(buf + n, "...", 3);
	buf[len > QUOTE_MAX ? n + 3 : n] = '\0';
	return buf;
}

void dlo_words_unknown(const struct dlo_words *w, const char *p, size_t len,
	char *buf, size_t cap)
{
	char quoted[DLO_QUOTE_SIZE];
	unsigned i, best = 0, best_far = WORD_MAX;
	size_t n;

	for (i = 0; i < w->n; i++) {
		unsigned far = farness(p, len, dlo_words_name(w, i));

		if (far < best_far) {
			best = i;
			best_far = far;
		}
	}
	n = (size_t)snprintf(buf, cap, "unknown %s \"%s\", ", w->what,
		dlo_quote(p, len, quoted));
	if (n < cap && len && best_far * 3 <= len + 1) {
		snprintf(buf + n, cap - n, "did you mean \"%s\"?",
			dlo_words_name(w, best));
		return;
	}
	for (i = 0; i < w->n && n < cap; i++) {
		n += (size_t)snprintf(buf + n, cap - n, "%s%s",
			i ? ", " : "known are ", dlo_words_name(w, i));
	}
}
