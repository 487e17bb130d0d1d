/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.h - one ordered channel from a capture thread to the loop thread. */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stdint.h>

#include "dnslookout.h"

/* A power of two. What the kernel hands over at once may be alerts all of it,
 * and the capture thread is ten times faster than the loop. */
#define RING_SLOTS 8192u
#define RING_MESSAGE_MAX 2048u /* items that are staged at a time */

enum item_kind {
	ITEM_RECORD,
	ITEM_FILE, /* a new capture begins: text is its name, number its
		      link type, snaplen its snapshot length */
	ITEM_RESUME, /* the capture text, begun before, goes on */
	ITEM_TURN, /* what is read of file `number` of all comes now; it waits
		      until the files before it have ended */
	ITEM_TURN_END, /* that file has ended */
	ITEM_TROUBLE, /* something to be said: text, number a log level */
	ITEM_OUTAGE, /* the same, of an interface that goes or comes back */
	ITEM_RETIRED, /* rules that are not in use any more: no record after it
			 refers to them */
	ITEM_EOF, /* the last item of a source; number: its exit code */
};

struct item {
	enum item_kind kind;
	union {
		struct dlo_record record;
		struct dlo_engine_rules *retired;
		struct {
			int number;
			unsigned snaplen;
			char text[512];
		} note;
	} u;
};

struct ring;

int ring_new(struct ring **ret); /* -errno */
struct ring *ring_free(struct ring *r); /* NULL */

/*
 * Producer. The slot to fill, or NULL when the ring is full, or the message too
 * long. ring_stage() keeps a filled slot; ring_publish() shows all that are
 * staged, ring_discard() takes them back: so that a message's items arrive all
 * or none.
 */
struct item *ring_reserve(struct ring *r);
void ring_stage(struct ring *r);
void ring_publish(struct ring *r);
void ring_discard(struct ring *r);

/*
 * Producer, replay: waits until there is a free slot, or ring_abandon() was
 * called: then NULL. Nothing may be staged.
 */
struct item *ring_reserve_wait(struct ring *r);

/* Producer: gives back the memory of a rush, if the ring is empty now and
 * nothing is staged. A system call after a rush, else none. */
void ring_trim(struct ring *r);

/* Consumer. The oldest item, or NULL; it is kept until ring_pop(). */
const struct item *ring_peek(const struct ring *r);
void ring_pop(struct ring *r);

/* Consumer: nothing will be read any more. */
void ring_abandon(struct ring *r);

#endif
