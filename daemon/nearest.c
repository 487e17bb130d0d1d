/* SPDX-License-Identifier: BSD-2-Clause */
/* nearest.c - the word that was perhaps meant. */
#include "nearest.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 40u

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, substitutions, and swaps of neighbours, from a to b
 * (optimal string alignment); case is no change. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned row[3][WORD_MAX + 1], *before = row[0], *last = row[1],
				       *now = row[2], *free_row;

	for (size_t j = 0; j <= m; j++) {
		last[j] = (unsigned)j;
	}
	for (size_t i = 1; i <= n; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			now[j] = last[j - 1] +
				 !!strncasecmp(&a[i - 1], &b[j - 1], 1);
			now[j] = least(now[j], least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1]) {
				now[j] = least(now[j], before[j - 2] + 1);
			}
		}
		free_row = before;
		before = last;
		last = now;
		now = free_row;
	}
	return last[m];
}

const char *nearest(const char *word, const char *const *names, unsigned n)
{
	size_t len = strlen(word);
	unsigned best = (unsigned)(len / 2) + 1, d;
	const char *found = NULL;

	if (len > WORD_MAX) {
		return NULL;
	}
	for (unsigned i = 0; i < n; i++) {
		size_t name_len = strlen(names[i]);

		d = name_len > WORD_MAX
			    ? best
			    : distance(word, len, names[i], name_len);
		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
