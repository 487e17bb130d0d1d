/* SPDX-License-Identifier: BSD-2-Clause */
/* test_stamp.c - time stamps; the wanted ones are tcpdump 4.99's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "stamp.h"

#define N_LINES 5

/* Packet times of the lines, the last but two a step back. */
static const uint64_t times[N_LINES] = {
	1700000000000005999,
	1700000001999999000,
	1700000001000003000,
	1700080000000001000,
	1719999999999999000,
};

/* Berlin's rules, in a form that needs no table of zones. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static const struct {
	const char *name;
	enum stamp_style style;
	const char *zone;
	const char *want[N_LINES];
} cases[] = {
	{"time", STAMP_TIME, "UTC0",
		{"22:13:20.000005 ", "22:13:21.999999 ", "22:13:21.000003 ",
			"20:26:40.000001 ", "09:46:39.999999 "}},
	{"local time, summer too", STAMP_TIME, BERLIN,
		{"23:13:20.000005 ", "23:13:21.999999 ", "23:13:21.000003 ",
			"21:26:40.000001 ", "11:46:39.999999 "}},
	{"-t: none", STAMP_NONE, "UTC0", {"", "", "", "", ""}},
	{"-tt: epoch", STAMP_EPOCH, BERLIN,
		{"1700000000.000005 ", "1700000001.999999 ",
			"1700000001.000003 ", "1700080000.000001 ",
			"1719999999.999999 "}},
	/* tcpdump begins again at 24 hours: its last line has 08:53:19 */
	{"-ttt: since the previous", STAMP_PREVIOUS, BERLIN,
		{" 00:00:00.000000 ", " 00:00:01.999994 ", "-00:00:00.999996 ",
			" 22:13:18.999998 ", " 5533:19:59.999998 "}},
	{"-tttt: date", STAMP_DATE, BERLIN,
		{"2023-11-14 23:13:20.000005 ", "2023-11-14 23:13:21.999999 ",
			"2023-11-14 23:13:21.000003 ",
			"2023-11-15 21:26:40.000001 ",
			"2024-07-03 11:46:39.999999 "}},
	{"-ttttt: since the first", STAMP_FIRST, BERLIN,
		{" 00:00:00.000000 ", " 00:00:01.999994 ", " 00:00:00.999998 ",
			" 22:13:19.999996 ", " 5555:33:19.999994 "}},
};

static void set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

static void test_styles(void **state)
{
	struct stamp s;
	char text[STAMP_MAX + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_zone(cases[i].zone);
		stamp_init(&s, cases[i].style);
		for (size_t k = 0; k < N_LINES; k++) {
			text[stamp_print(&s, times[k], text)] = '\0';
			if (strcmp(text, cases[i].want[k]) != 0) {
				fail_msg("%s, line %zu: %s, not %s",
					cases[i].name, k, text,
					cases[i].want[k]);
			}
		}
	}
	(void)state;
}

static void test_the_ends_of_time(void **state)
{
	static const enum stamp_style styles[] = {STAMP_TIME, STAMP_NONE,
		STAMP_EPOCH, STAMP_PREVIOUS, STAMP_DATE, STAMP_FIRST};
	struct stamp s;
	char text[STAMP_MAX];

	set_zone("UTC0");
	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		stamp_init(&s, styles[i]);
		assert_in_range(stamp_print(&s, 0, text), 0, STAMP_MAX);
		assert_in_range(
			stamp_print(&s, UINT64_MAX, text), 0, STAMP_MAX);
		assert_in_range(stamp_print(&s, 0, text), 0, STAMP_MAX);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_the_ends_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
