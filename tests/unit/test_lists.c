/* SPDX-License-Identifier: BSD-2-Clause */
/* test_lists.c - lists of files and folders: what is loaded, kept, said and
 * noticed, and what is not plausible. */
#include "lists.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include <cmocka.h>

#include "compiling.h"
#include "folder.h"
#include "plausible.h"
#include "reasons.h"

/* Loads the options' lists, as a reload would, with its reasons. */
static int load(
	const struct options *o, struct lists *l, struct reasons *reasons)
{
	int r;

	*l = (struct lists){.keep = true};
	*reasons = (struct reasons){0};
	reasons_begin(reasons);
	r = lists_load(o, l);
	reasons_end();
	return r;
}

static void test_texts_are_kept(void **state)
{
	struct lists l, again = {0};
	struct reasons reasons;
	struct options o;

	(void)state;
	mkdir(in_folder("kept"), 0700);
	write_file("kept/b.list", "#: id: b\nb.example\n");
	write_file("kept/a.list", "a.example\nx..y\n");
	write_file("kept/a.list~", "an editor's");
	write_file("one", "c.example\nd.example\n");
	options_of(&o, "one", "kept", NULL);
	assert_int_equal(load(&o, &l, &reasons), 0);
	assert_int_equal(l.n_lists, 3);
	assert_int_equal(l.n_patterns, 4);
	assert_int_equal(l.n_bad, 1);
	assert_int_equal(l.n_texts, 3);
	assert_string_equal(l.text[0].path, in_folder("one"));
	assert_string_equal(l.text[1].path, in_folder("kept/a.list"));
	assert_string_equal(l.text[2].path, in_folder("kept/b.list"));
	assert_int_equal(l.text[2].len, 19);
	assert_memory_equal(l.text[2].text, "#: id: b\nb.example\n", 19);
	assert_int_equal(lists_load_texts(l.text, l.n_texts, &again), 0);
	assert_int_equal(dlo_ruleset_n_patterns(again.rules), 4);
	assert_int_equal(dlo_ruleset_n_lists(again.rules), 3);
	assert_int_equal(again.n_texts, 0);
	lists_free(&again);
	lists_free(&l);
	reasons_free(&reasons);
	options_free(&o);
}

static void test_exceptions_are_kept(void **state)
{
	struct lists l, again = {0};
	struct reasons reasons;
	struct options o;

	(void)state;
	write_file("one", "c.example\n");
	write_file("except.list", "c.example owner=alice\nd.example\n");
	options_of(&o, "one", NULL);
	give(&o, "exceptions", in_folder("except.list"));
	assert_int_equal(load(&o, &l, &reasons), 0);
	assert_int_equal(l.n_lists, 1);
	assert_int_equal(l.n_texts, 2);
	assert_int_equal(l.text[0].kind, LISTS_LIST);
	assert_int_equal(l.text[1].kind, LISTS_EXCEPTIONS);
	assert_int_equal(lists_load_texts(l.text, l.n_texts, &again), 0);
	assert_int_equal(dlo_ruleset_n_lists(again.rules), 1);
	assert_int_equal(dlo_ruleset_n_exceptions(again.rules), 2);
	assert_string_equal(
		dlo_ruleset_exception(again.rules, 0)->owner, "alice");
	lists_free(&again);
	lists_free(&l);
	reasons_free(&reasons);
	write_file("except.list", "c.example nonsense=1\n");
	assert_int_equal(load(&o, &l, &reasons), EXIT_USAGE);
	assert_non_null(strstr(reasons.errors.text[0], "except.list:1:"));
	lists_free(&l);
	reasons_free(&reasons);
	options_free(&o);
}

static void check_compiled(const struct lists *l, unsigned n_exceptions)
{
	struct dlo_pattern_info p;

	assert_int_equal(l->n_lists, 1);
	assert_int_equal(l->n_patterns, 2);
	assert_int_equal(l->n_bad, 1);
	assert_int_equal(l->age.oldest, COMPILED_S);
	assert_int_equal(l->age.newest, COMPILED_S);
	assert_int_equal(dlo_ruleset_n_patterns(l->rules), 2);
	assert_int_equal(dlo_ruleset_n_exceptions(l->rules), n_exceptions);
	dlo_ruleset_pattern(l->rules, 1, &p);
	assert_string_equal(p.path, "/there/x.txt");
	assert_int_equal(p.line, 3);
}

