/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.h - where records go: one table row an output.
 *
 * An output formats in the loop thread and hands the bytes to its writer
 * thread (writer.h), so that no reader of ours can stop the others. To add an
 * output: one out_x.c with an opener, one row in table[] of output.c.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "dnslookout.h"
#include "options.h"

/* What all outputs of a run share. */
struct output_context {
	const struct options *options;
	bool wait; /* replay: wait for a slow reader rather than lose a line */
	/* Called once, in a writer's thread, when the reader of standard output
	 * has gone for good: the program is to end. */
	void (*reader_gone)(void *ctx);
	/* Called in a writer's thread some time after outputs_ready() or
	 * outputs_drained() returned false: ask again. May be NULL. */
	void (*moved)(void *ctx);
	void *ctx;
	/* outputs_open() sets it: once true, nothing waits any longer. */
	const atomic_bool *abandoned;
};

struct output; /* begins each output's own struct */
struct writer;

struct output_class {
	const char *name;
	/* It is given each alert, closing lines too; else those that it counts
	 * as taken itself. */
	bool each;
	/* Takes one record; origin is valid during the call only. */
	void (*record)(struct output *o, const struct dlo_record *rec,
		const struct dlo_origin *origin);
	/* Hands over what is queued, waiting at most grace_ms without progress
	 * (0: no limit); ends the thread; frees all but *o. Returns false when
	 * a line was lost or could not be delivered, after saying so (log.h).
	 */
	bool (*close)(struct output *o, unsigned grace_ms);
	/* Opens its file again, by name. NULL: it has none. */
	void (*reopen)(struct output *o);
};

/* With several interfaces, records go two ways (delivery.h); else one. */
enum {
	OUTPUT_WIRE = 1, /* each message as the wire carried it: -a */
	OUTPUT_MERGED = 2, /* alerts of the same look-up as one */
};

struct output {
	const struct output_class *class;
	struct account account;
	bool wire; /* goes the first way */
	struct writer *writer; /* never NULL */
	bool patient; /* its reader may pause as long as he likes */
};

/* A zeroed struct of that size, which begins with a struct output; NULL.
 * Freed by output_free(), or by output_close() once it is open. */
void *output_new(size_t size, const struct output_class *class);
void output_free(struct output *o);

/* Alerts that go nowhere; with reader_gone because he wants no more. */
void output_lose(struct output *o, uint64_t alerts, bool reader_gone);

/* Closes as its class does and frees; *ret_n are the last counts. */
bool output_close(
	struct output *o, unsigned grace_ms, struct account_counts *ret_n);

/* Openers: 0; -errno after a message. */
int out_stdout_open(const struct output_context *c, struct output **ret);
int out_file_open(const struct output_context *c, struct output **ret);
int out_pcapng_open(const struct output_context *c, struct output **ret);
int out_syslog_open(const struct output_context *c, struct output **ret);

#define OUTPUTS_MAX 4

/* What became of the alerts of one output: those raised and recovered are
 * delivered, waiting in memory, spooled, lost or unread (account.h). */
struct output_alerts {
	const char *output; /* its name */
	bool each; /* it was given each alert */
	bool wire; /* not merged with those of other interfaces */
	uint64_t raised, recovered;
	uint64_t delivered, waiting, spooled, lost, unread;
};

/* The outputs that the options ask for. */
struct outputs {
	struct output *output[OUTPUTS_MAX]; /* NULL: closed */
	struct output_alerts at_end[OUTPUTS_MAX]; /* of those */
	unsigned n;
	uint64_t n_tests; /* alerts that no engine has raised: test_alert.h */
	atomic_bool abandoned;
};

/* 0; -errno after a message, then nothing is open. *ret has to stay where it
 * is; *c is copied. */
int outputs_open(const struct output_context *c, struct outputs *ret);

/* To the outputs of one way, or both. Replay: waits for a slow reader, unless
 * asked first: */
void outputs_record(struct outputs *o, unsigned ways,
	const struct dlo_record *rec, const struct dlo_origin *origin);

/* Whether there is an output of that way. */
bool outputs_take(const struct outputs *o, unsigned way);

/* Whether a record can be given without waiting; live always. When false,
 * moved() comes. A loop that asks first never blocks, and so sees signals. */
bool outputs_ready(struct outputs *o);

/* Whether whoever reads at leisure (a pager) has it all, which is the end of
 * replay: outputs_close() would cut him off. When false, moved() comes. */
bool outputs_drained(struct outputs *o);

void outputs_reopen(struct outputs *o);

/* From now on nothing waits (and the two above are true), neither a record nor
 * outputs_close(). Any thread, or a signal handler. */
void outputs_abandon(struct outputs *o);

/* Alerts lost so far. */
uint64_t outputs_lost(const struct outputs *o);

/* Of output i, i < o->n; all at one moment, and also when it is closed. */
struct output_alerts outputs_alerts(const struct outputs *o, unsigned i);

/* grace_ms is for each output; 0: no limit. False: see class. */
bool outputs_close(struct outputs *o, unsigned grace_ms);

#endif
