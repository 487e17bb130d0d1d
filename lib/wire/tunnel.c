/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tunnel.c - decoders of what carries packets or frames through IP or MPLS.
 *
 * Those that UDP ports lead to look at more than the port: what does not look
 * like the tunnel ends as "not on a DNS port", which it is.
 */
#include "wire/ether.h"

/* Ends a tunnel header. */
static int inside(struct dlo_decap *d, enum dlo_layer layer)
{
	d->next = layer;
	return d->in.over		 ? DLO_STAT_BAD_TUNNEL
	       : layer == DLO_LAYER_NONE ? DLO_STAT_NOT_IP
					 : DLO_DECAP_NEXT;
}

static int inside_type(struct dlo_decap *d, uint16_t type)
{
	return d->in.over ? DLO_STAT_BAD_TUNNEL : dlo_ether_type(d, type);
}

/* ---- MPLS --------------------------------------------------------------- */

/*
 * RFC 3032, 2.1: one label. The last does not say what follows: IP by its
 * version (RFC 4928), or Ethernet, with a control word of four octets (RFC
 * 4385, 3) or without.
 */
int dlo_tunnel_mpls(struct dlo_decap *d)
{
	uint32_t entry = dlo_bytes_u32(&d->in);
	enum dlo_layer layer;

	if (d->in.over || !(entry & 0x100)) {
		return inside(d, DLO_LAYER_MPLS);
	}
	layer = dlo_ether_guess(d, 0);
	if (layer == DLO_LAYER_NONE && d->in.left && d->in.p[0] >> 4 == 0) {
		layer = dlo_ether_guess(d, 4);
		dlo_bytes_take(&d->in, 4);
	} else if (layer == DLO_LAYER_NONE) {
		return dlo_ip_raw(d);
	}
	return inside(d, layer);
}

/* ---- GRE ---------------------------------------------------------------- */

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007,
};

/* RFC 1701: entries of family, offset and length, until an empty one. */
static void skip_routes(struct dlo_bytes *in)
{
	for (unsigned i = 0; i < 16; i++) {
		const uint8_t *h = dlo_bytes_take(in, 4);

		if (!h || (!dlo_get16(h) && !h[3])) {
			return;
		}
		dlo_bytes_take(in, h[3]);
	}
}

/* RFC 2637, 4.1: PPTP. The key is a length and a call id, which each side
 * chooses. */
static int pptp(struct dlo_decap *d, uint16_t flags, uint16_t type)
{
	uint16_t len = dlo_bytes_u16(&d->in);

	dlo_bytes_take(&d->in, 2u + (flags & GRE_SEQUENCE ? 4 : 0) +
				       (flags & GRE_ACK ? 4 : 0));
	if (d->in.over || !(flags & GRE_KEY) || type != 0x880b) {
		return DLO_STAT_BAD_TUNNEL;
	}
	if (!(flags & GRE_SEQUENCE)) {
		return DLO_STAT_NOT_DATA;
	}
	if (len < d->in.left + d->missing) {
		dlo_decap_clip(d, len);
	}
	return inside(d, DLO_LAYER_PPP);
}

/* RFC 2784, 2890, 1701. */
int dlo_tunnel_gre(struct dlo_decap *d)
{
	uint16_t flags = dlo_bytes_u16(&d->in);
	uint16_t type = dlo_bytes_u16(&d->in);

	if ((flags & GRE_VERSION) == 1) {
		return pptp(d, flags, type);
	}
	if (flags & GRE_VERSION) {
		return DLO_STAT_BAD_TUNNEL;
	}
	if (flags & (GRE_CHECKSUM | GRE_ROUTING)) {
		dlo_bytes_take(&d->in, 4);
	}
	if (flags & GRE_KEY) {
		dlo_decap_context(d, dlo_bytes_u32(&d->in));
	}
	if (flags & GRE_SEQUENCE) {
		dlo_bytes_take(&d->in, 4);
	}
	if (flags & GRE_ROUTING) {
		skip_routes(&d->in);
	}
	switch (type) {
	case 0x88be: /* ERSPAN I has no sequence number and no header */
		return inside(d, flags & GRE_SEQUENCE ? DLO_LAYER_ERSPAN
						      : DLO_LAYER_ETHERNET);
	case 0x22eb:
		return inside(d, DLO_LAYER_ERSPAN);
	case 0x883e:
		return inside(d, DLO_LAYER_WCCP);
	default:
		return inside_type(d, type);
	}
}

/*
 * draft-foschiano-erspan-03, 4.2, 4.3: version, VLAN, session; II (version 1)
 * has 8 octets. III has 12, what kind of frame follows, and if the last bit is
 * set 8 more.
 */
