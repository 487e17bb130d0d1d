/* SPDX-License-Identifier: BSD-2-Clause */
/* ip.h - decoders of IPv4, IPv6, UDP and TCP headers, rows of link.c's table.
 */
#ifndef DLO_WIRE_IP_H
#define DLO_WIRE_IP_H

#include "wire/decap.h"

int dlo_ip_v4(struct dlo_decap *d);
int dlo_ip_v6(struct dlo_decap *d);
int dlo_ip_udp(struct dlo_decap *d);
int dlo_ip_tcp(struct dlo_decap *d);

#endif