/* A compiled set takes the place of lists, and is kept like them. */
static void test_compiled(void **state)
{
	struct lists l, again = {0};
	struct reasons reasons;
	struct options o;

	(void)state;
	write_compiled("set", "/there/x.txt", "c.example\nx..y\nd.example\n");
	write_file("except.list", "c.example owner=alice\n");
	options_of(&o, NULL);
	give(&o, "ruleset", in_folder("set"));
	give(&o, "exceptions", in_folder("except.list"));
	assert_int_equal(load(&o, &l, &reasons), 0);
	check_compiled(&l, 1);
	assert_int_equal(l.n_texts, 2);
	assert_int_equal(l.text[0].kind, LISTS_RULESET);
	assert_string_equal(l.text[0].path, in_folder("set"));
	assert_int_equal(l.text[1].kind, LISTS_EXCEPTIONS);
	assert_int_equal(lists_load_texts(l.text, l.n_texts, &again), 0);
	check_compiled(&again, 1);
	lists_free(&again);
	lists_free(&l);
	reasons_free(&reasons);
	/* For who compiles lists there is neither. */
	l = (struct lists){.only = true};
	give(&o, "list", in_folder("one"));
	write_file("one", "c.example\n");
	assert_int_equal(lists_load(&o, &l), 0);
	assert_int_equal(l.n_patterns, 1);
	assert_int_equal(dlo_ruleset_n_exceptions(l.rules), 0);
	lists_free(&l);
	options_free(&o);
}

static void test_compiled_is_refused(void **state)
{
	static const struct {
		const char *option, *file, *want;
	} cases[] = {
		{"ruleset", "one", "one: not a compiled rule set"},
		{"ruleset", "missing", "missing: No such file or directory"},
		{"ruleset", "", ": Is a directory"},
		{"ruleset", "empty", "empty: not a compiled rule set"},
		{"list", "set",
			"set: a compiled rule set is no list: --ruleset takes "
			"it"},
	};
	struct reasons reasons;
	struct options o;
	struct lists l;

	(void)state;
	write_file("one", "c.example\n");
	write_file("empty", "");
	write_compiled("set", "x", "c.example\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		options_of(&o, NULL);
		give(&o, cases[i].option, in_folder(cases[i].file));
		assert_int_equal(load(&o, &l, &reasons), EXIT_USAGE);
		assert_null(l.rules);
		assert_int_equal(reasons.errors.n, 1);
		print_message("# %s\n", reasons.errors.text[0]);
		assert_non_null(strstr(reasons.errors.text[0], cases[i].want));
		lists_free(&l);
		reasons_free(&reasons);
		options_free(&o);
	}
}

#ifdef HAVE_ZLIB
static void write_packed(const char *name, const char *text)
{
	gzFile f = gzopen(in_folder(name), "wb");

	assert_non_null(f);
	assert_int_equal(
		gzwrite(f, text, (unsigned)strlen(text)), strlen(text));
	assert_int_equal(gzclose(f), Z_OK);
}

/* What is kept of a packed list is its text, which its name still tells the
 * format of; what is cut off is refused as a whole. */
static void test_packed_texts_are_kept(void **state)
{
	static const char text[] = "||a.example^\n@@||b.a.example^\n##.x\n";
	struct lists l, again = {0};
	struct reasons reasons;
	struct options o;

	(void)state;
	write_packed("x.adblock.gz", text);
	options_of(&o, "x.adblock.gz", NULL);
	assert_int_equal(load(&o, &l, &reasons), 0);
	assert_int_equal(l.n_patterns, 1);
	assert_int_equal(l.n_skipped, 1);
	assert_int_equal(dlo_ruleset_n_exceptions(l.rules), 1);
	assert_string_equal(l.text[0].text, text);
	assert_int_equal(lists_load_texts(l.text, l.n_texts, &again), 0);
	assert_int_equal(dlo_ruleset_n_patterns(again.rules), 1);
	assert_int_equal(dlo_ruleset_n_exceptions(again.rules), 1);
	lists_free(&again);
	lists_free(&l);
	reasons_free(&reasons);
	assert_int_equal(truncate(in_folder("x.adblock.gz"), 20), 0);
	assert_int_equal(load(&o, &l, &reasons), EXIT_USAGE);
	assert_non_null(strstr(
		reasons.errors.text[0], "x.adblock.gz: truncated gzip data"));
	assert_null(l.rules);
	lists_free(&l);
	reasons_free(&reasons);
	options_free(&o);
}
#endif

