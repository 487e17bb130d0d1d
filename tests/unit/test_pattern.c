/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pattern.c - the grammar of patterns, and what one pattern matches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "match/pattern.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B61 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DOMAIN DLO_PATTERN_DOMAIN
#define EXACT DLO_PATTERN_EXACT
#define BELOW DLO_PATTERN_BELOW
#define GLOB DLO_PATTERN_GLOB

static struct dlo_pattern pattern, again;

static const struct {
	const char *name, *in;
	enum dlo_pattern_kind kind;
	const char *want; /* canonical text */
} good[] = {
	{"a name is a domain", "ngrok.io", DOMAIN, "ngrok.io"},
	{"case never matters", "NgRok.IO", DOMAIN, "ngrok.io"},
	{"one trailing dot goes", "ngrok.io.", DOMAIN, "ngrok.io"},
	{"one label", "onion", DOMAIN, "onion"},
	{"equals sign", "=api.x.org", EXACT, "=api.x.org"},
	{"equals sign and trailing dot", "=a.", EXACT, "=a"},
	{"the root alone", "=.", EXACT, "=."},
	{"below", "*.ngrok.io", BELOW, "*.ngrok.io"},
	{"below one label", "*.onion.", BELOW, "*.onion"},
	{"stars run together", "**.a.b", BELOW, "*.a.b"},
	{"AdBlock", "||example.net^", DOMAIN, "example.net"},
	{"AdBlock and trailing dot", "||example.net.^", DOMAIN, "example.net"},
	{"every name", "*", GLOB, "*"},
	{"every name, dotted", "***.", GLOB, "*"},
	{"a glob cuts through labels", "*serveo.net", GLOB, "*serveo.net"},
	{"a glob with a trailing dot", "pastebin.*.", GLOB, "pastebin.*"},
	{"two wildcards below", "*.a.?", GLOB, "*.a.?"},
	{"question mark", "?.top4top.io", GLOB, "?.top4top.io"},
	{"underscore and hyphens", "_dmarc.-x-.a_b", DOMAIN, "_dmarc.-x-.a_b"},
	{"escaped dot", "a\\.b.c", DOMAIN, "a\\.b.c"},
	{"escaped dot at the end", "a\\.", DOMAIN, "a\\."},
	{"escaped backslash, trailing dot", "a\\\\.", DOMAIN, "a\\\\"},
	{"escaped star is no wildcard", "\\*.a.b", DOMAIN, "\\*.a.b"},
	{"escaped question mark", "a\\?b", DOMAIN, "a\\?b"},
	{"star by number", "\\042.a", DOMAIN, "\\*.a"},
	{"letter by number", "\\065.b", DOMAIN, "a.b"},
	{"other octets by number", "\\000\\255\\032.b", DOMAIN,
		"\\000\\255\\032.b"},
	{"ldns's escapes", "\\(\\)\\;.b", DOMAIN, "\\(\\)\\;.b"},
	{"needless escape", "\\n\\grok.io", DOMAIN, "ngrok.io"},
	{"an escaped capital is folded", "\\N.io", DOMAIN, "n.io"},
	{"literal equals sign", "\\=a.b", DOMAIN, "\\=a.b"},
	{"literal equals sign inside", "a=.b", DOMAIN, "a=.b"},
	{"literal equals sign in EXACT", "==a", EXACT, "=\\=a"},
	{"literal bars", "\\||a^", DOMAIN, "\\||a^"},
	{"one bar", "|a", DOMAIN, "\\|a"},
	{"glob with escapes", "*a\\.b\\*?", GLOB, "*a\\.b\\*?"},
	{"IDN",
		"B\xc3\xbc"
		"cher.example",
		DOMAIN, "xn--bcher-kva.example"},
	{"IDN, decomposed",
		"bu\xcc\x88"
		"cher.de",
		DOMAIN, "xn--bcher-kva.de"},
	{"IDN, non-transitional",
		"stra\xc3\x9f"
		"e.de",
		DOMAIN, "xn--strae-oqa.de"},
	{"IDN below",
		"*.b\xc3\xbc"
		"cher.de",
		BELOW, "*.xn--bcher-kva.de"},
	{"IDN beside ASCII that is taken as it is",
		"a_b.b\xc3\xbc"
		"cher.-x",
		DOMAIN, "a_b.xn--bcher-kva.-x"},
	{"an A-label is taken as it is", "xn--a.b", DOMAIN, "xn--a.b"},
	{"label of 63", A63 ".b", DOMAIN, A63 ".b"},
	{"name of 255", A63 "." A63 "." A63 "." B61, DOMAIN,
		A63 "." A63 "." A63 "." B61},
};

