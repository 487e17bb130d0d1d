/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tunnel.c - frame -> datagram: each tunnel, and which flows are one. */
#include "framing.h"

/* A total length of 0: all that is there. */
#define T4(proto) IP4("0000", "0000", proto)
#define TO(port) T4("11") UDP("c000", port, "0000")
#define FROM(port) T4("11") UDP(port, "c000", "0000")
#define LABEL "003e8140"
#define IPIP2 T4("04") T4("04")
#define IPIP8 IPIP2 IPIP2 IPIP2 IPIP2

static const struct frame_case cases[] = {
	{"IP in IP", 12, T4("04") IP4_UDP, WHOLE},
	{"6in4", 12, T4("29") IP6_UDP, WHOLE},
	{"IPv4 in IPv6", 12, IP6("0028", "04") IP4_UDP, WHOLE},
	{"IPv6 in IPv6", 12, IP6("003c", "29") IP6_UDP, WHOLE},
	{"Ethernet in IPv6", 12, IP6("0036", "8f") ETH4, WHOLE},
	{"a tower of IP", 12, IPIP8 IPIP8 IPIP8 IP4_UDP,
		.want = DLO_STAT_TOO_DEEP},
	{"ESP", 12, T4("32") "0000000100000001", .want = DLO_STAT_ESP},
	{"ICMP quotes a question", 12, T4("01") "0301000000000000" IP4_UDP,
		.want = DLO_STAT_ICMP},
	{"ICMPv6 quotes a question", 12,
		IP6("0030", "3a") "0101000000000000" IP4_UDP,
		.want = DLO_STAT_ICMP},

	{"GRE", 12, T4("2f") "00000800" IP4_UDP, WHOLE},
	{"GRE over IPv6", 12, IP6("0040", "2f") "000086dd" IP6_UDP, WHOLE},
	{"GRE, checksum, key, sequence", 12,
		T4("2f") "b0000800"
			 "00000000"
			 "0000002a"
			 "00000001" IP4_UDP,
		WHOLE},
	{"GRE, routes", 12,
		T4("2f") "40000800"
			 "00000000"
			 "08000004c0000201"
			 "00000000" IP4_UDP,
		WHOLE},
	{"GRE, Ethernet", 12, T4("2f") "00006558" ETH4, WHOLE},
	{"GRE, MPLS", 12, T4("2f") "00008847" LABEL IP4_UDP, WHOLE},
	{"GRE, CDP", 12, T4("2f") "00002000", .want = DLO_STAT_NOT_IP},
	{"GRE of a version to come", 12, T4("2f") "00020800" IP4_UDP,
		.want = DLO_STAT_BAD_TUNNEL},
	{"GRE cut", 12, T4("2f") "20000800", .want = DLO_STAT_BAD_TUNNEL},
	{"PPTP", 12,
		T4("2f") "3001880b002c0007"
			 "00000001"
			 "ff030021" IP4_UDP,
		WHOLE},
	{"PPTP with acknowledgement", 12,
		T4("2f") "3081880b002c0007"
			 "0000000100000001"
			 "ff030021" IP4_UDP,
		WHOLE},
	{"PPTP, acknowledgement alone", 12, T4("2f") "2081880b0000000700000001",
		.want = DLO_STAT_NOT_DATA},
	{"PPTP without a key", 12, T4("2f") "0001880b" IP4_UDP,
		.want = DLO_STAT_BAD_TUNNEL},
	{"ERSPAN I", 12, T4("2f") "000088be" ETH4, WHOLE},
	{"ERSPAN II", 12,
		T4("2f") "100088be00000001"
			 "1064000100000000" ETH4,
		WHOLE},
	{"ERSPAN III", 12,
		T4("2f") "100022eb00000001"
			 "206400010000000000000000" ETH4,
		WHOLE},
	{"ERSPAN III, platform's header", 12,
		T4("2f") "100022eb00000001"
			 "206400010000000000000001"
			 "0000000000000000" ETH4,
		WHOLE},
	{"ERSPAN III, IP", 12,
		T4("2f") "100022eb00000001"
			 "206400010000000000000800" IP4_UDP,
		WHOLE},
	{"ERSPAN of another version", 12,
		T4("2f") "100022eb00000001"
			 "306400010000000000000000" ETH4,
		.want = DLO_STAT_BAD_TUNNEL},
	{"WCCP", 12, T4("2f") "0000883e" IP4_UDP, WHOLE},
	{"WCCP version 2", 12, T4("2f") "0000883e00010203" IP4_UDP, WHOLE},

	{"MPLS", 1, MACS "8847" LABEL IP4_UDP, WHOLE},
	{"MPLS multicast, IPv6", 1, MACS "8848" LABEL IP6_UDP, WHOLE},
	{"MPLS, three labels, in 802.1Q", 1,
		MACS "810000058847003e8040003e9040" LABEL IP4_UDP, .vlans = "5",
		WHOLE},
	{"MPLS, Ethernet", 1, MACS "8847" LABEL ETH4, WHOLE},
	{"MPLS, control word, Ethernet", 1, MACS "8847" LABEL "00000001" ETH4,
		WHOLE},
	{"MPLS, Ethernet address like IPv4", 1,
		MACS "8847" LABEL "400000000001"
		     "020000000002"
		     "0800" IP4_UDP,
		WHOLE},
	{"MPLS, associated channel", 1, MACS "8847" LABEL "10000021",
		.want = DLO_STAT_NOT_IP},
	{"MPLS that does not end", 1, MACS "8847003e8040",
		.want = DLO_STAT_BAD_TUNNEL},
	{"MPLS in IP", 12, T4("89") LABEL IP4_UDP, WHOLE},
	{"MPLS in UDP", 12, TO("19eb") LABEL IP4_UDP, WHOLE},

	{"VXLAN", 12, TO("12b5") "0800000000004d00" ETH4, WHOLE},
	{"VXLAN of Linux", 12, TO("2118") "0800000000004d00" ETH4, WHOLE},
	{"VXLAN-GPE, IPv4", 12, TO("12b6") "0c00000100004d00" IP4_UDP, WHOLE},
	{"VXLAN without the flag", 12, TO("12b5") "0000000000004d00" ETH4,
		.want = DLO_STAT_NOT_DNS_PORT},
	{"VXLAN over IPv6, 802.1Q inside", 12,
		IP6("0052", "11") UDP("c000", "12b5",
			"0000") "0800000000004d00" MACS "810000050800" IP4_UDP,
		.vlans = "5", WHOLE},
	{"from a tunnel's port to DNS", 12,
		IP4("0028", "0000", "11") UDP("12b5", "0035", "0014") DNS,
		WHOLE},
	{"from DNS to a tunnel's port", 12,
		IP4("0028", "0000", "11") UDP("0035", "12b5", "0014") DNS,
		WHOLE},
	{"Geneve", 12, TO("17c1") "0000655800004d00" ETH4, WHOLE},
	{"Geneve with an option", 12,
		TO("17c1") "0200655800004d00"
			   "0102030100000000" ETH4,
		WHOLE},
	{"Geneve, IPv6", 12, TO("17c1") "000086dd00004d00" IP6_UDP, WHOLE},
	{"Geneve of a version to come", 12, TO("17c1") "4000655800004d00" ETH4,
		.want = DLO_STAT_NOT_DNS_PORT},
	{"GTP-U", 12, TO("0868") "30ff002800000063" IP4_UDP, WHOLE},
	{"GTP-U from the port", 12, FROM("0868") "30ff002800000063" IP4_UDP,
		WHOLE},
	{"GTP-U with a number", 12,
		TO("0868") "32ff002c00000063"
			   "00010000" IP4_UDP,
		WHOLE},
	{"GTP-U with two extensions", 12,
		TO("0868") "34ff004c00000063"
			   "00010085"
			   "010009c0"
			   "0200000000000000" IP6_UDP,
		WHOLE},
	{"GTP-U, Ethernet", 12, TO("0868") "30ff003600000063" ETH4, WHOLE},
	{"GTP-U, an extension of nothing", 12,
		TO("0868") "34ff002c00000063"
			   "00010085"
			   "00000000" IP4_UDP,
		.want = DLO_STAT_BAD_TUNNEL},
	{"GTP-U, echo", 12,
		TO("0868") "3201000400000000"
			   "00010000",
		.want = DLO_STAT_NOT_DATA},
	{"GTP-U longer than the datagram", 12,
		TO("0868") "30ff012800000063" IP4_UDP,
		.want = DLO_STAT_NOT_DNS_PORT},
	{"Teredo", 12, TO("0dd8") IP6_UDP, WHOLE},
	{"Teredo, authentication and origin", 12,
		FROM("0dd8") "00010000"
			     "0102030405060708"
			     "00"
			     "00003fffc0000201" IP6_UDP,
		WHOLE},
	{"Teredo's port only", 12, TO("0dd8") IP4_UDP,
		.want = DLO_STAT_NOT_DNS_PORT},
	{"L2TP", 12,
		TO("06a5") "000200070009"
			   "ff030021" IP4_UDP,
		WHOLE},
	{"L2TP, length, sequence, offset", 12,
		FROM("06a5") "4a02003600070009"
			     "00000001"
			     "00020000"
			     "0021" IP4_UDP,
		WHOLE},
	{"L2TP, control", 12, TO("06a5") "c802000c0007000000000001",
		.want = DLO_STAT_NOT_DATA},
	{"L2TP's port only", 12, TO("06a5") DNS, .want = DLO_STAT_NOT_DNS_PORT},
	{"L2TPv3 over UDP", 12, TO("06a5") "0003000000000009" ETH4, WHOLE},
	{"L2TPv3", 12, T4("73") "00000009" ETH4, WHOLE},
	{"L2TPv3, cookie and sublayer", 12,
		T4("73") "00000009"
			 "0102030405060708"
			 "40000001" ETH4,
		WHOLE},
	{"L2TPv3, control", 12, T4("73") "00000000c803000c0000000000000000",
		.want = DLO_STAT_NOT_DATA},
	{"EtherIP", 12, T4("61") "3000" ETH4, WHOLE},
	{"EtherIP of another version", 12, T4("61") "0000" ETH4,
		.want = DLO_STAT_BAD_TUNNEL},
	{"TZSP", 12, TO("9090") "01000001000a01ff01" ETH4, WHOLE},
	{"TZSP, 802.11", 12,
		TO("9090") "0100001201"
			   "08020000" MACS "0200000000031000" SNAP4,
		WHOLE},
	{"TZSP, no end of tags", 12, TO("9090") "01000001000a01ff",
		.want = DLO_STAT_BAD_TUNNEL},
	{"TZSP, keepalive", 12, TO("9090") "0104000001",
		.want = DLO_STAT_NOT_DNS_PORT},
	{"NSH, Ethernet", 1, MACS "894f0fc2020300000aff" ETH4, WHOLE},
	{"NSH, 24 octets, IPv4", 1,
		MACS
		"894f0fc6010100000aff00000000000000000000000000000000" IP4_UDP,
		WHOLE},
	{"NSH shorter than itself", 1, MACS "894f0fc1020300000aff" ETH4,
		.want = DLO_STAT_BAD_TUNNEL},
	{"MPLS, GRE, Ethernet, VXLAN, PPPoE", 1,
		MACS "8847" LABEL T4("2f") "00006558" ETH_IP4 TO(
			"12b5") "0800000000004d00" MACS "8864"
				"110000010042"
				"0021" IP4_UDP,
		WHOLE},
};

