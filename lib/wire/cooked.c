/* SPDX-License-Identifier: BSD-2-Clause */
/* cooked.c - decoders of what systems put before captured packets in place of
 * the header that was on the wire; see pcap-linktype(7). */
#include "wire/ether.h"

/* LINKTYPE_LINUX_SLL: the ARPHRD_ value says what the protocol is. */
static int by_hardware(struct dlo_decap *d, uint16_t type, uint16_t protocol)
{
	switch (type) {
	case 770: /* FRAD */
		return dlo_decap_next(d, DLO_LAYER_FRELAY);
	case 801:
		return dlo_decap_next(d, DLO_LAYER_WIFI);
	case 802:
		return dlo_decap_next(d, DLO_LAYER_PRISM);
	case 803:
		return dlo_decap_next(d, DLO_LAYER_RADIOTAP);
	case 824: /* NETLINK: protocol is a netlink family */
		return DLO_STAT_NOT_IP;
	}
	if (d->in.over) {
		return DLO_STAT_CUT_LINK;
	}
	/* Of what is no EtherType only ETH_P_802_2 is a header we know. */
	return protocol < DLO_ETHERTYPE_MIN && protocol != 4
		       ? DLO_STAT_NOT_IP
		       : dlo_ether_type(d, protocol);
}

int dlo_cooked_sll(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 16);

	return h ? by_hardware(d, dlo_get16(h + 2), dlo_get16(h + 14))
		 : DLO_STAT_CUT_LINK;
}

/*
 * Of a frame with several tags Linux takes the first off, and since about 6.11
 * it names the innermost protocol in place of the tag that follows: that tag
 * ends with the same protocol again. An IP packet of which this is true by
 * chance has its version, PPPoE its version and type, in front.
 */
static bool is_tag(const struct dlo_bytes *in, uint16_t protocol)
{
	return protocol >= DLO_ETHERTYPE_MIN && in->left >= 4 &&
	       dlo_get16(in->p + 2) == protocol &&
	       !(protocol == 0x0800 && in->p[0] >= 0x45 && in->p[0] <= 0x4f) &&
	       !(protocol == 0x86dd && in->p[0] >> 4 == 6) &&
	       !(protocol == 0x8864 && in->p[0] == 0x11);
}

int dlo_cooked_sll2(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 20);

	if (!h) {
		return DLO_STAT_CUT_LINK;
	}
	d->dgram.ifindex = dlo_get32(h + 4);
	if (is_tag(&d->in, dlo_get16(h))) {
		return dlo_decap_next(d, DLO_LAYER_VLAN);
	}
	return by_hardware(d, dlo_get16(h + 8), dlo_get16(h));
}

/* The address family, in the byte order of the machine that captured; AF_INET6
 * has another number on each system. The IP version says it all. */
int dlo_cooked_null(struct dlo_decap *d)
{
	uint32_t family = dlo_bytes_u32(&d->in);

	if (family > 0xffff) {
		family = family >> 24 | (family >> 8 & 0xff00);
	}
	switch (family) {
	case 2:
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return dlo_decap_next(d, DLO_LAYER_RAW);
	default:
		return d->in.over ? DLO_STAT_CUT_LINK : DLO_STAT_NOT_IP;
	}
}

/* Family, version, group; then attributes of length, type and value, padded to
 * 4 octets, in the byte order of the machine. 9 is the packet. */
int dlo_cooked_nflog(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 4);
	bool big = d->in.left && d->in.p[0] == 0; /* none has 256 octets */

	for (unsigned i = 0; i < 32 && h; i++) {
		uint16_t len, type;

		h = dlo_bytes_take(&d->in, 4);
		if (!h) {
			break;
		}
		len = big ? dlo_get16(h) : dlo_get16le(h);
		type = big ? dlo_get16(h + 2) : dlo_get16le(h + 2);
		if (type == 9) {
			return dlo_decap_next(d, DLO_LAYER_RAW);
		}
		if (len < 4) {
			return DLO_STAT_NOT_IP;
		}
		h = dlo_bytes_take(&d->in, (len - 4u + 3) & ~3u);
	}
	return h ? DLO_STAT_NOT_IP : DLO_STAT_CUT_LINK;
}

/* Length of the header, kind (1: a packet follows), DLT_ of the packet; little
 * endian, Apple's machines all being so. */
int dlo_cooked_pktap(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 12);
	uint32_t len = h ? dlo_get32le(h) : 0;

	if (h && (len < 12 || dlo_get32le(h + 4) != 1)) {
		return DLO_STAT_NOT_IP;
	}
	dlo_bytes_take(&d->in, h ? len - 12 : 0);
	return dlo_decap_next(
		d, h ? dlo_link_layer((int)dlo_get32le(h + 8)) : 0);
}

/* The first octet is the length, before its padding. */
int dlo_cooked_pflog(struct dlo_decap *d)
{
	size_t len = dlo_bytes_u8(&d->in);

	dlo_bytes_take(&d->in, len ? ((len + 3) & ~(size_t)3) - 1 : 0);
	return dlo_decap_next(d, DLO_LAYER_RAW);
}

/* Address family, SPI, flags: the packet is as it was before IPsec. */
int dlo_cooked_enc(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 12);
	return dlo_decap_next(d, DLO_LAYER_RAW);
}

/* Version, family, lengths, interfaces and zones. */
int dlo_cooked_ipnet(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 24);
	return dlo_decap_next(d, DLO_LAYER_RAW);
}
