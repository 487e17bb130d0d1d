/* SPDX-License-Identifier: BSD-2-Clause */
/* filter.h - the kernel filter that passes all that may carry DNS. */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

#define FILTER_TEXT_MAX 16384

/*
 * Writes the expression for a live interface of DLT_ value link_type: DNS on
 * the given ports and fragments, plain and in VLAN and QinQ; and PPPoE and what
 * tunnels ride on. The user's expression (may be "") judges the former only: it
 * does not look into the latter. An expression that moves header offsets itself
 * (vlan, mpls, pppoes, ...) replaces the generated one: *ret_replaced. Returns
 * 0, or -1 when buf is too small.
 */
int filter_generate(int link_type, const uint16_t *ports, unsigned n_ports,
	const char *expression, char *buf, size_t cap, bool *ret_replaced);

/* Whether an expression can be compiled for a link type. 0; -1 with why not. */
int filter_check(
	int link_type, const char *expression, char reterr[PCAP_ERRBUF_SIZE]);

#endif
