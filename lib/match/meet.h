/* SPDX-License-Identifier: BSD-2-Clause */
/* meet.h - whether there are names that two patterns both match. */
#ifndef DLO_MATCH_MEET_H
#define DLO_MATCH_MEET_H

#include <stdbool.h>
#include <stdint.h>

#include "match/pattern.h"

/* A pattern of any kind as the symbols of a glob. */
struct dlo_symbols {
	uint16_t n;
	bool self; /* DOMAIN: begins with *. and also matches what follows */
	uint8_t at[DLO_GLOB_MAX];
};

void dlo_symbols(const struct dlo_pattern *p, struct dlo_symbols *ret);

/*
 * Whether some name matches both, limits of length aside: where only a name of
 * over 255 octets, or with a label over 63, would, the answer is yes. Cold:
 * O(symbols of one * symbols of the other), but for patterns that end
 * differently.
 */
bool dlo_symbols_meet(const struct dlo_symbols *a, const struct dlo_symbols *b);

#endif
