/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_kept.c - what exceptions hid, over restarts: sums, the file, and files
 * that are none.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exceptions.h"
#include "log.h"
#include "state.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* In place of the library's: what an engine has counted. */
struct dlo_engine_rules {
	struct exception_hits hits[5];
};

uint64_t dlo_engine_rules_exception(
	const struct dlo_engine_rules *r, uint32_t i, uint64_t *ret_last_ns)
{
	*ret_last_ns = r->hits[i].last_ns;
	return r->hits[i].n;
}

/* ---- a folder, a rule set, two sources ----------------------------------- */

static char folder[] = P_tmpdir "/dnslookout-XXXXXX";
static char path[64], said[4096];
static struct dlo_engine_rules counted[2];
static struct source sources[2];

static const char text[] = "a.example owner=alice\n"
			   "b.example client=192.0.2.0/24\n"
			   "a.example until=2026-12-31\n" /* the first again */
			   "c.example\n";

/* Of a file of exceptions and an AdBlock list, which may have its own. */
static struct dlo_ruleset *ruleset_of_list(
	const char *exceptions, const char *list)
{
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	struct dlo_diag diag;

	assert_int_equal(dlo_builder_new(&b), 0);
	assert_int_equal(dlo_builder_add_list(b, "x.adblock", list,
				 strlen(list), NULL, &diag),
		0);
	assert_int_equal(dlo_builder_add_exceptions(b, "x.list", exceptions,
				 strlen(exceptions), NULL, &diag),
		0);
	assert_int_equal(dlo_builder_build(b, &rs, &diag), 0);
	dlo_builder_free(b);
	return rs;
}

static int begin(void **state)
{
	(void)state;
	memset(counted, 0, sizeof(counted));
	sources[0].rules = &counted[0];
	sources[1].rules = &counted[1];
	unlink(path);
	rmdir(path);
	return 0;
}

static struct dlo_ruleset *ruleset(const char *exceptions)
{
	return ruleset_of_list(exceptions, "");
}

/* What is said meanwhile is in `said`. */
static FILE *overhear(int *ret_saved)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	fflush(stderr);
	*ret_saved = dup(STDERR_FILENO);
	dup2(fileno(f), STDERR_FILENO);
	return f;
}

static void heard(FILE *f, int saved)
{
	ssize_t n;

	dup2(saved, STDERR_FILENO);
	close(saved);
	n = pread(fileno(f), said, sizeof(said) - 1, 0);
	assert_true(n >= 0);
	said[n] = '\0';
	fclose(f);
}

static void open_with(struct exceptions *x, const struct dlo_ruleset *rs)
{
	int saved;
	FILE *f = overhear(&saved);
	int r = exceptions_open(x, rs, folder);

	heard(f, saved);
	assert_int_equal(r, 0);
}

static void write_file(const char *content, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(content, 1, len, f), len);
	fclose(f);
}

static size_t read_file(char *to, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(to, 1, cap - 1, f);
	to[n] = '\0';
	fclose(f);
	return n;
}

static void on_row(void *ctx, const struct exception_row *row)
{
	char *to = ctx;

	sprintf(to + strlen(to), "%u:%llu@%llu ", row->info->line,
		(unsigned long long)row->hits.n,
		(unsigned long long)row->hits.last_ns);
}

static const char *rows(const struct exceptions *x, unsigned n_sources)
{
	static char out[512];

	out[0] = '\0';
	assert_int_equal(
		exceptions_each(x, sources, n_sources, on_row, out), 0);
	return out;
}

/* ---- tests --------------------------------------------------------------- */

