/* SPDX-License-Identifier: BSD-2-Clause */
/* verb_explain.c - what names match, and why: the packet path's own answer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dnslookout.h"
#include "explain.h"
#include "lists.h"
#include "log.h"
#include "options.h"
#include "settings.h"
#include "verbs.h"

struct explain {
	struct options options;
	struct lists lists;
	struct dlo_explainer *explainer;
	bool any; /* something matched */
	bool bad; /* something was no name */
};

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
		explain_print_json(stdout, e->lists.rules, &x);
		putchar('\n');
	} else {
		explain_print_text(
			stdout, e->lists.rules, &x, e->options.client);
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

static int check_options(struct explain *e)
{
	const struct options *o = &e->options;

	if (!o->n_words) {
		log_error("explain takes names, or - to read them");
		return EXIT_USAGE;
	}
	return 0;
}

static int explain_all(struct explain *e)
{
	const struct options *o = &e->options;
	int r = 0;

	if (!explain_ask(e->explainer, o->client)) {
		log_error("--client takes an address, not \"%s\"", o->client);
		return EXIT_USAGE;
	}
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
			r = lists_load(&e.options, &e.lists);
		}
		if (!r && dlo_explainer_new(e.lists.rules, &e.explainer)) {
			log_error("out of memory");
			r = EXIT_RUNTIME;
		}
		if (!r) {
			r = explain_all(&e);
		}
	}
	dlo_explainer_free(e.explainer);
	lists_free(&e.lists);
	options_free(&e.options);
	return r;
}
