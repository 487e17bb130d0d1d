/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - the two clocks, in nanoseconds. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* Since the epoch, as packets are stamped; may be set at any time. */
static inline uint64_t clock_wall_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

/* For all that lasts or is due. */
static inline uint64_t clock_steady_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

static inline uint64_t clock_steady_ms(void)
{
	return clock_steady_ns() / 1000000;
}

#endif
