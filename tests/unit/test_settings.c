/* SPDX-License-Identifier: BSD-2-Clause */
/* test_settings.c - defaults, file and argv: who wins, and what is refused. */
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump.h"

#define WORDS_MAX 16

static char path[] = P_tmpdir "/dnslookout-test-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	close(fd);
	(void)state;
	return fd < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static char *line_argv[WORDS_MAX + 1]; /* of the newest read_line() */
static int line_argc;

/* Reads a command line of words with blanks between, after -C and the file when
 * there is a text for it. */
static int read_line(
	struct options *o, unsigned where, const char *text, const char *line)
{
	static char copy[256];
	char *save, *word, **argv = line_argv;
	int argc = 0;

	argv[argc++] = (char *)(uintptr_t) "dnslookout";
	if (text) {
		write_file(text);
		argv[argc++] = (char *)(uintptr_t) "-C";
		argv[argc++] = path;
	}
	assert_true(strlen(line) < sizeof(copy));
	memcpy(copy, line, strlen(line) + 1);
	for (word = strtok_r(copy, " ", &save); word;
		word = strtok_r(NULL, " ", &save)) {
		assert_true(argc < WORDS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	line_argc = argc;
	return settings_read(o, where, argc, argv);
}

/* The line of one key in the dump, up to who gave it. */
static const char *setting(struct options *o, const char *key)
{
	static char text[4096];
	const struct option_row *row;
	FILE *f = fmemopen(text, sizeof(text), "w");
	size_t n = strlen(key);
	char *line;

	assert_int_equal(dump_config(o, f, &row), 0);
	fclose(f);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strncmp(line, key, n) && line[n] == ':') {
			*strrchr(line, ';') = '\0';
			return line + n + 2;
		}
	}
	return "no such key";
}

/* ---- who wins ----------------------------------------------------------- */

static const struct {
	const char *text, *line; /* the file, the command line */
	const char *key, *want;
} cases[] = {
	/* defaults, and those of a service */
	{NULL, "", "limit", "off  # default"},
	{NULL, "", "syslog", "off  # default"},
	{"", "--service", "limit", "3/60  # default"},
	{"", "--service", "syslog", "\"/dev/log\"  # default"},
	{"limit: off", "--service", "limit", "off  # line 1"},
	{"", "--service --no-limit", "limit", "off  # command line"},
	{"limit: off", "--service --limit 2/3", "limit", "2/3  # command line"},
	{NULL, "", "snapshot-length", "65535  # default"},
	{NULL, "-s 0", "snapshot-length", "65535  # command line"},
	{NULL, "--immediate-mode", "snapshot-length", "2048  # default"},
	{"immediate-mode: yes", "-r x", "snapshot-length", "65535  # default"},
	{"immediate-mode: yes", "-s 96", "snapshot-length",
		"96  # command line"},
	/* both ways of a flag */
	{"any-port: yes", "", "any-port", "yes  # line 1"},
	{"any-port: yes", "--no-any-port", "any-port", "no  # command line"},
	{"any-port: yes", "--no-any-port --any-port", "any-port",
		"yes  # command line"},
	{NULL, "-p", "promiscuous-mode", "no  # command line"},
	{NULL, "--no-promiscuous-mode", "promiscuous-mode",
		"no  # command line"},
	{"promiscuous-mode: no", "--promiscuous-mode", "promiscuous-mode",
		"yes  # command line"},
	{"default-filter: no", "--default-filter", "default-filter",
		"yes  # command line"},
	/* lists are replaced, not added to */
	{"interface: [a, b]", "", "interface", "[\"a\", \"b\"]  # line 1"},
	{"interface: [a, b]", "-i c -i d", "interface",
		"[\"c\", \"d\"]  # command line"},
	{"dns-ports: [1, 2]", "", "dns-ports", "[1, 2]  # line 1"},
	{"dns-ports: [1, 2]", "--dns-ports 3,4 --dns-ports 5", "dns-ports",
		"[3, 4, 5]  # command line"},
	{"list: [a, b]", "--list c", "list", "[\"c\"]  # command line"},
	/* another way to say the same */
	{"interface: a", "-r x", "interface", "[]  # default"},
	{"interface: a", "--watch x", "interface", "[]  # default"},
	{"watch: a", "-i x", "watch", "off  # default"},
	{"watch: a", "--no-watch -i b", "watch", "off  # command line"},
	{"filter: udp", "", "filter", "\"udp\"  # line 1"},
	{"filter: udp", "tcp port 53", "filter",
		"\"tcp port 53\"  # command line"},
	{"filter-file: x", "tcp", "filter-file", "off  # default"},
	{"filter: udp", "-F /dev/null", "filter", "off  # default"},
	/* not for files, but given by the file: put aside */
	{"fanout: 2", "-r x", "fanout", "2  # line 1"},
	{"fanout: 2", "--fanout 3", "fanout", "3  # command line"},
	{"buffer-size: 64\nlinktype: EN10MB\ndefault-filter: no", "-r x",
		"buffer-size", "64  # line 1"},
	{"syslog-facility: kern", "-r x", "syslog-facility", "kern  # line 1"},
};

