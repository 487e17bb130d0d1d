/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * match_bench.c - nanoseconds a name, beside others.
 *
 *	match_bench NAMES TITLE=PATTERNS[=NAMES]...
 *
 * All are texts with one entry a line. Each set of patterns is compiled by all
 * who can hold it; then everybody in turn has a lap over the names, of each
 * kind below, again and again, and the median of the laps counts: noise hits
 * all alike. Each lap another begins, as the first finds the names cold. Names
 * with more than 16 matches are left out. A set with NAMES of its own is asked
 * for these only, all of them, and by us only. Our time includes the walk over
 * the wire name, each at a place known beforehand as in a capture; the others
 * get text, or the wire form, in lower case and for nothing.
 *
 * Prints lines of set, kind of names or what else is measured, who, value. All
 * times are of CPU.
 */
#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "match/matcher.h"
#include "names.h"
#include "rivals.h"

#define LAPS 9
#define MATCHES_MAX 16
#define REGEX_MAX 4096
#define HITS_MAX 100000 /* names made for a set */
#define WARM 1000

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

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- a set of patterns, compiled by all ---------------------------------- */

/* Which names are asked for. */
enum kind {
	REAL, /* NAMES as they come, each once */
	MISSES, /* of these, what nothing matches */
	HITS, /* made of the patterns */
	WARM_UP, /* a thousand again and again */
	FLOOD, /* a label that nobody has seen before each of NAMES */
	OWN, /* a set's own */
	N_KINDS
};
static const char *const kind_names[] = {
	"real", "misses", "hits", "warm", "flood", "crafted"};
static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == N_KINDS, "");

struct asked {
	uint32_t *i;
	size_t n, hits;
};

struct set {
	const char *title;
	size_t n; /* patterns */
	struct dlo_arena arena;
	const struct dlo_matcher *m;
	double build_s;
	struct asked asked[N_KINDS];
	struct {
		void *x; /* NULL: too large for it */
		size_t bytes, n;
		double build_s;
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
			all[n].wire = lower(
				must(malloc(p.wire_len)), p.wire, p.wire_len);
			all[n].wire_len = p.wire_len - 1u;
		}
		n++;
	}
	*ret_n = n;
	return all;
}

