/* SPDX-License-Identifier: BSD-2-Clause */
/* via.h - aliases and addresses of an answer, packed into a record. */
#ifndef DLO_WIRE_VIA_H
#define DLO_WIRE_VIA_H

#include <stdbool.h>
#include <stddef.h>

#include "dnslookout.h"
#include "wire/answer.h"
#include "wire/chain.h"

/* Takes all of an answer out of a record. */
void dlo_via_clear(struct dlo_record *rec);

/* For an event: what the answer's links lead to, as they stand, and its
 * addresses. */
void dlo_via_answer(struct dlo_record *rec, const struct dlo_answer *a);

/* For an alert on what `link` leads to: the way there, and the answer's
 * addresses. */
void dlo_via_path(
	struct dlo_record *rec, const struct dlo_chain *c, unsigned link);

/* For an alert on the question of an answer: the answer's addresses. */
void dlo_via_addresses(struct dlo_record *rec, const struct dlo_answer *a);

/*
 * Reads the next name; *at begins with 0. ret->name points into the record,
 * which must stay. False: there is none.
 */
bool dlo_via_next(
	const struct dlo_record *rec, size_t *at, struct dlo_hop *ret);

static inline bool dlo_via_truncated(const struct dlo_record *rec)
{
	return rec->n_via < rec->n_via_total;
}

#endif
