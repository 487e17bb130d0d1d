/* SPDX-License-Identifier: BSD-2-Clause */
/* test_reload.c - a reload from the request to the outcome. */
#include "reload.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiling.h"
#include "reload_bench.h"

/* ---- the tests ----------------------------------------------------------- */

#define OLD "#: id: old\none.example\ntwo.example\n"
#define NEW "#: id: new\none.example\nthree.example\n"

/* The new rules are in the mailbox of source i; nobody has looked. */
static void wait_for_mailbox(struct bench *b, unsigned i)
{
	while (!b->source[i].mailbox) {
		uv_run(&b->uv, UV_RUN_ONCE);
	}
}

/* Returns the number of the run. */
static uint64_t begin_swap(struct bench *b, unsigned i)
{
	uint64_t run;

	write_file("a.list", NEW);
	run = reload_request(b->reload, "test", false);
	wait_for_mailbox(b, i);
	return run;
}

static void test_all_sources_take_it(void **state)
{
	const struct reload_outcome *o;
	const time_t before = time(NULL) - 1;
	static struct bench b;
	char text[64];

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	assert_string_equal(kept(), "one.example two.example ");
	ask(&b.source[0], "one.example");
	ask(&b.source[0], "one.example"); /* held back */
	ask(&b.source[1], "three.example");
	write_file("a.list", NEW);
	o = reload(&b, false);
	assert_true(o->accepted);
	assert_int_equal(o->run, 1);
	assert_true(o->when >= before && o->when <= time(NULL));
	assert_int_equal(dlo_ruleset_n_patterns(b.rules), 2);
	assert_true(b.age.newest >= before);
	assert_int_equal(o->reasons.errors.n, 0);
	assert_int_equal(b.n_told, 1);
	assert_string_equal(reload_trouble(b.reload, text, sizeof(text)), "");
	ask(&b.source[0], "one.example");
	ask(&b.source[1], "three.example");
	ask(&b.source[1], "two.example");
	drain(&b);
	/* The closing line of the old set, before it is given back. */
	assert_string_equal(b.log,
		"old:one.example old:one.example retired "
		"retired new:one.example new:three.example ");
	assert_string_equal(kept(), "one.example three.example ");
	close_bench(&b);
}

/* From lists to a compiled set, to another, to one that is refused. */
static void test_compiled(void **state)
{
	static struct bench b;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	write_compiled("set", "a.list", NEW);
	give(&b.options, "ruleset", in_folder("set"));
	assert_true(reload(&b, false)->accepted);
	assert_int_equal(b.age.newest, COMPILED_S);
	ask(&b.source[0], "three.example");
	drain(&b);
	assert_string_equal(b.log, "retired retired new:three.example ");
	write_compiled("set", "a.list", OLD);
	assert_true(reload(&b, false)->accepted);
	write_file("set", "three.example\n");
	assert_false(reload(&b, false)->accepted);
	ask(&b.source[1], "two.example");
	drain(&b);
	assert_non_null(strstr(b.log, "old:two.example"));
	/* What was kept is that which is in use. */
	assert_string_equal(kept(), "one.example two.example ");
	close_bench(&b);
}

/* One source does not take its rules: nobody is told, nothing is freed. */
static void test_waits_for_all(void **state)
{
	static struct bench b;
	uint64_t run;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	run = begin_swap(&b, 1);
	capture_take_rules(&b.source[0]);
	drain(&b);
	assert_string_equal(b.log, "retired ");
	assert_null(reload_outcome(b.reload, run));
	assert_int_equal(b.n_told, 0);
	ask(&b.source[0], "three.example");
	ask(&b.source[1], "two.example");
	drain(&b);
	assert_string_equal(
		b.log, "retired new:three.example old:two.example ");
	assert_true(finish(&b, run)->accepted);
	close_bench(&b);
}

/* Capture does not wait for room: rules are given back when there is some. */
static void test_ring_is_full(void **state)
{
	static struct bench b;
	struct item *item;
	uint64_t run;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	while ((item = ring_reserve(b.source[0].ring))) {
		item->kind = ITEM_TROUBLE;
		ring_stage(b.source[0].ring);
		ring_publish(b.source[0].ring);
	}
	run = begin_swap(&b, 0);
	capture_take_rules(&b.source[0]);
	capture_take_rules(&b.source[0]);
	assert_null(b.source[0].mailbox);
	assert_non_null(b.source[0].retired);
	drain(&b);
	ask(&b.source[0], "three.example");
	drain(&b);
	assert_string_equal(b.log, "new:three.example ");
	assert_true(finish(&b, run)->accepted);
	close_bench(&b);
}

/* However many ask while one is under way: one more, that reads what is there
 * when it begins. */
