/* SPDX-License-Identifier: BSD-2-Clause */
/* names.h - texts of one entry a line, and the names and patterns in them. */
#ifndef BENCH_NAMES_H
#define BENCH_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "match/matcher.h"
#include "rivals.h"
#include "wire/name.h"

struct text {
	char *at;
	size_t len;
};

/* Each name twice: in wire form as sent, after its headroom, and lower case. */
struct names {
	uint8_t *wire;
	uint32_t *off;
	size_t len, cap, n, n_cap;
	struct bench_name *lower;
	size_t n_real, n_flood; /* the first, and what follows */
};

/* These end the program when something fails. */
void die(const char *what);
void *must(void *p);
struct text read_text(const char *path);

/* Cuts the next line off; false at the end. */
bool next_line(const struct text *t, size_t *at, struct text *ret);

/* In lower case; returns `to`. */
uint8_t *lower(uint8_t *to, const void *from, size_t n);

/* What is no name is passed over. */
void add_name(struct names *n, const char *text, size_t len);
void read_names(struct names *n, const char *path);

/* The i-th, by our walk over the wire form. Inline as that is timed: a name
 * that goes through memory once more doubles what a look costs. */
static inline struct dlo_name walk(const struct names *n, size_t i)
{
	struct dlo_name name;
	size_t at = n->off[i];

	if (dlo_name_walk(n->wire, n->len, &at, &name)) {
		die("names");
	}
	return name;
}

/* Compiles the patterns of a text and returns how many they are. What is no
 * pattern is passed over. */
size_t compile(const struct text *t, struct dlo_arena *arena,
	const struct dlo_matcher **ret);

/* The same numbers in each run. */
uint32_t random_below(uint32_t n);

#endif
