/* SPDX-License-Identifier: BSD-2-Clause */
/* plural.h - "1 alert", "2 alerts". */
#ifndef PLURAL_H
#define PLURAL_H

#include <stdint.h>

/* What a noun ends in behind that number. */
static inline const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
