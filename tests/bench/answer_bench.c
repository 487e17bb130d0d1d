/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer_bench - ns for reading the answers of one response, by hand:
 *   cc -O3 -Ilib tests/bench/answer_bench.c build/lib/libdnslookout-static.a
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "wire/answer.h"
#include "wire/chain.h"
#include "wire/fold.h"
#include "wire/message.h"
#include "wire/pair.h"

#define HEAD(an) "\x12\x34\x81\x80\0\1\0" an "\0\0\0\0"
#define QUESTION "\3www\7example\3com\0\0\1\0\1"
#define FIXED(type, len) "\0" type "\0\1\0\0\1\54\0" len
#define A_RECORD "\xc0\x0c" FIXED("\1", "\4") "\xc0\0\2\7"
#define N_LOOPS 2000u
#define N_RUNS 1000u

static struct dlo_message message;
static struct dlo_answer answer;
static struct dlo_chain chain;
static uint8_t room[24 + 65535];
static volatile unsigned sink;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The best of many short runs: others use the machine too. */
static double measure(void (*f)(size_t len), size_t len, unsigned n)
{
	double best = 1e30;

	for (unsigned i = 0; i < N_RUNS; i++) {
		uint64_t from = now_ns();

		for (unsigned k = 0; k < n; k++) {
			f(len);
		}
		double ns = (double)(now_ns() - from) / n;
		best = ns < best ? ns : best;
	}
	return best;
}

static void read_answer(size_t len)
{
	dlo_answer_read(&answer, room + 24, len, message.end,
		dlo_message_n_answers(&message));
	sink += answer.n_addresses;
}

static void build_chain(size_t len)
{
	(void)len;
	dlo_chain_build(&chain, &answer, &message.question[0].name);
	sink += chain.n_reached;
}

static struct dlo_pair *pair;
static struct dlo_pair_key key = {.client = room,
	.server = room,
	.ip_version = 4,
	.question = &message.question[0]};

static void put_query(size_t len)
{
	key.id++;
	dlo_pair_query(pair, &key, len);
}

static void find_response(size_t len)
{
	key.id++;
	sink += dlo_pair_response(pair, &key, len);
}

static void row(const char *name, const char *data, size_t len, unsigned n)
{
	memcpy(room + 24, data, len);
	if (dlo_message_read(&message, room + 24, len)) {
		return;
	}
	printf("%-44s %10.1f ns", name, measure(read_answer, len, n));
	printf(" (%u records, %u links), chain %.1f ns\n", answer.n_records,
		answer.n_links, measure(build_chain, len, n));
}

/* A 64 kB message that begins like `head` and goes on with copies of `piece`.
 */
static void big(const char *name, const char *head, size_t head_len,
	const char *piece, size_t piece_len)
{
	static char data[65535];
	size_t at = head_len;
	unsigned n = 0;

	memcpy(data, head, head_len);
	for (; at + piece_len <= sizeof(data); at += piece_len, n++) {
		memcpy(data + at, piece, piece_len);
	}
	data[6] = (char)(n >> 8);
	data[7] = (char)n;
	row(name, data, at, 2);
}

int main(void)
{
	static const char two[] = HEAD("\2") QUESTION A_RECORD A_RECORD;
	static const char cname[] = HEAD("\3") QUESTION
		"\xc0\x0c" FIXED("\5", "\7") "\4edge\xc0\x10\xc0\x2d" FIXED(
			"\1", "\4") "\xc0\0\2\7"
				    "\xc0"
				    "\x2d" FIXED("\1", "\4") "\xc0\0\2\7";
	static const char head[] = HEAD("\0") QUESTION;
	static const char link[] = "\xc0\x0c" FIXED("\5", "\2") "\xc0\x0c";
	row("2 A", two, sizeof(two) - 1, N_LOOPS);
	row("CNAME, 2 A", cname, sizeof(cname) - 1, N_LOOPS);
	big("64 kB of A", head, sizeof(head) - 1, A_RECORD,
		sizeof(A_RECORD) - 1);
	big("64 kB of CNAMEs", head, sizeof(head) - 1, link, sizeof(link) - 1);
	if (dlo_pair_new(1, &pair)) {
		return 1;
	}
	printf("%-44s %10.1f ns\n", "pair_query",
		measure(put_query, 0, N_LOOPS));
	printf("%-44s %10.1f ns\n", "pair_response",
		measure(find_response, 0, N_LOOPS));
	dlo_pair_free(pair);
	return 0;
}
