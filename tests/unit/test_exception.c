/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_exception.c - exceptions: how a file is read, what is told of it, what
 * hides what, and what the loaded lists have need of. fuzz_exception.c tries
 * all conditions.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "out.h"
#include "rules/ruleset.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* ---- help ---------------------------------------------------------------- */

static struct dlo_builder *builder(const char *list)
{
	struct dlo_builder *b;
	struct dlo_diag diag;

	assert_int_equal(dlo_builder_new(&b), 0);
	assert_int_equal(dlo_builder_add_list(
				 b, "l.list", list, strlen(list), NULL, &diag),
		0);
	return b;
}

static struct dlo_ruleset *build(struct dlo_builder *b)
{
	struct dlo_ruleset *rs;
	struct dlo_diag diag;

	assert_int_equal(dlo_builder_build(b, &rs, &diag), 0);
	dlo_builder_free(b);
	return rs;
}

/* A list and a file of exceptions. */
static struct dlo_ruleset *ruleset(const char *list, const char *exceptions)
{
	struct dlo_builder *b = builder(list);
	struct dlo_diag diag;

	if (dlo_builder_add_exceptions(b, "d/x.list", exceptions,
		    strlen(exceptions), NULL, &diag)) {
		fail_msg("%u:%u: %s", diag.line, diag.col, diag.msg);
	}
	return build(b);
}

/* ---- reading ------------------------------------------------------------- */

#define O64 "oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo"

