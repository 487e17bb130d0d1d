/* SPDX-License-Identifier: BSD-2-Clause */
/* test_text.c - tcpdump's line. What it writes itself is copied from 4.99.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "printing.h"

/* One record of a message: 'Q'uestion, 'A'lert. */
struct step {
	char kind;
	const char *name;
	uint16_t type, cls; /* 0: A, IN */
	uint32_t match[3];
	unsigned n_matches, total;
	enum dlo_decoded decoded;
	uint32_t expired;
	uint64_t count;
};

struct text_case {
	const char *name;
	struct dlo_text_options o;
	struct dlo_meta m; /* id, flags, counts; the rest is meta4()'s */
	struct step steps[6];
	const char *want;
};

#define Q(...) \
	{ \
		.kind = 'Q', .name = __VA_ARGS__ \
	}
#define ONE .n_questions = 1, .n_seen = 1, .dns_len = 28
#define V4 "IP 192.0.2.5.53211 > 198.51.100.1.53: "

static const struct text_case cases[] = {
	{"a query", {0}, {.id = 4242, .flags = 0x0100, ONE}, {Q("a.ngrok.io")},
		V4 "4242+ A? a.ngrok.io. (28)\n"},
	{"several questions are counted", {0},
		{.id = 4242,
			.flags = 0x0110,
			.n_questions = 2,
			.n_seen = 2,
			.dns_len = 44},
		{Q("a.ngrok.io"), Q("b.ngrok.io", 28)},
		V4 "4242+% [2q] A? a.ngrok.io. AAAA? b.ngrok.io. (44)\n"},
	{"IQUERY has its own defaults, CHAOS its name", {0},
		{.id = 2, .flags = 0x0900, ONE}, {Q("x", 16, 3)},
		V4 "2 inv_q+ [1q] [0a] TXT CHAOS? x. (28)\n"},
	{"the root is a dot", {0}, {.id = 3, .flags = 0x1000, ONE}, {Q(".")},
		V4 "3 stat A? . (28)\n"},
	{"an update with all its counts", {0},
		{.id = 4,
			.flags = 0x2800,
			.n_answers = 1,
			.n_authority = 2,
			.n_additional = 3,
			ONE},
		{Q("u.example", 6, 255)},
		V4 "4 update [1a] [2n] [3au] SOA ANY? u.example. (28)\n"},
	{"odd bits are shown, unknown codes have numbers", {0},
		{.id = 5, .flags = 0x01f0, ONE}, {Q("u.example", 65280, 42)},
		V4 "5+% [b2&3=0x1f0] TYPE65280 CLASS42? u.example. (28)\n"},
	{"no question", {0}, {.id = 7, .flags = 0x0100, .dns_len = 12},
		{Q(NULL)}, V4 "7+ [0q] (12)\n"},
	{"a damaged question ends the line", {0},
		{.id = 8, .flags = 0x0100, .n_questions = 3, .n_seen = 1},
		{Q("c.example")}, V4 "8+ [3q] A? c.example. [|domain]\n"},
	{"questions that nobody looks at are counted", {0},
		{.id = 8,
			.flags = 0x0100,
			.n_questions = 70,
			.n_seen = 64,
			.dns_len = 999},
		{Q("c.example")},
		V4 "8+ [70q] A? c.example. (+69 more) (999)\n"},
	{"an answer", {0}, {.id = 1, .flags = 0x8583, .n_authority = 1, ONE},
		{Q("a.example")},
		V4 "1 NXDomain* q: A? a.example. 0/1/0 (28)\n"},
	{"an answer to two questions", {0},
		{.id = 6,
			.flags = 0x81a0,
			.n_questions = 2,
			.n_seen = 2,
			.n_answers = 2,
			.n_additional = 1,
			.dns_len = 44},
		{Q("a.example"), Q("b.example")},
		V4 "6$ [2q] q: A? a.example., q: A? b.example. 2/0/1 (44)\n"},
	{"an answer without a question, cut, no recursion", {0},
		{.id = 9, .flags = 0x8600, .n_answers = 1, .dns_len = 12},
		{Q(NULL)}, V4 "9*-| [0q] 1/0/0 (12)\n"},
	{"a name's octets never reach a terminal", {0},
		{.id = 1, .flags = 0x0100, ONE},
		{Q("\\027[1m\\.x.\\255.example")},
		V4 "1+ A? \\027[1m\\.x.\\255.example. (28)\n"},
	{"an alert stands behind", {0}, {.id = 4242, .flags = 0x0100, ONE},
		{Q("a.ngrok.io"),
			{'A', "a.ngrok.io", .match = {NGROK}, .n_matches = 1}},
		V4 "4242+ A? a.ngrok.io. (28) [high] tunnel/ngrok ngrok.io "
		   "T1572 T1090.002\n"},
	{"one that several interfaces saw, and one that did not", {0},
		{.id = 4242, .flags = 0x0100, ONE},
		{Q("a.ngrok.io"),
			{'A', "a.ngrok.io", .match = {NGROK}, .n_matches = 1,
				.count = 2},
			{'A', "a.ngrok.io", .match = {PLAIN}, .n_matches = 1}},
		V4 "4242+ A? a.ngrok.io. (28) [high] tunnel/ngrok ngrok.io "
		   "T1572 T1090.002 (on 2 interfaces) [medium] my own.hosts/- "
		   "plain.example\n"},
	{"all patterns, and how many more", {0},
		{.id = 4242, .flags = 0x0100, ONE},
		{Q("a.ngrok.io"),
			{'A', "a.ngrok.io", .match = {NGROK, NGROK_GLOB},
				.n_matches = 2, .total = 9}},
		V4 "4242+ A? a.ngrok.io. (28) [high] tunnel/ngrok ngrok.io "
		   "*.ngrok.* (+7 more) T1572 T1090.002\n"},
	{"alerts on several questions, the list's title for a category", {0},
		{.id = 1,
			.flags = 0x0100,
			.n_questions = 2,
			.n_seen = 2,
			.dns_len = 44},
		{Q("a.ngrok.io"),
			{'A', "a.ngrok.io", .match = {NGROK}, .n_matches = 1,
				.decoded = DLO_DECODED_SKIPPED},
			Q("plain.example"),
			{'A', "plain.example", .match = {PLAIN}, .n_matches = 1,
				.decoded = DLO_DECODED_BAD}},
		V4 "1+ [2q] A? a.ngrok.io. A? plain.example. (44) [high] "
		   "tunnel/ngrok ngrok.io T1572 T1090.002 (not decoded: over "
		   "budget) [medium] my own.hosts/- plain.example (not "
		   "decoded: ldns disagrees)\n"},
	{"-q", {.quiet = true}, {.id = 1, .flags = 0x0100, ONE},
		{Q("a.ngrok.io"),
			{'A', "a.ngrok.io", .match = {NGROK}, .n_matches = 1}},
		V4 "1+ A? a.ngrok.io. [high] tunnel/ngrok ngrok.io\n"},
	{"-v", {.verbose = true}, {.id = 1, .flags = 0x0100, ONE},
		{Q("a.ngrok.io"),
			{'A', "a.ngrok.io", .match = {NGROK_GLOB, NGROK},
				.n_matches = 2}},
		V4 "1+ A? a.ngrok.io. (28) [high] tunnel/ngrok *.ngrok.* "
		   "ngrok.io T1572 T1090.002 T1090.001\n"
		   "\ttunnel.list:13 *.ngrok.*: Tunnelling services; cuts "
		   "through labels\n"
		   "\ttunnel.list:12 ngrok.io: Tunnelling services\n"},
	{"an exception that has expired", {.quiet = true},
		{.id = 1, .flags = 0x0100, ONE},
		{Q("a.ngrok.io"),
			{'A', "a.ngrok.io", .match = {NGROK}, .n_matches = 1,
				.expired = EXPIRED + 1},
			{'A', "a.ngrok.io", .match = {PLAIN}, .n_matches = 1,
				.decoded = DLO_DECODED_BAD,
				.expired = NOBODYS + 1}},
		V4 "1+ A? a.ngrok.io. [high] tunnel/ngrok ngrok.io exception "
		   "expired 2025-12-31 (owner alice) [medium] my own.hosts/- "
		   "plain.example exception expired 2025-12-30 (not decoded: "
		   "ldns disagrees)\n"},
	{"and with -v", {.verbose = true}, {.id = 1, .flags = 0x0100, ONE},
		{Q("a.ngrok.io"),
			{'A', "a.ngrok.io", .match = {NGROK}, .n_matches = 1,
				.expired = EXPIRED + 1}},
		V4 "1+ A? a.ngrok.io. (28) [high] tunnel/ngrok ngrok.io T1572 "
		   "T1090.002 exception expired 2025-12-31 (owner alice)\n"
		   "\ttunnel.list:12 ngrok.io: Tunnelling services\n"
		   "\tsite.list:4 a.example: exception, expired; pilot\n"},
	{"only our own words have colour", {.color = true},
		{.id = 1, .flags = 0x0100, ONE},
		{Q("a.ngrok.io"),
			{'A', "a.ngrok.io", .match = {NGROK}, .n_matches = 1}},
		V4 "1+ A? a.ngrok.io. (28) \033[31m[high]\033[0m tunnel/ngrok "
		   "ngrok.io T1572 T1090.002\n"},
	{"a list's octets never reach a terminal", {.verbose = true},
		{.id = 1, .flags = 0x0100, ONE},
		{Q("x.example"),
			{'A', "x.example", .match = {HOSTILE}, .n_matches = 1}},
		V4 "1+ A? x.example. (28) [low] a=b c/tab?here x.example\n"
		   "\tbad?[1m.list:7 x.example: ??? tr\xc3\xa8s ?????; ??\n"},
};

