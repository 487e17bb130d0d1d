/* SPDX-License-Identifier: BSD-2-Clause */
/* chain.h - from a question along the aliases of its answer. */
#ifndef DLO_WIRE_CHAIN_H
#define DLO_WIRE_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/answer.h"
#include "wire/name.h"

#define DLO_CHAIN_HOPS 16
#define DLO_CHAIN_UNREACHED 255 /* dlo_chain_link.from: no way leads there */
#define DLO_CHAIN_QUESTION 254 /* dlo_chain_link.from: the question */

/* What became of the link of the same number in the answer. */
struct dlo_chain_link {
	struct dlo_name name; /* that it leads to: its target, or the name that
				 a DNAME on the way makes */
	uint8_t from; /* the link that led to its owner */
	uint8_t n_hops; /* from the question; 0: not reached */
	bool twin; /* leads from where another one leads to the same name, as a
		      DNAME beside the CNAME made from it: do not count it */
	bool loop; /* leads back to a name on its own way */
};

/*
 * The ways from one name through the links of an answer. Views into the answer
 * and into `made`. About 10 KiB, touched as far as links go.
 */
struct dlo_chain {
	const struct dlo_answer *answer;
	bool loop; /* there is a loop */
	bool too_long; /* there is a way of more than DLO_CHAIN_HOPS */
	bool has_dname;
	uint8_t n_reached; /* of order[]; then come the others */
	uint8_t order[DLO_ANSWER_LINKS]; /* links, those near the question
					    first, then as they stand */
	struct dlo_chain_link link[DLO_ANSWER_LINKS]; /* answer->n_links */
	uint64_t owner_hash[DLO_ANSWER_LINKS], name_hash[DLO_ANSWER_LINKS];
	struct dlo_name_buf made[DLO_ANSWER_LINKS]; /* by DNAMEs */
};

/* One name of a way. */
struct dlo_hop {
	struct dlo_name name;
	uint16_t type; /* of the link that leads there; 0: none does */
};

/*
 * Finds the ways from `name`. Each link is taken once, so the walk ends. Names
 * are equal without regard to case. A DNAME whose owner is a proper suffix of
 * a name on the way, by labels, leads on to what RFC 6672 2.2 makes of it
 * (over 255 octets: nowhere). O(links^2) comparisons of hashes, and for each
 * DNAME and name one of octets.
 */
void dlo_chain_build(struct dlo_chain *c, const struct dlo_answer *a,
	const struct dlo_name *name);

/*
 * The names from the first hop after the question to what `link` leads to; for
 * a link that is not reached its owner and its target. Returns how many.
 */
unsigned dlo_chain_path(const struct dlo_chain *c, unsigned link,
	struct dlo_hop path[DLO_CHAIN_HOPS]);

#endif
