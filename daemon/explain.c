/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.c - what a name matches, and why: for a person and as JSON. */
#include "explain.h"

#include <inttypes.h>

#include "json_out.h"

/* ---- JSON --------------------------------------------------------------- */

static void put_match_json(
	FILE *f, const struct dlo_ruleset *rules, uint32_t id, bool first)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, id, &p);
	fprintf(f, "%s{\"pattern\":", first ? "" : ",");
	json_out(f, p.text);
	fprintf(f, ",\"file\":");
	json_out(f, p.file);
	fprintf(f, ",\"line\":%u,\"rule\":", p.line);
	json_out(f, p.rule_id);
	fprintf(f, ",\"title\":");
	json_out(f, p.title);
	fprintf(f, ",\"category\":");
	json_out(f, p.category);
	fprintf(f, ",\"service\":");
	json_out(f, p.service);
	fprintf(f, ",\"level\":\"%s\",\"action\":\"%s\"}",
		dlo_level_name(p.level), dlo_action_name(p.action));
}

static void put_alert_json(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explained_alert *a, bool first)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, a->match[0], &p);
	fprintf(f, "%s{\"rule\":", first ? "" : ",");
	json_out(f, p.rule_id);
	fprintf(f, ",\"title\":");
	json_out(f, p.title);
	fprintf(f, ",\"category\":");
	json_out(f, p.category);
	fprintf(f, ",\"service\":");
	json_out(f, p.service);
	fprintf(f, ",\"level\":\"%s\",\"matches\":%" PRIu32 "}",
		dlo_level_name(a->level), a->n_matches);
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
		if (x->alert[i].action == DLO_ACTION_ALERT) {
			put_alert_json(f, rules, &x->alert[i], first);
			first = false;
		}
	}
	fprintf(f, "],\"exceptions\":[]}");
}

/* ---- text --------------------------------------------------------------- */

static void print_match(FILE *f, const struct dlo_ruleset *rules, uint32_t id)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, id, &p);
	fprintf(f, "    %s  %s:%u%s%s\n", p.text, p.path, p.line,
		*p.note ? "  " : "", p.note);
}

static void print_verdict(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explained_alert *a)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, a->match[0], &p);
	fprintf(f, "  %s [%s] %s/%s: %s\n", dlo_action_name(a->action),
		dlo_level_name(a->level), *p.category ? p.category : p.title,
		*p.service ? p.service : "-", p.title);
	for (uint32_t i = 0; i < a->n_matches; i++) {
		print_match(f, rules, a->match[i]);
	}
}

void explain_print_text(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explanation *x)
{
	fprintf(f, "%s: %s\n", x->name,
		x->n_matches ? "matches" : "matches nothing");
	for (uint32_t i = 0; i < x->n_alerts; i++) {
		print_verdict(f, rules, &x->alert[i]);
	}
}
