/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * match_bench.c - nanoseconds a name, beside others, as a table in markdown.
 *
 *	match_bench NAMES [TITLE=]PATTERNS...
 *
 * All are texts with one entry a line. Each set of patterns is compiled by all
 * who can hold it; then everybody in turn has a lap over all names with at most
 * 16 matches, again and again, and the median of the laps counts: noise hits
 * all alike. Our time includes the walk over the wire name, each at a place
 * known beforehand as in a capture; the others get text, or the wire form, in
 * lower case and for nothing.
 *
 *	match_bench --check N PATTERNS NAMES
 *
 * compares N names, those of NAMES and names derived from them, with the loop
 * over all patterns that defines what matches.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "match/matcher.h"
#include "rivals.h"

#define LAPS 9
#define HEADERS 28 /* UDP and DNS and something before */
#define MATCHES_MAX 16
#define REGEX_MAX 4096

static const struct rival *const rivals[] = {
	&rival_open_set,
#ifdef HAVE_STD_SET
	&rival_std_set,
#endif
#ifdef HAVE_VECTORSCAN
	&rival_vectorscan,
#endif
#ifdef HAVE_RE2
	&rival_re2,
#endif
};
#define N_RIVALS (sizeof(rivals) / sizeof(rivals[0]))

struct text {
	char *at;
	size_t len;
};

/* Each name twice: in wire form as sent, after its headroom, and lower case. */
struct names {
	uint8_t *wire;
	uint32_t *off;
	size_t len, n;
	struct bench_name *lower;
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

static size_t count_lines(const struct text *t)
{
	struct text line;
	size_t n = 0;

	for (size_t at = 0; next_line(t, &at, &line);) {
		n++;
	}
	return n;
}

static uint8_t *copy_lower(const void *from, size_t n)
{
	uint8_t *to = must(malloc(n + 1));

	for (size_t i = 0; i < n; i++) {
		to[i] = dlo_lower(((const uint8_t *)from)[i]);
	}
	return to;
}

static struct names read_names(const struct text *t)
{
	size_t err, lines = count_lines(t);
	struct names n = {.len = 0};
	struct text line;
	const char *msg;

	n.wire = must(calloc(1, t->len + lines * (HEADERS + 2) + HEADERS));
	n.off = must(calloc(lines + 1, sizeof(*n.off)));
	n.lower = must(calloc(lines + 1, sizeof(*n.lower)));
	for (size_t at = 0; next_line(t, &at, &line);) {
		struct dlo_name_buf buf;
		struct dlo_name name;

		if (dlo_name_parse(
			    line.at, line.len, &buf, &name, &err, &msg)) {
			continue;
		}
		n.len += HEADERS;
		n.lower[n.n] = (struct bench_name){
			.wire = copy_lower(name.wire, name.len),
			.text = (char *)copy_lower(line.at, line.len),
			.wire_len = name.len - 1u,
			.text_len = (uint32_t)line.len};
		n.off[n.n++] = (uint32_t)n.len;
		memcpy(n.wire + n.len, name.wire, name.len);
		n.len += name.len;
	}
	return n;
}

static struct dlo_name walk(const struct names *n, size_t i)
{
	struct dlo_name name;
	size_t at = n->off[i];

	if (dlo_name_walk(n->wire, n->len, &at, &name)) {
		die("names");
	}
	return name;
}

/* ---- a set of patterns, compiled by all ---------------------------------- */

struct set {
	const char *title;
	size_t n, n_plain; /* patterns; those that are no globs */
	struct dlo_arena arena;
	const struct dlo_matcher *m;
	double read_ms, build_ms;
	uint32_t *asked; /* names with few matches */
	size_t n_asked, hits;
	struct {
		void *x; /* NULL: too large for it */
		size_t bytes, n;
		double build_ms;
	} rival[N_RIVALS];
};

/* Over the text of a name, which has no dots but those between labels. */
static char *to_regex(const struct dlo_pattern *p)
{
	static char text[DLO_PATTERN_TEXT_MAX], regex[REGEX_MAX];
	char *to = regex, *from = text;

	dlo_pattern_print(p, text);
	if (p->kind == DLO_PATTERN_DOMAIN) {
		to += sprintf(to, "(^|\\.)");
	} else {
		*to++ = '^';
		from += p->kind == DLO_PATTERN_EXACT;
	}
	for (; *from; from++) {
		if (*from == '*') {
			to += sprintf(to, ".*");
		} else if (*from == '?') {
			*to++ = '.';
		} else if (strchr(".\\+()[]{}^$|", *from)) {
			to += sprintf(to, "\\%c", *from);
		} else {
			*to++ = *from;
		}
	}
	strcpy(to, "$");
	return must(strdup(regex));
}

static void compile(struct set *s, const struct text *t)
{
	double t0 = now_s(), t1;
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
		s->n++;
		s->n_plain += p.kind != DLO_PATTERN_GLOB;
	}
	t1 = now_s();
	if (dlo_matcher_build(b, &s->arena, &s->m)) {
		die("build");
	}
	s->read_ms = (t1 - t0) * 1e3;
	s->build_ms = (now_s() - t1) * 1e3;
	dlo_matcher_builder_free(b);
}