static struct dlo_record step_record(
	const struct dlo_meta *m, const struct step *s)
{
	struct dlo_record rec =
		record(s->kind == 'A' ? DLO_RECORD_ALERT : DLO_RECORD_QUESTION,
			m, s->name);

	rec.qtype = s->type ? s->type : 1;
	rec.qclass = s->cls ? s->cls : 1;
	rec.decoded = (uint8_t)s->decoded;
	rec.expired = s->expired;
	rec.count = s->count;
	for (unsigned i = 0; i < s->n_matches; i++) {
		add_match(&rec, s->match[i]);
	}
	if (s->total) {
		rec.n_matches_total = s->total;
	}
	return rec;
}

static void assert_text(const char *want, size_t len, const char *got)
{
	assert_int_equal(strlen(got), len);
	assert_string_equal(got, want);
}

static void test_lines(void **state)
{
	const char *line;
	uint64_t ts_ns;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct text_case *c = &cases[i];
		struct dlo_meta m = meta4(c->m.flags);
		struct dlo_text *t;
		size_t len = 0, n = 0;

		m.id = c->m.id;
		m.n_questions = c->m.n_questions;
		m.n_seen = c->m.n_seen;
		m.n_answers = c->m.n_answers;
		m.n_authority = c->m.n_authority;
		m.n_additional = c->m.n_additional;
		m.dns_len = c->m.dns_len;
		print_message("# %s\n", c->name);
		assert_int_equal(dlo_text_new(&c->o, &t), 0);
		while (n < 6 && c->steps[n].kind) {
			n++;
		}
		for (size_t k = 0; k < n; k++) {
			struct dlo_record rec = step_record(&m, &c->steps[k]);

			assert_int_equal(len, 0);
			rec.flags =
				(uint16_t)((k ? 0 : DLO_RECORD_FIRST) |
					   (k + 1 < n ? 0 : DLO_RECORD_LAST));
			len = dlo_text_print(t, &rec, &line, &ts_ns);
		}
		assert_text(c->want, len, line);
		assert_true(ts_ns == TS);
		dlo_text_free(t);
	}
}

