/* SPDX-License-Identifier: BSD-2-Clause */
/* elsewhere.h - what is on no DNS port: DNS all the same, or hidden. */
#ifndef DLO_WIRE_ELSEWHERE_H
#define DLO_WIRE_ELSEWHERE_H

#include "wire/decap.h"

/*
 * Ends a datagram or segment with d->dgram's addresses and ports, which are
 * none of DNS; d->in is a datagram's payload. Counts what goes to encrypted
 * resolvers. A datagram that looks like DNS ends as DLO_STAT_ODD_PORT or, with
 * any_port, as one of DNS; with any_port a segment may be of DNS, too.
 */
int dlo_elsewhere_udp(struct dlo_decap *d);
int dlo_elsewhere_tcp(struct dlo_decap *d);

#endif
