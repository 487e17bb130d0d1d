/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spool.h - messages on disk, first in first out, bounded, kept over restarts.
 *
 * What was synced is there again after a crash, and perhaps some that were
 * taken out already. For one thread at a time, and one process.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "spool_format.h"

#define SPOOL_SIZE_MIN ((uint64_t)1 << 20)

struct spool;

/*
 * Opens the spool in a folder, which has to be there, and counts what is in it;
 * files take at most `size` octets. What is damaged or not ours is told of and
 * left out. 0; -EBUSY: another process has it open; another -errno. Says
 * nothing about these.
 */
int spool_open(const char *folder, uint64_t size, struct spool **ret);

/* Syncs, closes, frees. NULL is fine. */
void spool_close(struct spool *s);

bool spool_is_empty(const struct spool *s);
uint64_t spool_alerts(const struct spool *s); /* in all messages */

/* Whether messages of so many octets, headers included, have room. Room comes
 * when a segment has been delivered: at least 128 KiB at once. */
bool spool_has_room(const struct spool *s, size_t octets);

/*
 * Puts the messages v[0..n) behind the others, each of `alerts` alerts.
 * *ret_n: so many of them, also on failure. 0: all; 1: the next one has no
 * room, or never will; -errno: it could not be written.
 */
int spool_append(struct spool *s, const struct iovec *v, unsigned n,
	uint32_t alerts, unsigned *ret_n);

/* Gives at most n of the first messages, which stay; their octets are there
 * until the next call. 0: the spool is empty; -errno: for want of memory or
 * descriptors they cannot be read now. */
int spool_peek(struct spool *s, struct iovec *v, unsigned n);

/* Takes out the first n, of those that were given last; returns how many alerts
 * are in them. */
uint64_t spool_drop(struct spool *s, unsigned n);

/* Alerts whose messages could not be read again, since this was asked. */
uint64_t spool_spoiled(struct spool *s);

/* Alerts that were lost behind the last message, at first those that are
 * remembered from before; n = 0: none. */
struct spool_loss {
	uint64_t n, since; /* time(2) */
};
struct spool_loss spool_loss(const struct spool *s);
void spool_set_loss(struct spool *s, struct spool_loss loss);

/* Whether something is to be synced. Makes all of it so, 0 or -errno. Takes as
 * long as the disk does. */
bool spool_is_dirty(const struct spool *s);
int spool_sync(struct spool *s);

#endif
