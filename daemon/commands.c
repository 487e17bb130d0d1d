/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.c - what a running service can be asked to say or do. */
#include "commands.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "explain.h"
#include "json_out.h"
#include "log.h"
#include "metrics.h"
#include "status.h"
#include "summary.h"

#define ANSWER_MAX ((size_t)4 << 20) /* octets, before they are escaped */
#define TEST_ALERT_S 5u
#define RELOAD_S 60u /* systemctl waits 90 s */

void answer_refuse(struct answer *a, const char *format, ...)
{
	va_list ap;

	if (!a->error[0]) {
		va_start(ap, format);
		vsnprintf(a->error, sizeof(a->error), format, ap);
		va_end(ap);
		log_clean(a->error, strlen(a->error));
	}
}

/* ---- status, stats, census ----------------------------------------------- */

static void status_json(struct answer *a, FILE *f)
{
	status_print_json(f, a->loop);
}

static void status_text(struct answer *a, FILE *f)
{
	status_print_text(f, a->loop);
}

static void stats_json(struct answer *a, FILE *f)
{
	status_print_stats_json(f, a->loop);
}

static void stats_text(struct answer *a, FILE *f)
{
	const struct loop *l = a->loop;

	summary_print(f, l->options, l->sources, l->n_sources, l->rules,
		l->exceptions, &l->outputs, NULL);
}

static void census_json(struct answer *a, FILE *f)
{
	census_print_json_array(f, a->loop->sources, a->loop->n_sources);
}

static void census_text(struct answer *a, FILE *f)
{
	census_print_text(f, a->loop->sources, a->loop->n_sources);
	census_print_warnings(f, a->loop->sources, a->loop->n_sources);
}

/* ---- explain ------------------------------------------------------------- */

/* Explains name i and prints it. */
static void explain_name(
	struct answer *a, FILE *f, struct dlo_explainer *x, unsigned i)
{
	const char *name = a->request.name[i];
	struct dlo_explanation e;
	struct dlo_diag diag;
	int r = dlo_explain(x, name, strlen(name), &e, &diag);

	if (r) {
		answer_refuse(a, "\"%.100s\":%u: %s", name,
			r > 0 ? diag.col : 0, r > 0 ? diag.msg : strerror(-r));
	} else if (a->request.text) {
		explain_print_text(
			f, a->loop->rules, &e, a->request.client != NULL);
	} else {
		fputs(i ? "," : "", f);
		explain_print_json(f, a->loop->rules, &e);
	}
}

static void explain_all(struct answer *a, FILE *f)
{
	struct dlo_explainer *x;

	if (dlo_explainer_new(a->loop->rules, &x)) {
		answer_refuse(a, "out of memory");
		return;
	}
	if (!explain_ask(x, a->request.client)) {
		answer_refuse(a, "--client takes an address, not \"%.100s\"",
			a->request.client);
	}
	for (unsigned i = 0; i < a->request.n_names && !a->error[0]; i++) {
		explain_name(a, f, x, i);
		if (ftello(f) > (off_t)ANSWER_MAX) {
			answer_refuse(
				a, "too much to say: ask for fewer names");
		}
	}
	dlo_explainer_free(x);
}

static void explain_json(struct answer *a, FILE *f)
{
	fputc('[', f);
	explain_all(a, f);
	fputc(']', f);
}

/* ---- exceptions ---------------------------------------------------------- */

static void exceptions_json(struct answer *a, FILE *f)
{
	const struct loop *l = a->loop;

	if (exceptions_print_json(f, l->exceptions, l->sources, l->n_sources)) {
		answer_refuse(a, "out of memory");
	}
}

static void exceptions_text(struct answer *a, FILE *f)
{
	const struct loop *l = a->loop;

	exceptions_print(f, l->exceptions, l->sources, l->n_sources);
}

/* ---- test-alert ---------------------------------------------------------- */

static void test_alert_begin(struct answer *a)
{
	int r = test_alert_send(&a->u.test_alert, a->loop);

	if (r) {
		answer_refuse(a, "no test alert: %s", strerror(-r));
	}
}

static bool test_alert_ready(struct answer *a)
{
	return test_alert_done(&a->u.test_alert, a->loop);
}

