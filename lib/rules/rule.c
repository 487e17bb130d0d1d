/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule.c - what patterns stand for, and the patterns of a set that is being
 * gathered.
 */
#include "rules/rule.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MIN 16u

static_assert(sizeof(struct dlo_rule) ==
		      8 * sizeof(const char *) + 2 * sizeof(uint32_t),
	"rules are compared octet by octet");

/* Severities: Elastic's, in Sigma's order. */
static const struct level {
	const char *name;
	unsigned severity;
} levels[] = {
	[DLO_LEVEL_INFORMATIONAL] = {"informational", 1},
	[DLO_LEVEL_LOW] = {"low", 21},
	[DLO_LEVEL_MEDIUM] = {"medium", 47},
	[DLO_LEVEL_HIGH] = {"high", 73},
	[DLO_LEVEL_CRITICAL] = {"critical", 99},
};
static_assert(sizeof(levels) / sizeof(*levels) == DLO_LEVEL__N,
	"every level has a name");
const struct dlo_words dlo_level_words = DLO_WORDS("level", levels);

static const char *const actions[] = {
	[DLO_ACTION_ALERT] = "alert",
	[DLO_ACTION_COUNT] = "count",
	[DLO_ACTION_OFF] = "off",
};
static_assert(sizeof(actions) / sizeof(*actions) == DLO_ACTION__N,
	"every action has a name");

const char *dlo_level_name(enum dlo_level level)
{
	return (unsigned)level < DLO_LEVEL__N ? levels[level].name : "";
}

unsigned dlo_level_severity(enum dlo_level level)
{
	return (unsigned)level < DLO_LEVEL__N ? levels[level].severity : 0;
}

const char *dlo_action_name(enum dlo_action action)
{
	return (unsigned)action < DLO_ACTION__N ? actions[action] : "";
}

void dlo_rules_fini(struct dlo_rules *r)
{
	dlo_matcher_builder_free(r->matcher);
	dlo_intern_fini(&r->texts);
	dlo_intern_fini(&r->rules);
	free(r->run);
	dlo_arena_free(&r->arena);
	*r = (struct dlo_rules){0};
}

int dlo_rules_text(
	struct dlo_rules *r, const char *p, size_t len, const char **ret)
{
	uint32_t i;

	if (dlo_intern(&r->texts, &r->arena, p, len, &i) < 0) {
		return -ENOMEM;
	}
	*ret = r->texts.entry[i].bytes;
	return 0;
}

static int reserve_run(struct dlo_rules *r)
{
	uint32_t cap = r->runs_cap ? r->runs_cap * 2 : RUNS_MIN;
	struct dlo_run *run;

	if (r->n_runs < r->runs_cap) {
		return 0;
	}
	run = realloc(r->run, (size_t)cap * sizeof(*run));
	if (!run) {
		return -ENOMEM;
	}
	r->run = run;
	r->runs_cap = cap;
	return 0;
}

/* The number of the rule; mostly it is the one of the pattern before. */
static int intern_rule(
	struct dlo_rules *r, const struct dlo_rule *rule, uint32_t *ret)
{
	uint32_t last = r->n_runs ? r->run[r->n_runs - 1].rule : 0;

	if (r->n_runs &&
		!memcmp(r->rules.entry[last].bytes, rule, sizeof(*rule))) {
		*ret = last;
		return 0;
	}
	return dlo_intern(&r->rules, &r->arena, rule, sizeof(*rule), ret);
}

static int matcher_add(struct dlo_rules *r, const struct dlo_pattern *p,
	const char **reterr_msg)
{
	int err = r->matcher ? 0 : dlo_matcher_builder_new(&r->matcher);

	return err < 0 ? err : dlo_matcher_add(r->matcher, p, reterr_msg);
}

/* Notes where the next pattern stands. */
static void note(struct dlo_rules *r, unsigned line, uint32_t rule)
{
	const struct dlo_run *last = r->run + r->n_runs - 1;

	if (!r->n_runs || last->rule != rule ||
		line - last->line != r->n - last->first) {
		r->run[r->n_runs++] = (struct dlo_run){
			.first = r->n, .line = line, .rule = rule};
	}
	r->n++;
}

int dlo_rules_add(struct dlo_rules *r, const struct dlo_pattern *p,
	unsigned line, const struct dlo_rule *rule, const char **reterr_msg)
{
	uint32_t rule_i;
	int err;

	if (r->n >= DLO_PATTERNS_MAX) {
		*reterr_msg = "too many patterns for one rule set";
		return 1;
	}
	if (reserve_run(r) < 0 || intern_rule(r, rule, &rule_i) < 0) {
		return -ENOMEM;
	}
	err = matcher_add(r, p, reterr_msg);
	if (!err) {
		note(r, line, rule_i);
	}
	return err;
}

struct dlo_rules_mark dlo_rules_mark(const struct dlo_rules *r)
{
	return (struct dlo_rules_mark){r->n, r->n_runs};
}

void dlo_rules_rewind(struct dlo_rules *r, struct dlo_rules_mark mark)
{
	r->n = mark.n;
	r->n_runs = mark.n_runs;
	if (r->matcher) {
		dlo_matcher_cut(r->matcher, mark.n);
	}
}
