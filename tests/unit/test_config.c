/* SPDX-License-Identifier: BSD-2-Clause */
/* test_config.c - settings from YAML, and back; what is wrong, and where. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "dump.h"
#include "nearest.h"

static struct config_report rep; /* of the newest read_text() */

/* Into options that have the defaults; the caller frees them. */

static int read_text(struct options *o, const char *text, size_t len)
{
	assert_int_equal(options_init(o, false), 0);
	return config_read(o, "f.yaml", text, len, &rep);
}

/* ---- values ------------------------------------------------------------- */

/* The settings as a file, without comments. The caller frees it. */
static char *dump(struct options *o)
{
	const struct option_row *row;
	char *text = NULL, *from, *to;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(dump_config(o, f, &row), 0);
	fclose(f);
	for (from = strchr(text, '\n') + 1, to = text; *from;) {
		size_t n = strcspn(from, "\n");
		char *comment = memmem(from, n, "  # ", 4);

		assert_non_null(comment);
		memmove(to, from, (size_t)(comment - from));
		to += comment - from;
		*to++ = '\n';
		from += n + 1;
	}
	*to = '\0';
	return text;
}

static const struct {
	const char *text; /* one setting */
	const char *want; /* as it is dumped */
} values[] = {
	{"interface: eth0", "interface: [\"eth0\"]"},
	{"interface: [eth0, \"e 1\", 'any']",
		"interface: [\"eth0\", \"e 1\", \"any\"]"},
	{"interface:\n  - eth0\n  - off", "interface: [\"eth0\", \"off\"]"},
	{"interface: 0", "interface: [\"0\"]"},
	{"interface: []", "interface: []"},
	{"watch: /d", "watch: \"/d\""},
	{"watch: off", "watch: off"},
	{"watch: No", "watch: off"},
	{"watch: 'off'", "watch: \"off\""},
	{"watch: nothing", "watch: \"nothing\""},
	{"watch: \"~\"", "watch: \"~\""},
	{"linktype: EN10MB", "linktype: \"EN10MB\""},
	{"promiscuous-mode: off", "promiscuous-mode: no"},
	{"promiscuous-mode: FALSE", "promiscuous-mode: no"},
	{"promiscuous-mode: 'yes'", "promiscuous-mode: yes"},
	{"any-port: True", "any-port: yes"},
	{"any-port: on", "any-port: yes"},
	{"snapshot-length: 0", "snapshot-length: 0"},
	{"snapshot-length: 262144", "snapshot-length: 262144"},
	{"buffer-size: \"2097151\"", "buffer-size: 2097151"},
	{"census-sample: off", "census-sample: off"},
	{"filter: not host 192.0.2.1", "filter: \"not host 192.0.2.1\""},
	{"filter: |\n  port 53\n  and udp", "filter: \"port 53\\x0aand udp\""},
	{"filter: >-\n  port 53\n  and udp", "filter: \"port 53 and udp\""},
	{"dns-ports: 5353", "dns-ports: [5353]"},
	{"dns-ports: 53, 5353,5355", "dns-ports: [53, 5353, 5355]"},
	{"dns-ports: [1, 65535]", "dns-ports: [1, 65535]"},
	{"limit: 1000000/86400", "limit: 1000000/86400"},
	{"limit: off", "limit: off"},
	{"syslog: \"\\u00e9\\x1b\\\"\\\\\"",
		"syslog: \"\xc3\xa9\\x1b\\\"\\\\\""},
	{"syslog-facility: kern", "syslog-facility: kern"},
	{"syslog-format: cee", "syslog-format: cee"},
	{"\xef\xbb\xbfsyslog-format: cee", "syslog-format: cee"},
	{"%YAML 1.2\n---\n# one\r\n\"any-port\" : yes # two\n...\n",
		"any-port: yes"},
	{"{any-port: yes}", "any-port: yes"},
	{"", "any-port: no"},
	{"# only this", "any-port: no"},
	{"---\n", "any-port: no"},
};

static bool has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n';
}

/* Each value is read as meant; and what is dumped reads back to the same. */
static void test_values(void **state)
{
	struct options o, again;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *text = values[i].text;
		char *first, *second;
		int r = read_text(&o, text, strlen(text));

		if (r) {
			fail_msg("%s: %u:%u: %s", text, rep.diag[0].line,
				rep.diag[0].col, rep.diag[0].msg);
		}
		first = dump(&o);
		if (!has_line(first, values[i].want)) {
			fail_msg("%s: not %s, but\n%s", text, values[i].want,
				first);
		}
		assert_int_equal(read_text(&again, first, strlen(first)), 0);
		second = dump(&again);
		assert_string_equal(first, second);
		free(first);
		free(second);
		options_free(&o);
		options_free(&again);
	}
	(void)state;
}

