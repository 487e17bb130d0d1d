/* SPDX-License-Identifier: BSD-2-Clause */
/* capture.h - what capture threads share: a frame's way, and messages. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dnslookout.h"
#include "ring.h"
#include "source.h"

/* Whether the thread is asked to end. */
bool capture_stopped(const struct source *s);

/*
 * The way of a frame, live or from a file: the filter, -c, the engine. False:
 * it was not taken, for -c is used up; s->done says whether it is now.
 */
bool capture_frame(struct source *s, struct dlo_frame *f);

/* Takes new rules out of the mailbox, and gives the old ones back as soon as
 * there is room: between two frames, and after each sleep. No system call. */
void capture_take_rules(struct source *s);

/* Adds to a counter that only this thread writes. */
void capture_count(atomic_uint_fast64_t *count, uint64_t n);

/* Posts a message for the loop thread; waits for room. */
void capture_file(
	struct source *s, const char *name, int link_type, unsigned snaplen);
void capture_resume(struct source *s, const char *name);
void capture_turn(struct source *s, unsigned number);
void capture_turn_end(struct source *s);
void capture_eof(struct source *s, int exit_code);
__attribute__((format(printf, 3, 4))) void capture_trouble(
	struct source *s, int level, const char *format, ...);
/* The same about an interface that goes away or comes back. */
__attribute__((format(printf, 3, 4))) void capture_outage(
	struct source *s, int level, const char *format, ...);

#endif
