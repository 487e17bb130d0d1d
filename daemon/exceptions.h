/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exceptions.h - how often each exception hid something, over restarts.
 *
 * Engines count for themselves; the sum is made when it is asked for. Loop
 * thread's.
 */
#ifndef EXCEPTIONS_H
#define EXCEPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <uv.h>

#include "source.h"

struct exception_hits {
	uint64_t n, last_ns; /* last_ns: packet time; 0: never */
};

struct exceptions {
	const struct dlo_ruleset *rules;
	struct exception_hits *before; /* in earlier runs; by number */
	char *path; /* of the state; NULL: not kept */
	uint64_t kept; /* hits of all exceptions that the file tells of, or is
			  about to; UINT64_MAX: it is to be written */
	bool keeping, failed; /* it is being written; it could not be */
};

/*
 * Takes what the folder (NULL: none) has kept of an earlier run. What cannot be
 * read is said, and begins at 0; a file that is not ours is left as it is, and
 * nothing is kept. 0, -ENOMEM.
 */
int exceptions_open(struct exceptions *x, const struct dlo_ruleset *rules,
	const char *folder);
void exceptions_close(struct exceptions *x);

#define EXCEPTION_NEW UINT32_MAX

/* Another rule set's, before it is in use. */
struct exceptions_next {
	const struct dlo_ruleset *rules;
	struct exception_hits *before;
	uint32_t *from; /* of each: its number before, or EXCEPTION_NEW */
};

/* Gets ready for other rules, in any thread, while those in use stay. -ENOMEM.
 * O(exceptions^2). */
int exceptions_prepare(const struct exceptions *x,
	const struct dlo_ruleset *rules, struct exceptions_next *ret);

/* Takes them: what both sets have keeps its counts, of which those of the
 * sources are still the old rules'. */
void exceptions_exchange(struct exceptions *x, struct exceptions_next *next,
	const struct source *sources, unsigned n_sources);

/* Or does not. */
void exceptions_forget(struct exceptions_next *next);

struct exception_row {
	const struct dlo_exception_info *info;
	struct exception_hits hits; /* in all runs */
};

/*
 * Calls row() for every exception: those that hid nothing first, then by the
 * time of the last hit; these may be of no use any more. Of what lists except
 * of themselves, for those that did only. 0, -ENOMEM.
 */
int exceptions_each(const struct exceptions *x, const struct source *sources,
	unsigned n_sources,
	void (*row)(void *ctx, const struct exception_row *row), void *ctx);

/* A line for each, for a person; nothing without any. */
void exceptions_print(FILE *f, const struct exceptions *x,
	const struct source *sources, unsigned n_sources);

/* An array with an object for each. 0, -ENOMEM. */
int exceptions_print_json(FILE *f, const struct exceptions *x,
	const struct source *sources, unsigned n_sources);

/*
 * Keeps the counts, if there is something new: in a thread of the loop, whose
 * disk may be slow, or, without a loop, before it returns. What fails is said
 * once.
 */
void exceptions_keep(struct exceptions *x, const struct source *sources,
	unsigned n_sources, uv_loop_t *loop);

#endif
