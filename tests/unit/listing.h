/* SPDX-License-Identifier: BSD-2-Clause */
/* listing.h - one list read, and all that came of it written down. */
#ifndef TEST_LISTING_H
#define TEST_LISTING_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define OUT_MAX 3072
#include "dnslookout.h"
#include "out.h"

#define TEXT(s) s, sizeof(s) - 1

/*
 * `want` is a line a pattern, `LINE TEXT` and what is not as the file's name
 * alone would have it; and a line an exception; then a lenient list's bad and
 * skipped lines; or the diagnostic of a refused list.
 */
struct list_case {
	const char *name, *file, *in;
	size_t len;
	const char *want;
};

static inline void put_pattern(
	struct out *o, const struct dlo_pattern_info *p, const char *text)
{
	unsigned i;

	put(o, "%u %s", p->line, text);
	if (strcmp(p->rule_id, p->file)) {
		put(o, " id=%s", p->rule_id);
	}
	if (strcmp(p->title, p->file)) {
		put(o, " title=%s", p->title);
	}
	if (p->level != DLO_LEVEL_MEDIUM) {
		put(o, " level=%s", dlo_level_name(p->level));
	}
	for (i = 0; i < p->n_tags; i++) {
		put(o, "%s%s", i ? "," : " tags=", p->tags[i]);
	}
	if (*p->category) {
		put(o, " category=%s", p->category);
	}
	if (p->action != DLO_ACTION_ALERT) {
		put(o, " action=%s", dlo_action_name(p->action));
	}
	if (*p->service) {
		put(o, " service=%s", p->service);
	}
	if (*p->note) {
		put(o, " note=%s", p->note);
	}
	put(o, "\n");
}

static inline void put_report(struct out *o, const struct dlo_list_report *r)
{
	unsigned i;

	if (r->n_bad) {
		put(o, "bad=%u\n", r->n_bad);
	}
	if (r->n_skipped) {
		put(o, "skipped=%u\n", r->n_skipped);
	}
	for (i = 0; i < r->n_diags; i++) {
		put_diag(o, &r->diag[i]);
	}
}

/* Reads one list and writes down all that came of it. */
static inline void read_list(
	const char *file, const char *text, size_t len, struct out *o)
{
	static struct dlo_list_report report;
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	struct dlo_diag diag;
	/* Its own memory, so that the address sanitizer sees its end. */
	char *copy = malloc(len);
	unsigned i;
	int r;

	if (len) {
		assert_non_null(copy);
		memcpy(copy, text, len);
	}
	assert_int_equal(dlo_builder_new(&b), 0);
	r = dlo_builder_add_list(b, file, copy, len, &report, &diag);
	free(copy);
	assert_true(r == 0 || r == 1);
	if (r) {
		put_diag(o, &diag);
	}
	assert_int_equal(dlo_builder_build(b, &rs, &diag), 0);
	dlo_builder_free(b);
	for (i = 0; i < dlo_ruleset_n_patterns(rs); i++) {
		char canonical[DLO_PATTERN_TEXT_MAX];
		struct dlo_pattern_info p;

		dlo_ruleset_pattern(rs, i, &p);
		assert_string_equal(p.path, file);
		dlo_ruleset_text(rs, i, canonical);
		put_pattern(o, &p, canonical);
	}
	for (i = 0; i < dlo_ruleset_n_exceptions(rs); i++) {
		const struct dlo_exception_info *e =
			dlo_ruleset_exception(rs, i);

		assert_true(e->of_list);
		assert_string_equal(e->path, file);
		put(o, "%u except %s\n", e->line, e->text);
	}
	if (!r) {
		assert_int_equal(
			report.n_exceptions, dlo_ruleset_n_exceptions(rs));
		assert_int_equal(report.n_patterns, dlo_ruleset_n_patterns(rs));
		put_report(o, &report);
	}
	assert_int_equal(dlo_ruleset_n_lists(rs), r ? 0 : 1);
	dlo_ruleset_free(rs);
}

static inline void test_list_case(void **state)
{
	const struct list_case *c = *state;
	struct out o = {.len = 0};

	read_list(c->file, c->in, c->len, &o);
	assert_string_equal(o.text, c->want);
}

#endif
