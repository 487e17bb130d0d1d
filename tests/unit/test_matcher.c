/* SPDX-License-Identifier: BSD-2-Clause */
/* test_matcher.c - the compiled matcher against the loop that defines it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "matching.h"

/* ---- memory that runs out on purpose ---------------------------------- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static size_t allocations, fail_at; /* the fail_at-th fails; 0: none */

static bool fails(void)
{
	return ++allocations == fail_at;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

/* ---- each class of patterns ------------------------------------------- */

/* Patterns and a name with blanks between, and the ids that match. */
static const struct {
	const char *name, *patterns, *in, *want;
} cases[] = {
	{"nothing at all", "", "a.b", ""},
	{"domain, itself", "a.b", "a.b", "0"},
	{"domain, below", "a.b", "x.y.a.b", "0"},
	{"domain of one label", "onion", "x.onion", "0"},
	{"domain of one label, itself", "onion", "onion", "0"},
	{"domain of one label, two below", "onion", "x.y.onion", "0"},
	{"domain of four labels", "a.b.c.d", "x.a.b.c.d", "0"},
	{"not yet so deep", "a.b.c.d", "b.c.d", ""},
	{"exact", "=a.b", "a.b", "0"},
	{"exact, below", "=a.b", "x.a.b", ""},
	{"exact root", "=. a", ".", "0"},
	{"no root", "a", ".", ""},
	{"below", "*.a.b", "x.a.b", "0"},
	{"below, itself", "*.a.b", "a.b", ""},
	{"below one label", "*.onion", "x.onion", "0"},
	{"below one label, itself", "*.onion", "onion", ""},
	{"all of a branch", "d c.d b.c.d a.b.c.d =d =a.b.c.d *.d *.a.b.c.d",
		"a.b.c.d", "0 1 2 3 5 6"},
	{"duplicates are all reported", "a.b a.b A.B. =a.b a.b", "a.b",
		"0 1 2 3 4"},
	{"case of the name", "a.b *xyz.de *.q-r.*", "A.B", "0"},
	{"case of a tail", "*xyz.de", "WXYZ.DE", "0"},
	{"case of an infix", "*.q-r.*", "x.Q-R.y", "0"},
	{"glob under two whole labels", "?.top4top.io", "a.top4top.io", "0"},
	{"the same, one octet more", "?.top4top.io", "ab.top4top.io", ""},
	{"raw tail", "*ngrok.io", "xngrok.io", "0"},
	{"raw tail, itself", "*ngrok.io", "ngrok.io", "0"},
	{"raw tail, below", "*ngrok.io", "a.b.ngrok.io", "0"},
	{"raw tail in one label", "*host", "localhost", "0"},
	{"raw tail of one octet", "*t", "t", "0"},
	{"infix", "*ip-api.com*", "x.ip-api.com.evil.org", "0"},
	{"infix at both ends", "*ip-api.com*", "ip-api.com", "0"},
	{"infix across two labels", "*.portmap.*", "a.portmap.b.c", "0"},
	{"prefix", "pastebin.*", "pastebin.evil.example", "0"},
	{"prefix, not first", "pastebin.*", "www.pastebin.com", ""},
	{"prefix within a label", "paste*", "pastebin.com", "0"},
	{"infix without a dot", "*tor2web*", "a.xtor2webx.b", "0"},
	{"infix at the very start", "*tor2web*", "tor2web", "0"},
	{"two pieces", "*up.freeo*.space", "x.up.freeo1.space", "0"},
	{"single octets", "*a*", "xax.b", "0"},
	{"single octets, no", "*a*", "xx.b", ""},
	{"every name", "* a", "b", "0"},
	{"every name, the root too", "*", ".", "0"},
	{"question marks", "??? ???? *??? ?*?", "a.b", "0 2 3"},
	{"all indices at once", "*a.b.* b.c *b.c *xa* =xa.b.c ?a.b.c", "xa.b.c",
		"0 1 2 3 4 5"},
	{"dot in a label is no suffix", "a.b *a.b *.a.b", "x.a\\.b", ""},
	{"star in a label", "\\*.a.b *.a.b", "*.a.b", "0 1"},
	{"NUL in a label", "a.b a\\000b", "a\\000b", "1"},
	{"NUL ends no name", "a.b", "a.b\\000", ""},
	{"a length octet in a label", "a.b", "x\\001a.b", ""},
	{"a whole suffix in a label", "a.b", "x\\001a\\001b", ""},
	{"a raw tail cuts through anything", "*bcd.e", "\\001bcd.e", "0"},
	{"a folded length octet", "a.b", "x.!a.b", ""},
};

static void test_each_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		char got[256] = "";
		struct dlo_name_buf buf;
		struct dlo_name name;
		uint32_t ids[16];
		struct set s;
		size_t n;

		print_message("# %s\n", cases[i].name);
		set_open(&s, 16);
		set_add_all(&s, cases[i].patterns);
		set_build(&s);
		parse_name(cases[i].in, &buf, &name);
		n = dlo_matcher_match(s.m, &name, ids, LEN(ids));
		for (size_t j = 0; j < n; j++) {
			size_t at = strlen(got);

			snprintf(got + at, sizeof(got) - at, "%s%u",
				j ? " " : "", ids[j]);
		}
		assert_string_equal(got, cases[i].want);
		check_text(&s, cases[i].in);
		set_close(&s);
	}
}