static const struct answer_case {
	const char *name;
	struct dlo_text_options o;
	uint16_t n_answers;
	const char *cname[3], *https;
	unsigned n_v4, n_v6; /* addresses */
	const char *way[3]; /* of an alert; NULL: no alert */
	unsigned way_total;
	const char *want;
} answers[] = {
	{"an address", {0}, 1, {NULL}, NULL, 1, 0, {NULL}, 0,
		" 1/0/0 A 192.0.2.0 (28)\n"},
	{"the chain, then addresses", {0}, 4, {"X.cdn.example", "t.ngrok.io"},
		NULL, 1, 1, {NULL}, 0,
		" 4/0/0 CNAME x.cdn.example., CNAME t.ngrok.io., A 192.0.2.0, "
		"AAAA 2001:db8::1 (28)\n"},
	{"the root has one dot", {0}, 2, {"."}, "s", 0, 0, {NULL}, 0,
		" 2/0/0 CNAME ., HTTPS s. (28)\n"},
	{"not all of them", {0}, 9, {NULL}, NULL, 8, 0, {NULL}, 0,
		" 9/0/0 A 192.0.2.0, A 192.0.2.1, A 192.0.2.2, A 192.0.2.3, A "
		"192.0.2.4, A 192.0.2.5, A 192.0.2.6, A 192.0.2.7, ... (28)\n"},
	{"nothing that we carry", {0}, 2, {NULL}, NULL, 0, 0, {NULL}, 0,
		" 2/0/0 (28)\n"},
	{"-q", {.quiet = true}, 2, {"x"}, NULL, 1, 0, {"x"}, 1,
		" 2/0/0 [high] tunnel/ngrok ngrok.io via x\n"},
	{"an alert on the end of a chain", {0}, 2,
		{"x.cdn.example", "t.ngrok.io"}, NULL, 0, 0,
		{"x.cdn.example", "t.NGROK.io"}, 2,
		" 2/0/0 CNAME x.cdn.example., CNAME t.ngrok.io. (28) [high] "
		"tunnel/ngrok ngrok.io via x.cdn.example,t.ngrok.io T1572 "
		"T1090.002\n"},
	{"a way that is not carried whole", {0}, 1, {"a"}, NULL, 0, 0,
		{"a", "b", "z"}, 9,
		" 1/0/0 CNAME a. (28) [high] tunnel/ngrok ngrok.io via "
		"a,b,...,z T1572 T1090.002\n"},
	{"only the last one is carried", {0}, 1, {"a"}, NULL, 0, 0, {"z"}, 2,
		" 1/0/0 CNAME a. (28) [high] tunnel/ngrok ngrok.io via "
		"...,z T1572 T1090.002\n"},
	{"a comma does not make two names, nor a dot two labels", {0}, 1,
		{"a,b.\\.c\\027"}, NULL, 0, 0, {"a,b.\\.c\\027"}, 1,
		" 1/0/0 CNAME a,b.\\.c\\027. (28) [high] tunnel/ngrok ngrok.io "
		"via a\\044b.\\.c\\027 T1572 T1090.002\n"},
};

