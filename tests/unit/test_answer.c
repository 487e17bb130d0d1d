/* SPDX-License-Identifier: BSD-2-Clause */
/* test_answer.c - the answer section: links, addresses, damage, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "answers.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct dlo_message message;
static struct dlo_answer answer;
static struct maker maker;

struct answer_case {
	const char *name, *data;
	size_t len;
	const char *want; /* "owner>target type;" "addr;" each */
	unsigned n_records;
	bool damaged;
};

#define CASE(name_, data_, want_, ...) \
	{ \
		.name = name_, .data = data_, .len = sizeof(data_) - 1, \
		.want = want_, __VA_ARGS__ \
	}
#define A1 PQ FIX(TYPE_A, "\4") "\xc0\0\2\7"

static const struct answer_case cases[] = {
	CASE("no answer", HEAD("\0") QUESTION, "", .n_records = 0),
	CASE("two addresses",
		HEAD("\2") QUESTION A1 PQ FIX(TYPE_AAAA, "\20") "\x20\1\15\xb8"
								"\0\0\0\0"
								"\0\0\0\0"
								"\0\0\0\1",
		"c0000207;20010db8000000000000000000000001;", .n_records = 2),
	CASE("what follows the answers does not matter",
		HEAD("\1") QUESTION A1 "garbage", "c0000207;", .n_records = 1),
	CASE("an address of the wrong length is damage, the next one is read",
		HEAD("\2") QUESTION PQ FIX(TYPE_A, "\5") "12345" A1,
		"c0000207;", .n_records = 2, .damaged = true),
	CASE("an IPv6 address of four octets",
		HEAD("\1") QUESTION PQ FIX(TYPE_AAAA, "\4") "1234", "",
		.n_records = 1, .damaged = true),
	CASE("alias, uncompressed target",
		HEAD("\2") QUESTION PQ FIX(TYPE_CNAME, "\7") "\1x\3cdn\0" A1,
		"q.example>x.cdn 5;c0000207;", .n_records = 2),
	CASE("alias, compressed target",
		HEAD("\1") QUESTION PQ FIX(TYPE_CNAME, "\4") "\1x" PE,
		"q.example>x.example 5;", .n_records = 1),
	CASE("an owner with labels and a pointer",
		HEAD("\1") QUESTION "\1y" PE FIX(TYPE_CNAME, "\2") PQ,
		"y.example>q.example 5;", .n_records = 1),
	CASE("an owner in full",
		HEAD("\1") QUESTION "\1y\2zz\0" FIX(TYPE_DNAME, "\3") "\1n\0",
		"y.zz>n 39;", .n_records = 1),
	CASE("a pointer to a pointer",
		HEAD("\2") QUESTION PQ FIX(TYPE_CNAME,
			"\4") "\1x" PE
			      "\xc0\x27" FIX(TYPE_CNAME, "\2") "\xc0\x29",
		"q.example>x.example 5;x.example>example 5;", .n_records = 2),
	CASE("service and alias modes",
		HEAD("\2") QUESTION PQ FIX(TYPE_HTTPS,
			"\14") "\0\1\1s\0\0\1"
			       "\0\3\2h2" PQ FIX(TYPE_SVCB, "\5") "\0\0\1t\0",
		"q.example>s 65;q.example>t 64;", .n_records = 2),
	CASE("a service at its owner is no link",
		HEAD("\2") QUESTION PQ FIX(TYPE_HTTPS, "\3") "\0\1\0" PQ FIX(
			TYPE_SVCB, "\4") "\0\1\xc0\x16",
		"", .n_records = 2),
	CASE("a compressed service target is read",
		HEAD("\1") QUESTION PQ FIX(TYPE_HTTPS, "\6") "\0\1\1s" PE,
		"q.example>s.example 65;", .n_records = 1),
	CASE("an alias to the root is a link",
		HEAD("\1") QUESTION PQ FIX(TYPE_CNAME, "\1") "\0",
		"q.example>. 5;", .n_records = 1),
	CASE("service without target",
		HEAD("\1") QUESTION PQ FIX(TYPE_HTTPS, "\2") "\0\1", "",
		.n_records = 1, .damaged = true),
	CASE("alias without target, at the end of the message",
		HEAD("\1") QUESTION PQ FIX(TYPE_CNAME, "\0"), "",
		.n_records = 1, .damaged = true),
	CASE("octets after a target are passed over",
		HEAD("\1") QUESTION PQ FIX(TYPE_CNAME, "\5") "\1x\0zz",
		"q.example>x 5;", .n_records = 1),
	CASE("a target that leaves its record is damage",
		HEAD("\2") QUESTION PQ FIX(TYPE_CNAME, "\2") "\1x" A1,
		"c0000207;", .n_records = 2, .damaged = true),
	CASE("a target that ends with the root of the next owner",
		HEAD("\2") QUESTION PQ FIX(TYPE_CNAME, "\2") "\1x\0" FIX(
			TYPE_A, "\4") "1234",
		"31323334;", .n_records = 2, .damaged = true),
	CASE("a target whose pointer leaves its record",
		HEAD("\2") QUESTION PQ FIX(TYPE_CNAME, "\1") "\xc0" A1,
		"c0000207;", .n_records = 2, .damaged = true),
	CASE("a forward pointer in a target",
		HEAD("\2") QUESTION PQ FIX(TYPE_CNAME, "\2") "\xc0\x30" A1,
		"c0000207;", .n_records = 2, .damaged = true),
	CASE("a target that points to itself",
		HEAD("\1") QUESTION PQ FIX(TYPE_CNAME, "\2") "\xc0\x27", "",
		.n_records = 1, .damaged = true),
	CASE("an owner into the header, of a link",
		HEAD("\1") QUESTION "\xc0\x04" FIX(TYPE_CNAME, "\2") PQ, "",
		.n_records = 1, .damaged = true),
	CASE("an owner into the header, of an address: not looked at",
		HEAD("\1") QUESTION "\xc0\x04" FIX(TYPE_A, "\4") "1234",
		"31323334;", .n_records = 1),
	CASE("label type 0x40 ends the walk",
		HEAD("\2") QUESTION A1 "\x41x\0" FIX(TYPE_A, "\4") "1234",
		"c0000207;", .n_records = 1, .damaged = true),
	CASE("and so does 0x40, even with 64 octets after it",
		HEAD("\1") QUESTION "\x40"
				    "0123456789abcdef0123456789abcdef"
				    "0123456789abcdef0123456789abcdef"
				    "\0" FIX(TYPE_A, "\4") "1234",
		"", .n_records = 0, .damaged = true),
	CASE("a record too few", HEAD("\2") QUESTION A1, "c0000207;",
		.n_records = 1, .damaged = true),
	CASE("RDATA cut", HEAD("\1") QUESTION PQ FIX(TYPE_TXT, "\2") "1", "",
		.damaged = true),
	CASE("fixed fields cut", HEAD("\1") QUESTION PQ "\0\1\0\1\0\0\0\0\0",
		"", .damaged = true),
	CASE("half a pointer", HEAD("\1") QUESTION "\xc0", "", .damaged = true),
	CASE("mail, service, name server and pointer are checked, not kept",
		HEAD("\4") QUESTION PQ FIX(TYPE_MX, "\5") "\0\1\1m\0" PQ FIX(
			TYPE_SRV, "\10") "\0\0\0\0\0\0" PQ PQ FIX(TYPE_NS,
			"\3") "\1n\0" PQ FIX(TYPE_PTR, "\2") PQ,
		"", .n_records = 4),
	CASE("a mail target that ends early",
		HEAD("\1") QUESTION PQ FIX(TYPE_MX, "\6") "\0\1\1m\0x", "",
		.n_records = 1, .damaged = true),
	CASE("a server's port without a target",
		HEAD("\1") QUESTION PQ FIX(TYPE_SRV, "\6") "123456", "",
		.n_records = 1, .damaged = true),
	CASE("a name server's label type",
		HEAD("\1") QUESTION PQ FIX(TYPE_NS, "\2") "\x80\0", "",
		.n_records = 1, .damaged = true),
	CASE("another class is passed over",
		HEAD("\1") QUESTION PQ "\0\1\0\3\0\0\0\0\0\2zz", "",
		.n_records = 1),
	CASE("mDNS's top bit of the class",
		HEAD("\1") QUESTION PQ "\0\1\x80\1\0\0\0\0\0\4"
				       "1234",
		"31323334;", .n_records = 1),
};

