/* SPDX-License-Identifier: BSD-2-Clause */
/* stamp.c - tcpdump's time stamps. */
#include "stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S UINT64_C(1000000)

void stamp_init(struct stamp *s, enum stamp_style style)
{
	*s = (struct stamp){.style = style, .second = UINT64_MAX};
}

/* ".123456 " */
static size_t put_fraction(uint32_t us, char *p)
{
	p[0] = '.';
	for (unsigned i = 6; i > 0; i--) {
		p[i] = (char)('0' + us % 10);
		us /= 10;
	}
	p[7] = ' ';
	return 8;
}

/* Local time of a whole second into the cache; as seconds since the epoch where
 * the calendar ends. */
static void look_up(struct stamp *s, uint64_t second)
{
	time_t t = (time_t)second;
	struct tm tm;

	s->second = second;
	s->len = 0;
	if (localtime_r(&t, &tm)) {
		s->len = s->style == STAMP_DATE
				 ? strftime(s->text, sizeof(s->text),
					   "%Y-%m-%d %H:%M:%S", &tm)
				 : strftime(s->text, sizeof(s->text),
					   "%H:%M:%S", &tm);
	}
	if (s->len == 0) {
		s->len = (size_t)snprintf(
			s->text, sizeof(s->text), "%" PRIu64, second);
	}
}

static size_t put_local(struct stamp *s, uint64_t us, char *p)
{
	if (us / US_PER_S != s->second) {
		look_up(s, us / US_PER_S);
	}
	memcpy(p, s->text, s->len);
	return s->len + put_fraction((uint32_t)(us % US_PER_S), p + s->len);
}

static size_t put_epoch(uint64_t us, char *p)
{
	int n = snprintf(p, STAMP_MAX, "%" PRIu64, us / US_PER_S);

	return (size_t)n + put_fraction((uint32_t)(us % US_PER_S), p + n);
}

/* A sign or a blank, hours, minutes, seconds. tcpdump begins again at 24 hours;
 * we count on. */
static size_t put_delta(struct stamp *s, uint64_t us, char *p)
{
	bool back = s->begun && us < s->reference_us;
	uint64_t d = !s->begun ? 0
		     : back    ? s->reference_us - us
			       : us - s->reference_us;
	uint64_t second = d / US_PER_S;
	int n = snprintf(p, STAMP_MAX, "%c%02" PRIu64 ":%02u:%02u",
		back ? '-' : ' ', second / 3600, (unsigned)(second / 60 % 60),
		(unsigned)(second % 60));

	if (!s->begun || s->style == STAMP_PREVIOUS) {
		s->reference_us = us;
	}
	s->begun = true;
	return (size_t)n + put_fraction((uint32_t)(d % US_PER_S), p + n);
}

size_t stamp_print(struct stamp *s, uint64_t ts_ns, char buf[STAMP_MAX])
{
	uint64_t us = ts_ns / 1000;

	switch (s->style) {
	case STAMP_TIME:
	case STAMP_DATE:
		return put_local(s, us, buf);
	case STAMP_EPOCH:
		return put_epoch(us, buf);
	case STAMP_PREVIOUS:
	case STAMP_FIRST:
		return put_delta(s, us, buf);
	case STAMP_NONE:
		break;
	}
	return 0;
}