/* As malloc sees it. */
static size_t heap(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void compile_rival(struct set *s, size_t i)
{
	struct bench_pattern *p;
	size_t before;
	double t;

	if (s->n > rivals[i]->max) {
		return;
	}
	p = patterns_for(s, rivals[i], &s->rival[i].n);
	if (s->rival[i].n > 0) {
		before = heap();
		t = now_s();
		s->rival[i].x = rivals[i]->build(p, s->rival[i].n);
		s->rival[i].build_s = now_s() - t;
		s->rival[i].bytes = heap() - before;
	}
	for (size_t j = 0; j < s->rival[i].n; j++) {
		free((void *)(uintptr_t)p[j].regex);
		free((void *)(uintptr_t)p[j].wire);
	}
	free(p);
}

/* ---- names --------------------------------------------------------------- */

/* The first label of a real name, as text. */
static size_t one_label(const struct names *n, const char **ret)
{
	const struct bench_name *b =
		&n->lower[random_below((uint32_t)n->n_real)];

	*ret = b->text;
	return b->wire[0];
}

static void add_flood(struct names *n)
{
	static const char octets[] = "abcdefghijklmnopqrstuvwxyz012345";
	char text[DLO_NAME_TEXT_MAX + 16];

	n->n_real = n->n;
	for (size_t i = 0; i < n->n_real; i++) {
		const struct bench_name *b = &n->lower[i];
		size_t len = 0;

		for (; len < 12; len++) {
			text[len] = octets[random_below(32)];
		}
		text[len++] = '.';
		memcpy(text + len, b->text, b->text_len);
		add_name(n, text, len + b->text_len);
	}
	n->n_flood = n->n - n->n_real;
}

/* A name that a pattern matches: for each star a label of a real name. */
static void add_hit(struct names *n, const struct dlo_pattern *p)
{
	static char text[DLO_PATTERN_TEXT_MAX], to[2 * DLO_PATTERN_TEXT_MAX];
	const char *from = text, *label;
	size_t len = 0, n_label;

	dlo_pattern_print(p, text);
	if (p->kind == DLO_PATTERN_DOMAIN && random_below(2)) {
		len = one_label(n, &label);
		memcpy(to, label, len);
		to[len++] = '.';
	}
	for (from += p->kind == DLO_PATTERN_EXACT; *from; from++) {
		if (*from == '*' && len < DLO_NAME_MAX) {
			n_label = one_label(n, &label);
			memcpy(to + len, label, n_label);
			len += n_label;
		} else {
			to[len++] = *from == '?' ? 'x' : *from;
		}
	}
	add_name(n, to, len);
}

/* Of the n names from `first` on, those that are of this kind. */
static void ask(struct set *s, enum kind k, const struct names *n, size_t first,
	size_t count)
{
	struct asked *a = &s->asked[k];

	a->i = must(calloc(count + 1, sizeof(*a->i)));
	for (size_t j = 0; j < count; j++) {
		size_t i = first + (k == WARM_UP ? j % WARM : j);
		struct dlo_name name = walk(n, i);
		uint32_t id;
		size_t found = dlo_matcher_match(s->m, &name, &id, 1);

		if (k != OWN &&
			(found > MATCHES_MAX || (k == HITS && found == 0) ||
				(k == MISSES && found > 0))) {
			continue;
		}
		a->i[a->n++] = (uint32_t)i;
		a->hits += found > 0;
	}
}

static void ask_all_kinds(struct set *s, struct names *n)
{
	size_t first = n->n;

	for (size_t i = 0; i < HITS_MAX && s->n > 0; i++) {
		struct dlo_pattern p;

		dlo_matcher_pattern(s->m, random_below((uint32_t)s->n), &p);
		add_hit(n, &p);
	}
	ask(s, REAL, n, 0, n->n_real);
	ask(s, MISSES, n, 0, n->n_real);
	ask(s, HITS, n, first, n->n - first);
	ask(s, WARM_UP, n, 0, n->n_real < WARM ? 0 : n->n_real);
	ask(s, FLOOD, n, n->n_real, n->n_flood);
}

static struct set read_set(char *arg, struct names *n)
{
	char *patterns = strchr(arg, '='), *own;
	struct set s = {.title = arg};
	struct text t;
	double since;

	if (!patterns) {
		errno = EINVAL;
		die(arg);
	}
	*patterns++ = '\0';
	own = strchr(patterns, '=');
	if (own) {
		*own++ = '\0';
	}
	t = read_text(patterns);
	since = now_s();
	s.n = compile(&t, &s.arena, &s.m);
	s.build_s = now_s() - since;
	free(t.at);
	if (own) {
		size_t first = n->n;

		read_names(n, own);
		ask(&s, OWN, n, first, n->n - first);
		return s;
	}
	for (size_t i = 0; i < N_RIVALS; i++) {
		compile_rival(&s, i);
	}
	ask_all_kinds(&s, n);
	return s;
}

static void set_free(struct set *s)
{
	for (size_t i = 0; i < N_RIVALS; i++) {
		if (s->rival[i].x) {
			rivals[i]->free(s->rival[i].x);
		}
	}
	for (size_t k = 0; k < N_KINDS; k++) {
		free(s->asked[k].i);
	}
	dlo_arena_free(&s->arena);
}

/* ---- laps ---------------------------------------------------------------- */

static volatile size_t sink;

static double lap_walk(const struct asked *a, const struct names *n)
{
	size_t labels = 0;
	double t = now_s();

	for (size_t i = 0; i < a->n; i++) {
		labels += walk(n, a->i[i]).n_labels;
	}
	sink += labels;
	return (now_s() - t) / (double)a->n * 1e9;
}

static double lap(
	const struct set *s, const struct asked *a, const struct names *n)
{
	uint32_t ids[MATCHES_MAX];
	size_t found = 0;
	double t = now_s();

	for (size_t i = 0; i < a->n; i++) {
		struct dlo_name name = walk(n, a->i[i]);

		found += dlo_matcher_match(s->m, &name, ids, MATCHES_MAX);
	}
	sink += found;
	return (now_s() - t) / (double)a->n * 1e9;
}

static double lap_rival(const struct set *s, const struct asked *a,
	const struct names *n, size_t r)
{
	size_t hits = 0;
	double t = now_s();

	for (size_t i = 0; i < a->n; i++) {
		hits += rivals[r]->match(s->rival[r].x, &n->lower[a->i[i]]);
	}
	sink += hits;
	return (now_s() - t) / (double)a->n * 1e9;
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

/* The walk, we, the others. */
enum { WALK, OURS, RIVALS, N_WHO = RIVALS + N_RIVALS };

struct laps {
	double ns[N_WHO][LAPS];
};

static const char *who_is(size_t who)
{
	return who == WALK   ? "walk"
	       : who == OURS ? "dnslookout"
			     : rivals[who - RIVALS]->name;
}

static bool takes_part(const struct set *s, size_t who)
{
	return who < RIVALS || s->rival[who - RIVALS].x;
}

static void print(
	const struct set *s, const char *what, const char *who, double value)
{
	printf("%s\t%s\t%s\t%.6g\n", s->title, what, who, value);
}

static void print_set(const struct set *s)
{
	print(s, "patterns", "dnslookout", (double)s->n);
	print(s, "build", "dnslookout", s->build_s);
	print(s, "bytes", "dnslookout", (double)s->arena.bytes / (double)s->n);
	for (size_t r = 0; r < N_RIVALS; r++) {
		double n = (double)s->rival[r].n;

		if (s->rival[r].x) {
			print(s, "patterns", rivals[r]->name, n);
			print(s, "build", rivals[r]->name, s->rival[r].build_s);
			print(s, "bytes", rivals[r]->name,
				(double)s->rival[r].bytes / n);
		}
	}
}

static void print_laps(const struct set *s, enum kind k, struct laps *l)
{
	const char *kind = kind_names[k];

	print(s, kind, "names", (double)s->asked[k].n);
	print(s, kind, "hits", (double)s->asked[k].hits);
	for (size_t who = 0; who < N_WHO; who++) {
		if (takes_part(s, who)) {
			print(s, kind, who_is(who), median(l->ns[who]));
		}
	}
}

/* A lap of all over the names of a kind, if the set has any. */
static void run(const struct set *s, enum kind k, const struct names *n,
	struct laps *l, size_t at)
{
	const struct asked *a = &s->asked[k];

	for (size_t i = 0; i < N_WHO && a->n > 0; i++) {
		size_t who = (i + at) % N_WHO;

		if (!takes_part(s, who)) {
			continue;
		}
		l->ns[who][at] = who == WALK ? lap_walk(a, n)
				 : who == OURS
					 ? lap(s, a, n)
					 : lap_rival(s, a, n, who - RIVALS);
	}
}

static void bench(struct set *s, size_t n_sets, const struct names *n)
{
	struct laps(*l)[N_KINDS] = must(calloc(n_sets, sizeof(*l)));

	for (size_t at = 0; at < LAPS; at++) {
		for (size_t i = 0; i < n_sets * N_KINDS; i++) {
			size_t set = i / N_KINDS, k = i % N_KINDS;

			run(&s[set], (enum kind)k, n, &l[set][k], at);
		}
	}
	for (size_t i = 0; i < n_sets; i++) {
		print_set(&s[i]);
		for (size_t k = 0; k < N_KINDS; k++) {
			if (s[i].asked[k].n > 0) {
				print_laps(&s[i], (enum kind)k, &l[i][k]);
			}
		}
	}
	free(l);
}

int main(int argc, char **argv)
{
	struct names names = {.n = 0};
	struct set *s;
	size_t n_sets;

	if (argc < 3) {
		fprintf(stderr,
			"usage: match_bench NAMES TITLE=PATTERNS[=NAMES]...\n");
		return 2;
	}
	read_names(&names, argv[1]);
	add_flood(&names);
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