static struct dlo_record answer_record(const struct answer_case *c)
{
	struct dlo_meta m = meta4(0x8180);
	struct dlo_record rec;

	m.n_answers = c->n_answers;
	rec = record(DLO_RECORD_QUESTION, &m, "a.example");
	for (size_t k = 0; k < 3 && c->cname[k]; k++) {
		add_via(&rec, 5, c->cname[k]);
	}
	if (c->https) {
		add_via(&rec, 65, c->https);
	}
	for (uint8_t k = 0; k < c->n_v4 + c->n_v6; k++) {
		add_address(&rec, k < c->n_v4 ? 4 : 6, k);
	}
	return rec;
}

static void test_answers(void **state)
{
	static const char head[] = V4 "4242 q: A? a.example.";

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer_case *c = &answers[i];
		struct dlo_record rec = answer_record(c);
		struct dlo_text *t;
		const char *line;
		uint64_t ts_ns;
		size_t len;

		print_message("# %s\n", c->name);
		assert_int_equal(dlo_text_new(&c->o, &t), 0);
		rec.flags &= c->way[0] ? DLO_RECORD_FIRST : UINT16_MAX;
		len = dlo_text_print(t, &rec, &line, &ts_ns);
		if (c->way[0]) {
			rec = record(DLO_RECORD_ALERT, &rec.meta, "a.example");
			rec.flags = DLO_RECORD_LAST;
			add_match(&rec, NGROK);
			for (size_t k = 0; k < 3 && c->way[k]; k++) {
				add_via(&rec, 5, c->way[k]);
			}
			rec.n_via_total = (uint8_t)c->way_total;
			len = dlo_text_print(t, &rec, &line, &ts_ns);
		}
		assert_true(len > sizeof(head) - 1);
		assert_memory_equal(line, head, sizeof(head) - 1);
		assert_text(c->want, len - sizeof(head) + 1,
			line + sizeof(head) - 1);
		dlo_text_free(t);
	}
}