static const struct read_case {
	const char *name, *text, *want;
} read_cases[] = {
	{"nothing", "", ""},
	{"blanks and comments", "\n  \t\n# a\n   # b\n#:-----\n", ""},
	{"all of it",
		"*.X.Example client=10.0.0.0/8 rule=r service=s "
		"until=2026-12-31 owner=alice reason=\"two words\" # c\n",
		"1 *.x.example client=10.0.0.0/8 rule=r service=s "
		"until=2026-12-31|alice|two words|20819\n"},
	{"in any order, over blanks and CRLF",
		"\xef\xbb\xbf\r\n  =x.example \t owner=a   service=s "
		"rule=r\r\n",
		"2 =x.example rule=r service=s|a||never\n"},
	{"each pattern of a list",
		"x\n=y\n*z*\n||w^\nb\xc3\xbc"
		"cher.example\n",
		"1 x|||never\n2 =y|||never\n3 *z*|||never\n4 w|||never\n"
		"5 xn--bcher-kva.example|||never\n"},
	{"values that need quotes",
		"x service=\"a \\\"b\\\"\" rule=\"c\\\\d e\" "
		"owner=a\"b reason=\"#1\"",
		"1 x rule=\"c\\\\d e\" service=\"a "
		"\\\"b\\\"\"|a\"b|#1|never\n"},
	{"addresses in one form",
		"x client=2001:DB8:0::1\nx client=192.0.2.1/32\n"
		"x client=::/0\nx client=0.0.0.0/0\nx client=2001:db8::/33\n"
		"x client=::ffff:192.0.2.1\n",
		"1 x client=2001:db8::1|||never\n"
		"2 x client=192.0.2.1|||never\n3 x client=::/0|||never\n"
		"4 x client=0.0.0.0/0|||never\n"
		"5 x client=2001:db8::/33|||never\n"
		"6 x client=::ffff:192.0.2.1|||never\n"},
	{"days",
		"x until=1970-01-01\nx until=2000-02-29\nx until=2554-07-20\n"
		"x until=2554-07-21\nx until=9999-12-31\n",
		"1 x until=1970-01-01|||1\n2 x until=2000-02-29|||11017\n"
		"3 x until=2554-07-20|||213503\n"
		"4 x until=2554-07-21|||never\n"
		"5 x until=9999-12-31|||never\n"},
	{"a bad pattern", "x\n  a..b\n", "2:5: an empty label\n"},
	{"the last line", "x\ny owner", /* no newline */
		"2:3: after the pattern only key=value (client=, rule=, "
		"service=, until=, owner=, reason=) or a # comment\n"},
	{"an unknown key", "x untill=2026-01-01",
		"1:3: unknown key \"untill\", did you mean \"until\"?\n"},
	{"a key of lists", "x level=low",
		"1:3: unknown key \"level\", known are client, rule, service, "
		"until, owner, reason\n"},
	{"a key twice", "x owner=a owner=b",
		"1:11: \"owner\" stands here already\n"},
	{"no value", "x owner= rule=r", "1:9: \"owner\" has no value\n"},
	{"nothing in quotes", "x owner=\"\"", "1:10: \"owner\" has no value\n"},
	{"an open quote", "x owner=\"a", "1:9: the closing quote is missing\n"},
	{"a value too long", "x owner=" O64 O64 O64 O64,
		"1:9: \"owner\" is over 255 octets\n"},
	{"a control character", "x owner=a\033b",
		"1:10: control character 0x1b\n"},
	{"no UTF-8", "x reason=\xff", "1:10: octet 0xff is not UTF-8 text\n"},
	{"a header", "#: owner: alice\nx\n",
		"1:1: exceptions have no headers; write key=value after the "
		"pattern\n"},
	{"a header without a colon", "x\n#: level high\n",
		"2:1: exceptions have no headers; write key=value after the "
		"pattern\n"},
	{"a section", "[ngrok]\nx\n",
		"1:1: exceptions have no sections; write service=NAME after "
		"the pattern\n"},
	{"an address", " 192.0.2.1\n",
		"1:2: an address is no pattern; to except a client, write "
		"* client=192.0.2.1\n"},
	{"a hosts line", "::1 x.example\n",
		"1:1: an address is no pattern; to except a client, write "
		"* client=::1\n"},
	{"bits beyond", "x client=10.0.0.1/8",
		"1:10: an address with bits beyond its prefix; the network is "
		"10.0.0.0/8\n"},
	{"one bit beyond", "x client=2001:db8:0:0:8000::/64",
		"1:10: an address with bits beyond its prefix; the network is "
		"2001:db8::/64\n"},
#define NO_CLIENT(text) \
	"1:10: client takes an address or a network, as in 192.0.2.0/24, not " \
	"\"" text "\"\n"
	{"too long a prefix", "x client=10.0.0.0/33", NO_CLIENT("10.0.0.0/33")},
	{"no prefix", "x client=10.0.0.0/", NO_CLIENT("10.0.0.0/")},
	{"a name", "x client=gw.example", NO_CLIENT("gw.example")},
	{"two", "x client=10.0.0.1,10.0.0.2", NO_CLIENT("10.0.0.1,10.0.0.2")},
	{"a mask", "x client=10.0.0.0/255.0.0.0",
		NO_CLIENT("10.0.0.0/255.0.0.0")},
	{"an address that is too long",
		"x client=ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555/120",
		NO_CLIENT("ffff:ffff:ffff:ffff:ffff:ffff:255.255.25...")},
#define NO_DATE(text) \
	"1:9: until takes a date, as in 2026-12-31, not \"" text "\"\n"
	{"no leap year", "x until=2025-02-29", NO_DATE("2025-02-29")},
	{"no leap year of a century", "x until=2100-02-29",
		NO_DATE("2100-02-29")},
	{"no such day", "x until=2026-04-31", NO_DATE("2026-04-31")},
	{"no such month", "x until=2026-13-01", NO_DATE("2026-13-01")},
	{"month 0", "x until=2026-00-10", NO_DATE("2026-00-10")},
	{"day 0", "x until=2026-01-00", NO_DATE("2026-01-00")},
	{"before time", "x until=1969-12-31", NO_DATE("1969-12-31")},
	{"a day too short", "x until=2026-1-31", NO_DATE("2026-1-31")},
	{"a time", "x until=2026-01-31T12:00", NO_DATE("2026-01-31T12:00")},
	{"a word", "x until=tomorrow", NO_DATE("tomorrow")},
};