static struct bench_pattern *patterns_for(
	const struct set *s, const struct rival *r, size_t *ret_n)
{
	struct bench_pattern *all = must(calloc(s->n + 1, sizeof(*all)));
	size_t n = 0;

	for (uint32_t id = 0; id < s->n; id++) {
		struct dlo_pattern p;

		dlo_matcher_pattern(s->m, id, &p);
		if (p.kind == DLO_PATTERN_GLOB && !r->globs) {
			continue;
		}
		all[n].kind = (int)p.kind;
		if (r->globs) {
			all[n].regex = to_regex(&p);
		} else {
			all[n].wire = copy_lower(p.wire, p.wire_len);
			all[n].wire_len = p.wire_len - 1u;
		}
		n++;
	}
	*ret_n = n;
	return all;
}

static void compile_rival(struct set *s, size_t i)
{
	struct bench_pattern *p;
	double t;

	if (s->n > rivals[i]->max || (!rivals[i]->globs && s->n_plain == 0)) {
		return;
	}
	p = patterns_for(s, rivals[i], &s->rival[i].n);
	t = now_s();
	s->rival[i].x = rivals[i]->build(p, s->rival[i].n, &s->rival[i].bytes);
	s->rival[i].build_ms = (now_s() - t) * 1e3;
	for (size_t j = 0; j < s->rival[i].n; j++) {
		free((void *)(uintptr_t)p[j].regex);
		free((void *)(uintptr_t)p[j].wire);
	}
	free(p);
}

/* Finds the names that are asked for. */
static void choose_names(struct set *s, const struct names *n)
{
	s->asked = must(calloc(n->n + 1, sizeof(*s->asked)));
	for (uint32_t i = 0; i < n->n; i++) {
		uint32_t ids[1];
		struct dlo_name name = walk(n, i);

		if (dlo_matcher_match(s->m, &name, ids, 1) <= MATCHES_MAX) {
			s->asked[s->n_asked++] = i;
		}
	}
}

static struct set read_set(char *arg, const struct names *names)
{
	char *equals = strchr(arg, '=');
	struct set s = {.title = equals ? arg : strrchr(arg, '/')};
	struct text t = read_text(equals ? equals + 1 : arg);

	if (equals) {
		*equals = '\0';
	} else {
		s.title = s.title ? s.title + 1 : arg;
	}
	compile(&s, &t);
	free(t.at);
	for (size_t i = 0; i < N_RIVALS; i++) {
		compile_rival(&s, i);
	}
	choose_names(&s, names);
	return s;
}

static void set_free(struct set *s)
{
	for (size_t i = 0; i < N_RIVALS; i++) {
		if (s->rival[i].x) {
			rivals[i]->free(s->rival[i].x);
		}
	}
	free(s->asked);
	dlo_arena_free(&s->arena);
}

/* ---- laps ---------------------------------------------------------------- */

static double per_name(const struct set *s, double from)
{
	return (now_s() - from) / (double)s->n_asked * 1e9;
}

static double lap_walk(const struct set *s, const struct names *n)
{
	volatile size_t sum = 0;
	size_t labels = 0;
	double t = now_s();

	for (size_t i = 0; i < s->n_asked; i++) {
		labels += walk(n, s->asked[i]).n_labels;
	}
	sum += labels;
	return per_name(s, t);
}

static double lap(struct set *s, const struct names *n)
{
	uint32_t ids[MATCHES_MAX];
	double t = now_s();

	s->hits = 0;
	for (size_t i = 0; i < s->n_asked; i++) {
		struct dlo_name name = walk(n, s->asked[i]);

		s->hits += dlo_matcher_match(s->m, &name, ids, MATCHES_MAX) > 0;
	}
	return per_name(s, t);
}

