/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.h - the loop thread: rings to outputs, signals, the end. */
#ifndef LOOP_H
#define LOOP_H

#include <time.h>

#include "exceptions.h"
#include "lists.h"
#include "output.h"
#include "reload.h"
#include "rule_counts.h"
#include "source.h"
#include "tallies.h"

/* What the loop needs; it fills in exit_code. */
struct loop {
	const struct options *options;
	struct dlo_ruleset *rules; /* in use */
	struct exceptions *exceptions;
	struct lists_age age; /* of the rules */
	struct source *sources;
	unsigned n_sources;
	struct reload *reload; /* NULL: there is none */
	struct tallies tallies; /* of rules that are not in use any more */
	struct outputs outputs;
	struct rule_counts *rule_counts; /* what the outputs were given */
	const char *hostname;
	time_t started;
	int exit_code; /* worst of the sources */
	struct loop_state *state;
};

/*
 * Sets up the loop and its signal handlers, before any thread is started.
 * 0, -errno.
 */
int loop_open(struct loop *l);

/* Tells the service manager how things stand; `before` are other assignments.
 */
void loop_tell_status(const struct loop *l, const char *before);

/* For struct source_context and output_context: wakes the loop. Any thread. */
void loop_notify(void *ctx);

/* For struct output_context: ends the program, a reader has gone. Any thread.
 */
void loop_reader_gone(void *ctx);

uint64_t loop_uptime_s(const struct loop *l);

/* Tells the service manager how it stands, `before` ("READY=1\n") in front. */
void loop_tell_status(const struct loop *l, const char *before);

/* For who has handles of its own; all are closed at the end. */
struct uv_loop_s *loop_uv(struct loop *l);

/* Runs until all sources have ended and all their items are handed out. */
void loop_run(struct loop *l);
void loop_close(struct loop *l);

#endif
