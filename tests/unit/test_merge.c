/* SPDX-License-Identifier: BSD-2-Clause */
/* test_merge.c - look-ups that several interfaces saw: one alert each, in
 * order, none lost, whatever comes. */
#include "merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printing.h"

#define MS UINT64_C(1000000)
#define N(array) (sizeof(array) / sizeof((array)[0]))
#define QUERY 0x0100
#define ANSWER 0x8180

/* What left, in words: a record's letter, its count if it has one, and a dot
 * behind the last one of a message. */
static char out[65536];

static const char letters[] = "qa!b"; /* enum dlo_record_kind */

static void emit(void *ctx, const struct dlo_record *rec,
	const struct merge_place *place, unsigned n)
{
	char *to = out + strlen(out);
	size_t room = sizeof(out) - (size_t)(to - out);

	(void)ctx;
	assert_true(n >= 1 && n <= MERGE_SEEN_MAX);
	assert_true(room > 32);
	assert_int_equal(rec->count, n > 1 ? n : 0);
	to += snprintf(to, room, "%s%c%u",
		rec->flags & DLO_RECORD_FIRST && rec->kind != DLO_RECORD_CLOSING
			? " "
			: "",
		letters[rec->kind], (unsigned)rec->meta.packet);
	for (unsigned i = 0; n > 1 && i < n; i++) {
		to += sprintf(to, "%c%c", i ? ',' : '@',
			(char)('A' + place[i].source));
		if (place[i].ifindex) {
			to += sprintf(to, "%u", place[i].ifindex);
		}
	}
	if (rec->flags & DLO_RECORD_LAST && rec->kind != DLO_RECORD_CLOSING) {
		strcat(to, ".");
	}
}

struct bench {
	struct merge *m;
	uint64_t now_ns, clock_ns; /* monotonic, and what packets are stamped by
				    */
};

static struct bench start(unsigned n_sources)
{
	struct bench b = {.now_ns = 5000 * MS, .clock_ns = TS};

	out[0] = '\0';
	assert_int_equal(merge_new(n_sources, emit, NULL, &b.m), 0);
	return b;
}

static void pass(struct bench *b, uint64_t ns)
{
	b->now_ns += ns;
	b->clock_ns += ns;
}

static void add(struct bench *b, unsigned source, const struct dlo_record *rec)
{
	merge_add(b->m, source, rec, b->now_ns, b->clock_ns);
}

/* An alert of a packet that comes just now, alone in its message; there are
 * eight of them. */
static struct dlo_record *alert(
	struct bench *b, uint64_t packet, const char *name)
{
	static struct dlo_record recs[8];
	static unsigned next;
	struct dlo_record *rec = &recs[next++ % N(recs)];
	struct dlo_meta m = meta4(QUERY);

	m.ts_ns = b->clock_ns;
	m.packet = packet;
	*rec = record(DLO_RECORD_ALERT, &m, name);
	add_match(rec, NGROK);
	return rec;
}

static void finish(struct bench *b, const char *want)
{
	assert_int_equal(merge_release(b->m, UINT64_MAX), UINT64_MAX);
	if (want) {
		assert_string_equal(out, want);
	}
	merge_free(b->m);
}

/* ---- what is the same --------------------------------------------------- */

static void change_nothing(struct dlo_record *r)
{
	(void)r;
}

/* By the bit that the key does not look at. */
static void change_client(struct dlo_record *r)
{
	r->meta.src[3] ^= 0x20;
}

static void change_server(struct dlo_record *r)
{
	r->meta.dst[3]++;
}

static void change_id(struct dlo_record *r)
{
	r->meta.id ^= 0x20;
}

static void change_port(struct dlo_record *r)
{
	r->meta.sport++;
}

static void change_transport(struct dlo_record *r)
{
	r->meta.transport = DLO_TCP;
}

static void change_type(struct dlo_record *r)
{
	r->qtype = 28;
}

static void change_class(struct dlo_record *r)
{
	r->qclass = 3;
}

static void change_case(struct dlo_record *r)
{
	r->u.name[1] = 'A';
}