static void test_requests_become_one(void **state)
{
	static struct bench b;
	uint64_t first, second;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	write_file("a.list", NEW);
	first = reload_request(b.reload, "first", false);
	for (unsigned i = 0; i < 10; i++) {
		second = reload_request(b.reload, "more", false);
		assert_int_equal(second, first + 1);
	}
	wait_for_mailbox(&b, 0);
	write_file("a.list", "#: id: last\none.example\n");
	assert_int_equal(reload_request(b.reload, "last", false), second);
	finish(&b, second);
	assert_null(reload_outcome(b.reload, second + 1));
	assert_int_equal(b.n_told, 2);
	assert_int_equal(dlo_ruleset_n_patterns(b.rules), 1);
	assert_string_equal(kept(), "one.example ");
	close_bench(&b);
}

static const struct {
	const char *name;
	const char *list;
	bool force;
	const char *want; /* the first reason; NULL: accepted */
} refusals[] = {
	{"half is enough", "one.example\ntwo.example\n", false, NULL},
	{"a bad line", "#: id: a\n\nx..y\n", false,
		"a.list:3:3: an empty label"},
	{"a bad line is not forced", "#: id: a\n\nx..y\n", true,
		"a.list:3:3: an empty label"},
	{"empty", "# none\n", false, "there is no pattern in 1 list"},
	{"empty, forced", "# none\n", true, NULL},
	{"under half", "one.example\n", false,
		"1 pattern, fewer than half of the 4 in use"},
	{"under half, forced", "one.example\n", true, NULL},
	{"bad lines", "a.ex\nb.ex\nc.ex\nx..y\n", false,
		"1 of 4 lines are bad, more than a tenth"},
	{"bad lines, forced", "a.ex\nb.ex\nc.ex\nx..y\n", true, NULL},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct reload_outcome *o;
		static struct bench b;
		char text[256];

		print_message("# %s\n", refusals[i].name);
		open_bench(&b, "#: id: old\na.ex\nb.ex\nc.ex\nd.ex\n");
		open_reload(&b, NULL);
		write_file("a.list", refusals[i].list);
		o = reload(&b, refusals[i].force);
		assert_int_equal(o->accepted, !refusals[i].want);
		if (refusals[i].want) {
			assert_true(o->reasons.errors.n_kept > 0);
			assert_non_null(strstr(
				o->reasons.errors.text[0], refusals[i].want));
			assert_int_equal(dlo_ruleset_n_patterns(b.rules), 4);
			reload_trouble(b.reload, text, sizeof(text));
			assert_non_null(strstr(text, "reload refused: "));
			assert_non_null(strstr(text, refusals[i].want));
			assert_string_equal(kept(), "a.ex b.ex c.ex d.ex ");
			ask(&b.source[0], "d.ex");
			drain(&b);
			assert_string_equal(b.log, "old:d.ex ");
		}
		write_file("a.list", NEW); /* and all is well again */
		assert_true(reload(&b, false)->accepted);
		assert_string_equal(
			reload_trouble(b.reload, text, sizeof(text)), "");
		close_bench(&b);
	}
}

static void test_missing_list(void **state)
{
	const struct reload_outcome *o;
	static struct bench b;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	unlink(in_folder("a.list"));
	o = reload(&b, true);
	assert_false(o->accepted);
	assert_non_null(
		strstr(o->reasons.errors.text[0], "No such file or directory"));
	close_bench(&b);
}

static void end_source(struct source *s)
{
	capture_eof(s, 0);
}

/* A source that ends before it looks into its mailbox, one with rules to give
 * back, and one that had ended long ago. */
static void test_sources_that_end(void **state)
{
	static struct bench b;
	uint64_t run;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	run = begin_swap(&b, 1);
	end_source(&b.source[0]);
	b.source[1].retired = dlo_engine_swap(
		b.source[1].engine, source_take_rules(&b.source[1]));
	end_source(&b.source[1]);
	drain(&b);
	assert_true(finish(&b, run)->accepted);
	assert_string_equal(b.log, "eof retired eof ");
	write_file("a.list", OLD);
	assert_true(reload(&b, false)->accepted);
	ask(&b.source[0], "two.example"); /* the new rules are in the engine */
	drain(&b);
	assert_string_equal(b.log, "eof retired eof old:two.example ");
	close_bench(&b);
}

