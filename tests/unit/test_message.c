/* SPDX-License-Identifier: BSD-2-Clause */
/* test_message.c - DNS header and questions: whole ones up to the first
 * damaged. */
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADER(qd) "\x12\x34\x01\x00\0" qd "\0\0\0\0\0\0"
#define A_IO "\1a\2io\0"
#define A_IN "\0\1\0\1"

struct message_case {
	const char *name;
	const char *data;
	size_t len;
	enum dlo_stat want;
	const char *questions; /* "name type class;" each */
	bool damaged;
	size_t end; /* offset after the questions, when they are whole */
};

#define CASE(name_, data_, ...) \
	{ \
		.name = name_, .data = data_, .len = sizeof(data_) - 1, \
		__VA_ARGS__ \
	}

static const struct message_case cases[] = {
	CASE("one question", HEADER("\1") A_IO A_IN, .questions = "a.io 1 1;"),
	CASE("root", HEADER("\1") "\0" A_IN, .questions = ". 1 1;"),
	CASE("what follows the questions does not matter",
		HEADER("\1") A_IO A_IN "garbage", .questions = "a.io 1 1;",
		.end = 22),
	CASE("two questions", HEADER("\2") A_IO A_IN "\1b\0\0\x1c\0\3",
		.questions = "a.io 1 1;b 28 3;"),
	CASE("a pointer in the second question",
		HEADER("\2") A_IO A_IN "\1b\xc0\x0e\0\1\0\1",
		.questions = "a.io 1 1;b.io 1 1;", .end = 30),
	CASE("a pointer in the first question is damage",
		HEADER("\1") "\xc0\x0c" A_IN, .want = DLO_STAT_BAD_NAME),
	CASE("a forward pointer ends the message",
		HEADER("\2") A_IO A_IN "\xc0\x20" A_IN "\1b\0" A_IN,
		.questions = "a.io 1 1;", .damaged = true),
	CASE("a pointer to itself ends the message",
		HEADER("\2") A_IO A_IN "\xc0\x15" A_IN,
		.questions = "a.io 1 1;", .damaged = true),
	CASE("a pointer into the header ends the message",
		HEADER("\2") A_IO A_IN "\xc0\x04" A_IN,
		.questions = "a.io 1 1;", .damaged = true),
	CASE("fewer questions than promised", HEADER("\3") A_IO A_IN,
		.questions = "a.io 1 1;", .damaged = true),
	CASE("no question", HEADER("\0"), .want = DLO_STAT_NO_QUESTION,
		.end = 12),
	CASE("header cut", "\x12\x34\x01\x00\0\1\0\0\0\0\0",
		.want = DLO_STAT_BAD_HEADER),
	CASE("nothing behind the header", HEADER("\1"),
		.want = DLO_STAT_BAD_NAME),
	CASE("name cut", HEADER("\1") "\5ab", .want = DLO_STAT_BAD_NAME),
	CASE("label type 0x40", HEADER("\1") "\x41\x61\0" A_IN,
		.want = DLO_STAT_BAD_NAME),
	CASE("name without type and class", HEADER("\1") A_IO,
		.want = DLO_STAT_BAD_QUESTION),
	CASE("class cut", HEADER("\1") A_IO "\0\1\0",
		.want = DLO_STAT_BAD_QUESTION),
};

static void print_questions(const struct dlo_message *m, char *buf, size_t cap)
{
	char name[DLO_NAME_TEXT_MAX];
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < m->n_seen; i++) {
		dlo_name_print(&m->question[i].name, name);
		at += (size_t)snprintf(buf + at, cap - at, "%s %u %u;", name,
			m->question[i].type, m->question[i].cls);
	}
}

static void test_each_message(void **state)
{
	struct dlo_message *m = calloc(1, sizeof(*m));
	static char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct message_case *c = &cases[i];
		uint8_t *data = calloc(1, DLO_NAME_HEADROOM + c->len);
		enum dlo_stat got;

		memcpy(data + DLO_NAME_HEADROOM, c->data, c->len);
		got = dlo_message_read(m, data + DLO_NAME_HEADROOM, c->len);
		if (got != c->want) {
			fail_msg("%s: %d, not %d", c->name, got, c->want);
		}
		if (!got) {
			print_questions(m, text, sizeof(text));
			print_message("# %s\n", c->name);
			assert_string_equal(text, c->questions);
			assert_int_equal(m->damaged, c->damaged);
			assert_int_equal(dlo_message_id(m), 0x1234);
			assert_int_equal(m->end == 0, c->damaged);
			assert_true(!c->end || m->end == c->end);
		}
		if (got == DLO_STAT_NO_QUESTION) {
			assert_int_equal(m->end, c->end);
		}
		free(data);
	}
	free(m);
}

