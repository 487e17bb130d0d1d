/* SPDX-License-Identifier: BSD-2-Clause */
/* writer.h - a thread that delivers messages, and the queue in front of it. */
#ifndef WRITER_H
#define WRITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <time.h>

struct account;
struct writer;

#define WRITER_BATCH 1024u /* messages that deliver() gets at most: IOV_MAX */

/* What the thread waits for before it calls deliver() again. */
struct writer_wait {
	int fd; /* to be writable; -1: only time passes */
	int timeout_ms; /* at most; -1: no limit */
	bool no_more; /* never: the thread ends, what is queued stays */
	bool again; /* then also if nothing is queued */
};

struct writer_config {
	const char *name; /* of the thread, at most 15 octets */
	size_t size; /* octets of the queue; rounded up to whole pages */
	bool wait; /* a push waits for room rather than lose */
	/* Once true, no push waits any longer and writer_close() gives up.
	 * Looked at 20 times a second. May be NULL. */
	const atomic_bool *abandoned;
	/*
	 * Takes octets from the front of v[0..n), which it may change, and
	 * returns how many; what it leaves comes again, after *ret_wait when it
	 * says something (at first: at once). May block: writer_close()
	 * interrupts system calls. n = 0: only when it was asked for (`again`,
	 * writer_call()). In the thread.
	 */
	size_t (*deliver)(void *ctx, struct iovec *v, unsigned n,
		struct writer_wait *ret_wait);
	/*
	 * n messages were lost at this place of the queue, the first at
	 * `since`. True: deliver() is to be called next, as with `again`. In
	 * the thread.
	 */
	bool (*loss)(void *ctx, uint64_t n, time_t since);
	/* At the end of the thread, before writer_close() returns: as deliver()
	 * for what is still queued, until it takes nothing. May be NULL. */
	size_t (*keep)(void *ctx, struct iovec *v, unsigned n);
	/* Something left the queue after writer_ready() or writer_drained()
	 * had returned false: ask again. In the thread. May be NULL. */
	void (*moved)(void *moved_ctx);
	void *ctx, *moved_ctx;
	/* Counts as delivered the alerts of messages that leave the queue;
	 * NULL: deliver() counts. */
	struct account *account;
};

/* Takes the queue's address space (its pages cost nothing before they are
 * used) and starts the thread, with signals blocked. -errno. */
int writer_open(const struct writer_config *c, struct writer **ret);

/* Largest message that a queue can take: a quarter of it. */
size_t writer_message_max(const struct writer *w);

/*
 * Queues the octets of v[0..n) as one message, all of it or nothing; `alerts`
 * is how many alerts are in it. Returns false when it is lost: there is no room
 * (with `wait`: and *abandoned is set, or the thread has ended), or it is too
 * large. One thread pushes. Tenths of a microsecond; a system call only when
 * the thread sleeps, which under load it does once a millisecond at most.
 */
bool writer_push(
	struct writer *w, const struct iovec *v, unsigned n, uint32_t alerts);

/* Whether a message of any size has room (always without `wait`); whether all
 * have left. When false, moved() comes once. Both are true when nothing will
 * move any more. */
bool writer_ready(struct writer *w);
bool writer_drained(struct writer *w);

/* deliver() is to be called though nothing may be queued. Any thread. */
void writer_call(struct writer *w);

/* Messages that wait; whether writer_close() was called. Any thread. */
size_t writer_queued(struct writer *w);
bool writer_closing(struct writer *w);

/* What a writer leaves behind. */
struct writer_left {
	size_t n; /* messages that were queued and not delivered */
	uint64_t alerts; /* in them */
};

/* Ends the thread when everything is delivered, or nothing was for grace_ms
 * (0: no limit). Frees. */
struct writer_left writer_close(struct writer *w, unsigned grace_ms);

#endif