/* The end of the program in each phase: uv_run() comes back, all is freed. */
static void test_stopped_on_the_way(void **state)
{
	(void)state;
	for (unsigned phase = 0; phase < 3; phase++) {
		static struct bench b;
		uint64_t run;

		open_bench(&b, OLD);
		open_reload(&b, NULL);
		write_file("a.list", NEW);
		run = reload_request(b.reload, "test", false);
		reload_request(b.reload, "another", false);
		if (phase) {
			wait_for_mailbox(&b, 0);
		}
		if (phase == 2) {
			wake(&b);
			drain(&b);
		}
		reload_stop(b.reload);
		end_source(&b.source[0]);
		end_source(&b.source[1]);
		drain(&b);
		while (uv_run(&b.uv, UV_RUN_ONCE)) {
		}
		assert_int_equal(
			reload_outcome(b.reload, run) != NULL, phase > 0);
		assert_null(reload_outcome(b.reload, run + 1));
		reload_request(b.reload, "too late", false);
		assert_int_equal(uv_run(&b.uv, UV_RUN_NOWAIT), 0);
		close_bench(&b);
	}
}

static void test_last_good_at_boot(void **state)
{
	static struct bench b, first;
	char text[256];

	(void)state;
	open_bench(&first, OLD);
	open_reload(&first, NULL);
	close_bench(&first);
	assert_int_equal(
		rename(in_folder("kept"), in_folder("kept-before")), 0);
	open_bench(&b, OLD); /* removes what is kept */
	lists_free(&b.boot.lists);
	assert_int_equal(
		rename(in_folder("kept-before"), in_folder("kept")), 0);
	write_file("a.list", "#: id: a\nx..y\n");
	assert_int_equal(
		lastgood_boot(&b.options, in_folder("kept"), &b.boot.lists,
			&b.boot.last_good, &b.boot.reasons),
		0);
	open_reload(&b, NULL);
	dlo_ruleset_free(b.boot.lists.rules); /* b.rules are the same */
	b.boot.lists.rules = NULL;
	assert_false(reload_newest(b.reload)->accepted);
	reload_trouble(b.reload, text, sizeof(text));
	assert_non_null(strstr(text, "LAST GOOD SET of 20"));
	assert_non_null(strstr(text, "a.list:2:3: an empty label"));
	/* One that is refused, too, does not make it better. */
	write_file("a.list", "#: id: a\n\nx..y\n");
	assert_false(reload(&b, false)->accepted);
	reload_trouble(b.reload, text, sizeof(text));
	assert_non_null(strstr(text, "LAST GOOD SET of 20"));
	assert_non_null(strstr(text, "a.list:3:3: an empty label"));
	assert_string_equal(kept(), "one.example two.example ");
	write_file("a.list", NEW);
	assert_true(reload(&b, false)->accepted);
	assert_string_equal(reload_trouble(b.reload, text, sizeof(text)), "");
	assert_string_equal(kept(), "one.example three.example ");
	close_bench(&b);
}

/* What is loaded at boot, but is hardly what somebody wants, is not kept. */
static void test_implausible_at_boot_is_not_kept(void **state)
{
	static struct bench b;

	(void)state;
	open_bench(&b, "a.ex\nb.ex\nc.ex\nx..y\n");
	open_reload(&b, NULL);
	assert_string_equal(kept(), "");
	close_bench(&b);
}

static void count(struct source *s, const char *name, unsigned n)
{
	while (n-- > 0) {
		ask(s, name);
	}
}

static void test_tallies_go_on(void **state)
{
	static struct bench b;
	char *text = NULL;
	size_t len;
	FILE *f;

	(void)state;
	open_bench(&b, "#: id: a\n#: action: count\n[s]\none.example\n");
	open_reload(&b, NULL);
	count(&b.source[0], "one.example", 2);
	count(&b.source[1], "one.example", 3);
	assert_true(reload(&b, false)->accepted);
	count(&b.source[0], "one.example", 1);
	assert_true(reload(&b, false)->accepted);
	f = open_memstream(&text, &len);
	tallies_print(f, &b.tallies, true);
	fclose(f);
	assert_non_null(strstr(text, "/s: 6 by 1 client\n"));
	free(text);
	close_bench(&b);
}

static void on_exception(void *ctx, const struct exception_row *row)
{
	char *to = ctx;

	sprintf(to + strlen(to), "%s:%u ", row->info->text,
		(unsigned)row->hits.n);
}

static const char *hits(const struct bench *b)
{
	static char text[256];

	text[0] = '\0';
	assert_int_equal(exceptions_each(&b->exceptions, b->source, N_SOURCES,
				 on_exception, text),
		0);
	return text;
}

/* What exceptions hid is told of the set in use, also while the sources change
 * over to the next. */
