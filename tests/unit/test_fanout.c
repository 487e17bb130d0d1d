/* SPDX-License-Identifier: BSD-2-Clause */
/* test_fanout.c - which socket of a group a frame is for. */
#include "fanout.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

struct frame {
	uint8_t data[256];
	unsigned len;
};

static struct fanout_program program;

static uint32_t run(const struct frame *f)
{
	/* The two kinds of instruction are one. */
	struct bpf_program p = {program.n, (void *)program.code};
	struct pcap_pkthdr h = {.caplen = f->len, .len = f->len};

	return (uint32_t)pcap_offline_filter(&p, &h, f->data);
}

/* ---- frames -------------------------------------------------------------- */

static void add(struct frame *f, const void *data, unsigned len)
{
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

/* What stands between the MAC addresses and the IP header, with its EtherType.
 */
static void begin(struct frame *f, const char *between, unsigned len)
{
	f->len = 0;
	add(f, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	add(f, between, len);
}

/* `rest`: what may differ between packets of one pair: id, offset, ports. */
static void add_ip(
	struct frame *f, const char *src, const char *dst, uint8_t rest)
{
	uint8_t v4[20] = {0x45, 0, 0, 60, rest, rest, 0x20, rest, 64, 17},
		v6[40] = {0x60, 0, rest, rest, 0, 60, rest, 64}, ports[60];

	memset(ports, rest, sizeof(ports));
	if (strchr(src, ':')) {
		assert_int_equal(inet_pton(AF_INET6, src, v6 + 8), 1);
		assert_int_equal(inet_pton(AF_INET6, dst, v6 + 24), 1);
		add(f, v6, sizeof(v6));
	} else {
		assert_int_equal(inet_pton(AF_INET, src, v4 + 12), 1);
		assert_int_equal(inet_pton(AF_INET, dst, v4 + 16), 1);
		add(f, v4, sizeof(v4));
	}
	add(f, ports, sizeof(ports));
}

static uint32_t run_ip(const char *between, unsigned len, const char *src,
	const char *dst, uint8_t rest)
{
	static struct frame f;

	begin(&f, between, len);
	add_ip(&f, src, dst, rest);
	return run(&f);
}

/* ---- what has to meet ---------------------------------------------------- */

#define ROW(bytes) bytes, sizeof(bytes) - 1

static const struct {
	const char *text, *between;
	unsigned len;
	int version; /* 0: both */
} shapes[] = {
	{"plain", ROW("\x08\0"), 4},
	{"plain", ROW("\x86\xdd"), 6},
	{"VLAN", ROW("\x81\0\0\5\x08\0"), 4},
	{"VLAN", ROW("\x81\0\0\5\x86\xdd"), 6},
	{"QinQ", ROW("\x88\xa8\0\5\x81\0\x45\6\x08\0"), 4},
	{"QinQ, old", ROW("\x91\0\0\5\x81\0\0\6\x86\xdd"), 6},
	{"four tags",
		ROW("\x88\xa8\0\5\x88\xa8\0\6\x81\0\0\7\x81\0\0\x8\x08\0"), 4},
	{"MPLS", ROW("\x88\x47\0\0\x11\xff"), 0},
	{"MPLS, two labels", ROW("\x88\x47\0\0\x10\xff\1\0\x11\xff"), 0},
	{"MPLS behind a tag", ROW("\x81\0\0\5\x88\x48\0\0\x10\xff\1\0\x11\xff"),
		0},
	{"PPPoE", ROW("\x88\x64\x11\0\0\1\0\x50\0\x21"), 4},
	{"PPPoE", ROW("\x88\x64\x11\0\0\1\0\x50\0\x57"), 6},
	{"PPPoE, protocol of one octet", ROW("\x88\x64\x11\0\0\1\0\x50\x21"),
		4},
	{"PPPoE behind a tag", ROW("\x81\0\0\5\x88\x64\x11\0\0\1\0\x50\0\x21"),
		4},
};

static const struct {
	int version;
	const char *a, *b;
} pairs[] = {
	{4, "192.0.2.1", "198.51.100.53"},
	{4, "0.0.0.0", "255.255.255.255"},
	{6, "2001:db8::1", "2001:db8:0:1::53"},
	{6, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1"},
};

/* Both directions, all fragments and ports, whatever stands before. */
static void test_a_pair_meets(void **state)
{
	const struct {
		const char *between;
		unsigned len;
	} plain[] = {{ROW("\x08\0")}, {ROW("\x86\xdd")}};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *a = pairs[i].a, *b = pairs[i].b;
		bool six = pairs[i].version == 6;
		uint32_t want =
			run_ip(plain[six].between, plain[six].len, a, b, 0);

		assert_int_not_equal(want, 0);
		for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]);
			k++) {
			if (shapes[k].version &&
				shapes[k].version != pairs[i].version) {
				continue;
			}
			if (run_ip(shapes[k].between, shapes[k].len, a, b, 7) !=
					want ||
				run_ip(shapes[k].between, shapes[k].len, b, a,
					0xff) != want) {
				fail_msg("%s: %s, %s", shapes[k].text, a, b);
			}
		}
	}
}