static void test_read(void **state)
{
	const struct read_case *c = *state;
	struct dlo_builder *b = builder("");
	struct dlo_ruleset *rs;
	struct out o = {.len = 0};
	struct dlo_diag diag;
	unsigned i, n = 77;
	int r = dlo_builder_add_exceptions(
		b, "d/x.list", c->text, strlen(c->text), &n, &diag);

	if (r) {
		assert_int_equal(r, 1);
		assert_string_equal(diag.file, "d/x.list");
		put(&o, "%u:%u: %s\n", diag.line, diag.col, diag.msg);
		n = 0; /* nothing is left of it */
	}
	rs = build(b);
	assert_int_equal(dlo_ruleset_n_exceptions(rs), n);
	for (i = 0; i < n; i++) {
		const struct dlo_exception_info *e =
			dlo_ruleset_exception(rs, i);

		assert_string_equal(e->file, "x.list");
		assert_string_equal(e->path, "d/x.list");
		put(&o, "%u %s|%s|%s|", e->line, e->text, e->owner, e->reason);
		if (e->end_ns == UINT64_MAX) {
			put(&o, "never\n");
		} else {
			assert_int_equal(e->end_ns % 86400000000000u, 0);
			put(&o, "%u\n",
				(unsigned)(e->end_ns / 86400000000000u));
		}
	}
	assert_string_equal(o.text, c->want);
	dlo_ruleset_free(rs);
}

/* A line is at most so long; an escape of every octet fits. */
static void test_long_lines(void **state)
{
	static char text[8192], name[DLO_NAME_TEXT_MAX];
	struct dlo_builder *b = builder("");
	struct dlo_diag diag;
	char *to = name;

	(void)state;
	for (unsigned i = 0; i < 247; i++) {
		to += sprintf(to, i % 62 == 61 ? "\\001." : "\\001");
	}
	snprintf(text, sizeof(text), "%s rule=%s service=\"", name, O64);
	for (unsigned i = 0; i < 255; i++) {
		strcat(text, "\\\"");
	}
	strcat(text, "\" until=9999-12-31 client=2001:db8::/127");
	assert_int_equal(dlo_builder_add_exceptions(
				 b, "x", text, strlen(text), NULL, &diag),
		0);
	memset(text, ' ', 4097);
	memcpy(text, "x", 1);
	text[4096] = 'y';
	assert_int_equal(
		dlo_builder_add_exceptions(b, "x", text, 4097, NULL, &diag), 1);
	assert_int_equal(diag.line, 1);
	assert_int_equal(diag.col, 4097);
	dlo_ruleset_free(build(b));
}

/* What hides the same is the same exception, wherever it stands. */
static void test_identity(void **state)
{
	static const struct {
		const char *text;
		bool same;
	} rows[] = {
		{"X.example client=192.0.2.7", true},
		{"x.example.   client=192.0.2.7/32 until=2026-01-01", true},
		{"x.example owner=a client=192.0.2.7 reason=b", true},
		{"=x.example client=192.0.2.7", false},
		{"x.example client=192.0.2.8", false},
		{"x.example client=192.0.2.7 rule=r", false},
		{"x.example client=192.0.2.7 service=r", false},
		{"x.example", false},
	};
	uint64_t first = 0;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct dlo_ruleset *rs = ruleset("", rows[i].text);
		uint64_t id = dlo_ruleset_exception(rs, 0)->identity;

		first = i ? first : id;
		print_message("# %s\n", rows[i].text);
		assert_int_equal(id == first, rows[i].same);
		dlo_ruleset_free(rs);
	}
	/* Counts that were kept must be found again after an update. */
	assert_int_equal(first, UINT64_C(0x1a756df98f16a51d));
}

