/* SPDX-License-Identifier: BSD-2-Clause */
/* savefile_pcapng.h - the format of savefile.c that has blocks. */
#ifndef SAVEFILE_PCAPNG_H
#define SAVEFILE_PCAPNG_H

#include <stdint.h>

#include "savefile_base.h"

/* Type of the block that a file begins with, the same in both byte orders. */
#define SAVEFILE_SECTION 0x0a0d0d0au

/* A take(): see savefile.c. */
int savefile_take_pcapng(struct savefile *s, struct dlo_frame *v, unsigned max);

/* At the end of the file: octets that the block under way was to have; 0: none
 * is under way. */
uint64_t savefile_missing_pcapng(const struct savefile *s);

#endif