static const struct {
	const char *name, *in;
	size_t at;
} bad[] = {
	{"nothing", "", 0},
	{"nothing after the equals sign", "=", 1},
	{"nothing in AdBlock's bars", "||^", 2},
	{"a domain that is every name", ".", 0},
	{"the same in AdBlock's bars", "||.^", 2},
	{"AdBlock without ^", "||a.b", 0},
	{"AdBlock with an escaped ^", "||a.b\\^", 0},
	{"AdBlock with a star", "||*.a.b^", 2},
	{"equals sign with a star", "=a.*", 3},
	{"leading dot", ".a", 0},
	{"two dots", "a..b", 2},
	{"two trailing dots", "a..", 2},
	{"empty label in a glob", "*..a", 2},
	{"leading dot in a glob", ".a*", 0},
	{"below nothing", "*..", 2},
	{"label of 64", "b.a" A63, 65},
	{"label of 64 in a glob", "*.a" A63 ".*", 65},
	{"a run of 64 in a glob", "*a" A63 "*", 64},
	{"name of 256", A63 "." A63 "." A63 "." B61 "b", 192},
	{"a glob that needs 256", "*" A63 "." A63 "." A63 "." B61 "?*", 254},
	{"blank", "a b", 1},
	{"tab", "a\tb", 1},
	{"control character", "a.\x01", 2},
	{"backslash at the end", "a\\", 1},
	{"bad number", "a.\\300", 2},
	{"not UTF-8", "a.b\xff.c", 2},
	{"cut UTF-8", "a.b\xc3.c", 2},
	{"IDN label with a blank", "b\xc3\xbc x", 3},
	{"IDN label with an escape", "b\xc3\xbc\\.x", 3},
	{"IDN label that cannot be", "a.\xe2\x80\x8d\xc3\xbc.b", 2},
	{"IDN label that becomes an escape",
		"a.\xef\xbc\xbc"
		"065.b",
		2},
	{"IDN label that becomes a star", "a.b\xef\xbc\x8a.c", 2},
	{"IDN label that becomes two", "a.b\xe3\x80\x82z.c", 2},
	{"IDN label that becomes none", "a.\xc2\xad.c", 2},
	{"IDN in a glob",
		"*b\xc3\xbc"
		"cher.de",
		1},
	{"IDN and one star more",
		"*.b\xc3\xbc"
		"cher.*",
		2},
};

static int parse(const char *text, struct dlo_pattern *p, size_t *at)
{
	const char *msg = NULL;
	int r = dlo_pattern_parse(text, strlen(text), p, at, &msg);

	assert_true(r == 0 || msg);
	return r;
}

/* The text of a pattern, until the second call from here. */
static const char *print(const struct dlo_pattern *p)
{
	static char text[2][DLO_PATTERN_TEXT_MAX];
	static unsigned turn;
	char *to = text[turn++ % 2];

	size_t len = dlo_pattern_print(p, to);

	assert_int_equal(len, strlen(to));
	return to;
}

static void test_kinds_and_canonical_text(void **state)
{
	size_t at;

	(void)state;
	for (size_t i = 0; i < LEN(good); i++) {
		print_message("# %s\n", good[i].name);
		assert_int_equal(parse(good[i].in, &pattern, &at), 0);
		assert_string_equal(print(&pattern), good[i].want);
		assert_int_equal(pattern.kind, good[i].kind);
	}
}

static void test_canonical_text_parses_back(void **state)
{
	size_t at;

	(void)state;
	for (size_t i = 0; i < LEN(good); i++) {
		assert_int_equal(parse(good[i].in, &pattern, &at), 0);
		assert_int_equal(parse(print(&pattern), &again, &at), 0);
		assert_int_equal(pattern.kind, again.kind);
		assert_string_equal(print(&pattern), print(&again));
		if (pattern.kind == GLOB) {
			assert_int_equal(pattern.n_glob, again.n_glob);
			assert_memory_equal(
				pattern.glob, again.glob, pattern.n_glob);
		} else {
			assert_int_equal(pattern.wire_len, again.wire_len);
			assert_memory_equal(
				pattern.wire, again.wire, pattern.wire_len);
		}
	}
}

