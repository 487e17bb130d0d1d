/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * match_bench.c - nanoseconds a name: match_bench PATTERNS NAMES
 *
 * Both are texts with one entry a line. Names are put into wire form, each at a
 * place known beforehand as in a capture; a lap walks and matches them all. The
 * yardstick of the same run is a suffix hash set: one probe a label, over names
 * already in lower case; it holds the patterns that are no globs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/matcher.h"

#define LAPS 9
#define HEADERS 28 /* UDP and DNS and something before */

struct text {
	char *at;
	size_t len;
};

/* Names in wire form, each after its headroom: 28 octets of headers. */
struct names {
	uint8_t *wire;
	uint32_t *off;
	size_t len, n;
};

/* Open addressing, linear probing, half full; the octets lie elsewhere. */
struct suffix_set {
	struct slot {
		uint32_t at;
		uint8_t len, kind;
	} * slot;
	size_t mask, n, bytes;
	uint8_t *octets;
	size_t octets_len;
};

static void die(const char *what)
{
	fprintf(stderr, "match_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *must(void *p)
{
	if (!p) {
		die("memory");
	}
	return p;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct text read_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct text t = {0};
	size_t cap = 1 << 20, n;

	if (!f) {
		die(path);
	}
	t.at = must(malloc(cap));
	while ((n = fread(t.at + t.len, 1, cap - t.len, f)) > 0) {
		t.len += n;
		if (t.len == cap) {
			t.at = must(realloc(t.at, cap *= 2));
		}
	}
	fclose(f);
	return t;
}

/* Cuts the next line off; false at the end. */
static bool next_line(const struct text *t, size_t *at, struct text *ret)
{
	char *end;

	if (*at >= t->len) {
		return false;
	}
	ret->at = t->at + *at;
	end = memchr(ret->at, '\n', t->len - *at);
	ret->len = end ? (size_t)(end - ret->at) : t->len - *at;
	*at += ret->len + 1;
	return true;
}

static struct names read_names(const struct text *t)
{
	struct names n = {.len = 0};
	struct text line;
	const char *msg;
	size_t err, lines = 0;

	for (size_t at = 0; next_line(t, &at, &line);) {
		lines++;
	}
	n.wire = must(calloc(1, t->len + lines * (HEADERS + 2)));
	n.off = must(calloc(lines + 1, sizeof(*n.off)));
	for (size_t at = 0; next_line(t, &at, &line);) {
		struct dlo_name_buf buf;
		struct dlo_name name;

		if (dlo_name_parse(
			    line.at, line.len, &buf, &name, &err, &msg)) {
			continue;
		}
		n.len += HEADERS;
		n.off[n.n++] = (uint32_t)n.len;
		memcpy(n.wire + n.len, name.wire, name.len);
		n.len += name.len;
	}
	return n;
}

static struct dlo_matcher_builder *read_patterns(
	const struct text *t, struct suffix_set *set)
{
	struct dlo_matcher_builder *b;
	struct dlo_pattern p;
	struct text line;
	const char *msg;
	size_t err;

	if (dlo_matcher_builder_new(&b)) {
		die("memory");
	}
	for (size_t at = 0; next_line(t, &at, &line);) {
		if (dlo_pattern_parse(line.at, line.len, &p, &err, &msg)) {
			continue;
		}
		if (dlo_matcher_add(b, &p, &msg)) {
			die(msg);
		}
		set->n++;
	}
	return b;
}

static size_t set_find(
	const struct suffix_set *s, const uint8_t *wire, size_t len)
{
	size_t i = dlo_hash(wire, len, 1) & s->mask;

	while (s->slot[i].len &&
		(s->slot[i].len != len ||
			memcmp(s->octets + s->slot[i].at, wire, len) != 0)) {
		i = (i + 1) & s->mask;
	}
	return i;
}

static void fill_set(struct suffix_set *s, const struct text *t)
{
	size_t cap = 64, err;
	struct dlo_pattern p;
	struct text line;
	const char *msg;

	while (cap < 2 * s->n) {
		cap *= 2;
	}
	s->mask = cap - 1;
	s->slot = must(calloc(cap, sizeof(*s->slot)));
	s->octets = must(malloc(t->len * 2 + 16));
	for (size_t at = 0; next_line(t, &at, &line);) {
		size_t i;

		if (dlo_pattern_parse(line.at, line.len, &p, &err, &msg) ||
			p.kind == DLO_PATTERN_GLOB) {
			continue;
		}
		i = set_find(s, p.wire, p.wire_len);
		if (!s->slot[i].len) {
			s->slot[i].at = (uint32_t)s->octets_len;
			s->slot[i].len = p.wire_len;
			memcpy(s->octets + s->octets_len, p.wire, p.wire_len);
			s->octets_len += p.wire_len;
		}
		s->slot[i].kind |= (uint8_t)(1u << p.kind);
	}
	s->bytes = cap * sizeof(*s->slot) + s->octets_len;
}

static bool set_match(const struct suffix_set *s, const struct dlo_name *n)
{
	for (size_t at = 0; n->wire[at]; at += n->wire[at] + 1u) {
		unsigned want =
			1u << DLO_PATTERN_DOMAIN |
			1u << (at ? DLO_PATTERN_BELOW : DLO_PATTERN_EXACT);
		size_t i = set_find(s, n->wire + at, n->len - at);

		if (s->slot[i].kind & want) {
			return true;
		}
	}
	return false;
}

enum what { WALK, MATCHER, SET };

/* Walks all names once and does `what` with each. Returns how many matched. */
static size_t lap(enum what what, const struct names *n,
	const struct dlo_matcher *m, const struct suffix_set *s)
{
	size_t hits = 0;
	struct dlo_name name;
	uint32_t ids[16];

	for (size_t i = 0; i < n->n; i++) {
		size_t at = n->off[i];

		if (dlo_name_walk(n->wire, n->len, &at, &name)) {
			die("names");
		}
		switch (what) {
		case WALK:
			hits += name.last2 == 255;
			break;
		case MATCHER:
			hits += dlo_matcher_match(m, &name, ids, 16) > 0;
			break;
		case SET:
			hits += set_match(s, &name);
			break;
		}
	}
	return hits;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void bench(const char *title, enum what what, const struct names *n,
	const struct dlo_matcher *m, const struct suffix_set *s)
{
	double ns[LAPS];
	size_t hits = 0;

	for (size_t i = 0; i < LAPS; i++) {
		double t = now_s();

		hits = lap(what, n, m, s);
		ns[i] = (now_s() - t) / (double)n->n * 1e9;
	}
	qsort(ns, LAPS, sizeof(ns[0]), compare);
	printf("%-12s %7.1f ns/name (best %.1f)  %zu of %zu names match\n",
		title, ns[LAPS / 2], ns[0], hits, n->n);
}

int main(int argc, char **argv)
{
	struct suffix_set set = {0};
	struct dlo_arena arena = {0};
	const struct dlo_matcher *m;
	struct dlo_matcher_builder *b;
	struct text patterns, names_text;
	struct names names;
	double t0, t1, t2, t3;

	if (argc != 3) {
		fprintf(stderr, "usage: match_bench PATTERNS NAMES\n");
		return 2;
	}
	patterns = read_text(argv[1]);
	names_text = read_text(argv[2]);
	names = read_names(&names_text);
	t0 = now_s();
	b = read_patterns(&patterns, &set);
	t1 = now_s();
	if (dlo_matcher_build(b, &arena, &m)) {
		die("build");
	}
	t2 = now_s();
	fill_set(&set, &patterns);
	t3 = now_s();
	printf("%zu patterns: read %.1f ms, build %.1f ms, %.1f bytes each; "
	       "suffix set %.1f ms, %.1f bytes each\n",
		set.n, (t1 - t0) * 1e3, (t2 - t1) * 1e3,
		(double)arena.bytes / (double)set.n, (t3 - t2) * 1e3,
		(double)set.bytes / (double)set.n);
	bench("walk", WALK, &names, m, &set);
	bench("matcher", MATCHER, &names, m, &set);
	bench("suffix set", SET, &names, m, &set);
	dlo_matcher_builder_free(b);
	dlo_arena_free(&arena);
	free(set.slot);
	free(set.octets);
	free(names.wire);
	free(names.off);
	free(names_text.at);
	free(patterns.at);
	return 0;
}
