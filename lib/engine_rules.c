/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_rules.c - what an engine has of one rule set, and goes with it. */
#include "engine_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/ruleset.h"

/* ---- closing lines ------------------------------------------------------ */

static void on_closing(void *ctx, const struct dlo_limit_closing *closing)
{
	const struct dlo_engine_rules *r = ctx;
	struct dlo_record rec = {
		.rules = r->set,
		.kind = DLO_RECORD_CLOSING,
		.flags = DLO_RECORD_FIRST | DLO_RECORD_LAST,
		.level = closing->level,
		.n_matches = closing->n_matches,
		.n_matches_total = closing->n_matches,
		.count = closing->count,
		.first_ns = closing->first_ns,
		.last_ns = closing->last_ns,
		.n_clients = closing->ip_version ? 1 : 0,
		.meta.ts_ns = closing->closed_ns,
		.meta.ip_version = closing->ip_version,
	};

	memcpy(rec.match, closing->match, sizeof(closing->match));
	memcpy(rec.meta.src, closing->client, sizeof(closing->client));
	dlo_stats_add(r->stats, DLO_STAT_CLOSINGS, 1);
	r->cfg->record(r->cfg->ctx, &rec);
}

static struct dlo_limit_out out_of(struct dlo_engine_rules *r)
{
	return (struct dlo_limit_out){.close = on_closing, .ctx = r};
}

static void enter(struct dlo_engine_rules *r)
{
	if (r->limit && !r->asking) {
		r->asking = true;
		dlo_limit_enter(r->limit);
	}
}

bool dlo_engine_rules_pass(
	struct dlo_engine_rules *r, const struct dlo_limit_alert *alert)
{
	struct dlo_limit_out out = out_of(r);

	enter(r);
	return !r->limit || dlo_limit_pass(r->limit, alert, &out);
}

void dlo_engine_rules_expire(struct dlo_engine_rules *r, uint64_t now_ns)
{
	struct dlo_limit_out out = out_of(r);

	if (r->limit) {
		dlo_limit_expire(r->limit, now_ns, &out);
	}
}

void dlo_engine_rules_close(struct dlo_engine_rules *r, uint64_t now_ns)
{
	struct dlo_limit_out out = out_of(r);

	if (r->limit) {
		dlo_limit_close_all(r->limit, now_ns, &out);
	}
}

void dlo_engine_rules_leave(struct dlo_engine_rules *r, uint64_t now_ns)
{
	struct dlo_limit_out out = out_of(r);

	if (r->asking) {
		r->asking = false;
		dlo_limit_leave(r->limit, now_ns, &out);
	}
}

void dlo_engine_rules_begin(struct dlo_engine_rules *r,
	const struct dlo_engine_config *cfg, struct dlo_stats *stats)
{
	r->cfg = cfg;
	r->stats = stats;
	enter(r);
}

void dlo_engine_rules_end(struct dlo_engine_rules *r, uint64_t now_ns)
{
	dlo_engine_rules_leave(r, now_ns);
	r->cfg = NULL;
	r->stats = NULL;
}

/* ---- what was counted --------------------------------------------------- */

uint64_t dlo_engine_rules_exception(
	const struct dlo_engine_rules *r, uint32_t i, uint64_t *ret_last_ns)
{
	const struct dlo_exception_hits *h = &r->exception[i];

	*ret_last_ns = atomic_load_explicit(&h->last_ns, memory_order_relaxed);
	return atomic_load_explicit(&h->n, memory_order_relaxed);
}

struct tally_out {
	const struct dlo_ruleset *set;
	void (*row)(void *ctx, const struct dlo_tally_row *row);
	void *ctx;
};

static void on_tally(void *ctx, const struct dlo_tally_count *count)
{
	const struct tally_out *out = ctx;
	struct dlo_pattern_info p;
	struct dlo_tally_row row = {
		.ip_version = count->ip_version, .count = count->count};

	dlo_ruleset_pattern(out->set,
		dlo_ruleset_group_pattern(out->set, count->group), &p);
	row.rule_id = p.rule_id;
	row.title = p.title;
	row.category = p.category;
	row.service = p.service;
	memcpy(row.client, count->client, sizeof(row.client));
	out->row(out->ctx, &row);
}

void dlo_engine_rules_tally(const struct dlo_engine_rules *r,
	void (*row)(void *ctx, const struct dlo_tally_row *row), void *ctx)
{
	struct tally_out out = {.set = r->set, .row = row, .ctx = ctx};

	dlo_tally_each(r->tally, on_tally, &out);
}

/* ---- making one --------------------------------------------------------- */

static int init(struct dlo_engine_rules *r, const struct dlo_engine_config *cfg)
{
	uint32_t n_groups = dlo_ruleset_n_groups(r->set);
	int err = dlo_tally_new(n_groups, cfg->seed, &r->tally);

	r->exception = calloc(
		dlo_ruleset_n_exceptions(r->set) + 1u, sizeof(*r->exception));
	if (!r->exception) {
		return -ENOMEM;
	}
	if (!err && cfg->limit_of && cfg->limit_of->limit) {
		r->limit = dlo_limit_share(cfg->limit_of->limit);
	} else if (!err && cfg->limit_n) {
		err = dlo_limit_new(cfg->limit_n, cfg->limit_s, n_groups,
			cfg->seed, &r->limit);
	}
	return err;
}

int dlo_engine_rules_new(const struct dlo_engine_config *cfg,
	const struct dlo_ruleset *set, struct dlo_engine_rules **ret)
{
	struct dlo_engine_rules *r;
	int err;

	if (!cfg->limit_n != !cfg->limit_s ||
		(cfg->limit_of && cfg->limit_of->set != set)) {
		return -EINVAL;
	}
	r = calloc(1, sizeof(*r));
	if (!r) {
		return -ENOMEM;
	}
	r->set = set;
	err = init(r, cfg);
	if (err) {
		dlo_engine_rules_free(r);
		return err;
	}
	*ret = r;
	return 0;
}

struct dlo_engine_rules *dlo_engine_rules_free(struct dlo_engine_rules *r)
{
	if (r) {
		dlo_limit_free(r->limit);
		dlo_tally_free(r->tally);
		free(r->exception);
		free(r);
	}
	return NULL;
}
