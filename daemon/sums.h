/* SPDX-License-Identifier: BSD-2-Clause */
/* sums.h - what the parts of an interface (parts.h) counted, together. Any
 * thread; a source that is alone is the only part. */
#ifndef SUMS_H
#define SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "dnslookout.h"
#include "source.h"

uint64_t sums_stat(const struct source *first, enum dlo_stat stat);

/* `at`: the offset of a counter in struct source. */
uint64_t sums_count(const struct source *first, size_t at);
#define SUMS_COUNT(first, member) \
	sums_count(first, offsetof(struct source, counts.member))

#endif
