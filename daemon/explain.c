/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.c - what a name matches, and why: for a person and as JSON. */
#include "explain.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <time.h>

#include "json_out.h"

bool explain_ask(struct dlo_explainer *x, const char *client)
{
	unsigned char address[16] = {0};
	unsigned version = 0;

	if (client) {
		version = inet_pton(AF_INET, client, address) == 1    ? 4
			  : inet_pton(AF_INET6, client, address) == 1 ? 6
								      : 0;
	}
	dlo_explainer_ask(
		x, address, version, (uint64_t)time(NULL) * 1000000000u);
	return !client || version;
}

/* ---- JSON --------------------------------------------------------------- */

/* What the rule of a pattern is. */
static void put_rule(FILE *f, const struct dlo_pattern_info *p)
{
	json_out_member(f, "rule", p->rule_id);
	fputc(',', f);
	json_out_member(f, "title", p->title);
	fputc(',', f);
	json_out_member(f, "category", p->category);
	fputc(',', f);
	json_out_member(f, "service", p->service);
}

static void put_match_json(
	FILE *f, const struct dlo_ruleset *rules, uint32_t id, bool first)
{
	char text[DLO_PATTERN_TEXT_MAX];
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, id, &p);
	dlo_ruleset_text(rules, id, text);
	fputs(first ? "{" : ",{", f);
	json_out_member(f, "pattern", text);
	fputc(',', f);
	json_out_member(f, "file", p.file);
	fprintf(f, ",\"line\":%u,", p.line);
	put_rule(f, &p);
	fprintf(f, ",\"level\":\"%s\",\"action\":\"%s\"}",
		dlo_level_name(p.level), dlo_action_name(p.action));
}

static void put_alert_json(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explained_alert *a, bool first)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, a->match[0], &p);
	fputs(first ? "{" : ",{", f);
	put_rule(f, &p);
	fprintf(f, ",\"level\":\"%s\",\"matches\":%" PRIu32 "}",
		dlo_level_name(a->level), a->n_matches);
}

static void put_exception_json(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explanation *x,
	const struct dlo_explained_exception *d, bool first)
{
	const struct dlo_exception_info *e =
		dlo_ruleset_exception(rules, d->exception);
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, x->alert[d->alert].match[0], &p);
	fputs(first ? "{" : ",{", f);
	json_out_exception(f, e);
	fputs(",\"alert\":{", f);
	json_out_member(f, "rule", p.rule_id);
	fputc(',', f);
	json_out_member(f, "service", p.service);
	fprintf(f, "},\"outcome\":\"%s\",\"why\":\"%s\"}",
		d->fate == DLO_FATE_HIDES ? "won" : "lost",
		dlo_fate_name(d->fate));
}

void explain_print_json(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explanation *x)
{
	bool first = true;

	fprintf(f, "{\"name\":");
	json_out(f, x->name);
	fprintf(f, ",\"matches\":[");
	for (uint32_t i = 0; i < x->n_matches; i++) {
		put_match_json(f, rules, x->match[i], i == 0);
	}
	fprintf(f, "],\"alerts\":[");
	for (uint32_t i = 0; i < x->n_alerts; i++) {
		if (x->alert[i].action == DLO_ACTION_ALERT &&
			!x->alert[i].excepted) {
			put_alert_json(f, rules, &x->alert[i], first);
			first = false;
		}
	}
	fprintf(f, "],\"exceptions\":[");
	for (uint32_t i = 0; i < x->n_exceptions; i++) {
		put_exception_json(f, rules, x, &x->exception[i], i == 0);
	}
	fprintf(f, "]}");
}

/* ---- text --------------------------------------------------------------- */

static void print_match(FILE *f, const struct dlo_ruleset *rules, uint32_t id)
{
	char text[DLO_PATTERN_TEXT_MAX];
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, id, &p);
	dlo_ruleset_text(rules, id, text);
	fprintf(f, "    %s  %s:%u%s%s\n", text, p.path, p.line,
		*p.note ? "  " : "", p.note);
}

static void print_exception(FILE *f, const struct dlo_exception_info *e,
	enum dlo_fate fate, bool client)
{
	static const char *const texts[] = {
		[DLO_FATE_HIDES] = "hides it",
		[DLO_FATE_EARLIER] = "lost: an earlier one hides it",
		[DLO_FATE_EXPIRED] = "lost: it has expired",
		[DLO_FATE_CLIENT] = "lost: it is for another client",
		[DLO_FATE_SERVICE] = "lost: it is for another service",
		[DLO_FATE_RULE] = "lost: it is for another rule",
		[DLO_FATE_RANK] = "lost: its list has a stronger pattern",
	};

	fprintf(f, "    exception %s  %s:%u  %s", e->text, e->path, e->line,
		fate == DLO_FATE_CLIENT && !client
			? "lost: it is for a client, and none is given "
			  "(--client)"
			: texts[fate]);
	fprintf(f, "%s%s%s%s\n", *e->owner ? "; owner " : "", e->owner,
		*e->reason ? "; " : "", e->reason);
}

static void print_verdict(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explanation *x, uint32_t i, bool client)
{
	const struct dlo_explained_alert *a = &x->alert[i];
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, a->match[0], &p);
	fprintf(f, "  %s [%s] %s/%s: %s\n",
		a->excepted ? "excepted" : dlo_action_name(a->action),
		dlo_level_name(a->level), *p.category ? p.category : p.title,
		*p.service ? p.service : "-", p.title);
	for (uint32_t k = 0; k < a->n_matches; k++) {
		print_match(f, rules, a->match[k]);
	}
	for (uint32_t k = 0; k < x->n_exceptions; k++) {
		if (x->exception[k].alert == i) {
			print_exception(f,
				dlo_ruleset_exception(
					rules, x->exception[k].exception),
				x->exception[k].fate, client);
		}
	}
}

void explain_print_text(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explanation *x, bool client)
{
	fprintf(f, "%s: %s\n", x->name,
		x->n_matches ? "matches" : "matches nothing");
	for (uint32_t i = 0; i < x->n_alerts; i++) {
		print_verdict(f, rules, x, i, client);
	}
}
