/* SPDX-License-Identifier: BSD-2-Clause */
/* test_stream.c - which messages come of which segments, and when. */
#include "wire/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

#define MS 1000000ull

struct bench {
	struct dlo_stream *s;
	struct dlo_stats stats;
	char log[1024];
};

/* "1" message with id 1; "1~" partial; "@3" by which frame, if not this. */
static void on_message(void *ctx, const struct dlo_delivery *d)
{
	struct bench *b = ctx;
	size_t n = strlen(b->log);

	assert_true(d->dgram->len >= 2);
	assert_int_equal(d->partial, d->dgram->len < d->dgram->sent_len);
	snprintf(b->log + n, sizeof(b->log) - n, "%s%u%s@%u", n ? " " : "",
		dlo_get16(d->dgram->payload), d->partial ? "~" : "",
		(unsigned)d->packet);
}

static void open_bench(struct bench *b)
{
	struct dlo_stream_config cfg = {
		.seed = 1, .stats = &b->stats, .deliver = on_message, .ctx = b};

	memset(b, 0, sizeof(*b));
	assert_int_equal(dlo_stream_new(&cfg, &b->s), 0);
}

/* What is sent: queries 1, 2, ... of 40 octets each, their lengths before them,
 * after an answer's beginning that is no message's. Message i is [42 * (i - 1),
 * 42 * i). */
#define EACH 42u
#define N_MESSAGES 40u
static uint8_t sent[EACH * N_MESSAGES];

static void make_sent(void)
{
	for (unsigned i = 0; i < N_MESSAGES; i++) {
		uint8_t *p = sent + i * EACH;

		p[1] = EACH - 2;
		p[3] = (uint8_t)(i + 1);
		p[4] = 1;
		p[7] = 1;
		p[13] = 1;
		p[14] = 11;
		memset(p + 15, 'a', 11);
		p[28] = 1;
		p[30] = 1; /* the end of the question; OPT follows */
		p[33] = 41;
	}
}

enum what {
	STEP_END,
	STEP_SYN, /* at: its number and one more */
	STEP_DATA, /* sent[at, at + len) */
	STEP_CUT, /* of which only `there` octets are there */
	STEP_ODD, /* the same length, but other octets */
	STEP_ACK, /* the receiver's, for all before at */
	STEP_RST,
	STEP_WAIT, /* `at` milliseconds */
};

struct step {
	enum what what;
	uint32_t at, len, there;
	enum dlo_stat want; /* where there is data */
};

#define STEP(what_, at_, len_, there_, want_) \
	{ \
		.what = STEP_##what_, .at = (at_), .len = (len_), \
		.there = (there_), .want = (want_), \
	}
#define SYN(at) STEP(SYN, at, 0, 0, 0)
#define DATA(at, len, want) STEP(DATA, at, len, 0, want)
#define CUT(at, len, there) STEP(CUT, at, len, there, 0)
#define ODD(at, len, want) STEP(ODD, at, len, 0, want)
#define ACK(at) STEP(ACK, at, 0, 0, 0)
#define RST(at) STEP(RST, at, 0, 0, 0)
#define WAIT(ms) STEP(WAIT, ms, 0, 0, 0)

#define HELD DLO_STAT_TCP_HELD
#define AGAIN DLO_STAT_TCP_AGAIN
#define LOST DLO_STAT_TCP_LOST

