/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.h - frame -> the datagram in it: a loop over a table of decoders.
 *
 * To add a layer: one function that takes its header off d->in and names the
 * layer that follows, one row in decoders[] (and, for a link type, one in
 * link_types[]) of link.c.
 */
#ifndef DLO_WIRE_LINK_H
#define DLO_WIRE_LINK_H

#include <stdint.h>

#include "dnslookout.h"
#include "wire/decap.h"

/* Layer of a DLT_ value; NONE when it is not known. */
enum dlo_layer dlo_link_layer(int link_type);

/*
 * Takes layer after layer off the frame, the first being `layer`. Returns 0
 * with a whole *ret, or the reason to stop. At most DLO_LAYERS_MAX layers.
 */
enum dlo_stat dlo_link_decap(enum dlo_layer layer, const uint16_t *ports,
	unsigned n_ports, const struct dlo_frame *f, struct dlo_dgram *ret);

#endif
