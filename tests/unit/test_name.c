/* SPDX-License-Identifier: BSD-2-Clause */
/* test_name.c - wire names: walking, unfolding, printing, parsing; and ldns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "wire/name.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define HEADER "\0\0\0\0\0\0\0\0\0\0\0\0"
#define L63 \
	"\77" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* A message whose name begins after the header; in: what follows it. */
struct wire_case {
	const char *name, *in;
	size_t len;
	enum dlo_name_result walk, unfold;
	size_t off; /* after unfolding, less the header */
	const char *want; /* printed after unfolding */
};
#define IN(text) text, sizeof(text) - 1

static const struct wire_case wire_cases[] = {
	{"the root", IN("\0"), DLO_NAME_OK, DLO_NAME_OK, 1, "."},
	{"one label", IN("\3com\0"), DLO_NAME_OK, DLO_NAME_OK, 5, "com"},
	{"case is folded in print", IN("\3wWw\2De\0x"), DLO_NAME_OK,
		DLO_NAME_OK, 8, "www.de"},
	{"a dot in a label is escaped", IN("\3a.b\0"), DLO_NAME_OK, DLO_NAME_OK,
		5, "a\\.b"},
	{"NUL and blank are decimal", IN("\2\0 \0"), DLO_NAME_OK, DLO_NAME_OK,
		4, "\\000\\032"},
	{"no octet at all", IN(""), DLO_NAME_CUT, DLO_NAME_CUT, 0, NULL},
	{"cut in a label", IN("\3co"), DLO_NAME_CUT, DLO_NAME_CUT, 0, NULL},
	{"cut before the root", IN("\3com"), DLO_NAME_CUT, DLO_NAME_CUT, 0,
		NULL},
	{"label type 0x40",
		IN("\x40"
		   "a\0"),
		DLO_NAME_LABEL_TYPE, DLO_NAME_LABEL_TYPE, 0, NULL},
	{"label type 0x80", IN("\1a\x80\0"), DLO_NAME_LABEL_TYPE,
		DLO_NAME_LABEL_TYPE, 0, NULL},
	{"255 octets",
		IN(L63 L63 L63 "\75"
			       "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
			       "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\0"),
		DLO_NAME_OK, DLO_NAME_OK, 255, NULL},
	{"256 octets",
		IN(L63 L63 L63 "\76"
			       "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
			       "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\0"),
		DLO_NAME_TOO_LONG, DLO_NAME_TOO_LONG, 0, NULL},
	{"a pointer to itself", IN("\xc0\x0c"), DLO_NAME_POINTER,
		DLO_NAME_POINTER, 0, NULL},
	{"a pointer to its own run", IN("\1a\xc0\x0c"), DLO_NAME_POINTER,
		DLO_NAME_POINTER, 0, NULL},
	{"a pointer into the header", IN("\1a\xc0\x0b"), DLO_NAME_POINTER,
		DLO_NAME_POINTER, 0, NULL},
	{"a forward pointer", IN("\xc0\x0f\0\1a\0"), DLO_NAME_POINTER,
		DLO_NAME_POINTER, 0, NULL},
	{"half a pointer", IN("\1a\xc0"), DLO_NAME_POINTER, DLO_NAME_CUT, 0,
		NULL},
};

static struct dlo_name_buf scratch;

/* Puts header and text together; the caller frees. */
static uint8_t *message(const struct wire_case *c)
{
	uint8_t *msg = malloc(12 + 24 + c->len);

	assert_non_null(msg);
	memset(msg, 0, 12 + 24);
	memcpy(msg + 12 + 24, c->in, c->len);
	return msg;
}

static void test_walk_and_unfold(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(wire_cases); i++) {
		const struct wire_case *c = &wire_cases[i];
		uint8_t *piece = message(c), *msg = piece + 24;
		char text[DLO_NAME_TEXT_MAX];
		struct dlo_name name;
		size_t off = 12;

		print_message("# %s\n", c->name);
		assert_int_equal(
			dlo_name_walk(msg, 12 + c->len, &off, &name), c->walk);
		assert_int_equal(off, c->walk ? 12 : 12 + c->off);
		off = 12;
		assert_int_equal(dlo_name_unfold(msg, 12 + c->len, &off,
					 &scratch, &name),
			c->unfold);
		assert_int_equal(off, c->unfold ? 12 : 12 + c->off);
		if (c->want) {
			assert_int_equal(
				dlo_name_print(&name, text), strlen(c->want));
			assert_string_equal(text, c->want);
		}
		free(piece);
	}
}

