/* SPDX-License-Identifier: BSD-2-Clause */
/* test_filter.c - the generated kernel filter passes what may carry DNS. */
#include "filter.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MACS "020000000001020000000002"
#define IP4(frag, proto) "450000280001" frag "40" proto "0000c0000205c6336401"
#define UDP(dport) "c000" dport "00140000"
#define DNS "123401000001000000000000"
#define Q4 IP4("0000", "11") UDP("0035") DNS
#define Q6(next) \
	"60000000" \
	"0014" next "40" \
	"20010db8000000000000000000000005" \
	"20010db8000000000000000000000035" UDP("0035") DNS

#define T4(proto) IP4("0000", proto) Q4 /* a tunnel's packet */
#define TO(port) IP4("0000", "11") "c000" port "00140000"
#define FROM(port) IP4("0000", "11") port "c00000140000"

#define SLL "0000000100060200000000010000"
#define SLL2(protocol) \
	protocol "0000" \
		 "00000002" \
		 "0001" \
		 "0006" \
		 "0200000000010000"

struct filter_case {
	const char *name;
	const char *hex;
	bool want; /* passes */
	const char *expression;
};

static const struct filter_case cases[] = {
	{"plain", MACS "0800" Q4, true, ""},
	{"plain IPv6", MACS "86dd" Q6("11"), true, ""},
	{"802.1Q",
		MACS "81000005"
		     "0800" Q4,
		true, ""},
	{"QinQ, 88a8",
		MACS "88a80007"
		     "81000005"
		     "0800" Q4,
		true, ""},
	{"QinQ, 8100",
		MACS "81000007"
		     "81000005"
		     "0800" Q4,
		true, ""},
	{"PPPoE",
		MACS "8864"
		     "11000001002a"
		     "0021" Q4,
		true, ""},
	{"PPPoE IPv6",
		MACS "8864"
		     "11000001003e"
		     "0057" Q6("11"),
		true, ""},
	{"PPPoE, to another port",
		MACS "8864"
		     "11000001002a"
		     "0021" IP4("0000", "11") UDP("01bb") DNS,
		false, ""},
	{"PPPoE, later fragment",
		MACS "8864"
		     "11000001002a"
		     "0021" IP4("0003", "11") DNS,
		true, ""},
	{"PPPoE, IPv6 fragment",
		MACS "8864"
		     "11000001003e"
		     "0057" Q6("2c"),
		true, ""},
	{"PPPoE in 802.1Q",
		MACS "81000005"
		     "8864"
		     "11000001002a"
		     "0021" Q4,
		true, ""},
	{"IPv6 options", MACS "86dd" Q6("00"), true, ""},
	{"MPLS", MACS "8847003e8140" Q4, true, ""},
	{"MPLS multicast in QinQ", MACS "88a80007810000058848003e8140" Q4, true,
		""},
	{"MPLS in 802.1Q", MACS "810000058847003e8140" Q4, true, ""},
	{"IP in IP", MACS "0800" T4("04"), true, ""},
	{"6in4", MACS "0800" T4("29"), true, ""},
	{"GRE", MACS "0800" T4("2f"), true, ""},
	{"EtherIP", MACS "0800" T4("61"), true, ""},
	{"L2TPv3", MACS "0800" T4("73"), true, ""},
	{"MPLS in IP", MACS "0800" T4("89"), true, ""},
	{"GRE in 802.1Q", MACS "810000050800" T4("2f"), true, ""},
	{"GRE in QinQ", MACS "88a80007810000050800" T4("2f"), true, ""},
	{"GRE over IPv6", MACS "86dd" Q6("2f"), true, ""},
	{"IPv4 in IPv6", MACS "86dd" Q6("04"), true, ""},
	{"IPv6 in IPv6, in 802.1Q", MACS "8100000586dd" Q6("29"), true, ""},
	{"VXLAN", MACS "0800" TO("12b5") DNS, true, ""},
	{"VXLAN's port as source only", MACS "0800" FROM("12b5") DNS, false,
		""},
	{"VXLAN of Linux", MACS "0800" TO("2118") DNS, true, ""},
	{"VXLAN in 802.1Q", MACS "810000050800" TO("12b5") DNS, true, ""},
	{"Geneve", MACS "0800" TO("17c1") DNS, true, ""},
	{"GTP-U", MACS "0800" TO("0868") DNS, true, ""},
	{"GTP-U from the port", MACS "0800" FROM("0868") DNS, true, ""},
	{"Teredo from the port", MACS "0800" FROM("0dd8") DNS, true, ""},
	{"L2TP from the port, in QinQ",
		MACS "88a80007810000050800" FROM("06a5") DNS, true, ""},
	{"TZSP", MACS "0800" TO("9090") DNS, true, ""},
	{"later fragment", MACS "0800" IP4("0003", "11") DNS, true, ""},
	{"fragment in 802.1Q",
		MACS "81000005"
		     "0800" IP4("0003", "11") DNS,
		true, ""},
	{"IPv6 fragment", MACS "86dd" Q6("2c"), true, ""},
	{"TCP", MACS "0800" IP4("0000", "06") UDP("0035") DNS, true, ""},
	{"second port", MACS "0800" IP4("0000", "11") UDP("14e9") DNS, true,
		""},
	{"another port", MACS "0800" IP4("0000", "11") UDP("01bb") DNS, false,
		""},
	{"another port in 802.1Q",
		MACS "81000005"
		     "0800" IP4("0000", "11") UDP("01bb") DNS,
		false, ""},
	{"ARP",
		MACS "0806"
		     "0001080006040001",
		false, ""},
	{"the user's host", MACS "0800" Q4, true, "host 192.0.2.5"},
	{"not the user's host", MACS "0800" Q4, false, "host 192.0.2.6"},
	{"the user's host in QinQ",
		MACS "88a80007"
		     "81000005"
		     "0800" Q4,
		true, "host 192.0.2.5 or host 192.0.2.7"},
	{"nor the user's, but in a tunnel", MACS "0800" T4("2f"), true,
		"host 192.0.2.6"},
	{"nor the user's, but in PPPoE",
		MACS "8864"
		     "11000001002a"
		     "0021" Q4,
		true, "src host 192.0.2.6"},
	{"nor the user's, but in MPLS", MACS "8847003e8140" Q4, true,
		"src host 192.0.2.6"},
	{"an `or` of the user stays his", MACS "0800" Q4, false,
		"host 192.0.2.6 or host 192.0.2.7"},
};