/* What YAML does not take as it is, a terminal would obey, or is no UTF-8. */
static void test_dump_of_any_text(void **state)
{
	static const char *const good[] = {"\x01\t\n\r\x1f\x7f",
		"\xc2\x80\xc2\x85", "\xc2\x9f\xc2\xa0\xdf\xbf",
		"a \xe2\x80\xa8 b \xe2\x80\xa9 c", "\xed\x9f\xbf\xee\x80\x80",
		"\xef\xbb\xbf\xef\xbf\xbe\xef\xbf\xbf",
		"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "'\"\\ #: [],{}&*!|>%@`~",
		" a ", "-", "off"};
	static const char *const bad[] = {"a\xff", "\x80", "\xc3", "\xc3(",
		"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xe2\x80",
		"\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80\x80"};
	struct option_place here = {.origin = ORIGIN_COMMAND_LINE};
	const struct option_row *row = options_row("watch"), *whose = NULL;
	char problem[OPTION_PROBLEM_MAX], *text;
	struct options o, again;
	FILE *null = fopen("/dev/null", "w");

	assert_int_equal(options_init(&o, false), 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		options_take(&o, row, good[i], here, problem);
		text = dump(&o);
		for (const char *c = text; *c; c++) {
			assert_true(*c == '\n' || (unsigned char)*c >= 0x20);
			assert_true(*c != 0x7f);
		}
		assert_int_equal(read_text(&again, text, strlen(text)), 0);
		assert_string_equal(again.watch, good[i]);
		options_free(&again);
		free(text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options_take(&o, row, bad[i], here, problem);
		assert_int_equal(dump_config(&o, null, &whose), -1);
		assert_ptr_equal(whose, row);
	}
	fclose(null);
	options_free(&o);
	(void)state;
}

/* Who gave a value, and what a change of it needs, is told. */
static void test_dump_comments(void **state)
{
	static const char text[] = "any-port: yes\n\nlist: a";
	struct option_place here = {.origin = ORIGIN_COMMAND_LINE};
	const struct option_row *row;
	char problem[OPTION_PROBLEM_MAX], *said = NULL;
	struct options o;
	size_t len;
	FILE *f = open_memstream(&said, &len);

	assert_int_equal(read_text(&o, text, strlen(text)), 0);
	assert_int_equal(rep.n_settings, 2);
	options_take(&o, options_row("buffer-size"), "64", here, problem);
	assert_int_equal(dump_config(&o, f, &row), 0);
	fclose(f);
	assert_true(has_line(said, "any-port: yes  # line 1; restart"));
	assert_true(has_line(said, "list: [\"a\"]  # line 3; reload"));
	assert_true(has_line(said, "buffer-size: 64  # command line; restart"));
	assert_true(has_line(said, "dns-ports: [53]  # default; restart"));
	free(said);
	options_free(&o);
	(void)state;
}

/* ---- errors ------------------------------------------------------------- */

#define T(text) text, sizeof(text) - 1

static const struct {
	const char *name;
	const char *text;
	size_t len;
	const char *want; /* all of them, a line each */
} errors[] = {
	{"unknown key, and the nearest", T("interfaces: a\n"),
		"1:1: unknown key \"interfaces\"; did you mean "
		"\"interface\"?\n"},
	{"unknown key, indented", T("  any-port: no\n  dns_port: 53\n"),
		"2:3: unknown key \"dns_port\"; did you mean \"dns-ports\"?\n"},
	{"unknown key, unlike any", T("colour: [a, {b: [c]}]\nlimit: x"),
		"1:1: unknown key \"colour\"\n"
		"2:8: limit takes ALERTS/SECONDS, as in 3/60, not \"x\"\n"},
	{"columns count characters", T("{\"\xc3\xa9\xc3\xa9\": 1, b: 2}"),
		"1:2: unknown key \"\xc3\xa9\xc3\xa9\"\n"
		"1:11: unknown key \"b\"\n"},
	{"a key of the command line", T("read: x\ncount: 1\n"),
		"1:1: read belongs on the command line\n"
		"2:1: count belongs on the command line\n"},
	{"a key of later", T("rules: x\n"), "1:1: rules is not built yet\n"},
	{"twice, both places", T("any-port: no\n'limit': 1/2\n\"limit\": 3/4"),
		"3:1: the key \"limit\" stands twice, first in line 2, column "
		"1\n"},
	{"twice, the first bad", T("limit: 1\nlimit: 2"),
		"1:8: limit takes ALERTS/SECONDS, as in 3/60, not \"1\"\n"
		"2:1: the key \"limit\" stands twice, first in line 1, column "
		"1\n"},
	{"twice, the first empty", T("list: []\nlist: [a]"),
		"2:1: the key \"list\" stands twice, first in line 1, column "
		"1\n"},
	{"no value",
		T("watch:\nany-port: ~\nlist: [a, ]\ndns-ports: []\n"
		  "interface: null"),
		"1:7: watch needs a value, or off\n"
		"2:11: any-port needs a value, or off\n"
		"4:1: dns-ports needs a value\n"
		"5:12: interface needs a value\n"},
	{"an empty text", T("watch: ''\nlist: [a, \"\"]"),
		"1:8: watch takes a text that is not empty\n"
		"2:11: list takes a text that is not empty\n"},
	{"no such type",
		T("watch: [a]\nlist: {a: b}\nany-port: [yes]\n"
		  "interface: [[a], b, {c: d}]"),
		"1:8: watch takes one value, no list and no keys of its own\n"
		"2:7: list takes a value, or a list of them\n"
		"3:11: any-port takes one value, no list and no keys of its "
		"own\n"
		"4:13: interface takes a list of plain values\n"
		"4:21: interface takes a list of plain values\n"},
	{"no flag", T("any-port: 1"),
		"1:11: any-port takes yes or no, not \"1\"\n"},
	{"no choice", T("census-sample: yes\nsyslog-format: CEE"),
		"1:16: census-sample takes on or off, not \"yes\"\n"
		"2:16: syslog-format takes text or cee, not \"CEE\"\n"},
	{"out of range", T("buffer-size: 0\nsnapshot-length: 262145\n"),
		"1:14: buffer-size takes a number from 1 to 2097151, not "
		"\"0\"\n"
		"2:18: snapshot-length takes a number from 0 to 262144, not "
		"\"262145\"\n"},
	{"no number",
		T("{buffer-size: -1, snapshot-length: 0x40, dns-ports: 5 3}"),
		"1:15: buffer-size takes a number from 1 to 2097151, not "
		"\"-1\"\n"
		"1:36: snapshot-length takes a number from 0 to 262144, not "
		"\"0x40\"\n"
		"1:53: dns-ports takes a number from 1 to 65535, not \"5 "
		"3\"\n"},
	{"a number with more than digits",
		T("{buffer-size: +1, snapshot-length: \" 1\"}"),
		"1:15: buffer-size takes a number from 1 to 2097151, not "
		"\"+1\"\n"
		"1:36: snapshot-length takes a number from 0 to 262144, not "
		"\" 1\"\n"},
	{"far too large a number", T("buffer-size: 18446744073709551617"),
		"1:14: buffer-size takes a number from 1 to 2097151, not "
		"\"18446744073709551617\"\n"},
	{"a port too large", T("dns-ports: [53,\n 65536]"),
		"2:2: dns-ports takes a number from 1 to 65535, not "
		"\"65536\"\n"},
	{"a limit of none", T("limit: 0/60"),
		"1:8: limit takes a number from 1 to 1000000, not \"0\"\n"},
	{"a limit of no time", T("limit: 3/"),
		"1:8: limit takes a number from 1 to 86400, not \"\"\n"},
	{"a limit of too long", T("limit: 3/86401"),
		"1:8: limit takes a number from 1 to 86400, not \"86401\"\n"},
	{"no link type", T("linktype: ethernet"),
		"1:11: linktype takes a link type, as in EN10MB, not "
		"\"ethernet\"\n"},
	{"a NUL", T("watch: \"a\\0b\"\n\"any\\0port\": no"),
		"1:8: watch: a NUL octet\n2:1: a key is one plain word\n"},
	{"a key that is none", T("{[a]: b, {c: d}: e, any-port: 2}"),
		"1:2: a key is one plain word\n"
		"1:10: a key is one plain word\n"
		"1:31: any-port takes yes or no, not \"2\"\n"},
	{"an alias", T("watch: &a b\nfilter: *a"),
		"1:8: an anchor (&); write the value itself\n"},
	{"a merge key", T("<<: *a"),
		"1:1: unknown key \"<<\"\n"
		"1:5: an alias (*); write the value itself\n"},
	{"a tag", T("watch: !!str off"),
		"1:8: a tag (!); write the value itself\n"},
	{"a tag on a list", T("interface: !x [a]"),
		"1:12: a tag (!); write the value itself\n"},
	{"a tag on everything", T("!!map {any-port: no}"),
		"1:1: a tag (!); write the value itself\n"},
	{"an anchor on everything", T("&a {any-port: no}"),
		"1:1: an anchor (&); write the value itself\n"},
	{"a second document", T("any-port: no\n---\nany-port: yes"),
		"2:1: a second document\n"},
	{"no mapping", T("# x\nlimit:3/60\n"),
		"2:1: not a mapping: a line is `key: value`, with a blank "
		"after "
		"the colon\n"},
	{"a list", T("- a"),
		"1:1: not a mapping: a line is `key: value`, with a blank "
		"after "
		"the colon\n"},
	{"no blank after a colon", T("any-port: no\nlimit:3/60\nwatch: a"),
		"3:1: could not find expected ':' (while scanning a simple key "
		"from line 2, column 1); a line is `key: value`, with a blank "
		"after the colon\n"},
	{"a tab", T("list:\n\t- a"),
		"2:1: found character that cannot start any token (while "
		"scanning for the next token from line 2, column 1); indent "
		"with blanks, not tabs, and quote what begins with @, % or "
		"`\n"},
	{"an open bracket", T("list: [a\nlimit: 3/60"),
		"2:6: did not find expected ',' or ']' (while parsing a flow "
		"sequence from line 1, column 7); a list is [a, b]\n"},
	{"an open quote", T("watch: \"a\n"),
		"2:1: found unexpected end of stream (while scanning a quoted "
		"scalar from line 1, column 8); is a quote not closed?\n"},
	{"errors before the end", T("foo: 1\nlist: ["),
		"1:1: unknown key \"foo\"\n"
		"3:1: did not find expected node content (while parsing a flow "
		"node from line 3, column 1)\n"},
	{"no UTF-8", T("any-port: no\nwatch: \xc3\xa9\xff"),
		"2:9: invalid leading UTF-8 octet: is it UTF-8?\n"},
	{"a NUL of the text", T("any-port: no\n\0"),
		"2:1: control characters are not allowed: is it UTF-8?\n"},
	{"UTF-16",
		T("\xff\xfe"
		  "a\0:\0 \0b\0"),
		"1:1: invalid leading UTF-8 octet: is it UTF-8?\n"},
};

static void test_errors(void **state)
{
	static char said[4096];
	struct options o;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		size_t n = 0;
		int r = read_text(&o, errors[i].text, errors[i].len);

		said[0] = '\0';
		for (unsigned k = 0; k < rep.n_diags; k++) {
			assert_string_equal(rep.diag[k].file, "f.yaml");
			n += (size_t)snprintf(said + n, sizeof(said) - n,
				"%u:%u: %s\n", rep.diag[k].line,
				rep.diag[k].col, rep.diag[k].msg);
		}
		if (r != 1 || strcmp(said, errors[i].want) != 0) {
			fail_msg("%s: %d\n%s", errors[i].name, r, said);
		}
		options_free(&o);
	}
	(void)state;
}