static void test_over_restarts(void **state)
{
	struct dlo_ruleset *rs = ruleset(text), *other;
	struct exceptions x;
	struct stat st;

	(void)state;
	open_with(&x, rs);
	assert_string_equal(said, "");
	counted[0].hits[0] = (struct exception_hits){3, 300};
	counted[1].hits[0] = (struct exception_hits){1, 700};
	counted[1].hits[1] = (struct exception_hits){2, 500};
	counted[0].hits[2] = (struct exception_hits){5, 900};
	assert_string_equal(rows(&x, 2), "4:0@0 2:2@500 1:4@700 3:5@900 ");
	exceptions_keep(&x, sources, 2, NULL);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640 & ~umask(umask(0)));
	exceptions_close(&x);

	/* The same exceptions in another order, one gone, one new. */
	other = ruleset("d.example\nb.example client=192.0.2.0/24 owner=bob\n"
			"a.example until=2027-01-31\n");
	memset(counted, 0, sizeof(counted));
	open_with(&x, other);
	assert_string_equal(said, "");
	assert_string_equal(rows(&x, 2), "1:0@0 2:2@500 3:4@700 ");
	counted[0].hits[1] = (struct exception_hits){10, 1000};
	assert_string_equal(rows(&x, 1), "1:0@0 3:4@700 2:12@1000 ");
	exceptions_keep(&x, sources, 1, NULL);
	exceptions_close(&x);

	memset(counted, 0, sizeof(counted));
	open_with(&x, rs);
	assert_string_equal(rows(&x, 2), "3:0@0 4:0@0 1:4@700 2:12@1000 ");
	exceptions_close(&x);
	dlo_ruleset_free(other);
	dlo_ruleset_free(rs);
}

/* Another rule set while it runs: what both have is counted on, of two that are
 * the same, in their order; the file tells of the new ones. */
static void test_over_reloads(void **state)
{
	struct dlo_ruleset *rs = ruleset(text), *none = ruleset("");
	struct dlo_ruleset *other = ruleset("d.example\n"
					    "a.example owner=bob\n"
					    "c.example\n"
					    "a.example\n"
					    "a.example\n");
	struct exceptions_next next;
	struct exceptions x;

	(void)state;
	open_with(&x, rs);
	counted[0].hits[0] = (struct exception_hits){3, 300};
	counted[1].hits[0] = (struct exception_hits){1, 700};
	counted[1].hits[1] = (struct exception_hits){4, 500};
	counted[0].hits[2] = (struct exception_hits){5, 900};
	exceptions_keep(&x, sources, 2, NULL);
	assert_int_equal(exceptions_prepare(&x, other, &next), 0);
	counted[0].hits[2].n = 1; /* the sum stays */
	counted[0].hits[3] = (struct exception_hits){4, 800}; /* meanwhile */
	exceptions_exchange(&x, &next, sources, 2);
	memset(counted, 0, sizeof(counted)); /* the new rules' */
	assert_string_equal(
		rows(&x, 2), "1:0@0 5:0@0 2:4@700 3:4@800 4:1@900 ");
	counted[1].hits[0] = (struct exception_hits){4, 1000};
	assert_string_equal(
		rows(&x, 2), "5:0@0 2:4@700 3:4@800 4:1@900 1:4@1000 ");
	exceptions_keep(&x, sources, 2, NULL);

	/* None, and all again: they begin anew. */
	assert_int_equal(exceptions_prepare(&x, none, &next), 0);
	exceptions_exchange(&x, &next, sources, 2);
	memset(counted, 0, sizeof(counted));
	assert_string_equal(rows(&x, 2), "");
	assert_int_equal(exceptions_prepare(&x, rs, &next), 0);
	exceptions_forget(&next);
	assert_int_equal(exceptions_prepare(&x, rs, &next), 0);
	exceptions_exchange(&x, &next, sources, 2);
	assert_string_equal(rows(&x, 2), "1:0@0 2:0@0 3:0@0 4:0@0 ");
	exceptions_close(&x);

	open_with(&x, other); /* what was kept last */
	assert_string_equal(
		rows(&x, 2), "5:0@0 2:4@700 3:4@800 4:1@900 1:4@1000 ");
	exceptions_close(&x);
	dlo_ruleset_free(none);
	dlo_ruleset_free(other);
	dlo_ruleset_free(rs);
}

/* Without anything new the disk is left alone; without a folder, always. */
/* What lists except of themselves is counted, and listed where it hid
 * something; but not kept, neither in the file nor for other rules, nor taken
 * for what this site says alike. */
