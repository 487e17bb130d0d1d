/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_pattern.c - patterns: canonical text parses back to the same pattern.
 */
#include <stdlib.h>
#include <string.h>

#include "match/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct dlo_pattern *a, const struct dlo_pattern *b)
{
	bool glob = a->kind == DLO_PATTERN_GLOB;

	if (a->kind != b->kind) {
		abort();
	}
	if (glob ? a->n_glob != b->n_glob ||
				memcmp(a->glob, b->glob, a->n_glob) != 0
		 : a->wire_len != b->wire_len ||
				memcmp(a->wire, b->wire, a->wire_len) != 0) {
		abort();
	}
}

/* What the wire name is good for: to be a name, and to match itself. */
static void check_wire(const struct dlo_pattern *p)
{
	struct dlo_name_buf buf;
	struct dlo_name name;
	size_t off = 0;

	if (dlo_name_walk(p->wire, p->wire_len, &off, &name) ||
		off != p->wire_len) {
		abort();
	}
	dlo_name_copy(&buf, p->wire, p->wire_len, &name);
	if (dlo_pattern_matches(p, &name) != (p->kind != DLO_PATTERN_BELOW)) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[DLO_PATTERN_TEXT_MAX], text_again[sizeof(text)];
	static struct dlo_pattern p, again;
	size_t len;
	const char *msg = NULL;
	size_t at = SIZE_MAX;

	if (dlo_pattern_parse((const char *)data, size, &p, &at, &msg)) {
		if (at > size || !msg) {
			abort();
		}
		return 0;
	}
	len = dlo_pattern_print(&p, text);
	if (len != strlen(text) ||
		dlo_pattern_parse(text, len, &again, &at, &msg)) {
		abort();
	}
	same(&p, &again);
	dlo_pattern_print(&again, text_again);
	if (strcmp(text, text_again) != 0) {
		abort();
	}
	if (p.kind != DLO_PATTERN_GLOB) {
		check_wire(&p);
	}
	return 0;
}