static double lap_rival(struct set *s, const struct names *n, size_t r)
{
	volatile size_t sum = 0;
	size_t hits = 0;
	double t = now_s();

	for (size_t i = 0; i < s->n_asked; i++) {
		hits += rivals[r]->match(s->rival[r].x, &n->lower[s->asked[i]]);
	}
	sum += hits;
	return per_name(s, t);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double median(double laps[LAPS])
{
	qsort(laps, LAPS, sizeof(laps[0]), compare);
	return laps[LAPS / 2];
}

struct laps {
	double walk[LAPS], ours[LAPS], rival[N_RIVALS][LAPS];
};

static void print_set(
	const struct set *s, struct laps *l, double *first, size_t i)
{
	double ours = median(l->ours);

	*first = i == 0 ? ours : *first;
	printf("| %s | %zu | **dnslookout** | %.1f | 1 | %.1f | %.1f | %.1f "
	       "|\n",
		s->title, s->n, ours, s->read_ms + s->build_ms,
		(double)s->arena.bytes / (double)s->n, ours / *first);
	printf("| | | the walk alone | %.1f | | | | |\n", median(l->walk));
	for (size_t r = 0; r < N_RIVALS; r++) {
		double theirs;

		if (!s->rival[r].x) {
			continue;
		}
		theirs = median(l->rival[r]);
		printf("| | %zu | %s | %.1f | %.2f | %.1f | %.1f | |\n",
			s->rival[r].n, rivals[r]->name, theirs, ours / theirs,
			s->rival[r].build_ms,
			(double)s->rival[r].bytes / (double)s->rival[r].n);
	}
	printf("| | | hits | %.2f %% of %zu | | | | |\n",
		100.0 * (double)s->hits / (double)s->n_asked, s->n_asked);
}

static void bench(struct set *s, size_t n_sets, const struct names *n)
{
	struct laps *l = must(calloc(n_sets, sizeof(*l)));
	double first = 0;

	for (size_t k = 0; k < LAPS; k++) {
		for (size_t i = 0; i < n_sets; i++) {
			l[i].walk[k] = lap_walk(&s[i], n);
			l[i].ours[k] = lap(&s[i], n);
			for (size_t r = 0; r < N_RIVALS; r++) {
				if (s[i].rival[r].x) {
					l[i].rival[r][k] =
						lap_rival(&s[i], n, r);
				}
			}
		}
	}
	puts("| set | patterns | who | ns a name | ours / theirs | build ms | "
	     "bytes a pattern | x the first set |\n"
	     "| --- | --- | --- | --- | --- | --- | --- | --- |");
	for (size_t i = 0; i < n_sets; i++) {
		print_set(&s[i], &l[i], &first, i);
	}
	free(l);
}

/* ---- the loop that defines it -------------------------------------------- */

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

static uint32_t random_below(uint32_t n)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 32) * n >> 32);
}

/* A name of NAMES or the octets of a pattern, with an octet or two changed, cut
 * off or put in. */
static size_t derive(const struct names *n, const struct loop *l, char *to)
{
	static char text[DLO_PATTERN_TEXT_MAX];
	static const char octets[] = "abcdeghiklmnoprstuwz019-..";
	const struct bench_name *from = &n->lower[random_below((uint32_t)n->n)];
	size_t len = from->text_len;

	memcpy(to, from->text, len);
	if (random_below(2)) {
		dlo_pattern_print(&l->p[random_below(l->n)], text);
		len = strlen(text) < 200 ? strlen(text) : 200;
		memcpy(to, text, len);
	}
	for (size_t i = 0; i < len; i++) {
		if (to[i] == '*' || to[i] == '?' || to[i] == '=' ||
			random_below(24) == 0) {
			to[i] = octets[random_below(sizeof(octets) - 1)];
		}
	}
	return len;
}

static int check(const char *count, const char *patterns, const char *path)
{
	size_t left = strtoul(count, NULL, 10), done = 0;
	struct text t = read_text(path);
	struct names names = read_names(&t);
	struct set s = {.title = patterns};
	struct loop l = {.n = 0};

	free(t.at);
	t = read_text(patterns);
	compile(&s, &t);
	l.p = must(calloc(s.n + 1, sizeof(*l.p)));
	for (; l.n < s.n; l.n++) {
		dlo_matcher_pattern(s.m, l.n, &l.p[l.n]);
	}
	for (; left > 0 && l.n > 0; left--) {
		struct dlo_name_buf buf;
		char text[300];
		struct dlo_name name;
		const char *msg;
		size_t err, len;

		if (done < names.n) {
			name = walk(&names, done++);
			compare_one(&l, s.m, &name);
			continue;
		}
		len = derive(&names, &l, text);
		if (!dlo_name_parse(text, len, &buf, &name, &err, &msg)) {
			compare_one(&l, s.m, &name);
			done++;
		}
	}
	printf("%zu names, %zu hits: no wrong verdict\n", done, l.hits);
	return 0;
}

int main(int argc, char **argv)
{
	struct names names;
	struct text t;
	struct set *s;
	size_t n_sets;

	if (argc == 5 && !strcmp(argv[1], "--check")) {
		return check(argv[2], argv[3], argv[4]);
	}
	if (argc < 3) {
		fprintf(stderr,
			"usage: match_bench NAMES [TITLE=]PATTERNS...\n"
			"       match_bench --check N PATTERNS NAMES\n");
		return 2;
	}
	t = read_text(argv[1]);
	names = read_names(&t);
	free(t.at);
	n_sets = (size_t)argc - 2;
	s = must(calloc(n_sets, sizeof(*s)));
	for (size_t i = 0; i < n_sets; i++) {
		s[i] = read_set(argv[i + 2], &names);
	}
	bench(s, n_sets, &names);
	for (size_t i = 0; i < n_sets; i++) {
		set_free(&s[i]);
	}
	free(s);
	return 0;
}