/* Several files: numbered in order, a refused one is forgotten. */
static void test_files(void **state)
{
	static const char bad[] = "a.example\n* client=::1\nb..\n";
	struct dlo_builder *b = builder("a.example\n");
	struct dlo_ruleset *rs;
	struct out o = {.len = 0};
	struct dlo_diag diag;
	unsigned n;

	(void)state;
	assert_int_equal(
		dlo_builder_add_exceptions(b, "1.list", "a\nb\n", 4, &n, &diag),
		0);
	assert_int_equal(n, 2);
	assert_int_equal(dlo_builder_add_exceptions(b, "bad.list", bad,
				 sizeof(bad) - 1, &n, &diag),
		1);
	put_diag(&o, &diag);
	assert_int_equal(
		dlo_builder_add_exceptions(b, "2.list", "a", 1, &n, &diag), 0);
	assert_int_equal(n, 1);
	rs = build(b);
	for (unsigned i = 0; i < dlo_ruleset_n_exceptions(rs); i++) {
		const struct dlo_exception_info *e =
			dlo_ruleset_exception(rs, i);

		put(&o, "%s:%u %s\n", e->file, e->line, e->text);
	}
	assert_string_equal(o.text,
		"bad.list:3:3: an empty label\n1.list:1 a\n1.list:2 b\n"
		"2.list:1 a\n");
	dlo_ruleset_free(rs);
}

/* A pattern counts once, however many exceptions have it; too many of those
 * that nothing tells apart are an error of the line. */
static void test_weak_patterns(void **state)
{
	static char text[65536];
	struct dlo_builder *b = builder("");
	struct dlo_ruleset *rs;
	struct dlo_diag diag;
	unsigned n;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		sprintf(text + strlen(text), "* client=10.0.%u.%u\n", i / 250,
			i % 250);
	}
	assert_int_equal(dlo_builder_add_exceptions(
				 b, "x.list", text, strlen(text), &n, &diag),
		0);
	assert_int_equal(n, 1000);
	text[0] = '\0';
	for (unsigned i = 0; i < 256; i++) {
		sprintf(text + strlen(text), "  a?%c%c\n", 'a' + i % 26,
			'a' + i / 26);
	}
	assert_int_equal(dlo_builder_add_exceptions(
				 b, "y.list", text, strlen(text), &n, &diag),
		0);
	assert_int_equal(dlo_builder_build(b, &rs, &diag), 1);
	assert_string_equal(diag.file, "y.list");
	assert_int_equal(diag.line, 256);
	assert_int_equal(diag.col, 3);
	assert_non_null(strstr(diag.msg, "256 globs"));
	dlo_builder_free(b);
}

/* ---- deciding ------------------------------------------------------------ */

#define DAY UINT64_C(86400000000000)

static const char listed[] = "#: id: r\n[s]\nx.example\n[t]\nx.example\n"
			     "#: id: q\n[s]\n*.example\n";

