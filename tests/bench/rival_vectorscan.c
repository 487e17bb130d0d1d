/* SPDX-License-Identifier: BSD-2-Clause */
/* rival_vectorscan.c - Vectorscan in block mode, each pattern reported once. */
#include <hs/hs.h>
#include <stdlib.h>

#include "rivals.h"

struct scanner {
	hs_database_t *db;
	hs_scratch_t *scratch;
};

static void *build(const struct bench_pattern *p, size_t n)
{
	struct scanner *s = calloc(1, sizeof(*s));
	const char **regex = calloc(n, sizeof(*regex));
	unsigned *flags = calloc(n, sizeof(*flags));
	unsigned *ids = calloc(n, sizeof(*ids));
	hs_compile_error_t *error;

	for (size_t i = 0; i < n; i++) {
		regex[i] = p[i].regex;
		flags[i] = HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL |
			   HS_FLAG_ALLOWEMPTY;
		ids[i] = (unsigned)i;
	}
	if (hs_compile_multi(regex, flags, ids, (unsigned)n, HS_MODE_BLOCK,
		    NULL, &s->db, &error) != HS_SUCCESS ||
		hs_alloc_scratch(s->db, &s->scratch) != HS_SUCCESS) {
		free(s);
		s = NULL;
	}
	free(regex);
	free(flags);
	free(ids);
	return s;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
	unsigned flags, void *found)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	*(bool *)found = true;
	return 0;
}

static bool match(void *x, const struct bench_name *n)
{
	struct scanner *s = x;
	bool found = false;

	hs_scan(s->db, n->text, n->text_len, 0, s->scratch, on_match, &found);
	return found;
}

static void scanner_free(void *x)
{
	struct scanner *s = x;

	hs_free_scratch(s->scratch);
	hs_free_database(s->db);
	free(s);
}

const struct rival rival_vectorscan = {
	"Vectorscan", true, 10000, build, match, scanner_free};
