/* SPDX-License-Identifier: BSD-2-Clause */
/* test_chain.c - which names an answer leads to, and on which way; and how a
 * record carries that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "answers.h"
#include "wire/chain.h"
#include "wire/fold.h"
#include "wire/via.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B60 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define LONG A63 "." A63 "." A63

static struct dlo_answer answer;
static struct dlo_chain chain;
static struct maker maker;
static struct piece piece;

struct link {
	const char *owner;
	enum dlo_rr_type type;
	const char *target;
};

struct chain_case {
	const char *name, *question;
	struct link link[8];
	/* The ways in their order, "a,b;"; a way that the question does not
	 * begin in brackets; twins as "=". */
	const char *want;
	bool loop;
};

static const struct chain_case cases[] = {
	{"no link", "q.example", {{NULL, 0, NULL}}, "", false},
	{"one alias", "q.example", {{"q.example", DLO_RR_CNAME, "x.cdn"}},
		"x.cdn;", false},
	{"aliases in their order", "q.example",
		{{"q.example", DLO_RR_CNAME, "a"}, {"a", DLO_RR_CNAME, "b"},
			{"b", DLO_RR_CNAME, "c"}},
		"a;a,b;a,b,c;", false},
	{"aliases in disorder", "q.example",
		{{"b", DLO_RR_CNAME, "c"}, {"a", DLO_RR_CNAME, "b"},
			{"q.example", DLO_RR_CNAME, "a"}},
		"a;a,b;a,b,c;", false},
	{"case does not matter", "Q.Example",
		{{"q.exAMPLE", DLO_RR_CNAME, "A"}, {"a", DLO_RR_CNAME, "B"}},
		"a;a,b;", false},
	{"letters only: @ is not `", "x@z",
		{{"x`z", DLO_RR_CNAME, "a"}, {"x[z", DLO_RR_CNAME, "b"}},
		"[x`z,a];[x[z,b];", false},
	{"nothing leads there", "q.example",
		{{"other.example", DLO_RR_CNAME, "x"},
			{"q.example", DLO_RR_CNAME, "a"}},
		"a;[other.example,x];", false},
	{"below the question is not the question", "example",
		{{"q.example", DLO_RR_CNAME, "x"}}, "[q.example,x];", false},
	{"two services", "q.example",
		{{"q.example", DLO_RR_HTTPS, "s1"},
			{"q.example", DLO_RR_HTTPS, "s2"},
			{"s1", DLO_RR_CNAME, "t1"}},
		"s1;s2;s1,t1;", false},
	{"the same service twice", "q.example",
		{{"q.example", DLO_RR_HTTPS, "s"},
			{"q.example", DLO_RR_SVCB, "S"},
			{"s", DLO_RR_CNAME, "t"}},
		"s;=s;s,t;", false},
	{"two ways to the same name", "q.example",
		{{"q.example", DLO_RR_HTTPS, "a"},
			{"q.example", DLO_RR_HTTPS, "b"},
			{"a", DLO_RR_CNAME, "z"}, {"b", DLO_RR_CNAME, "z"},
			{"z", DLO_RR_CNAME, "end"}},
		"a;b;a,z;b,z;a,z,end;", false},
	{"itself", "q.example", {{"q.example", DLO_RR_CNAME, "Q.EXAMPLE"}},
		"q.example;", true},
	{"back to the question", "q.example",
		{{"q.example", DLO_RR_CNAME, "a"},
			{"a", DLO_RR_CNAME, "q.example"}},
		"a;a,q.example;", true},
	{"back to the middle", "q.example",
		{{"q.example", DLO_RR_CNAME, "a"}, {"a", DLO_RR_CNAME, "b"},
			{"b", DLO_RR_CNAME, "a"}},
		"a;a,b;a,b,a;", true},
	{"DNAME with the alias made from it", "x.old.example",
		{{"old.example", DLO_RR_DNAME, "new.example"},
			{"x.old.example", DLO_RR_CNAME, "x.new.example"},
			{"x.new.example", DLO_RR_CNAME, "end"}},
		"x.new.example;=x.new.example;x.new.example,end;", false},
	{"DNAME alone", "x.y.OLD.example",
		{{"old.example", DLO_RR_DNAME, "new"},
			{"x.y.new", DLO_RR_CNAME, "end"}},
		"x.y.new;x.y.new,end;", false},
	{"DNAME of the root", "x", {{".", DLO_RR_DNAME, "new"}}, "x.new;",
		false},
	{"DNAME does not hold at its owner", "old.example",
		{{"old.example", DLO_RR_DNAME, "new"}}, "[old.example,new];",
		false},
	{"DNAME does not cut labels", "xold.example",
		{{"old.example", DLO_RR_DNAME, "new"}}, "[old.example,new];",
		false},
	{"DNAME does not see a label's octets", "x.\3abc",
		{{"abc", DLO_RR_DNAME, "new"}}, "[abc,new];", false},
	{"DNAME that makes 255 octets", LONG ".old",
		{{"old", DLO_RR_DNAME, B60 "b"}}, LONG "." B60 "b;", false},
	{"DNAME that makes 256 octets leads nowhere", LONG ".old",
		{{"old", DLO_RR_DNAME, B60 "bb"}}, "[old," B60 "bb];", false},
	{"DNAME to itself", "x.old", {{"old", DLO_RR_DNAME, "old"}}, "x.old;",
		true},
};