static void test_of_lists(void **state)
{
	struct dlo_ruleset *rs = ruleset_of_list("b.example rule=x.adblock\n",
				   "\n\n\n@@||b.example^\n@@||c.example^\n"),
			   *other =
				   ruleset_of_list("b.example rule=x.adblock\n",
					   "\n@@||b.example^\n");
	struct exceptions_next next;
	struct exceptions x;
	char file[512];

	(void)state;
	open_with(&x, rs);
	counted[0].hits[0] = (struct exception_hits){3, 300};
	counted[0].hits[2] = (struct exception_hits){7, 900};
	assert_string_equal(rows(&x, 1), "4:3@300 1:7@900 ");
	exceptions_keep(&x, sources, 1, NULL);
	read_file(file, sizeof(file));
	assert_null(strstr(file, " 3 300"));
	assert_non_null(strstr(file, " 7 900"));
	assert_int_equal(exceptions_prepare(&x, other, &next), 0);
	exceptions_exchange(&x, &next, sources, 1);
	memset(counted, 0, sizeof(counted));
	assert_string_equal(rows(&x, 1), "1:7@900 ");
	exceptions_close(&x);
	open_with(&x, rs);
	assert_string_equal(said, "");
	assert_string_equal(rows(&x, 1), "1:7@900 ");
	exceptions_close(&x);
	dlo_ruleset_free(rs);
	dlo_ruleset_free(other);
}

static void test_nothing_new(void **state)
{
	struct dlo_ruleset *rs = ruleset(text);
	struct exceptions x;

	(void)state;
	open_with(&x, rs);
	exceptions_keep(&x, sources, 2, NULL);
	assert_int_equal(access(path, F_OK), -1);
	counted[0].hits[0].n = 1;
	exceptions_keep(&x, sources, 2, NULL);
	assert_int_equal(unlink(path), 0);
	exceptions_keep(&x, sources, 2, NULL);
	assert_int_equal(access(path, F_OK), -1);
	counted[0].hits[1].n = 1;
	exceptions_keep(&x, sources, 2, NULL);
	assert_int_equal(access(path, F_OK), 0);
	exceptions_close(&x);
	open_with(&x, rs); /* nor when it has just been read */
	memset(counted, 0, sizeof(counted));
	assert_int_equal(unlink(path), 0);
	exceptions_keep(&x, sources, 2, NULL);
	assert_int_equal(access(path, F_OK), -1);
	exceptions_close(&x);
	assert_int_equal(exceptions_open(&x, rs, NULL), 0);
	counted[0].hits[0].n = 7;
	exceptions_keep(&x, sources, 2, NULL);
	assert_int_equal(access(path, F_OK), -1);
	assert_string_equal(rows(&x, 2), "2:0@0 3:0@0 4:0@0 1:7@0 ");
	exceptions_close(&x);
	dlo_ruleset_free(rs);
}

#define HEAD "dnslookout exceptions 1\n"
#define A "1111111111111111 5 50\n"

/* X stands for the identity of b.example, which is the second. */
static const struct bad_case {
	const char *name, *content, *want, *said;
	bool kept; /* anew */
} bad_cases[] = {
	{"fine", HEAD "X 7 70\nend\n", "7@70", "", true},
	{"of exceptions that are gone", HEAD A A "X 7 70\nend\n", "7@70", "",
		true},
	{"empty", "", "0@0", "empty", true},
	{"the head alone", HEAD, "0@0", ":2: damaged", true},
	{"the end is missing", HEAD "X 7 70\n", "7@70", ":3: damaged", true},
	{"cut in a line", HEAD A "X 7 7", "0@0", ":3: damaged", true},
	{"cut in a number", HEAD "X 7", "0@0", ":2: damaged", true},
	{"no number", HEAD A "X seven 70\nend\n", "0@0", ":3: damaged", true},
	{"below 0", HEAD "X -7 70\nend\n", "0@0", ":2: damaged", true},
	{"too much in a line", HEAD "X 7 70 7\nend\n", "0@0", ":2: damaged",
		true},
	{"damaged behind it", HEAD "X 7 70\n\xff\xfe\nend\n", "7@70",
		":3: damaged", true},
	{"a long line",
		HEAD "X 7 70"
		     "                                                "
		     "                                                "
		     "                                                "
		     "\nend\n",
		"0@0", ":2: damaged", true},
	{"somebody else's", "#!/bin/sh\nrm -rf /\n", "0@0", "left as it is",
		false},
	{"of a later version", "dnslookout exceptions 2\nX 7 70\nend\n", "0@0",
		"left as it is", false},
	{"a longer head", "dnslookout exceptions 1 \nX 7 70\nend\n", "0@0",
		"left as it is", false},
	{"no line", "dnslookout exceptions 1", "0@0", "left as it is", false},
};

