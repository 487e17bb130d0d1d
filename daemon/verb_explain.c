/* SPDX-License-Identifier: BSD-2-Clause */
/* verb_explain.c - what names match, and why: the packet path's own answer. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dnslookout.h"
#include "lists.h"
#include "log.h"
#include "options.h"
#include "settings.h"
#include "verbs.h"

struct explain {
	struct options options;
	struct dlo_ruleset *rules;
	struct dlo_explainer *explainer;
	bool any; /* something matched */
	bool bad; /* something was no name */
};

/* ---- JSON --------------------------------------------------------------- */

#define STRING_MAX 16384 /* of a pattern or header, each octet escaped */

static void put_json(const char *text)
{
	static char buf[STRING_MAX];

	dlo_json_string(text, buf, sizeof(buf));
	fputs(buf, stdout);
}

static void put_match_json(
	const struct dlo_ruleset *rules, uint32_t id, bool first)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, id, &p);
	printf("%s{\"pattern\":", first ? "" : ",");
	put_json(p.text);
	printf(",\"file\":");
	put_json(p.file);
	printf(",\"line\":%u,\"rule\":", p.line);
	put_json(p.rule_id);
	printf(",\"title\":");
	put_json(p.title);
	printf(",\"category\":");
	put_json(p.category);
	printf(",\"service\":");
	put_json(p.service);
	printf(",\"level\":\"%s\",\"action\":\"%s\"}", dlo_level_name(p.level),
		dlo_action_name(p.action));
}

static void put_alert_json(const struct dlo_ruleset *rules,
	const struct dlo_explained_alert *a, bool first)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, a->match[0], &p);
	printf("%s{\"rule\":", first ? "" : ",");
	put_json(p.rule_id);
	printf(",\"title\":");
	put_json(p.title);
	printf(",\"category\":");
	put_json(p.category);
	printf(",\"service\":");
	put_json(p.service);
	printf(",\"level\":\"%s\",\"matches\":%" PRIu32 "}",
		dlo_level_name(a->level), a->n_matches);
}

static void print_json(
	const struct dlo_ruleset *rules, const struct dlo_explanation *x)
{
	bool first = true;

	printf("{\"name\":");
	put_json(x->name);
	printf(",\"matches\":[");
	for (uint32_t i = 0; i < x->n_matches; i++) {
		put_match_json(rules, x->match[i], i == 0);
	}
	printf("],\"alerts\":[");
	for (uint32_t i = 0; i < x->n_alerts; i++) {
		if (x->alert[i].action == DLO_ACTION_ALERT) {
			put_alert_json(rules, &x->alert[i], first);
			first = false;
		}
	}
	printf("],\"exceptions\":[]}\n");
}

/* ---- text --------------------------------------------------------------- */

static void print_match(const struct dlo_ruleset *rules, uint32_t id)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, id, &p);
	printf("    %s  %s:%u%s%s\n", p.text, p.path, p.line,
		*p.note ? "  " : "", p.note);
}

static void print_verdict(
	const struct dlo_ruleset *rules, const struct dlo_explained_alert *a)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, a->match[0], &p);
	printf("  %s [%s] %s/%s: %s\n", dlo_action_name(a->action),
		dlo_level_name(a->level), *p.category ? p.category : p.title,
		*p.service ? p.service : "-", p.title);
	for (uint32_t i = 0; i < a->n_matches; i++) {
		print_match(rules, a->match[i]);
	}
}

static void print_text(
	const struct dlo_ruleset *rules, const struct dlo_explanation *x)
{
	printf("%s: %s\n", x->name,
		x->n_matches ? "matches" : "matches nothing");
	for (uint32_t i = 0; i < x->n_alerts; i++) {
		print_verdict(rules, &x->alert[i]);
	}
}

/* ---- names -------------------------------------------------------------- */

static int explain_name(struct explain *e, const char *text, size_t len)
{
	struct dlo_explanation x;
	struct dlo_diag diag;
	int r = dlo_explain(e->explainer, text, len, &x, &diag);

	if (r > 0) {
		log_error(
			"\"%.*s\":%u: %s", (int)len, text, diag.col, diag.msg);
		e->bad = true;
		return 0;
	}
	if (r < 0) {
		log_error("%s", strerror(-r));
		return EXIT_RUNTIME;
	}
	e->any |= x.n_matches > 0;
	if (e->options.format == FORMAT_JSON) {
		print_json(e->rules, &x);
	} else {
		print_text(e->rules, &x);
	}
	return 0;
}

static int explain_stdin(struct explain *e)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = 0;
	int r = 0;

	while (!r && (n = getline(&line, &cap, stdin)) >= 0) {
		while (n > 0 && memchr(" \t\r\n", line[n - 1], 4)) {
			n--;
		}
		if (n > 0) {
			r = explain_name(e, line, (size_t)n);
		}
	}
	if (n < 0 && !feof(stdin)) {
		log_error("standard input: %s", strerror(errno));
		r = EXIT_RUNTIME;
	}
	free(line);
	return r;
}

static bool is_address(const char *text)
{
	unsigned char buf[16];

	return inet_pton(AF_INET, text, buf) == 1 ||
	       inet_pton(AF_INET6, text, buf) == 1;
}

static int check_options(const struct explain *e)
{
	const struct options *o = &e->options;

	if (!o->n_words) {
		log_error("explain takes names, or - to read them");
		return EXIT_USAGE;
	}
	if (o->client && !is_address(o->client)) {
		log_error("--client takes an address, not \"%s\"", o->client);
		return EXIT_USAGE;
	}
	return 0;
}

static int explain_all(struct explain *e)
{
	const struct options *o = &e->options;
	int r = 0;

	for (int i = 0; !r && i < o->n_words; i++) {
		const char *word = o->words[i];

		r = strcmp(word, "-") == 0
			    ? explain_stdin(e)
			    : explain_name(e, word, strlen(word));
	}
	if (fflush(stdout) || ferror(stdout)) {
		return errno == EPIPE ? EXIT_FINE : EXIT_RUNTIME;
	}
	if (r || e->bad) {
		return r ? r : EXIT_USAGE;
	}
	return e->any ? EXIT_FINE : EXIT_RUNTIME;
}

int verb_explain(int argc, char **argv)
{
	struct explain e = {0};
	int r = settings_read(&e.options, OPTION_EXPLAIN, argc, argv);

	if (r < 0) {
		r = check_options(&e);
		if (!r) {
			r = lists_load(&e.options, NULL, &e.rules);
		}
		if (!r && dlo_explainer_new(e.rules, &e.explainer)) {
			log_error("out of memory");
			r = EXIT_RUNTIME;
		}
		if (!r) {
			r = explain_all(&e);
		}
	}
	dlo_explainer_free(e.explainer);
	dlo_ruleset_free(e.rules);
	options_free(&e.options);
	return r;
}
