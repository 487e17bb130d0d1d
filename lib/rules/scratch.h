/* SPDX-License-Identifier: BSD-2-Clause */
/* scratch.h - what readers of lists share that is too large for the stack. */
#ifndef DLO_RULES_SCRATCH_H
#define DLO_RULES_SCRATCH_H

#include "dnslookout.h"
#include "match/pattern.h"
#include "rules/line.h"
#include "wire/decode.h"

/* A zone that is being read: rpz.c's. */
struct dlo_zone {
	struct dlo_zone_name origin, apex, owner, target;
	uint8_t listed[DLO_NAME_MAX]; /* the last name that was listed */
	uint8_t listed_len; /* 0: not that of the record before */
	bool told; /* the apex is */
	unsigned line; /* where the record began */
	unsigned depth; /* of parentheses */
	size_t first_len; /* octets of the record from its first line */
	size_t len, at; /* of the record; of its next word */
	char record[DLO_LINE_MAX + 2]; /* from all its lines */
};

struct dlo_list_scratch {
	struct dlo_pattern pattern;
	struct dlo_list_report report;
	char value[DLO_LINE_MAX + 2];
	struct dlo_zone zone;
};

#endif