/* All that is wrong is said, not the first of it alone; and errors come before
 * what is only left out. */
static void test_reasons_have_places(void **state)
{
	struct reasons reasons;
	struct options o;
	struct lists l;
	char text[256], want[256];

	(void)state;
	write_file("left-out", "x..y\nfine.example\n");
	write_file("bad", "#: id: bad\n\n\nx..y\n");
	write_file("worse", "#: id: worse\n#: nonsense: 1\n");
	options_of(&o, "left-out", "bad", "missing", "worse", NULL);
	assert_int_equal(load(&o, &l, &reasons), EXIT_USAGE);
	assert_null(l.rules);
	assert_int_equal(reasons.errors.n, 3);
	assert_int_equal(reasons.warnings.n, 1);
	snprintf(
		want, sizeof(want), "%s:4:3: an empty label", in_folder("bad"));
	assert_string_equal(reasons.errors.text[0], want);
	snprintf(want, sizeof(want), "%s: No such file or directory",
		in_folder("missing"));
	assert_string_equal(reasons.errors.text[1], want);
	snprintf(want, sizeof(want), "%s:1:3: an empty label",
		in_folder("left-out"));
	assert_string_equal(reasons.warnings.text[0], want);
	snprintf(want, sizeof(want), "%s:4:3: an empty label (and 2 more)",
		in_folder("bad"));
	assert_string_equal(reasons_short(&reasons, text, sizeof(text)), want);
	lists_free(&l);
	reasons_free(&reasons);
	options_free(&o);
}

static void test_reasons_are_bounded(void **state)
{
	struct reasons reasons;
	struct options o;
	struct lists l;
	char text[64];

	(void)state;
	write_file("long", "a..b\nc..d\ne..f\ng..h\ni..j\nk..l\nm..n\no..p\n"
			   "q..r\ns..t\nu..v\nw..x\ny..z\nfine.example\n");
	options_of(&o, "long", NULL);
	assert_int_equal(load(&o, &l, &reasons), 0);
	assert_int_equal(reasons.errors.n, 0);
	assert_int_equal(reasons.warnings.n, 11); /* ten, and how many more */
	assert_int_equal(reasons.warnings.n_kept, REASONS_MAX);
	reasons_short(&reasons, text, sizeof(text));
	assert_true(strlen(text) < sizeof(text));
	assert_non_null(strstr(text, " (and 10 more)"));
	lists_free(&l);
	reasons_free(&reasons);
	options_free(&o);
}

static void test_stopped(void **state)
{
	const atomic_bool stop = true;
	struct lists l = {.stop = &stop};
	struct options o;

	(void)state;
	write_file("one", "c.example\n");
	options_of(&o, "one", NULL);
	assert_int_equal(lists_load(&o, &l), EXIT_RUNTIME);
	assert_null(l.rules);
	lists_free(&l);
	options_free(&o);
}

/* ---- looking for changes ------------------------------------------------- */

static void touch(const char *name, time_t when)
{
	struct timespec times[2] = {{when, 0}, {when, 0}};

	assert_int_equal(utimensat(AT_FDCWD, in_folder(name), times, 0), 0);
}

static void make_look(void)
{
	mkdir(in_folder("look"), 0700);
	write_file("look/a.list", "a.example\n");
	write_file("look/b.list", "b.example\n");
	touch("look/a.list", 1000);
	touch("look/b.list", 1000);
}

static void add_look(void)
{
	write_file("look/c.list", "");
}

static void remove_look(void)
{
	assert_int_equal(unlink(in_folder("look/c.list")), 0);
}

static void rewrite_look(void)
{
	write_file("look/a.list", "aa.example\n");
	touch("look/a.list", 1000);
}

static void touch_look(void)
{
	touch("look/a.list", 1001);
}