/* Names of the worst kind, as many as a record carries: room for them all. */
static void test_longest_answers(void **state)
{
	struct dlo_text_options o = {0};
	struct dlo_meta m = meta4(0x8180);
	struct dlo_record rec = record(DLO_RECORD_QUESTION, &m, "a.example");
	struct dlo_text *t;
	const char *line;
	uint64_t ts_ns;
	size_t len;

	(void)state;
	add_via(&rec, 65, longest_name());
	for (unsigned i = 0; i < 31; i++) {
		add_via(&rec, 200, i < 10 ? "\\001" : ".");
	}
	assert_in_range(rec.via_len, 300, DLO_VIA_MAX);
	for (uint8_t i = 0; i < DLO_ADDRESSES_MAX; i++) {
		add_address(&rec, 6, 1);
		memset(rec.u.address[i], 0xff, 16);
	}
	rec.meta.n_answers = 99;
	assert_int_equal(dlo_text_new(&o, &t), 0);
	len = dlo_text_print(t, &rec, &line, &ts_ns);
	assert_string_equal(line + len - 54,
		"AAA ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ... (28)\n");
	dlo_text_free(t);
}

static const struct closing_case {
	const char *name;
	uint8_t ip_version;
	uint32_t n_clients;
	uint64_t count, first_s; /* before the closing */
	bool verbose;
	const char *qname, *want;
} closings[] = {
	{"one client", 4, 1, 17, 57, false, NULL,
		"IP 192.0.2.5: 17 more alerts in the last 57.0 s [high] "
		"tunnel/ngrok ngrok.io T1572 T1090.002\n"},
	{"one alert, with a name", 6, 1, 1, 3600, false, "a.ngrok.io",
		"IP6 c000:205::: 1 more alert in the last 3600 s, one for "
		"a.ngrok.io [high] tunnel/ngrok ngrok.io T1572 T1090.002\n"},
	{"all clients", 0, 0, 100000, 60, true, NULL,
		"IP all clients: 100000 more alerts in the last 60 s [high] "
		"tunnel/ngrok ngrok.io T1572 T1090.002\n"
		"\ttunnel.list:12 ngrok.io: Tunnelling services\n"
		"\tfirst 2026-01-02T03:03:05.123456Z, last "
		"2026-01-02T03:04:04.123456Z\n"},
};

static void test_closings(void **state)
{
	struct dlo_text_options o = {.link = true, .hex = true};

	(void)state;
	for (size_t i = 0; i < sizeof(closings) / sizeof(closings[0]); i++) {
		const struct closing_case *c = &closings[i];
		struct dlo_meta m = meta4(0);
		struct dlo_record rec;
		struct dlo_text *t;
		const char *line;
		uint64_t ts_ns;
		size_t len;

		m.ip_version = c->ip_version;
		o.verbose = c->verbose;
		rec = record(DLO_RECORD_CLOSING, &m, c->qname);
		rec.n_clients = c->n_clients;
		rec.count = c->count;
		rec.first_ns = TS - c->first_s * 1000000000u;
		rec.last_ns = TS - 1000000000u;
		add_match(&rec, NGROK);
		print_message("# %s\n", c->name);
		assert_int_equal(dlo_text_new(&o, &t), 0);
		len = dlo_text_print(t, &rec, &line, &ts_ns);
		assert_text(c->want, len, line);
		dlo_text_free(t);
	}
}

