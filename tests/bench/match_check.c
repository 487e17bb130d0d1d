/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * match_check.c - the matcher against the loop over all patterns that defines
 * what matches.
 *
 *	match_check N PATTERNS NAMES
 *
 * Asks for N names, those of NAMES and names derived from them and from the
 * patterns. The first wrong verdict ends it, with exit status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/matcher.h"
#include "names.h"

struct loop {
	struct dlo_pattern *p;
	uint32_t n;
	size_t hits;
};

static void compare_one(struct loop *l, const struct dlo_matcher *m,
	const struct dlo_name *name)
{
	static uint32_t got[1 << 20];
	char text[DLO_NAME_TEXT_MAX];
	size_t n = dlo_matcher_match(m, name, got, 1 << 20), want = 0;

	for (uint32_t id = 0; id < l->n; id++) {
		if (dlo_pattern_matches(&l->p[id], name) &&
			(want++ >= n || got[want - 1] != id)) {
			want = SIZE_MAX;
			break;
		}
	}
	if (want != n) {
		dlo_name_print(name, text);
		fprintf(stderr, "%s: a wrong verdict\n", text);
		exit(1);
	}
	l->hits += n > 0;
}

/* A name of NAMES or what a pattern says, stars being octets; every second
 * time with octets changed. */
static size_t derive(const struct names *n, const struct loop *l, char *to)
{
	static char text[DLO_PATTERN_TEXT_MAX];
	static const char octets[] = "abcdeghiklmnoprstuwz019-..";
	const struct bench_name *b = &n->lower[random_below((uint32_t)n->n)];
	bool change = random_below(2);
	const char *from = b->text;
	size_t len = b->text_len;

	if (random_below(2)) {
		dlo_pattern_print(&l->p[random_below(l->n)], text);
		from = text + (text[0] == '=');
		len = strlen(from) < DLO_NAME_MAX ? strlen(from) : DLO_NAME_MAX;
	}
	memcpy(to, from, len);
	for (size_t i = 0; i < len; i++) {
		if (to[i] == '*' || to[i] == '?' ||
			(change && random_below(24) == 0)) {
			to[i] = octets[random_below(sizeof(octets) - 1)];
		}
	}
	return len;
}

/* N names, those of NAMES first. */
static void compare_all(struct loop *l, const struct dlo_matcher *m,
	const struct names *names, size_t n)
{
	for (size_t done = 0; done < n && l->n > 0;) {
		struct dlo_name_buf buf;
		char text[DLO_NAME_TEXT_MAX];
		struct dlo_name name;
		const char *msg;
		size_t err, len;

		if (done < names->n) {
			name = walk(names, done);
		} else {
			len = derive(names, l, text);
			if (dlo_name_parse(
				    text, len, &buf, &name, &err, &msg)) {
				continue;
			}
		}
		compare_one(l, m, &name);
		done++;
	}
}

int main(int argc, char **argv)
{
	const struct dlo_matcher *m;
	struct dlo_arena arena = {0};
	struct names names = {.n = 0};
	struct loop l = {.n = 0};
	struct text t;
	size_t n;

	if (argc != 4) {
		fprintf(stderr, "usage: match_check N PATTERNS NAMES\n");
		return 2;
	}
	t = read_text(argv[2]);
	n = compile(&t, &arena, &m);
	free(t.at);
	l.p = must(calloc(n + 1, sizeof(*l.p)));
	for (; l.n < n; l.n++) {
		dlo_matcher_pattern(m, l.n, &l.p[l.n]);
	}
	read_names(&names, argv[3]);
	compare_all(&l, m, &names, strtoul(argv[1], NULL, 10));
	printf("%s names, %zu hits: no wrong verdict\n", argv[1], l.hits);
	free(l.p);
	dlo_arena_free(&arena);
	return 0;
}
