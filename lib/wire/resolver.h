/* SPDX-License-Identifier: BSD-2-Clause */
/* resolver.h - addresses of well-known public resolvers that speak DoH. */
#ifndef DLO_WIRE_RESOLVER_H
#define DLO_WIRE_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether an address (4 or 16 octets) is one that a well-known resolver answers
 * DNS over HTTPS on: what goes to its port 443 is look-ups that nobody sees.
 * Some nanoseconds.
 */
bool dlo_resolver_known(const uint8_t *address, unsigned ip_version);

#endif
