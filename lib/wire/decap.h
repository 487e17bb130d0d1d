/* SPDX-License-Identifier: BSD-2-Clause */
/* decap.h - what the decoders of link.c and ip.c pass from one to the next. */
#ifndef DLO_WIRE_DECAP_H
#define DLO_WIRE_DECAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "dnslookout.h"

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
	/* Hash of the VLAN ids and tunnel ids around it: the same addresses in
	 * two contexts are two hosts. 0: plain. */
	uint32_t context;
	uint32_t net_off; /* of the outermost IP header in the frame */
	uint16_t sport, dport;
	uint8_t ip_version, transport;
	uint8_t n_vlans; /* may exceed DLO_VLANS_MAX: only so many are kept */
	uint16_t vlan[DLO_VLANS_MAX];
};

/* RFC 9293, 3.1: what dlo_dgram lacks of a segment. */
#define DLO_TCP_FIN 0x01
#define DLO_TCP_SYN 0x02
#define DLO_TCP_RST 0x04
struct dlo_tcp {
	uint32_t seq; /* of the first octet of payload, or of the SYN */
	uint8_t flags;
};

/* RFC 791, 3.2; RFC 8200, 4.5. The piece itself is d->dgram.payload, .len. */
struct dlo_fragment {
	uint32_t id;
	uint32_t offset; /* in the packet's payload, octets */
	bool more; /* it is not the last */
	uint8_t protocol; /* what the payload begins with */
};

enum dlo_layer {
	DLO_LAYER_NONE,
	DLO_LAYER_ETHERNET,
	DLO_LAYER_VLAN,
	DLO_LAYER_LLC,
	DLO_LAYER_SLL,
	DLO_LAYER_SLL2,
	DLO_LAYER_NULL,
	DLO_LAYER_LOOP,
	DLO_LAYER_PPP,
	DLO_LAYER_PPPOE,
	DLO_LAYER_RAW, /* IP by its version nibble */
	DLO_LAYER_IPV4,
	DLO_LAYER_IPV6,
	DLO_LAYER_IPV6_OPTIONS, /* extension headers with a length */
	DLO_LAYER_IPV6_FRAGMENT,
	DLO_LAYER_AH,
	DLO_LAYER_OTHER, /* an IP protocol that carries nothing for us */
	DLO_LAYER_UDP,
	DLO_LAYER_TCP,
	DLO_LAYER__N
};

/* How often each layer was met; one writer, any number of readers. */
struct dlo_layer_counts {
	_Atomic uint64_t n[DLO_LAYER__N];
};

/* What stays the same from frame to frame. */
struct dlo_decap_config {
	const uint16_t *ports; /* that carry DNS */
	unsigned n_ports;
	struct dlo_layer_counts *layers; /* not NULL */
};

/* The state between two decoders. */
struct dlo_decap {
	const struct dlo_decap_config *cfg;
	const uint8_t *frame; /* its first octet */
	struct dlo_bytes in; /* from the next header on */
	uint32_t missing; /* octets of `in` that the snap length cut off */
	enum dlo_layer next;
	unsigned n_layers;
	struct dlo_dgram dgram;
	struct dlo_tcp tcp;
	struct dlo_fragment fragment;
};

/* Enters a VLAN or tunnel: mixes its id into the context. */
static inline void dlo_decap_context(struct dlo_decap *d, uint32_t id)
{
	uint64_t h = ((uint64_t)d->dgram.context << 32 | id) + 1;

	h *= 0x9e3779b97f4a7c15u;
	d->dgram.context = (uint32_t)(h >> 32);
}

#endif
