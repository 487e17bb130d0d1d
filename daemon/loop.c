/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.c - the loop thread: rings to outputs, signals, the end. */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "clock.h"
#include "delivery.h"
#include "log.h"
#include "minute.h"
#include "notify.h"
#include "summary.h"
#include "watchdog.h"

/*
 * Theory of operation
 *
 * Capture threads fill their rings and call loop_notify(); libuv coalesces
 * that, so the callback drains all rings until they are empty. The ring is
 * ordered, so a source's ITEM_EOF is the last of it; after the last source's
 * the handles are closed and uv_run() ends.
 *
 * A capture thread that waits in read(2) on a pipe is woken by SOURCE_NUDGE, a
 * signal with an empty handler, sent again and again while the program is
 * ending: one that arrives just before the read would be lost.
 */

#define NUDGE_MS 50
#define ROUNDS 1024 /* of draining, before signals and timers are looked at */
#define N_SIGNALS 5
#define MINUTE_MS 60000
#define STATUS_MS 5000

struct loop_state {
	struct loop *loop;
	uv_loop_t uv;
	uv_async_t wake;
	uv_timer_t nudge;
	uv_timer_t minute, status; /* live */
	uv_timer_t watchdog;
	unsigned watchdog_ms;
	bool stuck;
	uint64_t started_ns; /* uv_hrtime() */
	uv_timer_t due; /* what is held for others like it */
	unsigned minutes;
	uv_signal_t signal[N_SIGNALS];
	unsigned n_ended;
	unsigned turn; /* number of the file whose items are taken */
	struct delivery delivery;
	atomic_bool reader_gone;
	bool stopping;
};

static void worse(struct loop *l, int exit_code)
{
	l->exit_code = exit_code > l->exit_code ? exit_code : l->exit_code;
}

/* ---- the end ------------------------------------------------------------ */

static void on_nudge(uv_timer_t *timer)
{
	struct loop_state *st = timer->data;
	struct loop *l = st->loop;

	for (unsigned i = 0; i < l->n_sources; i++) {
		struct source *s = &l->sources[i];

		if (s->running && !s->ended && !s->interface) {
			pthread_kill(s->thread, SOURCE_NUDGE);
		}
	}
}

static void stop(struct loop *l)
{
	l->state->stopping = true;
	if (l->reload) {
		reload_stop(l->reload);
	}
	uv_timer_start(&l->state->nudge, on_nudge, 0, NUDGE_MS);
	for (unsigned i = 0; i < l->n_sources; i++) {
		source_stop(&l->sources[i]);
	}
}

/* ---- the service manager ------------------------------------------------ */

void loop_tell_status(const struct loop *l, const char *before)
{
	char text[STATUS_MAX], trouble[STATUS_MAX] = "";

	if (l->reload) {
		reload_trouble(l->reload, trouble, sizeof(trouble));
	}
	summary_status(
		l->sources, l->n_sources, l->rules, &l->outputs, false, text);
	notify_send(
		"%sSTATUS=%s%s%s", before, trouble, *trouble ? "; " : "", text);
}

/* ---- items -------------------------------------------------------------- */

static void on_file(struct source *s, const struct item *item)
{
	const char *link = pcap_datalink_val_to_name(item->u.note.number);
	const char *text =
		pcap_datalink_val_to_description(item->u.note.number);
	char shown[sizeof(s->capture)];

	memcpy(s->capture, item->u.note.text, sizeof(s->capture));
	memcpy(shown, s->capture, sizeof(shown));
	log_clean(shown, strlen(shown));
	fprintf(stderr,
		"reading from file %s, link-type %s (%s), snapshot length %u\n",
		shown, link ? link : "unknown", text ? text : "?",
		item->u.note.snaplen);
}

