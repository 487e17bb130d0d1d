/* SPDX-License-Identifier: BSD-2-Clause */
/* ip.h - what IP packets say they carry. */
#ifndef DLO_WIRE_IP_H
#define DLO_WIRE_IP_H

#include <stdbool.h>

#include "wire/decap.h"

/* The layer of what an IP packet of that version says it carries. */
enum dlo_layer dlo_ip_layer(unsigned ip_version, uint8_t protocol);

/* Whether one of the ports carries DNS. */
static inline bool dlo_ip_dns_port(
	const struct dlo_decap_config *cfg, uint16_t sport, uint16_t dport)
{
	for (unsigned i = 0; i < cfg->n_ports; i++) {
		if (dport == cfg->ports[i] || sport == cfg->ports[i]) {
			return true;
		}
	}
	return false;
}

#endif
