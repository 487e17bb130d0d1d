/* SPDX-License-Identifier: BSD-2-Clause */
/* test_resolver.c - which addresses are well-known DoH resolvers. */
#include "wire/resolver.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *address;
	bool want;
} cases[] = {
	{"1.1.1.1", true},
	{"1.0.0.3", true},
	{"1.1.1.4", false},
	{"8.8.8.8", true},
	{"8.8.8.9", false},
	{"9.9.9.11", true},
	{"9.9.9.12", false},
	{"45.90.30.255", true},
	{"45.90.29.1", false},
	{"94.140.15.16", true},
	{"194.242.2.9", true},
	{"194.242.2.10", false},
	{"223.6.6.6", true},
	{"192.0.2.1", false},
	{"0.0.0.0", false},
	{"255.255.255.255", false},
	{"2606:4700:4700::1111", true},
	{"2606:4700:4701::1111", false},
	{"2620:fe::9", true},
	{"2620:fe:1::9", false},
	{"2a10:50c0::ad1:ff", true},
	{"2001:db8::1", false},
	{"::", false},
};

static void test_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t a[16];
		int v = inet_pton(AF_INET, cases[i].address, a) == 1 ? 4 : 6;

		if (v == 6) {
			assert_int_equal(
				inet_pton(AF_INET6, cases[i].address, a), 1);
		}
		if (dlo_resolver_known(a, (unsigned)v) != cases[i].want) {
			fail_msg("%s", cases[i].address);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_known)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