static void on_eof(struct loop *l, struct source *s, const struct item *item)
{
	s->ended = true;
	if (l->reload) {
		delivery_release(&l->state->delivery, true);
		reload_source_ended(l->reload, s);
	}
	worse(l, item->u.note.number);
	l->state->n_ended++;
	/* -c is for all sources together: who waits for a frame waits in vain.
	 */
	if (l->options->max_frames && !atomic_load(&s->shared->frames_left)) {
		stop(l);
	}
}

static void on_item(struct loop *l, struct source *s, const struct item *item)
{
	switch (item->kind) {
	case ITEM_RECORD:
		if (item->u.record.kind == DLO_RECORD_ALERT) {
			rule_counts_add(l->rule_counts, &item->u.record);
		}
		delivery_record(&l->state->delivery, s, &item->u.record);
		break;
	case ITEM_FILE:
		on_file(s, item);
		break;
	case ITEM_RESUME:
		memcpy(s->capture, item->u.note.text, sizeof(s->capture));
		break;
	case ITEM_TURN:
		break;
	case ITEM_TURN_END:
		l->state->turn++;
		break;
	case ITEM_TROUBLE:
	case ITEM_OUTAGE:
		log_line((enum log_level)item->u.note.number, "%s",
			item->u.note.text);
		if (item->kind == ITEM_OUTAGE) {
			loop_tell_status(l, "");
		}
		break;
	case ITEM_RETIRED:
		delivery_release(&l->state->delivery, true);
		reload_retired(l->reload, s, item->u.retired);
		break;
	case ITEM_EOF:
		on_eof(l, s, item);
		break;
	}
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle)) {
		uv_close(handle, NULL);
	}
}

/* Whether an item leaves a message under way. A closing line may come within
 * one. */
static bool goes_on(const struct item *item, bool before)
{
	const struct dlo_record *rec = &item->u.record;

	if (item->kind != ITEM_RECORD || rec->kind == DLO_RECORD_CLOSING) {
		return before;
	}
	return !(rec->flags & DLO_RECORD_LAST);
}

/* The next item, unless files before its own have not ended. */
static const struct item *next_item(const struct loop *l, struct source *s)
{
	const struct item *item = ring_peek(s->ring);
	bool early = item && item->kind == ITEM_TURN &&
		     (unsigned)item->u.note.number != l->state->turn;

	return early ? NULL : item;
}

/*
 * Takes one message (or other item) of each source in turn, until all rings are
 * empty. Never a part of one: outputs make a line of one message at a time, and
 * in a ring of several all its items stand together. False: a reader is slow
 * (replay only), or more comes all the time (a flood). What is not taken out of
 * a ring stays there, and on replay its capture thread waits; this thread does
 * not, so that it sees signals, timers and clients.
 */
static bool drain(struct loop *l)
{
	const struct item *item;
	bool any = true, within;

	for (unsigned n = 0; any; n++) {
		if (n == ROUNDS) {
			loop_notify(l); /* goes on soon */
			return false;
		}
		any = false;
		for (unsigned i = 0; i < l->n_sources; i++) {
			struct source *s = &l->sources[i];

			within = false;
			do {
				if (!outputs_ready(&l->outputs)) {
					return false;
				}
				item = next_item(l, s);
				if (!item) {
					break;
				}
				within = goes_on(item, within);
				on_item(l, s, item);
				ring_pop(s->ring);
				any = true;
			} while (within);
		}
	}
	return true;
}

static void on_due(uv_timer_t *timer)
{
	struct loop_state *st = timer->data;
	uint64_t ms = delivery_release(&st->delivery, false);

	if (ms) {
		uv_timer_start(timer, on_due, ms, 0);
	}
}

static void on_wake(uv_async_t *async)
{
	struct loop_state *st = async->data;
	struct loop *l = st->loop;
	bool drained;

	if (atomic_load(&st->reader_gone) && !st->stopping) {
		stop(l);
	}
	drained = drain(l);
	if (!drained || st->n_ended < l->n_sources) {
		on_due(&st->due);
		return;
	}
	delivery_release(&st->delivery, true);
	if (outputs_drained(&l->outputs)) {
		uv_walk(&st->uv, close_handle, NULL);
	}
}