static void change_name(struct dlo_record *r)
{
	r->u.name[1] = 'b';
}

/* '@' and '`' differ in the bit that lower case has set. */
static void change_no_letter(struct dlo_record *r)
{
	r->u.name[2] = '`';
}

static void change_length(struct dlo_record *r)
{
	r->name_len--;
}

static void change_rule(struct dlo_record *r)
{
	r->match[0] = HOSTILE;
}

static void change_pattern(struct dlo_record *r)
{
	r->match[0] = NGROK_GLOB;
}

/* Places in the rule set that are free. */
enum { OTHER_SERVICE = 6, OTHER_RULE };

static void change_service(struct dlo_record *r)
{
	rule_set.p[OTHER_SERVICE] = rule_set.p[NGROK];
	rule_set.p[OTHER_SERVICE].service = "other";
	r->match[0] = OTHER_SERVICE;
}

static void change_rule_id(struct dlo_record *r)
{
	rule_set.p[OTHER_RULE] = rule_set.p[NGROK];
	rule_set.p[OTHER_RULE].rule_id = "other";
	r->match[0] = OTHER_RULE;
}

/* In which the pattern has another number. */
static void change_rule_set(struct dlo_record *r)
{
	static struct dlo_ruleset newer;

	newer.p[0] = rule_set.p[PLAIN];
	newer.p[5] = rule_set.p[NGROK];
	r->rules = &newer;
	r->match[0] = 5;
}

static void change_version(struct dlo_record *r)
{
	r->meta.ip_version = 6;
}

static void change_rest_of_address(struct dlo_record *r)
{
	r->meta.src[4] = 1; /* IPv4 has none */
}

static void change_to_answer(struct dlo_record *r)
{
	struct dlo_meta m = r->meta;

	r->meta.flags = ANSWER;
	memcpy(r->meta.src, m.dst, sizeof(m.src));
	memcpy(r->meta.dst, m.src, sizeof(m.src));
	r->meta.sport = m.dport;
	r->meta.dport = m.sport;
}

/* As if the server asked the client. */
static void change_direction(struct dlo_record *r)
{
	change_to_answer(r);
	r->meta.flags = QUERY;
}

static void change_time(struct dlo_record *r)
{
	r->meta.ts_ns -= 1000 * MS + 1;
}

static void change_time_less(struct dlo_record *r)
{
	r->meta.ts_ns -= 1000 * MS;
}

static const struct {
	const char *name;
	void (*change)(struct dlo_record *r);
	bool same;
} cases[] = {
	{"all is the same", change_nothing, true},
	{"another client", change_client, false},
	{"another server", change_server, false},
	{"another id", change_id, false},
	{"another port: an address translator", change_port, true},
	{"over TCP", change_transport, true},
	{"another type", change_type, false},
	{"another class", change_class, false},
	{"a letter in upper case", change_case, true},
	{"another name", change_name, false},
	{"another octet that is no letter", change_no_letter, false},
	{"a shorter name", change_length, false},
	{"another rule and service", change_rule, false},
	{"another service", change_service, false},
	{"another rule", change_rule_id, false},
	{"the same rule of a newer set", change_rule_set, true},
	{"another pattern of the same rule and service", change_pattern, true},
	{"another IP version", change_version, false},
	{"what is no part of the address", change_rest_of_address, true},
	{"the answer, of which the query was not seen there", change_to_answer,
		true},
	{"the other way round", change_direction, false},
	{"more than a second apart", change_time, false},
	{"a second apart", change_time_less, true},
};

static void test_what_is_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct bench b = start(2);
		struct dlo_record *one = alert(&b, 1, "a@.ngrok.io"),
				  *two = alert(&b, 2, "a@.ngrok.io");

		print_message("# %s\n", cases[i].name);
		cases[i].change(two);
		/* The older first: else they might not meet. */
		if (two->meta.ts_ns < one->meta.ts_ns) {
			add(&b, 1, two);
			add(&b, 0, one);
			finish(&b, cases[i].same ? " a2@B,A." : " a2. a1.");
		} else {
			add(&b, 0, one);
			add(&b, 1, two);
			finish(&b, cases[i].same ? " a1@A,B." : " a1. a2.");
		}
	}
}

