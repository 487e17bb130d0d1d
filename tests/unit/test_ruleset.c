/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_ruleset.c - rule sets: what a name's matches are put together to, what a
 * refused list leaves behind, and that running out of memory leaks nothing.
 *
 * Linked with --wrap=malloc,calloc,realloc: allocations can be made to fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "failing_heap.h"
#include "out.h"
#include "rules/intern.h"
#include "rules/ruleset.h"

/* ---- help ---------------------------------------------------------------- */

static void add(struct dlo_builder *b, const char *file, const char *text)
{
	struct dlo_diag diag;

	assert_int_equal(
		dlo_builder_add_list(b, file, text, strlen(text), NULL, &diag),
		0);
}

static struct dlo_ruleset *build(struct dlo_builder *b)
{
	struct dlo_ruleset *rs;
	struct dlo_diag diag;

	assert_int_equal(dlo_builder_build(b, &rs, &diag), 0);
	return rs;
}

/* The set of lists a.list, b.list, ... up to NULL. */
static struct dlo_ruleset *ruleset(const char *const *lists)
{
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	char file[] = "d/a.list";

	assert_int_equal(dlo_builder_new(&b), 0);
	for (; *lists; lists++, file[2]++) {
		add(b, file, *lists);
	}
	rs = build(b);
	dlo_builder_free(b);
	return rs;
}

static void put_ids(struct out *o, const struct dlo_ruleset *rs,
	const uint32_t *ids, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct dlo_pattern_info p;

		assert_true(!i || ids[i - 1] < ids[i]);
		dlo_ruleset_pattern(rs, ids[i], &p);
		put(o, " %s:%u", p.file, p.line);
	}
	put(o, "\n");
}

static void put_verdict(struct out *o, const struct dlo_ruleset *rs,
	const struct dlo_verdict *v)
{
	struct dlo_pattern_info p;

	assert_true(v->group < dlo_ruleset_n_groups(rs));
	dlo_ruleset_pattern(rs, dlo_ruleset_group_pattern(rs, v->group), &p);
	put(o, "%s/%s %s %s:", p.rule_id, p.service, dlo_level_name(v->level),
		dlo_action_name(v->action));
	put_ids(o, rs, v->match, v->n_matches);
}

/* ---- matches, put together ----------------------------------------------- */

static const struct decide_case {
	const char *name, *lists[4], *question, *want;
} decide_cases[] = {
	{"nothing matches", {"x.example\n"}, "y.example", ""},
	{"an empty set", {NULL}, "y.example", ""},
	{"matches of a rule are one verdict, in order of file and line",
		{"x.example\n*.example\n", "#: id: a.list\n=a.x.example\n"},
		"a.x.example",
		"a.list/ medium alert: a.list:1 a.list:2 b.list:2\n"},
	{"each service of a rule has its own",
		{"[s]\nx.example\n[t]\nx.example\n[s]\n*.example\n"},
		"x.example",
		"a.list/s medium alert: a.list:2 a.list:6\n"
		"a.list/t medium alert: a.list:4\n"},
	{"each rule of a service has its own",
		{"#: id: r\n[s]\nx.example\n#: id: q\nx.example\n",
			"#: id: r\n[s]\n*.example\n"},
		"x.example",
		"r/s medium alert: a.list:3 b.list:3\n"
		"q/s medium alert: a.list:5\n"},
	{"the level is the highest",
		{"#: level: low\nx.example\n*.example level=critical\n"
		 "=x.example level=high\n"},
		"x.example",
		"a.list/ critical alert: a.list:2 a.list:3 a.list:4\n"},
	{"alert wins over count",
		{"#: action: count\nx.example\n#: action: alert\nx.example\n"},
		"x.example", "a.list/ medium alert: a.list:2 a.list:4\n"},
	{"count alone counts", {"#: action: count\nx.example\n*.example\n"},
		"x.example", "a.list/ medium count: a.list:2 a.list:3\n"},
	{"what is off stands apart, and last",
		{"#: action: off\nx.example level=critical\n#: action: alert\n"
		 "x.example\n[s]\nx.example\n#: action: off\n*.example\n"},
		"x.example",
		"a.list/ medium alert: a.list:4\n"
		"a.list/s medium alert: a.list:6\n"
		"a.list/ critical off: a.list:2\n"
		"a.list/s medium off: a.list:8\n"},
	{"other headers do not part a rule",
		{"#: title: t\n#: tags: a\n#: category: c\nx.example note=n\n"
		 "#: title: u\n#: tags: b\n#: category: d\nx.example\n"},
		"x.example", "a.list/ medium alert: a.list:4 a.list:8\n"},
	{"each verdict takes one match",
		{"[a]\nx.example\n[b]\nx.example\n[c]\nx.example\n"},
		"x.example",
		"a.list/a medium alert: a.list:2\n"
		"a.list/b medium alert: a.list:4\n"
		"a.list/c medium alert: a.list:6\n"},
};

