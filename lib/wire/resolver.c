/* SPDX-License-Identifier: BSD-2-Clause */
/* resolver.c - addresses of well-known public resolvers that speak DoH. */
#include "wire/resolver.h"

#include <stddef.h>

#include "base/bytes.h"

#define IP(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* In order. As their operators publish them; blocks where they use a whole one
 * for it, none within another. */
static const struct {
	uint32_t address;
	unsigned bits;
} v4[] = {
	{IP(1, 0, 0, 0), 30}, /* Cloudflare */
	{IP(1, 1, 1, 0), 30}, /* Cloudflare */
	{IP(1, 12, 12, 12), 32}, /* DNSPod */
	{IP(8, 8, 4, 4), 32}, /* Google */
	{IP(8, 8, 8, 8), 32}, /* Google */
	{IP(9, 9, 9, 9), 32}, /* Quad9 */
	{IP(9, 9, 9, 10), 31}, /* Quad9 */
	{IP(45, 11, 45, 11), 32}, /* DNS.SB */
	{IP(45, 90, 28, 0), 24}, /* NextDNS */
	{IP(45, 90, 30, 0), 24}, /* NextDNS */
	{IP(76, 76, 2, 0), 29}, /* Control D */
	{IP(76, 76, 10, 0), 29}, /* Control D */
	{IP(77, 88, 8, 1), 32}, /* Yandex */
	{IP(77, 88, 8, 2), 31}, /* Yandex */
	{IP(77, 88, 8, 7), 32}, /* Yandex */
	{IP(77, 88, 8, 8), 32}, /* Yandex */
	{IP(77, 88, 8, 88), 32}, /* Yandex */
	{IP(94, 140, 14, 14), 31}, /* AdGuard */
	{IP(94, 140, 14, 140), 31}, /* AdGuard */
	{IP(94, 140, 15, 15), 32}, /* AdGuard */
	{IP(94, 140, 15, 16), 32}, /* AdGuard */
	{IP(103, 2, 57, 5), 32}, /* IIJ */
	{IP(103, 2, 57, 6), 32}, /* IIJ */
	{IP(104, 16, 248, 249), 32}, /* Cloudflare */
	{IP(104, 16, 249, 249), 32}, /* Cloudflare */
	{IP(120, 53, 53, 53), 32}, /* DNSPod */
	{IP(130, 59, 31, 248), 32}, /* Switch */
	{IP(130, 59, 31, 251), 32}, /* Switch */
	{IP(146, 112, 41, 2), 31}, /* Cisco OpenDNS */
	{IP(149, 112, 112, 9), 32}, /* Quad9 */
	{IP(149, 112, 112, 10), 31}, /* Quad9 */
	{IP(149, 112, 112, 112), 32}, /* Quad9 */
	{IP(149, 112, 121, 10), 32}, /* CIRA Canadian Shield */
	{IP(149, 112, 121, 20), 32}, /* CIRA Canadian Shield */
	{IP(149, 112, 121, 30), 32}, /* CIRA Canadian Shield */
	{IP(149, 112, 122, 10), 32}, /* CIRA Canadian Shield */
	{IP(149, 112, 122, 20), 32}, /* CIRA Canadian Shield */
	{IP(149, 112, 122, 30), 32}, /* CIRA Canadian Shield */
	{IP(162, 159, 36, 1), 32}, /* Cloudflare */
	{IP(162, 159, 46, 1), 32}, /* Cloudflare */
	{IP(185, 222, 222, 222), 32}, /* DNS.SB */
	{IP(185, 228, 168, 9), 32}, /* CleanBrowsing */
	{IP(185, 228, 168, 10), 32}, /* CleanBrowsing */
	{IP(185, 228, 168, 168), 32}, /* CleanBrowsing */
	{IP(185, 228, 169, 9), 32}, /* CleanBrowsing */
	{IP(185, 228, 169, 11), 32}, /* CleanBrowsing */
	{IP(185, 228, 169, 168), 32}, /* CleanBrowsing */
	{IP(185, 253, 5, 0), 32}, /* dns0.eu */
	{IP(193, 110, 81, 0), 32}, /* dns0.eu */
	{IP(194, 242, 2, 2), 31}, /* Mullvad */
	{IP(194, 242, 2, 4), 30}, /* Mullvad */
	{IP(194, 242, 2, 8), 31}, /* Mullvad */
	{IP(208, 67, 220, 220), 32}, /* Cisco OpenDNS */
	{IP(208, 67, 222, 222), 32}, /* Cisco OpenDNS */
	{IP(223, 5, 5, 5), 32}, /* AliDNS */
	{IP(223, 6, 6, 6), 32}, /* AliDNS */
};
#define N_V4 (sizeof(v4) / sizeof(v4[0]))

/* The first 64 bits: the operators use whole networks for it. */
static const uint64_t v6[] = {
	0x2001486048600000, /* Google 2001:4860:4860:: */
	0x2400320000000000, /* AliDNS 2400:3200:: */
	0x24003200baba0000, /* AliDNS 2400:3200:baba:: */
	0x2606470047000000, /* Cloudflare 2606:4700:4700:: */
	0x262000fe00000000, /* Quad9 2620:fe:: */
	0x2620011900350000, /* Cisco OpenDNS 2620:119:35:: */
	0x2620011900530000, /* Cisco OpenDNS 2620:119:53:: */
	0x2a07a8c000000000, /* NextDNS 2a07:a8c0:: */
	0x2a07a8c100000000, /* NextDNS 2a07:a8c1:: */
	0x2a07e34000000000, /* Mullvad 2a07:e340:: */
	0x2a1050c000000000, /* AdGuard 2a10:50c0:: */
};

/* The last block that does not begin behind it is the only one to hold it. */
static bool v4_known(uint32_t address)
{
	size_t low = 0;

	for (size_t n = N_V4; n > 1; n -= n / 2) {
		if (v4[low + n / 2].address <= address) {
			low += n / 2;
		}
	}
	return !((address ^ v4[low].address) >> (32 - v4[low].bits));
}

static bool v6_known(uint64_t network)
{
	for (size_t i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
		if (network == v6[i]) {
			return true;
		}
	}
	return false;
}

bool dlo_resolver_known(const uint8_t *address, unsigned ip_version)
{
	if (ip_version == 4) {
		return v4_known(dlo_get32(address));
	}
	return v6_known(
		(uint64_t)dlo_get32(address) << 32 | dlo_get32(address + 4));
}
