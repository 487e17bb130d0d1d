/* SPDX-License-Identifier: BSD-2-Clause */
/* ether.c - Ethernet and its relations, and what is put between the addresses
 * and the EtherType. */
#include "wire/ether.h"

static enum dlo_layer layer_of(uint16_t type)
{
	switch (type) {
	case 0x0800:
		return DLO_LAYER_IPV4;
	case 0x86dd:
		return DLO_LAYER_IPV6;
	case 0x8100: /* 802.1Q */
	case 0x88a8: /* 802.1ad */
	case 0x9100: /* QinQ before it had a number */
	case 0x9200:
		return DLO_LAYER_VLAN;
	case 0x22f3:
		return DLO_LAYER_TRILL;
	case 0x6558: /* transparent Ethernet bridging */
		return DLO_LAYER_ETHERNET;
	case 0x880b:
		return DLO_LAYER_PPP;
	case 0x8847: /* RFC 5332 */
	case 0x8848:
		return DLO_LAYER_MPLS;
	case 0x8864:
		return DLO_LAYER_PPPOE;
	case 0x88e5:
		return DLO_LAYER_MACSEC;
	case 0x88e7:
		return DLO_LAYER_ITAG;
	case 0x8903:
		return DLO_LAYER_FABRICPATH;
	case 0x8909:
		return DLO_LAYER_CMD;
	case 0x8926:
		return DLO_LAYER_VNTAG;
	case 0x892f:
		return DLO_LAYER_HSR;
	case 0x894f:
		return DLO_LAYER_NSH;
	default:
		return type < DLO_ETHERTYPE_MIN ? DLO_LAYER_LLC
						: DLO_LAYER_NONE;
	}
}

int dlo_ether_type(struct dlo_decap *d, uint16_t type)
{
	if (type == 0x0800) { /* nearly all; the switch is a search */
		d->next = DLO_LAYER_IPV4;
		return DLO_DECAP_NEXT; /* which says so if nothing is left */
	}
	d->next = layer_of(type);
	return d->in.over		   ? DLO_STAT_CUT_LINK
	       : d->next == DLO_LAYER_NONE ? DLO_STAT_NOT_IP
					   : DLO_DECAP_NEXT;
}

/* By version and length: RFC 791, 3.1; RFC 8200, 3. */
static enum dlo_layer guess_ip(const uint8_t *p, size_t left, size_t sent)
{
	if (left >= 20 && p[0] >> 4 == 4 && (p[0] & 15) >= 5 &&
		dlo_get16(p + 2) >= 20 && dlo_get16(p + 2) <= sent) {
		return DLO_LAYER_IPV4;
	}
	if (left >= 40 && p[0] >> 4 == 6 && dlo_get16(p + 4) + 40u <= sent) {
		return DLO_LAYER_IPV6;
	}
	return DLO_LAYER_NONE;
}

enum dlo_layer dlo_ether_guess(const struct dlo_decap *d, size_t offset)
{
	const uint8_t *p = d->in.p;
	size_t left = d->in.left;
	enum dlo_layer layer, inner;

	if (left < offset + 14) {
		return DLO_LAYER_NONE;
	}
	p += offset;
	left -= offset;
	layer = guess_ip(p, left, left + d->missing);
	if (layer != DLO_LAYER_NONE) {
		return layer;
	}
	inner = layer_of(dlo_get16(p + 12));
	if (inner == DLO_LAYER_IPV4 || inner == DLO_LAYER_IPV6) {
		return guess_ip(p + 14, left - 14, left - 14 + d->missing) ==
				       inner
			       ? DLO_LAYER_ETHERNET
			       : DLO_LAYER_NONE;
	}
	return inner == DLO_LAYER_VLAN || inner == DLO_LAYER_MPLS ||
			       inner == DLO_LAYER_PPPOE
		       ? DLO_LAYER_ETHERNET
		       : DLO_LAYER_NONE;
}

int dlo_ether_ethernet(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 12);
	return dlo_ether_type(d, dlo_bytes_u16(&d->in));
}

/* IEEE 802.1Q, 9.6. */
int dlo_ether_vlan(struct dlo_decap *d)
{
	uint16_t id = dlo_bytes_u16(&d->in) & 0x0fff;
	struct dlo_dgram *out = &d->dgram;

	if (out->n_vlans < DLO_VLANS_MAX) {
		out->vlan[out->n_vlans] = id;
	}
	out->n_vlans++;
	dlo_census_count(&d->cfg->census->vlan[id]);
	dlo_decap_context(d, id);
	return dlo_ether_type(d, dlo_bytes_u16(&d->in));
}

/*
 * IEEE 802.2 with a SNAP header: an EtherType (RFC 1042; 0000f8 is 802.1H's),
 * or bridged Ethernet (RFC 2427, 4.2). Or IP without one (RFC 1042's 6).
 */
int dlo_ether_llc(struct dlo_decap *d)
{
	uint16_t saps = dlo_bytes_u16(&d->in);
	uint8_t control = dlo_bytes_u8(&d->in);
	uint32_t oui;
	uint16_t pid;

	if (d->in.over) {
		return DLO_STAT_CUT_LINK;
	}
	if (control != 3 || (saps != 0xaaaa && saps != 0x0606)) {
		return DLO_STAT_NOT_IP;
	}
	if (saps == 0x0606) {
		return dlo_decap_next(d, DLO_LAYER_IPV4);
	}
	oui = (uint32_t)dlo_bytes_u8(&d->in) << 16;
	oui |= dlo_bytes_u16(&d->in);
	pid = dlo_bytes_u16(&d->in);
	if (oui == 0x0080c2 && (pid == 1 || pid == 7)) {
		return dlo_decap_next(d, DLO_LAYER_ETHERNET);
	}
	if (!d->in.over && oui && oui != 0x0000f8) {
		return DLO_STAT_NOT_IP;
	}
	return dlo_ether_type(d, pid);
}

