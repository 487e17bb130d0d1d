/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.h - a fast keyed hash for tables; no cryptography. */
#ifndef DLO_BASE_HASH_H
#define DLO_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 dlo_u128;

static inline uint64_t dlo_load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Both halves of the product: every input bit reaches every output bit. */
static inline uint64_t dlo_mum(uint64_t a, uint64_t b)
{
	dlo_u128 r = (dlo_u128)a * b;

	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

/* Any bytes, in order. O(len). */
static inline uint64_t dlo_hash(const void *data, size_t len, uint64_t seed)
{
	const uint8_t *p = data;
	uint64_t h = seed ^ len * 0x9e3779b97f4a7c15u, tail = 0;

	for (; len >= 8; p += 8, len -= 8) {
		h = dlo_mum(dlo_load64(p) ^ 0x8ebc6af09c88c6e3u,
			h ^ 0x589965cc75374cc3u);
	}
	if (len) { /* p may be NULL */
		memcpy(&tail, p, len);
	}
	h = dlo_mum(tail ^ 0xe7037ed1a0b428dbu, h ^ 0xa0761d6478bd642fu);
	return h ^ h >> 32;
}

#endif
