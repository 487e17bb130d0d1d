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
	{"1.0.0.1", true},
	{"1.1.1.2", true},
	{"104.16.248.249", true},
	{"104.16.249.249", true},
	{"162.159.36.1", true},
	{"162.159.46.1", true},
	{"1.12.12.12", true},
	{"120.53.53.53", true},
	{"8.8.4.4", true},
	{"9.9.9.9", true},
	{"9.9.9.10", true},
	{"149.112.112.9", true},
	{"149.112.112.10", true},
	{"149.112.112.112", true},
	{"45.11.45.11", true},
	{"185.222.222.222", true},
	{"45.90.28.7", true},
	{"76.76.2.0", true},
	{"76.76.10.5", true},
	{"77.88.8.1", true},
	{"77.88.8.3", true},
	{"77.88.8.7", true},
	{"77.88.8.8", true},
	{"77.88.8.88", true},
	{"94.140.14.14", true},
	{"94.140.14.140", true},
	{"94.140.15.15", true},
	{"103.2.57.5", true},
	{"103.2.57.6", true},
	{"130.59.31.248", true},
	{"130.59.31.251", true},
	{"146.112.41.2", true},
	{"208.67.220.220", true},
	{"208.67.222.222", true},
	{"149.112.121.10", true},
	{"149.112.121.20", true},
	{"149.112.121.30", true},
	{"149.112.122.10", true},
	{"149.112.122.20", true},
	{"149.112.122.30", true},
	{"185.228.168.9", true},
	{"185.228.168.10", true},
	{"185.228.168.168", true},
	{"185.228.169.9", true},
	{"185.228.169.11", true},
	{"185.228.169.168", true},
	{"185.253.5.0", true},
	{"193.110.81.0", true},
	{"194.242.2.2", true},
	{"194.242.2.4", true},
	{"194.242.2.8", true},
	{"223.5.5.5", true},
	{"192.0.2.1", false},
	{"0.255.255.255", false},
	{"149.112.121.31", false},
	{"149.112.122.9", false},
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
