/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain.c - what the packet path says about a name in text.
 *
 * The very functions of the packet path answer, dlo_ruleset_match(),
 * dlo_ruleset_decide() and dlo_ruleset_except(); only the reading of the name
 * and the room for the answer are its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dnslookout.h"
#include "match/pattern.h"
#include "rules/ruleset.h"
#include "wire/name.h"

#define ROOM_MIN 64u
#define TEXT_MAX 4096u /* every octet of a name escaped, four times over */

struct dlo_explainer {
	const struct dlo_ruleset *rules;
	size_t room; /* matches that the arrays hold */
	uint32_t *match; /* ascending */
	uint32_t *grouped; /* the same, by verdict */
	struct dlo_verdict *verdict;
	struct dlo_explained_alert *alert;
	struct dlo_asker who;
	uint8_t client[16];
	uint32_t *candidate; /* exceptions whose pattern matches */
	struct dlo_explained_exception *exception;
	struct dlo_name_buf name;
	struct dlo_pattern pattern; /* of a name with IDN labels */
	char text[TEXT_MAX + 1];
};

static void free_arrays(struct dlo_explainer *x)
{
	free(x->match);
	free(x->grouped);
	free(x->verdict);
	free(x->alert);
	x->match = x->grouped = NULL;
	x->verdict = NULL;
	x->alert = NULL;
	x->room = 0;
}

/* Makes room for that many matches; what the arrays held is lost. */
static int make_room(struct dlo_explainer *x, size_t room)
{
	free_arrays(x);
	x->match = calloc(room, sizeof(*x->match));
	x->grouped = calloc(room, sizeof(*x->grouped));
	x->verdict = calloc(room, sizeof(*x->verdict));
	x->alert = calloc(room, sizeof(*x->alert));
	if (!x->match || !x->grouped || !x->verdict || !x->alert) {
		free_arrays(x);
		return -ENOMEM;
	}
	x->room = room;
	return 0;
}

int dlo_explainer_new(const struct dlo_ruleset *rs, struct dlo_explainer **ret)
{
	struct dlo_explainer *x = calloc(1, sizeof(*x));

	if (!x) {
		return -ENOMEM;
	}
	x->rules = rs;
	x->candidate = calloc(
		dlo_ruleset_n_exceptions(rs) + 1u, sizeof(*x->candidate));
	if (!x->candidate) {
		free(x);
		return -ENOMEM;
	}
	*ret = x;
	return 0;
}

struct dlo_explainer *dlo_explainer_free(struct dlo_explainer *x)
{
	if (x) {
		free_arrays(x);
		free(x->candidate);
		free(x->exception);
		free(x);
	}
	return NULL;
}

void dlo_explainer_ask(struct dlo_explainer *x, const uint8_t *client,
	unsigned ip_version, uint64_t ts_ns)
{
	if (ip_version) {
		memcpy(x->client, client, ip_version == 4 ? 4 : 16);
	}
	x->who = (struct dlo_asker){.client = x->client,
		.ip_version = (uint8_t)ip_version,
		.ts_ns = ts_ns};
}

static bool is_ascii(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len && (unsigned char)text[i] < 0x80; i++) {
	}
	return i == len;
}

/* Reads a name with IDN labels as the pattern =name, whose wire form it is. */
static int read_idn(struct dlo_explainer *x, const char *text, size_t len,
	struct dlo_name *ret, size_t *reterr_at, const char **reterr_msg)
{
	size_t at;
	int err;

	x->text[0] = '=';
	memcpy(x->text + 1, text, len);
	err = dlo_pattern_parse(x->text, len + 1, &x->pattern, &at, reterr_msg);
	if (!err) {
		dlo_name_copy(
			&x->name, x->pattern.wire, x->pattern.wire_len, ret);
	}
	*reterr_at = err && at ? at - 1 : 0;
	return err;
}

static int read_name(struct dlo_explainer *x, const char *text, size_t len,
	struct dlo_name *ret, size_t *reterr_at, const char **reterr_msg)
{
	if (is_ascii(text, len)) {
		return dlo_name_parse(
			text, len, &x->name, ret, reterr_at, reterr_msg);
	}
	if (len >= TEXT_MAX) {
		*reterr_at = TEXT_MAX;
		*reterr_msg = "a name over 255 octets";
		return 1;
	}
	return read_idn(x, text, len, ret, reterr_at, reterr_msg);
}

/* Finds all patterns that match, however many they are. */
static int match(
	struct dlo_explainer *x, const struct dlo_name *name, size_t *ret)
{
	size_t n = x->room ? 0 : ROOM_MIN;

	for (;;) {
		if (n > x->room && make_room(x, n) < 0) {
			return -ENOMEM;
		}
		n = dlo_ruleset_match(x->rules, name, x->match, x->room);
		if (n <= x->room) {
			*ret = n;
			return 0;
		}
	}
}