/* ---- tags --------------------------------------------------------------- */

/* IEEE 802.1Q, 9.7: flags and a service id of 24 bits, then the customer's
 * frame. */
int dlo_ether_itag(struct dlo_decap *d)
{
	dlo_decap_context(d, dlo_bytes_u32(&d->in) & 0xffffff);
	return dlo_decap_next(d, DLO_LAYER_ETHERNET);
}

/* IEEE 802.1BR's forerunner: where a virtual interface sends from and to. */
int dlo_ether_vntag(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 4);
	return dlo_ether_type(d, dlo_bytes_u16(&d->in));
}

/* Version, length in words, that many words of options (a group tag). */
int dlo_ether_cmd(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 1);
	dlo_bytes_take(&d->in, 4u * dlo_bytes_u8(&d->in));
	return dlo_ether_type(d, dlo_bytes_u16(&d->in));
}

int dlo_ether_fabricpath(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 2); /* tree and TTL */
	return dlo_decap_next(d, DLO_LAYER_ETHERNET);
}

/* RFC 6325, 3: version, five bits of length of options in words, hops. */
int dlo_ether_trill(struct dlo_decap *d)
{
	uint16_t bits = dlo_bytes_u16(&d->in);

	dlo_bytes_take(&d->in, 4 + (bits >> 6 & 31u) * 4);
	return dlo_decap_next(d, DLO_LAYER_ETHERNET);
}

/* IEEE 802.1AE, 9.3: flags, short length, packet number, an id with SC. What
 * stands behind the payload is cut off by the IP length. */
int dlo_ether_macsec(struct dlo_decap *d)
{
	uint8_t tci = dlo_bytes_u8(&d->in);

	dlo_bytes_take(&d->in, tci & 0x20 ? 13 : 5);
	if (!d->in.over && (tci & 0x0c)) { /* encrypted, or changed */
		return DLO_STAT_ENCRYPTED;
	}
	return dlo_ether_type(d, dlo_bytes_u16(&d->in));
}

/* IEC 62439-3, 5.7: path and size, sequence number. */
int dlo_ether_hsr(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 4);
	return dlo_ether_type(d, dlo_bytes_u16(&d->in));
}

/* ---- relations ---------------------------------------------------------- */

/* ISO 9314-2: frame control, addresses; only LLC frames carry packets. */
int dlo_ether_fddi(struct dlo_decap *d)
{
	uint8_t control = dlo_bytes_u8(&d->in);

	dlo_bytes_take(&d->in, 12);
	if (!d->in.over && (control & 0xf0) != 0x50) {
		return DLO_STAT_NOT_DATA;
	}
	return dlo_decap_next(d, DLO_LAYER_LLC);
}

/* IEEE 802.5: access and frame control, addresses, the route if the source
 * address says that there is one. */
int dlo_ether_token_ring(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 14);

	if (h && (h[1] & 0xc0) != 0x40) {
		return DLO_STAT_NOT_DATA;
	}
	if (h && h[8] & 0x80) {
		size_t len = dlo_bytes_u8(&d->in) & 0x1f;

		dlo_bytes_take(&d->in, len ? len - 1 : 0);
	}
	return dlo_decap_next(d, DLO_LAYER_LLC);
}

static int arcnet_type(struct dlo_decap *d, uint8_t type)
{
	if (d->in.over) {
		return DLO_STAT_CUT_LINK;
	}
	switch (type) {
	case 0xd4: /* RFC 1201 */
	case 0xf0: /* RFC 1051 */
		return dlo_decap_next(d, DLO_LAYER_IPV4);
	case 0xc4:
		return dlo_decap_next(d, DLO_LAYER_IPV6);
	default:
		return DLO_STAT_NOT_IP;
	}
}

/* RFC 1201, 2: source, destination, type; then, unless the type is one of
 * RFC 1051's, a split flag (ff: four octets before the real one) and a number.
 * Pieces but the first are no packets. */
int dlo_ether_arcnet(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 3);
	uint8_t flag;

	if (!h || h[2] == 0xf0) {
		return arcnet_type(d, h ? h[2] : 0);
	}
	flag = dlo_bytes_u8(&d->in);
	if (flag == 0xff) {
		dlo_bytes_take(&d->in, 3);
		flag = dlo_bytes_u8(&d->in);
	}
	dlo_bytes_take(&d->in, 2);
	if (flag && !(flag & 1)) {
		return DLO_STAT_NOT_DATA;
	}
	return arcnet_type(d, h[2]);
}

/* The same behind two octets of offset, the pieces put together. */
int dlo_ether_arcnet_linux(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 5);

	if (h && h[4] != 0xf0) {
		dlo_bytes_take(&d->in, 3);
	}
	return arcnet_type(d, h ? h[4] : 0);
}

/* RFC 4338, 3: two addresses of 8 octets, then LLC. */
int dlo_ether_ipfc(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 16);
	return dlo_decap_next(d, DLO_LAYER_LLC);
}
