/* SPDX-License-Identifier: BSD-2-Clause */
/* test_syslog.c - key=value: one line, short enough, nothing raw. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "printing.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define RULE "0b7f7a2e-0000-4000-8000-000000000001"
#define TIME "time=2026-01-02T03:04:05.123456789Z"
#define ENDS "src=192.0.2.5 sport=53211 dst=198.51.100.1"

static const struct syslog_case {
	const char *name, *qname;
	enum dlo_record_kind kind;
	uint16_t type, cls, flags;
	uint32_t match;
	uint32_t total; /* 0: 1 */
	enum dlo_decoded decoded;
	uint32_t n_clients;
	const char *want; /* up to the id */
} cases[] = {
	{"an alert", "A.b.example", DLO_RECORD_ALERT, 16, 1, 0x0100, NGROK, 0,
		DLO_DECODED_OK, 0,
		"alert " TIME " rule=" RULE
		" level=high qname=a.b.example qtype=TXT " ENDS
		" iface=eth0 capture=\"my x.pcap\" category=tunnel "
		"service=ngrok pattern=ngrok.io list=tunnel.list:12 "
		"tags=T1572,T1090.002"},
	{"an answer, an odd class, several matches", "a.b.example",
		DLO_RECORD_ALERT, 1, 3, 0x8103, NGROK, 9, DLO_DECODED_SKIPPED,
		0,
		"alert " TIME " rule=" RULE
		" level=high qname=a.b.example qtype=A "
		"qclass=CH " ENDS " rcode=NXDOMAIN client=198.51.100.1 "
		"decoded=skipped iface=eth0 capture=\"my x.pcap\" "
		"category=tunnel "
		"service=ngrok pattern=ngrok.io list=tunnel.list:12 matches=9 "
		"tags=T1572,T1090.002"},
	{"no value, no key", "plain.example", DLO_RECORD_ALERT, 1, 1, 0x0100,
		PLAIN, 0, DLO_DECODED_BAD, 0,
		"alert " TIME
		" rule=\"my own\" level=medium qname=plain.example "
		"qtype=A " ENDS " decoded=bad iface=eth0 capture=\"my x.pcap\" "
		"pattern=plain.example list=\"my own.hosts:1\""},
	{"nothing raw, nothing that looks like another key",
		"a\\032src=1\\\".\\010\\\\.example", DLO_RECORD_ALERT, 1, 1,
		0x0100, HOSTILE, 0, DLO_DECODED_OK, 0,
		"alert " TIME " rule=\"a\\\"b\\\\c\" level=low "
		"qname=\"a\\\\032src=1\\\".\\\\010\\\\\\\\.example\" "
		"qtype=A " ENDS
		" iface=eth0 capture=\"my x.pcap\" category=\"a=b c\" "
		"service=tab?here pattern=x.example list=bad?[1m.list:7"},
	{"a closing line", NULL, DLO_RECORD_CLOSING, 0, 0, 0, NGROK, 0,
		DLO_DECODED_NONE, 1,
		"alert-closing " TIME " rule=" RULE " level=high count=17 "
		"first=2026-01-02T03:03:05.123456789Z "
		"last=2026-01-02T03:04:04.123456789Z src=192.0.2.5 iface=eth0 "
		"capture=\"my x.pcap\" category=tunnel service=ngrok "
		"pattern=ngrok.io list=tunnel.list:12 tags=T1572,T1090.002"},
	{"a closing line of all clients", NULL, DLO_RECORD_CLOSING, 0, 0, 0,
		PLAIN, 0, DLO_DECODED_NONE, 0,
		"alert-closing " TIME " rule=\"my own\" level=medium count=17 "
		"first=2026-01-02T03:03:05.123456789Z "
		"last=2026-01-02T03:04:04.123456789Z clients=all iface=eth0 "
		"capture=\"my x.pcap\" pattern=plain.example "
		"list=\"my own.hosts:1\""},
};

static const struct dlo_origin origin = {
	.capture = "my x.pcap", .interface = "eth0", .hostname = "gw"};

static void test_lines(void **state)
{
	static char buf[2048];

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		const struct syslog_case *c = &cases[i];
		struct dlo_meta m = meta4(c->flags);
		struct dlo_record rec = record(c->kind, &m, c->qname);
		size_t len, want = strlen(c->want);

		rec.qtype = c->type;
		rec.qclass = c->cls;
		rec.n_clients = c->n_clients;
		rec.count = c->kind == DLO_RECORD_CLOSING ? 17 : 0;
		rec.first_ns = TS - 60000000000u;
		rec.last_ns = TS - 1000000000u;
		rec.decoded = (uint8_t)c->decoded;
		add_match(&rec, c->match);
		if (c->total) {
			rec.n_matches_total = c->total;
		}
		print_message("# %s\n", c->name);
		len = dlo_syslog_print(&rec, &origin, 0, buf, sizeof(buf));
		assert_int_equal(len, strlen(buf));
		assert_int_equal(len, want + sizeof(" id=") - 1 + 32);
		assert_memory_equal(buf + want, " id=", 4);
		buf[want] = '\0';
		assert_string_equal(buf, c->want);
	}
}