static size_t fill_in(const char *content, uint64_t identity, char *to)
{
	size_t n = 0;

	for (; *content; content++) {
		if (*content == 'X') {
			n += (size_t)sprintf(to + n, "%016llx",
				(unsigned long long)identity);
		} else {
			to[n++] = *content;
		}
	}
	return n;
}

static void test_bad_file(void **state)
{
	const struct bad_case *c = *state;
	struct dlo_ruleset *rs = ruleset(text);
	char content[512], again[512], want[64];
	struct exceptions x;
	size_t n;

	begin(NULL);
	n = fill_in(
		c->content, dlo_ruleset_exception(rs, 1)->identity, content);
	content[n] = '\0';
	write_file(content, n);
	open_with(&x, rs);
	snprintf(want, sizeof(want), " 2:%s ", c->want);
	assert_non_null(strstr(strcat(strcpy(again, " "), rows(&x, 2)), want));
	if (*c->said) {
		assert_non_null(strstr(said, path));
		assert_non_null(strstr(said, c->said));
	} else {
		assert_string_equal(said, "");
	}
	counted[0].hits[0] = (struct exception_hits){1, 1};
	exceptions_keep(&x, sources, 2, NULL);
	read_file(again, sizeof(again));
	assert_int_equal(strcmp(again, content) != 0, c->kept);
	exceptions_close(&x);
	dlo_ruleset_free(rs);
}

/* What is no file does not stop the start. */
static void test_no_file(void **state)
{
	struct dlo_ruleset *rs = ruleset(text);
	struct exceptions x;

	(void)state;
	counted[0].hits[0].n = 1;
	assert_int_equal(mkfifo(path, 0600), 0);
	open_with(&x, rs);
	assert_non_null(strstr(said, "left as it is"));
	exceptions_keep(&x, sources, 2, NULL);
	exceptions_close(&x);
	begin(NULL);
	assert_int_equal(mkdir(path, 0700), 0);
	open_with(&x, rs);
	assert_non_null(strstr(said, path));
	exceptions_close(&x);
	dlo_ruleset_free(rs);
}

/* The disk refuses: said once, then again after it went well; the old file
 * stays, and nothing half written. */
static void test_cannot_keep(void **state)
{
	struct dlo_ruleset *rs = ruleset(text);
	char fresh[80], before[256], after[256];
	struct exceptions x;
	FILE *f;
	int saved;

	(void)state;
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	open_with(&x, rs);
	counted[0].hits[0].n = 1;
	exceptions_keep(&x, sources, 2, NULL);
	read_file(before, sizeof(before));
	assert_int_equal(symlink("/dev/full", fresh), 0);
	for (unsigned i = 0; i < 4; i++) {
		if (i == 2) {
			assert_int_equal(unlink(fresh), 0);
			assert_int_equal(mkdir(fresh, 0700), 0);
		}
		counted[0].hits[0].n++;
		f = overhear(&saved);
		exceptions_keep(&x, sources, 2, NULL);
		heard(f, saved);
		assert_int_equal(
			strstr(said, "cannot be kept") != NULL, i == 0);
		read_file(after, sizeof(after));
		assert_string_equal(before, after);
	}
	assert_int_equal(rmdir(fresh), 0);
	exceptions_keep(&x, sources, 2, NULL);
	assert_int_equal(access(fresh, F_OK), -1);
	exceptions_close(&x);
	memset(counted, 0, sizeof(counted));
	open_with(&x, rs);
	assert_non_null(strstr(rows(&x, 2), "1:5@0 "));
	exceptions_close(&x);
	dlo_ruleset_free(rs);
}

/* In two pieces. */
static int write_text(const char *to, const char *octets, size_t len)
{
	char *p = (char *)(uintptr_t)octets;
	struct iovec v[2] = {{p, len / 2}, {p + len / 2, len - len / 2}};

	return state_write(to, v, 2);
}

