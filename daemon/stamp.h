/* SPDX-License-Identifier: BSD-2-Clause */
/* stamp.h - tcpdump's time stamps. */
#ifndef STAMP_H
#define STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often -t was given. */
enum stamp_style {
	STAMP_TIME, /* local time, 15:04:05.123456 */
	STAMP_NONE, /* -t */
	STAMP_EPOCH, /* -tt: seconds since the epoch */
	STAMP_PREVIOUS, /* -ttt: since the previous line */
	STAMP_DATE, /* -tttt: local date and time */
	STAMP_FIRST, /* -ttttt: since the first line */
};

#define STAMP_MAX 48 /* octets that stamp_print() writes at most */

/* Of one output; its thread's. */
struct stamp {
	enum stamp_style style;
	bool begun; /* there was a line: */
	uint64_t reference_us; /* the first or previous one's time */
	/* Date and time of the second that was printed last, for localtime(3)
	 * costs more than all the rest. */
	uint64_t second;
	size_t len;
	char text[24];
};

void stamp_init(struct stamp *s, enum stamp_style style);

/* Writes the stamp of a line with packet time ts_ns and the blank behind it,
 * no NUL. Returns its length. */
size_t stamp_print(struct stamp *s, uint64_t ts_ns, char buf[STAMP_MAX]);

#endif