static const struct decide_case {
	const char *name, *exceptions, *question, *client;
	uint64_t ts_ns;
	const char *want; /* by, expired of r/s, r/t, q/s */
} decide_cases[] = {
	{"none", "", "a.x.example", "10.0.0.1", 0, "0,0 0,0 0,0"},
	{"not that name", "=x.example", "a.x.example", "10.0.0.1", 0,
		"0,0 0,0 0,0"},
	{"that name", "x.example", "a.X.example", "10.0.0.1", 0, "1,0 1,0 1,0"},
	{"of that rule", "x.example rule=q", "a.x.example", "10.0.0.1", 0,
		"0,0 0,0 1,0"},
	{"of that service", "x.example service=s", "a.x.example", "10.0.0.1", 0,
		"1,0 0,0 1,0"},
	{"of both", "x.example service=s rule=r", "a.x.example", "10.0.0.1", 0,
		"1,0 0,0 0,0"},
	{"of none", "* rule=x\n* service=x\n* rule=R\n* service=S",
		"a.x.example", "10.0.0.1", 0, "0,0 0,0 0,0"},
	{"the first that is for it", "* service=x\n* service=t\n*\n* rule=q",
		"a.x.example", "10.0.0.1", 0, "3,0 2,0 3,0"},
	{"the first, whatever the pattern",
		"*.example service=t\nx.example\n*\n", "a.x.example",
		"10.0.0.1", 0, "2,0 1,0 2,0"},
	{"another client",
		"* client=10.0.0.2\n* client=::a00:1\n"
		"* client=10.0.1.0/24",
		"a.x.example", "10.0.0.1", 0, "0,0 0,0 0,0"},
	{"a network", "* client=10.0.0.0/31", "a.x.example", "10.0.0.1", 0,
		"1,0 1,0 1,0"},
	{"a network of IPv6", "* client=2001:db8::/45", "a.x.example",
		"2001:db8:7::1", 0, "1,0 1,0 1,0"},
	{"the network beside it", "* client=2001:db8::/45", "a.x.example",
		"2001:db8:8::1", 0, "0,0 0,0 0,0"},
	{"all of IPv4 is not all", "* client=0.0.0.0/0", "a.x.example",
		"2001:db8::1", 0, "0,0 0,0 0,0"},
	{"nobody knows the client", "* client=0.0.0.0/0\n* client=::/0",
		"a.x.example", NULL, 0, "0,0 0,0 0,0"},
	{"the last nanosecond", "* until=1970-01-02", "a.x.example", "10.0.0.1",
		2 * DAY - 1, "1,0 1,0 1,0"},
	{"and the one after", "* until=1970-01-02", "a.x.example", "10.0.0.1",
		2 * DAY, "0,1 0,1 0,1"},
	{"of those that expired, the last",
		"* until=1970-01-02\n* until=1970-01-04\n* until=1970-01-03\n"
		"x.example until=1970-01-04",
		"a.x.example", "10.0.0.1", 9 * DAY, "0,2 0,2 0,2"},
	{"one that expired is not in the way",
		"* until=1970-01-02\n* until=1970-01-30", "a.x.example",
		"10.0.0.1", 9 * DAY, "2,1 2,1 2,1"},
	{"expired for somebody else",
		"* until=1970-01-02 client=10.0.0.2\n"
		"* until=1970-01-02 service=t",
		"a.x.example", "10.0.0.1", 9 * DAY, "0,0 0,2 0,0"},
	{"the end of time", "* until=9999-12-31 rule=q\n* rule=r",
		"a.x.example", "10.0.0.1", UINT64_MAX, "2,0 2,0 1,0"},
};

static void test_decide(void **state)
{
	const struct decide_case *c = *state;
	struct dlo_ruleset *rs = ruleset(listed, c->exceptions);
	uint8_t client[16];
	struct dlo_asker who = {.client = client, .ts_ns = c->ts_ns};
	struct dlo_verdict verdict[8];
	struct out o = {.len = 0};
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	uint32_t ids[8];
	size_t n, at;

	if (c->client) {
		who.ip_version = strchr(c->client, ':') ? 6 : 4;
		inet_pton(who.ip_version == 6 ? AF_INET6 : AF_INET, c->client,
			client);
	}
	assert_int_equal(dlo_name_parse(c->question, strlen(c->question), &buf,
				 &name, &at, &msg),
		0);
	n = dlo_ruleset_match(rs, &name, ids, N(ids));
	n = dlo_ruleset_decide(rs, ids, n, verdict);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		struct dlo_excepted e = {0};

		dlo_ruleset_except(rs, &name, &verdict[i], &who, &e);
		put(&o, "%s%u,%u", i ? " " : "", e.by, e.expired);
	}
	assert_string_equal(o.text, c->want);
	dlo_ruleset_free(rs);
}