/* What has no place of its own is the first's. */
static void test_the_rest_is_the_first_s(void **state)
{
	static const struct {
		const char *text, *bytes;
		unsigned len;
	} rows[] = {
		{"ARP", ROW("\x08\x06")},
		{"LLC", ROW("\0\x40\xaa\xaa\3\0\0\0\x08\0\x45")},
		{"five tags", ROW("\x81\0\0\1\x81\0\0\1\x81\0\0\1\x81\0\0\1"
				  "\x81\0\0\1\x08\0\x45")},
		{"no IP behind a label", ROW("\x88\x47\0\0\x11\xff\0\0\0\0")},
		{"seven labels", ROW("\x88\x47\0\0\x10\xff\0\0\x10\xff"
				     "\0\0\x10\xff\0\0\x10\xff\0\0\x10\xff"
				     "\0\0\x10\xff\0\0\x11\xff\x45")},
		{"IP of no version", ROW("\x08\0\x55")},
		{"cut", ROW("\x08\0\x45\0\0\x20")},
		{"a tag, cut", ROW("\x81\0\0")},
	};
	static struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&f, rows[i].bytes, rows[i].len);
		if (i < 6) {
			memset(f.data + f.len, 0xa5, 100);
			f.len += 100;
		}
		if (run(&f)) {
			fail_msg("%s: %u", rows[i].text, run(&f));
		}
	}
}

/* ---- what has to be spread ----------------------------------------------- */

#define N_PAIRS 4096u

/* Each of n sockets has its share within a quarter. */
static void check_spread(
	const char *what, const uint32_t hash[N_PAIRS], unsigned n)
{
	unsigned share[64] = {0}, even = N_PAIRS / n;

	for (unsigned i = 0; i < N_PAIRS; i++) {
		share[hash[i] % n]++;
	}
	for (unsigned i = 0; i < n; i++) {
		if (share[i] < even - even / 4 || share[i] > even + even / 4) {
			fail_msg("%s: %u of %u sockets has %u of %u", what, i,
				n, share[i], N_PAIRS);
		}
	}
}

/* Adds to the number that two octets of the frame are. */
static void count_up(struct frame *f, unsigned at, unsigned n)
{
	n += f->data[at] * 256u + f->data[at + 1];
	f->data[at] = (uint8_t)(n >> 8);
	f->data[at + 1] = (uint8_t)n;
}

/* Neighbours that ask one server, one that asks neighbours, pairs of them: the
 * source goes up by `by` in these octets, the destination likewise. */
static void test_spread(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned at_a, by_a, at_b, by_b;
	} rows[] = {
		{"10.0.1.0", "10.1.0.53", 2, 1, 2, 0},
		{"10.0.1.0", "10.1.0.53", 2, 0, 2, 1},
		{"10.0.1.0", "10.1.0.53", 2, 2, 2, 0},
		{"10.0.1.0", "10.0.64.0", 2, 1, 2, 1},
		{"10.0.1.1", "10.1.0.53", 1, 1, 2, 0},
		{"1.0.0.1", "10.1.0.53", 0, 4, 2, 0},
		{"2001:db8::1:0", "2001:db8:1::53", 14, 1, 14, 0},
		{"2001:db8::1:0", "2001:db8:1::53", 14, 0, 14, 1},
		{"2001:db8::1:0", "2001:db8::", 14, 2, 14, 2},
		{"2001:db8:1::1", "2001:db8:1::53", 6, 1, 14, 0},
		{"2001::1", "2001:db8:1::53", 0, 1, 14, 0},
	};
	static const unsigned sizes[] = {2, 3, 4, 8, 16};
	static uint32_t hash[N_PAIRS];
	static struct frame f;

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		bool six = strchr(rows[r].a, ':');
		unsigned src = six ? 22 : 26, dst = six ? 38 : 30;

		begin(&f, six ? "\x86\xdd" : "\x08\0", 2);
		add_ip(&f, rows[r].a, rows[r].b, 0);
		for (unsigned i = 0; i < N_PAIRS; i++) {
			hash[i] = run(&f);
			count_up(&f, src + rows[r].at_a, rows[r].by_a);
			count_up(&f, dst + rows[r].at_b, rows[r].by_b);
		}
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			check_spread(rows[r].a, hash, sizes[s]);
		}
	}
}

static void test_programs_are_valid(void **state)
{
	static struct fanout_program cooked;

	(void)state;
	assert_true(bpf_validate((void *)program.code, (int)program.n));
	fanout_cooked(&cooked);
	assert_true(bpf_validate((void *)cooked.code, (int)cooked.n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pair_meets),
		cmocka_unit_test(test_the_rest_is_the_first_s),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_programs_are_valid),
	};

	fanout_ethernet(0, &program);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