static void test_who_wins(void **state)
{
	struct options o;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = read_line(
			&o, OPTION_SNIFF, cases[i].text, cases[i].line);
		const char *got = setting(&o, cases[i].key);

		if (r != -1 || strcmp(got, cases[i].want) != 0) {
			fail_msg("%zu: %s | %s: exit %d, %s: %s", i,
				cases[i].text ? cases[i].text : "-",
				cases[i].line, r, cases[i].key, got);
		}
		options_free(&o);
	}
	(void)state;
}

/* The expression in effect, whoever gave it. */
static void test_filter(void **state)
{
	static const struct {
		const char *text, *line, *want;
	} filters[] = {
		{NULL, "", ""},
		{NULL, "udp and  port 53", "udp and port 53"},
		{"filter: udp", "", "udp"},
		{"filter: udp", "tcp", "tcp"},
		{"filter: udp", "-F /dev/null", ""},
		{"filter-file: /dev/null", "", ""},
		{"filter-file: /no/such", "tcp", "tcp"},
	};
	struct options o;

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		assert_int_equal(read_line(&o, OPTION_SNIFF, filters[i].text,
					 filters[i].line),
			-1);
		assert_string_equal(o.filter, filters[i].want);
		options_free(&o);
	}
	(void)state;
}

/* ---- what is refused ---------------------------------------------------- */

static const struct {
	unsigned where;
	const char *text, *line;
	int want;
} refused[] = {
	{OPTION_SNIFF, "x: y", "", EXIT_USAGE},
	{OPTION_SNIFF, "x: y", "--no-such", EXIT_USAGE},
	{OPTION_EXPLAIN, "x: y", "a.example", EXIT_USAGE},
	{OPTION_CHECK, "x: y", "", EXIT_USAGE},
	{OPTION_SNIFF, NULL, "-C /no/such", EXIT_USAGE},
	{OPTION_SNIFF, "", "--no-interface", EXIT_USAGE},
	{OPTION_SNIFF, "", "--no-limit=1", EXIT_USAGE},
	/* together in the file; together on the command line; one in each */
	{OPTION_SNIFF, "watch: a\ninterface: b", "", EXIT_USAGE},
	{OPTION_SNIFF, NULL, "--watch a -i b", EXIT_USAGE},
	{OPTION_SNIFF, "watch: a", "-i b", -1},
	{OPTION_SNIFF, "watch: a\ninterface: b", "-i c", -1},
	{OPTION_SNIFF, "filter: a\nfilter-file: b", "", EXIT_USAGE},
	{OPTION_SNIFF, "watch: a\nbuffer-size: 64", "", EXIT_USAGE},
	{OPTION_SNIFF, "watch: a", "-B 64", EXIT_USAGE},
	{OPTION_SNIFF, "buffer-size: 64", "--watch a", -1},
	{OPTION_SNIFF, "default-filter: yes", "-r a", -1},
	{OPTION_SNIFF, NULL, "--default-filter -r a", EXIT_USAGE},
	{OPTION_SNIFF, "immediate-mode: yes\nsnapshot-length: 4096", "",
		EXIT_USAGE},
	{OPTION_SNIFF, "immediate-mode: yes", "-s 4096", EXIT_USAGE},
	/* a service has no stdout, and needs somebody to tell */
	{OPTION_SNIFF, "syslog: off", "--service", EXIT_USAGE},
	{OPTION_CHECK, "syslog: off", "", EXIT_USAGE},
	{OPTION_CHECK, "syslog: off\nwrite: x", "", -1},
	{OPTION_CHECK, "write: '-'", "", EXIT_USAGE},
	{OPTION_SNIFF, "syslog: off\nsyslog-facility: kern", "", EXIT_USAGE},
	{OPTION_SNIFF, "syslog: off", "--syslog-facility kern", EXIT_USAGE},
	{OPTION_SNIFF, "syslog-facility: kern", "--no-syslog", -1},
	{OPTION_SNIFF, "syslog: a", "--syslog-facility kern", -1},
	/* a compiled set takes the place of lists; compile takes the lists */
	{OPTION_SNIFF, NULL, "--ruleset a --list b", EXIT_USAGE},
	{OPTION_EXPLAIN, NULL, "--ruleset a --list b x", EXIT_USAGE},
	{OPTION_SNIFF, "ruleset: a\nlist: b", "", -1},
	{OPTION_SNIFF, "ruleset: a", "--list b", -1},
	{OPTION_SNIFF, "list: a", "--ruleset b", -1},
	{OPTION_COMPILE, "ruleset: a\nlist: b", "-o x", -1},
	{OPTION_COMPILE, "watch: a\ninterface: b", "-o x", -1},
	{OPTION_COMPILE, NULL, "--ruleset a -o x", EXIT_USAGE},
	{OPTION_COMPILE, NULL, "--exceptions a -o x", EXIT_USAGE},
	/* explain looks at lists only */
	{OPTION_EXPLAIN, "watch: a\ninterface: b", "a.example", -1},
};