static void rename_look(void)
{
	rename(in_folder("look/b.list"), in_folder("look/d.list"));
}

/* As packages and configuration management do; a notice would be blind. */
static void replace_look(void)
{
	rename(in_folder("look"), in_folder("look.old"));
	make_look();
}

static void except_look(void)
{
	write_file("look.x/a.list", "a.example\n");
}

static void lose_look(void)
{
	rename(in_folder("look"), in_folder("look.older"));
}

static void test_changes_are_noticed(void **state)
{
	static const struct {
		const char *name;
		void (*change)(void);
	} changes[] = {
		{"a list comes", add_look},
		{"a list goes", remove_look},
		{"a list is written, the time set back", rewrite_look},
		{"a list is written to the same length", touch_look},
		{"a list is renamed", rename_look},
		{"the folder is replaced", replace_look},
		{"an exception comes", except_look},
		{"the folder goes", lose_look},
		{"the folder comes back", make_look},
	};
	struct options o;
	struct lists l;
	uint64_t before, after;

	(void)state;
	make_look();
	mkdir(in_folder("look.x"), 0700);
	options_of(&o, "look", NULL);
	give(&o, "exceptions", in_folder("look.x"));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		print_message("# %s\n", changes[i].name);
		before = lists_look(&o);
		write_file("look/.a.list.swp", "an editor's");
		write_file("look/a.list~", "another's");
		assert_true(lists_look(&o) == before);
		changes[i].change();
		after = lists_look(&o);
		assert_true(before != after);
		l = (struct lists){0};
		lists_load(&o, &l);
		assert_true(l.seen == after); /* good or bad */
		lists_free(&l);
		mkdir(in_folder("look"), 0700);
	}
	options_free(&o);
}

static void test_compiled_changes(void **state)
{
	struct options o;
	uint64_t before;

	(void)state;
	write_compiled("set", "x", "c.example\n");
	write_file("one", "c.example\n");
	touch("set", 1000);
	options_of(&o, "one", NULL);
	give(&o, "ruleset", in_folder("set"));
	before = lists_look(&o);
	write_file("one", "other.example\n"); /* is not used */
	assert_true(lists_look(&o) == before);
	touch("set", 1001);
	assert_true(lists_look(&o) != before);
	options_free(&o);
}

/* ---- what is plausible --------------------------------------------------- */

static void test_plausible(void **state)
{
	static const struct {
		struct lists l;
		unsigned n_running;
		bool want;
	} cases[] = {
		{{.n_patterns = 1}, 0, true},
		{{.n_patterns = 0, .n_lists = 1}, 0, false},
		{{.n_patterns = 0, .n_lists = 1}, 100, false},
		{{.n_patterns = 50}, 100, true},
		{{.n_patterns = 49}, 100, false},
		{{.n_patterns = 50}, 101, false},
		{{.n_patterns = 1}, 1, true},
		{{.n_patterns = 4000000000}, 4000000000, true},
		{{.n_patterns = 1999999999}, 4000000000, false},
		/* a tenth of the lines: skipped ones are lines, too */
		{{.n_patterns = 90, .n_bad = 10}, 90, true},
		{{.n_patterns = 89, .n_bad = 10}, 90, false},
		{{.n_patterns = 80, .n_skipped = 10, .n_bad = 10}, 90, true},
		{{.n_patterns = 900000000, .n_bad = 500000000}, 0, false},
		/* an error page among good lists */
		{{.n_patterns = 1000, .n_bad = 20, .n_unreadable = 1}, 1000,
			false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("# case %zu\n", i);
		assert_int_equal(plausible(&cases[i].l, cases[i].n_running),
			cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_kept),
		cmocka_unit_test(test_exceptions_are_kept),
		cmocka_unit_test(test_compiled),
		cmocka_unit_test(test_compiled_is_refused),
		cmocka_unit_test(test_compiled_changes),
#ifdef HAVE_ZLIB
		cmocka_unit_test(test_packed_texts_are_kept),
#endif
		cmocka_unit_test(test_reasons_have_places),
		cmocka_unit_test(test_reasons_are_bounded),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_changes_are_noticed),
		cmocka_unit_test(test_plausible),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
