/* SPDX-License-Identifier: BSD-2-Clause */
/* fold.h - ASCII lower case, a word at a time. */
#ifndef DLO_BASE_FOLD_H
#define DLO_BASE_FOLD_H

#include <stdint.h>

/*
 * Lower case of eight octets at once. In the sums the high bit of an octet says
 * "at least 'A'" and "above 'Z'"; no sum carries into the next octet. It may
 * run over whole wire names: a length octet is at most 63, and 'A' is 65.
 */
static inline uint64_t dlo_fold64(uint64_t x)
{
	const uint64_t each = 0x0101010101010101u;
	uint64_t low = x & each * 0x7f;
	uint64_t capital = (low + each * (0x80 - 'A')) &
			   ~(low + each * (0x80 - 'Z' - 1)) & ~x;

	return x | (capital & each * 0x80) >> 2;
}

#endif