static void test_no_line(void **state)
{
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_QUESTION, &m, "a.example");
	static char buf[2048];

	(void)state;
	assert_int_equal(dlo_syslog_print(&rec, NULL, 0, buf, sizeof(buf)), 0);
	rec.kind = DLO_RECORD_BYTES;
	assert_int_equal(dlo_syslog_print(&rec, NULL, 0, buf, sizeof(buf)), 0);
	rec.kind = DLO_RECORD_ALERT;
	add_match(&rec, NGROK);
	assert_int_equal(dlo_syslog_print(&rec, NULL, 0, buf, 304), 0);
	assert_int_equal(
		dlo_syslog_print(&rec, NULL, 5000, buf, sizeof(buf)), 0);
	assert_int_not_equal(dlo_syslog_print(&rec, NULL, 0, buf, 305), 0);
}

/* Of a message that never became whole; of a closing line it says nothing. */
static void test_partial(void **state)
{
	static const struct {
		enum dlo_record_kind kind;
		bool partial, want;
	} rows[] = {
		{DLO_RECORD_ALERT, false, false},
		{DLO_RECORD_ALERT, true, true},
		{DLO_RECORD_CLOSING, true, false},
	};
	static char buf[2048];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct dlo_meta m = meta4(0x0100);
		struct dlo_record rec = record(rows[i].kind, &m, "a.example");

		add_match(&rec, PLAIN);
		rec.meta.partial = rows[i].partial;
		assert_true(dlo_syslog_print(
				    &rec, &origin, 0, buf, sizeof(buf)) > 0);
		assert_int_equal(rows[i].want,
			strstr(buf, " dst=198.51.100.1 partial=1 iface=") !=
				NULL);
		assert_int_equal(rows[i].want, strstr(buf, "partial") != NULL);
	}
}

/* An exception that has expired is said. */
static void test_expired(void **state)
{
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_ALERT, &m, "a.example");
	static char buf[2048];

	(void)state;
	add_match(&rec, PLAIN);
	rec.expired = EXPIRED + 1;
	assert_true(dlo_syslog_print(&rec, NULL, 0, buf, sizeof(buf)) > 0);
	assert_non_null(strstr(buf, " list=\"my own.hosts:1\" "
				    "exception_expired=2025-12-31 "
				    "exception_owner=alice id="));
	rec.expired = NOBODYS + 1;
	assert_true(dlo_syslog_print(&rec, NULL, 0, buf, sizeof(buf)) > 0);
	assert_non_null(strstr(buf, " list=\"my own.hosts:1\" "
				    "exception_expired=2025-12-30 id="));
}

/* The level is the highest, and the pattern beside it one that has it. */
static void test_pattern_of_the_level(void **state)
{
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_CLOSING, &m, NULL);
	static char buf[2048];

	(void)state;
	add_match(&rec, NGROK_LOW);
	add_match(&rec, NGROK);
	assert_true(dlo_syslog_print(&rec, NULL, 0, buf, sizeof(buf)) > 0);
	assert_non_null(strstr(buf, " level=high "));
	assert_non_null(strstr(buf, " pattern=ngrok.io list=tunnel.list:12 "
				    "matches=2 "));
	rec.level = DLO_LEVEL_CRITICAL; /* of a match that is not carried */
	assert_true(dlo_syslog_print(&rec, NULL, 0, buf, sizeof(buf)) > 0);
	assert_non_null(strstr(buf, " pattern=*.io list=tunnel.list:3 "));
}

/* The least label that is kept is whole, and what is cut is marked. */
static void assert_cut_name(const char *line, const char *name)
{
	const char *value = strstr(line, " qname=...");
	const char *end, *rest;

	assert_non_null(value);
	value += strlen(" qname=...");
	end = strchr(value, ' ');
	assert_non_null(end);
	rest = name + strlen(name) - (end - value);
	assert_memory_equal(rest, value, (size_t)(end - value));
	assert_true(end == value || rest[-1] == '.');
}

