/* SPDX-License-Identifier: BSD-2-Clause */
/* reload.c - other lists for a running program. */
#include "reload.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "lastgood.h"
#include "log.h"
#include "notify.h"
#include "plausible.h"
#include "plural.h"
#include "settings.h"

/*
 * Theory of operation
 *
 * A run goes through the phases one after the other. BUILDING, in a thread of
 * libuv's: lists are read, compiled and looked at, and what each engine needs
 * of the set is made. SWAPPING: each source finds its new rules in its mailbox,
 * takes them between two frames, and gives the old ones back through its ring;
 * so every record that refers to the old set has come out before. RETIRING, in
 * a thread again: what the old rules counted is added to the tallies, they and
 * their set are freed, and the lists are kept as the last good ones.
 *
 * The parts of an interface share a limit, and each takes the new one when it
 * takes the new rules: until the last has, the old windows go on for the
 * others.
 *
 * A source that has ended takes nothing out of its mailbox any more: its rules
 * are exchanged for it.
 *
 * All that is done in a thread is done one after the other, so that options and
 * tallies have one owner at a time. Who asks while a run is under way gets the
 * next one, for that may have read his file already.
 */

enum phase { IDLE, LOOKING, BUILDING, SWAPPING, RETIRING };

struct part { /* of a source; NULL: not ours */
	struct dlo_engine_rules *fresh, *old;
};

struct reload {
	struct reload_context c;
	enum phase phase;
	uint64_t run; /* the newest that was begun */
	bool force;
	bool wanted, wanted_force; /* another after it */
	char why[64], wanted_why[64];
	atomic_bool stop;
	uv_work_t work;
	/* LOOKING, BUILDING and RETIRING: the thread's */
	struct options *options; /* in effect */
	struct options own[2]; /* of them, one after the other */
	struct options *next; /* NULL: they stay */
	uint64_t seen, looked, looked_before; /* lists_look() */
	struct lists lists;
	bool good; /* they can be used; are used, and to be kept */
	struct reasons reasons;
	struct part *part; /* of each source */
	struct exceptions_next exceptions;
	struct dlo_ruleset *old;
	unsigned n_out; /* sources that have the old rules yet */
	/* for whoever asks */
	time_t last_good;
	struct reload_outcome outcome;
};

static void begin(struct reload *r);

/* ---- BUILDING: in a thread ---------------------------------------------- */

static struct options *effective(struct reload *r)
{
	return r->next ? r->next : r->options;
}

/* 0, or an exit code after a message. */
static int read_settings(struct reload *r)
{
	int code;

	if (!r->c.settings) {
		return 0;
	}
	r->next = &r->own[r->options == &r->own[0]];
	code = r->c.settings(r->c.ctx, r->next);
	if (code < 0) {
		settings_say_restart(r->c.options, r->next);
	}
	return code < 0 ? 0 : code;
}

static bool make_parts(struct reload *r)
{
	int err = exceptions_prepare(
		r->c.exceptions, r->lists.rules, &r->exceptions);

	for (unsigned i = 0; !err && i < r->c.n_sources; i++) {
		const struct source *s = &r->c.sources[i];

		err = source_make_rules(s, effective(r), r->lists.rules,
			s->part ? r->part[i - s->part].fresh : NULL,
			&r->part[i].fresh);
	}
	if (err) {
		log_error("%s", strerror(-err));
	}
	return !err;
}

static bool is_wanted(const struct reload *r)
{
	unsigned n_running = dlo_ruleset_n_patterns(*r->c.rules);

	return plausible(&r->lists, n_running) || r->force;
}

static void build(uv_work_t *work)
{
	struct reload *r = work->data;

	r->lists = (struct lists){.keep = r->c.keep, .stop = &r->stop};
	r->seen = lists_look(r->options);
	reasons_begin(&r->reasons);
	r->good = !read_settings(r) && !lists_load(effective(r), &r->lists) &&
		  is_wanted(r) && make_parts(r);
	reasons_end();
}

/* ---- RETIRING: in a thread ---------------------------------------------- */

static void retire_part(struct reload *r, struct part *p)
{
	if (p->old) {
		dlo_engine_rules_tally(p->old, tallies_add, r->c.tallies);
		tallies_settle(r->c.tallies);
	}
	p->old = dlo_engine_rules_free(p->old);
	p->fresh = dlo_engine_rules_free(p->fresh);
}

static void keep(struct reload *r)
{
	int err = lastgood_write(r->c.keep, &r->lists, time(NULL));

	if (err) {
		log_warning("%s: the lists cannot be kept as the last good "
			    "ones: %s",
			r->c.keep, strerror(-err));
	}
}

