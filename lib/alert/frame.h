/* SPDX-License-Identifier: BSD-2-Clause */
/* frame.h - the octets of a frame as tcpdump -e and -X write them. */
#ifndef DLO_ALERT_FRAME_H
#define DLO_ALERT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/buf.h"

#define DLO_LINK_HEAD_MAX 64 /* octets of a frame that dlo_put_link() reads */

/*
 * tcpdump -e: the link header at p[0..len), up to and including ": ". Layers
 * other than Ethernet, its VLAN tags and Linux's cooked headers are named by
 * their number only. link_type is a DLT_ value, wire_len the frame's length.
 */
void dlo_put_link(struct dlo_buf *b, int link_type, const uint8_t *p,
	size_t len, uint32_t wire_len, bool quiet);

/* tcpdump -X: lines of 16 octets in hexadecimal and ASCII. */
void dlo_put_hex(struct dlo_buf *b, const uint8_t *p, size_t len);
#define DLO_HEX_LINE_MAX 72 /* of dlo_put_hex(), up to offset 0xfffff */

#endif
