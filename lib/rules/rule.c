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

#define ROWS_MIN 256u
#define TEXT_MIN 4096u

static_assert(sizeof(struct dlo_rule) ==
		      8 * sizeof(const char *) + 4 * sizeof(uint32_t),
	"rules are compared octet by octet");
static_assert(sizeof(struct dlo_row) <= 16, "lists have millions of patterns");

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
	free(r->row);
	free(r->text);
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

/* Makes room for one more row and `len` octets of text. */
static int reserve(struct dlo_rules *r, size_t len)
{
	if (r->n_rows == r->rows_cap) {
		uint32_t cap = r->rows_cap ? r->rows_cap * 2 : ROWS_MIN;
		struct dlo_row *row;

		row = realloc(r->row, (size_t)cap * sizeof(*row));
		if (!row) {
			return -ENOMEM;
		}
		r->row = row;
		r->rows_cap = cap;
	}
	if (r->text_cap - r->text_len < len) {
		size_t cap = r->text_cap * 2 + len + TEXT_MIN;
		char *text = realloc(r->text, cap);

		if (!text) {
			return -ENOMEM;
		}
		r->text = text;
		r->text_cap = cap;
	}
	return 0;
}

/* The number of the rule; mostly it is the one of the pattern before. */
static int intern_rule(
	struct dlo_rules *r, const struct dlo_rule *rule, uint32_t *ret)
{
	uint32_t last = r->n_rows ? r->row[r->n_rows - 1].rule : 0;

	if (r->n_rows &&
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

int dlo_rules_add(struct dlo_rules *r, const struct dlo_pattern *p,
	unsigned line, const struct dlo_rule *rule, const char **reterr_msg)
{
	size_t len = (size_t)p->text_len + 1;
	uint32_t rule_i;
	int err;

	if (r->n_rows >= UINT32_MAX / 2 || r->text_len > UINT32_MAX - len) {
		*reterr_msg = "too many patterns for one rule set";
		return 1;
	}
	if (reserve(r, len) < 0 || intern_rule(r, rule, &rule_i) < 0) {
		return -ENOMEM;
	}
	err = matcher_add(r, p, reterr_msg);
	if (err) {
		return err;
	}
	memcpy(r->text + r->text_len, p->text, len);
	r->row[r->n_rows++] = (struct dlo_row){
		.text = (uint32_t)r->text_len, .line = line, .rule = rule_i};
	r->text_len += len;
	return 0;
}

struct dlo_rules_mark dlo_rules_mark(const struct dlo_rules *r)
{
	return (struct dlo_rules_mark){r->n_rows, r->text_len};
}

int dlo_rules_rewind(struct dlo_rules *r, struct dlo_rules_mark mark,
	struct dlo_pattern *scratch)
{
	const char *msg;
	uint32_t i;
	size_t at;

	if (r->n_rows == mark.n_rows) {
		return 0;
	}
	r->n_rows = mark.n_rows;
	r->text_len = mark.text_len;
	r->matcher = dlo_matcher_builder_free(r->matcher);
	for (i = 0; i < r->n_rows; i++) {
		const char *text = r->text + r->row[i].text;
		int err = dlo_pattern_parse(
			text, strlen(text), scratch, &at, &msg);

		/* What was taken once is taken again. */
		err = err ? err : matcher_add(r, scratch, &msg);
		if (err) {
			return err < 0 ? err : -EINVAL;
		}
	}
	return 0;
}