int dlo_tunnel_erspan(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);

	if (!h) {
		return DLO_STAT_BAD_TUNNEL;
	}
	dlo_decap_context(d, dlo_get16(h + 2) & 0x03ff);
	if (h[0] >> 4 == 1) {
		return inside(d, DLO_LAYER_ETHERNET);
	}
	if (h[0] >> 4 != 2 || !(h = dlo_bytes_take(&d->in, 4))) {
		return DLO_STAT_BAD_TUNNEL;
	}
	dlo_bytes_take(&d->in, h[3] & 1 ? 8 : 0);
	return inside(
		d, (h[2] >> 2 & 31) == 2 ? DLO_LAYER_RAW : DLO_LAYER_ETHERNET);
}

/* draft-wilson-wrec-wccp-v2, 4.12: of IPv4 alone, behind four octets in
 * version 2. */
int dlo_tunnel_wccp(struct dlo_decap *d)
{
	if (d->in.left && d->in.p[0] >> 4 != 4) {
		dlo_bytes_take(&d->in, 4);
	}
	return inside(d, DLO_LAYER_IPV4);
}

/* ---- over IP ------------------------------------------------------------ */

/* RFC 3378: version 3. */
int dlo_tunnel_etherip(struct dlo_decap *d)
{
	uint16_t version = dlo_bytes_u16(&d->in);

	return version >> 12 == 3 ? inside(d, DLO_LAYER_ETHERNET)
				  : DLO_STAT_BAD_TUNNEL;
}

/* Behind a session id: a cookie of 0, 4 or 8 octets and a sublayer of 4, if
 * both sides agreed on them. */
static int l2tp3_session(struct dlo_decap *d)
{
	for (unsigned offset = 0; offset <= 12; offset += 4) {
		enum dlo_layer layer = dlo_ether_guess(d, offset);

		if (layer != DLO_LAYER_NONE) {
			dlo_bytes_take(&d->in, offset);
			return inside(d, layer);
		}
	}
	return DLO_STAT_NOT_IP;
}

/* RFC 3931, 4.1.1: session 0 is control. */
int dlo_tunnel_l2tp3(struct dlo_decap *d)
{
	uint32_t session = dlo_bytes_u32(&d->in);

	return d->in.over ? DLO_STAT_BAD_TUNNEL
	       : session  ? l2tp3_session(d)
			  : DLO_STAT_NOT_DATA;
}

enum {
	L2TP_CONTROL = 0x8000,
	L2TP_LENGTH = 0x4000,
	L2TP_SEQUENCE = 0x0800,
	L2TP_OFFSET = 0x0200,
	L2TP_RESERVED = 0x34f0,
};

/* RFC 2661, 3.1; version 3: RFC 3931, 4.1.2. */
int dlo_tunnel_l2tp(struct dlo_decap *d)
{
	uint16_t flags = dlo_bytes_u16(&d->in);
	unsigned version = flags & 15;

	if (d->in.over || (version != 2 && version != 3) ||
		flags & L2TP_RESERVED) {
		return DLO_STAT_NOT_DNS_PORT;
	}
	if (flags & L2TP_CONTROL) {
		return DLO_STAT_NOT_DATA;
	}
	if (version == 3) {
		dlo_bytes_take(&d->in, 2 + 4);
		return l2tp3_session(d);
	}
	dlo_bytes_take(&d->in, (flags & L2TP_LENGTH ? 2u : 0) + 4 +
				       (flags & L2TP_SEQUENCE ? 4 : 0));
	if (flags & L2TP_OFFSET) {
		dlo_bytes_take(&d->in, dlo_bytes_u16(&d->in));
	}
	return inside(d, DLO_LAYER_PPP);
}

/* ---- over UDP ----------------------------------------------------------- */

/* What VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe, 3.2) and NSH (RFC 8300, 2.2) call
 * the next protocol. */
static enum dlo_layer next_protocol(uint8_t protocol)
{
	static const uint8_t layers[] = {
		[1] = DLO_LAYER_IPV4,
		[2] = DLO_LAYER_IPV6,
		[3] = DLO_LAYER_ETHERNET,
		[4] = DLO_LAYER_NSH,
		[5] = DLO_LAYER_MPLS,
	};

	return protocol < sizeof(layers) ? (enum dlo_layer)layers[protocol]
					 : DLO_LAYER_NONE;
}

/* RFC 7348, 5: a flag says that there is a network id; another (GPE) that the
 * fourth octet is a protocol. */
int dlo_tunnel_vxlan(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);
	bool gpe = h && h[0] & 0x04;

	if (!h || !(h[0] & 0x0c) || h[0] & 0x30) {
		return DLO_STAT_NOT_DNS_PORT;
	}
	if (h[0] & 0x08) {
		dlo_decap_context(d, dlo_get32(h + 4) >> 8);
	}
	return inside(d, gpe ? next_protocol(h[3]) : DLO_LAYER_ETHERNET);
}

