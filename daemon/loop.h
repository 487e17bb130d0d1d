/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.h - the loop thread: rings to outputs, signals, the end. */
#ifndef LOOP_H
#define LOOP_H

#include "output.h"
#include "source.h"

/* What the loop needs; it fills in exit_code. */
struct loop {
	const struct options *options;
	const struct dlo_ruleset *rules;
	struct source *sources;
	unsigned n_sources;
	struct outputs outputs;
	const char *hostname;
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

/* Runs until all sources have ended and all their items are handed out. */
void loop_run(struct loop *l);
void loop_close(struct loop *l);

#endif
