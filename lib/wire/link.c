/* SPDX-License-Identifier: BSD-2-Clause */
/* link.c - frame -> the datagram in it: a loop over a table of decoders. */
#include "wire/link.h"

#include <assert.h>

#include "wire/ip.h"

static int next(struct dlo_decap *d, enum dlo_layer layer)
{
	d->next = layer;
	return d->in.over ? DLO_STAT_CUT_LINK : DLO_DECAP_NEXT;
}

/* A length field of 802.3 instead of a type: at most 1500. */
#define ETHERTYPE_MIN 0x0600

static int next_ethertype(struct dlo_decap *d, uint16_t type)
{
	switch (type) {
	case 0x0800:
		return next(d, DLO_LAYER_IPV4);
	case 0x86dd:
		return next(d, DLO_LAYER_IPV6);
	case 0x8100: /* 802.1Q */
	case 0x88a8: /* 802.1ad */
	case 0x9100: /* QinQ before it had a number */
	case 0x9200:
		return next(d, DLO_LAYER_VLAN);
	case 0x8864:
		return next(d, DLO_LAYER_PPPOE);
	default:
		return d->in.over	      ? DLO_STAT_CUT_LINK
		       : type < ETHERTYPE_MIN ? next(d, DLO_LAYER_LLC)
					      : DLO_STAT_NOT_IP;
	}
}

static int ethernet(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 12);
	return next_ethertype(d, dlo_bytes_u16(&d->in));
}

static int vlan(struct dlo_decap *d)
{
	uint16_t id = dlo_bytes_u16(&d->in) & 0x0fff;
	struct dlo_dgram *out = &d->dgram;

	if (out->n_vlans < DLO_VLANS_MAX) {
		out->vlan[out->n_vlans] = id;
	}
	out->n_vlans++;
	dlo_decap_context(d, id);
	return next_ethertype(d, dlo_bytes_u16(&d->in));
}

/* IEEE 802.2 with a SNAP header (RFC 1042); anything else is no IP. */
static int llc(struct dlo_decap *d)
{
	uint32_t saps_control = dlo_bytes_u32(&d->in);
	uint16_t oui_low = dlo_bytes_u16(&d->in);

	if (!d->in.over && (saps_control != 0xaaaa0300 || oui_low)) {
		return DLO_STAT_NOT_IP;
	}
	return next_ethertype(d, dlo_bytes_u16(&d->in));
}

static int sll(struct dlo_decap *d)
{
	dlo_bytes_take(&d->in, 14);
	return next_ethertype(d, dlo_bytes_u16(&d->in));
}

static int sll2(struct dlo_decap *d)
{
	uint16_t protocol = dlo_bytes_u16(&d->in);

	dlo_bytes_take(&d->in, 18);
	return next_ethertype(d, protocol);
}

/* The address family, in the byte order of the machine that captured; AF_INET6
 * has another number on each system. The IP version says it all. */
static int null(struct dlo_decap *d)
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
		return next(d, DLO_LAYER_RAW);
	default:
		return d->in.over ? DLO_STAT_CUT_LINK : DLO_STAT_NOT_IP;
	}
}

/* RFC 1661, with RFC 1662's address and control fields and one-octet protocol
 * numbers where they are used. */
static int ppp(struct dlo_decap *d)
{
	uint16_t protocol = dlo_bytes_u8(&d->in);

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
	switch (protocol) {
	case 0x0021:
		return next(d, DLO_LAYER_IPV4);
	case 0x0057:
		return next(d, DLO_LAYER_IPV6);
	default:
		return DLO_STAT_NOT_IP;
	}
}

/* RFC 2516, 4: version and type 1, code 0 (session), id, length. */
static int pppoe(struct dlo_decap *d)
{
	uint16_t version_code = dlo_bytes_u16(&d->in);

	dlo_bytes_take(&d->in, 4);
	if (!d->in.over && version_code != 0x1100) {
		return DLO_STAT_NOT_IP;
	}
	return next(d, DLO_LAYER_PPP);
}

static int raw(struct dlo_decap *d)
{
	if (!d->in.left) {
		return DLO_STAT_CUT_IP;
	}
	switch (d->in.p[0] >> 4) {
	case 4:
		return next(d, DLO_LAYER_IPV4);
	case 6:
		return next(d, DLO_LAYER_IPV6);
	default:
		return DLO_STAT_NOT_IP;
	}
}