/* Fills in what the packet path makes of the n matches. */
static void decide(struct dlo_explainer *x, const struct dlo_name *name,
	size_t n, struct dlo_explanation *ret)
{
	const struct dlo_verdict *v = x->verdict;
	size_t i, n_verdicts;

	memcpy(x->grouped, x->match, n * sizeof(*x->match));
	n_verdicts = dlo_ruleset_decide(x->rules, x->grouped, n, x->verdict);
	for (i = 0; i < n_verdicts; i++) {
		struct dlo_excepted e = {0};

		if (v[i].action != DLO_ACTION_OFF) {
			dlo_ruleset_except(x->rules, name, &v[i], &x->who, &e);
		}
		x->alert[i] = (struct dlo_explained_alert){
			.match = v[i].match,
			.n_matches = v[i].n_matches,
			.level = v[i].level,
			.action = v[i].action,
			.excepted = e.by,
		};
	}
	ret->match = x->match;
	ret->n_matches = (uint32_t)n;
	ret->alert = x->alert;
	ret->n_alerts = (uint32_t)n_verdicts;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Finds the exceptions whose pattern matches, in their order. */
static uint32_t find_candidates(
	struct dlo_explainer *x, const struct dlo_name *name)
{
	const struct dlo_exception_set *set = dlo_ruleset_exceptions(x->rules);
	uint32_t pattern[DLO_EXCEPTIONS_MAX], i, n_found = 0;
	size_t k, n = dlo_exceptions_match(set, name, pattern);

	for (k = 0; k < n; k++) {
		for (i = set->first[pattern[k]] + 1; i;
			i = set->row[i - 1].next) {
			x->candidate[n_found++] = i - 1;
		}
	}
	if (n_found) {
		qsort(x->candidate, n_found, sizeof(uint32_t), by_number);
	}
	return n_found;
}

static enum dlo_fate fate_of(const struct dlo_explainer *x, uint32_t exception,
	const struct dlo_explained_alert *alert)
{
	const struct dlo_exception_set *set = dlo_ruleset_exceptions(x->rules);
	struct dlo_subject what =
		dlo_ruleset_subject(x->rules, alert->match, alert->n_matches);
	enum dlo_fate fate =
		dlo_exception_fate(&set->row[exception], &what, &x->who);

	return fate == DLO_FATE_HIDES && alert->excepted != exception + 1
		       ? DLO_FATE_EARLIER
		       : fate;
}

/* What one list excepts has nothing to say to another. */
static bool is_elsewhere(
	const struct dlo_explainer *x, uint32_t exception, enum dlo_fate fate)
{
	return fate == DLO_FATE_RULE &&
	       dlo_ruleset_exception(x->rules, exception)->of_list;
}

/* Fills in what each exception does to each of ret->alert. */
static int weigh(struct dlo_explainer *x, const struct dlo_name *name,
	struct dlo_explanation *ret)
{
	uint32_t i, k, n = ret->n_alerts ? find_candidates(x, name) : 0;
	struct dlo_explained_exception *to;

	ret->n_exceptions = 0;
	free(x->exception);
	x->exception = to = n ? calloc((size_t)n * ret->n_alerts, sizeof(*to))
			      : NULL;
	if (n && !to) {
		return -ENOMEM;
	}
	for (i = 0; i < n; i++) {
		for (k = 0; k < ret->n_alerts; k++) {
			enum dlo_fate fate =
				fate_of(x, x->candidate[i], &ret->alert[k]);

			if (ret->alert[k].action == DLO_ACTION_OFF ||
				is_elsewhere(x, x->candidate[i], fate)) {
				continue;
			}
			to[ret->n_exceptions++] =
				(struct dlo_explained_exception){
					.exception = x->candidate[i],
					.alert = k,
					.fate = fate,
				};
		}
	}
	ret->exception = to;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int dlo_explain(struct dlo_explainer *x, const char *text, size_t len,
	struct dlo_explanation *ret, struct dlo_diag *reterr_diag)
{
	struct dlo_name name;
	const char *msg;
	size_t at, n, skip = 0;
	int err;

	for (; len && is_blank(text[len - 1]); len--) {
	}
	for (; skip < len && is_blank(text[skip]); skip++) {
	}
	err = read_name(x, text + skip, len - skip, &name, &at, &msg);
	if (err == 1) {
		*reterr_diag =
			(struct dlo_diag){.col = (unsigned)(skip + at) + 1};
		snprintf(reterr_diag->msg, sizeof(reterr_diag->msg), "%s", msg);
	}
	if (err || (err = match(x, &name, &n)) < 0) {
		return err;
	}
	dlo_name_print(&name, ret->name);
	decide(x, &name, n, ret);
	return weigh(x, &name, ret);
}
