/* SPDX-License-Identifier: BSD-2-Clause */
/* await.h - waits for what another thread does. */
#ifndef TESTS_AWAIT_H
#define TESTS_AWAIT_H

#include <time.h>

static inline void nap_ms(unsigned ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* Whoever includes this says how long: LIMIT_MS. */
#define await(condition) \
	do { \
		for (unsigned ms_ = 0; !(condition); ms_++) { \
			assert_true(ms_ < LIMIT_MS); \
			nap_ms(1); \
		} \
	} while (0)

#endif