/* RFC 8300, 2.2: version, length in words, next protocol. */
int dlo_tunnel_nsh(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);
	unsigned len = h ? (h[1] & 63u) * 4 : 0;

	if (!h || h[0] >> 6 || len < 8) {
		return DLO_STAT_BAD_TUNNEL;
	}
	dlo_bytes_take(&d->in, len - 8);
	return inside(d, next_protocol(h[3]));
}

/* RFC 8926, 3.4: version 0, length of the options in words, EtherType, network
 * id. */
int dlo_tunnel_geneve(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);

	if (!h || h[0] >> 6 || h[1] & 0x3f || h[7] ||
		dlo_get16(h + 2) < DLO_ETHERTYPE_MIN) {
		return DLO_STAT_NOT_DNS_PORT;
	}
	dlo_decap_context(d, dlo_get32(h + 4) >> 8);
	dlo_bytes_take(&d->in, (h[0] & 63u) * 4);
	return inside_type(d, dlo_get16(h + 2));
}

/* 3GPP TS 29.281, 5.2: each extension is 4 octets times its first, and its
 * last is the type of the next. */
static void skip_gtp_extensions(struct dlo_bytes *in, uint8_t type)
{
	for (unsigned i = 0; type && i < 16; i++) {
		unsigned len = dlo_bytes_u8(in) * 4u;
		const uint8_t *h = dlo_bytes_take(in, len ? len - 1 : SIZE_MAX);

		type = h ? h[len - 2] : 0;
	}
	in->over = in->over || type;
}

/* 3GPP TS 29.281, 5.1: version 1, message, length, endpoint; number and
 * extensions if any of three flags says so. A packet, or a frame (5G). */
int dlo_tunnel_gtpu(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);
	uint16_t len = h ? dlo_get16(h + 2) : 0;
	enum dlo_layer layer;

	if (!h || h[0] >> 4 != 3 || len > d->in.left + d->missing) {
		return DLO_STAT_NOT_DNS_PORT;
	}
	if (h[1] != 255) {
		return DLO_STAT_NOT_DATA;
	}
	dlo_decap_clip(d, len);
	if (h[0] & 7) {
		const uint8_t *more = dlo_bytes_take(&d->in, 4);

		skip_gtp_extensions(&d->in, more && h[0] & 4 ? more[3] : 0);
	}
	layer = dlo_ether_guess(d, 0);
	return layer != DLO_LAYER_NONE || d->in.over ? inside(d, layer)
						     : dlo_ip_raw(d);
}

/* RFC 4380, 5.1.1: authentication and origin may stand before the packet. */
int dlo_tunnel_teredo(struct dlo_decap *d)
{
	const uint8_t *h = d->in.p;

	if (d->in.left >= 4 && dlo_get16(h) == 1) {
		dlo_bytes_take(&d->in, 4u + h[2] + h[3] + 9);
		h = d->in.p;
	}
	if (d->in.left >= 8 && dlo_get16(h) == 0) {
		dlo_bytes_take(&d->in, 8);
		h = d->in.p;
	}
	if (!d->in.left || h[0] >> 4 != 6) {
		return DLO_STAT_NOT_DNS_PORT;
	}
	return inside(d, DLO_LAYER_IPV6);
}

static enum dlo_layer tzsp_layer(uint16_t type)
{
	switch (type) {
	case 1:
		return DLO_LAYER_ETHERNET;
	case 2:
		return DLO_LAYER_TOKEN_RING;
	case 4:
		return DLO_LAYER_PPP;
	case 5:
		return DLO_LAYER_FDDI;
	case 7:
		return DLO_LAYER_RAW;
	case 18:
		return DLO_LAYER_WIFI;
	case 119:
		return DLO_LAYER_PRISM;
	case 127:
		return DLO_LAYER_AVS;
	default:
		return DLO_LAYER_NONE;
	}
}

/* TaZmen's own: version 1, a received or sent packet, its kind; then tags of
 * type, length and value until type 1. Type 0 is one octet of padding. */
int dlo_tunnel_tzsp(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 4);
	uint8_t tag = 0;

	if (!h || h[0] != 1 || h[1] > 1 ||
		tzsp_layer(dlo_get16(h + 2)) == DLO_LAYER_NONE) {
		return DLO_STAT_NOT_DNS_PORT;
	}
	for (unsigned i = 0; tag != 1 && i < 64; i++) {
		tag = dlo_bytes_u8(&d->in);
		if (tag > 1) {
			dlo_bytes_take(&d->in, dlo_bytes_u8(&d->in));
		}
	}
	if (tag != 1) {
		return DLO_STAT_BAD_TUNNEL;
	}
	return inside(d, tzsp_layer(dlo_get16(h + 2)));
}
