/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_scale.c - sets that are large or crowded against the loop that defines
 * them; what only these use, by itself.
 */
#include "matching.h"

#include "match/flat.h"
#include "match/places.h"

/* ---- where octets stand ------------------------------------------------- */

/* A name of labels over few octets, now and then a rare one; n labels. */
static void random_name(uint64_t *seed, uint32_t n, struct dlo_name_buf *buf,
	struct dlo_name *ret)
{
	static const char octets[] = "aaab-_9c";
	size_t at = 0, off = 0;

	for (; n > 0; n--) {
		size_t len =
			1 + random_below(seed, random_below(seed, 8) ? 9 : 63);

		if (at + len + 2 > DLO_NAME_MAX) {
			break;
		}
		buf->wire[at++] = (uint8_t)len;
		for (; len > 0; len--) {
			buf->wire[at++] =
				random_below(seed, 40)
					? (uint8_t)octets[random_below(seed, 8)]
					: (uint8_t)random_below(seed, 256);
		}
	}
	buf->wire[at++] = 0;
	assert_int_equal(dlo_name_walk(buf->wire, at, &off, ret), DLO_NAME_OK);
}

/* A glob made of pieces of the name, so that it often matches. */
static size_t random_glob(
	uint64_t *seed, const struct dlo_flat *f, uint8_t *to, size_t cap)
{
	const uint8_t *name = dlo_flat_at(f) + 1;
	size_t n = 0, at = 0;

	while (n + 2 < cap) {
		uint32_t r = random_below(seed, 12);

		if (at >= f->len && r) {
			break;
		}
		if (r == 0 && (n == 0 || to[n - 1] != DLO_GLOB_RUN)) {
			to[n++] = DLO_GLOB_RUN;
			at += random_below(seed, 40);
		} else if (r == 1) {
			to[n++] = DLO_GLOB_ONE;
			at++;
		} else if (r == 2 && random_below(seed, 4) == 0) {
			to[n++] = 'a';
			at++;
		} else if (at < f->len) {
			to[n++] = name[at++];
		}
	}
	if (n == 0) {
		to[n++] = DLO_GLOB_RUN;
	}
	return n;
}

static void test_places_equal_octets(void **state)
{
	size_t matches = 0, inexact = 0, longer = 0;
	uint64_t seed = 3;

	(void)state;
	for (size_t i = 0; i < 200000; i++) {
		uint8_t glob[DLO_GLOB_MAX];
		struct dlo_places places;
		struct dlo_name_buf buf;
		struct dlo_name name;
		struct dlo_flat flat;
		bool want, got, exact;
		size_t n;

		random_name(&seed, random_below(&seed, 9), &buf, &name);
		dlo_flatten(&name, &flat);
		dlo_places_find(&flat, &places);
		n = random_glob(&seed, &flat, glob, sizeof(glob) / 2);
		want = dlo_flat_matches(&flat, glob, n);
		got = dlo_places_match(&places, glob, n, &exact);
		assert_true(got || !want);
		assert_true(got == want || !exact);
		assert_true(
			!want || !(dlo_places_need(glob, n) & ~places.letters));
		matches += want;
		inexact += got && !exact;
		longer += want && flat.len > 63;
	}
	assert_true(matches > 20000 && inexact > 1000 && longer > 5000);
}

static void test_flat_names(void **state)
{
	uint64_t seed = 4;

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		struct dlo_name_buf buf;
		struct dlo_name name;
		struct dlo_flat flat;
		const uint8_t *at = dlo_flat_at(&flat);

		random_name(&seed, random_below(&seed, 30), &buf, &name);
		buf.wire[1] = name.len > 2 ? 'Q' : buf.wire[1];
		dlo_flatten(&name, &flat);
		assert_int_equal(flat.len, name.len > 1 ? name.len - 2 : 0);
		assert_int_equal(at[flat.len + 1], DLO_GLOB_BOUNDARY);
		for (size_t label = 0; name.wire[label];
			label += name.wire[label] + 1u) {
			assert_int_equal(at[label], DLO_GLOB_BOUNDARY);
			for (size_t j = 1; j <= name.wire[label]; j++) {
				assert_int_equal(at[label + j],
					dlo_lower(name.wire[label + j]));
			}
		}
	}
}

