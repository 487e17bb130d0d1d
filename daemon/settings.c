/* SPDX-License-Identifier: BSD-2-Clause */
/* settings.c - all that a run was told: by defaults, a file, and argv. */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmdline.h"
#include "config.h"
#include "dump.h"
#include "log.h"
#include "plural.h"
#include "readfile.h"

#define CONFIG_BYTES_MAX ((size_t)1 << 20)
#define FILTER_BYTES_MAX 65536u
#define SNAPLEN 65535u
#define SNAPLEN_IMMEDIATE 2048u

/* Verbs that ask nothing but lists, and nothing of a service. */
#define LISTS_ALONE (OPTION_EXPLAIN | OPTION_COMPILE)

static int no_memory(void)
{
	log_error("out of memory");
	return EXIT_RUNTIME;
}

/* ---- the file ----------------------------------------------------------- */

static int say_errors(const char *path, const struct config_report *rep)
{
	for (unsigned i = 0; i < rep->n_diags; i++) {
		log_diag(&rep->diag[i]);
	}
	log_error("%s: %u error%s; nothing is read from it. dnslookout.yaml(5) "
		  "describes the keys",
		path, rep->n_bad, plural(rep->n_bad));
	return EXIT_USAGE;
}

/* -1, or an exit code after a message. */
static int read_file(struct options *o, const char *path)
{
	struct config_report *rep = malloc(sizeof(*rep));
	char *text;
	size_t len;
	int r = rep ? readfile(path, CONFIG_BYTES_MAX, &text, &len) : -ENOMEM;

	if (r) {
		log_error("%s: %s", path, strerror(-r));
		free(rep);
		return EXIT_USAGE;
	}
	r = config_read(o, path, text, len, rep) ? say_errors(path, rep) : -1;
	free(text);
	free(rep);
	return r;
}

/* Says which file there is to read; NULL: none. */
static const char *choose_file(const struct options *o, unsigned where)
{
	bool wanted = o->service || where == OPTION_CHECK ||
		      ((where & LISTS_ALONE) && !o->lists.n && !o->ruleset);

	if (o->config || !wanted) {
		return o->config;
	}
	return access(SETTINGS_FILE, F_OK) && errno == ENOENT ? NULL
							      : SETTINGS_FILE;
}

/* ---- the filter expression ---------------------------------------------- */

/* With blanks between. The caller frees it; NULL: no memory. */
static char *join(char **words, int n)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f) {
		return NULL;
	}
	for (int i = 0; i < n; i++) {
		fprintf(f, "%s%s", i ? " " : "", words[i]);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/* The words at the end are the command line's expression. */
static int take_words(struct options *o)
{
	char problem[OPTION_PROBLEM_MAX];
	struct option_place here = {.origin = ORIGIN_COMMAND_LINE};
	char *text;
	int r;

	if (!o->n_words) {
		return -1;
	}
	text = join(o->words, o->n_words);
	if (!text) {
		return no_memory();
	}
	r = options_take(
		o, options_row("filter"), *text ? text : NULL, here, problem);
	free(text);
	return r ? no_memory() : -1;
}

static int read_filter(struct options *o)
{
	char *text;
	size_t len;
	int r;

	if (!o->filter_file) {
		o->filter = strdup(o->expression ? o->expression : "");
		return o->filter ? -1 : no_memory();
	}
	r = readfile(o->filter_file, FILTER_BYTES_MAX, &text, &len);
	if (r) {
		log_error("%s: %s", o->filter_file, strerror(-r));
		return EXIT_USAGE;
	}
	o->filter = text;
	return -1;
}

/* ---- cross-checks ------------------------------------------------------- */

bool settings_live(const struct options *o)
{
	return o->interfaces.n || !(o->files.n || o->watch);
}

/* Whether an option was given that `other`, which is given, makes senseless.
 * What the file says is put aside for what the command line does. */
static bool is_against(struct options *o, const char *name, const char *other)
{
	enum origin given = options_origin(o, name);

	return given == ORIGIN_COMMAND_LINE ||
	       (given == ORIGIN_FILE &&
		       options_origin(o, other) == ORIGIN_FILE);
}

static bool is_given(struct options *o, const char *name)
{
	return options_origin(o, name) == ORIGIN_COMMAND_LINE;
}

/* The name of an option that is for interfaces only; NULL: there is none. */
static const char *live_only(struct options *o)
{
	static const char *const names[] = {"linktype", "buffer-size",
		"promiscuous-mode", "immediate-mode", "default-filter",
		"fanout"};
	const char *source = o->watch ? "watch" : "read";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_against(o, names[i], source)) {
			return names[i];
		}
	}
	return NULL;
}