static const struct stream_case {
	const char *name;
	struct step steps[10];
	const char *want; /* before the end of the file */
	const char *at_end; /* what comes then */
} cases[] = {
	{"a message in a segment", {SYN(0), DATA(0, 42, 0)}, "1@2", ""},
	{"without its SYN", {DATA(0, 42, 0)}, "1@1", ""},
	{"three in one segment", {SYN(0), DATA(0, 126, 0)}, "1@2 2@2 3@2", ""},
	{"one in three segments",
		{SYN(0), DATA(0, 10, HELD), DATA(10, 20, HELD),
			DATA(30, 12, 0)},
		"1@4", ""},
	{"its length sent alone", {SYN(0), DATA(0, 2, HELD), DATA(2, 40, 0)},
		"1@3", ""},
	{"its length split", {SYN(0), DATA(0, 1, HELD), DATA(1, 41, 0)}, "1@3",
		""},
	{"the end of one and the next",
		{SYN(0), DATA(0, 60, 0), DATA(60, 24, 0)}, "1@2 2@3", ""},
	{"the wrong way round, behind a SYN",
		{SYN(0), DATA(21, 21, HELD), DATA(0, 21, 0)}, "1@3", ""},
	{"the wrong way round without a SYN, at a message",
		{DATA(42, 42, 0), DATA(0, 42, 0)}, "2@1 1@2", ""},
	{"a retransmission is no second message",
		{SYN(0), DATA(0, 42, 0), DATA(0, 42, AGAIN)}, "1@2", ""},
	{"one of an earlier segment with more in it",
		{SYN(0), DATA(0, 42, 0), DATA(0, 84, 0)}, "1@2 2@3", ""},
	{"overlapping segments", {SYN(0), DATA(0, 30, HELD), DATA(20, 22, 0)},
		"1@3", ""},
	{"a keep-alive", {SYN(0), DATA(0, 42, 0), DATA(41, 1, AGAIN)}, "1@2",
		""},
	{"a keep-alive of a connection from before",
		{DATA(41, 1, LOST), DATA(42, 42, 0)}, "2@2", ""},
	{"the middle of a message, then one",
		{DATA(10, 32, LOST), DATA(42, 42, 0)}, "2@2", ""},
	{"the middle of a message and one in a segment", {DATA(10, 74, 0)},
		"2@1", ""},
	{"the same SYN twice",
		{SYN(0), DATA(0, 42, 0), SYN(0), DATA(42, 42, 0)}, "1@2 2@4",
		""},
	{"the ports again",
		{SYN(0), DATA(0, 42, 0), SYN(420), DATA(420, 42, 0)},
		"1@2 11@4", ""},
	{"a hole until the end", {SYN(0), DATA(0, 42, 0), DATA(84, 42, HELD)},
		"1@2", "3@3"},
	{"a hole until time is over",
		{SYN(0), DATA(0, 42, 0), DATA(84, 42, HELD), WAIT(31000)},
		"1@2 3@3", ""},
	{"a hole that the receiver does not have",
		{SYN(0), DATA(84, 42, HELD), WAIT(200), ACK(126)}, "3@2", ""},
	{"a hole, but a moment ago only",
		{SYN(0), DATA(84, 42, HELD), WAIT(1), ACK(126), DATA(0, 84, 0)},
		"1@5 2@5 3@5", ""},
	{"what the receiver had before it was seen",
		{SYN(0), DATA(0, 42, 0), ACK(84), WAIT(1000),
			DATA(84, 42, HELD)},
		"1@2 3@5", ""},
	{"what comes into a hole after all, too late",
		{SYN(0), DATA(84, 42, HELD), WAIT(200), ACK(126),
			DATA(0, 42, 0), DATA(0, 42, AGAIN)},
		"3@2 1@5", ""},
	{"half a message, its end never came", {SYN(0), DATA(0, 41, HELD)}, "",
		"1~@2"},
	{"too little of a message", {SYN(0), DATA(0, 30, HELD)}, "", ""},
	{"half a message, a hole, a message",
		{SYN(0), DATA(0, 41, HELD), DATA(84, 42, HELD)}, "",
		"1~@2 3@3"},
	{"a cut segment, judged once",
		{SYN(0), CUT(0, 42, 41), DATA(0, 42, AGAIN), DATA(42, 42, 0)},
		"1~@2 2@4", ""},
	{"a cut segment of two messages",
		{SYN(0), CUT(0, 84, 83), DATA(84, 42, 0)}, "1@2 2~@2 3@3", ""},
	{"a cut segment, the length cut too",
		{SYN(0), CUT(0, 84, 43), DATA(84, 42, 0)}, "1@2 3@3", ""},
	{"a reset", {SYN(0), DATA(0, 41, HELD), RST(41)}, "1~@2", ""},
	{"a reset with another number",
		{SYN(0), DATA(0, 41, HELD), RST(40), DATA(41, 1, 0)}, "1@4",
		""},
	{"first octets win", {SYN(0), ODD(20, 10, HELD), DATA(0, 42, 0)}, "1@3",
		""},
	{"garbage makes no flow", {ODD(4, 80, LOST), DATA(84, 42, 0)}, "3@2",
		""},
};

static struct dlo_dgram dgram_of(const uint8_t *data, uint32_t len)
{
	return (struct dlo_dgram){.src = {192, 0, 2, 5},
		.dst = {198, 51, 100, 1},
		.sport = 50000,
		.dport = 53,
		.ip_version = 4,
		.transport = DLO_TCP,
		.payload = data,
		.len = len,
		.sent_len = len};
}

static void backwards(struct dlo_dgram *d)
{
	uint8_t src[16];

	memcpy(src, d->src, sizeof(src));
	memcpy(d->src, d->dst, sizeof(src));
	memcpy(d->dst, src, sizeof(src));
	d->dport = d->sport;
	d->sport = 53;
}