static void test_decide(void **state)
{
	const struct decide_case *c = *state;
	struct dlo_ruleset *rs = ruleset(c->lists);
	struct dlo_verdict verdict[16];
	struct out o = {.len = 0};
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	uint32_t ids[16];
	size_t i, n, at;

	assert_int_equal(dlo_name_parse(c->question, strlen(c->question), &buf,
				 &name, &at, &msg),
		0);
	n = dlo_ruleset_match(rs, &name, ids, 16);
	assert_true(n <= 16);
	n = dlo_ruleset_decide(rs, ids, n, verdict);
	for (i = 0; i < n; i++) {
		put_verdict(&o, rs, &verdict[i]);
	}
	assert_string_equal(o.text, c->want);
	dlo_ruleset_free(rs);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/*
 * 200 matches of 20 groups, some of them off, in an array of exactly as many
 * verdicts: none is lost, none is there twice, and all of one verdict belong to
 * it.
 */
static void test_decide_many(void **state)
{
	static char text[8192];
	const char *lists[2] = {text, NULL};
	struct dlo_ruleset *rs;
	struct dlo_verdict *v = calloc(200, sizeof(*v));
	uint32_t ids[200], i, j, n, n_ids = 0;

	(void)state;
	assert_non_null(v);
	for (i = 0; i < 200; i++) {
		snprintf(text + strlen(text), 64, "#: action: %s\n[%u]\na.b\n",
			i % 7 ? "alert" : "off", i * i % 37 % 20);
		ids[i] = i;
	}
	rs = ruleset(lists);
	n = (uint32_t)dlo_ruleset_decide(rs, ids, 200, v);
	for (i = 0; i < n; i++) {
		struct dlo_pattern_info p;

		assert_true(!i || v[i].action != DLO_ACTION_ALERT ||
			    v[i - 1].action == DLO_ACTION_ALERT);
		for (j = 0; j < v[i].n_matches; j++, n_ids++) {
			struct dlo_pattern_info q;

			dlo_ruleset_pattern(rs, v[i].match[j], &q);
			dlo_ruleset_pattern(rs, v[i].match[0], &p);
			assert_string_equal(p.service, q.service);
			assert_int_equal(q.action, v[i].action);
			assert_true(!j || v[i].match[j - 1] < v[i].match[j]);
		}
	}
	assert_int_equal(n_ids, 200);
	qsort(ids, 200, sizeof(*ids), by_number);
	for (i = 0; i < 200; i++) {
		assert_int_equal(ids[i], i);
	}
	free(v);
	dlo_ruleset_free(rs);
}

/* ---- the builder --------------------------------------------------------- */

static void test_pattern_info(void **state)
{
	static const char text[] = "#: id: r\n#: title: T\n#: tags: b, A\n"
				   "#: category: c\n#: level: high\n[s]\n"
				   "A.Example. level=low note=n\n";
	const char *const lists[] = {text, text, NULL};
	struct dlo_ruleset *rs = ruleset(lists);
	char canonical[DLO_PATTERN_TEXT_MAX];
	struct dlo_pattern_info p, q;

	(void)state;
	assert_int_equal(dlo_ruleset_n_lists(rs), 2);
	assert_int_equal(dlo_ruleset_n_patterns(rs), 2);
	assert_int_equal(dlo_ruleset_n_groups(rs), 1);
	assert_true(dlo_ruleset_bytes(rs) > sizeof("a.example"));
	dlo_ruleset_text(rs, 1, canonical);
	assert_string_equal(canonical, "a.example");
	dlo_ruleset_pattern(rs, 1, &p);
	assert_string_equal(p.file, "b.list");
	assert_string_equal(p.path, "d/b.list");
	assert_int_equal(p.line, 7);
	assert_string_equal(p.rule_id, "r");
	assert_string_equal(p.title, "T");
	assert_string_equal(p.category, "c");
	assert_string_equal(p.service, "s");
	assert_string_equal(p.note, "n");
	assert_int_equal(p.n_tags, 2);
	assert_string_equal(p.tags[0], "b");
	assert_string_equal(p.tags[1], "a");
	assert_int_equal(p.level, DLO_LEVEL_LOW);
	assert_int_equal(p.action, DLO_ACTION_ALERT);
	dlo_ruleset_pattern(rs, 0, &q);
	assert_ptr_equal(p.rule_id, q.rule_id); /* kept once */
	dlo_ruleset_free(rs);
}

/* What a refused list brought is gone, from the matcher too. */
static void test_refused_list(void **state)
{
	static const char bad[] = "#: id: b\na.example\nb.example\n..\n";
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	struct dlo_explainer *x;
	static struct dlo_explanation e;
	struct dlo_diag diag;
	struct out o = {.len = 0};

	(void)state;
	assert_int_equal(dlo_builder_new(&b), 0);
	add(b, "a.list", "\\=a.example\na.example\n*.?.\\*example\n");
	assert_int_equal(dlo_builder_add_list(b, "b.list", bad, sizeof(bad) - 1,
				 NULL, &diag),
		1);
	assert_string_equal(diag.file, "b.list");
	assert_int_equal(diag.line, 4);
	add(b, "c.list", "#: id: c\na.example\n");
	rs = build(b);
	dlo_builder_free(b);
	assert_int_equal(dlo_ruleset_n_lists(rs), 2);
	assert_int_equal(dlo_ruleset_n_patterns(rs), 4);
	assert_int_equal(dlo_ruleset_n_groups(rs), 2);
	assert_int_equal(dlo_explainer_new(rs, &x), 0);
	assert_int_equal(dlo_explain(x, "=a.example", 10, &e, &diag), 0);
	put_ids(&o, rs, e.match, e.n_matches);
	assert_int_equal(dlo_explain(x, "a.example", 9, &e, &diag), 0);
	put_ids(&o, rs, e.match, e.n_matches);
	assert_int_equal(dlo_explain(x, "a.b.*example", 12, &e, &diag), 0);
	put_ids(&o, rs, e.match, e.n_matches);
	assert_string_equal(
		o.text, " a.list:1\n a.list:2 c.list:2\n a.list:3\n");
	dlo_explainer_free(x);
	dlo_ruleset_free(rs);
}

static void test_builder_is_empty_after_build(void **state)
{
	struct dlo_builder *b;
	struct dlo_ruleset *first, *second, *third;
	char text[DLO_PATTERN_TEXT_MAX];

	(void)state;
	assert_int_equal(dlo_builder_new(&b), 0);
	add(b, "a.list", "a.example\n");
	first = build(b);
	second = build(b);
	add(b, "b.list", "b.example\n");
	third = build(b);
	dlo_builder_free(b);
	assert_int_equal(dlo_ruleset_n_lists(second), 0);
	assert_int_equal(dlo_ruleset_n_patterns(second), 0);
	assert_int_equal(dlo_ruleset_n_patterns(third), 1);
	dlo_ruleset_text(third, 0, text);
	assert_string_equal(text, "b.example");
	dlo_ruleset_text(first, 0, text);
	assert_string_equal(text, "a.example");
	dlo_ruleset_free(first);
	dlo_ruleset_free(second);
	dlo_ruleset_free(third);
}

/* A pattern that the matcher cannot take is an error of its line. */
static void test_too_many_globs(void **state)
{
	static char text[8192];
	static struct dlo_list_report report;
	struct dlo_builder *b;
	struct dlo_diag diag;
	unsigned i;

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(text + strlen(text), 16, "a?%c%c\n",
			(char)('a' + i % 26), (char)('a' + i / 26));
	}
	assert_int_equal(dlo_builder_new(&b), 0);
	assert_int_equal(dlo_builder_add_list(b, "a.list", text, strlen(text),
				 &report, &diag),
		0);
	assert_int_equal(report.n_patterns, 256);
	assert_int_equal(report.n_bad, 44);
	assert_int_equal(report.diag[0].line, 257);
	assert_int_equal(report.diag[0].col, 1);
	assert_true(report.diag[0].msg[0]);
	strcpy(text, "#: id: x\nb.example\n  a?zz\n");
	assert_int_equal(dlo_builder_add_list(b, "b.list", text, strlen(text),
				 &report, &diag),
		1);
	assert_int_equal(diag.line, 3);
	assert_int_equal(diag.col, 3);
	dlo_builder_free(b);
}

