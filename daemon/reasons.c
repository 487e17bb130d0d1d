/* SPDX-License-Identifier: BSD-2-Clause */
/* reasons.c - why something was refused. */
#include "reasons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static void on_line(void *ctx, enum log_level level, const char *text)
{
	struct reasons *r = ctx;
	struct reasons_kind *kind = level == LOG_LEVEL_ERROR ? &r->errors
							     : &r->warnings;
	char *copy = NULL;

	if (level == LOG_LEVEL_INFO) {
		return;
	}
	if (kind->n_kept < REASONS_MAX) {
		copy = strdup(text);
	}
	if (copy) {
		kind->text[kind->n_kept++] = copy;
	}
	kind->n++;
}

void reasons_begin(struct reasons *r)
{
	log_also(on_line, r);
}

void reasons_end(void)
{
	log_also(NULL, NULL);
}

const char *reasons_short(const struct reasons *r, char *buf, size_t cap)
{
	const struct reasons_kind *kind = r->errors.n ? &r->errors
						      : &r->warnings;
	const char *first = kind->n_kept ? kind->text[0] : "";

	if (kind->n > 1) {
		snprintf(buf, cap, "%.*s (and %u more)", (int)cap - 24, first,
			kind->n - 1);
	} else {
		snprintf(buf, cap, "%s", first);
	}
	return buf;
}

static void free_kind(struct reasons_kind *kind)
{
	for (unsigned i = 0; i < kind->n_kept; i++) {
		free(kind->text[i]);
	}
}

void reasons_free(struct reasons *r)
{
	free_kind(&r->errors);
	free_kind(&r->warnings);
	*r = (struct reasons){0};
}