static void test_every_class_in_one_set(void **state)
{
	struct set s;

	(void)state;
	set_open(&s, 1024);
	for (size_t i = 0; i < LEN(cases); i++) {
		set_add_all(&s, cases[i].patterns);
	}
	set_build(&s);
	for (size_t i = 0; i < LEN(cases); i++) {
		check_text(&s, cases[i].in);
	}
	set_close(&s);
}

static void test_a_small_cap_gets_the_least_ids(void **state)
{
	struct dlo_name_buf buf;
	struct dlo_name name;
	struct set s;

	(void)state;
	set_open(&s, 64);
	for (unsigned i = 0; i < 5; i++) {
		set_add_all(&s, "*a.b.* b.c x.y *b.c *xa* =xa.b.c * ?a.b.c");
	}
	set_build(&s);
	parse_name("xa.b.c", &buf, &name);
	for (size_t cap = 1; cap < 40; cap++) {
		assert_int_equal(check(&s, &name, cap), 35);
	}
	set_close(&s);
}

static void test_256_weak_globs_are_the_limit(void **state)
{
	struct dlo_pattern p;
	const char *msg = NULL;
	struct set s;
	char text[16];
	size_t at;

	(void)state;
	set_open(&s, 300);
	for (unsigned i = 0; i < 256; i++) {
		snprintf(text, sizeof(text), "*%c*%c?", 'a' + i % 26,
			'a' + i / 26);
		set_add(&s, text);
	}
	assert_int_equal(dlo_pattern_parse("*ab*", 4, &p, &at, &msg), 0);
	assert_int_equal(dlo_matcher_add(s.b, &p, &msg), 1);
	assert_non_null(msg);
	set_add(&s, "*abc*");
	set_add(&s, "ab");
	set_build(&s);
	check_text(&s, "xabcx");
	check_text(&s, "ab");
	set_close(&s);
}

/* ---- random names against the loop ------------------------------------ */

/* A pattern over a small alphabet, so that many match the same name. */
static void random_pattern(uint64_t *seed, char *to)
{
	static const char *const piece[] = {"a", "b", "ab", ".a.", ".b", "*",
		"?", "*.", "com", ".com", "abcabcabcab", "-", "0", ".c.d.e",
		"\\.", "\\001"};
	size_t n = 0;

	for (uint32_t k = 1 + random_below(seed, 6); k > 0; k--) {
		n += (size_t)sprintf(
			to + n, "%s", piece[random_below(seed, LEN(piece))]);
	}
}

static void test_random_sets_equal_the_loop(void **state)
{
	uint64_t seed = 7;
	size_t hits = 0;

	(void)state;
	for (size_t round = 0; round < 60; round++) {
		struct set s;
		uint32_t want = round % 3 ? 60 : 400;

		set_open(&s, want);
		for (uint32_t tries = 0; tries < 20 * want && s.n < want;
			tries++) {
			char text[128];
			const char *msg;
			size_t at;

			random_pattern(&seed, text);
			if (!dlo_pattern_parse(
				    text, strlen(text), &s.p[s.n], &at, &msg) &&
				!dlo_matcher_add(s.b, &s.p[s.n], &msg)) {
				s.n++;
			}
		}
		set_build(&s);
		hits += differ(&s, 2000);
		set_close(&s);
	}
	assert_true(hits > 50000);
}