static void retire(uv_work_t *work)
{
	struct reload *r = work->data;

	for (unsigned i = 0; i < r->c.n_sources; i++) {
		retire_part(r, &r->part[i]);
	}
	exceptions_forget(&r->exceptions);
	r->old = dlo_ruleset_free(r->old);
	if (r->next) {
		options_free(r->next); /* what it was exchanged with */
		r->next = NULL;
	}
	if (r->good && r->lists.n_texts) {
		keep(r);
	}
	lists_free(&r->lists);
	malloc_trim(0);
}

static void after_retire(uv_work_t *work, int status)
{
	struct reload *r = work->data;

	(void)status;
	r->phase = IDLE;
	if (r->wanted) {
		begin(r);
	}
}

static void begin_retire(struct reload *r)
{
	r->phase = RETIRING;
	uv_queue_work(r->c.uv, &r->work, retire, after_retire);
}

/* ---- the outcome -------------------------------------------------------- */

/* The reasons become the outcome's. */
static void set_outcome(struct reload *r, bool accepted)
{
	reasons_free(&r->outcome.reasons);
	r->outcome = (struct reload_outcome){.run = r->run,
		.when = time(NULL),
		.accepted = accepted,
		.reasons = r->reasons};
	r->reasons = (struct reasons){0};
}

static void say_outcome(const struct reload *r)
{
	unsigned n_lists = dlo_ruleset_n_lists(*r->c.rules),
		 n_patterns = dlo_ruleset_n_patterns(*r->c.rules);
	const struct reasons *reasons = &r->outcome.reasons;
	char why[512];

	if (r->outcome.accepted) {
		log_info("reload (%s): %u list%s, %u pattern%s in use", r->why,
			n_lists, plural(n_lists), n_patterns,
			plural(n_patterns));
	} else {
		log_error("reload (%s) refused: %s. The set of before stays in "
			  "use: %u pattern%s",
			r->why, reasons_short(reasons, why, sizeof(why)),
			n_patterns, plural(n_patterns));
	}
}

static void finish(struct reload *r, bool accepted)
{
	set_outcome(r, accepted);
	say_outcome(r);
	r->c.tell(r->c.ctx, "READY=1\n");
	begin_retire(r);
}

/* ---- SWAPPING ----------------------------------------------------------- */

/* The old ones, unless they are the caller's, wait to be freed in `next`. */
static void take_settings(struct reload *r)
{
	struct options *old = r->options;

	if (r->next) {
		r->options = r->next;
		r->next = old != r->c.options ? old : NULL;
	}
}

static void all_have_taken(struct reload *r)
{
	exceptions_exchange(
		r->c.exceptions, &r->exceptions, r->c.sources, r->c.n_sources);
	for (unsigned i = 0; i < r->c.n_sources; i++) {
		struct source *s = &r->c.sources[i];

		s->rules = dlo_engine_rules(s->engine);
	}
	r->old = *r->c.rules;
	*r->c.rules = r->lists.rules;
	r->lists.rules = NULL;
	*r->c.age = r->lists.age;
	r->last_good = 0;
	r->seen = r->lists.seen;
	take_settings(r);
	finish(r, true);
}

void reload_retired(
	struct reload *r, struct source *s, struct dlo_engine_rules *rules)
{
	r->part[s - r->c.sources].old = rules;
	if (--r->n_out == 0) {
		all_have_taken(r);
	}
}

void reload_source_ended(struct reload *r, struct source *s)
{
	struct dlo_engine_rules *fresh = source_take_rules(s);

	if (fresh) {
		reload_retired(r, s, dlo_engine_swap(s->engine, fresh));
	}
}

static void begin_swap(struct reload *r)
{
	r->phase = SWAPPING;
	r->n_out = r->c.n_sources;
	for (unsigned i = 0; i < r->c.n_sources; i++) {
		struct source *s = &r->c.sources[i];
		struct dlo_engine_rules *fresh = r->part[i].fresh;

		r->part[i].fresh = NULL;
		source_give_rules(s, fresh);
		if (s->ended) {
			reload_source_ended(r, s);
		}
	}
}

static void after_build(uv_work_t *work, int status)
{
	struct reload *r = work->data;

	(void)status;
	if (atomic_load(&r->stop)) {
		r->good = false;
		begin_retire(r); /* frees it */
	} else if (r->good) {
		begin_swap(r);
	} else {
		finish(r, false);
	}
}

/* ---- runs --------------------------------------------------------------- */