static void test_exceptions_go_on(void **state)
{
	static struct bench b;
	uint64_t run;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	write_file("x.list", "one.example\n");
	give(&b.options, "exceptions", in_folder("x.list"));
	assert_true(reload(&b, false)->accepted);
	count(&b.source[0], "one.example", 2);
	count(&b.source[1], "one.example", 3);
	assert_string_equal(hits(&b), "one.example:5 ");
	write_file("x.list", "two.example\none.example\n");
	run = reload_request(b.reload, "test", false);
	wait_for_mailbox(&b, 1);
	capture_take_rules(&b.source[0]);
	count(&b.source[0], "two.example", 4);
	count(&b.source[1], "one.example", 1);
	assert_string_equal(hits(&b), "one.example:6 ");
	assert_true(finish(&b, run)->accepted);
	assert_string_equal(hits(&b), "two.example:4 one.example:6 ");
	count(&b.source[1], "two.example", 1);
	assert_string_equal(hits(&b), "two.example:5 one.example:6 ");
	assert_string_equal(b.log, "retired retired retired retired ");
	close_bench(&b);
}

/* ---- settings and changes ------------------------------------------------ */

static const char *new_limit, *new_list;
static int settings_code;

static int settings(void *ctx, struct options *ret)
{
	const struct option_place here = {.origin = ORIGIN_COMMAND_LINE};
	char problem[OPTION_PROBLEM_MAX];

	(void)ctx;
	options_of(ret, new_list, NULL);
	assert_int_equal(options_take(ret, options_row("limit"), new_limit,
				 here, problem),
		0);
	assert_int_equal(options_take(ret, options_row("syslog"), "/dev/other",
				 here, problem),
		0);
	return settings_code;
}

static void test_settings_are_read_again(void **state)
{
	const struct reload_outcome *o;
	static struct bench b;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, settings);
	write_file("other.list", NEW);
	new_list = "other.list";
	new_limit = "2/60";
	settings_code = EXIT_USAGE;
	assert_false(reload(&b, false)->accepted);
	settings_code = -1;
	o = reload(&b, false);
	assert_true(o->accepted);
	assert_int_equal(o->reasons.warnings.n_kept, 1);
	assert_non_null(strstr(o->reasons.warnings.text[0],
		"the new syslog takes effect after a restart"));
	count(&b.source[0], "three.example", 5);
	drain(&b);
	assert_string_equal(b.log, "retired retired new:three.example "
				   "new:three.example ");
	new_limit = NULL; /* none; and the lists of before */
	new_list = "a.list";
	assert_true(reload(&b, false)->accepted);
	b.log[0] = '\0';
	count(&b.source[0], "two.example", 3);
	drain(&b);
	assert_string_equal(
		b.log, "old:two.example old:two.example old:two.example ");
	close_bench(&b);
}

static void look(struct bench *b)
{
	reload_look(b->reload);
	settle(b);
}

static void test_changes_are_taken_once(void **state)
{
	static struct bench b;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	look(&b);
	look(&b);
	assert_null(reload_outcome(b.reload, 1)); /* nothing has changed */
	write_file("a.list", "#: id: a\n\nx..y\n");
	look(&b);
	assert_null(reload_outcome(b.reload, 1)); /* perhaps it goes on */
	write_file("a.list", "#: id: a\n\n\nx..y\n");
	look(&b);
	assert_null(reload_outcome(b.reload, 1));
	look(&b);
	assert_non_null(reload_outcome(b.reload, 1));
	assert_false(reload_outcome(b.reload, 1)->accepted);
	look(&b);
	look(&b);
	assert_null(reload_outcome(b.reload, 2)); /* it is as bad as before */
	write_file("a.list", NEW);
	look(&b);
	look(&b);
	assert_true(reload_outcome(b.reload, 2)->accepted);
	look(&b);
	look(&b);
	assert_null(reload_outcome(b.reload, 3));
	close_bench(&b);
}

/* Who asks while it looks gets a run of his own. */
static void test_request_while_looking(void **state)
{
	static struct bench b;
	uint64_t run;

	(void)state;
	open_bench(&b, OLD);
	open_reload(&b, NULL);
	reload_look(b.reload);
	write_file("a.list", NEW);
	run = reload_request(b.reload, "test", false);
	assert_int_equal(run, 1);
	assert_true(finish(&b, run)->accepted);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sources_take_it),
		cmocka_unit_test(test_compiled),
		cmocka_unit_test(test_waits_for_all),
		cmocka_unit_test(test_ring_is_full),
		cmocka_unit_test(test_requests_become_one),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_missing_list),
		cmocka_unit_test(test_sources_that_end),
		cmocka_unit_test(test_stopped_on_the_way),
		cmocka_unit_test(test_last_good_at_boot),
		cmocka_unit_test(test_implausible_at_boot_is_not_kept),
		cmocka_unit_test(test_tallies_go_on),
		cmocka_unit_test(test_exceptions_go_on),
		cmocka_unit_test(test_settings_are_read_again),
		cmocka_unit_test(test_changes_are_taken_once),
		cmocka_unit_test(test_request_while_looking),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