/* Refuses when it did not get out. */
static void test_alert_check(struct answer *a)
{
	const struct test_alert *t = &a->u.test_alert;
	unsigned n_took = 0;

	for (unsigned i = 0; i < t->n; i++) {
		if (t->fate[i] == FATE_LOST) {
			answer_refuse(a,
				"%s: alerts were lost, perhaps the test alert",
				t->output[i]);
		} else if (t->fate[i] == FATE_WAITING) {
			answer_refuse(a,
				"%s: the test alert was not taken within %u s "
				"and waits",
				t->output[i], TEST_ALERT_S);
		}
		n_took += t->fate[i] == FATE_DELIVERED;
	}
	if (!n_took) {
		answer_refuse(a, "there is no output that takes alerts");
	}
}

static void test_alert_json(struct answer *a, FILE *f)
{
	const struct test_alert *t = &a->u.test_alert;
	const char *between = "";

	test_alert_check(a);
	fputs("{\"delivered\":[", f);
	for (unsigned i = 0; i < t->n; i++) {
		if (t->fate[i] == FATE_DELIVERED) {
			fputs(between, f);
			json_out(f, t->output[i]);
			between = ",";
		}
	}
	fprintf(f, "],\"event\":%s}", t->event);
}

static void test_alert_text(struct answer *a, FILE *f)
{
	const struct test_alert *t = &a->u.test_alert;

	test_alert_check(a);
	for (unsigned i = 0; i < t->n; i++) {
		if (t->fate[i] == FATE_DELIVERED) {
			fprintf(f, "%s has taken the test alert\n",
				t->output[i]);
		}
	}
	fprintf(f, "%s\n", t->line);
}

/* ---- reload -------------------------------------------------------------- */

static void ask_for_reload(struct answer *a)
{
	if (a->loop->reload) {
		a->u.run = reload_request(
			a->loop->reload, "ctl", a->request.force);
	} else {
		answer_refuse(a, "there is nothing to reload");
	}
}

static bool is_reloaded(struct answer *a)
{
	return reload_outcome(a->loop->reload, a->u.run);
}

/* NULL: it is refused. */
static const struct reload_outcome *accepted(struct answer *a)
{
	const struct reload_outcome *o =
		reload_outcome(a->loop->reload, a->u.run);
	char why[REQUEST_ERROR_MAX];

	if (!o) {
		answer_refuse(a, "not done within %u s; it goes on", RELOAD_S);
	} else if (!o->accepted) {
		answer_refuse(a, "refused, what was in use stays: %s",
			reasons_short(&o->reasons, why, sizeof(why)));
	}
	return o && o->accepted ? o : NULL;
}

static void reload_json(struct answer *a, FILE *f)
{
	const struct reload_outcome *o = accepted(a);
	const struct dlo_ruleset *rules = a->loop->rules;

	fprintf(f,
		"{\"lists\":%u,\"patterns\":%u,\"exceptions\":%u,"
		"\"warnings\":[",
		dlo_ruleset_n_lists(rules), dlo_ruleset_n_patterns(rules),
		dlo_ruleset_n_exceptions(rules));
	for (unsigned i = 0; o && i < o->reasons.warnings.n_kept; i++) {
		fputs(i ? "," : "", f);
		json_out(f, o->reasons.warnings.text[i]);
	}
	fputs("]}", f);
}

static void reload_text(struct answer *a, FILE *f)
{
	const struct reload_outcome *o = accepted(a);
	const struct reasons_kind *w = o ? &o->reasons.warnings : NULL;

	for (unsigned i = 0; w && i < w->n_kept; i++) {
		fprintf(f, "%s\n", w->text[i]);
	}
	if (w && w->n > w->n_kept) {
		fprintf(f, "and %u more warnings, in the log\n",
			w->n - w->n_kept);
	}
	status_print_rules(f, a->loop);
}

/* ---- metrics ------------------------------------------------------------- */

static void metrics_text(struct answer *a, FILE *f)
{
	metrics_print(f, a->loop);
}

/* ---- the table ----------------------------------------------------------- */

