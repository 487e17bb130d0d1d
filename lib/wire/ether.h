/* SPDX-License-Identifier: BSD-2-Clause */
/* ether.h - what follows an EtherType; for all that carry one. */
#ifndef DLO_WIRE_ETHER_H
#define DLO_WIRE_ETHER_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/decap.h"

/* A length field of 802.3 instead of a type: at most 1500. */
#define DLO_ETHERTYPE_MIN 0x0600

/* Goes on with the layer of an EtherType. */
int dlo_ether_type(struct dlo_decap *d, uint16_t type);

/*
 * What seems to begin `offset` octets from here, where no field says it: IP or
 * Ethernet, or NONE. It must look right by more than one field.
 */
enum dlo_layer dlo_ether_guess(const struct dlo_decap *d, size_t offset);

#endif