static void test_at_most_64_questions(void **state)
{
	enum { N = 100 };
	uint8_t data[DLO_NAME_HEADROOM + 12 + N * 9] = {0};
	uint8_t *p = data + DLO_NAME_HEADROOM;
	struct dlo_message *m = calloc(1, sizeof(*m));

	(void)state;
	memcpy(p, "\x12\x34\x01\x00\0\x64\0\0\0\0\0\0", 12);
	for (int i = 0; i < N; i++) {
		memcpy(p + 12 + i * 9, "\1a\1b\0\0\1\0\1", 9);
	}
	assert_int_equal(dlo_message_read(m, p, 12 + N * 9), 0);
	assert_int_equal(m->n_questions, 100);
	assert_int_equal(m->n_seen, DLO_QUESTIONS_MAX);
	assert_false(m->damaged);
	assert_int_equal(m->end, 0);
	free(m);
}

/* ---- guessing ------------------------------------------------------------ */

struct guess_case {
	const char *name;
	const char *data;
	size_t len, sent_len; /* sent_len 0: len */
	bool want;
};

#define H(flags, qd, an, ns, ar) \
	"\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define QUERY H("\1\0", "\1", "\0", "\0", "\0")
#define GUESS(name_, data_, ...) \
	{ \
		.name = (name_), .data = (data_), .len = sizeof(data_) - 1, \
		__VA_ARGS__ \
	}

static const struct guess_case guesses[] = {
	GUESS("a query", QUERY A_IO A_IN, .want = true),
	GUESS("a query with OPT",
		H("\1\0", "\1", "\0", "\0", "\1") A_IO A_IN
		"\0\0\x29\4\xd0\0\0\0\0\0\0",
		.want = true),
	GUESS("an answer",
		H("\x81\x80", "\1", "\1", "\0", "\0") A_IO A_IN
		"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4",
		.want = true),
	GUESS("a record of a transfer, no question",
		H("\x84\0", "\0", "\1", "\0", "\0") A_IO A_IN
		"\0\0\0\1\0\4\1\2\3\4",
		.want = true),
	GUESS("class CH", QUERY A_IO "\0\x10\0\3", .want = true),
	GUESS("its end is missing", H("\1\0", "\1", "\0", "\0", "\1") A_IO A_IN,
		.sent_len = 400, .want = true),
	GUESS("the question's end is missing", QUERY A_IO "\0\1",
		.sent_len = 400, .want = false),
	GUESS("octets behind a query without records", QUERY A_IO A_IN "\0",
		.want = false),
	GUESS("more records than octets",
		H("\1\0", "\1", "\x20", "\0", "\0") A_IO A_IN, .want = false),
	GUESS("two questions",
		H("\1\0", "\2", "\0", "\0", "\0") A_IO A_IN A_IO A_IN,
		.want = false),
	GUESS("no question and no answer",
		H("\x81\0", "\0", "\0", "\0", "\0") A_IO A_IN, .want = false),
	GUESS("the Z bit", H("\1\x40", "\1", "\0", "\0", "\0") A_IO A_IN,
		.want = false),
	GUESS("opcode 3", H("\x19\0", "\1", "\0", "\0", "\0") A_IO A_IN,
		.want = false),
	GUESS("a query with an RCODE",
		H("\1\3", "\1", "\0", "\0", "\0") A_IO A_IN, .want = false),
	GUESS("class 7", QUERY A_IO "\0\1\0\7", .want = false),
	GUESS("type 0", QUERY A_IO "\0\0\0\1", .want = false),
	GUESS("a pointer in the first name", QUERY "\xc0\x0c" A_IN,
		.want = false),
	GUESS("HTTP", "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n",
		.want = false),
	GUESS("TLS",
		"\x16\3\1\2\0\1\0\1\xfc\3\3\x12\x34\x56\x78\x9a\xbc\xde\xf0",
		.want = false),
	GUESS("zeros", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		.want = false),
	GUESS("empty", "", .want = false),
};

static void test_each_guess(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
		const struct guess_case *c = &guesses[i];
		uint8_t *data = malloc(c->len + 1);
		bool got;

		/* Its end at the end of the block, for sanitizers. */
		memcpy(data + 1, c->data, c->len);
		got = dlo_message_begins(
			data + 1, c->len, c->sent_len ? c->sent_len : c->len);
		if (got != c->want) {
			fail_msg("%s: %d", c->name, got);
		}
		free(data);
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

/* Octets at random; and octets of which a quarter are 0 or 1, as in binary
 * protocols. */
static void test_random_octets_begin_no_message(void **state)
{
	enum { LEN = 1 << 20 };
	uint8_t *data = malloc(LEN);
	uint64_t r = 42;

	(void)state;
	for (unsigned sparse = 0; sparse < 2; sparse++) {
		for (unsigned round = 0; round < 4; round++) {
			for (size_t i = 0; i < LEN; i++) {
				uint64_t x = next_random(&r) >> 40;

				data[i] = sparse && x % 4 < 1 ? x >> 8 & 1
							      : x >> 8 & 255;
			}
			for (size_t i = 0; i + 600 < LEN; i++) {
				assert_false(dlo_message_begins(data + i,
					20 + (i & 511), 20 + (i & 511)));
			}
		}
	}
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_message),
		cmocka_unit_test(test_at_most_64_questions),
		cmocka_unit_test(test_each_guess),
		cmocka_unit_test(test_random_octets_begin_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
