/* SPDX-License-Identifier: BSD-2-Clause */
/* ip.c - decoders of IPv4, IPv6, UDP and TCP headers. */
#include "wire/ip.h"

#include <string.h>

#include "base/hash.h"
#include "wire/elsewhere.h"

enum dlo_layer dlo_ip_layer(unsigned ip_version, uint8_t protocol)
{
	static const uint8_t any[256] = {
		[1] = DLO_LAYER_ICMP,
		[4] = DLO_LAYER_IPV4,
		[6] = DLO_LAYER_TCP,
		[17] = DLO_LAYER_UDP,
		[41] = DLO_LAYER_IPV6,
		[47] = DLO_LAYER_GRE,
		[50] = DLO_LAYER_ESP,
		[51] = DLO_LAYER_AH,
		[58] = DLO_LAYER_ICMP,
		[97] = DLO_LAYER_ETHERIP,
		[115] = DLO_LAYER_L2TP3,
		[137] = DLO_LAYER_MPLS,
		[143] = DLO_LAYER_ETHERNET, /* RFC 8986, 4.9 */
	};
	/* Extension headers; mobility, HIP and Shim6 are laid out alike. */
	static const uint8_t v6[256] = {
		[0] = DLO_LAYER_IPV6_OPTIONS, /* hop by hop */
		[43] = DLO_LAYER_IPV6_OPTIONS, /* routing */
		[44] = DLO_LAYER_IPV6_FRAGMENT,
		[60] = DLO_LAYER_IPV6_OPTIONS, /* destination */
		[135] = DLO_LAYER_IPV6_OPTIONS,
		[139] = DLO_LAYER_IPV6_OPTIONS,
		[140] = DLO_LAYER_IPV6_OPTIONS,
	};
	uint8_t layer = any[protocol];

	if (!layer && ip_version == 6) {
		layer = v6[protocol];
	}
	return layer ? (enum dlo_layer)layer : DLO_LAYER_OTHER;
}

static int next_protocol(struct dlo_decap *d, uint8_t protocol)
{
	d->next = dlo_ip_layer(d->dgram.ip_version, protocol);
	return DLO_DECAP_NEXT;
}

int dlo_ip_other(struct dlo_decap *d)
{
	(void)d;
	return DLO_STAT_NOT_UDP;
}

int dlo_ip_esp(struct dlo_decap *d)
{
	(void)d;
	return DLO_STAT_ESP;
}

/* An error quotes a packet, which was not sent by whom the error goes to. */
int dlo_ip_icmp(struct dlo_decap *d)
{
	(void)d;
	return DLO_STAT_ICMP;
}

int dlo_ip_raw(struct dlo_decap *d)
{
	if (!d->in.left) {
		return DLO_STAT_CUT_IP;
	}
	switch (d->in.p[0] >> 4) {
	case 4:
		return dlo_decap_next(d, DLO_LAYER_IPV4);
	case 6:
		return dlo_decap_next(d, DLO_LAYER_IPV6);
	default:
		return DLO_STAT_NOT_IP;
	}
}

/* What is left is one piece of a packet's payload. */
static int fragment(struct dlo_decap *d, struct dlo_fragment fragment)
{
	d->fragment = fragment;
	d->dgram.payload = d->in.p;
	d->dgram.len = (uint32_t)d->in.left;
	d->dgram.sent_len = d->dgram.len + d->missing;
	return DLO_DECAP_FRAGMENT;
}

/* The header met before this one was a tunnel's: its addresses are mixed in, a
 * sum being the same in both directions. */
static void leave_outer(struct dlo_decap *d)
{
	size_t len = d->dgram.ip_version == 4 ? 4 : 16;

	dlo_decap_context(d, (uint32_t)(dlo_hash(d->dgram.src, len, 0) +
					dlo_hash(d->dgram.dst, len, 0)));
}

static void note_network(struct dlo_decap *d, const uint8_t *header)
{
	if (!d->dgram.ip_version) {
		d->dgram.net_off = (uint32_t)(header - d->frame);
	} else {
		leave_outer(d);
	}
}

/* RFC 791, 3.1. */
int dlo_ip_v4(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 20);
	uint32_t header_len, total_len;
	unsigned bits;

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
	if (total_len) { /* 0: the network card has yet to cut it up */
		dlo_decap_clip(d, total_len - header_len);
	}
	if (total_len == header_len) {
		return DLO_STAT_CUT_TRANSPORT;
	}
	note_network(d, h);
	d->dgram.ip_version = 4;
	memcpy(d->dgram.src, h + 12, 4);
	memcpy(d->dgram.dst, h + 16, 4);
	bits = dlo_get16(h + 6);
	if (bits & 0x3fff) { /* an offset, or more to come */
		return fragment(d, (struct dlo_fragment){.id = dlo_get16(h + 4),
					   .offset = (bits & 0x1fffu) * 8,
					   .more = bits & 0x2000,
					   .protocol = h[9]});
	}
	return next_protocol(d, h[9]);
}

/* RFC 8200, 3. */
int dlo_ip_v6(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 40);

	if (!h) {
		return DLO_STAT_CUT_IP;
	}
	if (h[0] >> 4 != 6) {
		return DLO_STAT_BAD_IP;
	}
	if (dlo_get16(h + 4)) {
		dlo_decap_clip(d, dlo_get16(h + 4));
	}
	note_network(d, h);
	d->dgram.ip_version = 6;
	memcpy(d->dgram.src, h + 8, 16);
	memcpy(d->dgram.dst, h + 24, 16);
	return next_protocol(d, h[6]);
}

/* Takes an extension header: its second octet counts units of `unit` octets,
 * less `plus`. */