/* Reads what was made and finds the ways from a question. */
static void build(const char *question)
{
	static struct piece name_piece;
	static struct maker name_maker;
	struct dlo_name name;
	size_t off = 0;

	piece_free(&piece);
	piece_free(&name_piece);
	piece = piece_new(maker.octets, maker.len);
	dlo_answer_read(&answer, piece.data, piece.len, 27, maker.n);
	assert_false(answer.damaged);
	name_maker.len = 0;
	make_name(&name_maker, question);
	name_piece = piece_new(name_maker.octets, name_maker.len);
	assert_int_equal(
		dlo_name_walk(name_piece.data, name_piece.len, &off, &name),
		DLO_NAME_OK);
	memset(&chain, 0xa5, sizeof(chain));
	dlo_chain_build(&chain, &answer, &name);
}

static void make_links(const struct link *links, size_t n)
{
	make_start(&maker);
	for (size_t i = 0; i < n && links[i].owner; i++) {
		bool service = links[i].type == DLO_RR_HTTPS ||
			       links[i].type == DLO_RR_SVCB;

		make_link(&maker, links[i].owner, links[i].type,
			service ? 2 : 0, links[i].target);
	}
}

static void print_way(unsigned link, char *buf, size_t cap, size_t *at)
{
	struct dlo_hop path[DLO_CHAIN_HOPS];
	unsigned n = dlo_chain_path(&chain, link, path);
	bool reached = chain.link[link].n_hops > 0;
	char text[DLO_NAME_TEXT_MAX];

	assert_int_equal(path[n - 1].type, answer.link[link].type);
	assert_true(reached || path[0].type == 0);
	*at += (size_t)snprintf(buf + *at, cap - *at, "%s%s",
		reached ? "" : "[", chain.link[link].twin ? "=" : "");
	for (unsigned i = 0; i < n; i++) {
		dlo_name_print(&path[i].name, text);
		*at += (size_t)snprintf(
			buf + *at, cap - *at, "%s%s", i ? "," : "", text);
	}
	*at += (size_t)snprintf(
		buf + *at, cap - *at, "%s;", reached ? "" : "]");
}

static void test_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct chain_case *c = &cases[i];
		char text[2048] = "";
		size_t at = 0;

		print_message("# %s\n", c->name);
		make_links(c->link, LEN(c->link));
		build(c->question);
		for (unsigned k = 0; k < answer.n_links; k++) {
			print_way(chain.order[k], text, sizeof(text), &at);
		}
		assert_string_equal(text, c->want);
		assert_int_equal(chain.loop, c->loop);
		assert_false(chain.too_long);
	}
}

/* The DNAME is the twin, not the alias that was made from it. */
static void test_dname_is_the_twin(void **state)
{
	static const struct link links[] = {
		{"old", DLO_RR_DNAME, "new"},
		{"x.old", DLO_RR_CNAME, "x.new"},
	};

	(void)state;
	make_links(links, LEN(links));
	build("x.old");
	assert_true(chain.link[0].twin);
	assert_false(chain.link[1].twin);
	assert_int_equal(chain.order[0], 1);
}

/* n aliases in a row: n00 -> n01 -> ...; the last ones first in the message. */
static void make_row(unsigned n)
{
	char owner[8], target[8];

	make_start(&maker);
	for (unsigned i = n; i-- > 0;) {
		snprintf(owner, sizeof(owner), "n%02u", i % 100);
		snprintf(target, sizeof(target), "n%02u", (i + 1) % 100);
		make_link(&maker, owner, DLO_RR_CNAME, 0, target);
	}
}

static void test_16_hops_are_the_limit(void **state)
{
	struct dlo_hop path[DLO_CHAIN_HOPS];

	(void)state;
	make_row(16);
	build("n00");
	assert_int_equal(chain.n_reached, 16);
	assert_false(chain.too_long);
	assert_int_equal(dlo_chain_path(&chain, 0, path), 16);
	make_row(20);
	build("n00");
	assert_int_equal(chain.n_reached, 16);
	assert_true(chain.too_long);
	assert_int_equal(dlo_chain_path(&chain, 0, path), 2);
	assert_int_equal(chain.link[0].from, DLO_CHAIN_UNREACHED);
}

static void test_fold_of_each_octet(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t in[8], want[8];
		uint64_t x;

		for (unsigned i = 0; i < 8; i++) {
			in[i] = (uint8_t)(i % 2 ? c : ~c);
			want[i] = dlo_lower(in[i]);
		}
		x = dlo_fold64(dlo_load64(in));
		assert_memory_equal(&x, want, 8);
	}
}

