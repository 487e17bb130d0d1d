/* SPDX-License-Identifier: BSD-2-Clause */
/* verb_sniff.c - the main job: sources in, records out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "control.h"
#include "exceptions.h"
#include "interfaces.h"
#include "lastgood.h"
#include "list_watch.h"
#include "log.h"
#include "loop.h"
#include "metrics_file.h"
#include "notify.h"
#include "options.h"
#include "parts.h"
#include "reload.h"
#include "sandbox.h"
#include "settings.h"
#include "state.h"
#include "summary.h"
#include "verbs.h"

/* How long the end waits for a reader that does not read. */
#define GRACE_MS 3000u

struct sniff {
	int argc;
	char **argv;
	struct options options;
	struct reload_boot boot;
	char *keep; /* file of the last good set; NULL: it is not kept */
	struct exceptions exceptions;
	struct source_context shared;
	struct source *sources;
	unsigned n_sources;
	struct loop loop;
	struct control *control;
	struct metrics_file *metrics_file;
	struct list_watch *list_watch; /* NULL: they are not watched */
	char hostname[256];
	char first[64]; /* name of the first interface */
};

/* Room for so many sources. */
static int make_room(struct sniff *s, unsigned n)
{
	s->sources = calloc(n, sizeof(s->sources[0]));
	if (!s->sources) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	return 0;
}

/* As many readers as -j says, but not more than files. */
static int open_files(struct sniff *s)
{
	const struct options *o = &s->options;
	int r = source_find_files(&s->shared, &o->files);
	unsigned n = o->jobs < s->shared.files.n ? o->jobs : s->shared.files.n;

	n = n ? n : 1; /* --watch */
	r = r ? r : make_room(s, n);
	while (!r && s->n_sources < n) {
		r = source_open_files(&s->sources[s->n_sources++], &s->shared);
	}
	return r;
}

static int open_interfaces(struct sniff *s)
{
	const struct texts *names = &s->options.interfaces;
	unsigned n = names->n ? names->n : 1, each = s->options.fanout;
	int r = make_room(s, n * each);

	for (unsigned i = 0; !r && i < n; i++) {
		struct source *first = &s->sources[s->n_sources];

		s->n_sources += each;
		r = parts_open_live(first, &s->shared,
			names->n ? names->text[i] : s->first);
	}
	return r;
}

static int open_sources(struct sniff *s)
{
	const struct options *o = &s->options;
	bool live = !o->files.n && !o->watch;
	int r;

	s->shared.options = o;
	s->shared.rules = s->loop.rules;
	s->shared.notify = loop_notify;
	s->shared.ctx = &s->loop;
	atomic_init(&s->shared.frames_left, o->max_frames);
	r = programs_new(o, live, &s->shared.programs);
	if (r) {
		return r;
	}
	return live ? open_interfaces(s) : open_files(s);
}

static int open_outputs(struct sniff *s)
{
	struct output_context c = {
		.options = &s->options,
		.wait = s->options.files.n > 0 || s->options.watch,
		.reader_gone = loop_reader_gone,
		.moved = loop_notify,
		.ctx = &s->loop,
	};
	return outputs_open(&c, &s->loop.outputs) < 0 ? EXIT_RUNTIME : 0;
}

static void say_listening(const struct sniff *s)
{
	const struct options *o = &s->options;
	char fanout[16];

	snprintf(fanout, sizeof(fanout), "%u", o->fanout);
	if (o->config) {
		log_info("configuration %s", o->config);
	} else if (o->service) {
		log_info("no %s: defaults", SETTINGS_FILE);
	}
	for (unsigned i = 0; i < s->n_sources; i++) {
		int link_type;

		if (!s->sources[i].pcap || s->sources[i].part) {
			continue; /* files, not there, or said already */
		}
		link_type = pcap_datalink(s->sources[i].pcap);
		log_info("listening on %s, link-type %s (%s), snapshot length "
			 "%d bytes%s%s",
			s->sources[i].interface,
			pcap_datalink_val_to_name(link_type),
			pcap_datalink_val_to_description(link_type),
			pcap_snapshot(s->sources[i].pcap),
			o->fanout > 1 ? ", fan-out " : "",
			o->fanout > 1 ? fanout : "");
	}
	if (o->watch) {
		log_info("watching %s", o->watch);
	}
	if (!o->all && !o->service && !o->quiet) {
		log_info("alerts only; -a shows every message");
	}
}

static int start(struct sniff *s)
{
	int r;

	for (unsigned i = 0; i < s->n_sources; i++) {
		r = source_start(&s->sources[i]);
		if (r) {
			log_error("thread: %s", strerror(-r));
			return EXIT_RUNTIME;
		}
	}
	loop_tell_status(&s->loop, "READY=1\n");
	return 0;
}

static int exit_code(const struct sniff *s, bool delivered)
{
	int r = s->loop.exit_code;

	if (!r && !delivered) {
		r = EXIT_RUNTIME;
	}
	if (!r && s->options.exit_code &&
		summary_alerts(s->sources, s->n_sources)) {
		r = EXIT_ALERTS;
	}
	return r;
}