static void test_words(void **state)
{
	static const unsigned severity[] = {1, 21, 47, 73, 99};
	static const char *const level[] = {
		"informational", "low", "medium", "high", "critical"};
	static const char *const action[] = {"alert", "count", "off"};
	unsigned i;

	(void)state;
	for (i = 0; i < DLO_LEVEL__N; i++) {
		assert_string_equal(
			dlo_level_name((enum dlo_level)i), level[i]);
		assert_int_equal(
			dlo_level_severity((enum dlo_level)i), severity[i]);
	}
	for (i = 0; i < DLO_ACTION__N; i++) {
		assert_string_equal(
			dlo_action_name((enum dlo_action)i), action[i]);
	}
}

/* ---- explaining ---------------------------------------------------------- */

static const struct explain_case {
	const char *name, *in, *want;
} explain_cases[] = {
	{"all matches, then what they come to", "A.x.Example.",
		"a.x.example a.list:1 a.list:4\n"
		"medium alert a.list:1\nlow off a.list:4\n"},
	{"no match", "y.example", "y.example\n"},
	{"the root", ".", ".\n"},
	{"escapes stand for octets", "\\097.x\\.y.example",
		"a.x\\.y.example\n"},
	{"surrounding blanks mean nothing", " \tx.example \r",
		"x.example a.list:1 a.list:4\n"
		"medium alert a.list:1\nlow off a.list:4\n"},
	{"IDN labels become A-labels",
		"B\xc3\xbc"
		"cher.example",
		"xn--bcher-kva.example a.list:5\nlow off a.list:5\n"},
	{"a star is a star", "*.y.example", "*.y.example\n"},
	{"no name at all", " ", "error 1: an empty name\n"},
	{"an empty label", " a..b", "error 4: an empty label\n"},
	{"a blank within", "a b", "error 2: a blank\n"},
	{"an empty label in an IDN", "a.\xc3\xbc..b",
		"error 6: an empty label\n"},
	{"a label that cannot be an A-label", "a.\xc3", "error 3: not UTF-8\n"},
};

