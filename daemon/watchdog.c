/* SPDX-License-Identifier: BSD-2-Clause */
/* watchdog.c - signs of life to the service manager. */
#include "watchdog.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"

#define MS_NS UINT64_C(1000000)
#define PATIENCE_MS 1000u /* twice what a thread sleeps */

/* A whole number of the environment; 0: there is none. */
static unsigned long long number(const char *name)
{
	const char *text = getenv(name);
	unsigned long long n;
	char *end;

	if (!text || text[0] < '0' || text[0] > '9') {
		return 0;
	}
	errno = 0;
	n = strtoull(text, &end, 10);
	return errno || *end ? 0 : n;
}

unsigned watchdog_interval_ms(void)
{
	unsigned long long ms = number("WATCHDOG_USEC") / 1000;

	/* The variables are handed down to whatever the service starts. */
	if (getenv("WATCHDOG_PID") &&
		number("WATCHDOG_PID") != (unsigned long long)getpid()) {
		return 0;
	}
	return ms > UINT_MAX ? UINT_MAX : (unsigned)ms;
}

/* Relaxed, both: nothing but the time itself is handed over. */
void watchdog_note(atomic_uint_fast64_t *alive_ns)
{
	atomic_store_explicit(
		alive_ns, clock_steady_ns(), memory_order_relaxed);
}

bool watchdog_is_stuck(const atomic_uint_fast64_t *alive_ns, uint64_t now_ns,
	unsigned interval_ms)
{
	uint64_t then_ns = atomic_load_explicit(alive_ns, memory_order_relaxed);

	uint64_t half_ms = interval_ms / 2;
	uint64_t most_ms = half_ms > PATIENCE_MS ? half_ms : PATIENCE_MS;

	/* It may have been noted after `now`. */
	return now_ns > then_ns && now_ns - then_ns > most_ms * MS_NS;
}
