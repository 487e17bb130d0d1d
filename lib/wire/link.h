/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.h - frame -> the datagram in it: a loop over a table of decoders.
 *
 * To add a layer: one function that takes its header off d->in and names the
 * layer that follows, one row in layer.h (and, for a link type, one in
 * link_types[] of layer.c).
 */
#ifndef DLO_WIRE_LINK_H
#define DLO_WIRE_LINK_H

#include <stdint.h>

#include "dnslookout.h"
#include "wire/decap.h"

/* Begins a frame whose first layer is `layer`. d->cfg is set. */
void dlo_decap_begin(
	struct dlo_decap *d, enum dlo_layer layer, const struct dlo_frame *f);

/*
 * Takes layer after layer off, at most DLO_LAYERS_MAX. Returns DLO_DECAP_
 * DATAGRAM, SEGMENT or FRAGMENT, or the reason to stop (enum dlo_stat, > 0).
 */
int dlo_decap_run(struct dlo_decap *d);

/*
 * Makes d go on with what pieces were put together to: the payload of an IP
 * packet whose addresses and context are d->dgram's and whose first header is
 * `protocol`. `missing`: octets that are not there at its end, and may be too
 * many. DLO_NAME_HEADROOM octets before data must be readable. Then run.
 */
void dlo_decap_resume(struct dlo_decap *d, uint8_t protocol,
	const uint8_t *data, uint32_t len, uint32_t missing);

/*
 * Whether the frame holds another datagram, which dlo_decap_run() then finds:
 * call it when done with the one before. Each takes octets of its own, so it
 * ends.
 */
bool dlo_decap_more(struct dlo_decap *d);

#endif
