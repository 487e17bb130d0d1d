/* SPDX-License-Identifier: BSD-2-Clause */
/* backlog.c - alerts on their way to an output that may be away for long. */
#include "backlog.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "plural.h"
#include "state.h"

/*
 * Theory of operation
 *
 * As long as alerts leave, none touches the disk. When one has waited for
 * LATE_MS, all that is queued goes to the spool, and so does everything that
 * comes behind it, until the spool is empty again: so the order is kept. From
 * then on the thread wakes every TICK_MS to move the queue to the spool, syncs
 * it every SYNC_MS, and tries to deliver from its front when the output's own
 * wait is over. So what cannot be delivered is on disk within a second: twice
 * LATE_MS, SYNC_MS and a tick for each, and what the disk takes.
 *
 * What has no room in the spool is lost. The number is kept as a loss at its
 * end, in the state on disk too; it becomes a message as soon as another one
 * has room behind it, or when the spool is empty. What has no room in the queue
 * (the disk is slow, or there is no spool) is counted by who pushes, and comes
 * as a loss at its place in the queue.
 *
 * When the spool cannot be written, alerts wait in the queue.
 */

#define LATE_MS 150
#define TICK_MS 50
#define SYNC_MS 200
#define READ_AGAIN_MS 1000
#define SPOOLED_GRACE_MS 500u /* at the end: the next run delivers the rest */

static void count(struct backlog *b, const struct account_counts *delta)
{
	account_add(&b->output->account, delta);
}

/* ---- what is said -------------------------------------------------------- */

/* Says once why nothing leaves. */
static void tell_outage(struct backlog *b, const char *why)
{
	struct account_counts n;
	uint64_t waits;

	if (!b->out) {
		n = account_get(&b->output->account);
		waits = n.spooled + account_waiting(&n);
		log_warning("cannot %s %s %s: %s; %" PRIu64 " alert%s wait%s",
			b->c.verb, b->c.what, b->c.path, why, waits,
			plural(waits), waits == 1 ? "s" : "");
	}
	b->out = true;
}

static void tell_end_of_outage(struct backlog *b)
{
	if (b->out) {
		log_info("%s %s is back", b->c.what, b->c.path);
	}
	b->out = false;
}

/* Says once that the spool is not what it should be, */
static void tell_spool_fails(struct backlog *b, int r)
{
	if (!b->spool_out) {
		log_warning("cannot write to the spool of %s: %s; alerts wait "
			    "in memory",
			b->c.name, strerror(-r));
	}
	b->spool_out = true;
	b->spool_written = false;
}

/* and once that it is: alerts were written since, and all is on disk. */
static void tell_spool_works(struct backlog *b)
{
	if (b->spool_out && b->spool_written) {
		log_info("the spool of %s can be written again", b->c.name);
		b->spool_out = false;
	}
}

/* ---- losses -------------------------------------------------------------- */

static void set_loss(struct backlog *b, struct spool_loss loss)
{
	b->loss = loss;
	if (b->spool) {
		spool_set_loss(b->spool, loss);
	}
}

static void add_loss(struct backlog *b, uint64_t n, time_t since)
{
	set_loss(b,
		(struct spool_loss){.n = b->loss.n + n,
			.since = b->loss.n ? b->loss.since : (uint64_t)since});
}

/* There is a message now that tells of it. */
static void end_loss(struct backlog *b)
{
	log_warning("%" PRIu64 " alert%s for %s %s lost: more than could wait",
		b->loss.n, plural(b->loss.n), b->c.what, b->c.path);
	b->full = false;
	set_loss(b, (struct spool_loss){0});
}

static size_t loss_line(struct backlog *b, char buf[BACKLOG_LINE_MAX])
{
	return b->c.loss_line(b->c.ctx, b->loss.n, (time_t)b->loss.since, buf);
}

/* The spool has no room for n alerts. */
static void lose(struct backlog *b, unsigned n)
{
	if (!b->full) {
		log_warning(
			"the spool of %s is full: alerts are lost", b->c.name);
	}
	b->full = true;
	add_loss(b, n, time(NULL));
	count(b, &(struct account_counts){.lost = n});
}

static bool on_loss(void *ctx, uint64_t n, time_t since)
{
	add_loss(ctx, n, since);
	return true;
}

/* ---- into the spool ------------------------------------------------------ */

/* Whether messages have waited too long. */
static bool is_late(struct backlog *b)
{
	uint64_t now = clock_steady_ms();

	if (b->passed >= b->mark) {
		b->mark = b->passed + writer_queued(b->output->writer);
		b->mark_ms = now;
	}
	return b->passed < b->mark && now - b->mark_ms >= LATE_MS;
}

/* The line that tells of a loss, as a message of no alert. As spool_append();
 * a full spool stays so until there is room for many. */
