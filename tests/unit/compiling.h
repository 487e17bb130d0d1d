/* SPDX-License-Identifier: BSD-2-Clause */
/* compiling.h - a compiled set as a file of a test's own folder. */
#ifndef TEST_COMPILING_H
#define TEST_COMPILING_H

#include "dnslookout.h"
#include "folder.h"

#define COMPILED_S 1767323045 /* 2026-01-02 03:04:05 */

/* Compiles one list, whose name is said to be `path`. */
static inline void write_compiled(
	const char *name, const char *path, const char *text)
{
	FILE *f = fopen(in_folder(name), "wb");
	const struct dlo_piece *p;
	struct dlo_compiled *c;
	struct dlo_ruleset *rs;
	struct dlo_builder *b;
	struct dlo_diag diag;
	size_t n;

	assert_non_null(f);
	assert_int_equal(dlo_builder_new(&b), 0);
	assert_int_equal(
		dlo_builder_add_list(b, path, text, strlen(text), NULL, &diag),
		0);
	assert_int_equal(dlo_builder_build(b, &rs, &diag), 0);
	assert_int_equal(dlo_compiled_new(rs, COMPILED_S, &c), 0);
	p = dlo_compiled_pieces(c, &n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(fwrite(p[i].at, 1, p[i].len, f), p[i].len);
	}
	assert_int_equal(fclose(f), 0);
	dlo_compiled_free(c);
	dlo_ruleset_free(rs);
	dlo_builder_free(b);
}

#endif