/* A disk that is full in the middle of it leaves the old file, and no other. */
static void test_disk_full(void **state)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY},
			    few = {100, RLIM_INFINITY};
	char fresh[80], before[256], after[256];

	(void)state;
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	write_file("old", 3);
	read_file(before, sizeof(before));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
	assert_int_equal(write_text(path, text, sizeof(text) - 1), 0);
	assert_int_equal(write_text(path, said, sizeof(said)), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	read_file(after, sizeof(after));
	assert_string_equal(after, text);
	assert_int_equal(access(fresh, F_OK), -1);
	assert_int_equal(write_text("/nowhere/at/all", text, 1), -ENOENT);
}

/* In a thread of the loop, one after the other. */
static void test_with_a_loop(void **state)
{
	struct dlo_ruleset *rs = ruleset(text);
	struct exceptions x;
	uv_loop_t loop;

	(void)state;
	open_with(&x, rs);
	assert_int_equal(uv_loop_init(&loop), 0);
	counted[0].hits[0].n = 1;
	exceptions_keep(&x, sources, 2, &loop);
	assert_true(x.keeping);
	counted[0].hits[0].n = 2;
	exceptions_keep(&x, sources, 2, &loop); /* too early */
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_false(x.keeping);
	assert_int_equal(x.kept, 1);
	exceptions_keep(&x, sources, 2, &loop);
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(x.kept, 2);
	exceptions_close(&x);
	memset(counted, 0, sizeof(counted));
	open_with(&x, rs);
	assert_non_null(strstr(rows(&x, 2), "1:2@0 "));
	exceptions_close(&x);
	dlo_ruleset_free(rs);
}

/* Which folder it is, and who has a say. */
static void test_folder(void **state)
{
	static const struct {
		bool service;
		enum origin origin;
		const char *option, *given, *want;
	} rows[] = {
		{false, ORIGIN_DEFAULT, NULL, "/run/s", NULL},
		{true, ORIGIN_DEFAULT, "/d", NULL, "/d"},
		{true, ORIGIN_DEFAULT, "/d", "", "/d"},
		{true, ORIGIN_DEFAULT, "/d", "/run/s", "/run/s"},
		{true, ORIGIN_DEFAULT, "/d", "/run/s:/run/t", "/run/s"},
		{true, ORIGIN_FILE, "/o", "/run/s", "/o"},
		{true, ORIGIN_COMMAND_LINE, "/o", "/run/s", "/o"},
		{true, ORIGIN_FILE, NULL, "/run/s", NULL},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct options o = {.service = rows[i].service,
			.state_directory = rows[i].option};
		char got[STATE_PATH_MAX];
		int r;

		options_place(&o, options_row("state-directory"))->origin =
			rows[i].origin;
		unsetenv("STATE_DIRECTORY");
		if (rows[i].given) {
			setenv("STATE_DIRECTORY", rows[i].given, 1);
		}
		r = state_path(&o, "", got);
		assert_int_equal(r, rows[i].want ? 0 : -ENOENT);
		assert_string_equal(
			r ? "" : got, rows[i].want ? rows[i].want : "");
	}
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test_setup(test_over_restarts, begin),
		cmocka_unit_test_setup(test_over_reloads, begin),
		cmocka_unit_test_setup(test_of_lists, begin),
		cmocka_unit_test_setup(test_nothing_new, begin),
		cmocka_unit_test_setup(test_no_file, begin),
		cmocka_unit_test_setup(test_cannot_keep, begin),
		cmocka_unit_test_setup(test_disk_full, begin),
		cmocka_unit_test_setup(test_with_a_loop, begin),
		cmocka_unit_test(test_folder),
	};
	static struct CMUnitTest tests[N(bad_cases) + N(others)];
	int r;

	if (!mkdtemp(folder)) {
		return 1;
	}
	snprintf(path, sizeof(path), "%s/exceptions.state", folder);
	for (size_t i = 0; i < N(bad_cases); i++) {
		tests[i] = (struct CMUnitTest){.name = bad_cases[i].name,
			.test_func = test_bad_file,
			.initial_state = (void *)(uintptr_t)&bad_cases[i]};
	}
	memcpy(tests + N(bad_cases), others, sizeof(others));
	r = cmocka_run_group_tests_name("kept", tests, NULL, NULL);
	begin(NULL);
	rmdir(folder);
	return r;
}
