/* SPDX-License-Identifier: BSD-2-Clause */
/* test_plain.c - which frames are plain. That they become what the decoders
 * make of them is tested with all frames there are: framing.h, fuzz_frame. */
#include "framing.h"

#define TAG(type) MACS "8100e005" type
#define V4_UDP(udp_len) IP4("0028", "0000", "11") UDP("c000", "0035", udp_len)

static const struct {
	const char *name, *hex;
	bool plain;
} cases[] = {
	{"IPv4", ETH4, true},
	{"IPv6", ETH_IP6 IP6_UDP, true},
	{"IPv4 in a VLAN", TAG("0800") IP4_UDP, true},
	{"IPv6 in a VLAN", TAG("86dd") IP6_UDP, true},
	{"a response",
		ETH_IP4 IP4("0028", "0000", "11") UDP("0035", "c000", "0014")
			DNS,
		true},
	{"another of the ports",
		ETH_IP4 IP4("0028", "0000", "11") UDP("14e9", "14e9", "0014")
			DNS,
		true},
	{"padding behind the packet", ETH4 "000000000000", true},
	{"two tags",
		MACS "81000007"
		     "81000005"
		     "0800" IP4_UDP,
		false},
	{"other ports",
		ETH_IP4 IP4("0028", "0000", "11") UDP("c000", "0036", "0014")
			DNS,
		false},
	{"TCP",
		ETH_IP4 IP4("0028", "0000", "06") UDP("c000", "0035", "0014")
			DNS,
		false},
	{"the first fragment",
		ETH_IP4 IP4("0028", "2000", "11") UDP("c000", "0035", "0014")
			DNS,
		false},
	{"a later fragment",
		ETH_IP4 IP4("0028", "0001", "11") UDP("c000", "0035", "0014")
			DNS,
		false},
	{"a packet that is cut",
		ETH_IP4 IP4("0029", "0000", "11") UDP("c000", "0035", "0015")
			DNS,
		false},
	{"a datagram shorter than its packet", ETH_IP4 V4_UDP("0013") DNS,
		false},
	{"a datagram longer than its packet", ETH_IP4 V4_UDP("0015") DNS,
		false},
	{"no octet of payload",
		ETH_IP4 IP4("001c", "0000", "11") UDP("c000", "0035",
			"0008") "00000000000000000000000000000000",
		false},
	{"an IPv6 packet that is cut",
		ETH_IP6 IP6("0015", "11") UDP("c000", "0035", "0015") DNS,
		false},
	{"an extension header",
		ETH_IP6 IP6("001c", "00") "1100000000000000" UDP(
			"c000", "0035", "0014") DNS,
		false},
	{"neither IPv4 nor IPv6", MACS "0806" IP4_UDP, false},
};

static void test_which_are_plain(void **state)
{
	uint8_t data[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dlo_frame f = {.data = data};
		bool taken;

		f.caplen = f.len = (uint32_t)unhex(cases[i].hex, data);
		assert_true(plain_agrees(&cfg, &f, &taken));
		if (taken != cases[i].plain) {
			fail_msg("%s: %d", cases[i].name, taken);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_are_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