/* ---- large sets --------------------------------------------------------- */

/* A domain under few others, so that there are deep and shared suffixes. */
static void random_domain(uint64_t *seed, char *to, size_t cap)
{
	static const char *const kind[] = {"", "", "", "=", "*."};
	static const char *const top[] = {"com", "co.uk", "blog.example",
		"example", "a.b.c.example", "x"};
	int n = snprintf(to, cap, "%s", kind[random_below(seed, LEN(kind))]);

	for (uint32_t k = random_below(seed, 4); k > 0; k--) {
		n += snprintf(to + n, cap - (size_t)n, "%x.",
			random_below(seed, k == 1 ? 1u << 14 : 20));
	}
	snprintf(to + n, cap - (size_t)n, "%s",
		top[random_below(seed, LEN(top))]);
}

static void add_domains(struct set *s, uint64_t *seed, uint32_t n)
{
	char text[128];

	for (; n > 0; n--) {
		random_domain(seed, text, sizeof(text));
		set_add(s, text);
	}
}

static void test_many_domains_equal_the_loop(void **state)
{
	uint64_t seed = 30;
	struct set s;

	(void)state;
	set_open(&s, 30000);
	add_domains(&s, &seed, 30000);
	set_build(&s);
	assert_true(differ(&s, 3000) > 20000);
	set_close(&s);
}

/* The same domains over and over, as in lists that overlap. */
static void test_overlapping_lists(void **state)
{
	struct set s;

	(void)state;
	set_open(&s, 4000);
	for (size_t i = 0; i < 1000; i++) {
		set_add_all(&s, i % 2 ? "a.example b.a.example =c.example"
				      : "b.a.example *.a.example d.example");
	}
	set_build(&s);
	check_text(&s, "b.a.example");
	check_text(&s, "x.b.a.example");
	check_text(&s, "c.example");
	check_text(&s, "example");
	set_close(&s);
}

/* A thousand globs under one domain, and as many raw tails with one end. */
static void test_crowded_keys(void **state)
{
	struct set s;
	char text[64];

	(void)state;
	set_open(&s, 3000);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "node%u-*.crowd.example", i * 7);
		set_add(&s, text);
		snprintf(text, sizeof(text), "*%x?a-very-long-common-end.com",
			i * 31);
		set_add(&s, text);
		snprintf(text, sizeof(text), "?%u.crowd.example", i % 10);
		set_add(&s, text);
	}
	set_build(&s);
	assert_true(differ(&s, 20000) > 10000);
	set_close(&s);
}

/* A glob around one or two words. */
static void glob_of(uint64_t *seed, const char *w, const char *v, char *to)
{
	static const char *const form[][3] = {{"*", NULL, "*"}, {"*", NULL, ""},
		{"", NULL, "*"}, {"*.", NULL, ".*"}, {"*", "*", "*"},
		{"?*", "?", "*?"}};
	const char *const *f = form[random_below(seed, LEN(form))];

	sprintf(to, "%s%s%s%s%s", f[0], w, f[1] ? f[1] : "", f[1] ? v : "",
		f[2]);
}

/* 64 words of three letters' alphabet; some are short of three. */
static void make_words(uint64_t *seed, char word[64][16])
{
	for (size_t i = 0; i < 64; i++) {
		size_t len = (i ? 3 : 2) + random_below(seed, 7);

		for (size_t j = 0; j < len; j++) {
			word[i][j] = (char)('a' + random_below(seed, 3));
		}
		word[i][len] = '\0';
	}
}

static void check_name_of(
	const struct set *s, uint64_t *seed, char word[64][16])
{
	char text[300];
	size_t len = 0;

	while (len < 235) {
		len += (size_t)sprintf(text + len, "%s%s",
			word[random_below(seed, 64)],
			random_below(seed, 4) ? "" : ".");
	}
	for (size_t i = 60; i < len; i += 60) { /* no label is too long */
		text[i] = '.';
		text[i - 1] = text[i + 1] = 'c';
	}
	check_text(s, text);
}

/* Words of one alphabet, and names that consist of them: every gram of the name
 * is in the table, most of them more than once. */