#define IPV4_UDP \
	"\x45\0\0\x38\0\1\0\0\x40\x11\0\0\xc0\0\2\5\xc6\x33\x64\1\xcf\xdb\0" \
	"5\0$\0\0\x10\x92\1\0\0\1\0\0\0\0\0\0\1a\5ngrok\2io\0\0\1\0\1"
#define MACS "\2\0\0\0\0\2\2\0\0\0\0\1"
#define PAIR "02:00:00:00:00:01 > 02:00:00:00:00:02, "
#define REST "192.0.2.5.53211 > 198.51.100.1.53: 4242+ A? a.ngrok.io. (28)\n"
#define FRAME(s) s, sizeof(s) - 1

static const struct frame_case {
	const char *name;
	struct dlo_text_options o;
	int link_type;
	const char *frame;
	size_t len;
	uint16_t net_off;
	const char *want;
} frames[] = {
	{"-e", {.link = true}, 1, FRAME(MACS "\x08\0" IPV4_UDP), 14,
		PAIR "ethertype IPv4 (0x0800), length 70: " REST},
	{"-q -e", {.link = true, .quiet = true}, 1,
		FRAME(MACS "\x08\0" IPV4_UDP), 14,
		PAIR "IPv4, length 70: 192.0.2.5.53211 > 198.51.100.1.53: "
		     "4242+ A? a.ngrok.io.\n"},
	{"-e, a tag", {.link = true}, 1,
		FRAME(MACS "\x81\0\x20\5\x08\0" IPV4_UDP), 18,
		PAIR "ethertype 802.1Q (0x8100), length 74: vlan 5, p 1, "
		     "ethertype IPv4 (0x0800), " REST},
	{"-e, two tags", {.link = true}, 1,
		FRAME(MACS "\x88\xa8\x30\5\x81\0\0\6\x08\0" IPV4_UDP), 22,
		PAIR "ethertype 802.1Q-QinQ (0x88a8), length 78: vlan 5, p 1, "
		     "DEI, ethertype 802.1Q (0x8100), vlan 6, p 0, ethertype "
		     "IPv4 (0x0800), " REST},
	{"-e, a header that is cut", {.link = true}, 1,
		FRAME(MACS "\x81\0\x20"), 0, "[|link] " REST},
	{"-e, cooked", {.link = true}, 113,
		FRAME("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0" IPV4_UDP), 16,
		" In 02:00:00:00:00:01 ethertype IPv4 (0x0800), length "
		"72: " REST},
	{"-e, cooked, a tag: the type behind it has no number", {.link = true},
		113,
		FRAME("\0\1\0\1\0\0\0\0\0\0\0\0\0\0\x81\0\x20\5\x08"
		      "\0" IPV4_UDP),
		20,
		"  B ethertype 802.1Q (0x8100), length 76: vlan 5, p 1, "
		"ethertype IPv4, " REST},
	{"-q -e, cooked: no types", {.link = true, .quiet = true}, 113,
		FRAME("\0\4\0\1\0\6\2\0\0\0\0\1\0\0\x81\0\x20\5\x08"
		      "\0" IPV4_UDP),
		20,
		"Out 02:00:00:00:00:01 vlan 5, p 1, 192.0.2.5.53211 > "
		"198.51.100.1.53: 4242+ A? a.ngrok.io.\n"},
	{"-e, cooked, 802.2", {.link = true}, 113,
		FRAME("\0\2\0\1\0\6\2\0\0\0\0\1\0\0\0\4\xaa" IPV4_UDP), 17,
		"  M 02:00:00:00:00:01 802.2, length 73: " REST},
	{"-e, cooked, version 2", {.link = true}, 276,
		FRAME("\x08\0\0\0\0\0\0\3\0\1\4\6\2\0\0\0\0\1\0\0" IPV4_UDP),
		20,
		"Out ifindex 3 02:00:00:00:00:01 ethertype IPv4 (0x0800), "
		"length 76: " REST},
	{"-e, cooked, version 2: the direction stands on the left",
		{.link = true}, 276,
		FRAME("\x81\0\0\0\0\0\1\2\0\1\0\6\2\0\0\0\0\1\0\0\x10\7\x86"
		      "\xdd" IPV4_UDP),
		24,
		"In  ifindex 258 02:00:00:00:00:01 ethertype 802.1Q (0x8100), "
		"length 80: vlan 7, p 0, DEI, ethertype IPv6, " REST},
	{"-q -e, cooked, version 2", {.link = true, .quiet = true}, 276,
		FRAME("\x08\0\0\0\0\0\0\3\0\1\7\0\2\0\0\0\0\1\0\0" IPV4_UDP),
		20,
		"?   ifindex 3 192.0.2.5.53211 > 198.51.100.1.53: 4242+ A? "
		"a.ngrok.io.\n"},
	{"-e, another link type", {.link = true}, 101, FRAME(IPV4_UDP), 0,
		"link-type 101, length 56: " REST},
	{"-X", {.hex = true}, 1, FRAME(MACS "\x08\0" IPV4_UDP), 14,
		"IP " REST
		"\t0x0000:  4500 0038 0001 0000 4011 0000 c000 0205  "
		"E..8....@.......\n"
		"\t0x0010:  c633 6401 cfdb 0035 0024 0000 1092 0100  "
		".3d....5.$......\n"
		"\t0x0020:  0001 0000 0000 0000 0161 056e 6772 6f6b  "
		".........a.ngrok\n"
		"\t0x0030:  0269 6f00 0001 0001                      "
		".io.....\n"},
	{"-XX: the link header too", {.hex = true, .hex_link = true}, 1,
		FRAME("\1\2abc"), 2,
		"IP " REST
		"\t0x0000:  0102 6162 63                             "
		"..abc\n"},
	{"-X, an odd length", {.hex = true}, 101, FRAME("abc"), 0,
		"IP " REST
		"\t0x0000:  6162 63                                  abc\n"},
};