static const struct command commands[] = {
	{.name = "status",
		.help = "how it is doing",
		.json = status_json,
		.text = status_text},
	{.name = "stats",
		.help = "all counters",
		.json = stats_json,
		.text = stats_text},
	{.name = "census",
		.help = "what the wire carried, seen or not",
		.json = census_json,
		.text = census_text},
	{.name = "metrics",
		.help = "counters for Prometheus, in its text format",
		.text = metrics_text},
	{.name = "explain",
		.help = "what the rules in use say of NAME...",
		.takes_names = true,
		.json = explain_json,
		.text = explain_all},
	{.name = "exceptions",
		.help = "what is excepted and how often, unused first",
		.json = exceptions_json,
		.text = exceptions_text},
	{.name = "reload",
		.help = "read settings, lists and exceptions again",
		.takes_force = true,
		.changes = true,
		.wait_s = RELOAD_S,
		.begin = ask_for_reload,
		.ready = is_reloaded,
		.json = reload_json,
		.text = reload_text},
	{.name = "test-alert",
		.help = "send an alert about nothing down every output",
		.changes = true,
		.wait_s = TEST_ALERT_S,
		.begin = test_alert_begin,
		.ready = test_alert_ready,
		.json = test_alert_json,
		.text = test_alert_text},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(name, commands[i].name)) {
			return &commands[i];
		}
	}
	return NULL;
}

void commands_print_help(FILE *f)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		fprintf(f, "  %-30s %s\n", commands[i].name, commands[i].help);
	}
}

/* ---- answers ------------------------------------------------------------- */

static void read_request(struct answer *a, const char *line, size_t len)
{
	int r = request_read(&a->request, line, len, a->error);

	if (r < 0) {
		answer_refuse(a, "%s", strerror(-r));
	}
	if (r) {
		return;
	}
	a->command = command_find(a->request.command);
	if (!a->command) {
		answer_refuse(
			a, "unknown command \"%.100s\"", a->request.command);
	} else if (a->command->takes_names != (a->request.n_names > 0)) {
		answer_refuse(a, "%s takes %s", a->command->name,
			a->command->takes_names ? "names" : "no names");
	} else if (a->request.force && !a->command->takes_force) {
		answer_refuse(a, "%s takes no force", a->command->name);
	}
}

void answer_begin(
	struct answer *a, struct loop *l, const char *line, size_t len)
{
	a->loop = l;
	read_request(a, line, len);
	if (!a->error[0] && a->command->begin) {
		a->command->begin(a);
	}
}

bool answer_ready(struct answer *a)
{
	return a->error[0] || !a->command->ready || a->command->ready(a);
}

/* What the command says: JSON, or a text. NULL: no memory. */
static char *print_value(struct answer *a, bool *ret_is_text)
{
	const struct command *c = a->command;
	char *value = NULL;
	size_t len;
	FILE *f = open_memstream(&value, &len);

	if (!f) {
		return NULL;
	}
	*ret_is_text = !c->json || (c->text && a->request.text);
	(*ret_is_text ? c->text : c->json)(a, f);
	if (fclose(f)) {
		free(value);
		return NULL;
	}
	if (len > ANSWER_MAX) {
		answer_refuse(
			a, "the answer is longer than %zu octets", ANSWER_MAX);
	}
	return value;
}

static void print_document(
	const struct answer *a, FILE *f, const char *value, bool is_text)
{
	fprintf(f, "{\"%s\":",
		a->error[0]		     ? "error"
		: a->request.text && is_text ? "text"
					     : a->command->name);
	if (a->error[0]) {
		json_out(f, a->error);
	} else if (is_text) {
		json_out(f, value);
	} else {
		fputs(value, f);
	}
	fputs("}\n", f);
}

char *answer_print(struct answer *a, size_t *ret_len)
{
	bool is_text = false;
	char *value = a->error[0] ? NULL : print_value(a, &is_text);
	char *document = NULL;
	FILE *f;

	if (!value) {
		answer_refuse(a, "out of memory");
	}
	f = open_memstream(&document, ret_len);
	if (f) {
		print_document(a, f, value, is_text);
		if (fclose(f)) {
			free(document);
			document = NULL;
		}
	}
	free(value);
	return document;
}

void answer_free(struct answer *a)
{
	request_free(&a->request);
	*a = (struct answer){0};
}