static void test_each_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_frame(&cases[i]);
	}
}

static void test_each_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_cuts(&cases[i]);
	}
}

/* Outer IPv4 headers: from a to b and back, and from a to another. */
#define OUTER(proto, from, to) "450000000001000040" proto "0000" from to
#define A "c0000201"
#define B "c6336402"
#define C "c6336403"
#define GTP(teid) UDP("0868", "0868", "0000") "30ff0028" teid IP4_UDP

static const struct {
	const char *name, *a, *b;
	bool same;
} flows[] = {
	{"both directions of IP in IP", OUTER("04", A, B) IP4_UDP,
		OUTER("04", B, A) IP4_UDP, true},
	{"another end of IP in IP", OUTER("04", A, B) IP4_UDP,
		OUTER("04", A, C) IP4_UDP, false},
	{"a tunnel and none", OUTER("04", A, B) IP4_UDP, IP4_UDP, false},
	{"two in another order", OUTER("04", A, B) OUTER("04", A, C) IP4_UDP,
		OUTER("04", A, C) OUTER("04", A, B) IP4_UDP, false},
	{"both directions in IPv6", IP6("0028", "04") IP4_UDP,
		"600000000028"
		"0440"
		"20010db8000000000000000000000035"
		"20010db8000000000000000000000005" IP4_UDP,
		true},
	{"TEIDs differ by direction", OUTER("11", A, B) GTP("00000001"),
		OUTER("11", B, A) GTP("00000002"), true},
	{"another base station", OUTER("11", A, B) GTP("00000001"),
		OUTER("11", A, C) GTP("00000001"), false},
	{"labels differ by direction", "8847003e8140", "8847003e9140", true},
	{"another network of VXLAN", TO("12b5") "0800000000004d00" ETH4,
		TO("12b5") "0800000000004e00" ETH4, false},
	{"another network of Geneve", TO("17c1") "0000655800004d00" ETH4,
		TO("17c1") "0000655800004e00" ETH4, false},
	{"another key of GRE", T4("2f") "200008000000002a" IP4_UDP,
		T4("2f") "200008000000002b" IP4_UDP, false},
	{"GRE's sequence", T4("2f") "1000080000000001" IP4_UDP,
		T4("2f") "1000080000000002" IP4_UDP, true},
	{"another session of ERSPAN",
		T4("2f") "100088be000000011064000100000000" ETH4,
		T4("2f") "100088be000000021064000200000000" ETH4, false},
	{"ids of L2TP differ by direction",
		OUTER("11", A, B)
			UDP("06a5", "06a5", "0000") "0002000700090021" IP4_UDP,
		OUTER("11", B, A)
			UDP("06a5", "06a5", "0000") "0002000800010021" IP4_UDP,
		true},
};

static uint32_t context_of(const char *hex)
{
	char frame[512] = MACS;
	struct dlo_decap d;
	uint8_t *data;
	bool ethernet = !strncmp(hex, "88", 2);
	int end;

	if (ethernet) {
		strcat(strcat(frame, hex), IP4_UDP);
	}
	end = take_apart(
		&d, ethernet ? 1 : 12, ethernet ? frame : hex, 0, &data);
	free(data);
	assert_int_equal(end, DLO_DECAP_DATAGRAM);
	return d.dgram.context;
}

static void test_context(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		uint32_t a = context_of(flows[i].a), b = context_of(flows[i].b);

		if ((a == b) != flows[i].same) {
			fail_msg("%s: %08x, %08x", flows[i].name, a, b);
		}
	}
	assert_int_equal(context_of(IP4_UDP), 0);
}

/* What is printed is the outermost header's offset. */
static void test_net_off(void **state)
{
	struct dlo_decap d;
	uint8_t *data;

	(void)state;
	take_apart(&d, 1, ETH_IP4 T4("04") IP4_UDP, 0, &data);
	assert_int_equal(d.dgram.net_off, 14);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_frame),
		cmocka_unit_test(test_each_cut),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_net_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