/* Two names of one look-up: the first exception of either. */
static void test_decide_two_names(void **state)
{
	struct dlo_ruleset *rs = ruleset(listed,
		"=c.example\n=a.x.example\n=b.example until=1970-01-01\n"
		"=a.x.example until=1970-01-02 client=::1");
	static const uint8_t client[16] = {[15] = 1};
	struct dlo_asker who = {
		.client = client, .ip_version = 6, .ts_ns = 9 * DAY};
	static const char *const names[] = {
		"a.x.example", "b.example", "c.example"};
	static const struct dlo_excepted want[] = {{2, 4}, {2, 4}, {1, 4}};
	struct dlo_excepted e = {0};
	struct dlo_verdict v = {.match = (const uint32_t[]){0}, .n_matches = 1};

	(void)state;
	for (size_t i = 0; i < N(names); i++) {
		struct dlo_name_buf buf;
		struct dlo_name name;
		const char *msg;
		size_t at;

		assert_int_equal(dlo_name_parse(names[i], strlen(names[i]),
					 &buf, &name, &at, &msg),
			0);
		dlo_ruleset_except(rs, &name, &v, &who, &e);
		assert_int_equal(e.by, want[i].by);
		assert_int_equal(e.expired, want[i].expired);
	}
	dlo_ruleset_free(rs);
}

/* ---- explaining ---------------------------------------------------------- */

static void test_explain(void **state)
{
	struct dlo_ruleset *rs = ruleset(
		"#: id: r\n[s]\nx.example\n#: action: count\n[c]\nx.example\n"
		"#: action: off\n[o]\nx.example\n",
		"* client=10.0.0.2\nx.example service=s\n=y.example\n*\n"
		"* until=1970-01-01\n* rule=q\n");
	struct dlo_explainer *x;
	struct dlo_explanation e;
	struct dlo_diag diag;
	struct out o = {.len = 0};

	(void)state;
	assert_int_equal(dlo_explainer_new(rs, &x), 0);
	dlo_explainer_ask(x, (const uint8_t *)"\x0a\0\0\1", 4, DAY);
	assert_int_equal(dlo_explain(x, "a.x.example", 11, &e, &diag), 0);
	assert_int_equal(e.n_alerts, 3);
	for (uint32_t i = 0; i < e.n_alerts; i++) {
		put(&o, "%s %u\n", dlo_action_name(e.alert[i].action),
			e.alert[i].excepted);
	}
	for (uint32_t i = 0; i < e.n_exceptions; i++) {
		put(&o, "%u/%u %s\n", e.exception[i].exception + 1,
			e.exception[i].alert,
			dlo_fate_name(e.exception[i].fate));
	}
	assert_string_equal(o.text,
		"alert 2\ncount 4\noff 0\n"
		"1/0 client\n1/1 client\n2/0 hides\n2/1 service\n"
		"4/0 earlier\n4/1 hides\n5/0 expired\n5/1 expired\n"
		"6/0 rule\n6/1 rule\n");
	assert_int_equal(dlo_explain(x, "y.example", 9, &e, &diag), 0);
	assert_int_equal(e.n_alerts, 0);
	assert_int_equal(e.n_exceptions, 0);
	dlo_explainer_free(x);
	dlo_ruleset_free(rs);
}

/* ---- needs --------------------------------------------------------------- */