/* ---- who goes with whom ------------------------------------------------- */

/* A client that asks again is seen again: only another interface's goes. */
/* Two sources of one interface and one of another: what the first two see is no
 * look-up on two interfaces; and it leaves in the order of packets. */
static void test_parts_are_one_interface(void **state)
{
	struct bench b = start(3);

	(void)state;
	merge_join(b.m, 1, 0);
	add(&b, 0, alert(&b, 1, "a.ngrok.io"));
	pass(&b, MS);
	add(&b, 1, alert(&b, 2, "a.ngrok.io"));
	pass(&b, MS);
	add(&b, 2, alert(&b, 3, "a.ngrok.io"));
	pass(&b, MS);
	add(&b, 1, alert(&b, 4, "b.ngrok.io"));
	pass(&b, MS);
	add(&b, 0, alert(&b, 5, "c.ngrok.io"));
	finish(&b, " a1@A,C. a2. a4. a5.");
}

static void test_asked_again(void **state)
{
	struct bench b = start(2);

	(void)state;
	add(&b, 0, alert(&b, 1, "x.ngrok.io"));
	pass(&b, 1 * MS);
	add(&b, 0, alert(&b, 2, "x.ngrok.io"));
	add(&b, 1, alert(&b, 11, "x.ngrok.io"));
	add(&b, 1, alert(&b, 12, "x.ngrok.io"));
	add(&b, 1, alert(&b, 13, "x.ngrok.io"));
	finish(&b, " a1@A,B. a2@A,B. a13.");
}

/* The first is the first on the wire, whoever is read first. */
static void test_first_on_the_wire(void **state)
{
	struct bench b = start(3);
	struct dlo_record *one, *two, *three;

	(void)state;
	one = alert(&b, 1, "x.ngrok.io");
	pass(&b, 20 * MS);
	two = alert(&b, 2, "x.ngrok.io");
	pass(&b, 20 * MS);
	three = alert(&b, 3, "x.ngrok.io");
	pass(&b, 60 * MS); /* a block's time-out */
	add(&b, 0, three);
	add(&b, 2, two);
	pass(&b, 30 * MS);
	add(&b, 1, one);
	finish(&b, " a1@B,A,C.");
}

/* `any` is one source with several interfaces, which need no other source. */
static void test_any(void **state)
{
	struct bench b = start(1);
	struct dlo_record *rec = alert(&b, 1, "x.ngrok.io");

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		rec->meta.ifindex = 2 + i % 2; /* 2, 3, 2 */
		rec->meta.packet = i + 1;
		add(&b, 0, rec);
	}
	finish(&b, " a1@A2,A3. a3.");
}

static void test_many_places(void **state)
{
	struct bench b = start(1);
	struct dlo_record *rec = alert(&b, 1, "x.ngrok.io");

	(void)state;
	for (unsigned i = 0; i < MERGE_SEEN_MAX + 2; i++) {
		rec->meta.ifindex = 10 + i;
		rec->meta.packet = i + 1;
		add(&b, 0, rec);
	}
	finish(&b, " a1@A10,A11,A12,A13,A14,A15,A16,A17,A18,A19,A20,A21,A22,"
		   "A23,A24,A25. a17@A26,A27.");
}

/* ---- messages ----------------------------------------------------------- */

/* A message: its records' kinds, as above, and the names of its alerts. */
static void add_message(struct bench *b, unsigned source, uint64_t packet,
	const char *kinds, const char *names)
{
	char name[] = "?.ngrok.io";
	size_t n = strlen(kinds), last = n;

	while (last > 0 && kinds[last - 1] == '!') {
		last--;
	}
	for (size_t i = 0; i < n; i++) {
		struct dlo_record *rec = alert(b, packet, "q.ngrok.io");

		rec->kind = (uint16_t)(strchr(letters, kinds[i]) - letters);
		if (rec->kind == DLO_RECORD_ALERT) {
			name[0] = *names++;
			rec->name_len =
				record(DLO_RECORD_ALERT, &rec->meta, name)
					.name_len;
			rec->u.name[1] = (uint8_t)name[0];
		}
		if (rec->kind != DLO_RECORD_CLOSING) {
			rec->flags =
				(uint16_t)((i ? 0 : DLO_RECORD_FIRST) |
					   (i + 1 < last ? 0
							 : DLO_RECORD_LAST));
		}
		add(b, source, rec);
	}
}

