/* SPDX-License-Identifier: BSD-2-Clause */
/* nearest.h - the word that was perhaps meant. */
#ifndef NEAREST_H
#define NEAREST_H

/* The name with the fewest changes from `word` (Damerau and Levenshtein's
 * distance), or NULL where more than half of it would change. */
const char *nearest(const char *word, const char *const *names, unsigned n);

#endif
