/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_meet.c - whether two patterns have names in common: against all short
 * names.
 */
#include "match/meet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- all of both --------------------------------------------------------- */

/* A name that two patterns of four characters have in common can be had with
 * eight: each symbol that is no star takes one, and what stars must take (an
 * octet beside a dot) is less than the characters that they stand in for. */
#define NAME_LEN 8
#define PATTERN_LEN 4
#define WORDS 64 /* of a set of names */

struct entry {
	char text[PATTERN_LEN + 2];
	struct dlo_symbols symbols;
	uint64_t names[WORDS]; /* a bit for each that matches */
};

static char (*names)[NAME_LEN + 1];
static size_t n_names;
static struct entry *entries;
static size_t n_entries;

/* Writes number i in the letters given, which are digits. */
static size_t spell(unsigned i, const char *letters, char *to)
{
	unsigned base = (unsigned)strlen(letters) + 1;
	size_t n = 0;

	for (; i > 0; i /= base) {
		to[n++] = i % base ? letters[i % base - 1] : ' ';
	}
	to[n] = '\0';
	return n;
}

static void make_names(void)
{
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	char text[32];
	size_t at;

	strcpy(names[n_names++], "."); /* the root */
	for (unsigned i = 1; i < 1u << 16; i++) { /* 4^8 */
		size_t n = spell(i, "ab.", text);

		if (!strchr(text, ' ') && text[0] != '.' &&
			text[n - 1] != '.' &&
			!dlo_name_parse(text, n, &buf, &name, &at, &msg)) {
			strcpy(names[n_names++], text);
		}
	}
	assert_true(n_names > 500 && n_names <= WORDS * 64);
}

static void match_names(const struct dlo_pattern *p, uint64_t *set)
{
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	size_t at;

	for (size_t i = 0; i < n_names; i++) {
		assert_int_equal(dlo_name_parse(names[i], strlen(names[i]),
					 &buf, &name, &at, &msg),
			0);
		if (dlo_pattern_matches(p, &name)) {
			set[i / 64] |= UINT64_C(1) << i % 64;
		}
	}
}

static void add_pattern(const char *text)
{
	static struct dlo_pattern p;
	struct entry *e = &entries[n_entries];
	const char *msg;
	size_t at;

	if (!dlo_pattern_parse(text, strlen(text), &p, &at, &msg)) {
		snprintf(e->text, sizeof(e->text), "%s", text);
		dlo_symbols(&p, &e->symbols);
		match_names(&p, e->names);
		n_entries++;
	}
}

static void make_patterns(void)
{
	char text[PATTERN_LEN + 2] = "=";

	add_pattern("=.");
	for (unsigned i = 1; i < 6 * 6 * 6 * 6; i++) {
		spell(i, "ab.*?", text + 1);
		if (!strchr(text, ' ')) {
			add_pattern(text + 1);
			add_pattern(text);
		}
	}
	assert_true(n_entries > 300);
}

static bool common(const struct entry *a, const struct entry *b)
{
	uint64_t any = 0;

	for (size_t i = 0; i < WORDS; i++) {
		any |= a->names[i] & b->names[i];
	}
	return any != 0;
}

static void test_all_short_patterns(void **state)
{
	unsigned long n_common = 0, n_bad = 0;

	(void)state;
	names = calloc(WORDS * 64, sizeof(*names));
	entries = calloc(2000, sizeof(*entries));
	assert_true(names && entries);
	make_names();
	make_patterns();
	for (size_t i = 0; i < n_entries; i++) {
		for (size_t k = 0; k < n_entries; k++) {
			bool want = common(&entries[i], &entries[k]);

			n_common += want;
			if (dlo_symbols_meet(&entries[i].symbols,
				    &entries[k].symbols) != want &&
				n_bad++ < 5) {
				print_error("%s and %s: %s\n", entries[i].text,
					entries[k].text,
					want ? "meet" : "do not meet");
			}
		}
	}
	assert_int_equal(n_bad, 0);
	assert_true(n_common > n_entries);
	free(names);
	free(entries);
}

/* ---- some that are longer ------------------------------------------------ */

static const struct meet_case {
	const char *a, *b;
	bool want;
} meet_cases[] = {
	{"ngrok.io", "a.ngrok.io", true},
	{"ngrok.io", "*.ngrok.io", true},
	{"=ngrok.io", "*.ngrok.io", false},
	{"=ngrok.io", "ngrok.io", true},
	{"xngrok.io", "ngrok.io", false},
	{"*ngrok.io", "=xngrok.io", true},
	{"*.portmap.*", "portmap.io", true},
	{"=portmap.io", "*.portmap.*", false},
	{"a*b", "*c*d", false},
	{"a*b", "*c*b", true},
	{"?.top4top.io", "=ab.top4top.io", false},
	{"*", "=.", true},
	{"?*", "=.", false},
	{"a\\.b", "a.b", false}, /* a dot in a label */
	{"*a?b*", "=a.b", true},
};

static void test_meet(void **state)
{
	static struct dlo_pattern p;
	struct dlo_symbols s[2];
	const char *msg;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(meet_cases) / sizeof(*meet_cases); i++) {
		const struct meet_case *c = &meet_cases[i];
		const char *text[2] = {c->a, c->b};

		for (unsigned k = 0; k < 2; k++) {
			assert_int_equal(
				dlo_pattern_parse(text[k], strlen(text[k]), &p,
					&at, &msg),
				0);
			dlo_symbols(&p, &s[k]);
		}
		print_message("# %s, %s\n", c->a, c->b);
		assert_int_equal(dlo_symbols_meet(&s[0], &s[1]), c->want);
		assert_int_equal(dlo_symbols_meet(&s[1], &s[0]), c->want);
	}
}

/* As long as patterns get. */
static void test_long(void **state)
{
	static struct dlo_pattern p;
	struct dlo_symbols s;
	char text[512] = "";
	const char *msg;
	size_t at;

	(void)state;
	for (unsigned i = 0; i < 63; i++) {
		strcat(text, "*?*a.");
	}
	text[strlen(text) - 1] = '\0';
	assert_int_equal(
		dlo_pattern_parse(text, strlen(text), &p, &at, &msg), 0);
	dlo_symbols(&p, &s);
	assert_true(dlo_symbols_meet(&s, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_short_patterns),
		cmocka_unit_test(test_meet),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
