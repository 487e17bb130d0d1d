/* SPDX-License-Identifier: BSD-2-Clause */
/* ip.h - decoders of IPv4, IPv6, UDP and TCP headers, rows of link.c's table.
 */
#ifndef DLO_WIRE_IP_H
#define DLO_WIRE_IP_H

#include "wire/decap.h"

/* The layer of what an IP packet of that version says it carries. */
enum dlo_layer dlo_ip_layer(unsigned ip_version, uint8_t protocol);

int dlo_ip_v4(struct dlo_decap *d);
int dlo_ip_v6(struct dlo_decap *d);
int dlo_ip_v6_options(struct dlo_decap *d);
int dlo_ip_v6_fragment(struct dlo_decap *d);
int dlo_ip_ah(struct dlo_decap *d);
int dlo_ip_other(struct dlo_decap *d);
int dlo_ip_udp(struct dlo_decap *d);
int dlo_ip_tcp(struct dlo_decap *d);

#endif
