/* SPDX-License-Identifier: BSD-2-Clause */
/* judge.h - a message -> records: screen, match, decide, limit, decode. */
#ifndef DLO_JUDGE_H
#define DLO_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/distinct.h"
#include "base/stats.h"
#include "dnslookout.h"
#include "engine_rules.h"
#include "rules/ruleset.h"
#include "wire/answer.h"
#include "wire/chain.h"
#include "wire/message.h"
#include "wire/pair.h"

/* Decodings by ldns that one engine may ask for in a second of packet time. */
#define DLO_DECODE_PER_S 10000u

/* Groups of one look-up that are told apart; those beyond may be said twice. */
#define DLO_SAID_MAX 64u

struct dlo_judge {
	const struct dlo_engine_config *cfg;
	struct dlo_engine_rules *rules;
	struct dlo_stats *stats;
	struct dlo_pair *pair; /* of queries that matched */
	struct dlo_distinct clients;
	uint64_t now_ns; /* packet time */
	uint64_t decode_second;
	unsigned n_decoded; /* in it */

	/* The message under way. */
	const struct dlo_delivery *from;
	const struct dlo_frame *frame; /* NULL: it is not of this one */
	bool emitting; /* records of it went out, the newest is in `record` */
	unsigned n_emitted; /* of its questions */
	struct dlo_record record;
	struct dlo_verdict verdict[DLO_HITS_MAX];
	uint32_t hit[DLO_HITS_MAX];
	bool response;
	unsigned n_said; /* groups that this look-up has been judged for */
	uint32_t said[DLO_SAID_MAX];
	struct dlo_message message;
	struct dlo_answer answer; /* of a response */
	struct dlo_chain chain; /* from its first question */
};

/* The caller set cfg and stats, all else is zero. -ENOMEM, -EINVAL. */
int dlo_judge_init(struct dlo_judge *j, const struct dlo_ruleset *set);
void dlo_judge_fini(struct dlo_judge *j);

/*
 * Judges a message and counts it. `frame` made it whole; NULL: none did, its
 * octets are not recorded. Of a partial one nothing is said when it has no
 * whole question.
 */
void dlo_judge_message(struct dlo_judge *j, const struct dlo_delivery *from,
	const struct dlo_frame *frame);

/* Closes the limit's windows that are over; UINT64_MAX: all, unless other
 * engines that share it go on. */
void dlo_judge_flush(struct dlo_judge *j, uint64_t now_ns);

/* Closes them all: time has jumped back. */
void dlo_judge_close(struct dlo_judge *j);

/* Gives up the old rules, all windows closed that no other engine has too, for
 * new ones. */
struct dlo_engine_rules *dlo_judge_swap(
	struct dlo_judge *j, struct dlo_engine_rules *rules);

/* Forgets all but the tally. */
void dlo_judge_restart(struct dlo_judge *j);

#endif
