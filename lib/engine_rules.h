/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_rules.h - what an engine has of one rule set, and goes with it. */
#ifndef DLO_ENGINE_RULES_H
#define DLO_ENGINE_RULES_H

#include "alert/limit.h"
#include "alert/tally.h"
#include "base/stats.h"
#include "dnslookout.h"
#include "rules/exception.h"

struct dlo_engine_rules {
	const struct dlo_ruleset *set;
	struct dlo_limit *limit; /* may be shared; NULL: no limit */
	bool asking; /* it, since the last flush of all */
	struct dlo_tally *tally;
	struct dlo_exception_hits *exception; /* by number */
	/* Of the engine that they are in; NULL: of none. */
	const struct dlo_engine_config *cfg;
	struct dlo_stats *stats;
};

/* They are an engine's now: closing lines go to cfg's record(). */
void dlo_engine_rules_begin(struct dlo_engine_rules *r,
	const struct dlo_engine_config *cfg, struct dlo_stats *stats);

/* They are nobody's any more. now_ns: packet time. */
void dlo_engine_rules_end(struct dlo_engine_rules *r, uint64_t now_ns);

/* Whether an alert may go out, or was counted; see limit.h. */
bool dlo_engine_rules_pass(
	struct dlo_engine_rules *r, const struct dlo_limit_alert *alert);

/* Closes the limit's windows: those that are over; all; all unless another
 * engine that has the limit too goes on. */
void dlo_engine_rules_expire(struct dlo_engine_rules *r, uint64_t now_ns);
void dlo_engine_rules_close(struct dlo_engine_rules *r, uint64_t now_ns);
void dlo_engine_rules_leave(struct dlo_engine_rules *r, uint64_t now_ns);

#endif
