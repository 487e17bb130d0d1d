/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watchdog.h - signs of life to the service manager, as long as all threads
 * live that must not stand still: those that capture, and the loop.
 *
 * The loop sends one each quarter of the interval after which the manager gives
 * us up, and so proves that it lives. Each capture thread notes the time
 * whenever it wakes, which is twice a second at least. One whose note is older
 * than half the interval (and than a second) is stuck: then none is sent.
 * Outputs may stand still: that is told otherwise.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The interval that the manager asks for, ms; 0: none. Source:
 * sd_watchdog_enabled(3). */
unsigned watchdog_interval_ms(void);

/* By a capture thread, and by who starts it: it lives. */
void watchdog_note(atomic_uint_fast64_t *alive_ns);

/* Whether its note is too old at now_ns, clock_steady_ns(). */
bool watchdog_is_stuck(const atomic_uint_fast64_t *alive_ns, uint64_t now_ns,
	unsigned interval_ms);

#endif
