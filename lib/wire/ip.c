/* SPDX-License-Identifier: BSD-2-Clause */
/* ip.c - decoders of IPv4, IPv6, UDP and TCP headers, rows of link.c's table.
 */
#include "wire/ip.h"

enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_DESTINATION = 60,
	PROTO_MOBILITY = 135,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
};

static int transport(struct dlo_decap *d, uint8_t protocol)
{
	switch (protocol) {
	case PROTO_UDP:
		d->next = DLO_LAYER_UDP;
		return DLO_DECAP_NEXT;
	case PROTO_TCP:
		d->next = DLO_LAYER_TCP;
		return DLO_DECAP_NEXT;
	default:
		return DLO_STAT_NOT_UDP;
	}
}

/*
 * Keeps the `len` octets that the header says follow it: what is behind is
 * Ethernet padding, what is not there was cut by the snap length. A length of
 * 0 is that of a frame which the network card has yet to cut into packets.
 */
static void clip(struct dlo_decap *d, uint32_t len)
{
	if (!len) {
		return;
	}
	d->missing = len > d->in.left ? len - (uint32_t)d->in.left : 0;
	dlo_bytes_clip(&d->in, len);
}

/* RFC 791, 3.1. */
int dlo_ip_v4(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 20);
	uint32_t header_len, total_len;

	if (!h) {
		return DLO_STAT_CUT_IP;
	}
	header_len = (h[0] & 15u) * 4;
	total_len = dlo_get16(h + 2);
	if (h[0] >> 4 != 4 || header_len < 20 ||
		(total_len && total_len < header_len)) {
		return DLO_STAT_BAD_IP;
	}
	if (!dlo_bytes_take(&d->in, header_len - 20)) {
		return DLO_STAT_CUT_IP;
	}
	clip(d, total_len ? total_len - header_len : 0);
	if (total_len == header_len) {
		return DLO_STAT_CUT_TRANSPORT;
	}
	d->out->ip_version = 4;
	d->out->src = h + 12;
	d->out->dst = h + 16;
	if (dlo_get16(h + 6) & 0x3fff) { /* offset, or more to come */
		return DLO_STAT_FRAGMENT;
	}
	return transport(d, h[9]);
}

/*
 * RFC 8200, 4: takes one extension header off. Returns the protocol after it,
 * -1 when `protocol` is no extension header, or a reason to stop.
 */
static int extension(struct dlo_decap *d, int protocol, int *ret_protocol)
{
	const uint8_t *h;
	size_t len;

	switch (protocol) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_DESTINATION:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
	case PROTO_FRAGMENT:
	case PROTO_AH:
		break;
	default:
		return DLO_DECAP_DONE;
	}
	h = dlo_bytes_take(&d->in, 8);
	if (!h) {
		return DLO_STAT_CUT_IP;
	}
	*ret_protocol = h[0];
	if (protocol == PROTO_FRAGMENT) {
		/* One piece that is the whole is no fragment (RFC 6946). */
		return dlo_get16(h + 2) & 0xfff9 ? DLO_STAT_FRAGMENT
						 : DLO_DECAP_NEXT;
	}
	len = protocol == PROTO_AH ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
	if (len > 8 && !dlo_bytes_take(&d->in, len - 8)) {
		return DLO_STAT_CUT_IP;
	}
	return DLO_DECAP_NEXT;
}

/* RFC 8200, 3. */
int dlo_ip_v6(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 40);
	int protocol, step;

	if (!h) {
		return DLO_STAT_CUT_IP;
	}
	if (h[0] >> 4 != 6) {
		return DLO_STAT_BAD_IP;
	}
	clip(d, dlo_get16(h + 4));
	d->out->ip_version = 6;
	d->out->src = h + 8;
	d->out->dst = h + 24;
	protocol = h[6];
	for (unsigned n = 0; n < DLO_LAYERS_MAX; n++) {
		step = extension(d, protocol, &protocol);
		if (step == DLO_DECAP_DONE) {
			return transport(d, (uint8_t)protocol);
		}
		if (step != DLO_DECAP_NEXT) {
			return step;
		}
	}
	return DLO_STAT_TOO_DEEP;
}

static bool dns_port(const struct dlo_decap *d, uint16_t sport, uint16_t dport)
{
	for (unsigned i = 0; i < d->n_ports; i++) {
		if (dport == d->ports[i] || sport == d->ports[i]) {
			return true;
		}
	}
	return false;
}

/* RFC 768. A length longer than the packet is taken as what is there. */
int dlo_ip_udp(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);
	struct dlo_dgram *out = d->out;
	uint32_t len;

	if (!h) {
		return DLO_STAT_CUT_TRANSPORT;
	}
	out->sport = dlo_get16(h);
	out->dport = dlo_get16(h + 2);
	if (!dns_port(d, out->sport, out->dport)) {
		return DLO_STAT_NOT_DNS_PORT;
	}
	len = dlo_get16(h + 4);
	if (len && len < 8) {
		return DLO_STAT_BAD_UDP;
	}
	out->sent_len = (uint32_t)d->in.left + d->missing;
	if (len && len - 8 < out->sent_len) {
		out->sent_len = len - 8;
	}
	dlo_bytes_clip(&d->in, out->sent_len);
	out->transport = DLO_UDP;
	out->payload = d->in.p;
	out->len = (uint32_t)d->in.left;
	return out->sent_len ? DLO_DECAP_DONE : DLO_STAT_EMPTY;
}

int dlo_ip_tcp(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 4);

	if (!h) {
		return DLO_STAT_CUT_TRANSPORT;
	}
	return dns_port(d, dlo_get16(h), dlo_get16(h + 2))
		       ? DLO_STAT_TCP
		       : DLO_STAT_NOT_DNS_PORT;
}
