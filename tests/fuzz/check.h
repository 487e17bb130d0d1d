/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - what must hold in a fuzz target, whatever NDEBUG says. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(x) \
	do { \
		if (!(x)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#x); \
			abort(); \
		} \
	} while (0)

#endif