static int extension(struct dlo_decap *d, size_t unit, size_t plus)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);
	size_t len = h ? (h[1] + plus) * unit : 0;

	if (!h || (len > 8 && !dlo_bytes_take(&d->in, len - 8))) {
		return DLO_STAT_CUT_IP;
	}
	return next_protocol(d, h[0]);
}

/* RFC 8200, 4.3, 4.4, 4.6. */
int dlo_ip_v6_options(struct dlo_decap *d)
{
	return extension(d, 8, 1);
}

/* RFC 4302, 2. */
int dlo_ip_ah(struct dlo_decap *d)
{
	return extension(d, 4, 2);
}

/* RFC 8200, 4.5. One piece that is the whole is no fragment (RFC 6946). */
int dlo_ip_v6_fragment(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);
	unsigned bits;

	if (!h) {
		return DLO_STAT_CUT_IP;
	}
	bits = dlo_get16(h + 2);
	if (bits & 0xfff9) {
		return fragment(d, (struct dlo_fragment){.id = dlo_get32(h + 4),
					   .offset = bits & 0xfff8,
					   .more = bits & 1,
					   .protocol = h[0]});
	}
	return next_protocol(d, h[0]);
}

static void take_ports(struct dlo_decap *d, const uint8_t *h)
{
	d->dgram.sport = dlo_get16(h);
	d->dgram.dport = dlo_get16(h + 2);
}

/* What is left is the payload. */
static void take_payload(struct dlo_decap *d, enum dlo_transport transport)
{
	d->dgram.transport = (uint8_t)transport;
	d->dgram.payload = d->in.p;
	d->dgram.len = (uint32_t)d->in.left;
	d->dgram.sent_len = (uint32_t)d->in.left + d->missing;
}

/* A length longer than the packet is taken as what is there. */
static void clip_udp(struct dlo_decap *d, uint32_t len)
{
	if (len >= 8 && len - 8 < d->in.left + d->missing) {
		dlo_decap_clip(d, len - 8);
	}
}

static enum dlo_layer tunnel_to(uint16_t port)
{
	switch (port) {
	case 1701: /* IANA's numbers, but for 8472 (Linux) and TZSP's */
		return DLO_LAYER_L2TP;
	case 2152:
		return DLO_LAYER_GTPU;
	case 3544:
		return DLO_LAYER_TEREDO;
	case 4789:
	case 4790: /* GPE */
	case 8472:
		return DLO_LAYER_VXLAN;
	case 6081:
		return DLO_LAYER_GENEVE;
	case 6635:
		return DLO_LAYER_MPLS;
	case 37008:
		return DLO_LAYER_TZSP;
	default:
		return DLO_LAYER_NONE;
	}
}

/* Servers of these answer from the port; the others have one to send to. */
static enum dlo_layer tunnel_from(uint16_t port)
{
	enum dlo_layer layer = tunnel_to(port);

	return layer == DLO_LAYER_L2TP || layer == DLO_LAYER_GTPU ||
			       layer == DLO_LAYER_TEREDO
		       ? layer
		       : DLO_LAYER_NONE;
}

/* Goes on into the tunnel that the ports tell. What is none in spite of them
 * ends in its decoder as not on a DNS port. */
static bool is_tunnel(struct dlo_decap *d)
{
	d->next = tunnel_to(d->dgram.dport);
	if (d->next == DLO_LAYER_NONE) {
		d->next = tunnel_from(d->dgram.sport);
	}
	return d->next != DLO_LAYER_NONE;
}

/* Apart: DNS needs none of its registers. */
__attribute__((noinline)) static int not_dns(struct dlo_decap *d, uint32_t len)
{
	int end;

	if (is_tunnel(d)) {
		return DLO_DECAP_NEXT;
	}
	clip_udp(d, len);
	end = dlo_elsewhere_udp(d);
	take_payload(d, DLO_UDP);
	return end;
}

/* RFC 768. */
int dlo_ip_udp(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);
	uint32_t len;

	if (!h) {
		return DLO_STAT_CUT_TRANSPORT;
	}
	take_ports(d, h);
	len = dlo_get16(h + 4);
	if (!dlo_ip_dns_port(d->cfg, d->dgram.sport, d->dgram.dport)) {
		return not_dns(d, len);
	}
	if (len && len < 8) {
		return DLO_STAT_BAD_UDP;
	}
	clip_udp(d, len);
	take_payload(d, DLO_UDP);
	return d->dgram.sent_len ? DLO_DECAP_DATAGRAM : DLO_STAT_EMPTY;
}

/* RFC 9293, 3.1. */
int dlo_ip_tcp(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 4);
	size_t header_len;
	int end;

	if (!h) {
		return DLO_STAT_CUT_TRANSPORT;
	}
	take_ports(d, h);
	end = dlo_ip_dns_port(d->cfg, d->dgram.sport, d->dgram.dport)
		      ? DLO_DECAP_SEGMENT
		      : dlo_elsewhere_tcp(d);
	if (end != DLO_DECAP_SEGMENT) {
		return end;
	}
	if (!dlo_bytes_take(&d->in, 16)) {
		return DLO_STAT_CUT_TRANSPORT;
	}
	header_len = (h[12] >> 4) * 4u;
	if (header_len < 20) {
		return DLO_STAT_BAD_TCP;
	}
	if (!dlo_bytes_take(&d->in, header_len - 20)) {
		return DLO_STAT_CUT_TRANSPORT;
	}
	d->tcp.seq = dlo_get32(h + 4);
	d->tcp.ack = dlo_get32(h + 8);
	d->tcp.flags = h[13];
	take_payload(d, DLO_TCP);
	return DLO_DECAP_SEGMENT;
}