/* ---- bounds ------------------------------------------------------------- */

/* `head`, n times `piece`, `tail`. The caller frees it. */
static char *repeat(
	const char *head, const char *piece, size_t n, const char *tail)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs(head, f);
	for (size_t i = 0; i < n; i++) {
		fputs(piece, f);
	}
	fputs(tail, f);
	fclose(f);
	return text;
}

static const struct {
	const char *head, *piece;
	size_t n;
	const char *tail;
	unsigned n_bad;
	const char *last; /* of the diagnoses */
} bounds[] = {
	{"list: [", "a, ", 1024, "]", 0, NULL},
	{"list: [", "a, ", 1025, "]", 1, "list takes at most 1024 of them"},
	{"dns-ports: [", "53, ", 32, "]", 0, NULL},
	{"dns-ports: [", "53, ", 33, "]", 1,
		"dns-ports takes at most 32 ports"},
	{"syslog: ", "a", 107, "", 0, NULL},
	{"syslog: ", "a", 108, "", 1,
		"syslog takes at most 107 octets, not 108"},
	{"", "any-port: no\n", 11, "", 10,
		"the key \"any-port\" stands twice, first in line 1, column 1"},
	{"", "x: y\n", 12, "", 12, "unknown key \"x\""},
	{"", "long", 100, ": a", 1,
		"unknown key \"longlonglonglonglonglonglonglonglonglong\""},
	{"x: {a: ", "[", 30, "{}", 2, "did not find expected ',' or ']'"},
	{"x: {a: ", "[", 31, "{}", 2, "nested deeper than 32"},
	{"x: ", "[", 1000000, "", 2, "nested deeper than 32"},
	{"x: ", "{", 1000000, "", 2, "nested deeper than 32"},
	{"x: ", "- ", 500000, "", 2,
		"block sequence entries are not allowed in this context"},
	{"", "? ", 500000, "", 2, "nested deeper than 32"},
	{"", "k: [1, 2]\n", 100000, "", 100000, "unknown key \"k\""},
	{"watch: \"", "\\x41", 250000, "\"", 0, NULL},
};