static const struct {
	const char *name;
	const char *one, *one_names, *two, *two_names, *want;
} messages[] = {
	{"all of it was seen before", "bbqa", "x", "bqa", "x",
		" b1b1q1a1@A,B."},
	{"two alerts, of which the other has the first", "qaa", "xy", "qa", "x",
		" q1a1@A,Ba1."},
	{"the other has one more", "qa", "x", "qaa", "xy", " q1a1@A,B. q2a2."},
	{"the other has one more, in front", "qa", "y", "qaa", "xy",
		" q1a1@A,B. q2a2."},
	{"each has one that the other has not", "qaa", "xy", "qaa", "yz",
		" q1a1a1@A,B. q2a2."},
	{"in another order", "qaa", "xy", "qaa", "yx", " q1a1@A,Ba1@A,B."},
	{"the same twice in one message", "qaqa", "xx", "qaqa", "xx",
		" q1a1@A,Bq1a1@A,B."},
	{"once and twice", "qa", "x", "qaqa", "xx", " q1a1@A,B. q2q2a2."},
	{"without an alert", "q", "", "bq", "", " q1. b2q2."},
	{"a question behind the alert", "qa", "x", "qaq", "x", " q1a1@A,B."},
	{"closing lines stay, within a message and behind it", "q!a!", "x",
		"q!a!", "x", " q1!1a1@A,B.!1!2!2"},
	{"a closing line in what is left", "qa", "x", "q!aa", "yx",
		" q1a1@A,B. q2!2a2."},
	{"a closing line behind what is left", "qa", "x", "qa!a", "yx",
		" q1a1@A,B. q2a2.!2"},
};

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(messages); i++) {
		struct bench b = start(2);

		print_message("# %s\n", messages[i].name);
		add_message(&b, 0, 1, messages[i].one, messages[i].one_names);
		add_message(&b, 1, 2, messages[i].two, messages[i].two_names);
		finish(&b, messages[i].want);
	}
}

/* ---- time --------------------------------------------------------------- */

static void test_held_for_a_while(void **state)
{
	struct bench b = start(2);

	(void)state;
	assert_int_equal(merge_release(b.m, b.now_ns), UINT64_MAX);
	add(&b, 0, alert(&b, 1, "x.ngrok.io"));
	pass(&b, 999 * MS);
	assert_int_equal(merge_release(b.m, b.now_ns) - b.now_ns,
		MERGE_HOLD_NS - 999 * MS);
	/* At the last moment, and read a block's time-out later. */
	add(&b, 1, alert(&b, 2, "x.ngrok.io"));
	pass(&b, 250 * MS);
	merge_release(b.m, b.now_ns);
	assert_string_equal(out, "");
	pass(&b, 1 * MS);
	merge_release(b.m, b.now_ns);
	assert_string_equal(out, " a1@A,B.");
	/* Of the second one, nothing is left. */
	pass(&b, MERGE_HOLD_NS);
	assert_int_equal(merge_release(b.m, b.now_ns), UINT64_MAX);
	finish(&b, " a1@A,B.");
}

/* All that is held leaves in the order of the wire. */
static void test_order(void **state)
{
	struct bench b = start(3);
	char name[] = "?.ngrok.io";
	struct dlo_record *rec[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		name[0] = (char)('a' + i);
		rec[i] = alert(&b, i + 1, name);
		pass(&b, 5 * MS);
	}
	add(&b, 2, rec[1]);
	add(&b, 2, rec[4]);
	pass(&b, 50 * MS);
	add(&b, 0, rec[0]);
	add(&b, 0, rec[3]);
	add(&b, 0, rec[5]);
	add(&b, 1, rec[2]);
	pass(&b, MERGE_HOLD_NS);
	merge_release(b.m, b.now_ns);
	finish(&b, " a1. a2. a3. a4. a5. a6.");
}

