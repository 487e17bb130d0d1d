/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp.c - decoders of what runs on a line between two: PPP, HDLC, Frame Relay.
 */
#include "wire/ether.h"

static enum dlo_layer layer_of(uint16_t protocol)
{
	switch (protocol) {
	case 0x0021:
		return DLO_LAYER_IPV4;
	case 0x0031: /* RFC 3518 */
		return DLO_LAYER_BCP;
	case 0x0057:
		return DLO_LAYER_IPV6;
	case 0x0281: /* RFC 3032, 4.3 */
	case 0x0283:
		return DLO_LAYER_MPLS;
	default:
		return DLO_LAYER_NONE;
	}
}

/* RFC 1661, with RFC 1662's address and control fields and one-octet protocol
 * numbers where they are used. 0f and 8f are Cisco's addresses. */
int dlo_ppp_ppp(struct dlo_decap *d)
{
	uint16_t protocol;

	if (d->in.left && (d->in.p[0] == 0x0f || d->in.p[0] == 0x8f)) {
		return dlo_decap_next(d, DLO_LAYER_CHDLC);
	}
	protocol = dlo_bytes_u8(&d->in);
	if (protocol == 0xff) {
		dlo_bytes_take(&d->in, 1);
		protocol = dlo_bytes_u8(&d->in);
	}
	if (!(protocol & 1)) {
		protocol = (uint16_t)(protocol << 8 | dlo_bytes_u8(&d->in));
	}
	if (d->in.over) {
		return DLO_STAT_CUT_LINK;
	}
	d->next = layer_of(protocol);
	return d->next == DLO_LAYER_NONE ? DLO_STAT_NOT_IP : DLO_DECAP_NEXT;
}

/* pcap-linktype(7): in or out, in the place of the address or before it. */
int dlo_ppp_dir(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 1);
	if (d->in.left && d->in.p[0] == 0x03) { /* control, no address */
		dlo_bytes_take(&d->in, 1);
	}
	return dlo_decap_next(d, DLO_LAYER_PPP);
}

/* RFC 2516, 4: version and type 1, code 0 (session), id, length. */
int dlo_ppp_pppoe(struct dlo_decap *d)
{
	uint16_t version_code = dlo_bytes_u16(&d->in);

	dlo_bytes_take(&d->in, 4);
	if (!d->in.over && version_code != 0x1100) {
		return DLO_STAT_NOT_IP;
	}
	return dlo_decap_next(d, DLO_LAYER_PPP);
}

/* RFC 3518, 4.2: flags and the kind of frame, 1 being Ethernet. */
int dlo_ppp_bcp(struct dlo_decap *d)
{
	uint16_t flags_kind = dlo_bytes_u16(&d->in);

	if (!d->in.over && (flags_kind & 0xff) != 1) {
		return DLO_STAT_NOT_IP;
	}
	return dlo_decap_next(d, DLO_LAYER_ETHERNET);
}

/* RFC 1547, 4.3.1: address, control, EtherType. */
int dlo_ppp_chdlc(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 2);
	return dlo_ether_type(d, dlo_bytes_u16(&d->in));
}

int dlo_ppp_chdlc_dir(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 1);
	return dlo_decap_next(d, DLO_LAYER_CHDLC);
}

/* RFC 2427, 3: what a network layer protocol id stands for. */
static int nlpid(struct dlo_decap *d)
{
	uint8_t id = dlo_bytes_u8(&d->in);
	uint32_t oui;

	if (!id) { /* padding */
		id = dlo_bytes_u8(&d->in);
	}
	switch (id) {
	case 0xcc:
		return dlo_decap_next(d, DLO_LAYER_IPV4);
	case 0x8e:
		return dlo_decap_next(d, DLO_LAYER_IPV6);
	case 0xcf:
		return dlo_decap_next(d, DLO_LAYER_PPP);
	case 0x80: /* SNAP */
		oui = (uint32_t)dlo_bytes_u8(&d->in) << 16;
		oui |= dlo_bytes_u16(&d->in);
		if (oui == 0x0080c2) { /* bridged, with or without a check */
			dlo_bytes_take(&d->in, 2);
			return dlo_decap_next(d, DLO_LAYER_ETHERNET);
		}
		return oui ? DLO_STAT_NOT_IP
			   : dlo_ether_type(d, dlo_bytes_u16(&d->in));
	default:
		return d->in.over ? DLO_STAT_CUT_LINK : DLO_STAT_NOT_IP;
	}
}

/*
 * Q.922, annex A, 3.2: an address of two to four octets, the last with bit 1
 * set. Then control 3 and an id (RFC 2427), or Cisco's EtherType.
 */
int dlo_ppp_frelay(struct dlo_decap *d)
{
	unsigned n = 0;
	uint8_t octet;

	do {
		octet = dlo_bytes_u8(&d->in);
		n++;
	} while (!(octet & 1) && n < 4 && !d->in.over);
	if (d->in.over) {
		return DLO_STAT_CUT_LINK;
	}
	if (n < 2 || !(octet & 1)) {
		return DLO_STAT_NOT_IP;
	}
	octet = dlo_bytes_u8(&d->in);
	if (octet == 3) {
		return nlpid(d);
	}
	return dlo_ether_type(d, (uint16_t)(octet << 8 | dlo_bytes_u8(&d->in)));
}

int dlo_ppp_frelay_dir(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 1);
	return dlo_decap_next(d, DLO_LAYER_FRELAY);
}

/* pcap-linktype(7), LINKTYPE_SLIP: direction and 15 octets of compression. */
int dlo_ppp_slip(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 16);
	return dlo_decap_next(d, DLO_LAYER_RAW);
}