static void test_names_made_of_infixes(void **state)
{
	static char word[64][16];
	uint64_t seed = 32;

	(void)state;
	for (uint32_t n = 60; n <= 3000; n *= 7) {
		struct set s;
		char text[64];

		set_open(&s, n);
		make_words(&seed, word);
		for (uint32_t i = 0; i < n; i++) {
			glob_of(&seed, word[i % 64],
				word[random_below(&seed, 64)], text);
			set_add(&s, text);
		}
		set_build(&s);
		for (size_t i = 0; i < 200; i++) {
			check_name_of(&s, &seed, word);
		}
		assert_true(differ(&s, 1000) > 1000);
		set_close(&s);
	}
}

/* All kinds together: no index takes what is another's. */
static void test_a_set_of_everything(void **state)
{
	uint64_t seed = 33;
	struct set s;
	char text[64];

	(void)state;
	set_open(&s, 9000);
	add_domains(&s, &seed, 6000);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "*%x.com", i * 77);
		set_add(&s, text);
		snprintf(text, sizeof(text), "*%x*", i * 4096 + i);
		set_add(&s, text);
		snprintf(text, sizeof(text), "%x*.co.uk", i);
		set_add(&s, text);
	}
	set_build(&s);
	assert_true(differ(&s, 5000) > 20000);
	set_close(&s);
}

/* What is cut off is gone; what is added then has its id. */
static void test_cut_and_go_on(void **state)
{
	struct dlo_pattern p;
	const char *msg;
	struct set s;
	char text[16];
	size_t at;

	(void)state;
	set_open(&s, 600);
	set_add_all(&s, "a.b *ngrok.io *x*");
	for (unsigned i = 0; i < 255; i++) {
		snprintf(text, sizeof(text), "*%c*%c?", 'a' + i % 26,
			'a' + i / 26);
		set_add(&s, text);
	}
	assert_int_equal(dlo_pattern_parse("*y*", 3, &p, &at, &msg), 0);
	assert_int_equal(dlo_matcher_add(s.b, &p, &msg), 1);
	dlo_matcher_cut(s.b, 2);
	s.n = 2;
	assert_int_equal(dlo_matcher_add(s.b, &p, &msg), 0);
	s.p[s.n++] = p;
	for (unsigned i = 0; i < 255; i++) {
		snprintf(text, sizeof(text), "?*%c*", 'a' + i % 26);
		set_add(&s, text);
	}
	assert_int_equal(dlo_matcher_add(s.b, &p, &msg), 1);
	dlo_matcher_cut(s.b, 600); /* there are fewer */
	set_build(&s);
	check_text(&s, "xy.ngrok.io");
	check_text(&s, "x.a.b");
	set_close(&s);
}

/* Every pattern comes back as it was added. */
static void test_patterns_come_back(void **state)
{
	uint64_t seed = 34;
	struct set s;
	char text[400];

	(void)state;
	set_open(&s, 2000);
	add_domains(&s, &seed, 1000);
	for (unsigned i = 0; i < 200; i++) { /* of every length */
		size_t n = 0;

		for (; n < i; n++) {
			text[n] = n % 60 == 59 ? '.' : 'a';
		}
		snprintf(text + n, sizeof(text) - n, "%s", i % 2 ? "z" : "*");
		set_add(&s, text);
	}
	set_build(&s);
	for (uint32_t id = 0; id < s.n; id++) {
		static char want[DLO_PATTERN_TEXT_MAX], got[sizeof(want)];
		struct dlo_pattern p;

		dlo_matcher_pattern(s.m, id, &p);
		dlo_pattern_print(&p, got);
		dlo_pattern_print(&s.p[id], want);
		assert_string_equal(got, want);
	}
	set_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_equal_octets),
		cmocka_unit_test(test_flat_names),
		cmocka_unit_test(test_many_domains_equal_the_loop),
		cmocka_unit_test(test_overlapping_lists),
		cmocka_unit_test(test_crowded_keys),
		cmocka_unit_test(test_names_made_of_infixes),
		cmocka_unit_test(test_a_set_of_everything),
		cmocka_unit_test(test_cut_and_go_on),
		cmocka_unit_test(test_patterns_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
