/* SPDX-License-Identifier: BSD-2-Clause */
/* test_lastgood.c - the last good lists: written, read, damaged, used. */
#include "lastgood.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiling.h"
#include "folder.h"
#include "readfile.h"

#define DATE 1767323045 /* 2026-01-02 03:04:05 */

static char text_a[] = "#: id: a\na.example\n", text_b[] = "b\0c\n\n",
	    text_x[] = "a.example owner=alice\n", path_a[] = "/lists.d/a.list",
	    path_b[] = "b list\xff", path_x[] = "x.list";

static void keep_three(const char *name)
{
	struct lists_text text[] = {
		{.path = path_a, .text = text_a, .len = sizeof(text_a) - 1},
		{.path = path_b, .text = text_b, .len = sizeof(text_b) - 1},
		{path_x, text_x, sizeof(text_x) - 1, LISTS_EXCEPTIONS, false}};
	struct lists l = {.text = text, .n_texts = 3};

	assert_int_equal(lastgood_write(in_folder(name), &l, DATE), 0);
}

static char *read_kept(const char *name, size_t *ret_len)
{
	char *data;

	assert_int_equal(readfile(in_folder(name), 1 << 20, &data, ret_len), 0);
	return data;
}

static void test_comes_back_as_it_was(void **state)
{
	struct lastgood g;
	const char *why;
	struct stat st;
	char *data;
	size_t len;

	(void)state;
	keep_three("kept");
	assert_int_equal(stat(in_folder("kept"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640 & ~umask(022));
	data = read_kept("kept", &len);
	assert_int_equal(lastgood_parse(data, len, &g, &why), 0);
	assert_int_equal(g.date, DATE);
	assert_int_equal(g.n, 3);
	assert_int_equal(g.text[0].kind, LISTS_LIST);
	assert_int_equal(g.text[1].kind, LISTS_LIST);
	assert_int_equal(g.text[2].kind, LISTS_EXCEPTIONS);
	assert_string_equal(g.text[2].path, path_x);
	assert_string_equal(g.text[2].text, text_x);
	assert_string_equal(g.text[0].path, path_a);
	assert_int_equal(g.text[0].len, sizeof(text_a) - 1);
	assert_memory_equal(g.text[0].text, text_a, sizeof(text_a) - 1);
	assert_string_equal(g.text[1].path, path_b);
	assert_int_equal(g.text[1].len, sizeof(text_b) - 1);
	assert_memory_equal(g.text[1].text, text_b, sizeof(text_b) - 1);
	free(g.text);
	free(data);
}

static int parse(const char *data, size_t len, const char **ret_why)
{
	char *copy = malloc(len + 1);
	struct lastgood g = {0};
	int r;

	memcpy(copy, data, len);
	*ret_why = "";
	r = lastgood_parse(copy, len, &g, ret_why);
	free(g.text);
	free(copy);
	return r;
}

/* Whichever octet is another, and wherever it ends. */
static void test_damage_is_seen(void **state)
{
	const char *why;
	char *data;
	size_t len;

	(void)state;
	keep_three("kept");
	data = read_kept("kept", &len);
	assert_int_equal(parse(data, len, &why), 0);
	for (size_t i = 0; i < len; i++) {
		data[i] ^= 1;
		assert_int_equal(parse(data, len, &why), 1);
		data[i] ^= 1;
		assert_int_equal(parse(data, i, &why), 1);
	}
	free(data);
}

static void test_others_are_told_apart(void **state)
{
	static const char foreign[] = "a.example\n",
			  newer[] = "dnslookout last good set 2\nx";
	const char *why;

	(void)state;
	assert_int_equal(parse(foreign, sizeof(foreign) - 1, &why), 1);
	assert_string_equal(why, "not a file of the last good set");
	assert_int_equal(parse(newer, sizeof(newer) - 1, &why), 1);
	assert_string_equal(why, "of another version of this program");
}

/* What is written is whole, or what was there before. */
static void test_write_fails(void **state)
{
	struct lists_text text = {
		.path = path_a, .text = text_a, .len = sizeof(text_a) - 1};
	struct lists l = {.text = &text, .n_texts = 1};
	const char *why;
	char *data;
	size_t len;

	(void)state;
	keep_three("kept");
	mkdir(in_folder("kept.new"), 0700); /* in its way */
	assert_true(lastgood_write(in_folder("kept"), &l, DATE) < 0);
	data = read_kept("kept", &len);
	assert_int_equal(parse(data, len, &why), 0);
	assert_non_null(memmem(data, len, path_b, strlen(path_b)));
	free(data);
	rmdir(in_folder("kept.new"));
	assert_int_equal(
		lastgood_write(in_folder("no/such"), &l, DATE), -ENOENT);
	/* A link in its place is replaced, not followed. */
	write_file("precious", "precious");
	unlink(in_folder("kept.new"));
	assert_int_equal(
		symlink(in_folder("precious"), in_folder("kept.new")), 0);
	assert_true(lastgood_write(in_folder("kept"), &l, DATE) < 0);
	data = read_kept("precious", &len);
	assert_string_equal(data, "precious");
	free(data);
	unlink(in_folder("kept.new"));
}

/* ---- at boot ------------------------------------------------------------- */

struct boot_case {
	const char *name;
	const char *list; /* NULL: there is none */
	const char *kept; /* a file in its place; NULL: the good one */
	bool good_is_kept;
	int want; /* exit code */
	bool last_good; /* are used */
};

static const struct boot_case boot_cases[] = {
	{"good", "x.example\n", NULL, true, 0, false},
	{"good, nothing kept", "x.example\n", "", false, 0, false},
	{"bad", "#: id: x\nx..y\n", NULL, true, 0, true},
	{"missing", NULL, NULL, true, 0, true},
	{"empty", "# none\n", NULL, true, 0, true},
	{"bad, nothing kept", "#: id: x\nx..y\n", NULL, false, EXIT_USAGE,
		false},
	{"missing, nothing kept", NULL, NULL, false, EXIT_USAGE, false},
	{"empty, nothing kept", "# none\n", NULL, false, 0, false},
	{"bad, a foreign file kept", "#: id: x\nx..y\n", "a.example\n", false,
		EXIT_USAGE, false},
	{"empty, a foreign file kept", "# none\n", "a.example\n", false, 0,
		false},
};

static void test_boot(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(boot_cases) / sizeof(boot_cases[0]);
		i++) {
		const struct boot_case *c = &boot_cases[i];
		struct lists l = {.keep = true};
		struct reasons why;
		struct options o;
		time_t date;

		print_message("# %s\n", c->name);
		unlink(in_folder("x.list"));
		unlink(in_folder("boot"));
		if (c->list) {
			write_file("x.list", c->list);
		}
		if (c->good_is_kept) {
			keep_three("boot");
		} else if (c->kept) {
			write_file("boot", c->kept);
		}
		options_of(&o, "x.list", NULL);
		assert_int_equal(
			lastgood_boot(&o, in_folder("boot"), &l, &date, &why),
			c->want);
		assert_int_equal(date, c->last_good ? DATE : 0);
		assert_int_equal(!c->want, l.rules != NULL);
		assert_true(!c->last_good || why.errors.n + why.warnings.n > 0);
		if (c->last_good) {
			assert_int_equal(dlo_ruleset_n_lists(l.rules), 2);
			assert_int_equal(dlo_ruleset_n_exceptions(l.rules), 1);
			assert_int_equal(l.age.oldest, DATE);
			assert_int_equal(l.age.newest, DATE);
			assert_int_equal(l.n_texts, 0);
		}
		lists_free(&l);
		reasons_free(&why);
		options_free(&o);
	}
}

/* A compiled set is kept as it was, and used when it is damaged at boot. */
static void test_boot_compiled(void **state)
{
	struct lists l = {.keep = true};
	struct reasons why;
	struct options o;
	time_t date;
	int fd;

	(void)state;
	write_compiled("set", "/there/x.txt", "a.example\nb.example\n");
	write_file("x.list", "a.example owner=alice\n");
	options_of(&o, NULL);
	give(&o, "ruleset", in_folder("set"));
	give(&o, "exceptions", in_folder("x.list"));
	assert_int_equal(
		lastgood_boot(&o, in_folder("boot"), &l, &date, &why), 0);
	assert_int_equal(date, 0);
	assert_int_equal(lastgood_write(in_folder("boot"), &l, DATE), 0);
	lists_free(&l);
	reasons_free(&why);
	fd = open(in_folder("set"), O_WRONLY);
	assert_int_equal(ftruncate(fd, 5000), 0);
	close(fd);
	l = (struct lists){.keep = true};
	assert_int_equal(
		lastgood_boot(&o, in_folder("boot"), &l, &date, &why), 0);
	assert_int_equal(date, DATE);
	assert_non_null(strstr(why.errors.text[0], "cut short: 5000 of "));
	assert_int_equal(dlo_ruleset_n_patterns(l.rules), 2);
	assert_int_equal(dlo_ruleset_n_exceptions(l.rules), 1);
	assert_int_equal(dlo_ruleset_built(l.rules), COMPILED_S);
	lists_free(&l);
	reasons_free(&why);
	options_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back_as_it_was),
		cmocka_unit_test(test_damage_is_seen),
		cmocka_unit_test(test_others_are_told_apart),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_boot_compiled),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
