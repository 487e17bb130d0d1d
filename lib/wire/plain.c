/* SPDX-License-Identifier: BSD-2-Clause */
/* plain.c - the datagram of a plain Ethernet frame, in one look. */
#include "wire/plain.h"

#include <string.h>

#include "base/bytes.h"
#include "wire/ip.h"

enum { TYPE_IPV4 = 0x0800, TYPE_VLAN = 0x8100, TYPE_IPV6 = 0x86dd };
enum { PROTOCOL_UDP = 17 };

/* Octets of the headers. */
#define ETHERNET 14u
#define TAG 4u
#define IPV4 20u
#define IPV6 40u
#define UDP 8u

/*
 * How many octets of the IP packet at h, of which `left` are there (at least
 * IPV4 + UDP), are its only datagram; 0: it is not plain.
 */

/* RFC 791, 3.1. */
static unsigned udp_in_v4(const uint8_t *h, size_t left)
{
	unsigned total_len = dlo_get16(h + 2);

	/* Version and length; neither an offset nor more to come. */
	return h[0] == 0x45 && h[9] == PROTOCOL_UDP &&
			       !(dlo_get16(h + 6) & 0x3fff) &&
			       total_len > IPV4 + UDP && total_len <= left
		       ? total_len - IPV4
		       : 0;
}

/* RFC 8200, 3. */
static unsigned udp_in_v6(const uint8_t *h, size_t left)
{
	unsigned len = left < IPV6 ? 0 : dlo_get16(h + 4);

	return len > UDP && len <= left - IPV6 && h[0] >> 4 == 6 &&
			       h[6] == PROTOCOL_UDP
		       ? len
		       : 0;
}

/* Who, where and in which VLAN: the rest of what dlo_dgram says. */
static void fill(struct dlo_decap *d, const struct dlo_frame *f,
	const uint8_t *h, const uint8_t *udp, bool v4)
{
	struct dlo_dgram *out = &d->dgram;

	if (v4) {
		memcpy(out->src, h + 12, 4);
		memcpy(out->dst, h + 16, 4);
	} else {
		memcpy(out->src, h + 8, 16);
		memcpy(out->dst, h + 24, 16);
	}
	out->payload = udp + UDP;
	out->net_off = (uint32_t)(h - f->data);
	out->sport = dlo_get16(udp);
	out->dport = dlo_get16(udp + 2);
	out->ip_version = v4 ? 4 : 6;
	out->transport = DLO_UDP;
	out->ifindex = 0;
	out->context = 0;
	out->n_vlans = 0;
}

static void enter_vlan(struct dlo_decap *d, uint16_t id)
{
	d->dgram.n_vlans = 1;
	d->dgram.vlan[0] = id;
	dlo_decap_context(d, id);
	dlo_census_count(&d->cfg->census->vlan[id]);
	dlo_census_count(&d->cfg->census->layer[DLO_LAYER_VLAN]);
}

bool dlo_plain(struct dlo_decap *d, const struct dlo_frame *f)
{
	struct dlo_census *census = d->cfg->census;
	const uint8_t *h = f->data + ETHERNET, *udp;
	size_t left = f->caplen - ETHERNET;
	unsigned type, len = 0;
	bool tagged, v4;

	if (f->caplen < ETHERNET + TAG + IPV4 + UDP) {
		return false;
	}
	type = dlo_get16(h - 2);
	tagged = type == TYPE_VLAN;
	if (tagged) {
		type = dlo_get16(h + 2);
		h += TAG;
		left -= TAG;
	}
	v4 = type == TYPE_IPV4;
	udp = h + (v4 ? IPV4 : IPV6);
	if (v4) {
		len = udp_in_v4(h, left);
	} else if (type == TYPE_IPV6) {
		len = udp_in_v6(h, left);
	}
	if (!len || dlo_get16(udp + 4) != len ||
		!dlo_ip_dns_port(d->cfg, dlo_get16(udp), dlo_get16(udp + 2))) {
		return false;
	}
	fill(d, f, h, udp, v4);
	d->dgram.len = len - UDP;
	d->dgram.sent_len = len - UDP;
	if (tagged) {
		enter_vlan(d, dlo_get16(h - TAG) & 0x0fff);
	}
	dlo_census_count(&census->layer[DLO_LAYER_ETHERNET]);
	dlo_census_count(&census->layer[v4 ? DLO_LAYER_IPV4 : DLO_LAYER_IPV6]);
	dlo_census_count(&census->layer[DLO_LAYER_UDP]);
	return true;
}