/* The clock is set back: packets seem to come from the future. */
static void test_clock_set_back(void **state)
{
	struct bench b = start(2);
	struct dlo_record *one = alert(&b, 1, "x.ngrok.io"), *two;

	(void)state;
	b.clock_ns -= 3600000 * MS;
	add(&b, 0, one);
	two = alert(&b, 2, "y.ngrok.io");
	b.clock_ns -= 3600000 * MS;
	pass(&b, 10 * MS);
	add(&b, 1, two);
	add(&b, 1, alert(&b, 3, "x.ngrok.io"));
	assert_int_equal(merge_release(b.m, b.now_ns) - b.now_ns,
		MERGE_HOLD_NS - 10 * MS);
	assert_string_equal(out, "");
	pass(&b, MERGE_HOLD_NS);
	assert_int_equal(merge_release(b.m, b.now_ns), UINT64_MAX);
	finish(&b, " a1. a2. a3.");
}

/* ... and forth; or a message was given up long after its first packet. */
static void test_late(void **state)
{
	struct bench b = start(2);
	struct dlo_record *old = alert(&b, 1, "x.ngrok.io");

	(void)state;
	old->meta.ts_ns -= 3600000 * MS;
	pass(&b, 30000 * MS);
	add(&b, 0, alert(&b, 2, "y.ngrok.io"));
	add(&b, 1, old);
	assert_int_equal(
		merge_release(b.m, b.now_ns), b.now_ns + MERGE_HOLD_NS);
	assert_string_equal(out, " a1.");
	/* Behind another of its source it waits, but no longer than that. */
	add(&b, 0, old);
	merge_release(b.m, b.now_ns);
	assert_string_equal(out, " a1.");
	pass(&b, MERGE_HOLD_NS);
	merge_release(b.m, b.now_ns);
	finish(&b, " a1. a2. a1.");
}

/* ---- floods ------------------------------------------------------------- */

/* More than there is room for: the oldest leave early, none is lost. */
static void test_flood(void **state)
{
	struct bench b = start(2);
	char want[64];

	(void)state;
	add(&b, 1, alert(&b, 1, "x.ngrok.io"));
	pass(&b, 1 * MS);
	for (unsigned i = 0; i < MERGE_SLOTS; i++) {
		add(&b, 0, alert(&b, 2 + i, "x.ngrok.io"));
	}
	assert_string_equal(out, "");
	assert_int_equal(merge_n_early(b.m), 0);
	/* The first one in time goes, and takes its like along; that one's
	 * place is free now. */
	add(&b, 0, alert(&b, 9001, "y.ngrok.io"));
	assert_string_equal(out, " a1@B,A.");
	assert_int_equal(merge_n_early(b.m), 2);
	for (unsigned i = 0; i < 3 * MERGE_SLOTS; i++) {
		add(&b, 0, alert(&b, 9002, "z.ngrok.io"));
		if (i < 3) {
			snprintf(want, sizeof(want), " a%u.", 3 + i);
			assert_non_null(strstr(out, want));
		}
		out[0] = '\0';
	}
	assert_int_equal(merge_n_early(b.m), 2 + 3 * MERGE_SLOTS);
	finish(&b, NULL);
}

/* What was held long enough is no reason to hurry. */
static void test_full_and_due(void **state)
{
	struct bench b = start(2);

	(void)state;
	for (unsigned i = 0; i < MERGE_SLOTS; i++) {
		add(&b, 0, alert(&b, i, "x.ngrok.io"));
	}
	pass(&b, MERGE_HOLD_NS);
	add(&b, 0, alert(&b, 1, "y.ngrok.io"));
	assert_int_equal(merge_n_early(b.m), 0);
	finish(&b, NULL);
}