static int spool_loss_line(struct backlog *b)
{
	char line[BACKLOG_LINE_MAX];
	struct iovec v = {line, loss_line(b, line)};
	unsigned n;
	int r = 1;

	if (spool_has_room(b->spool, SPOOL_MESSAGE_MAX)) {
		r = spool_append(b->spool, &v, 1, 0, &n);
	}
	if (r == 0) {
		end_loss(b);
	}
	return r;
}

/* Moves messages to the spool; returns how many are done with. */
static unsigned put_by(struct backlog *b, const struct iovec *v, unsigned n)
{
	unsigned done = 0;
	int r = b->loss.n > 0 ? spool_loss_line(b) : 0;

	if (r == 0) {
		r = spool_append(b->spool, v, n, 1, &done);
	}
	count(b, &(struct account_counts){.spooled = done});
	if (r < 0) {
		tell_spool_fails(b, r);
	} else if (done > 0) {
		b->spool_written = true;
	}
	if (r == 1) {
		lose(b, n - done);
		done = n;
	}
	return done;
}

static void sync_spool(struct backlog *b)
{
	uint64_t now = clock_steady_ms();
	int r;

	if (!b->spool || !spool_is_dirty(b->spool) ||
		now - b->synced_ms < SYNC_MS) {
		return;
	}
	b->synced_ms = now;
	r = spool_sync(b->spool);
	if (r < 0) {
		tell_spool_fails(b, r);
	} else {
		tell_spool_works(b);
	}
}

/* ---- to the output ------------------------------------------------------- */

/* One attempt; returns how many messages were taken, and counts those that are
 * refused. */
static unsigned try(
	struct backlog *b, struct iovec *v, unsigned n, struct backlog_try *t)
{
	unsigned done;

	*t = (struct backlog_try){.wait = {.fd = -1}};
	done = b->c.deliver(b->c.ctx, v, n, t);
	b->n_refused += t->n_refused;
	b->reached = done == n;
	b->not_before_ms = 0;
	if (done > t->n_refused) {
		tell_end_of_outage(b);
	}
	if (done < n && t->trouble) {
		tell_outage(b, t->trouble);
	}
	if (done < n && t->wait.fd < 0 && t->wait.timeout_ms > 0) {
		b->not_before_ms =
			clock_steady_ms() + (unsigned)t->wait.timeout_ms;
	}
	return done;
}

/* Delivers from the front of the spool, a batch at most. */
static void deliver_spooled(struct backlog *b, struct writer_wait *ret_wait)
{
	int n = spool_peek(b->spool, b->v, WRITER_BATCH);
	uint64_t spoiled = spool_spoiled(b->spool), alerts;
	struct backlog_try t;
	unsigned done;

	count(b,
		&(struct account_counts){.spooled = -spoiled, .lost = spoiled});
	if (n < 0) {
		tell_outage(b, strerror(-n));
		b->reached = false;
		b->not_before_ms = clock_steady_ms() + READ_AGAIN_MS;
		ret_wait->timeout_ms = READ_AGAIN_MS;
	}
	if (n <= 0) {
		return;
	}
	done = try(b, b->v, (unsigned)n, &t);
	alerts = spool_drop(b->spool, done);
	t.n_refused = t.n_refused < alerts ? t.n_refused : (unsigned)alerts;
	count(b, &(struct account_counts){.spooled = -alerts,
			 .delivered = alerts - t.n_refused,
			 .lost = t.n_refused});
	*ret_wait = t.wait;
}

/* Nothing waits before it: the line itself. */
static void deliver_loss(struct backlog *b, struct writer_wait *ret_wait)
{
	char line[BACKLOG_LINE_MAX];
	struct iovec v = {line, loss_line(b, line)};
	struct backlog_try t;

	if (try(b, &v, 1, &t) == 1) {
		end_loss(b);
	}
	*ret_wait = t.wait;
}

static unsigned deliver_queued(struct backlog *b, struct iovec *v, unsigned n,
	struct writer_wait *ret_wait)
{
	struct backlog_try t;
	unsigned done = try(b, v, n, &t);

	count(b, &(struct account_counts){
			 .delivered = done - t.n_refused, .lost = t.n_refused});
	*ret_wait = t.wait;
	return done;
}

static bool has_spooled(const struct backlog *b)
{
	return b->spool && !spool_is_empty(b->spool);
}

/* Delivers what is first; returns how many of v[0..n) that was. */
static unsigned deliver_first(struct backlog *b, struct iovec *v, unsigned n,
	struct writer_wait *ret_wait)
{
	uint64_t now = clock_steady_ms();

	if (now < b->not_before_ms && !writer_closing(b->output->writer)) {
		*ret_wait = (struct writer_wait){
			.fd = -1, .timeout_ms = (int)(b->not_before_ms - now)};
		return 0;
	}
	if (has_spooled(b)) {
		deliver_spooled(b, ret_wait);
	} else if (b->loss.n > 0) {
		deliver_loss(b, ret_wait);
	} else if (n > 0) {
		return deliver_queued(b, v, n, ret_wait);
	}
	return 0;
}

