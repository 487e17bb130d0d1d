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

#include "filter.h"
#include "log.h"
#include "savefile.h"
#include "watchdog.h"

#define TIMEOUT_MS 100 /* of a ring block: platform.md's 0 waits for ever */

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

	if (!s->interface || !s->filtered || o->census_sample == WHEN_OFF) {
		return 0;
	}
	return sampler_init(&s->sampler, s->interface, s->shared->rules, cfg);
}

static void engine_config(const struct source *s, const struct options *o,
	struct dlo_engine_config *ret)
{
	dlo_engine_config_init(ret);
	ret->all = o->all;
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
	r = dlo_engine_new(&cfg, s->shared->rules, &s->engine);
	if (!r) {
		s->rules = dlo_engine_rules(s->engine);
		r = make_sampler(s, &cfg);
	}
	return r ? r : ring_new(&s->ring);
}

int source_make_rules(const struct source *s, const struct options *o,
	const struct dlo_ruleset *rs, struct dlo_engine_rules **ret)
{
	struct dlo_engine_config cfg;

	engine_config(s, o, &cfg);
	return dlo_engine_rules_new(&cfg, rs, ret);
}

static int init(struct source *s, struct source_context *shared)
{
	int r;

	s->shared = shared;
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = s->wake < 0 ? -errno : make_engine(s);
	if (r < 0) {
		log_error("%s: %s", s->interface ? s->interface : "files",
			strerror(-r));
		return EXIT_RUNTIME;
	}
	return 0;
}

/* ---- an interface ------------------------------------------------------- */

static void say_why_not(const char *interface, int status, pcap_t *p)
{
	const char *what = pcap_statustostr(status), *more = pcap_geterr(p);

	if (status == PCAP_ERROR_PERM_DENIED ||
		status == PCAP_ERROR_PROMISC_PERM_DENIED) {
		char exe[1024] = "dnslookout";
		ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

		if (n > 0) {
			exe[n] = '\0';
		}
		log_error("%s: no right to capture: the capability "
			  "CAP_NET_RAW is missing. Run as root, or give it "
			  "once: setcap cap_net_raw+ep %s",
			interface, exe);
	} else if (status == PCAP_ERROR || !strcmp(what, more)) {
		log_error("%s: %s", interface, more);
	} else {
		log_error(
			"%s: %s%s%s", interface, what, *more ? ": " : "", more);
	}
}

static int set_link_type(struct source *s)
{
	const char *name = s->shared->options->link_type;
	int link_type;

	if (!name) {
		/* `any` can say which interface, if asked before the filter. */
		if (pcap_datalink(s->pcap) == DLT_LINUX_SLL) {
			pcap_set_datalink(s->pcap, DLT_LINUX_SLL2);
		}
		return 0;
	}
	link_type = pcap_datalink_name_to_val(name);
	if (link_type < 0) {
		log_error("unknown link type %s", name);
		return EXIT_USAGE;
	}
	if (pcap_set_datalink(s->pcap, link_type) < 0) {
		log_error("%s: %s", s->interface, pcap_geterr(s->pcap));
		return EXIT_RUNTIME;
	}
	return 0;
}

/* Compiles `text` and, with `set`, sets it. 0, or an exit code after a
 * message that begins with `what`. */
static int compile(
	struct source *s, const char *what, const char *text, bool set)
{
	struct bpf_program program;
	int r = 0;

