/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outages.h - how long an interface has been away, how often, and when to look
 * for it again: less and less often.
 *
 * Times are clock_steady_ns(). One thread begins and ends outages, any may
 * ask.
 */
#ifndef OUTAGES_H
#define OUTAGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define OUTAGES_PAUSE_MIN_NS UINT64_C(500000000)
#define OUTAGES_PAUSE_MAX_NS UINT64_C(30000000000)

struct outages {
	atomic_uint_fast64_t n; /* begun so far */
	atomic_uint_fast64_t since_ns; /* of the one under way; 0: none */
	atomic_uint_fast64_t past_ns; /* of the others, together */
	/* its thread's */
	uint64_t pause_ns; /* between two attempts */
	uint64_t retry_ns; /* when the next is due */
};

/*
 * It is away: the first attempt is due after the shortest pause. Returns
 * whether an outage begins with that, rather than goes on.
 */
bool outages_begin(struct outages *o, uint64_t now_ns);

/* An attempt has failed: twice the pause until the next. */
void outages_failed(struct outages *o, uint64_t now_ns);

/* It is back. Returns how long it was away. */
uint64_t outages_end(struct outages *o, uint64_t now_ns);

/* Any thread. */
bool outages_is_on(const struct outages *o);
uint64_t outages_total_ns(const struct outages *o, uint64_t now_ns);

#endif