static void play(struct bench *b, const struct step *step, uint32_t isn,
	uint64_t now_ns, uint64_t packet)
{
	static uint8_t frame[64 + sizeof(sent)];
	uint32_t n = step->what == STEP_CUT ? step->there : step->len;
	struct dlo_dgram d = dgram_of(frame + 64, n);
	struct dlo_tcp tcp = {.seq = isn + 1 + step->at};
	enum dlo_stat got;

	memcpy(frame + 64, sent + step->at % sizeof(sent), n);
	d.sent_len = step->len;
	if (step->what == STEP_ODD) {
		memset(frame + 64, 'z', n);
	} else if (step->what == STEP_SYN) {
		tcp.flags = DLO_TCP_SYN;
		tcp.seq--;
	} else if (step->what == STEP_RST) {
		tcp.flags = DLO_TCP_RST;
	} else if (step->what == STEP_ACK) {
		tcp.flags = DLO_TCP_ACK;
		tcp.ack = isn + 1 + step->at;
		backwards(&d);
	}
	got = dlo_stream_take(b->s, &d, &tcp, now_ns, packet);
	assert_int_equal(got, step->len ? step->want : DLO_STAT_TCP_EMPTY);
}

static void test_each_sequence(void **state)
{
	static struct bench b;

	(void)state;
	make_sent();
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct stream_case *c = &cases[i / 2];
		uint64_t now_ns = MS;

		open_bench(&b);
		print_message("# %s\n", c->name);
		for (unsigned k = 0; k < 10 && c->steps[k].what; k++) {
			if (c->steps[k].what == STEP_WAIT) {
				now_ns += c->steps[k].at * MS;
				dlo_stream_expire(b.s, now_ns);
				continue;
			}
			/* Once from 0 on, once across 2^32. */
			play(&b, &c->steps[k], i & 1 ? 0u - 60 : 0, now_ns,
				k + 1);
		}
		assert_string_equal(b.log, c->want);
		b.log[0] = '\0';
		dlo_stream_expire(b.s, UINT64_MAX);
		assert_string_equal(b.log, c->at_end);
		dlo_stream_free(b.s);
	}
}

/* All 64 KiB of the largest message, in one segment and in many. */
static void test_largest_message(void **state)
{
	enum { LEN = 65535, PART = 1460 };
	static uint8_t frame[64 + 2 + LEN];
	static struct bench b;
	struct dlo_tcp tcp = {0};
	uint8_t *p = frame + 64;
	struct dlo_dgram d = dgram_of(p, 2 + LEN);

	(void)state;
	make_sent();
	memcpy(p, sent, EACH);
	p[0] = p[1] = 0xff;
	p[13] = 1; /* a record follows */
	open_bench(&b);
	assert_int_equal(dlo_stream_take(b.s, &d, &tcp, 1, 1), 0);
	for (uint32_t at = 0; at < 2 + LEN; at += PART) {
		tcp.seq = 2 + LEN + at;
		d = dgram_of(p + at, 2 + LEN - at < PART ? 2 + LEN - at : PART);
		dlo_stream_take(b.s, &d, &tcp, 1, 2);
	}
	assert_string_equal(b.log, "1@1 1@2");
	dlo_stream_free(b.s);
}

/* A flood of SYNs and of whole messages pushes no held octets out. */
static void test_floods(void **state)
{
	static uint8_t frame[64 + EACH];
	static struct bench b;
	struct dlo_tcp tcp = {.flags = DLO_TCP_SYN};
	struct dlo_dgram d;

	(void)state;
	make_sent();
	memcpy(frame + 64, sent, EACH);
	open_bench(&b);
	d = dgram_of(frame + 64, 41);
	tcp.flags = 0;
	assert_int_equal(dlo_stream_take(b.s, &d, &tcp, 1, 1), HELD);
	for (uint32_t i = 0; i < 100000; i++) {
		d = dgram_of(frame + 64, i & 1 ? EACH : 0);
		d.src[0] = 10;
		d.src[1] = (uint8_t)(i >> 16);
		d.src[2] = (uint8_t)(i >> 8);
		d.src[3] = (uint8_t)i;
		tcp.flags = i & 1 ? 0 : DLO_TCP_SYN;
		dlo_stream_take(b.s, &d, &tcp, 1, 2);
		b.log[0] = '\0';
	}
	d = dgram_of(frame + 64 + 41, 1);
	tcp = (struct dlo_tcp){.seq = 41};
	assert_int_equal(dlo_stream_take(b.s, &d, &tcp, 1, 3), 0);
	assert_string_equal(b.log, "1@3");
	assert_int_equal(dlo_stats_get(&b.stats, DLO_STAT_EVICTED), 0);
	dlo_stream_free(b.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_sequence),
		cmocka_unit_test(test_largest_message),
		cmocka_unit_test(test_floods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
