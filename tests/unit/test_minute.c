/* SPDX-License-Identifier: BSD-2-Clause */
/* test_minute.c - what is said when, minute by minute. */
#include "minute.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "summary.h"

/* In place of the library's: an engine is the queries that it has seen. */
struct dlo_engine {
	uint64_t queries;
};

uint64_t dlo_engine_stat(const struct dlo_engine *e, enum dlo_stat stat)
{
	assert_int_equal(stat, DLO_STAT_QUERIES);
	return e->queries;
}

static unsigned n_censuses;

void summary_say_census(const struct source *sources, unsigned n)
{
	assert_non_null(sources);
	assert_int_equal(n, 2);
	n_censuses++;
}

static struct dlo_engine engines[2];
static struct source sources[2];
static int log_fd, saved;
static unsigned minute;

static int setup(void **state)
{
	static const char *const names[] = {"a", "b"};

	for (unsigned i = 0; i < 2; i++) {
		engines[i] = (struct dlo_engine){0};
		sources[i] = (struct source){
			.interface = names[i], .engine = &engines[i]};
	}
	minute = n_censuses = 0;
	log_fd = memfd_create("stderr", MFD_CLOEXEC);
	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	(void)state;
	return log_fd < 0 || saved < 0;
}

static int teardown(void **state)
{
	close(log_fd);
	close(saved);
	(void)state;
	return 0;
}

/* What is said in the n minutes to come. */
static const char *pass(unsigned n, bool service)
{
	static char text[4096];
	ssize_t len;

	assert_int_equal(ftruncate(log_fd, 0), 0);
	lseek(log_fd, 0, SEEK_SET);
	dup2(log_fd, STDERR_FILENO);
	while (n--) {
		minute_tick(sources, 2, ++minute, service);
	}
	dup2(saved, STDERR_FILENO);
	len = pread(log_fd, text, sizeof(text) - 1, 0);
	assert_true(len >= 0);
	text[len] = '\0';
	return text;
}

#define SILENT(name) "dnslookout: no query seen on " name " for 10 minutes\n"
#define AGAIN(name) "dnslookout: queries are seen on " name " again\n"

/* Once each, whatever the other does, and anew after the next query. */
static void test_silence(void **state)
{
	(void)state;
	assert_string_equal(pass(9, false), "");
	engines[1].queries = 5;
	assert_string_equal(pass(1, false), SILENT("a"));
	assert_string_equal(pass(9, false), "");
	assert_string_equal(pass(1, false), SILENT("b"));
	engines[0].queries = 1;
	assert_string_equal(pass(1, false), AGAIN("a"));
	engines[0].queries = 2;
	assert_string_equal(pass(10, false), "");
	assert_string_equal(pass(1, false), SILENT("a"));
	engines[1].queries = 6;
	assert_string_equal(pass(1, false), AGAIN("b"));
}

/* Of an interface that has gone nothing is expected. */
static void test_ended(void **state)
{
	(void)state;
	sources[0].ended = true;
	assert_string_equal(pass(100, false), SILENT("b"));
}

static void test_census(void **state)
{
	(void)state;
	pass(59, true);
	assert_int_equal(n_censuses, 0);
	pass(1, true);
	assert_int_equal(n_censuses, 1);
	pass(59, true);
	assert_int_equal(n_censuses, 1);
	pass(1, true);
	assert_int_equal(n_censuses, 2);
	pass(60, false); /* a person has USR1 */
	assert_int_equal(n_censuses, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_silence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_census, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