static void print_answer(char *buf, size_t cap)
{
	char owner[DLO_NAME_TEXT_MAX], target[DLO_NAME_TEXT_MAX];
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < answer.n_links; i++) {
		dlo_name_print(&answer.link[i].owner, owner);
		dlo_name_print(&answer.link[i].target, target);
		at += (size_t)snprintf(buf + at, cap - at, "%s>%s %u;", owner,
			target, answer.link[i].type);
	}
	for (unsigned i = 0; i < answer.n_addresses; i++) {
		for (unsigned k = 0; k < answer.address[i].len; k++) {
			at += (size_t)snprintf(buf + at, cap - at, "%02x",
				answer.address[i].octets[k]);
		}
		at += (size_t)snprintf(buf + at, cap - at, ";");
	}
}

static void read_message(const uint8_t *data, size_t len)
{
	assert_int_equal(dlo_message_read(&message, data, len), 0);
	assert_int_equal(message.end, 27);
	memset(&answer, 0xa5, sizeof(answer));
	dlo_answer_read(&answer, data, len, message.end,
		dlo_message_n_answers(&message));
}

static void test_sections(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct answer_case *c = &cases[i];
		struct piece p = piece_new(c->data, c->len);
		char text[512];

		print_message("# %s\n", c->name);
		read_message(p.data, p.len);
		print_answer(text, sizeof(text));
		assert_string_equal(text, c->want);
		assert_int_equal(answer.n_records, c->n_records);
		assert_int_equal(answer.damaged, c->damaged);
		piece_free(&p);
	}
}