/* A frame in pieces of at most `piece` octets, then its question. */
static size_t feed(struct dlo_text *t, const struct frame_case *c, size_t piece,
	const char **line)
{
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_BYTES, &m, NULL);
	uint64_t ts_ns;
	size_t n;

	for (size_t at = 0; at < c->len; at += n) {
		n = c->len - at < piece ? c->len - at : piece;
		rec.flags = at ? 0 : DLO_RECORD_FIRST;
		rec.n_bytes = (uint16_t)n;
		rec.at = (uint16_t)at;
		rec.net_off = c->net_off;
		rec.link_type = c->link_type;
		rec.frame_len = (uint32_t)c->len;
		memcpy(rec.u.bytes, c->frame + at, n);
		assert_int_equal(dlo_text_print(t, &rec, line, &ts_ns), 0);
	}
	rec = record(DLO_RECORD_QUESTION, &m, "a.ngrok.io");
	rec.flags = DLO_RECORD_LAST;
	return dlo_text_print(t, &rec, line, &ts_ns);
}

static void test_frames(void **state)
{
	static const size_t pieces[] = {512, 16, 1};
	const char *line;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct dlo_text *t;

		print_message("# %s\n", frames[i].name);
		assert_int_equal(dlo_text_new(&frames[i].o, &t), 0);
		for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]);
			k++) {
			len = feed(t, &frames[i], pieces[k], &line);
			assert_text(frames[i].want, len, line);
		}
		dlo_text_free(t);
	}
}

/* A stream that lost records: only whole messages are lines. */
static void test_lost_records(void **state)
{
	struct dlo_text_options o = {0};
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_QUESTION, &m, "a.example");
	struct dlo_text *t;
	const char *line;
	uint64_t ts_ns;
	size_t len;

	(void)state;
	assert_int_equal(dlo_text_new(&o, &t), 0);
	rec.flags = DLO_RECORD_LAST; /* its first one was lost */
	assert_int_equal(dlo_text_print(t, &rec, &line, &ts_ns), 0);
	rec.flags = DLO_RECORD_FIRST; /* its last one will be */
	assert_int_equal(dlo_text_print(t, &rec, &line, &ts_ns), 0);
	rec.flags = DLO_RECORD_FIRST | DLO_RECORD_LAST;
	len = dlo_text_print(t, &rec, &line, &ts_ns);
	assert_text(V4 "4242+ A? a.example. (28)\n", len, line);
	dlo_text_free(t);
}

