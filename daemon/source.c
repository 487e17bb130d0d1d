/* SPDX-License-Identifier: BSD-2-Clause */
/* source.c - opens, starts, stops and closes a source of frames. */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "savefile.h"
#include "watchdog.h"

/* ---- the engine --------------------------------------------------------- */

static bool is_alert(const struct dlo_record *rec)
{
	return rec->kind == DLO_RECORD_ALERT || rec->kind == DLO_RECORD_CLOSING;
}

/* Live: nobody waits. A message whose records find no room is dropped whole. */
static void lose_message(struct source *s)
{
	atomic_fetch_add_explicit(
		&s->counts.lost, s->n_staged_alerts, memory_order_relaxed);
	s->n_staged_alerts = 0;
	ring_discard(s->ring);
}

static void on_record(void *ctx, const struct dlo_record *rec)
{
	struct source *s = ctx;
	/* A closing line may come between two records of a message. */
	bool last = rec->kind != DLO_RECORD_CLOSING &&
		    (rec->flags & DLO_RECORD_LAST);
	bool alone = rec->kind == DLO_RECORD_CLOSING && !s->n_staged;
	struct item *item = !s->interface ? ring_reserve_wait(s->ring)
			    : s->dropping ? NULL
					  : ring_reserve(s->ring);

	s->n_staged_alerts += is_alert(rec);
	if (!item) {
		lose_message(s);
		s->n_staged = 0;
		if (last || !alone) {
			s->dropping = !last;
		}
		return;
	}
	item->kind = ITEM_RECORD;
	item->u.record = *rec;
	ring_stage(s->ring);
	s->n_staged++;
	if (last || alone || !s->interface) {
		ring_publish(s->ring);
		s->n_staged = 0;
		s->n_staged_alerts = 0;
		s->shared->notify(s->shared->ctx);
	}
}

/* Of what the kernel filter hides. */
static int make_sampler(struct source *s, const struct dlo_engine_config *cfg)
{
	const struct options *o = s->shared->options;

	if (!s->interface || s->part || !s->filtered ||
		o->census_sample == WHEN_OFF) {
		return 0;
	}
	return sampler_init(&s->sampler, s->interface, s->shared->rules, cfg);
}

static void engine_config(const struct source *s, const struct options *o,
	struct dlo_engine_config *ret)
{
	dlo_engine_config_init(ret);
	ret->all = o->all;
	/* Only text has the question beside its alerts. */
	ret->alerts_only = !o->all && (o->service || o->format == FORMAT_JSON);
	ret->bytes = o->hex || o->link_header || o->write;
	ret->limit_n = o->limit.n;
	ret->limit_s = o->limit.seconds;
	memcpy(ret->dns_port, o->dns_ports.port,
		o->dns_ports.n * sizeof(o->dns_ports.port[0]));
	ret->n_dns_ports = o->dns_ports.n;
	ret->any_port = o->any_port;
	ret->seed = s->seed;
	ret->record = on_record;
	ret->ctx = (void *)(uintptr_t)s;
}

static int make_engine(struct source *s)
{
	const struct options *o = s->shared->options;
	struct dlo_engine_config cfg;
	int r;

	if ((s->interface || o->watch) &&
		getrandom(&s->seed, sizeof(s->seed), 0) < 0) {
		return -errno;
	}
	engine_config(s, o, &cfg);
	cfg.limit_of = s->part ? source_first(s)->rules : NULL;
	r = dlo_engine_new(&cfg, s->shared->rules, &s->engine);
	if (!r) {
		s->rules = dlo_engine_rules(s->engine);
		r = make_sampler(s, &cfg);
	}
	return r ? r : ring_new(&s->ring);
}

int source_make_rules(const struct source *s, const struct options *o,
	const struct dlo_ruleset *rs, const struct dlo_engine_rules *limit_of,
	struct dlo_engine_rules **ret)
{
	struct dlo_engine_config cfg;

	engine_config(s, o, &cfg);
	cfg.limit_of = limit_of;
	return dlo_engine_rules_new(&cfg, rs, ret);
}

int source_init(struct source *s)
{
	int r;

	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = s->wake < 0 ? -errno : make_engine(s);
	if (r < 0) {
		log_error("%s: %s", s->interface ? s->interface : "files",
			strerror(-r));
		return EXIT_RUNTIME;
	}
	return 0;
}

/* ---- files -------------------------------------------------------------- */