/* When to go on, and whether to though nothing is queued. */
static void plan(const struct backlog *b, struct writer_wait *wait)
{
	bool more = has_spooled(b) || b->loss.n > 0;
	bool dirty = b->spool && spool_is_dirty(b->spool);

	wait->again = more || dirty;
	if (dirty && !more && b->reached) {
		wait->timeout_ms = TICK_MS;
	}
	/* What is queued in the meantime must not wait for long. */
	if (b->spool && !b->reached &&
		(wait->timeout_ms < 0 || wait->timeout_ms > TICK_MS)) {
		wait->timeout_ms = TICK_MS;
	}
}

static size_t octets_of(const struct iovec *v, unsigned n)
{
	size_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		len += v[i].iov_len;
	}
	return len;
}

static size_t deliver(
	void *ctx, struct iovec *v, unsigned n, struct writer_wait *ret_wait)
{
	struct backlog *b = ctx;
	unsigned done = 0;

	if (b->c.called && b->c.called(b->c.ctx)) {
		b->not_before_ms = 0;
	}
	if (n > 0 && b->spool && (has_spooled(b) || is_late(b))) {
		done = put_by(b, v, n);
	}
	done += deliver_first(b, v + done, n - done, ret_wait);
	b->passed += done;
	sync_spool(b);
	plan(b, ret_wait);
	return octets_of(v, done);
}

/* The end: the rest for the next run. */
static size_t keep(void *ctx, struct iovec *v, unsigned n)
{
	return octets_of(v, put_by(ctx, v, n));
}

/* ---- opening and closing ------------------------------------------------- */

/* Without one, alerts wait in memory only. */
static void open_spool(struct backlog *b, const struct options *o)
{
	char name[64], path[STATE_PATH_MAX];
	uint64_t n;
	int r;

	snprintf(name, sizeof(name), "spool-%s", b->c.name);
	r = state_make(o, name, path);
	r = r ? r : spool_open(path, (uint64_t)o->spool_mib << 20, &b->spool);
	if (r < 0) {
		log_warning("no spool in %s: %s; alerts for %s %s wait in "
			    "memory only",
			path,
			r == -EBUSY ? "another process uses it" : strerror(-r),
			b->c.what, b->c.path);
		return;
	}
	n = spool_alerts(b->spool);
	b->loss = spool_loss(b->spool);
	count(b, &(struct account_counts){.recovered = n, .spooled = n});
	if (n > 0) {
		log_info("%" PRIu64 " alert%s for %s %s found in the spool", n,
			plural(n), b->c.what, b->c.path);
	}
}

int backlog_open(struct backlog *b, const struct backlog_config *c,
	const struct output_context *context, struct output *o)
{
	struct writer_config w = {
		.name = c->name,
		.size = c->queue,
		.wait = context->wait,
		.abandoned = context->abandoned,
		.deliver = deliver,
		.loss = on_loss,
		.moved = context->moved,
		.moved_ctx = context->ctx,
		.ctx = b,
	};
	int r;

	*b = (struct backlog){.c = *c, .output = o};
	if (context->options->service && context->options->state_directory) {
		open_spool(b, context->options);
	}
	if (b->spool) {
		w.keep = keep;
	}
	if (c->trouble) {
		tell_outage(b, c->trouble);
	}
	r = writer_open(&w, &o->writer);
	if (r < 0) {
		log_error("cannot start the writer of %s: %s", c->name,
			strerror(-r));
		spool_close(b->spool);
		return r;
	}
	writer_call(o->writer); /* for what was found */
	return 0;
}

void backlog_push(struct backlog *b, const void *message, size_t len)
{
	struct iovec v = {(void *)(uintptr_t)message, len};

	if (!writer_push(b->output->writer, &v, 1, 1)) {
		output_lose(b->output, 1, false);
	}
}

bool backlog_close(struct backlog *b, unsigned grace_ms)
{
	struct writer_left left;
	uint64_t n;

	if (b->spool && (grace_ms == 0 || grace_ms > SPOOLED_GRACE_MS)) {
		grace_ms = SPOOLED_GRACE_MS;
	}
	left = writer_close(b->output->writer, grace_ms);
	output_lose(b->output, left.alerts, false);
	/* Others are told of in their place; a spool remembers a loss. */
	n = b->n_refused + left.alerts + (b->spool ? 0 : b->loss.n);
	if (n > 0) {
		log_error("%" PRIu64 " alert%s could not be delivered to %s", n,
			plural(n), b->c.path);
	}
	spool_close(b->spool);
	return account_get(&b->output->account).lost == 0;
}