/* A window closes between two records of a message. */
static void test_closing_within(void **state)
{
	struct dlo_text_options o = {.verbose = true};
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec =
		record(DLO_RECORD_QUESTION, &m, "plain.example");
	struct dlo_record closing = record(DLO_RECORD_CLOSING, &m, NULL);
	struct dlo_text *t;
	const char *line;
	uint64_t ts_ns;
	size_t len;

	(void)state;
	assert_int_equal(dlo_text_new(&o, &t), 0);
	rec.flags = DLO_RECORD_FIRST;
	assert_int_equal(dlo_text_print(t, &rec, &line, &ts_ns), 0);
	rec.kind = DLO_RECORD_ALERT;
	rec.flags = 0;
	add_match(&rec, PLAIN);
	assert_int_equal(dlo_text_print(t, &rec, &line, &ts_ns), 0);
	add_match(&closing, NGROK);
	closing.count = 2;
	closing.first_ns = UINT64_MAX; /* time jumped back */
	len = dlo_text_print(t, &closing, &line, &ts_ns);
	assert_text("IP all clients: 2 more alerts [high] tunnel/ngrok "
		    "ngrok.io T1572 T1090.002\n"
		    "\ttunnel.list:12 ngrok.io: Tunnelling services\n"
		    "\tfirst 2554-07-21T23:34:33.709551Z, last "
		    "1970-01-01T00:00:00.000000Z\n",
		len, line);
	rec.flags = DLO_RECORD_LAST;
	len = dlo_text_print(t, &rec, &line, &ts_ns);
	assert_text(V4 "4242+ A? plain.example. (28)"
		       " [medium] my own.hosts/- plain.example"
		       " [medium] my own.hosts/- plain.example\n"
		       "\tmy own.hosts:1 plain.example: my own.hosts\n"
		       "\tmy own.hosts:1 plain.example: my own.hosts\n",
		len, line);
	dlo_text_free(t);
}

/* The longest message: nothing is written past the buffers, alerts that find
 * no room are counted. */
static void test_longest(void **state)
{
	struct dlo_text_options o = {
		.link = true, .hex = true, .verbose = true};
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_BYTES, &m, NULL);
	struct dlo_text *t;
	const char *line;
	uint64_t ts_ns;
	size_t len = 0;

	(void)state;
	m.n_questions = m.n_seen = DLO_QUESTIONS_MAX;
	assert_int_equal(dlo_text_new(&o, &t), 0);
	rec.n_bytes = 512;
	rec.net_off = 14;
	for (unsigned at = 0; at < 65536; at += 512) {
		rec.at = (uint16_t)at;
		rec.flags = at ? 0 : DLO_RECORD_FIRST;
		(void)dlo_text_print(t, &rec, &line, &ts_ns);
	}
	for (unsigned i = 0; i < 2 * DLO_QUESTIONS_MAX; i++) {
		rec = record(i % 2 ? DLO_RECORD_ALERT : DLO_RECORD_QUESTION, &m,
			longest_name());
		for (unsigned k = 0; i % 2 && k < DLO_MATCHES_MAX; k++) {
			add_match(&rec, i < 3 ? NGROK : LONG);
		}
		rec.flags = i + 1 < 2 * DLO_QUESTIONS_MAX ? 0 : DLO_RECORD_LAST;
		len = dlo_text_print(t, &rec, &line, &ts_ns);
	}
	assert_int_equal(strlen(line), len);
	assert_true(len > 64 * 1000 + 4096 * 67);
	assert_non_null(strstr(line, " (+62 more alerts)\n"));
	assert_non_null(strstr(line, "\t0xfff0:  0000 "));
	dlo_text_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_longest_answers),
		cmocka_unit_test(test_closings),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_lost_records),
		cmocka_unit_test(test_closing_within),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