void loop_notify(void *ctx)
{
	struct loop *l = ctx;

	uv_async_send(&l->state->wake);
}

void loop_reader_gone(void *ctx)
{
	struct loop *l = ctx;

	atomic_store(&l->state->reader_gone, true);
	uv_async_send(&l->state->wake);
}

static void on_status(uv_timer_t *timer)
{
	const struct loop_state *st = timer->data;

	loop_tell_status(st->loop, "");
}

static void on_minute(uv_timer_t *timer)
{
	struct loop_state *st = timer->data;
	struct loop *l = st->loop;

	minute_tick(
		l->sources, l->n_sources, ++st->minutes, l->options->service);
	exceptions_keep(l->exceptions, l->sources, l->n_sources, &st->uv);
}

/* ---- signs of life ------------------------------------------------------ */

/* An interface whose thread is stuck; NULL: there is none. Who reads files may
 * wait for a slow output. */
static const struct source *find_stuck(
	const struct loop *l, unsigned interval_ms)
{
	uint64_t now_ns = clock_steady_ns();

	for (unsigned i = 0; i < l->n_sources; i++) {
		const struct source *s = &l->sources[i];

		if (s->interface && !s->ended &&
			watchdog_is_stuck(&s->alive_ns, now_ns, interval_ms)) {
			return s;
		}
	}
	return NULL;
}

static void on_watchdog(uv_timer_t *timer)
{
	struct loop_state *st = timer->data;
	const struct source *s = find_stuck(st->loop, st->watchdog_ms);

	if (s && !st->stuck) {
		log_error("the thread that captures on %s is stuck",
			s->interface);
	}
	st->stuck = s;
	if (!s) {
		notify_send("WATCHDOG=1");
	}
}

static void start_watchdog(struct loop_state *st)
{
	unsigned quarter_ms;

	st->watchdog_ms = watchdog_interval_ms();
	quarter_ms = st->watchdog_ms / 4;
	if (quarter_ms) {
		uv_timer_start(
			&st->watchdog, on_watchdog, quarter_ms, quarter_ms);
	}
}

/* ---- signals ------------------------------------------------------------ */

static void on_stop(uv_signal_t *handle, int number)
{
	struct loop_state *st = handle->data;

	if (st->stopping) {
		/* A second one: whoever does not read is not waited for. */
		outputs_abandon(&st->loop->outputs);
		uv_async_send(&st->wake);
	}
	stop(st->loop);
	(void)number;
}

static void on_statistics(uv_signal_t *handle, int number)
{
	struct loop_state *st = handle->data;
	struct loop *l = st->loop;

	summary_say(l->options, l->sources, l->n_sources, l->rules,
		l->exceptions, &l->outputs, NULL);
	(void)number;
}

static void on_hangup(uv_signal_t *handle, int number)
{
	struct loop_state *st = handle->data;

	if (st->loop->options->service) {
		reload_request(st->loop->reload, "SIGHUP", false);
	} else {
		on_stop(handle, number);
	}
}

static void on_reopen(uv_signal_t *handle, int number)
{
	struct loop_state *st = handle->data;

	outputs_reopen(&st->loop->outputs);
	(void)number;
}

static const struct {
	int number;
	uv_signal_cb callback;
	/* nohup: stays ignored. A shell's background job ignores SIGINT too,
	 * but must yet be ended by kill -INT. */
	bool keep_ignored;
} signals[] = {
	{SIGINT, on_stop, false},
	{SIGTERM, on_stop, false},
	{SIGHUP, on_hangup, true},
	{SIGUSR1, on_statistics, false},
	{SIGUSR2, on_reopen, false},
};
static_assert(sizeof(signals) / sizeof(signals[0]) == N_SIGNALS,
	"a signal without a handle");

