/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * need.c - what exceptions are good for, with the lists that are loaded.
 *
 * Cold: every pattern is held against every exception that has not found one
 * yet, which nearly all do at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dnslookout.h"
#include "match/meet.h"
#include "match/pattern.h"

struct search {
	struct dlo_pattern pattern; /* scratch */
	struct dlo_symbols listed, *exception;
};

/* Patterns of a rule set are read back as they were. */
static int read_symbols(
	struct search *s, const char *text, struct dlo_symbols *ret)
{
	const char *msg;
	size_t at;
	int err = dlo_pattern_parse(text, strlen(text), &s->pattern, &at, &msg);

	if (!err) {
		dlo_symbols(&s->pattern, ret);
	}
	return err < 0 ? err : 0;
}

/* Whether the exception is for alerts of the pattern's rule and service. */
static bool is_for(
	const struct dlo_exception_info *e, const struct dlo_pattern_info *p)
{
	return (!*e->rule || !strcmp(e->rule, p->rule_id)) &&
	       (!*e->service || !strcmp(e->service, p->service));
}

static int hold(struct search *s, const struct dlo_ruleset *rs,
	const struct dlo_pattern_info *p, enum dlo_need *need)
{
	unsigned n = dlo_ruleset_n_exceptions(rs);
	bool read = false;
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		if (need[i] == DLO_NEED_NAME ||
			!is_for(dlo_ruleset_exception(rs, i), p)) {
			continue;
		}
		if (!read) {
			err = read_symbols(s, p->text, &s->listed);
			read = true;
		}
		need[i] = DLO_NEED_ALIAS;
		if (!err && dlo_symbols_meet(&s->exception[i], &s->listed)) {
			need[i] = DLO_NEED_NAME;
		}
	}
	return err;
}

static int search(
	struct search *s, const struct dlo_ruleset *rs, enum dlo_need *need)
{
	unsigned n = dlo_ruleset_n_exceptions(rs),
		 n_patterns = dlo_ruleset_n_patterns(rs);
	struct dlo_pattern_info p;
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		need[i] = DLO_NEED_NONE;
		err = read_symbols(s, dlo_ruleset_exception(rs, i)->pattern,
			&s->exception[i]);
	}
	for (unsigned i = 0; i < n_patterns && !err; i++) {
		dlo_ruleset_pattern(rs, i, &p);
		if (p.action != DLO_ACTION_OFF) {
			err = hold(s, rs, &p, need);
		}
	}
	return err;
}

int dlo_ruleset_needs(const struct dlo_ruleset *rs, enum dlo_need *ret)
{
	unsigned n = dlo_ruleset_n_exceptions(rs);
	struct search *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	if (s) {
		s->exception = calloc(n + 1u, sizeof(*s->exception));
		err = s->exception ? search(s, rs, ret) : -ENOMEM;
		free(s->exception);
		free(s);
	}
	return err;
}
