/* SPDX-License-Identifier: BSD-2-Clause */
/* json_out.c - texts as JSON strings, to a stream. */
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
