/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account.h - what became of the alerts that an output was given.
 *
 * The loop thread gives, the writer's thread delivers, and anyone may look: all
 * under one lock, so that what is seen fits together at every moment.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <pthread.h>
#include <stdint.h>

/* What was taken and recovered is delivered, spooled, lost or unread; the rest
 * of it waits in memory. */
struct account_counts {
	uint64_t taken; /* given to the output */
	uint64_t recovered; /* left to it by the run before */
	uint64_t delivered; /* accepted by the kernel */
	uint64_t spooled; /* on disk at this moment, to be delivered */
	uint64_t lost;
	uint64_t unread; /* the reader has gone, and wanted no more */
};

struct account {
	pthread_mutex_t lock;
	struct account_counts n;
};

void account_init(struct account *a);
void account_fini(struct account *a);

/* Adds to all counts at once; -x, modulo 2^64, takes away. Any thread. */
void account_add(struct account *a, const struct account_counts *delta);
struct account_counts account_get(struct account *a);

/* Alerts that wait in memory. */
uint64_t account_waiting(const struct account_counts *n);

#endif