static void test_explain(void **state)
{
	static const char *const lists[] = {
		"x.example\n#: action: off\n#: level: low\nx.example\n"
		"b\xc3\xbc"
		"cher.example\n",
		NULL};
	const struct explain_case *c = *state;
	struct dlo_ruleset *rs = ruleset(lists);
	struct dlo_explainer *x;
	static struct dlo_explanation e;
	struct dlo_diag diag;
	struct out o = {.len = 0};
	uint32_t i;
	int r;

	assert_int_equal(dlo_explainer_new(rs, &x), 0);
	r = dlo_explain(x, c->in, strlen(c->in), &e, &diag);
	if (r == 1) {
		put(&o, "error %u: %s\n", diag.col, diag.msg);
	} else {
		assert_int_equal(r, 0);
		put(&o, "%s", e.name);
		put_ids(&o, rs, e.match, e.n_matches);
	}
	for (i = 0; !r && i < e.n_alerts; i++) {
		put(&o, "%s %s", dlo_level_name(e.alert[i].level),
			dlo_action_name(e.alert[i].action));
		put_ids(&o, rs, e.alert[i].match, e.alert[i].n_matches);
	}
	assert_string_equal(o.text, c->want);
	dlo_explainer_free(x);
	dlo_ruleset_free(rs);
}