/* From open sources and outputs to the summary. */
static int run(struct sniff *s)
{
	const struct options *o = &s->options;
	char status[STATUS_MAX];
	bool delivered;
	int r;

	say_listening(s);
	r = start(s);
	if (r) {
		outputs_abandon(&s->loop.outputs);
		outputs_close(&s->loop.outputs, GRACE_MS);
		return r;
	}
	loop_run(&s->loop);
	notify_send("STOPPING=1");
	delivered = outputs_close(&s->loop.outputs, GRACE_MS);
	exceptions_keep(&s->exceptions, s->sources, s->n_sources, NULL);
	summary_status(s->sources, s->n_sources, s->loop.rules,
		&s->loop.outputs, true, status);
	notify_send("STATUS=%s", status);
	summary_say(o, s->sources, s->n_sources, s->loop.rules, &s->exceptions,
		&s->loop.outputs, &s->loop.tallies);
	return exit_code(s, delivered);
}

/* What tells others how it is going. */
static int open_service(struct sniff *s)
{
	const struct options *o = &s->options;
	int r = 0;

	if (o->service && o->control) {
		r = control_open(&s->loop, &s->control);
	}
	if (!r && o->service && o->metrics_file &&
		metrics_file_open(&s->loop, &s->metrics_file)) {
		log_error("out of memory");
		r = EXIT_RUNTIME;
	}
	return r;
}

/* ---- lists --------------------------------------------------------------- */

/* In a thread of the loop's. */
static int read_settings(void *ctx, struct options *ret)
{
	const struct sniff *s = ctx;

	return settings_read(ret, OPTION_SNIFF, s->argc, s->argv);
}

static void tell(void *ctx, const char *before)
{
	struct sniff *s = ctx;

	loop_tell_status(&s->loop, before);
}

static int open_reload(struct sniff *s)
{
	const struct reload_context c = {
		.options = &s->options,
		.settings = read_settings,
		.sources = s->sources,
		.n_sources = s->n_sources,
		.rules = &s->loop.rules,
		.age = &s->loop.age,
		.exceptions = &s->exceptions,
		.tallies = &s->loop.tallies,
		.keep = s->keep,
		.uv = loop_uv(&s->loop),
		.tell = tell,
		.ctx = s,
	};
	int r = reload_open(&c, &s->boot, &s->loop.reload);

	if (!r && s->options.watch_lists) {
		r = list_watch_open(c.uv, s->loop.reload, &s->list_watch);
	}
	if (r) {
		log_error("reload: %s", strerror(-r));
	}
	return r ? EXIT_RUNTIME : 0;
}

static int load_lists(struct sniff *s)
{
	struct reload_boot *b = &s->boot;
	char path[STATE_PATH_MAX];
	int r;

	if (!state_path(&s->options, LASTGOOD_NAME, path)) {
		s->keep = strdup(path);
	}
	b->lists.keep = s->keep;
	r = s->keep ? lastgood_boot(&s->options, s->keep, &b->lists,
			      &b->last_good, &b->reasons)
		    : lists_load(&s->options, &b->lists);
	s->loop.rules = b->lists.rules;
	s->loop.age = b->lists.age;
	b->lists.rules = NULL;
	return r;
}

/* ---- all ----------------------------------------------------------------- */

static int open_all(struct sniff *s)
{
	const struct options *o = &s->options;
	char folder[STATE_PATH_MAX];
	int r = load_lists(s);

	if (!r && !o->files.n && !o->watch && !o->interfaces.n) {
		r = interfaces_first(s->first, sizeof(s->first));
	}
	if (r) {
		return r;
	}
	s->loop.options = o;
	if (exceptions_open(&s->exceptions, s->loop.rules,
		    state_path(o, "", folder) ? NULL : folder) < 0) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	s->loop.exceptions = &s->exceptions;
	s->loop.hostname = s->hostname;
	r = loop_open(&s->loop);
	if (r) {
		log_error("event loop: %s", strerror(-r));
		return EXIT_RUNTIME;
	}
	r = open_service(s);
	r = r ? r : open_sources(s);
	s->loop.sources = s->sources;
	s->loop.n_sources = s->n_sources;
	if (!r && o->service) {
		r = open_reload(s);
	}
	/* Outputs are opened as they may have to be opened again. */
	r = r ? r : sandbox_enter(o, &s->shared.files);
	return r ? r : open_outputs(s);
}

static void close_all(struct sniff *s)
{
	for (unsigned i = 0; i < s->n_sources; i++) {
		source_close(&s->sources[i]);
	}
	free(s->sources);
	source_forget_files(&s->shared);
	programs_free(s->shared.programs);
	loop_close(&s->loop);
	control_close(s->control);
	metrics_file_close(s->metrics_file);
	list_watch_close(s->list_watch);
	reload_close(s->loop.reload);
	lists_free(&s->boot.lists);
	reasons_free(&s->boot.reasons);
	exceptions_close(&s->exceptions);
	dlo_ruleset_free(s->loop.rules);
	free(s->keep);
	tallies_free(&s->loop.tallies);
	options_free(&s->options);
}

static int sniff(struct sniff *s)
{
	char error[PCAP_ERRBUF_SIZE];
	int r;

	log_to_journal(s->options.service);
	gethostname(s->hostname, sizeof(s->hostname) - 1);
	if (pcap_init(PCAP_CHAR_ENC_UTF_8, error)) {
		log_error("libpcap: %s", error);
		return EXIT_RUNTIME;
	}
	if (s->options.list_interfaces) {
		return interfaces_print();
	}
	if (s->options.list_link_types) {
		return interfaces_print_link_types(&s->options);
	}
	r = open_all(s);
	return r ? r : run(s);
}

int verb_sniff(int argc, char **argv)
{
	struct sniff *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	s->argc = argc;
	s->argv = argv;
	r = settings_read(&s->options, OPTION_SNIFF, argc, argv);
	if (r < 0) {
		r = sniff(s);
	}
	close_all(s);
	free(s);
	return r;
}
