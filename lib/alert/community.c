/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * community.c - Community ID flow hashing, version 1 (Corelight's
 * specification, github.com/corelight/community-id-spec).
 *
 * Its SHA-1 is over at most 40 octets, which are one block, and protects
 * nothing: it joins our events to those of Zeek and Suricata.
 */
#include "alert/names.h"
#include "base/bytes.h"

#define BLOCK 64

static uint32_t rol(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

/* RFC 3174 6.1 for the one block of a message that is padded already. */
static void sha1_block(const uint8_t block[BLOCK], uint32_t h[5])
{
	static const uint32_t k[] = {
		0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	uint32_t w[80], a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe,
			d = 0x10325476, e = 0xc3d2e1f0, f;

	for (size_t t = 0; t < 80; t++) {
		w[t] = t < 16 ? dlo_get32(block + 4 * t)
			      : rol(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16],
					1);
		f = t < 20   ? (b & c) | (~b & d)
		    : t < 40 ? b ^ c ^ d
		    : t < 60 ? (b & c) | (b & d) | (c & d)
			     : b ^ c ^ d;
		f += rol(a, 5) + e + w[t] + k[t / 20];
		e = d;
		d = c;
		c = rol(b, 30);
		b = a;
		a = f;
	}
	h[0] = a + 0x67452301;
	h[1] = b + 0xefcdab89;
	h[2] = c + 0x98badcfe;
	h[3] = d + 0x10325476;
	h[4] = e + 0xc3d2e1f0;
}

/* RFC 4648 4: 20 octets are 28 characters, the last one padding. */
static void put_base64(struct dlo_buf *b, const uint32_t h[5])
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	for (unsigned bit = 0; bit < 160; bit += 6) {
		uint64_t word = (uint64_t)h[bit / 32] << 32 |
				(bit < 128 ? h[bit / 32 + 1] : 0);

		dlo_putc(b, digit[word >> (58 - bit % 32) & 63]);
	}
	dlo_putc(b, '=');
}

static size_t put_octets(uint8_t *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return n;
}

const char *dlo_community_id(
	const struct dlo_meta *m, char ret[DLO_COMMUNITY_TEXT_MAX])
{
	size_t size = m->ip_version == 6 ? 16 : 4, n = 2; /* seed 0 */
	uint8_t block[BLOCK] = {0};
	uint8_t port[2][2] = {{(uint8_t)(m->sport >> 8), (uint8_t)m->sport},
		{(uint8_t)(m->dport >> 8), (uint8_t)m->dport}};
	int order = memcmp(m->src, m->dst, size);
	/* The lower end of the flow comes first, so both ways have one id. */
	bool turn = order > 0 || (order == 0 && m->sport > m->dport);
	struct dlo_buf b = dlo_buf(ret, DLO_COMMUNITY_TEXT_MAX - 1);
	uint32_t h[5];

	n += put_octets(block + n, turn ? m->dst : m->src, size);
	n += put_octets(block + n, turn ? m->src : m->dst, size);
	block[n] = m->transport == DLO_TCP ? 6 : 17;
	n += 2;
	n += put_octets(block + n, port[turn], 2);
	n += put_octets(block + n, port[!turn], 2);
	block[n] = 0x80;
	block[BLOCK - 2] = (uint8_t)(n * 8 >> 8);
	block[BLOCK - 1] = (uint8_t)(n * 8);
	sha1_block(block, h);
	dlo_puts(&b, "1:");
	put_base64(&b, h);
	(void)dlo_buf_end(&b);
	return ret;
}