/* More raw tails than the windows take: they go into the trie. */
static void test_many_raw_tails_equal_the_loop(void **state)
{
	static const char *const end[] = {"g.com", "ng.com", "ing.com",
		"sting.com", "hosting.com", "a.c", ".example", "xy.dyn.org"};
	uint64_t seed = 9;
	struct set s;
	char text[64];

	(void)state;
	set_open(&s, 2000);
	for (unsigned i = 0; i < 2000; i++) {
		unsigned r = random_below(&seed, 1u << 20);

		snprintf(text, sizeof(text), "*%.*x%s%.*x%s", (int)(r % 7),
			r * 77, r & 64 ? "" : "aaaaaaaaaa", (int)(r >> 7 & 3),
			r, end[r >> 9 & 7]);
		set_add(&s, text);
	}
	set_build(&s);
	assert_true(differ(&s, 20000) > 5000);
	set_close(&s);
}

/* More infixes than the buckets take: they become grams. */
static void test_many_infixes_equal_the_loop(void **state)
{
	static const char *const form[][2] = {{"*", "*"}, {"*", ".a*"},
		{"", "*"}, {"*b.", ".*"}, {"*", "?x*"}, {"*x.", "-*.com"}};
	uint64_t seed = 11;
	struct set s;
	char text[64], piece[16];

	(void)state;
	set_open(&s, 1000);
	for (unsigned i = 0; i < 1000; i++) {
		size_t n = 3 + random_below(&seed, 9);

		for (size_t j = 0; j < n; j++) {
			piece[j] = (char)('a' + random_below(&seed, 4));
		}
		piece[n] = '\0';
		snprintf(text, sizeof(text), "%s%s%s", form[i % LEN(form)][0],
			piece, form[i % LEN(form)][1]);
		set_add(&s, text);
	}
	set_build(&s);
	assert_true(differ(&s, 20000) > 5000);
	check_text(&s, "abcdabcdabcdabcdabcdabcdabcdabcdabcdabcd.abcdabcdabcd");
	check_text(&s, ".");
	set_close(&s);
}

static void test_longest_names(void **state)
{
	static const char *const patterns =
		"a.a b.a.a =a *.a *a.a.a.a *b.a.* "
		"*aaa* a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a "
		"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
		"*a*a*a*a*a*a*a*a*a*a*a*b a*a*a?a*a.* b*";
	char text[DLO_NAME_TEXT_MAX];
	struct set s;

	(void)state;
	set_open(&s, 16);
	set_add_all(&s, patterns);
	set_build(&s);
	for (size_t label = 1; label <= 63; label++) {
		/* As many labels of that length as 255 octets hold. */
		size_t n = 254 / (label + 1), len = 0;

		for (size_t i = 0; i < n; i++) {
			memset(text + len, 'a', label);
			len += label;
			text[len++] = '.';
		}
		text[len] = '\0';
		check_text(&s, text);
		text[0] = 'B';
		check_text(&s, text);
		text[len - 2] = 'b';
		check_text(&s, text);
	}
	set_close(&s);
}

/* A trie as deep as names are, each node with a pattern. */
static void test_deepest_trie(void **state)
{
	char text[300] = "";
	struct set s;

	(void)state;
	set_open(&s, 127);
	for (size_t i = 0; i < 127; i++) {
		strcat(text, i ? ".a" : "a");
		set_add(&s, text);
	}
	set_build(&s);
	check_text(&s, text);
	check_text(&s, "b.a.a.a.a.a.a.a.a.a.a");
	set_close(&s);
}

/* Processor time of building a set of 50,000 times `a.b` and `c.d` by turns,
 * and `last`. */
static clock_t build_time(const char *last)
{
	static struct dlo_pattern p[3];
	const char *const text[] = {"a.b", "c.d", last};
	const uint32_t n = 100000;
	struct dlo_matcher_builder *b;
	struct dlo_arena arena = {0};
	const struct dlo_matcher *m;
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	uint32_t id[2];
	clock_t from;
	size_t at;

	for (size_t i = 0; i < LEN(p); i++) {
		assert_int_equal(dlo_pattern_parse(text[i], strlen(text[i]),
					 &p[i], &at, &msg),
			0);
	}
	assert_int_equal(dlo_matcher_builder_new(&b), 0);
	for (uint32_t i = 0; i <= n; i++) {
		assert_int_equal(
			dlo_matcher_add(b, &p[i < n ? i % 2 : 2], &msg), 0);
	}
	from = clock();
	assert_int_equal(dlo_matcher_build(b, &arena, &m), 0);
	from = clock() - from;
	parse_name("c.d", &buf, &name);
	assert_int_equal(dlo_matcher_match(m, &name, id, 2), n / 2);
	assert_int_equal(id[1], 3);
	dlo_matcher_builder_free(b);
	dlo_arena_free(&arena);
	return from;
}

