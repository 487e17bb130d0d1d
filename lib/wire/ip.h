/* SPDX-License-Identifier: BSD-2-Clause */
/* ip.h - what IP packets say they carry. */
#ifndef DLO_WIRE_IP_H
#define DLO_WIRE_IP_H

#include "wire/decap.h"

/* The layer of what an IP packet of that version says it carries. */
enum dlo_layer dlo_ip_layer(unsigned ip_version, uint8_t protocol);

#endif