static void test_refused(void **state)
{
	struct options o;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int r = read_line(
			&o, refused[i].where, refused[i].text, refused[i].line);

		if (r != refused[i].want) {
			fail_msg("%zu: %s | %s: %d, not %d", i,
				refused[i].text ? refused[i].text : "-",
				refused[i].line, r, refused[i].want);
		}
		options_free(&o);
	}
	(void)state;
}

/* Of lists and a compiled set, the command line's are all that is loaded. */
static void test_ruleset_or_lists(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(read_line(&o, OPTION_SNIFF,
				 "list: [a, b]\nexceptions: c", "--ruleset d"),
		-1);
	assert_string_equal(o.ruleset, "d");
	assert_int_equal(o.lists.n, 0);
	assert_int_equal(o.exceptions.n, 0);
	options_free(&o);
	assert_int_equal(
		read_line(&o, OPTION_SNIFF, "ruleset: a", "--list b"), -1);
	assert_null(o.ruleset);
	assert_string_equal(o.lists.text[0], "b");
	options_free(&o);
	assert_int_equal(
		read_line(&o, OPTION_SNIFF, "ruleset: a", "--no-ruleset"), -1);
	assert_null(o.ruleset);
	options_free(&o);
	assert_int_equal(
		read_line(&o, OPTION_SNIFF, "ruleset: off\nlist: [a, b]", ""),
		-1);
	assert_null(o.ruleset);
	assert_int_equal(o.lists.n, 2);
	options_free(&o);
}

/* What has a megabyte is no configuration. */
static void test_large(void **state)
{
	const size_t limit = (size_t)1 << 20;
	char *text = malloc(limit + 1);
	struct options o;

	assert_non_null(text);
	memset(text, '#', limit);
	text[limit] = '\0';
	assert_int_equal(read_line(&o, OPTION_SNIFF, text, ""), EXIT_USAGE);
	options_free(&o);
	text[limit - 1] = '\0';
	assert_int_equal(read_line(&o, OPTION_SNIFF, text, ""), -1);
	options_free(&o);
	free(text);
	(void)state;
}

/* ---- a reload ----------------------------------------------------------- */

/* The same argv is read again beside the settings in use, from a file that has
 * changed; then from one that is bad. */
static void test_again(void **state)
{
	struct options a, b;

	assert_int_equal(read_line(&a, OPTION_SNIFF, "list: [x]\nlimit: 1/2",
				 "-v --service -i eth0 --limit 3/4 udp"),
		-1);
	write_file("list: [y, z]\nlimit: 5/6\ninterface: eth1");
	assert_int_equal(
		settings_read(&b, OPTION_SNIFF, line_argc, line_argv), -1);
	assert_string_equal(a.lists.text[0], "x");
	assert_int_equal(a.lists.n, 1);
	assert_int_equal(b.lists.n, 2);
	assert_string_equal(b.lists.text[1], "z");
	assert_int_equal(b.limit.n, 3);
	assert_int_equal(b.verbose, 1);
	assert_string_equal(b.interfaces.text[0], "eth0");
	assert_string_equal(b.filter, "udp");
	options_free(&b);
	write_file("list: [y, z");
	assert_int_equal(settings_read(&b, OPTION_SNIFF, line_argc, line_argv),
		EXIT_USAGE);
	options_free(&b);
	assert_string_equal(a.lists.text[0], "x");
	assert_string_equal(a.config, path);
	options_free(&a);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_wins),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_ruleset_or_lists),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_again),
	};
	return cmocka_run_group_tests_name(
		"settings", tests, make_file, remove_file);
}