/* At any length: no line is longer, names and values give way, keys never. */
static void test_any_room(void **state)
{
	static const uint32_t match[] = {NGROK, LONG};
	struct dlo_meta m = meta4(0x0100);
	static char buf[2048];

	(void)state;
	for (size_t i = 0; i < 2 * 721; i++) {
		struct dlo_record rec =
			record(DLO_RECORD_ALERT, &m, longest_name());
		size_t room = i / 2, len;

		add_match(&rec, match[i % 2]);
		rec.meta.partial = 1;
		rec.decoded = DLO_DECODED_SKIPPED;
		rec.expired = LONG_TIME_AGO + 1;
		memset(buf, 'x', sizeof(buf));
		len = dlo_syslog_print(&rec, &origin, room, buf, sizeof(buf));
		assert_in_range(len, 1, 1024 - room);
		assert_int_equal(len, strlen(buf));
		assert_int_equal(buf[len + 1], 'x');
		assert_non_null(strstr(buf, " level="));
		if (room < 640) { /* a header has 64 at most */
			assert_non_null(
				strstr(buf, " decoded=skipped partial=1 "));
		}
		assert_memory_equal(buf + len - 36, " id=", 4);
		assert_cut_name(buf, longest_name());
	}
}

/* Other interfaces that saw it; names as long as they can be, and many. */
static void test_merged(void **state)
{
	static const char *const others[] = {"g1", "an interface",
		"abcdefghijklmno", "bcdefghijklmnop", "cdefghijklmnopq",
		"defghijklmnopqr", "efghijklmnopqrs", "fghijklmnopqrst",
		"ghijklmnopqrstu", "hijklmnopqrstuv", "ijklmnopqrstuvw",
		"jklmnopqrstuvwx", "klmnopqrstuvwxy", "lmnopqrstuvwxyz",
		"mnopqrstuvwxyza"};
	struct dlo_origin seen = {.interface = "g0", .others = others};
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_ALERT, &m, "a.ngrok.io");
	static char buf[2048];

	(void)state;
	add_match(&rec, NGROK);
	rec.count = 2;
	seen.n_others = 1;
	dlo_syslog_print(&rec, &seen, 0, buf, sizeof(buf));
	assert_non_null(strstr(
		buf, " dst=198.51.100.1 iface=g0 count=2 also=g1 category="));
	rec.count = 16;
	seen.n_others = 15;
	dlo_syslog_print(&rec, &seen, 0, buf, sizeof(buf));
	assert_non_null(strstr(buf,
		" iface=g0 count=16 also=\"g1,an interface,abcdefghijklmno,"
		"bcdefghijklmnop,cdefghijklmnopq,defghijklmnopqr,efghijklmno..."
		"\" "
		"category="));
}

#define T20 "tuvwxyzabcdefghijklm"

/* rcode, via and answer of a response; the name that matched is kept. */
static void test_answers(void **state)
{
	static const struct {
		const char *name, *way[3];
		unsigned way_total, n_v4, n_v6, total;
		const char *want;
	} rows[] = {
		{"a chain", {"x.cdn.example", "T.ngrok.io"}, 2, 1, 1, 2,
			" client=198.51.100.1 via=x.cdn.example,t.ngrok.io "
			"iface=eth0 capture=\"my x.pcap\" category=tunnel "
			"service=ngrok pattern=ngrok.io list=tunnel.list:12 "
			"tags=T1572,T1090.002 answer=192.0.2.0,2001:db8::1 "
			"id="},
		{"only addresses, not all", {NULL}, 0, 2, 0, 3,
			" client=198.51.100.1 iface=eth0 capture=\"my x.pcap\" "
			"category=tunnel service=ngrok pattern=ngrok.io "
			"list=tunnel.list:12 tags=T1572,T1090.002 "
			"answer=192.0.2.0,192.0.2.1,... id="},
		{"addresses are whole", {NULL}, 0, 0, 8, 8,
			" answer=2001:db8::,2001:db8::1,2001:db8::2,"
			"2001:db8::3,2001:db8::4,2001:db8::5,2001:db8::6,"
			"2001:db8::7 id="},
		{"a way that is not carried whole", {"a", "z"}, 3, 0, 0, 0,
			" via=a,...,z iface="},
		{"a way that is too long loses its front",
			{T20 T20 "." T20 T20 "." T20 T20, T20 T20 "." T20 T20,
				"z.example"},
			3, 0, 0, 0,
			" via=...," T20 T20 "." T20 T20 ",z.example iface="},
		{"a name that is too long, too",
			{"a", T20 T20 "." T20 T20 "." T20 T20 "." T20 T20
				      "." T20 T20},
			2, 0, 0, 0,
			" via=..." T20 T20 "." T20 T20 "." T20 T20 "." T20 T20
			" iface="},
		{"one such name, cut between labels",
			{"bbbb\\.bbb.c." T20 T20 "." T20 T20 "." T20 T20
			 "." T20 T20 "." T20 "abcdef"},
			1, 0, 0, 0,
			" via=...c." T20 T20 "." T20 T20 "." T20 T20 "." T20 T20
			"." T20 "abcdef iface="},
		{"nothing raw", {"a\\032via=b,c.\\010"}, 1, 0, 0, 0,
			" via=\"a\\\\032via=b\\\\044c.\\\\010\" iface="},
	};
	struct dlo_meta m = meta4(0x8180);
	static char buf[2048];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct dlo_record rec =
			record(DLO_RECORD_ALERT, &m, "a.example");
		unsigned n = rows[i].n_v4 + rows[i].n_v6;

		add_match(&rec, NGROK);
		for (size_t k = 0; k < 3 && rows[i].way[k]; k++) {
			add_via(&rec, 5, rows[i].way[k]);
		}
		rec.n_via_total = (uint8_t)rows[i].way_total;
		for (uint8_t k = 0; k < n; k++) {
			add_address(&rec, k < rows[i].n_v4 ? 4 : 6, k);
		}
		rec.n_addresses_total = (uint16_t)rows[i].total;
		print_message("# %s\n", rows[i].name);
		dlo_syslog_print(&rec, &origin, 0, buf, sizeof(buf));
		if (!strstr(buf, rows[i].want)) {
			assert_string_equal(buf, rows[i].want);
		}
		assert_non_null(strstr(buf, " rcode=NOERROR "));
	}
}

