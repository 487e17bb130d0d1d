/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backlog.h - alerts on their way to an output that may be away for long: one
 * message each, in order, from a writer's queue or, with --service, by way of
 * a spool on disk.
 */
#ifndef BACKLOG_H
#define BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <time.h>

#include "output.h"
#include "spool.h"
#include "writer.h"

#define BACKLOG_LINE_MAX 512u

/* What came of an attempt to deliver. */
struct backlog_try {
	unsigned n_refused; /* of the messages taken: never to be delivered */
	/* Why the next one was not taken; NULL: not yet worth a word. */
	const char *trouble;
	struct writer_wait wait; /* before the next attempt */
};

struct backlog_config {
	const char *name; /* of thread and spool: "syslog" */
	/* "cannot <verb> <what> <path>: ..." */
	const char *verb, *what, *path;
	const char *trouble; /* there already at the start; NULL: none */
	size_t queue; /* octets */
	/* Each time that the thread is awake, before anything is delivered;
	 * true: no attempt is to wait any longer. May be NULL. */
	bool (*called)(void *ctx);
	/* Takes messages from the front of v[0..n); returns how many. Must not
	 * block. In the writer's thread, n > 0. */
	unsigned (*deliver)(
		void *ctx, struct iovec *v, unsigned n, struct backlog_try *t);
	/* Makes the message that says that n alerts were lost, the first at
	 * `since`; returns its length. In the writer's thread. */
	size_t (*loss_line)(void *ctx, uint64_t n, time_t since,
		char buf[BACKLOG_LINE_MAX]);
	void *ctx;
};

struct backlog {
	struct backlog_config c;
	struct output *output;
	struct spool *spool; /* NULL: none */
	struct iovec v[WRITER_BATCH];
	bool out, full, spool_out; /* were told of */
	bool spool_written; /* since spool_out */
	bool reached; /* by the newest attempt */
	uint64_t not_before_ms; /* the next attempt */
	uint64_t passed; /* messages that have left the queue */
	/* Those before `mark` were all queued at mark_ms. */
	uint64_t mark, mark_ms;
	uint64_t synced_ms;
	struct spool_loss loss; /* at the end of the spool, untold */
	uint64_t n_refused;
};

/* Opens the spool, if there is to be one, and o's writer. 0; -errno after a
 * message. */
int backlog_open(struct backlog *b, const struct backlog_config *c,
	const struct output_context *context, struct output *o);

/* One alert. What has no room is counted as lost. The loop thread. */
void backlog_push(struct backlog *b, const void *message, size_t len);

/*
 * Ends the thread: once everything is delivered, or nothing was for grace_ms
 * (0: no limit). With a spool the rest is in it; else it is lost. False: alerts
 * were lost in this run; those that no line tells of were told of (log.h).
 */
bool backlog_close(struct backlog *b, unsigned grace_ms);

#endif