static void test_each_octet_parses_back(void **state)
{
	char text[] = "\\000\\000.b";
	size_t at;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		for (size_t i = 0; i < 2; i++) {
			text[4 * i + 1] = (char)('0' + c / 100);
			text[4 * i + 2] = (char)('0' + c / 10 % 10);
			text[4 * i + 3] = (char)('0' + c % 10);
		}
		assert_int_equal(parse(text, &pattern, &at), 0);
		assert_int_equal(pattern.wire[1], dlo_lower((uint8_t)c));
		assert_int_equal(pattern.wire[2], dlo_lower((uint8_t)c));
		assert_int_equal(parse(print(&pattern), &again, &at), 0);
		assert_int_equal(pattern.kind, DOMAIN);
		assert_memory_equal(pattern.wire, again.wire, pattern.wire_len);
	}
}

static void test_errors_have_a_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		size_t at = SIZE_MAX;

		print_message("# %s\n", bad[i].name);
		assert_int_equal(parse(bad[i].in, &pattern, &at), 1);
		assert_int_equal(at, bad[i].at);
	}
}

static void test_nul_is_a_control_character(void **state)
{
	const char *msg;
	size_t at;

	(void)state;
	assert_int_equal(dlo_pattern_parse("a\0*", 3, &pattern, &at, &msg), 1);
	assert_int_equal(at, 1);
}

static const struct {
	const char *pattern, *name;
	bool want;
} matches[] = {
	{"ngrok.io", "ngrok.io", true},
	{"ngrok.io", "a.b.NGROK.io", true},
	{"ngrok.io", "xngrok.io", false},
	{"ngrok.io", "io", false},
	{"ngrok.io", "ngrok.io.a", false},
	{"ngrok.io", "x\\005ngrok.io", false}, /* a length octet imitated */
	{"ngrok.io", "x.\\005ngrok.io", false},
	{"ngrok.io", "ngrok\\.io", false},
	{"=a.b", "A.B", true},
	{"=a.b", "x.a.b", false},
	{"=.", ".", true},
	{"=.", "a", false},
	{"*.a.b", "x.a.b", true},
	{"*.a.b", "x.y.a.b", true},
	{"*.a.b", "a.b", false},
	{"*.a.b", "xa.b", false},
	{"*serveo.net", "serveo.net", true},
	{"*serveo.net", "NOTserveo.net", true},
	{"*serveo.net", "x.serveo.net", true},
	{"*serveo.net", "serveo\\.net", false},
	{"*.portmap.*", "x.portmap.io", true},
	{"*.portmap.*", "a.portmap.evil.example", true},
	{"*.portmap.*", "portmap.io", false},
	{"?.top4top.io", "a.top4top.io", true},
	{"?.top4top.io", "ab.top4top.io", false},
	{"?.top4top.io", "top4top.io", false},
	{"?.top4top.io", "\\..top4top.io", true},
	{"*up.freeo*.space", "x.up.freeo1.space", true},
	{"*up.freeo*.space", "up.freeo.a.space", true},
	{"*up.freeo*.space", "up.free.space", false},
	{"pastebin.*", "pastebin.com", true},
	{"pastebin.*", "pastebin.evil.example", true},
	{"pastebin.*", "www.pastebin.com", false},
	{"pastebin.*", "pastebin", false},
	{"a?b", "a.b", true},
	{"a?b", "axb", true},
	{"a?b", "ab", false},
	{"*", ".", true},
	{"*", "a.b", true},
	{"?", ".", false},
	{"*?", ".", false},
	{"*?", "a", true},
	{"*a*b*c*", "xaxbxcx", true},
	{"*a*b*c*", "c.b.a", false},
	{"*ab", "aab", true},
	{"*aab*", "aaab", true},
	{"\\*.a", "*.a", true},
	{"\\*.a", "x.a", false},
	{"*\\.x", "a\\.x", true},
	{"*\\.x", "a.x", false},
	{"*\\000*", "a\\000b", true},
	{"*\\001*", "a.b", false}, /* a boundary is no octet */
	{"a*", "a", true},
};

static void test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(matches); i++) {
		const char *in = matches[i].name, *msg;
		struct dlo_name_buf buf;
		struct dlo_name name;
		size_t at;

		print_message("# %s and %s\n", matches[i].pattern, in);
		assert_int_equal(parse(matches[i].pattern, &pattern, &at), 0);
		assert_int_equal(
			dlo_name_parse(in, strlen(in), &buf, &name, &at, &msg),
			0);
		assert_int_equal(
			dlo_pattern_matches(&pattern, &name), matches[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_and_canonical_text),
		cmocka_unit_test(test_canonical_text_parses_back),
		cmocka_unit_test(test_each_octet_parses_back),
		cmocka_unit_test(test_errors_have_a_place),
		cmocka_unit_test(test_nul_is_a_control_character),
		cmocka_unit_test(test_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
