/* SPDX-License-Identifier: BSD-2-Clause */
/* census.h - what frames were made of, whether DNS was in them or not. */
#ifndef DLO_WIRE_CENSUS_H
#define DLO_WIRE_CENSUS_H

#include <stdatomic.h>
#include <stdint.h>

#include "wire/layer.h"

/* Look-ups that nobody can see: X(symbol, name, text) */
#define DLO_ENCRYPTED(X) \
	X(DOT, "dot", "DNS over TLS") \
	X(DOQ, "doq", "DNS over QUIC or DTLS") \
	X(DOH, "doh", "HTTPS to a well-known resolver")

enum dlo_encrypted {
#define DLO_X(symbol, name, text) DLO_ENCRYPTED_##symbol,
	DLO_ENCRYPTED(DLO_X)
#undef DLO_X
		DLO_ENCRYPTED__N
};

#define DLO_VLANS 4096u /* 802.1Q: ids of 12 bits */

/* One writer, any number of readers. About 33 KiB, touched as far as used. */
struct dlo_census {
	_Atomic uint64_t layer[DLO_LAYER__N]; /* how often each was met */
	_Atomic uint64_t encrypted[DLO_ENCRYPTED__N]; /* frames */
	_Atomic uint64_t vlan[DLO_VLANS]; /* tags with that id */
};

/* Relaxed: no other thread writes, readers want a recent value. */
static inline void dlo_census_count(_Atomic uint64_t *n)
{
	uint64_t v = atomic_load_explicit(n, memory_order_relaxed);

	atomic_store_explicit(n, v + 1, memory_order_relaxed);
}

#endif