static void on_nudge_signal(int number)
{
	(void)number;
}

static void ready_nudge(void)
{
	struct sigaction action = {.sa_handler = on_nudge_signal};
	sigset_t set;

	sigaction(SOURCE_NUDGE, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SOURCE_NUDGE);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

static int watch_signals(struct loop_state *st)
{
	int r;

	for (size_t i = 0; i < N_SIGNALS; i++) {
		uv_signal_t *handle = &st->signal[i];

		if (signals[i].keep_ignored && ignored(signals[i].number)) {
			continue;
		}
		r = uv_signal_init(&st->uv, handle);
		if (!r) {
			handle->data = st;
			r = uv_signal_start(
				handle, signals[i].callback, signals[i].number);
		}
		if (r) {
			return r;
		}
	}
	return 0;
}

/* ---- open, run, close --------------------------------------------------- */

int loop_open(struct loop *l)
{
	struct loop_state *st = calloc(1, sizeof(*st));
	int r;

	if (!st) {
		return -ENOMEM;
	}
	l->state = st;
	st->loop = l;
	st->started_ns = uv_hrtime();
	l->started = time(NULL);
	ready_nudge();
	/* Calls by way of io_uring would go past the sandbox. */
	setenv("UV_USE_IO_URING", "0", 1);
	setenv("UV_THREADPOOL_SIZE", "2", 0); /* files: what we keep and load */
	r = rule_counts_new(&l->rule_counts);
	r = r ? r : uv_loop_init(&st->uv);
	if (r) {
		l->rule_counts = rule_counts_free(l->rule_counts);
		free(st);
		l->state = NULL;
		return r;
	}
	r = uv_async_init(&st->uv, &st->wake, on_wake);
	st->wake.data = st;
	if (!r) {
		r = uv_timer_init(&st->uv, &st->nudge);
		st->nudge.data = st;
	}
	if (!r) {
		r = uv_timer_init(&st->uv, &st->minute);
		st->minute.data = st;
	}
	if (!r) {
		r = uv_timer_init(&st->uv, &st->status);
		st->status.data = st;
	}
	if (!r) {
		r = uv_timer_init(&st->uv, &st->watchdog);
		st->watchdog.data = st;
	}
	if (!r) {
		r = uv_timer_init(&st->uv, &st->due);
		st->due.data = st;
	}
	if (!r) {
		r = watch_signals(st);
	}
	return r;
}

uint64_t loop_uptime_s(const struct loop *l)
{
	return (uv_hrtime() - l->state->started_ns) / 1000000000;
}

struct uv_loop_s *loop_uv(struct loop *l)
{
	return &l->state->uv;
}

void loop_run(struct loop *l)
{
	if (delivery_open(&l->state->delivery, l->options, l->sources,
		    l->n_sources, &l->outputs, l->hostname)) {
		log_warning("out of memory: alerts of the same look-up on "
			    "several interfaces are not merged");
	}
	if (l->n_sources && l->sources[0].interface) {
		uv_timer_start(
			&l->state->minute, on_minute, MINUTE_MS, MINUTE_MS);
		uv_timer_start(
			&l->state->status, on_status, STATUS_MS, STATUS_MS);
	}
	start_watchdog(l->state);
	if (l->reload) {
		reload_begin(l->reload);
	}
	uv_run(&l->state->uv, UV_RUN_DEFAULT);
	delivery_close(&l->state->delivery);
}

void loop_close(struct loop *l)
{
	struct loop_state *st = l->state;

	if (!st) {
		return;
	}
	uv_walk(&st->uv, close_handle, NULL);
	uv_run(&st->uv, UV_RUN_DEFAULT);
	uv_loop_close(&st->uv);
	l->rule_counts = rule_counts_free(l->rule_counts);
	free(st);
	l->state = NULL;
}
