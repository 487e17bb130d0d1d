/* SPDX-License-Identifier: BSD-2-Clause */
/* test_watchdog.c - when the service manager is told that we live. */
#include "watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"

static void test_interval(void **state)
{
	static const struct {
		const char *usec, *pid; /* pid: "" is ours */
		unsigned want_ms;
	} rows[] = {
		{NULL, NULL, 0},
		{"30000000", NULL, 30000},
		{"30000000", "", 30000},
		{"30000000", "1", 0}, /* meant for who started us */
		{"30000000", "nobody", 0},
		{"0", "", 0},
		{"-1", "", 0},
		{"30s", "", 0},
		{"99999999999999999999", "", 0},
		{"18446744073709551615", "", UINT32_MAX},
	};
	char ours[16];

	(void)state;
	snprintf(ours, sizeof(ours), "%ld", (long)getpid());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *pid = rows[i].pid;

		unsetenv("WATCHDOG_USEC");
		unsetenv("WATCHDOG_PID");
		if (rows[i].usec) {
			setenv("WATCHDOG_USEC", rows[i].usec, 1);
		}
		if (pid) {
			setenv("WATCHDOG_PID", *pid ? pid : ours, 1);
		}
		assert_int_equal(watchdog_interval_ms(), rows[i].want_ms);
	}
}

static void test_stuck(void **state)
{
	static const struct {
		unsigned interval_ms, age_ms;
		bool want;
	} rows[] = {
		{30000, 0, false},
		{30000, 7500, false}, /* a quarter: as often as it must */
		{30000, 15000, false},
		{30000, 15001, true},
		{30000, 3600000, true},
		{UINT32_MAX, 2147483000, false},
		{UINT32_MAX, 2147484000, true},
		/* Threads that sleep half a second are not stuck. */
		{1000, 1000, false},
		{1000, 1001, true},
	};
	const uint64_t now = UINT64_C(1) << 62;
	atomic_uint_fast64_t alive;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		atomic_init(&alive, now - rows[i].age_ms * UINT64_C(1000000));
		assert_int_equal(
			watchdog_is_stuck(&alive, now, rows[i].interval_ms),
			rows[i].want);
	}
	atomic_init(&alive, now + 1); /* noted while we looked */
	assert_false(watchdog_is_stuck(&alive, now, 30000));
}

static void test_note(void **state)
{
	uint64_t before = clock_steady_ns();
	atomic_uint_fast64_t alive;

	(void)state;
	atomic_init(&alive, 0);
	assert_true(watchdog_is_stuck(&alive, before + 20000000000, 30000));
	watchdog_note(&alive);
	assert_true(atomic_load(&alive) >= before);
	assert_false(watchdog_is_stuck(&alive, clock_steady_ns(), 30000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
