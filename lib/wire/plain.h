/* SPDX-License-Identifier: BSD-2-Clause */
/* plain.h - the datagram of a plain Ethernet frame, in one look. */
#ifndef DLO_WIRE_PLAIN_H
#define DLO_WIRE_PLAIN_H

#include <stdbool.h>

#include "dnslookout.h"
#include "wire/decap.h"

/*
 * Takes a frame that begins with an Ethernet header if it is as nearly all with
 * DNS are: at most one 802.1Q tag, IPv4 without options or IPv6 without
 * extension headers, one UDP datagram on a DNS port that is whole and exactly
 * fills its packet. Then d->dgram and the census are what link.c's decoders
 * would make of it (fuzz_frame holds the two together), at a fifth of the cost,
 * and the frame holds nothing else. False: d and the census are as they were.
 */
bool dlo_plain(struct dlo_decap *d, const struct dlo_frame *f);

#endif
