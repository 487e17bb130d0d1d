/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - texts of one entry a line, and the names and patterns in them. */
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS 28 /* UDP and DNS and something before */

void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

void *must(void *p)
{
	if (!p) {
		die("memory");
	}
	return p;
}

struct text read_text(const char *path)
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

bool next_line(const struct text *t, size_t *at, struct text *ret)
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

uint8_t *lower(uint8_t *to, const void *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[i] = dlo_lower(((const uint8_t *)from)[i]);
	}
	return to;
}

void add_name(struct names *n, const char *text, size_t len)
{
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	uint8_t *both;
	size_t err;

	if (dlo_name_parse(text, len, &buf, &name, &err, &msg)) {
		return;
	}
	if (n->len + HEADERS + DLO_NAME_MAX > n->cap) {
		n->cap = 2 * n->cap + (1 << 20);
		n->wire = must(realloc(n->wire, n->cap));
	}
	if (n->n == n->n_cap) {
		n->n_cap = 2 * n->n_cap + 1024;
		n->off = must(realloc(n->off, n->n_cap * sizeof(*n->off)));
		n->lower =
			must(realloc(n->lower, n->n_cap * sizeof(*n->lower)));
	}
	both = must(malloc(name.len + len));
	n->lower[n->n] =
		(struct bench_name){.wire = lower(both, name.wire, name.len),
			.text = (char *)lower(both + name.len, text, len),
			.wire_len = name.len - 1u,
			.text_len = (uint32_t)len};
	memset(n->wire + n->len, 0, HEADERS);
	n->len += HEADERS;
	n->off[n->n++] = (uint32_t)n->len;
	memcpy(n->wire + n->len, name.wire, name.len);
	n->len += name.len;
}

void read_names(struct names *n, const char *path)
{
	struct text t = read_text(path), line;

	for (size_t at = 0; next_line(&t, &at, &line);) {
		add_name(n, line.at, line.len);
	}
	free(t.at);
}

uint32_t random_below(uint32_t n)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 32) * n >> 32);
}

size_t compile(const struct text *t, struct dlo_arena *arena,
	const struct dlo_matcher **ret)
{
	struct dlo_matcher_builder *b;
	struct dlo_pattern p;
	struct text line;
	const char *msg;
	size_t err, n = 0;

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
		n++;
	}
	if (dlo_matcher_build(b, arena, ret)) {
		die("build");
	}
	dlo_matcher_builder_free(b);
	return n;
}