/* Each cut of each section: no octet beyond it is read, and it says so. */
static void test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		for (size_t len = 27; len < cases[i].len; len++) {
			struct piece p = piece_new(cases[i].data, len);

			read_message(p.data, p.len);
			assert_in_range(answer.n_records, 0, 4);
			piece_free(&p);
		}
	}
}

static void read_made(void)
{
	struct piece p;

	maker.octets[6] = (uint8_t)(maker.n >> 8);
	maker.octets[7] = (uint8_t)maker.n;
	p = piece_new(maker.octets, maker.len);
	read_message(p.data, p.len);
	piece_free(&p);
}

static void test_capacities(void **state)
{
	(void)state;
	make_start(&maker);
	for (unsigned i = 0; i < 40; i++) {
		make_link(&maker, "q.example", DLO_RR_CNAME, 0, "x.example");
	}
	for (unsigned i = 0; i < 20; i++, maker.n++) {
		make_octets(&maker, A1, sizeof(A1) - 1);
	}
	read_made();
	assert_int_equal(answer.n_records, 60);
	assert_int_equal(answer.n_links, DLO_ANSWER_LINKS);
	assert_int_equal(answer.n_links_met, 40);
	assert_int_equal(dlo_answer_links_over(&answer), 8);
	assert_int_equal(answer.n_addresses, DLO_ANSWER_ADDRESSES);
	assert_int_equal(answer.n_addresses_met, 20);
	assert_false(answer.damaged);
}

/* An owner in place of 255 octets is a name, one of 256 is none. */
static void test_longest_owner(void **state)
{
	(void)state;
	for (unsigned last = 61; last <= 62; last++) {
		make_start(&maker);
		for (unsigned i = 0; i < 4; i++) {
			maker.octets[maker.len] = (uint8_t)(i < 3 ? 63 : last);
			maker.len += 1u + (i < 3 ? 63 : last);
		}
		maker.len++;
		make_octets(&maker, FIX(TYPE_A, "\4") "1234", 14);
		maker.n = 1;
		read_made();
		assert_int_equal(answer.damaged, last > 61);
		assert_int_equal(answer.n_addresses, last > 61 ? 0 : 1);
	}
}

/* A TXT record whose octets are a root and n pointers, each to the one before.
 * Returns where the last one stands. */
static size_t make_ladder(unsigned n)
{
	size_t to;

	make_octets(&maker, PQ "\0\20\0\1\0\0\0\0\0", 11);
	maker.octets[maker.len++] = (uint8_t)(1 + 2 * n);
	to = maker.len++;
	for (unsigned i = 0; i < n; i++, maker.len += 2) {
		maker.octets[maker.len] = (uint8_t)(0xc0 | to >> 8);
		maker.octets[maker.len + 1] = (uint8_t)to;
		to = maker.len;
	}
	maker.n++;
	return to;
}

/*
 * The bound of answer.h: each of 4,600 links would climb a ladder of pointers,
 * but 32 do, and those that lead to nothing (one rung too many) count as well.
 */
static void test_pointers_are_followed_for_32_links(void **state)
{
	(void)state;
	for (unsigned n = 125; n <= 126; n++) {
		size_t last;

		make_start(&maker);
		last = make_ladder(n);
		while (maker.len + 14 <= sizeof(maker.octets)) {
			make_octets(&maker, PQ FIX(TYPE_CNAME, "\2"), 12);
			maker.octets[maker.len++] = (uint8_t)(0xc0 | last >> 8);
			maker.octets[maker.len++] = (uint8_t)last;
			maker.n++;
		}
		read_made();
		assert_in_range(maker.n, 4600, 4700);
		assert_int_equal(answer.n_records, maker.n);
		assert_int_equal(answer.n_links_met, maker.n - 1);
		assert_int_equal(
			answer.n_links, n == 125 ? DLO_ANSWER_LINKS : 0);
		assert_int_equal(answer.damaged, n == 126);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_capacities),
		cmocka_unit_test(test_longest_owner),
		cmocka_unit_test(test_pointers_are_followed_for_32_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
