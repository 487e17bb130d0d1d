/* SPDX-License-Identifier: BSD-2-Clause */
/* test_link.c - frame -> datagram: each link type, each reason to stop. */
#include "framing.h"

#define TAGS "8100000181000001810000018100000181000001810000018100000181000001"
#define ZERO8 "0000000000000000"
#define ZERO48 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8
#define WIFI(control, sequence) control "0000" MACS "020000000003" sequence
#define SLL(hardware, protocol) \
	"0000" hardware "0006" \
	"0200000000010000" protocol
#define SLL2(protocol) \
	protocol "0000" \
		 "00000002" \
		 "0001" \
		 "0006" \
		 "0200000000010000"

static const struct frame_case cases[] = {
	{"Ethernet, IPv4", 1, ETH_IP4 IP4_UDP, WHOLE},
	{"Ethernet, IPv6", 1, ETH_IP6 IP6_UDP, WHOLE},
	{"Ethernet padding is no payload", 1, ETH_IP4 IP4_UDP "000000000000",
		WHOLE},
	{"802.1Q", 1,
		MACS "8100"
		     "e005"
		     "0800" IP4_UDP,
		.vlans = "5", WHOLE},
	{"QinQ with 88a8", 1,
		MACS "88a80007"
		     "81000005"
		     "0800" IP4_UDP,
		.vlans = "7 5", WHOLE},
	{"QinQ with two 8100", 1,
		MACS "81000007"
		     "81000005"
		     "86dd" IP6_UDP,
		.vlans = "7 5", WHOLE},
	{"QinQ with 9100", 1,
		MACS "91000007"
		     "81000005"
		     "0800" IP4_UDP,
		.vlans = "7 5", WHOLE},
	{"LLC and SNAP", 1,
		MACS "0030"
		     "aaaa03000000"
		     "0800" IP4_UDP,
		WHOLE},
	{"LLC without SNAP", 1,
		MACS "0026"
		     "424203000000000000",
		.want = DLO_STAT_NOT_IP},
	{"PPPoE", 1,
		MACS "8864"
		     "11000001002a"
		     "0021" IP4_UDP,
		WHOLE},
	{"PPPoE, IPv6", 1,
		MACS "8864"
		     "11000001003e"
		     "0057" IP6_UDP,
		WHOLE},
	{"PPPoE in 802.1Q", 1,
		MACS "81000005"
		     "8864"
		     "11000001002a"
		     "0021" IP4_UDP,
		.vlans = "5", WHOLE},
	{"PPPoE, LCP", 1,
		MACS "8864"
		     "110000010006"
		     "c021"
		     "01010004",
		.want = DLO_STAT_NOT_IP},
	{"PPPoE discovery", 1,
		MACS "8863"
		     "110900000000",
		.want = DLO_STAT_NOT_IP},
	{"ARP", 1,
		MACS "0806"
		     "0001",
		.want = DLO_STAT_NOT_IP},
	{"cut in the MACs", 1, "0200000000", .want = DLO_STAT_CUT_LINK},
	{"cut in the tag", 1,
		MACS "8100"
		     "00",
		.want = DLO_STAT_CUT_LINK},
	{"empty frame", 1, "", .want = DLO_STAT_CUT_LINK},
	{"a tower of tags", 1, MACS TAGS TAGS TAGS "0800" IP4_UDP,
		.want = DLO_STAT_TOO_DEEP},
	{"Linux cooked v1", 113,
		"0000"
		"0001"
		"0006"
		"0200000000010000"
		"0800" IP4_UDP,
		WHOLE},
	{"Linux cooked v2", 276,
		"86dd"
		"0000"
		"00000002"
		"0001"
		"00"
		"06"
		"0200000000010000" IP6_UDP,
		WHOLE},
	{"Linux cooked v2, a second tag", 276, SLL2("8100") "00050800" IP4_UDP,
		.vlans = "5", WHOLE},
	{"Linux cooked v2, a second tag that is not named", 276,
		SLL2("0800") "00050800" IP4_UDP, .vlans = "5", WHOLE},
	{"Linux cooked v2, nor is it before IPv6", 276,
		SLL2("86dd") "400586dd" IP6_UDP, .vlans = "5", WHOLE},
	{"Linux cooked v2, nor is it before PPPoE", 276,
		SLL2("8864") "00058864"
			     "11000001002a"
			     "0021" IP4_UDP,
		.vlans = "5", WHOLE},
	{"Linux cooked v2, session 8864", 276,
		SLL2("8864") "11008864002a"
			     "0021" IP4_UDP,
		WHOLE},
	{"Linux cooked v2, 2,048 octets", 276,
		SLL2("0800") IP4("0800", "0000", "11")
			UDP("c000", "0035", "07ec") DNS,
		.len = 12, .sent_len = 2020, .wire_len = 20 + 2048},
	{"Linux cooked v2, a flow label like a protocol", 276,
		SLL2("86dd") "600086dd"
			     "00141140"
			     "20010db8000000000000000000000005"
			     "20010db8000000000000000000000035" UDP(
				     "c000", "0035", "0014") DNS,
		WHOLE},
	{"null, little endian", 0, "02000000" IP4_UDP, WHOLE},
	{"null, big endian, FreeBSD's IPv6", 0, "0000001c" IP6_UDP, WHOLE},
	{"null, ISO", 0, "07000000" IP4_UDP, .want = DLO_STAT_NOT_IP},
	{"loop", 108, "00000002" IP4_UDP, WHOLE},
	{"PPP", 9, "0021" IP4_UDP, WHOLE},
	{"PPP with address and control", 9, "ff030021" IP4_UDP, WHOLE},
	{"PPP with a protocol of one octet", 9, "21" IP4_UDP, WHOLE},
	{"PPP in HDLC", 50, "ff030057" IP6_UDP, WHOLE},
	{"PPP of an Ethernet provider", 51,
		"11000001002a"
		"0021" IP4_UDP,
		WHOLE},
	{"raw IPv4", 12, IP4_UDP, WHOLE},
	{"raw IPv6", 101, IP6_UDP, WHOLE},
	{"LINKTYPE_IPV4", 228, IP4_UDP, WHOLE},
	{"LINKTYPE_IPV6", 229, IP6_UDP, WHOLE},
	{"raw, neither", 12, "50", .want = DLO_STAT_NOT_IP},
	{"unknown link type", 147, IP4_UDP, .want = DLO_STAT_NO_LINK},

	/* IEEE 802.11 */
	{"802.11", 105, WIFI("0802", "1000") SNAP4, WHOLE},
	{"802.11, QoS", 105, WIFI("8801", "1000") "0000" SNAP4, WHOLE},
	{"802.11, QoS and HT control", 105,
		WIFI("8882", "1000") "0000"
				     "00000000" SNAP4,
		WHOLE},
	{"802.11, four addresses", 105,
		WIFI("0803", "1000") "020000000004" SNAP4, WHOLE},
	{"802.11, null", 105, WIFI("4801", "1000"), .want = DLO_STAT_NOT_DATA},
	{"802.11, beacon", 105, WIFI("8000", "1000") SNAP4,
		.want = DLO_STAT_NOT_DATA},
	{"802.11, second piece", 105, WIFI("0802", "1100") SNAP4,
		.want = DLO_STAT_NOT_DATA},
	{"802.11, encrypted", 105,
		WIFI("0842", "1000") "0001020304050607" SNAP4,
		.want = DLO_STAT_ENCRYPTED},
	{"802.11, decrypted by who captured", 105, WIFI("0842", "1000") SNAP4,
		WHOLE},
	{"802.11, A-MSDU", 105,
		WIFI("8802", "1000") "8000" MACS "0030" SNAP4 "0000" MACS
				     "0030" SNAP4,
		WHOLE},
	{"radiotap", 127, "0000080000000000" WIFI("0802", "1000") SNAP4, WHOLE},
	{"radiotap, padded header", 127,
		"0000090002000000"
		"20" WIFI("8802", "1000") "00000000" SNAP4,
		WHOLE},
	{"radiotap, more bits, a time, a check sequence", 127,
		"0000190003000080"
		"0000000000000000"
		"0102030405060708"
		"10" WIFI("0802", "1000") SNAP4 "11223344",
		WHOLE},
	{"radiotap shorter than itself", 127, "0000070000000000",
		.want = DLO_STAT_NOT_DATA},
	{"Prism", 119, ZERO48 ZERO48 ZERO48 WIFI("0802", "1000") SNAP4, WHOLE},
	{"Prism that is AVS", 119,
		"8021100100000038" ZERO48 WIFI("0802", "1000") SNAP4, WHOLE},
	{"AVS", 163, "8021100100000038" ZERO48 WIFI("0802", "1000") SNAP4,
		WHOLE},
	{"PPI", 192, "0000080069000000" WIFI("0802", "1000") SNAP4, WHOLE},
	{"PPI with a check sequence", 192,
		"0000200069000000"
		"02001400" ZERO8 "0100" ZERO8 "0000" WIFI("0802", "1000") SNAP4
		"11223344",
		WHOLE},
	{"PPI, Ethernet", 192, "0000080001000000" ETH4, WHOLE},
	{"PPI, unknown", 192, "0000080093000000" ETH4,
		.want = DLO_STAT_NO_LINK},

	/* What systems put before a packet */
	{"SLL, 802.2", 113, SLL("0001", "0004") SNAP4, WHOLE},
	{"SLL, GRE", 113, SLL("030a", "0800") IP4_UDP, WHOLE},
	{"SLL, netlink", 113, SLL("0338", "0800") IP4_UDP,
		.want = DLO_STAT_NOT_IP},
	{"SLL, radiotap", 113,
		SLL("0323", "0019") "0000080000000000" WIFI("0802", "1000")
			SNAP4,
		WHOLE},
	{"SLL, CAN", 113, SLL("0118", "000c") "0000", .want = DLO_STAT_NOT_IP},
	{"NFLOG", 239,
		"02000000"
		"0800010000000000"
		"050002006f000000"
		"2c000900" IP4_UDP,
		WHOLE},
	{"NFLOG of a big-endian machine", 239,
		"0a000000"
		"0008000100000000"
		"00400009" IP6_UDP,
		WHOLE},
	{"NFLOG with an attribute of nothing", 239,
		"02000000"
		"00000100",
		.want = DLO_STAT_NOT_IP},
	{"PKTAP, Ethernet", 258, "0c0000000100000001000000" ETH4, WHOLE},
	{"PKTAP as USER2, raw", 149,
		"10000000010000000c000000"
		"00000000" IP6_UDP,
		WHOLE},
	{"PKTAP without a packet", 258, "0c0000000000000001000000" ETH4,
		.want = DLO_STAT_NOT_IP},
	{"pflog", 117, "3d02" ZERO8 "00000000" ZERO48 "0000" IP4_UDP, WHOLE},
	{"enc", 109, "020000000000000100000000" IP4_UDP, WHOLE},
	{"ipnet", 226, "0102" ZERO8 ZERO8 "000000000000" IP4_UDP, WHOLE},

	/* Ethernet's relations */
	{"802.2 in 802.1Q", 1, MACS "810000050030" SNAP4, .vlans = "5", WHOLE},
	{"LLC, 802.1H", 1,
		MACS "0030"
		     "aaaa030000f80800" IP4_UDP,
		WHOLE},
	{"LLC, Cisco's", 1,
		MACS "0030"
		     "aaaa0300000c2000",
		.want = DLO_STAT_NOT_IP},
	{"LLC without SNAP, IP", 1,
		MACS "002b"
		     "060603" IP4_UDP,
		WHOLE},
	{"LLC, bridged Ethernet", 11, "aaaa030080c20007" ETH4, WHOLE},
	{"FDDI", 10, "50" MACS SNAP4, WHOLE},
	{"FDDI, station management", 10, "41" MACS SNAP4,
		.want = DLO_STAT_NOT_DATA},
	{"Token Ring", 6, "1040" MACS SNAP4, WHOLE},
	{"Token Ring with a route", 6,
		"1040"
		"020000000001820000000002"
		"061000110020" SNAP4,
		WHOLE},
	{"Token Ring, MAC frame", 6, "1000" MACS SNAP4,
		.want = DLO_STAT_NOT_DATA},
	{"ARCNET, RFC 1051", 7, "0102f0" IP4_UDP, WHOLE},
	{"ARCNET, RFC 1201", 7, "0102d4000001" IP4_UDP, WHOLE},
	{"ARCNET, an exception", 7, "0102d4ffffffd4000001" IP4_UDP, WHOLE},
	{"ARCNET, second piece", 7, "0102d4020001" IP4_UDP,
		.want = DLO_STAT_NOT_DATA},
	{"ARCNET of Linux", 129, "01020000d4000001" IP4_UDP, WHOLE},
	{"ARCNET of Linux, RFC 1051", 129, "01020000f0" IP4_UDP, WHOLE},
	{"IP over Fibre Channel", 122, ZERO8 ZERO8 SNAP4, WHOLE},
	{"I-TAG", 1, MACS "88e700012345" ETH4, WHOLE},
	{"VN-Tag", 1, MACS "8926000000000800" IP4_UDP, WHOLE},
	{"CMD", 1, MACS "89090101000100050800" IP4_UDP, WHOLE},
	{"FabricPath", 1, MACS "89030040" ETH4, WHOLE},
	{"TRILL with options", 1,
		MACS "22f30040"
		     "00010002"
		     "00000000" ETH4,
		WHOLE},
	{"MACsec in clear, with an id", 1,
		MACS "88e5"
		     "200000000001" ZERO8 "0800" IP4_UDP ZERO8 ZERO8,
		WHOLE},
	{"MACsec in clear", 1, MACS "88e50000000000010800" IP4_UDP ZERO8,
		WHOLE},
	{"MACsec", 1, MACS "88e52c0000000001" ZERO8 "0800" IP4_UDP,
		.want = DLO_STAT_ENCRYPTED},
	{"HSR", 1, MACS "892f000c00010800" IP4_UDP, WHOLE},

	/* Lines */
	{"PPP, bridged Ethernet", 9, "ff0300310001" ETH4, WHOLE},
	{"PPP, MPLS", 9, "ff030281003e8140" IP4_UDP, WHOLE},
	{"PPP of pppd, sent", 166, "01030021" IP4_UDP, WHOLE},
	{"PPP with direction", 204, "00ff030021" IP4_UDP, WHOLE},
	{"Cisco HDLC", 104, "0f000800" IP4_UDP, WHOLE},
	{"Cisco HDLC as PPP", 50, "8f0086dd" IP6_UDP, WHOLE},
	{"Cisco HDLC with direction", 205, "010f000800" IP4_UDP, WHOLE},
	{"Frame Relay", 107, "184103cc" IP4_UDP, WHOLE},
	{"Frame Relay, IPv6", 107, "1841038e" IP6_UDP, WHOLE},
	{"Frame Relay, four octets, SNAP", 107,
		"18404041"
		"030080"
		"0000000800" IP4_UDP,
		WHOLE},
	{"Frame Relay, bridged", 107,
		"1841"
		"030080"
		"0080c20007" ETH4,
		WHOLE},
	{"Frame Relay, PPP", 107, "184103cf0021" IP4_UDP, WHOLE},
	{"Frame Relay of Cisco", 107, "18410800" IP4_UDP, WHOLE},
	{"Frame Relay with direction", 206, "00184103cc" IP4_UDP, WHOLE},
	{"Frame Relay, LMI", 107, "000103080075", .want = DLO_STAT_NOT_IP},
	{"SLIP", 8, ZERO8 ZERO8 IP4_UDP, WHOLE},

	{"IPv4 options", 12,
		"4600002c00010000401100"
		"00c0000205c6336401"
		"94040000" UDP("c000", "0035", "0014") DNS,
		WHOLE},
	{"IPv4 header shorter than itself", 12,
		"440000280001000040110000"
		"c0000205c6336401",
		.want = DLO_STAT_BAD_IP},
	{"IPv4 total shorter than its header", 12,
		IP4("0013", "0000", "11") UDP("c000", "0035", "0014") DNS,
		.want = DLO_STAT_BAD_IP},
	{"IPv4 with nothing in it", 12,
		IP4("0014", "0000", "11") UDP("c000", "0035", "0014") DNS,
		.want = DLO_STAT_CUT_TRANSPORT},
	{"IPv4 total 0: not yet segmented", 12,
		IP4("0000", "0000", "11") UDP("c000", "0035", "0014") DNS,
		WHOLE},
	{"IPv4 cut in the options", 12,
		"46000028000100004011"
		"0000c0000205c6336401",
		.want = DLO_STAT_CUT_IP},
	{"IPv4 cut", 12, "4500002800", .want = DLO_STAT_CUT_IP},
	{"IPv4 first fragment", 12,
		IP4("0028", "2000", "11") UDP("c000", "0035", "0014") DNS,
		.want = DLO_DECAP_FRAGMENT},
	{"IPv4 later fragment", 12,
		IP4("0028", "0003", "11") UDP("c000", "0035", "0014") DNS,
		.want = DLO_DECAP_FRAGMENT},
	{"don't fragment is no fragment", 12,
		IP4("0028", "4000", "11") UDP("c000", "0035", "0014") DNS,
		WHOLE},
	{"ICMP", 12, IP4("0018", "0000", "01") "08000000",
		.want = DLO_STAT_ICMP},
	{"TCP on port 53", 12,
		IP4("0028", "0000", "06") "c0000035"
					  "00000000000000005002000000000000",
		.want = DLO_DECAP_SEGMENT},
	{"TCP elsewhere", 12,
		IP4("0028", "0000", "06") "c00001bb"
					  "00000000000000005002000000000000",
		.want = DLO_STAT_NOT_DNS_PORT},
	{"IPv6 hop-by-hop and destination options", 12,
		IP6("0024", "00") "3c00010400000000"
				  "1100010400000000" UDP("c000", "0035", "0014")
					  DNS,
		WHOLE},
	{"IPv6 routing header of 24 octets", 12,
		IP6("002c", "2b") "1102040000000000"
				  "20010db8000000000000000000000009" UDP(
					  "c000", "0035", "0014") DNS,
		WHOLE},
	{"IPv6 authentication header", 12,
		IP6("002c",
			"33") "1104000000000001000000010000000000000000000000"
			      "00" UDP("c000", "0035", "0014") DNS,
		WHOLE},
	{"IPv6 fragment that is the whole", 12,
		IP6("001c", "2c") "1100000000000001" UDP("c000", "0035", "0014")
			DNS,
		WHOLE},
	{"IPv6 first fragment", 12,
		IP6("001c", "2c") "1100000100000001" UDP("c000", "0035", "0014")
			DNS,
		.want = DLO_DECAP_FRAGMENT},
	{"IPv6 later fragment", 12,
		IP6("001c", "2c") "1100000800000001" UDP("c000", "0035", "0014")
			DNS,
		.want = DLO_DECAP_FRAGMENT},
	{"IPv6 no next header", 12, IP6("0000", "3b"),
		.want = DLO_STAT_NOT_UDP},
	{"IPv6 cut in an extension", 12, IP6("0014", "00") "1101",
		.want = DLO_STAT_CUT_IP},
	{"IPv6 cut", 12, "6000000000141140", .want = DLO_STAT_CUT_IP},

	{"UDP to another port", 12,
		IP4("0028", "0000", "11") UDP("c000", "01bb", "0014") DNS,
		.want = DLO_STAT_NOT_DNS_PORT},
	{"UDP from port 53", 12,
		IP4("0028", "0000", "11") UDP("0035", "c000", "0014") DNS,
		WHOLE},
	{"UDP to the second port of the list", 12,
		IP4("0028", "0000", "11") UDP("c000", "14e9", "0014") DNS,
		WHOLE},
	{"UDP length below its header", 12,
		IP4("0028", "0000", "11") UDP("c000", "0035", "0007") DNS,
		.want = DLO_STAT_BAD_UDP},
	{"UDP shorter than IP says", 12,
		IP4("0028", "0000", "11") UDP("c000", "0035", "0010") DNS,
		.len = 8, .sent_len = 8},
	{"UDP longer than IP says", 12,
		IP4("0028", "0000", "11") UDP("c000", "0035", "0fff") DNS,
		WHOLE},
	{"UDP longer than IP says, before padding", 12,
		IP4("0028", "0000", "11") UDP("c000", "0035", "0fff") DNS
		"000000000000",
		WHOLE},
	{"the same in IPv6", 12,
		IP6("0014", "11") UDP("c000", "0035", "0fff") DNS "00000000",
		WHOLE},
	{"UDP with nothing in it", 12,
		IP4("001c", "0000", "11") UDP("c000", "0035", "0008"),
		.want = DLO_STAT_EMPTY},
	{"UDP cut", 12, IP4("0028", "0000", "11") "c00000",
		.want = DLO_STAT_CUT_TRANSPORT},
	{"payload cut by the snap length", 12,
		IP4("0028", "0000", "11")
			UDP("c000", "0035", "0014") "12340100",
		.len = 4, .sent_len = 12, .wire_len = 40},
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

/* All subframes of an aggregate, each in its own context; what is too short
 * behind the last (a check sequence) is none. */
static void test_aggregate(void **state)
{
	struct dlo_decap d;
	uint8_t *data;
	int end = take_apart(&d, 105,
		WIFI("8802", "1000") "8000" MACS "0030" SNAP4 "0000" MACS
				     "0034aaaa030000008100"
				     "00050800" IP4_UDP "0000" MACS "0030" SNAP4
				     "11223344",
		0, &data);
	unsigned n_vlans[] = {0, 1, 0}, n = 0;

	(void)state;
	do {
		assert_int_equal(end, DLO_DECAP_DATAGRAM);
		assert_true(n < 3);
		assert_int_equal(d.dgram.n_vlans, n_vlans[n]);
		assert_int_equal(d.dgram.context != 0, n_vlans[n]);
		assert_int_equal(d.dgram.len, 12);
		n++;
	} while (dlo_decap_more(&d) && (end = dlo_decap_run(&d), true));
	assert_int_equal(n, 3);
	free(data);
}

/* Names are unique, and every layer has both. */
static void test_layer_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DLO_LAYER__N; i++) {
		assert_true(*dlo_layer_name(i) && *dlo_layer_text(i));
		for (unsigned k = 0; k < i; k++) {
			assert_string_not_equal(
				dlo_layer_name(i), dlo_layer_name(k));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_frame),
		cmocka_unit_test(test_each_cut),
		cmocka_unit_test(test_aggregate),
		cmocka_unit_test(test_layer_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
