/* SPDX-License-Identifier: BSD-2-Clause */
/* exception_pack.h - exceptions as an array without pointers, and back. */
#ifndef DLO_RULES_EXCEPTION_PACK_H
#define DLO_RULES_EXCEPTION_PACK_H

#include <stdint.h>

#include "rules/exception.h"
#include "rules/pack.h"
#include "rules/rule.h"

/* struct dlo_exception, but for what compiling makes of it. */
struct dlo_packed_exception {
	uint64_t end_ns, identity;
	/* places of texts */
	uint32_t text, file, path, pattern, client, rule, service, until, owner,
		reason;
	uint32_t line, col, rank;
	struct dlo_network network;
	uint8_t of_list; /* 0 or 1 */
	uint8_t zero;
};

/* Packs all; their texts go into `pack`. ret has room for them. -ENOMEM. */
int dlo_exceptions_pack(const struct dlo_exception_set *x,
	struct dlo_pack *pack, struct dlo_packed_exception *ret);

/*
 * Adds n of them, whose numbers may be any, and whose places are in text[0..
 * n_text). `rules` interns the texts. 0; 1: they are not whole; -ENOMEM.
 */
int dlo_exceptions_unpack(struct dlo_exceptions *x, struct dlo_rules *rules,
	const struct dlo_packed_exception *row, uint32_t n, const char *text,
	uint32_t n_text);

#endif