/* The seed comes from the content, so that a last pattern can be found that
 * puts the two keys into one bucket, the wrong way round. */
static void test_two_keys_crowd_one_bucket(void **state)
{
	clock_t fine = build_time("=z00000000"), bad = build_time("=z00030489");

	(void)state;
	print_message("# %ld and %ld us\n", (long)fine, (long)bad);
	assert_true(bad < 6 * fine);
}

static FILE *open_shared_list(void)
{
	const char *dir = getenv("DLO_SHARED");
	char path[512];

	snprintf(path, sizeof(path), "%s/patterns/p320.txt", dir ? dir : "");
	return dir ? fopen(path, "r") : NULL;
}

static void test_shared_list(void **state)
{
	char line[300];
	struct set s;
	FILE *f = open_shared_list();

	(void)state;
	assert_non_null(f);
	set_open(&s, 1000);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		set_add(&s, line);
	}
	fclose(f);
	set_build(&s);
	assert_true(differ(&s, 30000) > 5000);
	set_close(&s);
}

/* ---- memory ------------------------------------------------------------ */

static const char *const some[] = {"a.b", "=c.d", "*.e.f.g.h", "*ngrok.io",
	"*tor2web*", "*a*", "?.x.y", "onion"};

/* Builds a set. 0 or what failed. */
static int build_some(struct dlo_arena *arena, const struct dlo_matcher **m)
{
	static struct dlo_pattern p;
	struct dlo_matcher_builder *b;
	const char *msg;
	size_t at;
	int r = dlo_matcher_builder_new(&b);

	if (r) {
		return r;
	}
	for (size_t i = 0; i < 3000 && r == 0; i++) {
		const char *text = some[i % LEN(some)];

		assert_int_equal(
			dlo_pattern_parse(text, strlen(text), &p, &at, &msg),
			0);
		r = i % LEN(some) == 5 && i > 40 ? 0
						 : dlo_matcher_add(b, &p, &msg);
	}
	if (r == 0) {
		r = dlo_matcher_build(b, arena, m);
	}
	dlo_matcher_builder_free(b);
	return r;
}

static void test_every_allocation_may_fail(void **state)
{
	size_t n = 1;
	int r = -ENOMEM;

	(void)state;
	for (; r; n++) {
		struct dlo_arena arena = {0};
		const struct dlo_matcher *m = NULL;

		allocations = 0;
		fail_at = n;
		r = build_some(&arena, &m);
		fail_at = 0;
		assert_true(r == 0 || r == -ENOMEM);
		assert_true(r == 0 || !m);
		dlo_arena_free(&arena);
	}
	assert_true(n > 8);
}

/* The shared list is a run of its own: cmocka calls a skipped test "not ok". */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_class),
		cmocka_unit_test(test_every_class_in_one_set),
		cmocka_unit_test(test_a_small_cap_gets_the_least_ids),
		cmocka_unit_test(test_256_weak_globs_are_the_limit),
		cmocka_unit_test(test_random_sets_equal_the_loop),
		cmocka_unit_test(test_many_raw_tails_equal_the_loop),
		cmocka_unit_test(test_many_infixes_equal_the_loop),
		cmocka_unit_test(test_longest_names),
		cmocka_unit_test(test_deepest_trie),
		cmocka_unit_test(test_two_keys_crowd_one_bucket),
		cmocka_unit_test(test_every_allocation_may_fail),
	};
	const struct CMUnitTest shared[] = {
		cmocka_unit_test(test_shared_list),
	};
	FILE *f;

	if (argc < 2 || strcmp(argv[1], "shared") != 0) {
		return cmocka_run_group_tests(tests, NULL, NULL);
	}
	f = open_shared_list();
	if (!f) {
		puts("1..0 # SKIP DLO_SHARED names no folder with "
		     "patterns/p320.txt");
		return 0;
	}
	fclose(f);
	return cmocka_run_group_tests(shared, NULL, NULL);
}
