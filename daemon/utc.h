/* SPDX-License-Identifier: BSD-2-Clause */
/* utc.h - times for programs. */
#ifndef UTC_H
#define UTC_H

#include <time.h>

#define UTC_TEXT_MAX 32u

/* RFC 3339, "2026-10-01T03:04:05Z", of which the first 10 octets are the date;
 * "" for 0. Returns text. */
static inline const char *utc_text(time_t t, char text[UTC_TEXT_MAX])
{
	struct tm tm;

	text[0] = '\0';
	if (t && gmtime_r(&t, &tm)) {
		strftime(text, UTC_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
	return text;
}

#endif
