/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * matching.h - a set of patterns, compiled and plain, and names that its
 * patterns match or just miss.
 */
#ifndef TESTS_MATCHING_H
#define TESTS_MATCHING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/matcher.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define IDS_MAX 4096

struct set {
	struct dlo_pattern *p; /* room for `cap` */
	uint32_t n, cap;
	struct dlo_matcher_builder *b;
	struct dlo_arena arena;
	const struct dlo_matcher *m;
};

static inline void set_open(struct set *s, uint32_t cap)
{
	*s = (struct set){.cap = cap};
	s->p = calloc(cap, sizeof(*s->p));
	assert_non_null(s->p);
	assert_int_equal(dlo_matcher_builder_new(&s->b), 0);
}

static inline void set_add(struct set *s, const char *text)
{
	const char *msg = NULL;
	size_t at;

	assert_true(s->n < s->cap);
	if (dlo_pattern_parse(text, strlen(text), &s->p[s->n], &at, &msg)) {
		fail_msg("%s: %s at %zu", text, msg, at);
	}
	assert_int_equal(dlo_matcher_add(s->b, &s->p[s->n], &msg), 0);
	s->n++;
}

static inline void set_build(struct set *s)
{
	assert_int_equal(dlo_matcher_build(s->b, &s->arena, &s->m), 0);
	s->b = dlo_matcher_builder_free(s->b);
}

static inline void set_close(struct set *s)
{
	dlo_matcher_builder_free(s->b);
	dlo_arena_free(&s->arena);
	free(s->p);
}

static inline void parse_name(
	const char *text, struct dlo_name_buf *buf, struct dlo_name *name)
{
	const char *msg = NULL;
	size_t at;

	if (dlo_name_parse(text, strlen(text), buf, name, &at, &msg)) {
		fail_msg("%s: %s at %zu", text, msg, at);
	}
}

/* Compares with the loop, for a cap. Returns how many match. */
static inline size_t check(
	const struct set *s, const struct dlo_name *name, size_t cap)
{
	static uint32_t want[IDS_MAX], got[IDS_MAX];
	char text[DLO_NAME_TEXT_MAX];
	size_t n = 0, total;

	for (uint32_t i = 0; i < s->n; i++) {
		if (dlo_pattern_matches(&s->p[i], name)) {
			want[n++] = i;
		}
	}
	memset(got, 0xff, sizeof(got));
	total = dlo_matcher_match(s->m, name, got, cap);
	if (total != n ||
		memcmp(want, got, (n < cap ? n : cap) * sizeof(*got)) != 0 ||
		got[n < cap ? n : cap] != UINT32_MAX) {
		dlo_name_print(name, text);
		fail_msg("%s: %zu matches, not %zu; cap %zu", text, total, n,
			cap);
	}
	return n;
}

static inline void check_text(const struct set *s, const char *text)
{
	struct dlo_name_buf buf;
	struct dlo_name name;

	parse_name(text, &buf, &name);
	(void)check(s, &name, IDS_MAX - 1);
}

/* Adds patterns that have blanks between. */
static inline void set_add_all(struct set *s, const char *patterns)
{
	char text[256];

	while (*patterns) {
		size_t n = strcspn(patterns, " ");

		assert_true(n < sizeof(text));
		memcpy(text, patterns, n);
		text[n] = '\0';
		set_add(s, text);
		patterns += n + (patterns[n] == ' ');
	}
}

static inline uint32_t random_below(uint64_t *seed, uint32_t n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*seed >> 32) * n >> 32);
}

/* A text that a pattern matches or just misses; at most cap - 1 characters. */
static inline void derive(
	uint64_t *seed, const char *pattern, char *to, size_t cap)
{
	static const char *const fill[] = {"", "a", "x.", ".y", "www.", "com",
		"0-0", "a.b.c.", ".", "\\.", "\\000", "_"};
	size_t n = 0;

	n += (size_t)snprintf(to, cap, "%s",
		random_below(seed, 2) ? fill[random_below(seed, LEN(fill))]
				      : "");
	for (; *pattern && n + 16 < cap; pattern++) {
		uint32_t r = random_below(seed, 100);

		if (*pattern == '\\') {
			to[n++] = *pattern++;
			to[n++] = *pattern;
		} else if (*pattern == '*' || *pattern == '?' || r == 0) {
			const char *f = fill[random_below(seed, LEN(fill))];

			n += (size_t)snprintf(to + n, cap - n, "%s", f);
		} else if (r == 1) {
			continue; /* an octet less: a near miss */
		} else if (*pattern != '=' || n > 0) {
			to[n++] = *pattern >= 'a' && *pattern <= 'z' && r & 1
					  ? (char)(*pattern - 32)
					  : *pattern;
		}
	}
	to[n] = '\0';
}

/* Derives names from the set's own patterns and compares. Returns hits. */
static inline size_t differ(const struct set *s, size_t n_names)
{
	uint64_t seed = 20;
	size_t hits = 0;

	for (size_t i = 0; i < n_names; i++) {
		const struct dlo_pattern *p = &s->p[random_below(&seed, s->n)];
		struct dlo_name_buf buf;
		struct dlo_name name;
		const char *msg;
		static char canonical[DLO_PATTERN_TEXT_MAX], text[300];
		size_t at;

		dlo_pattern_print(p, canonical);
		derive(&seed, canonical, text, sizeof(text));
		if (dlo_name_parse(
			    text, strlen(text), &buf, &name, &at, &msg)) {
			continue;
		}
		hits += check(s, &name, 1 + random_below(&seed, 20));
	}
	return hits;
}

#endif
