/* SPDX-License-Identifier: BSD-2-Clause */
/* filter.h - the kernel filter that passes all that may carry DNS. */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_TEXT_MAX 16384

/*
 * Writes the expression for a live interface of DLT_ value link_type: DNS on
 * the given ports, plain, in VLAN, QinQ and PPPoE, and fragments; the user's
 * expression (may be "") is and-ed into each branch. An expression that moves
 * header offsets itself (vlan, mpls, pppoes, ...) replaces the generated one:
 * *ret_replaced. Returns 0, or -1 when buf is too small.
 */
int filter_generate(int link_type, const uint16_t *ports, unsigned n_ports,
	const char *expression, char *buf, size_t cap, bool *ret_replaced);

#endif