static int add_file(struct texts *files, const char *path)
{
	const char **more =
		realloc(files->text, (files->n + 1) * sizeof(*more));
	char *copy = strdup(path);

	if (more) {
		files->text = more;
	}
	if (!more || !copy) {
		free(copy);
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	files->text[files->n++] = copy;
	return 0;
}

/* Whether a file begins like a capture: in a directory, others are no error. */
static bool looks_like_capture(const char *path)
{
	struct savefile *file;
	struct dlo_frame frame;
	char error[256];
	bool is_capture;

	if (savefile_open(path, NULL, &file, error, sizeof(error))) {
		return false;
	}
	savefile_read(file, &frame, 1);
	is_capture = savefile_is_capture(file);
	savefile_close(file);
	return is_capture;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_directory(struct texts *files, const char *path)
{
	struct dirent **entry;
	struct stat st;
	int r = 0, n = scandir(path, &entry, NULL, by_name);
	unsigned before = files->n;

	if (n < 0) {
		log_error("%s: %s", path, strerror(errno));
		return EXIT_RUNTIME;
	}
	for (int i = 0; i < n; i++) {
		char *name = NULL;

		if (!r &&
			asprintf(&name, "%s/%s", path, entry[i]->d_name) > 0 &&
			!stat(name, &st) && S_ISREG(st.st_mode) &&
			looks_like_capture(name)) {
			r = add_file(files, name);
		}
		free(name);
		free(entry[i]);
	}
	free(entry);
	if (!r && files->n == before) {
		log_error("%s: no captures in it", path);
		return EXIT_RUNTIME;
	}
	return r;
}

int source_find_files(struct source_context *shared, const struct texts *paths)
{
	struct stat st;
	int r = 0;

	for (unsigned i = 0; !r && i < paths->n; i++) {
		const char *path = paths->text[i];

		if (strcmp(path, "-") != 0 && !stat(path, &st) &&
			S_ISDIR(st.st_mode)) {
			r = add_directory(&shared->files, path);
		} else {
			r = add_file(&shared->files, path);
		}
	}
	return r;
}

void source_forget_files(struct source_context *shared)
{
	for (unsigned i = 0; i < shared->files.n; i++) {
		free((char *)(uintptr_t)shared->files.text[i]);
	}
	free(shared->files.text);
	shared->files = (struct texts){0};
}

int source_open_files(struct source *s, struct source_context *shared)
{
	*s = (struct source){.shared = shared,
		.wake = -1,
		.filtered = shared->programs != NULL};
	return source_init(s);
}

/* ---- the thread --------------------------------------------------------- */

static void name_thread(const struct source *s)
{
	char name[16]; /* with its NUL: pthread_setname_np(3) */

	if (s->part) {
		snprintf(name, sizeof(name), "%.12s/%u", s->interface,
			s->part % FANOUT_MAX);
	} else {
		snprintf(name, sizeof(name), "%s",
			s->interface ? s->interface : "replay");
	}
	pthread_setname_np(pthread_self(), name);
}

static void *run(void *arg)
{
	struct source *s = arg;

	name_thread(s);
	if (s->interface) {
		capture_live(s);
	} else if (s->shared->options->watch) {
		watch_folder(s);
	} else {
		replay_files(s);
	}
	return NULL;
}

int source_start(struct source *s)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	sigdelset(&all, SOURCE_NUDGE);
	sigdelset(&all, SIGSYS); /* syscalls.h */
	watchdog_note(&s->alive_ns);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = pthread_create(&s->thread, NULL, run, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	s->running = !r;
	return -r;
}

void source_wake(const struct source *s)
{
	const uint64_t one = 1;

	(void)!write(s->wake, &one, sizeof(one));
}

void source_woken(const struct source *s)
{
	uint64_t n;

	(void)!read(s->wake, &n, sizeof(n)); /* non-blocking */
}

void source_stop(struct source *s)
{
	atomic_store(&s->stop, true);
	source_wake(s);
}

void source_give_rules(struct source *s, struct dlo_engine_rules *rules)
{
	/* Pairs with the acquire in source_take_rules(): they are made. */
	atomic_store_explicit(&s->mailbox, rules, memory_order_release);
	source_wake(s);
}

struct dlo_engine_rules *source_take_rules(struct source *s)
{
	if (!atomic_load_explicit(&s->mailbox, memory_order_relaxed)) {
		return NULL;
	}
	return atomic_exchange_explicit(
		&s->mailbox, NULL, memory_order_acquire);
}

pcap_t *source_take_handle(struct source *s)
{
	return atomic_exchange_explicit(&s->given, NULL, memory_order_acquire);
}

void source_close(struct source *s)
{
	pcap_t *given;

	if (s->running) {
		source_stop(s);
		ring_abandon(s->ring);
		pthread_join(s->thread, NULL);
	}
	if (s->pcap) {
		pcap_close(s->pcap);
	}
	given = source_take_handle(s);
	if (given) {
		pcap_close(given);
	}
	sampler_fini(&s->sampler);
	dlo_engine_rules_free(source_take_rules(s));
	dlo_engine_rules_free(s->retired);
	dlo_engine_free(s->engine);
	ring_free(s->ring);
	if (s->wake >= 0) {
		close(s->wake);
	}
}
