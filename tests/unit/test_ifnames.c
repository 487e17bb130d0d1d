/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ifnames.c - names of interfaces: asked for seldom, kept when gone. */
#include "ifnames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* The machine: a clock, and interfaces named after their index. */
static struct {
	time_t now_s;
	unsigned n_asked;
	const char *prefix; /* NULL: all have gone */
} machine;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
char *__wrap_if_indextoname(unsigned index, char *buf);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	*ret = (struct timespec){.tv_sec = machine.now_s};
	return 0;
}

char *__wrap_if_indextoname(unsigned index, char *buf)
{
	machine.n_asked++;
	if (!machine.prefix) {
		return NULL;
	}
	snprintf(buf, IF_NAMESIZE, "%s%u", machine.prefix, index);
	return buf;
}

static void test_names(void **state)
{
	static struct ifnames n;

	(void)state;
	machine.now_s = 1;
	machine.prefix = "eth";
	assert_string_equal(ifnames_get(&n, 2), "eth2");
	assert_string_equal(ifnames_get(&n, 3), "eth3");
	assert_string_equal(ifnames_get(&n, 2), "eth2");
	assert_int_equal(machine.n_asked, 2);
	/* One place for both. */
	assert_string_equal(ifnames_get(&n, 2 + IFNAMES_ROWS), "eth66");
	assert_string_equal(ifnames_get(&n, 2), "eth2");
	assert_int_equal(machine.n_asked, 4);
	/* Renamed: seen after a while. */
	machine.prefix = "lan";
	assert_string_equal(ifnames_get(&n, 2), "eth2");
	machine.now_s += 60;
	assert_string_equal(ifnames_get(&n, 2), "lan2");
	/* Gone: what was captured on it still has its name. */
	machine.prefix = NULL;
	machine.now_s += 60;
	machine.n_asked = 0;
	assert_string_equal(ifnames_get(&n, 2), "lan2");
	assert_null(ifnames_get(&n, 7));
	assert_null(ifnames_get(&n, 7));
	assert_int_equal(machine.n_asked, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