static const struct need_case {
	const char *exception;
	enum dlo_need want;
} need_cases[] = {
	{"ngrok.io", DLO_NEED_NAME},
	{"=ngrok.io", DLO_NEED_NAME},
	{"a.b.ngrok.io", DLO_NEED_NAME}, /* below */
	{"io", DLO_NEED_NAME}, /* above */
	{"*.io", DLO_NEED_NAME},
	{"*ngrok*", DLO_NEED_NAME},
	{"*", DLO_NEED_NAME},
	{"ngork.io", DLO_NEED_ALIAS},
	{"=www.example", DLO_NEED_ALIAS},
	{"*.ngork.io", DLO_NEED_ALIAS},
	{"portmap.io", DLO_NEED_NAME}, /* a.portmap.io */
	{"=portmap.io", DLO_NEED_ALIAS},
	{"a.portmap.io", DLO_NEED_NAME},
	{"*.portmap.io", DLO_NEED_NAME},
	{"=api.telegram.org", DLO_NEED_NAME},
	{"telegram.org", DLO_NEED_NAME},
	{"=telegram.org", DLO_NEED_ALIAS},
	{"x.api.telegram.org", DLO_NEED_ALIAS},
	{"off.example", DLO_NEED_ALIAS}, /* what is off needs none */
	{"counted.example", DLO_NEED_NAME},
	{"w?w.*", DLO_NEED_NAME}, /* two globs: www.portmap.x */
	{"w?w.*.invalid", DLO_NEED_NAME},
	{"=q.invalid", DLO_NEED_ALIAS},
	{"ngrok.io service=ngrok", DLO_NEED_NAME},
	{"ngrok.io service=portmap", DLO_NEED_ALIAS},
	{"ngrok.io service=ngork", DLO_NEED_NONE},
	{"ngrok.io rule=r service=ngrok", DLO_NEED_NAME},
	{"ngrok.io rule=q service=ngrok", DLO_NEED_NONE},
	{"counted.example rule=q", DLO_NEED_NAME},
	{"off.example rule=o", DLO_NEED_NONE},
	{"\\*.ngrok.io", DLO_NEED_NAME},
	{"=a\\.b.ngrok.io", DLO_NEED_NAME},
};

static void test_needs(void **state)
{
	static const char list[] =
		"#: id: r\n[ngrok]\nngrok.io\n[portmap]\n*.portmap.*\n"
		"[telegram]\n=api.telegram.org\n";
	static const char counted[] =
		"#: id: q\n#: action: count\ncounted.example\n";
	static const char off[] = "#: id: o\n#: action: off\noff.example\n";
	struct dlo_diag diag;
	struct out o = {.len = 0};
	enum dlo_need need[N(need_cases)];
	struct dlo_builder *b = builder(counted);
	struct dlo_ruleset *rs;

	(void)state;
	assert_int_equal(dlo_builder_add_list(
				 b, "r.list", list, strlen(list), NULL, &diag),
		0);
	assert_int_equal(dlo_builder_add_list(b, "o.list", off, sizeof(off) - 1,
				 NULL, &diag),
		0);
	for (size_t i = 0; i < N(need_cases); i++) {
		put(&o, "%s\n", need_cases[i].exception);
	}
	assert_int_equal(dlo_builder_add_exceptions(
				 b, "x.list", o.text, o.len, NULL, &diag),
		0);
	rs = build(b);
	assert_int_equal(dlo_ruleset_needs(rs, need), 0);
	for (size_t i = 0; i < N(need_cases); i++) {
		print_message("# %s\n", need_cases[i].exception);
		assert_int_equal(need[i], need_cases[i].want);
	}
	dlo_ruleset_free(rs);
}

/* ---- main ---------------------------------------------------------------- */

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_weak_patterns),
		cmocka_unit_test(test_decide_two_names),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_needs),
	};
	static struct CMUnitTest
		tests[N(read_cases) + N(decide_cases) + N(others)];
	size_t n = 0;

	for (size_t i = 0; i < N(read_cases); i++) {
		tests[n++] = (struct CMUnitTest){.name = read_cases[i].name,
			.test_func = test_read,
			.initial_state = (void *)(uintptr_t)&read_cases[i]};
	}
	for (size_t i = 0; i < N(decide_cases); i++) {
		tests[n++] = (struct CMUnitTest){.name = decide_cases[i].name,
			.test_func = test_decide,
			.initial_state = (void *)(uintptr_t)&decide_cases[i]};
	}
	memcpy(tests + n, others, sizeof(others));
	return cmocka_run_group_tests_name("exception", tests, NULL, NULL);
}