static const uint16_t ports[] = {53, 5353};

static bool passes(const struct filter_case *c, int link_type)
{
	pcap_t *p = pcap_open_dead(link_type, 65535);
	struct bpf_program program;
	struct pcap_pkthdr h = {0};
	static char text[FILTER_TEXT_MAX];
	uint8_t data[256];
	bool replaced, r;

	assert_int_equal(filter_generate(link_type, ports, 2, c->expression,
				 text, sizeof(text), &replaced),
		0);
	assert_false(replaced);
	if (pcap_compile(p, &program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		fail_msg("%s: %s", text, pcap_geterr(p));
	}
	h.caplen = (bpf_u_int32)(strlen(c->hex) / 2);
	h.len = h.caplen;
	for (size_t i = 0; i < h.caplen; i++) {
		unsigned v;

		assert_int_equal(sscanf(c->hex + 2 * i, "%2x", &v), 1);
		data[i] = (uint8_t)v;
	}
	r = pcap_offline_filter(&program, &h, data) != 0;
	pcap_freecode(&program);
	pcap_close(p);
	return r;
}

static void test_each_shape(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (passes(&cases[i], DLT_EN10MB) != cases[i].want) {
			fail_msg("%s", cases[i].name);
		}
	}
}

static void test_other_link_types_compile(void **state)
{
	static const int types[] = {DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW,
		DLT_NULL, DLT_LOOP, DLT_PPP, DLT_IEEE802_11_RADIO, DLT_C_HDLC,
		DLT_PPP_SERIAL};
	const struct filter_case c = {.hex = Q4, .expression = "udp"};
	static const struct {
		int link_type;
		struct filter_case c;
	} others[] = {
		{DLT_RAW, {"GRE, raw", T4("2f"), true, ""}},
		{DLT_RAW, {"VXLAN, raw", TO("12b5") DNS, true, ""}},
		{DLT_LINUX_SLL, {"6in4, SLL", SLL "0800" T4("29"), true, ""}},
		{DLT_LINUX_SLL, {"MPLS, SLL", SLL "8847003e8140" Q4, true, ""}},
		{DLT_LINUX_SLL2,
			{"GTP-U, SLL2", SLL2("0800") TO("0868") DNS, true, ""}},
		{DLT_LINUX_SLL2,
			{"MPLS, SLL2", SLL2("8847") "003e8140" Q4, true, ""}},
		{DLT_LINUX_SLL2,
			{"PPPoE, SLL2", SLL2("8864") "11000001002a0021" Q4,
				true, "host 192.0.2.6"}},
		{DLT_LINUX_SLL2, {"second tag, SLL2",
					 SLL2("8100") "00050800" Q4, true, ""}},
		{DLT_LINUX_SLL, {"second tag, SLL", SLL "88a8000781000005" Q4,
					true, ""}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		(void)passes(&c, types[i]);
	}
	assert_true(passes(&c, DLT_RAW));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!passes(&others[i].c, others[i].link_type)) {
			fail_msg("%s", others[i].c.name);
		}
	}
}

/* An expression that moves offsets cannot be and-ed into each branch. */
static void test_user_looks_into_tags(void **state)
{
	static const struct {
		const char *expression;
		bool replaced;
	} words[] = {
		{"vlan 5 and udp", true},
		{"udp and (mpls)", true},
		{"pppoes", true},
		{"host 192.0.2.1", false},
		{"host myvlan", false},
	};
	static char text[FILTER_TEXT_MAX];
	bool replaced;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(
			filter_generate(1, ports, 2, words[i].expression, text,
				sizeof(text), &replaced),
			0);
		assert_int_equal(replaced, words[i].replaced);
		if (replaced) {
			assert_string_equal(text, words[i].expression);
		}
	}
}

static void test_too_long(void **state)
{
	static char expression[FILTER_TEXT_MAX];
	static char text[FILTER_TEXT_MAX];
	bool replaced;

	(void)state;
	memset(expression, '(', sizeof(expression) - 1);
	assert_int_equal(filter_generate(1, ports, 2, expression, text,
				 sizeof(text), &replaced),
		-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_shape),
		cmocka_unit_test(test_other_link_types_compile),
		cmocka_unit_test(test_user_looks_into_tags),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