static void test_unfold_follows_pointers_backwards(void **state)
{
	static const uint8_t msg[] = HEADER "\2de\0\3foo\xc0\x0c\1x\xc0\x10";
	char text[DLO_NAME_TEXT_MAX];
	struct dlo_name name;
	size_t off = 22;

	(void)state;
	assert_int_equal(
		dlo_name_unfold(msg, sizeof(msg) - 1, &off, &scratch, &name),
		DLO_NAME_OK);
	assert_int_equal(off, 26);
	dlo_name_print(&name, text);
	assert_string_equal(text, "x.foo.de");
	assert_int_equal(name.n_labels, 3);
	assert_int_equal(name.last, 6);
	assert_int_equal(name.last2, 2);
}

/* A root, then pointers each to the one before: n hops from the last. */
static enum dlo_name_result hops(size_t n)
{
	uint8_t msg[12 + 1 + 2 * 200] = {0};
	struct dlo_name name;
	size_t off = 12 + 1, to = 12;

	for (size_t i = 0; i < n; i++, off += 2) {
		msg[off] = (uint8_t)(0xc0 | to >> 8);
		msg[off + 1] = (uint8_t)to;
		to = off;
	}
	off -= 2;
	return dlo_name_unfold(msg, off + 2, &off, &scratch, &name);
}

static void test_126_pointers_are_the_limit(void **state)
{
	(void)state;
	assert_int_equal(hops(126), DLO_NAME_OK);
	assert_int_equal(hops(127), DLO_NAME_POINTER);
}

static void test_offsets_of_last_labels(void **state)
{
	static const struct {
		const char *in;
		unsigned n, last, last2;
	} cases[] = {{".", 0, 0, 0}, {"a", 1, 0, 0}, {"a.b", 2, 2, 0},
		{"a.bb.c", 3, 5, 2}, {"a.b.c.d", 4, 6, 4}};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dlo_name name;
		const char *msg;
		size_t at;

		assert_int_equal(
			dlo_name_parse(cases[i].in, strlen(cases[i].in),
				&scratch, &name, &at, &msg),
			0);
		assert_int_equal(name.n_labels, cases[i].n);
		assert_int_equal(name.last, cases[i].last);
		assert_int_equal(name.last2, cases[i].last2);
	}
}

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B61 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct {
	const char *name, *in;
	const char *want; /* printed; NULL: an error at `at` */
	size_t at;
} parse_cases[] = {
	{"plain", "www.Example.com", "www.example.com", 0},
	{"a trailing dot", "a.b.", "a.b", 0},
	{"the root", ".", ".", 0},
	{"decimal escape", "\\065\\000.b", "a\\000.b", 0},
	{"escaped dot", "a\\.b", "a\\.b", 0},
	{"escaped letter", "\\a\\(", "a\\(", 0},
	{"star is an octet", "*.a", "*.a", 0},
	{"label of 63", A63 ".b", A63 ".b", 0},
	{"name of 255", A63 "." A63 "." A63 "." B61,
		A63 "." A63 "." A63 "." B61, 0},
	{"name of 255 and a dot", A63 "." A63 "." A63 "." B61 ".",
		A63 "." A63 "." A63 "." B61, 0},
	{"nothing", "", NULL, 0},
	{"leading dot", ".a", NULL, 0},
	{"two dots", "a..b", NULL, 2},
	{"two trailing dots", "a..", NULL, 2},
	{"two dots alone", "..", NULL, 0},
	{"label of 64", "a" A63 ".b", NULL, 63},
	{"name of 256", A63 "." A63 "." A63 "." B61 "b", NULL, 253},
	{"blank", "a b", NULL, 1},
	{"control character", "a\x7f", NULL, 1},
	{"not ASCII", "a\xc3\xa4", NULL, 1},
	{"backslash at the end", "ab\\", NULL, 2},
	{"two digits", "a\\06", NULL, 1},
	{"over 255", "a\\256", NULL, 1},
	{"escaped blank", "a\\ b", NULL, 1},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(parse_cases); i++) {
		const char *in = parse_cases[i].in, *msg = NULL;
		char text[DLO_NAME_TEXT_MAX];
		struct dlo_name name;
		size_t at = 0;
		int r = dlo_name_parse(
			in, strlen(in), &scratch, &name, &at, &msg);

		print_message("# %s\n", parse_cases[i].name);
		assert_int_equal(r, parse_cases[i].want ? 0 : 1);
		if (r) {
			assert_int_equal(at, parse_cases[i].at);
			assert_non_null(msg);
			continue;
		}
		dlo_name_print(&name, text);
		assert_string_equal(text, parse_cases[i].want);
	}
}

