/* SPDX-License-Identifier: BSD-2-Clause */
/* fold.h - wire names without regard to ASCII case: hash and compare. */
#ifndef DLO_WIRE_FOLD_H
#define DLO_WIRE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fold.h"
#include "base/hash.h"
#include "wire/name.h"

/* Up to eight octets; what is missing is zero. */
static inline uint64_t dlo_fold_load(const uint8_t *p, size_t n)
{
	uint64_t x = 0;

	memcpy(&x, p, n < sizeof(x) ? n : sizeof(x));
	return dlo_fold64(x);
}

/* Whether n octets are the same. O(n). */
static inline bool dlo_fold_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (; n >= 8; a += 8, b += 8, n -= 8) {
		if (dlo_fold64(dlo_load64(a)) != dlo_fold64(dlo_load64(b))) {
			return false;
		}
	}
	return dlo_fold_load(a, n) == dlo_fold_load(b, n);
}

static inline bool dlo_fold_same(
	const struct dlo_name *a, const struct dlo_name *b)
{
	return a->len == b->len && dlo_fold_equal(a->wire, b->wire, a->len);
}

/* A keyed hash of the name; no cryptography. O(len). */
static inline uint64_t dlo_fold_hash(const struct dlo_name *name, uint64_t seed)
{
	const uint8_t *p = name->wire;
	size_t n = name->len;
	uint64_t h = seed ^ n * 0x9e3779b97f4a7c15u;

	for (; n >= 8; p += 8, n -= 8) {
		h = dlo_mum(dlo_fold64(dlo_load64(p)) ^ 0x8ebc6af09c88c6e3u,
			h ^ 0x589965cc75374cc3u);
	}
	h = dlo_mum(dlo_fold_load(p, n) ^ 0xe7037ed1a0b428dbu,
		h ^ 0xa0761d6478bd642fu);
	return h ^ h >> 32;
}

#endif
