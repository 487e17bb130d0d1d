/* SPDX-License-Identifier: BSD-2-Clause */
/* decap.h - what the decoders of layer.h pass from one to the next. */
#ifndef DLO_WIRE_DECAP_H
#define DLO_WIRE_DECAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "dnslookout.h"
#include "wire/census.h"
#include "wire/layer.h"

#define DLO_VLANS_MAX 4
#define DLO_LAYERS_MAX 24 /* in one frame, extension headers included */
#define DLO_PORTS_MAX 32

/* What a decoder says besides a reason to stop (enum dlo_stat). */
enum {
	DLO_DECAP_NEXT = -1, /* d->next follows */
	/* The ends of dlo_decap_run() that are no reason to stop: */
	DLO_DECAP_DATAGRAM = -2, /* d->dgram: over UDP on a DNS port */
	DLO_DECAP_SEGMENT = -3, /* d->dgram and d->tcp: TCP on a DNS port */
	DLO_DECAP_FRAGMENT = -4, /* d->fragment: a piece of an IP packet */
};

/*
 * Who sent what to whom, and in what it was wrapped. By value but the payload,
 * so that pools can keep it: a piece of a message may have to be judged long
 * after its frame.
 */
struct dlo_dgram {
	uint8_t src[16], dst[16]; /* innermost; IPv4 in the first 4 octets */
	const uint8_t *payload;
	uint32_t len; /* octets of payload that are there */
	uint32_t sent_len; /* that were sent; more than len in a cut frame */
	/* Hash of what is around it: the same addresses in two contexts are two
	 * hosts. The same for both directions of a flow. 0: plain. */
	uint32_t context;
	uint32_t net_off; /* of the outermost IP header in the frame */
	uint16_t sport, dport;
	uint8_t ip_version, transport;
	uint8_t n_vlans; /* may exceed DLO_VLANS_MAX: only so many are kept */
	uint16_t vlan[DLO_VLANS_MAX];
	uint32_t ifindex; /* 0: not told */
};

/* RFC 9293, 3.1: what dlo_dgram lacks of a segment. */
#define DLO_TCP_FIN 0x01
#define DLO_TCP_SYN 0x02
#define DLO_TCP_RST 0x04
#define DLO_TCP_ACK 0x10
struct dlo_tcp {
	uint32_t seq; /* of the first octet of payload, or of the SYN */
	uint32_t ack; /* the next that the sender expects */
	uint8_t flags;
};

/* RFC 791, 3.2; RFC 8200, 4.5. The piece itself is d->dgram.payload, .len. */
struct dlo_fragment {
	uint32_t id;
	uint32_t offset; /* in the packet's payload, octets */
	bool more; /* it is not the last */
	uint8_t protocol; /* what the payload begins with */
};

/* What stays the same from frame to frame. */
struct dlo_decap_config {
	const uint16_t *ports; /* that carry DNS */
	unsigned n_ports;
	bool any_port; /* what looks like DNS is DNS on any other port too */
	struct dlo_census *census; /* not NULL */
};

/* Where to go on when a frame holds more than one datagram (A-MSDU). */
struct dlo_decap_rest {
	struct dlo_bytes in; /* nothing left: it does not */
	uint32_t missing, context;
	uint8_t ip_version, n_vlans;
};

/* The state between two decoders. */
struct dlo_decap {
	const struct dlo_decap_config *cfg;
	const uint8_t *frame; /* its first octet */
	struct dlo_bytes in; /* from the next header on */
	uint32_t missing; /* octets of `in` that the snap length cut off */
	enum dlo_layer next;
	unsigned n_layers;
	struct dlo_decap_rest rest;
	struct dlo_dgram dgram;
	struct dlo_tcp tcp;
	struct dlo_fragment fragment;
};

/* The decoders: each takes its header off d->in and names the layer that
 * follows (DLO_DECAP_NEXT), or is an end (the others, or enum dlo_stat). */
#define DLO_X(symbol, decoder, name, text) int decoder(struct dlo_decap *d);
DLO_LAYERS(DLO_X)
#undef DLO_X

/* Ends a link header. */
static inline int dlo_decap_next(struct dlo_decap *d, enum dlo_layer layer)
{
	d->next = layer;
	return d->in.over ? DLO_STAT_CUT_LINK : DLO_DECAP_NEXT;
}

/*
 * Keeps the `len` octets that a header says follow it: what is behind is
 * padding, what is not there was cut by the snap length.
 */
static inline void dlo_decap_clip(struct dlo_decap *d, uint32_t len)
{
	d->missing = len > d->in.left ? len - (uint32_t)d->in.left : 0;
	dlo_bytes_clip(&d->in, len);
}

/*
 * Enters a VLAN or tunnel: mixes its id into the context, which later pairs
 * queries with responses, and pieces with pieces. So only what both directions
 * of a flow share may go in: VLAN ids, VNIs, GRE keys, ERSPAN sessions, and the
 * addresses of outer IP headers, both mixed alike. Left out is what each side
 * chooses for itself: GTP TEIDs, L2TP and PPTP ids, MPLS labels, NSH paths.
 */
static inline void dlo_decap_context(struct dlo_decap *d, uint32_t id)
{
	uint64_t h = ((uint64_t)d->dgram.context << 32 | id) + 1;

	h *= 0x9e3779b97f4a7c15u;
	d->dgram.context = (uint32_t)(h >> 32);
}

#endif
