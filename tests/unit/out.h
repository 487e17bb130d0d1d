/* SPDX-License-Identifier: BSD-2-Clause */
/* out.h - what came of it, as one text to compare. */
#ifndef TESTS_OUT_H
#define TESTS_OUT_H

#include <stdarg.h>
#include <stdio.h>

#include "dnslookout.h"

#ifndef OUT_MAX
#define OUT_MAX 2048
#endif

struct out {
	char text[OUT_MAX];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static inline void put(
	struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->text + o->len, sizeof(o->text) - o->len, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < sizeof(o->text) - o->len);
	o->len += (size_t)n;
}

static inline void put_diag(struct out *o, const struct dlo_diag *d)
{
	put(o, "%s:%u:%u: %s\n", d->file, d->line, d->col, d->msg);
}

#endif
