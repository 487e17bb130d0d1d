/* SPDX-License-Identifier: BSD-2-Clause */
/* test_link.c - frame -> datagram: each link type, each reason to stop. */
#include "wire/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Pieces of frames, in hex. */
#define MACS "020000000001020000000002"
#define ETH_IP4 MACS "0800"
#define ETH_IP6 MACS "86dd"
#define IP4(total, frag, proto) \
	"4500" total "0001" frag "40" proto "0000c0000205c6336401"
#define IP6(len, next) \
	"60000000" len next "40" \
	"20010db8000000000000000000000005" \
	"20010db8000000000000000000000035"
#define UDP(sport, dport, len) sport dport len "0000"
#define DNS "123401000001000000000000" /* a payload of 12 octets */
#define IP4_UDP IP4("0028", "0000", "11") UDP("c000", "0035", "0014") DNS
#define IP6_UDP IP6("0014", "11") UDP("c000", "0035", "0014") DNS

#define TAGS "8100000181000001810000018100000181000001810000018100000181000001"

struct frame_case {
	const char *name;
	int link_type;
	const char *hex;
	int want; /* a stat, or an end; 0: a datagram */
	const char *vlans; /* as "5 7" */
	uint32_t len, sent_len; /* of the payload */
	uint32_t wire_len; /* of the frame, when it was cut */
};

#define WHOLE .len = 12, .sent_len = 12

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

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned v;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		out[i] = (uint8_t)v;
	}
	return n;
}

static void check_vlans(const struct frame_case *c, const struct dlo_dgram *d)
{
	char text[64] = "";
	size_t at = 0;

	for (unsigned i = 0; i < d->n_vlans && i < DLO_VLANS_MAX; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u",
			i ? " " : "", d->vlan[i]);
	}
	assert_string_equal(text, c->vlans ? c->vlans : "");
}

static const uint16_t ports[] = {53, 5353};
static struct dlo_layer_counts layers;
static const struct dlo_decap_config cfg = {
	.ports = ports, .n_ports = 2, .layers = &layers};

static void check(const struct frame_case *c)
{
	/* Exactly as long as the frame, so that a sanitizer sees an over-read
	 */
	size_t n = strlen(c->hex) / 2;
	uint8_t *data = malloc(n ? n : 1);
	struct dlo_frame f = {.data = data};
	struct dlo_decap decap = {0};
	const struct dlo_dgram *d = &decap.dgram;
	int got, want = c->want ? c->want : DLO_DECAP_DATAGRAM;

	assert_non_null(data);
	f.caplen = (uint32_t)unhex(c->hex, data);
	f.len = c->wire_len ? c->wire_len : f.caplen;
	dlo_decap_begin(&decap, &cfg, dlo_link_layer(c->link_type), &f);
	got = dlo_decap_run(&decap);
	if (got != want) {
		fail_msg("%s: end %d, not %d", c->name, got, want);
	}
	if (got == DLO_DECAP_DATAGRAM) {
		print_message("# %s\n", c->name);
		assert_int_equal(d->len, c->len);
		assert_int_equal(d->sent_len, c->sent_len);
		check_vlans(c, d);
	}
	free(data);
}

static void test_each_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check(&cases[i]);
	}
}

/* Every shorter form of every frame: no over-read, always a reason. */
static void test_each_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t whole[512];
		size_t n = unhex(cases[i].hex, whole);

		for (size_t len = 0; len < n; len++) {
			uint8_t *data = malloc(len ? len : 1);
			struct dlo_frame f = {.data = data,
				.caplen = (uint32_t)len,
				.len = (uint32_t)n};
			struct dlo_decap d = {0};

			memcpy(data, whole, len);
			dlo_decap_begin(&d, &cfg,
				dlo_link_layer(cases[i].link_type), &f);
			if (dlo_decap_run(&d) < 0) {
				assert_true(d.dgram.len <= d.dgram.sent_len);
				assert_true(d.dgram.payload + d.dgram.len <=
					    data + len);
			}
			free(data);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_frame),
		cmocka_unit_test(test_each_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