/* The name of a given option that only a service has a use for; NULL: there is
 * none. In the file they may stand: it is a service's. */
static const char *service_only(struct options *o)
{
	static const char *const names[] = {"control", "control-group",
		"metrics-file", "spool-size", "state-directory", "watch-lists"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_given(o, names[i])) {
			return names[i];
		}
	}
	return NULL;
}

struct check {
	bool wrong;
	const char *name; /* whose place is told, if it stands in the file */
	const char *message;
};

int settings_wrong(struct options *o, const char *name, const char *message)
{
	const struct option_place *p = options_place(o, options_row(name));

	if (p->origin == ORIGIN_FILE) {
		log_error("%s:%u:%u: %s", o->config, p->line, p->col, message);
	} else {
		log_error("%s", message);
	}
	return EXIT_USAGE;
}

/* Options that have no sense together, or alone. */
static int cross_check(struct options *o)
{
	const bool live = settings_live(o);
	const bool to_stdout = o->write && strcmp(o->write, "-") == 0;
	const char *only = live ? NULL : live_only(o);
	const char *service = o->service ? NULL : service_only(o);
	char for_service[64];
	const struct check checks[] = {
		{o->interfaces.n && o->files.n, "interface",
			"-i and -r exclude each other"},
		{o->watch && (o->interfaces.n || o->files.n), "watch",
			"--watch, -i and -r exclude each other"},
		{o->filter_file && o->expression, "filter-file",
			"-F and a filter expression exclude each other"},
		{only, only ? only : "interface",
			"-y, -B, -p, --immediate-mode, --no-default-filter and "
			"--fanout are for live capture"},
		{!live && o->list_link_types, "list-data-link-types",
			"-L is for interfaces"},
		{live && o->exit_code, "exit-code", "--exit-code is for -r"},
		{is_given(o, "jobs") && !o->files.n, "jobs", "-j is for -r"},
		{is_given(o, "jobs") && o->max_frames, "jobs",
			"-j and -c exclude each other: which frames come "
			"first is not known"},
		{live && o->immediate && o->snaplen > SNAPLEN_IMMEDIATE,
			"immediate-mode",
			"--immediate-mode goes with a snapshot length of at "
			"most 2048: longer ones lose packets"},
		{o->service && o->files.n, "service",
			"--service is for live capture"},
		{o->service && (o->all || o->link_header || o->hex ||
				       o->number || o->stamp ||
				       o->format == FORMAT_JSON),
			"service",
			"--service has no stdout: -a, -e, -X, -#, -t and "
			"JSON make no sense"},
		{o->service && !o->syslog && !o->write && !o->alerts, "syslog",
			"without syslog, -w and --alerts the service tells "
			"nobody"},
		{!o->alerts && is_given(o, "alerts-min-free"),
			"alerts-min-free",
			"--alerts-min-free goes with --alerts"},
		{!o->syslog && (is_against(o, "syslog-facility", "syslog") ||
				       is_against(
					       o, "syslog-format", "syslog")),
			"syslog",
			"--syslog-facility and --syslog-format go with "
			"--syslog or --service"},
		{o->stamp > 5, "time", "-t is given five times at most"},
		{o->format == FORMAT_JSON && (o->link_header || o->hex ||
						     o->number || o->stamp),
			"output", "-e, -X, -# and -t are for text, not JSON"},
		{to_stdout && (o->format == FORMAT_JSON || o->link_header ||
				      o->hex || o->number || o->stamp),
			"write",
			"-w - takes the place of text and JSON on stdout"},
		{to_stdout && o->service, "write",
			"--service has no stdout: -w - makes no sense"},
		{o->packet_buffered && !o->write, "packet-buffered",
			"-U is for -w"},
		{service, service ? service : "service", for_service},
	};

	snprintf(for_service, sizeof(for_service), "--%s goes with --service",
		service ? service : "");
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (checks[i].wrong) {
			return settings_wrong(
				o, checks[i].name, checks[i].message);
		}
	}
	return -1;
}