/* Many long addresses: those that fit, whole. */
static void test_long_addresses(void **state)
{
	static const char one[] = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
	struct dlo_meta m = meta4(0x8180);
	struct dlo_record rec = record(DLO_RECORD_ALERT, &m, "a.example");
	static char buf[2048], want[512];

	(void)state;
	add_match(&rec, NGROK);
	for (unsigned i = 0; i < DLO_ADDRESSES_MAX; i++) {
		add_address(&rec, 6, 1);
		memset(rec.u.address[i], 0xff, 16);
	}
	dlo_syslog_print(&rec, &origin, 0, buf, sizeof(buf));
	snprintf(want, sizeof(want), " answer=%s,%s,%s,%s,... id=", one, one,
		one, one);
	assert_non_null(strstr(buf, want));
}

/* The same with an answer, whose names give way before the question does. */
static void test_any_room_with_an_answer(void **state)
{
	struct dlo_meta m = meta4(0x8180);
	static char buf[2048];

	(void)state;
	for (size_t room = 0; room < 720; room++) {
		struct dlo_record rec =
			record(DLO_RECORD_ALERT, &m, longest_name());
		size_t len;

		add_match(&rec, NGROK);
		add_via(&rec, 5, "a,b=c.example");
		add_via(&rec, 5, longest_name());
		add_address(&rec, 6, 1);
		len = dlo_syslog_print(&rec, &origin, room, buf, sizeof(buf));
		assert_in_range(len, 1, 1024 - room);
		assert_memory_equal(buf + len - 36, " id=", 4);
		assert_cut_name(buf, longest_name());
	}
}

#define L20 "abcdefghijklmnopqrst"
#define L60 L20 L20 L20

/* The whole name as long as there is room, then label after label. */
static void test_name_gives_way(void **state)
{
	static const struct {
		size_t less;
		const char *want;
	} rows[] = {
		{0, " qname=a-1.data-2.data-3." L60 "." L60 ".example "},
		{1, " qname=...data-2.data-3." L60 "." L60 ".example "},
		{2, " qname=...data-3." L60 "." L60 ".example "},
		{8, " qname=...data-3." L60 "." L60 ".example "},
		{9, " qname=..." L60 "." L60 ".example "},
		{16, " qname=..." L60 ".example "},
	};
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_ALERT, &m,
		"a-1.data-2.data-3." L60 "." L60 ".example");
	static char buf[2048];
	size_t whole, len;

	(void)state;
	add_match(&rec, NGROK);
	whole = dlo_syslog_print(&rec, &origin, 0, buf, sizeof(buf));
	for (size_t i = 0; i < N(rows); i++) {
		len = dlo_syslog_print(&rec, &origin,
			1024 - whole + rows[i].less, buf, sizeof(buf));
		assert_in_range(len, 1, whole - rows[i].less);
		assert_non_null(strstr(buf, rows[i].want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_no_line),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_pattern_of_the_level),
		cmocka_unit_test(test_any_room),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_long_addresses),
		cmocka_unit_test(test_any_room_with_an_answer),
		cmocka_unit_test(test_name_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