/* More matches than the packet path keeps, and more than one growth. */
static void test_explain_many(void **state)
{
	enum { N = 3000 };
	char *text = calloc(N, 16);
	const char *lists[2] = {text, NULL};
	struct dlo_ruleset *rs;
	struct dlo_explainer *x;
	static struct dlo_explanation e;
	struct dlo_diag diag;
	uint32_t i;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < N; i++) {
		memcpy(text + i * 10, "x.example\n", 10);
	}
	rs = ruleset(lists);
	assert_int_equal(dlo_explainer_new(rs, &x), 0);
	assert_int_equal(dlo_explain(x, "x.example", 9, &e, &diag), 0);
	assert_int_equal(e.n_matches, N);
	for (i = 0; i < N; i++) {
		assert_int_equal(e.match[i], i);
	}
	assert_int_equal(e.n_alerts, 1);
	assert_int_equal(e.alert[0].n_matches, N);
	assert_int_equal(dlo_explain(x, "y.example", 9, &e, &diag), 0);
	assert_int_equal(e.n_matches, 0);
	assert_int_equal(e.n_alerts, 0);
	dlo_explainer_free(x);
	dlo_ruleset_free(rs);
	free(text);
}

static void test_explain_too_long(void **state)
{
	static char text[5000] = "\xc3\xbc";
	const char *const lists[] = {NULL};
	struct dlo_ruleset *rs = ruleset(lists);
	struct dlo_explainer *x;
	static struct dlo_explanation e;
	struct dlo_diag diag;

	(void)state;
	memset(text + 2, 'a', sizeof(text) - 2);
	assert_int_equal(dlo_explainer_new(rs, &x), 0);
	assert_int_equal(dlo_explain(x, text, sizeof(text), &e, &diag), 1);
	assert_int_equal(
		dlo_explain(x, text + 2, sizeof(text) - 2, &e, &diag), 1);
	dlo_explainer_free(x);
	dlo_ruleset_free(rs);
}

/* ---- memory that runs out ------------------------------------------------ */

/* A list of many rules and texts, so that every table grows. */
static char *long_list(void)
{
	char *text = calloc(1, 1 << 16), *p = text;
	unsigned i;

	assert_non_null(text);
	p += snprintf(p, 64, "#: id: long\n#: tags: a, b\n");
	for (i = 0; i < 600; i++) {
		p += snprintf(p, 64, "%s%u.example note=%u\n", i % 3 ? "" : "*",
			i, i % 100);
	}
	p += snprintf(p, 64, "#: format: dnscrypt\nx[a-c]y.test @now\n");
	p += snprintf(p, 64, "#: format: rpz\nx.test CNAME rpz-passthru.\n");
	p += snprintf(p, 64, "#: format: adblock\n");
	for (i = 0; i < 20; i++) {
		p += snprintf(p, 64, "||%u.test^\n@@||x*.%u.test^\n", i, i);
	}
	return text;
}