/* ---- all of it ---------------------------------------------------------- */

/* What depends on others. */
static void fill_in(struct options *o)
{
	const bool immediate = o->immediate && settings_live(o);

	if (o->json) {
		o->format = FORMAT_JSON;
	}
	if (!o->snaplen || (immediate && options_origin(o, "snapshot-length") ==
						 ORIGIN_DEFAULT)) {
		o->snaplen = immediate ? SNAPLEN_IMMEDIATE : SNAPLEN;
	}
}

static int print_dump(struct options *o)
{
	const struct option_row *row;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int r;

	if (!f) {
		return no_memory();
	}
	r = dump_config(o, f, &row);
	fclose(f);
	if (r) {
		log_error("--dump-config: %s is no UTF-8, which YAML cannot "
			  "say",
			row->name);
	} else {
		fputs(text, stdout);
	}
	free(text);
	return r || fflush(stdout) ? EXIT_RUNTIME : EXIT_FINE;
}

/* The file, then argv over it. */
static int read_both(struct options *o, unsigned where, int argc, char **argv,
	const char *path)
{
	char problem[OPTION_PROBLEM_MAX];
	int r = -1;

	if (path) {
		if (options_take(o, options_row("config"), path,
			    (struct option_place){0}, problem)) {
			return no_memory();
		}
		r = read_file(o, path);
	}
	return r < 0 ? cmdline_read(o, where, argc, argv) : r;
}

static int finish(struct options *o, unsigned where)
{
	int r = where == OPTION_SNIFF ? take_words(o) : -1;

	fill_in(o);
	if (r < 0 && is_given(o, "ruleset") && is_given(o, "list")) {
		r = settings_wrong(o, "ruleset",
			"--ruleset and --list exclude each other: compile all "
			"lists into one");
	}
	if (!(where & LISTS_ALONE) && r < 0) {
		r = cross_check(o);
	}
	if (!(where & LISTS_ALONE) && r < 0) {
		r = read_filter(o);
	}
	return r < 0 && o->dump_config ? print_dump(o) : r;
}

int settings_read(struct options *o, unsigned where, int argc, char **argv)
{
	struct options first; /* argv alone: it says which file */
	bool service;
	int r;

	*o = (struct options){0};
	if (options_init(&first, false)) {
		options_free(&first);
		return no_memory();
	}
	r = cmdline_read(&first, where, argc, argv);
	if (r < 0) {
		log_to_journal(first.service);
		/* What is checked is what the service would do. */
		service = first.service || where == OPTION_CHECK;
		r = options_init(o, service) ? no_memory() : -1;
		o->service = service;
	}
	if (r < 0) {
		r = read_both(o, where, argc, argv, choose_file(&first, where));
	}
	options_free(&first);
	return r < 0 ? finish(o, where) : r;
}

void settings_say_restart(struct options *now, struct options *next)
{
	for (unsigned i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (!row->reload && !option_same(row, options_value(now, row),
					    options_value(next, row))) {
			log_warning("the new %s takes effect after a restart",
				row->name);
		}
	}
}
