/* SPDX-License-Identifier: BSD-2-Clause */
/* ifnames.h - the name that belongs to an interface's index. */
#ifndef IFNAMES_H
#define IFNAMES_H

#include <net/if.h>
#include <stdint.h>

#define IFNAMES_ROWS 64u

/* Names that were looked up, one thread's. Begins as zeros. */
struct ifnames {
	struct ifnames_row {
		uint32_t index; /* 0: none */
		uint64_t asked_s; /* clock_steady_ns() */
		char name[IF_NAMESIZE]; /* "": there was none */
	} row[IFNAMES_ROWS];
};

/*
 * The name of the interface on this machine, now or up to some seconds ago;
 * of one that has gone, its last. NULL when it has none. Valid until the next
 * call. Nanoseconds; now and then an ioctl(2), which waits for nobody.
 */
const char *ifnames_get(struct ifnames *n, uint32_t index);

#endif
