/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_matcher.c - the compiled matcher against the loop that defines it.
 *
 * Input: lines of pattern text up to an empty line; after it names, each a
 * length octet and that many octets of text. The first octet is `cap`.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/matcher.h"

#define PATTERNS_MAX 400
#define NAMES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct set {
	struct dlo_matcher_builder *b;
	struct dlo_pattern *p;
	uint32_t n;
};

/* Reads pattern lines. Returns where the names begin. */
static size_t read_patterns(struct set *s, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && s->n < PATTERNS_MAX) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at, err;
		const char *msg;

		if (n == 0) {
			return at + 1;
		}
		if (!dlo_pattern_parse(text + at, n, &s->p[s->n], &err, &msg) &&
			!dlo_matcher_add(s->b, &s->p[s->n], &msg)) {
			s->n++;
		}
		at += n + 1;
	}
	return at;
}

/* Puts what `name` must give into ids. */
static size_t naive(
	const struct set *s, const struct dlo_name *name, uint32_t *ids)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		if (dlo_pattern_matches(&s->p[i], name)) {
			ids[n++] = i;
		}
	}
	return n;
}

static void check(const struct set *s, const struct dlo_matcher *m,
	const struct dlo_name *name, size_t cap)
{
	uint32_t want[PATTERNS_MAX], got[PATTERNS_MAX];
	size_t n = naive(s, name, want);
	size_t kept = n < cap ? n : cap;

	if (dlo_matcher_match(m, name, got, cap) != n ||
		memcmp(want, got, kept * sizeof(want[0])) != 0) {
		abort();
	}
}

/* The name's own octets, in a piece of memory that ends after the root. */
static void check_text(const struct set *s, const struct dlo_matcher *m,
	const char *text, size_t len, size_t cap)
{
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	uint8_t *piece;
	size_t err, off = DLO_NAME_HEADROOM;

	if (dlo_name_parse(text, len, &buf, &name, &err, &msg)) {
		return;
	}
	piece = malloc(off + name.len);
	if (!piece) {
		return;
	}
	memset(piece, (int)len, off);
	memcpy(piece + off, name.wire, name.len);
	if (dlo_name_walk(piece, off + name.len, &off, &name)) {
		abort();
	}
	check(s, m, &name, cap);
	free(piece);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dlo_pattern patterns[PATTERNS_MAX];
	struct set s = {.p = patterns};
	struct dlo_arena arena = {0};
	const struct dlo_matcher *m;
	const char *text = (const char *)data;

	if (size < 2 || dlo_matcher_builder_new(&s.b)) {
		return 0;
	}
	size_t cap = data[0] % PATTERNS_MAX + 1u;
	size_t at = 1 + read_patterns(&s, text + 1, size - 1);

	if (dlo_matcher_build(s.b, &arena, &m)) {
		abort();
	}
	for (size_t i = 0; i < NAMES_MAX && at < size; i++) {
		size_t len = data[at++];

		len = len < size - at ? len : size - at;
		check_text(&s, m, text + at, len, cap);
		at += len;
	}
	dlo_matcher_builder_free(s.b);
	dlo_arena_free(&arena);
	return 0;
}