/* No part of a message leaves before its end has come. */
static void test_message_under_way(void **state)
{
	struct bench b = start(2);
	struct dlo_record *rec = alert(&b, 1, "x.ngrok.io");

	(void)state;
	rec->flags = DLO_RECORD_FIRST;
	rec->kind = DLO_RECORD_QUESTION;
	add(&b, 0, rec);
	assert_int_equal(merge_release(b.m, UINT64_MAX), UINT64_MAX);
	assert_string_equal(out, "");
	rec->flags = DLO_RECORD_LAST;
	rec->kind = DLO_RECORD_ALERT;
	add(&b, 0, rec);
	finish(&b, " q1a1.");
}

/* The longest message fits, whatever is held. */
static void test_longest_message(void **state)
{
	struct bench b = start(2);
	char *kinds = calloc(1, MERGE_SLOTS + 1);

	(void)state;
	memset(kinds, 'b', MERGE_SLOTS);
	kinds[MERGE_SLOTS - 2] = 'q';
	kinds[MERGE_SLOTS - 1] = 'a';
	add_message(&b, 0, 1, "qa", "w");
	add_message(&b, 1, 3, "qa", "x");
	pass(&b, 1 * MS);
	add_message(&b, 0, 2, kinds, "x");
	assert_string_equal(out, " q1a1.");
	finish(&b, " q1a1. q3a3@B,A.");
	free(kinds);
}

static uint64_t xorshift(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

static struct {
	uint64_t alerts, closings, newest_ns;
	bool within;
} seen;

static void count(void *ctx, const struct dlo_record *rec,
	const struct merge_place *place, unsigned n)
{
	(void)ctx;
	(void)place;
	if (rec->kind == DLO_RECORD_CLOSING) {
		seen.closings++;
		return;
	}
	assert_int_equal(!(rec->flags & DLO_RECORD_FIRST), seen.within);
	seen.within = !(rec->flags & DLO_RECORD_LAST);
	seen.alerts += rec->kind == DLO_RECORD_ALERT ? n : 0;
	assert_true(rec->meta.ts_ns >= seen.newest_ns);
	seen.newest_ns = rec->meta.ts_ns;
}

/* Whatever comes: each alert leaves, alone or with another; messages leave
 * whole, in the order of their time, and in time. */
static void test_any_traffic(void **state)
{
	uint64_t x = 88172645463325252u, alerts = 0, closings = 0, due;
	struct bench b = start(4);

	(void)state;
	merge_free(b.m);
	assert_int_equal(merge_new(4, count, NULL, &b.m), 0);
	for (unsigned i = 0; i < 100000; i++) {
		static const char *const kinds[] = {
			"qa", "bqaa", "q!aqa", "qaaa", "!", "q"};
		uint64_t r = xorshift(&x);
		const char *k = kinds[r % N(kinds)];
		char names[4];

		for (unsigned j = 0; j < 4; j++) {
			names[j] = (char)('a' + (r >> (8 + 4 * j)) % 5);
		}
		/* A rush now and then, in which the table fills up. */
		pass(&b, i / 10000 % 2 ? 1000 : (r >> 32) % (40 * MS));
		add_message(&b, (unsigned)(r >> 60) % 4, i, k, names);
		for (; *k; k++) {
			alerts += *k == 'a';
			closings += *k == '!';
		}
		due = merge_release(b.m, b.now_ns);
		assert_true(due > b.now_ns);
		assert_true(
			due == UINT64_MAX || due - b.now_ns <= MERGE_HOLD_NS);
	}
	assert_true(merge_n_early(b.m) > 1000);
	assert_int_equal(merge_release(b.m, UINT64_MAX), UINT64_MAX);
	assert_false(seen.within);
	assert_int_equal(seen.alerts, alerts);
	assert_int_equal(seen.closings, closings);
	merge_free(b.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_the_same),
		cmocka_unit_test(test_asked_again),
		cmocka_unit_test(test_parts_are_one_interface),
		cmocka_unit_test(test_first_on_the_wire),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_many_places),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_held_for_a_while),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_full_and_due),
		cmocka_unit_test(test_message_under_way),
		cmocka_unit_test(test_longest_message),
		cmocka_unit_test(test_any_traffic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
