/* SPDX-License-Identifier: BSD-2-Clause */
/* verb_explain.c - what names match, and why: the packet path's own answer. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
	unsigned char client[16];
	unsigned ip_version; /* of the client; 0: none is given */
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

static void put_member(const char *key, const char *text)
{
	printf("\"%s\":", key);
	put_json(text);
	putchar(',');
}

static void put_exception_json(const struct dlo_ruleset *rules,
	const struct dlo_explanation *x,
	const struct dlo_explained_exception *d, bool first)
{
	const struct dlo_exception_info *e =
		dlo_ruleset_exception(rules, d->exception);
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, x->alert[d->alert].match[0], &p);
	fputs(first ? "{" : ",{", stdout);
	put_member("pattern", e->pattern);
	put_member("client", e->client);
	put_member("rule", e->rule);
	put_member("service", e->service);
	put_member("until", e->until);
	put_member("owner", e->owner);
	put_member("reason", e->reason);
	put_member("file", e->file);
	printf("\"line\":%u,\"alert\":{", e->line);
	put_member("rule", p.rule_id);
	printf("\"service\":");
	put_json(p.service);
	printf("},\"outcome\":\"%s\",\"why\":\"%s\"}",
		d->fate == DLO_FATE_HIDES ? "won" : "lost",
		dlo_fate_name(d->fate));
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
		if (x->alert[i].action == DLO_ACTION_ALERT &&
			!x->alert[i].excepted) {
			put_alert_json(rules, &x->alert[i], first);
			first = false;
		}
	}
	printf("],\"exceptions\":[");
	for (uint32_t i = 0; i < x->n_exceptions; i++) {
		put_exception_json(rules, x, &x->exception[i], i == 0);
	}
	printf("]}\n");
}

/* ---- text --------------------------------------------------------------- */

static void print_match(const struct dlo_ruleset *rules, uint32_t id)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, id, &p);
	printf("    %s  %s:%u%s%s\n", p.text, p.path, p.line,
		*p.note ? "  " : "", p.note);
}

static void print_exception(
	const struct dlo_exception_info *e, enum dlo_fate fate, bool client)
{
	static const char *const texts[] = {
		[DLO_FATE_HIDES] = "hides it",
		[DLO_FATE_EARLIER] = "lost: an earlier one hides it",
		[DLO_FATE_EXPIRED] = "lost: it has expired",
		[DLO_FATE_CLIENT] = "lost: it is for another client",
		[DLO_FATE_SERVICE] = "lost: it is for another service",
		[DLO_FATE_RULE] = "lost: it is for another rule",
	};

	printf("    exception %s  %s:%u  %s", e->text, e->path, e->line,
		fate == DLO_FATE_CLIENT && !client
			? "lost: it is for a client, and none is given "
			  "(--client)"
			: texts[fate]);
	printf("%s%s%s%s\n", *e->owner ? "; owner " : "", e->owner,
		*e->reason ? "; " : "", e->reason);
}

static void print_verdict(const struct dlo_ruleset *rules,
	const struct dlo_explanation *x, uint32_t i, bool client)
{
	const struct dlo_explained_alert *a = &x->alert[i];
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rules, a->match[0], &p);
	printf("  %s [%s] %s/%s: %s\n",
		a->excepted ? "excepted" : dlo_action_name(a->action),
		dlo_level_name(a->level), *p.category ? p.category : p.title,
		*p.service ? p.service : "-", p.title);
	for (uint32_t k = 0; k < a->n_matches; k++) {
		print_match(rules, a->match[k]);
	}
	for (uint32_t k = 0; k < x->n_exceptions; k++) {
		if (x->exception[k].alert == i) {
			print_exception(dlo_ruleset_exception(rules,
						x->exception[k].exception),
				x->exception[k].fate, client);
		}
	}
}

static void print_text(const struct dlo_ruleset *rules,
	const struct dlo_explanation *x, bool client)
{
	printf("%s: %s\n", x->name,
		x->n_matches ? "matches" : "matches nothing");
	for (uint32_t i = 0; i < x->n_alerts; i++) {
		print_verdict(rules, x, i, client);
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
		print_text(e->rules, &x, e->options.client != NULL);
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

/* 4 or 6; 0: it is none. */
static unsigned read_address(const char *text, unsigned char ret[16])
{
	return inet_pton(AF_INET, text, ret) == 1    ? 4
	       : inet_pton(AF_INET6, text, ret) == 1 ? 6
						     : 0;
}

static int check_options(struct explain *e)
{
	const struct options *o = &e->options;

	if (!o->n_words) {
		log_error("explain takes names, or - to read them");
		return EXIT_USAGE;
	}
	e->ip_version = o->client ? read_address(o->client, e->client) : 0;
	if (o->client && !e->ip_version) {
		log_error("--client takes an address, not \"%s\"", o->client);
		return EXIT_USAGE;
	}
	return 0;
}

static int explain_all(struct explain *e)
{
	const struct options *o = &e->options;
	int r = 0;

	dlo_explainer_ask(e->explainer, e->client, e->ip_version,
		(uint64_t)time(NULL) * 1000000000u);
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