/* ---- the contract with ldns: P1, P2, P3 ------------------------------- */

static void lower(uint8_t *wire, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		wire[i] = dlo_lower(wire[i]);
	}
}

/* P1 and P3 for a name that we accepted and that ends at `end`. */
static void compare_accepted(const uint8_t *msg, size_t len, size_t from,
	size_t end, const struct dlo_name *name)
{
	char text[DLO_NAME_TEXT_MAX], *theirs;
	ldns_rdf *rdf = NULL;
	size_t off = from, n;

	assert_int_equal(ldns_wire2dname(&rdf, msg, len, &off), LDNS_STATUS_OK);
	assert_int_equal(off, end);
	assert_int_equal(ldns_rdf_size(rdf), name->len);
	assert_memory_equal(ldns_rdf_data(rdf), name->wire, name->len);
	lower(ldns_rdf_data(rdf), name->len);
	theirs = ldns_rdf2str(rdf);
	n = strlen(theirs);
	if (n > 1) {
		theirs[n - 1] = '\0'; /* the trailing dot */
	}
	dlo_name_print(name, text);
	assert_string_equal(text, theirs);
	free(theirs);
	ldns_rdf_deep_free(rdf);
}

/* P2: ldns accepts what we reject for a pointer only. */
static void compare_rejected(
	const uint8_t *msg, size_t len, size_t from, enum dlo_name_result r)
{
	ldns_rdf *rdf = NULL;
	size_t off = from;

	if (ldns_wire2dname(&rdf, msg, len, &off) == LDNS_STATUS_OK) {
		assert_int_equal(r, DLO_NAME_POINTER);
		ldns_rdf_deep_free(rdf);
	}
}

static void compare(const uint8_t *msg, size_t len, size_t from)
{
	struct dlo_name name;
	size_t off = from;
	enum dlo_name_result r = dlo_name_walk(msg, len, &off, &name);

	if (r == DLO_NAME_OK) {
		compare_accepted(msg, len, from, off, &name);
	} else {
		compare_rejected(msg, len, from, r);
	}
	off = from;
	r = dlo_name_unfold(msg, len, &off, &scratch, &name);
	if (r == DLO_NAME_OK) {
		compare_accepted(msg, len, from, off, &name);
	} else {
		compare_rejected(msg, len, from, r);
	}
}

static void test_ldns_agrees_on_each_octet(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t msg[] = HEADER "\3x?y\1z\0";

		msg[14] = (uint8_t)c;
		compare(msg, sizeof(msg) - 1, 12);
		msg[12] = (uint8_t)c; /* as a length octet, too */
		compare(msg, sizeof(msg) - 1, 12);
	}
}

static void test_ldns_agrees_on_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(wire_cases); i++) {
		uint8_t *piece = message(&wire_cases[i]);

		compare(piece + 24, 12 + wire_cases[i].len, 12);
		free(piece);
	}
}

static uint32_t random_u32(uint64_t *s)
{
	*s = *s * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*s >> 33);
}

/* Octets as names are made of, so that many are accepted. */
static uint8_t random_octet(uint64_t *s)
{
	static const uint8_t some[] = {0, 1, 2, 3, 5, 63, 64, 0xc0, 12, 14, 20,
		'a', 'Z', '.', '\\', ' '};
	uint32_t r = random_u32(s);

	return r & 0x700 ? some[r % LEN(some)] : (uint8_t)r;
}

static void test_ldns_agrees_on_random_messages(void **state)
{
	uint64_t seed = 1;
	uint8_t msg[400];

	(void)state;
	for (size_t i = 0; i < 200000; i++) {
		size_t len = 12 + random_u32(&seed) % 60;
		/* Now and then long labels, for the limit of 255. */
		uint8_t fill = i % 5 ? 0 : 60;

		len += fill ? 300 : 0;
		for (size_t j = 0; j < len; j++) {
			uint8_t c = random_octet(&seed);

			msg[j] = fill && c < 60 && c > 0 ? fill : c;
		}
		compare(msg, len, 12 + random_u32(&seed) % 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk_and_unfold),
		cmocka_unit_test(test_unfold_follows_pointers_backwards),
		cmocka_unit_test(test_126_pointers_are_the_limit),
		cmocka_unit_test(test_offsets_of_last_labels),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_ldns_agrees_on_each_octet),
		cmocka_unit_test(test_ldns_agrees_on_the_table),
		cmocka_unit_test(test_ldns_agrees_on_random_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