/* Neither memory nor time is the text's to take. */
static void test_bounds(void **state)
{
	struct options o;
	clock_t start = clock();

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		char *text = repeat(bounds[i].head, bounds[i].piece,
			bounds[i].n, bounds[i].tail);
		const char *last;
		int r = read_text(&o, text, strlen(text));

		last = rep.n_diags ? rep.diag[rep.n_diags - 1].msg : "";
		if (r != (bounds[i].n_bad > 0) ||
			rep.n_bad != bounds[i].n_bad || rep.n_diags > 10 ||
			(bounds[i].last && strncmp(last, bounds[i].last,
						   strlen(bounds[i].last)))) {
			fail_msg("%zu: %s%s...: %u bad, %s", i, bounds[i].head,
				bounds[i].piece, rep.n_bad, last);
		}
		options_free(&o);
		free(text);
	}
	/* Not the minutes that an unbounded depth takes; of our own time, as
	 * the machine may have other work. */
	assert_true((clock() - start) / CLOCKS_PER_SEC < 60);
	(void)state;
}

/* ---- several ------------------------------------------------------------ */

/* A reload's settings stand beside those in use. */
static void test_two(void **state)
{
	static const char one[] = "interface: [a, b]\nlimit: 3/60\nwatch: w",
			  two[] = "interface: c\nlist: [d, e]\nwatch: off";
	struct options a, b;

	assert_int_equal(read_text(&a, one, strlen(one)), 0);
	assert_int_equal(read_text(&b, two, strlen(two)), 0);
	assert_int_equal(a.interfaces.n, 2);
	assert_string_equal(a.interfaces.text[1], "b");
	assert_int_equal(a.limit.n, 3);
	assert_int_equal(a.lists.n, 0);
	assert_string_equal(a.watch, "w");
	options_free(&a);
	assert_int_equal(b.interfaces.n, 1);
	assert_string_equal(b.interfaces.text[0], "c");
	assert_int_equal(b.limit.n, 0);
	assert_string_equal(b.lists.text[1], "e");
	assert_null(b.watch);
	options_free(&b);
	assert_null(b.lists.text);
	(void)state;
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"interface", "limit", "list",
		"syslog", "syslog-format", "buffer-size"};
	static const struct {
		const char *word, *want;
	} cases[] = {{"limit", "limit"}, {"Limit", "limit"}, {"limti", "limit"},
		{"limi", "limit"}, {"limits", "limit"}, {"lists", "list"},
		{"buffer_size", "buffer-size"}, {"buffersize", "buffer-size"},
		{"sylog", "syslog"}, {"syslog-formt", "syslog-format"},
		{"lst", "list"}, {"no-limit", "limit"}, {"queue", NULL},
		{"", NULL}, {"x", NULL},
		{"interfaceinterfaceinterfaceinterfaceinterface", NULL}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = nearest(
			cases[i].word, names, sizeof(names) / sizeof(names[0]));

		if (!got != !cases[i].want ||
			(got && strcmp(got, cases[i].want) != 0)) {
			fail_msg("%s: %s", cases[i].word, got ? got : "none");
		}
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_dump_of_any_text),
		cmocka_unit_test(test_dump_comments),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_nearest),
	};
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