/* Builds and explains; -ENOMEM or 0. All is freed either way. */
static int whole_life(const char *list)
{
	static const char bad[] = "#: id: bad\na.example\n..\n";
	static struct dlo_explanation e;
	struct dlo_builder *b = NULL;
	struct dlo_ruleset *rs = NULL;
	struct dlo_explainer *x = NULL;
	struct dlo_diag diag;
	int err;

	err = dlo_builder_new(&b);
	if (!err) {
		err = dlo_builder_add_list(
			b, "a.list", list, strlen(list), NULL, &diag);
	}
	if (!err) {
		err = dlo_builder_add_list(
			b, "bad.list", bad, sizeof(bad) - 1, NULL, &diag);
		err = err == 1 ? 0 : err;
	}
	if (!err) {
		err = dlo_builder_build(b, &rs, &diag);
	} else if (b) {
		/* Memory was out: so it stays. */
		assert_int_equal(dlo_builder_build(b, &rs, &diag), -ENOMEM);
	}
	dlo_builder_free(b);
	if (!err) {
		err = dlo_explainer_new(rs, &x);
	}
	if (!err) {
		err = dlo_explain(x, "a.0.example", 11, &e, &diag);
		assert_true(err || e.n_matches == 1);
	}
	dlo_explainer_free(x);
	dlo_ruleset_free(rs);
	return err;
}

static void test_memory_runs_out(void **state)
{
	char *list = long_list();
	long n;
	int err = -ENOMEM;

	(void)state;
	for (n = 0; err; n++) {
		n_until_failure = n;
		err = whole_life(list);
		assert_true(err == 0 || err == -ENOMEM);
		assert_true(n < 100000);
	}
	n_until_failure = -1;
	assert_true(n > 20); /* the wrapping is there */
	free(list);
}

/* ---- interned texts ------------------------------------------------------ */

/* Texts that would stand side by side, had the hash no key. */
static void test_chosen_texts(void **state)
{
	struct dlo_intern t = {.n = 0};
	struct dlo_arena arena = {.bytes = 0};
	uint32_t id, i, n = 0, run = 0, longest = 0;
	char text[16];

	(void)state;
	for (i = 0; n < 1000; i++) {
		int len = snprintf(text, sizeof(text), "%u", i);

		if (dlo_hash(text, (size_t)len, 0) % 2048 == 0) {
			assert_int_equal(
				dlo_intern(&t, &arena, text, (size_t)len, &id),
				0);
			assert_int_equal(id, n++);
		}
	}
	for (i = 0; i < t.n_slots; i++) {
		run = t.slot[i] ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	assert_true(longest < 500);
	dlo_intern_fini(&t);
	dlo_arena_free(&arena);
}

/* ---- main ---------------------------------------------------------------- */

#define N_DECIDE (sizeof(decide_cases) / sizeof(*decide_cases))
#define N_EXPLAIN (sizeof(explain_cases) / sizeof(*explain_cases))

int main(void)
{
	static const struct CMUnitTest others[] = {
		{"many matches are put together", test_decide_many, NULL, NULL,
			NULL},
		{"a pattern's attributes", test_pattern_info, NULL, NULL, NULL},
		{"a refused list leaves nothing behind", test_refused_list,
			NULL, NULL, NULL},
		{"the builder is empty after building",
			test_builder_is_empty_after_build, NULL, NULL, NULL},
		{"a glob too many is an error of its line", test_too_many_globs,
			NULL, NULL, NULL},
		{"levels, severities, actions", test_words, NULL, NULL, NULL},
		{"explain finds all matches", test_explain_many, NULL, NULL,
			NULL},
		{"explain refuses what is too long", test_explain_too_long,
			NULL, NULL, NULL},
		{"chosen texts do not crowd the table", test_chosen_texts, NULL,
			NULL, NULL},
		{"memory may run out anywhere", test_memory_runs_out, NULL,
			NULL, NULL},
	};
	static struct CMUnitTest
		tests[N_DECIDE + N_EXPLAIN + sizeof(others) / sizeof(*others)];
	size_t i, n = 0;

	for (i = 0; i < N_DECIDE; i++) {
		tests[n++] = (struct CMUnitTest){.name = decide_cases[i].name,
			.test_func = test_decide,
			.initial_state = (void *)(uintptr_t)&decide_cases[i]};
	}
	for (i = 0; i < N_EXPLAIN; i++) {
		tests[n++] = (struct CMUnitTest){.name = explain_cases[i].name,
			.test_func = test_explain,
			.initial_state = (void *)(uintptr_t)&explain_cases[i]};
	}
	memcpy(tests + n, others, sizeof(others));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