static int none(struct dlo_decap *d)
{
	(void)d;
	return DLO_STAT_NO_LINK;
}

static int (*const decoders[])(struct dlo_decap *d) = {
	[DLO_LAYER_NONE] = none,
	[DLO_LAYER_ETHERNET] = ethernet,
	[DLO_LAYER_VLAN] = vlan,
	[DLO_LAYER_LLC] = llc,
	[DLO_LAYER_SLL] = sll,
	[DLO_LAYER_SLL2] = sll2,
	[DLO_LAYER_NULL] = null,
	[DLO_LAYER_LOOP] = null,
	[DLO_LAYER_PPP] = ppp,
	[DLO_LAYER_PPPOE] = pppoe,
	[DLO_LAYER_RAW] = raw,
	[DLO_LAYER_IPV4] = dlo_ip_v4,
	[DLO_LAYER_IPV6] = dlo_ip_v6,
	[DLO_LAYER_IPV6_OPTIONS] = dlo_ip_v6_options,
	[DLO_LAYER_IPV6_FRAGMENT] = dlo_ip_v6_fragment,
	[DLO_LAYER_AH] = dlo_ip_ah,
	[DLO_LAYER_OTHER] = dlo_ip_other,
	[DLO_LAYER_UDP] = dlo_ip_udp,
	[DLO_LAYER_TCP] = dlo_ip_tcp,
};
static_assert(sizeof(decoders) / sizeof(decoders[0]) == DLO_LAYER__N,
	"a layer without a decoder");

/* DLT_ values: both libpcap's own numbers on Linux and those that files hold,
 * where the two differ. */
static const struct {
	int link_type;
	enum dlo_layer layer;
} link_types[] = {
	{0, DLO_LAYER_NULL},
	{1, DLO_LAYER_ETHERNET},
	{9, DLO_LAYER_PPP},
	{12, DLO_LAYER_RAW},
	{14, DLO_LAYER_RAW}, /* DLT_RAW of OpenBSD */
	{50, DLO_LAYER_PPP}, /* in HDLC-like framing */
	{51, DLO_LAYER_PPPOE},
	{101, DLO_LAYER_RAW},
	{108, DLO_LAYER_LOOP},
	{113, DLO_LAYER_SLL},
	{228, DLO_LAYER_RAW}, /* "IPv4", and yet either is seen */
	{229, DLO_LAYER_RAW},
	{276, DLO_LAYER_SLL2},
};

/* Relaxed: no other thread writes, readers want a recent value. */
static void count_layer(struct dlo_layer_counts *c, enum dlo_layer layer)
{
	uint64_t n = atomic_load_explicit(&c->n[layer], memory_order_relaxed);

	atomic_store_explicit(&c->n[layer], n + 1, memory_order_relaxed);
}

enum dlo_layer dlo_link_layer(int link_type)
{
	for (size_t i = 0; i < sizeof(link_types) / sizeof(link_types[0]);
		i++) {
		if (link_types[i].link_type == link_type) {
			return link_types[i].layer;
		}
	}
	return DLO_LAYER_NONE;
}

bool dlo_link_known(int link_type)
{
	return dlo_link_layer(link_type) != DLO_LAYER_NONE;
}

void dlo_decap_begin(struct dlo_decap *d, const struct dlo_decap_config *cfg,
	enum dlo_layer layer, const struct dlo_frame *f)
{
	d->cfg = cfg;
	d->frame = f->data;
	d->in = dlo_bytes(f->data, f->caplen);
	d->missing = f->len > f->caplen ? f->len - f->caplen : 0;
	d->next = layer;
	d->n_layers = 0;
	d->dgram.ip_version = 0;
	d->dgram.n_vlans = 0;
	d->dgram.context = 0;
}

void dlo_decap_resume(struct dlo_decap *d, uint8_t protocol,
	const uint8_t *data, uint32_t len, uint32_t missing)
{
	d->in = dlo_bytes(data, len);
	d->missing = missing;
	d->next = dlo_ip_layer(d->dgram.ip_version, protocol);
}

int dlo_decap_run(struct dlo_decap *d)
{
	int step = DLO_DECAP_NEXT;

	while (step == DLO_DECAP_NEXT) {
		if (d->n_layers++ == DLO_LAYERS_MAX) {
			return DLO_STAT_TOO_DEEP;
		}
		count_layer(d->cfg->layers, d->next);
		step = decoders[d->next](d);
	}
	return step;
}