	if (pcap_compile(s->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		log_error("%s: %s", what, pcap_geterr(s->pcap));
		return EXIT_USAGE;
	}
	if (set && pcap_setfilter(s->pcap, &program)) {
		log_error("%s: %s", s->interface, pcap_geterr(s->pcap));
		r = EXIT_RUNTIME;
	}
	pcap_freecode(&program);
	return r;
}

/* Ours with the user's expression, or the user's alone. */
static int set_live_filter(struct source *s)
{
	const struct options *o = s->shared->options;
	char *text;
	bool replaced = false;
	/* What may be on any port is not for the kernel to tell. */
	bool alone = !o->default_filter || o->any_port;
	/* The user's words by themselves first: an error is about them. */
	int r = compile(s, "filter expression", o->filter, alone);

	s->filtered = !alone || *o->filter;
	if (r || alone) {
		return r;
	}
	text = malloc(FILTER_TEXT_MAX);
	if (!text || filter_generate(pcap_datalink(s->pcap), o->dns_ports.port,
			     o->dns_ports.n, o->filter, text, FILTER_TEXT_MAX,
			     &replaced)) {
		log_error("filter expression: too long");
		free(text);
		return EXIT_USAGE;
	}
	if (replaced) {
		log_warning("the expression looks into tags itself and is "
			    "used alone, without the generated filter");
	}
	r = compile(s, "kernel filter", text, true);
	free(text);
	return r;
}

static int activate(struct source *s)
{
	const struct options *o = s->shared->options;
	char error[PCAP_ERRBUF_SIZE];
	int status;

	s->pcap = pcap_create(s->interface, error);
	if (!s->pcap) {
		log_error("%s: %s", s->interface, error);
		return EXIT_RUNTIME;
	}
	pcap_set_snaplen(s->pcap, (int)o->snaplen);
	pcap_set_promisc(
		s->pcap, o->promiscuous && strcmp(s->interface, "any") != 0);
	pcap_set_timeout(s->pcap, TIMEOUT_MS);
	pcap_set_buffer_size(s->pcap, (int)(o->buffer_kib * 1024));
	pcap_set_immediate_mode(s->pcap, o->immediate);
	pcap_set_tstamp_precision(s->pcap, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(s->pcap);
	if (status < 0) {
		say_why_not(s->interface, status, s->pcap);
		return EXIT_RUNTIME;
	}
	if (status > 0 || *pcap_geterr(s->pcap)) {
		log_warning("%s: %s", s->interface,
			*pcap_geterr(s->pcap) ? pcap_geterr(s->pcap)
					      : pcap_statustostr(status));
	}
	if (pcap_setnonblock(s->pcap, 1, error)) {
		log_error("%s: %s", s->interface, error);
		return EXIT_RUNTIME;
	}
	return 0;
}

int source_open_live(
	struct source *s, struct source_context *shared, const char *interface)
{
	int r;

	*s = (struct source){
		.shared = shared, .interface = interface, .wake = -1};
	r = activate(s);
	if (!r) {
		r = set_link_type(s);
	}
	if (!r) {
		r = set_live_filter(s);
	}
	if (r) {
		return r;
	}
	if (!dlo_link_known(pcap_datalink(s->pcap))) {
		log_error("%s: link type %s is not decoded yet", interface,
			pcap_datalink_val_to_name(pcap_datalink(s->pcap)));
		return EXIT_RUNTIME;
	}
	s->link_type = pcap_datalink(s->pcap);
	return init(s, shared);
}

/* ---- files -------------------------------------------------------------- */

static int add_file(struct source *s, const char *path)
{
	const char **more =
		realloc(s->files.text, (s->files.n + 1) * sizeof(*more));
	char *copy = strdup(path);

	if (more) {
		s->files.text = more;
	}
	if (!more || !copy) {
		free(copy);
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	s->files.text[s->files.n++] = copy;
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

static int add_directory(struct source *s, const char *path)
{
	struct dirent **entry;
	struct stat st;
	int r = 0, n = scandir(path, &entry, NULL, by_name);
	unsigned before = s->files.n;

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
			r = add_file(s, name);
		}
		free(name);
		free(entry[i]);
	}
	free(entry);
	if (!r && s->files.n == before) {
		log_error("%s: no captures in it", path);
		return EXIT_RUNTIME;
	}
	return r;
}

int source_open_files(struct source *s, struct source_context *shared,
	const struct texts *paths)
{
	const char *expression = shared->options->filter;
	struct stat st;
	int r;

	*s = (struct source){
		.shared = shared, .wake = -1, .filtered = *expression};
	r = programs_new(expression, &s->programs);
	for (unsigned i = 0; !r && i < paths->n; i++) {
		const char *path = paths->text[i];

		if (strcmp(path, "-") != 0 && !stat(path, &st) &&
			S_ISDIR(st.st_mode)) {
			r = add_directory(s, path);
		} else {
			r = add_file(s, path);
		}
	}
	return r ? r : init(s, shared);
}

/* ---- the thread --------------------------------------------------------- */

static void *run(void *arg)
{
	struct source *s = arg;

	pthread_setname_np(
		pthread_self(), s->interface ? s->interface : "replay");
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

static void wake(struct source *s)
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
	wake(s);
}

void source_give_rules(struct source *s, struct dlo_engine_rules *rules)
{
	/* Pairs with the acquire in source_take_rules(): they are made. */
	atomic_store_explicit(&s->mailbox, rules, memory_order_release);
	wake(s);
}

struct dlo_engine_rules *source_take_rules(struct source *s)
{
	if (!atomic_load_explicit(&s->mailbox, memory_order_relaxed)) {
		return NULL;
	}
	return atomic_exchange_explicit(
		&s->mailbox, NULL, memory_order_acquire);
}

void source_close(struct source *s)
{
	if (s->running) {
		source_stop(s);
		ring_abandon(s->ring);
		pthread_join(s->thread, NULL);
	}
	if (s->pcap) {
		pcap_close(s->pcap);
	}
	for (unsigned i = 0; i < s->files.n; i++) {
		free((char *)(uintptr_t)s->files.text[i]);
	}
	free(s->files.text);
	programs_free(s->programs);
	sampler_fini(&s->sampler);
	dlo_engine_rules_free(source_take_rules(s));
	dlo_engine_rules_free(s->retired);
	dlo_engine_free(s->engine);
	ring_free(s->ring);
	if (s->wake >= 0) {
		close(s->wake);
	}
}
