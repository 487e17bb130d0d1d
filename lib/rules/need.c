/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * need.c - what exceptions are good for, with the lists that are loaded.
 *
 * Theory of operation: *.portmap.* in a list and ngork.io among exceptions have
 * names in common, a.portmap.ngork.io, but nobody wrote either for them: the
 * exception is a slip for ngrok.io. So where one of two patterns is no glob,
 * they need each other when a name that the one stands for, with an octet in
 * the place of each wildcard, matches the other. Of two globs, any name in
 * common will do.
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

#define STAND_IN "\\001" /* for a wildcard; in no pattern of a person */
#define TEXT_MAX (sizeof(STAND_IN) * 2 * DLO_NAME_TEXT_MAX)

/* A pattern and the names that it stands for: of x.y also one below it. */
struct sample {
	struct dlo_pattern pattern;
	struct dlo_symbols symbols;
	struct dlo_name name[2];
	struct dlo_name_buf buf[2];
	unsigned n_names;
};

/* An exception of this site. */
struct candidate {
	struct sample sample;
	unsigned number;
};

struct search {
	struct sample listed;
	struct candidate *exception; /* exception[0..n) */
	unsigned n;
	char text[TEXT_MAX];
	char canonical[DLO_PATTERN_TEXT_MAX];
};

/* Canonical text, less a leading =, with a stand-in for each wildcard. */
static size_t fill(const char *pattern, char *to)
{
	size_t n = 0;

	for (const char *p = pattern + (*pattern == '='); *p; p++) {
		if (*p == '*' || *p == '?') {
			memcpy(to + n, STAND_IN, sizeof(STAND_IN) - 1);
			n += sizeof(STAND_IN) - 1;
			continue;
		}
		to[n++] = *p;
		if (*p == '\\') {
			to[n++] = *++p;
		}
	}
	return n;
}

/* A name that gets too long by the octets put in is left out. */
static void add_name(struct sample *s, const char *text, size_t len)
{
	const char *msg;
	size_t at;

	if (!dlo_name_parse(text, len, &s->buf[s->n_names],
		    &s->name[s->n_names], &at, &msg)) {
		s->n_names++;
	}
}

/* Reads back the text of a pattern that was loaded. */
static int read_sample(struct search *s, const char *text, struct sample *ret)
{
	static const char below[] = STAND_IN ".";
	size_t at, len;
	const char *msg;
	int err =
		dlo_pattern_parse(text, strlen(text), &ret->pattern, &at, &msg);

	if (err) {
		return err < 0 ? err : -EINVAL;
	}
	dlo_symbols(&ret->pattern, &ret->symbols);
	ret->n_names = 0;
	memcpy(s->text, below, sizeof(below) - 1);
	len = fill(text, s->text + sizeof(below) - 1);
	add_name(ret, s->text + sizeof(below) - 1, len);
	if (ret->pattern.kind == DLO_PATTERN_DOMAIN) {
		add_name(ret, s->text, sizeof(below) - 1 + len);
	}
	return 0;
}

static bool matches_any(const struct dlo_pattern *p, const struct sample *s)
{
	bool any = false;

	for (unsigned i = 0; i < s->n_names; i++) {
		any |= dlo_pattern_matches(p, &s->name[i]);
	}
	return any;
}

static bool meet(const struct sample *a, const struct sample *b)
{
	if (a->pattern.kind == DLO_PATTERN_GLOB &&
		b->pattern.kind == DLO_PATTERN_GLOB) {
		return dlo_symbols_meet(&a->symbols, &b->symbols);
	}
	return matches_any(&a->pattern, b) || matches_any(&b->pattern, a);
}

/* Whether the exception is for alerts of the pattern's rule and service. */
static bool is_for(
	const struct dlo_exception_info *e, const struct dlo_pattern_info *p)
{
	return (!*e->rule || !strcmp(e->rule, p->rule_id)) &&
	       (!*e->service || !strcmp(e->service, p->service));
}

static int hold(struct search *s, const struct dlo_ruleset *rs, uint32_t id,
	const struct dlo_pattern_info *p, enum dlo_need *need)
{
	int err;

	dlo_ruleset_text(rs, id, s->canonical);
	err = read_sample(s, s->canonical, &s->listed);

	for (unsigned k = 0; k < s->n && !err; k++) {
		const struct candidate *c = &s->exception[k];

		if (need[c->number] != DLO_NEED_NAME &&
			is_for(dlo_ruleset_exception(rs, c->number), p)) {
			need[c->number] = meet(&c->sample, &s->listed)
						  ? DLO_NEED_NAME
						  : DLO_NEED_ALIAS;
		}
	}
	return err;
}

/* What a list excepts of itself is nobody's slip, and there may be many. */
static int read_exceptions(
	struct search *s, const struct dlo_ruleset *rs, enum dlo_need *need)
{
	unsigned n = dlo_ruleset_n_exceptions(rs), n_own = 0;
	int err = 0;

	for (unsigned i = 0; i < n; i++) {
		bool own = !dlo_ruleset_exception(rs, i)->of_list;

		need[i] = own ? DLO_NEED_NONE : DLO_NEED_NAME;
		n_own += own;
	}
	s->exception = calloc(n_own + 1u, sizeof(*s->exception));
	if (!s->exception) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < n && !err; i++) {
		if (need[i] == DLO_NEED_NONE) {
			struct candidate *c = &s->exception[s->n++];

			c->number = i;
			err = read_sample(s,
				dlo_ruleset_exception(rs, i)->pattern,
				&c->sample);
		}
	}
	return err;
}

static int search(
	struct search *s, const struct dlo_ruleset *rs, enum dlo_need *need)
{
	unsigned n_patterns = dlo_ruleset_n_patterns(rs);
	struct dlo_pattern_info p;
	int err = read_exceptions(s, rs, need);

	for (unsigned i = 0; s->n && i < n_patterns && !err; i++) {
		dlo_ruleset_pattern(rs, i, &p);
		if (p.action != DLO_ACTION_OFF) {
			err = hold(s, rs, i, &p, need);
		}
	}
	return err;
}

int dlo_ruleset_needs(const struct dlo_ruleset *rs, enum dlo_need *ret)
{
	struct search *s = calloc(1, sizeof(*s));
	int err = s ? search(s, rs, ret) : -ENOMEM;

	if (s) {
		free(s->exception);
		free(s);
	}
	return err;
}
