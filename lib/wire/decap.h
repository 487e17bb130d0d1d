/* SPDX-License-Identifier: BSD-2-Clause */
/* decap.h - what the decoders of link.c and ip.c pass from one to the next. */
#ifndef DLO_WIRE_DECAP_H
#define DLO_WIRE_DECAP_H

#include <stdint.h>

#include "base/bytes.h"
#include "dnslookout.h"

#define DLO_VLANS_MAX 4
#define DLO_LAYERS_MAX 16
#define DLO_PORTS_MAX 32

/* A UDP datagram on a DNS port: views into the frame. */
struct dlo_dgram {
	const uint8_t *src, *dst; /* 4 or 16 octets */
	const uint8_t *payload;
	uint32_t len; /* octets of payload that are there */
	uint32_t sent_len; /* that were sent; more than len in a cut frame */
	uint16_t sport, dport;
	uint8_t ip_version, transport;
	uint8_t n_vlans; /* may exceed DLO_VLANS_MAX: only so many are kept */
	uint16_t vlan[DLO_VLANS_MAX];
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
	DLO_LAYER_UDP,
	DLO_LAYER_TCP,
	DLO_LAYER__N
};

/* What a decoder says besides a stop reason (enum dlo_stat). */
enum { DLO_DECAP_NEXT = -1, DLO_DECAP_DONE = -2 };

/* The state between two decoders. */
struct dlo_decap {
	struct dlo_bytes in; /* from the next header on */
	uint32_t missing; /* octets of `in` that the snap length cut off */
	uint16_t protocol; /* EtherType, for DLO_LAYER_ETHERTYPE */
	enum dlo_layer next;
	const uint16_t *ports;
	unsigned n_ports;
	struct dlo_dgram *out;
};

#endif
