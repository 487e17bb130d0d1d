/* SPDX-License-Identifier: BSD-2-Clause */
/* json_out.c - texts and exceptions as JSON, to a stream. */
#include "json_out.h"

#include <stdlib.h>
#include <string.h>

#include "dnslookout.h"

#define ESCAPED_MAX 6u /* \u00XX */
#define SHORT_MAX 1024u

void json_out(FILE *f, const char *text)
{
	char small[SHORT_MAX], *buf = small;
	size_t cap = strlen(text) * ESCAPED_MAX + sizeof("\"\"");

	if (cap > sizeof(small)) {
		buf = malloc(cap);
	}
	if (buf && dlo_json_string(text, buf, cap)) {
		fputs(buf, f);
	} else {
		fputs("null", f);
	}
	if (buf != small) {
		free(buf);
	}
}

void json_out_member(FILE *f, const char *key, const char *text)
{
	fprintf(f, "\"%s\":", key);
	json_out(f, text);
}

void json_out_exception(FILE *f, const struct dlo_exception_info *e)
{
	const struct {
		const char *key, *text;
	} members[] = {
		{"pattern", e->pattern},
		{"client", e->client},
		{"rule", e->rule},
		{"service", e->service},
		{"until", e->until},
		{"owner", e->owner},
		{"reason", e->reason},
		{"file", e->file},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json_out_member(f, members[i].key, members[i].text);
		fputc(',', f);
	}
	fprintf(f, "\"line\":%u", e->line);
}