static void begin(struct reload *r)
{
	r->run++;
	r->phase = BUILDING;
	r->force = r->wanted_force;
	memcpy(r->why, r->wanted_why, sizeof(r->why));
	r->wanted = false;
	r->wanted_force = false;
	notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		(uint64_t)(uv_hrtime() / 1000));
	uv_queue_work(r->c.uv, &r->work, build, after_build);
}

uint64_t reload_request(struct reload *r, const char *why, bool force)
{
	if (!r->wanted) {
		snprintf(r->wanted_why, sizeof(r->wanted_why), "%s", why);
	}
	r->wanted = !atomic_load(&r->stop);
	r->wanted_force |= force;
	if (r->wanted && r->phase == IDLE) {
		begin(r);
		return r->run;
	}
	return r->run + 1;
}

const struct reload_outcome *reload_outcome(
	const struct reload *r, uint64_t run)
{
	return r->outcome.run >= run ? &r->outcome : NULL;
}

const struct reload_outcome *reload_newest(const struct reload *r)
{
	return &r->outcome;
}

static void look(uv_work_t *work)
{
	struct reload *r = work->data;

	r->looked_before = r->looked;
	r->looked = lists_look(r->options);
}

/* When the same change is seen twice, whoever makes it is done with it. One
 * that was refused is not tried again until the next. */
static void after_look(uv_work_t *work, int status)
{
	struct reload *r = work->data;

	(void)status;
	r->phase = IDLE;
	if (r->looked != r->seen && r->looked == r->looked_before) {
		reload_request(r, "the lists have changed", false);
	} else if (r->wanted) {
		begin(r);
	}
}

void reload_look(struct reload *r)
{
	if (r->phase == IDLE && !atomic_load(&r->stop)) {
		r->phase = LOOKING;
		uv_queue_work(r->c.uv, &r->work, look, after_look);
	}
}

const char *reload_trouble(const struct reload *r, char *buf, size_t cap)
{
	char date[32] = "", why[256];
	struct tm tm;

	buf[0] = '\0';
	reasons_short(&r->outcome.reasons, why, sizeof(why));
	if (r->last_good && localtime_r(&r->last_good, &tm)) {
		strftime(date, sizeof(date), "%F %T", &tm);
		snprintf(buf, cap, "LAST GOOD SET of %s in use: %s", date, why);
	} else if (!r->outcome.accepted) {
		snprintf(buf, cap, "reload refused: %s", why);
	}
	for (char *p = buf; *p; p++) {
		*p = (unsigned char)*p < 0x80 ? *p : '?';
	}
	return buf;
}

/* ---- open, close -------------------------------------------------------- */

/* Looked at with less suspicion than a reload: somebody has started us, and
 * there is no other set to stay with. */
static void take_boot(struct reload *r, struct reload_boot *boot)
{
	r->seen = boot->lists.seen;
	r->last_good = boot->last_good;
	r->reasons = boot->reasons;
	boot->reasons = (struct reasons){0};
	if (r->c.keep && !boot->last_good) {
		r->good = plausible(&boot->lists, 0);
	}
	r->lists.text = boot->lists.text;
	r->lists.n_texts = boot->lists.n_texts;
	boot->lists.text = NULL;
	boot->lists.n_texts = 0;
	set_outcome(r, !boot->last_good);
}

int reload_open(const struct reload_context *c, struct reload_boot *boot,
	struct reload **ret)
{
	struct reload *r = calloc(1, sizeof(*r));

	if (!r) {
		return -ENOMEM;
	}
	r->part = calloc(c->n_sources, sizeof(*r->part));
	if (!r->part) {
		free(r);
		return -ENOMEM;
	}
	r->c = *c;
	r->work.data = r;
	r->options = r->c.options;
	take_boot(r, boot);
	*ret = r;
	return 0;
}

void reload_begin(struct reload *r)
{
	begin_retire(r); /* there is nothing old: to keep the new ones */
}

void reload_stop(struct reload *r)
{
	atomic_store(&r->stop, true);
	r->wanted = false;
}

struct reload *reload_close(struct reload *r)
{
	if (r) {
		for (unsigned i = 0; i < r->c.n_sources; i++) {
			dlo_engine_rules_free(r->part[i].old);
			dlo_engine_rules_free(r->part[i].fresh);
		}
		free(r->part);
		exceptions_forget(&r->exceptions);
		dlo_ruleset_free(r->old);
		options_free(&r->own[0]);
		options_free(&r->own[1]);
		lists_free(&r->lists);
		reasons_free(&r->reasons);
		reasons_free(&r->outcome.reasons);
		free(r);
	}
	return NULL;
}