/* ---- in a record ---- */

static void print_via(const struct dlo_record *rec, char *buf, size_t cap)
{
	char name[DLO_NAME_TEXT_MAX];
	struct dlo_hop hop;
	size_t at = 0, n = 0;

	buf[0] = '\0';
	while (dlo_via_next(rec, &at, &hop)) {
		dlo_name_print(&hop.name, name);
		n += (size_t)snprintf(
			buf + n, cap - n, "%u %s;", hop.type, name);
	}
	assert_int_equal(at, rec->via_len);
}

static void test_records_carry_ways(void **state)
{
	static const struct link links[] = {
		{"q", DLO_RR_CNAME, "a"},
		{"a", DLO_RR_CNAME, "b"},
		{"o", DLO_RR_HTTPS, "t"},
	};
	static struct dlo_record rec;
	char text[2048];

	(void)state;
	make_links(links, LEN(links));
	make_octets(&maker, PQ FIX(TYPE_A, "\4") "1234", 16);
	make_octets(&maker, PQ FIX(TYPE_AAAA, "\20") "1234567890123456", 28);
	maker.n += 2;
	build("q");
	memset(&rec, 0xa5, sizeof(rec));
	dlo_via_path(&rec, &chain, 1);
	print_via(&rec, text, sizeof(text));
	assert_string_equal(text, "5 a;5 b;");
	assert_int_equal(rec.n_via, 2);
	assert_false(dlo_via_truncated(&rec));
	assert_int_equal(rec.n_addresses, 2);
	assert_int_equal(rec.n_addresses_total, 2);
	assert_int_equal(rec.address_v6, 2);
	assert_memory_equal(rec.u.address[0], "1234\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(rec.u.address[1], "1234567890123456", 16);
	dlo_via_path(&rec, &chain, 2);
	print_via(&rec, text, sizeof(text));
	assert_string_equal(text, "0 o;65 t;");
	dlo_via_answer(&rec, &answer);
	print_via(&rec, text, sizeof(text));
	assert_string_equal(text, "5 a;5 b;65 t;");
	dlo_via_addresses(&rec, &answer);
	print_via(&rec, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(rec.n_addresses, 2);
	dlo_via_clear(&rec);
	assert_int_equal(rec.n_addresses | rec.n_via_total | rec.address_v6, 0);
}

/* The first names that fit, and always the last one. */
static void test_records_carry_the_last_name(void **state)
{
	static const struct link links[] = {
		{"q", DLO_RR_CNAME, "short"},
		{"short", DLO_RR_CNAME, LONG ".b"},
		{LONG ".b", DLO_RR_CNAME, "c"},
		{"c", DLO_RR_CNAME, LONG "." B60 "b"},
	};
	static struct dlo_record rec;
	char text[2048];

	(void)state;
	make_links(links, LEN(links));
	build("q");
	memset(&rec.u, 0xa5, sizeof(rec.u));
	dlo_via_path(&rec, &chain, 3);
	print_via(&rec, text, sizeof(text));
	assert_string_equal(text, "5 short;5 " LONG "." B60 "b;");
	assert_int_equal(rec.n_via, 2);
	assert_int_equal(rec.n_via_total, 4);
	assert_true(dlo_via_truncated(&rec));
	dlo_via_path(&rec, &chain, 2);
	print_via(&rec, text, sizeof(text));
	assert_string_equal(text, "5 short;5 " LONG ".b;5 c;");
	dlo_via_answer(&rec, &answer);
	print_via(&rec, text, sizeof(text));
	assert_string_equal(text, "5 short;5 " LONG ".b;5 c;");
	assert_int_equal(rec.n_via_total, 4);
}

/* 257 octets for the longest name, 127 for another one. */
static void test_records_are_filled_to_the_last_octet(void **state)
{
	static const char *const first[] = {A63 "." A63 "."
						"bbb",
		A63 "." A63 "."
		    "bbbb"};
	static struct dlo_record rec;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct link links[] = {
			{"q", DLO_RR_CNAME, first[i] + 8},
			{first[i] + 8, DLO_RR_CNAME, LONG "." B60 "b"},
		};

		make_links(links, LEN(links));
		build("q");
		dlo_via_path(&rec, &chain, 1);
		assert_int_equal(rec.via_len, i ? 257 : DLO_VIA_MAX);
		assert_int_equal(rec.n_via, i ? 1 : 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_dname_is_the_twin),
		cmocka_unit_test(test_16_hops_are_the_limit),
		cmocka_unit_test(test_fold_of_each_octet),
		cmocka_unit_test(test_records_carry_ways),
		cmocka_unit_test(test_records_carry_the_last_name),
		cmocka_unit_test(test_records_are_filled_to_the_last_octet),
	};

	int r = cmocka_run_group_tests(tests, NULL, NULL);

	piece_free(&piece);
	return r;
}
