/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_compiled.c - compiled sets: what is read is what was written, and says
 * the same of all names; what is damaged is refused, and what is made to look
 * whole leads nobody astray.
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

#include "compiled.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define BUILT 1767323045u

/* ---- allocations that fail ----------------------------------------------- */

static long n_until_failure = -1; /* -1: never */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool must_fail(void)
{
	return n_until_failure >= 0 && n_until_failure-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return must_fail() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return must_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return must_fail() ? NULL : __real_realloc(p, n);
}

/* ---- sets ---------------------------------------------------------------- */

static const char small_list[] =
	"#: title: Tunnels\n#: id: 0b7f\n#: level: high\n"
	"#: tags: attack.t1572, attack.t1090.002\n#: category: tunnel\n"
	"[ngrok]\nngrok.io\n*.ngrok-free.app note=\"a note\"\n"
	"[telegram]\n=api.telegram.org level=low\n\n=.\n"
	"\\010\\200.example\n";

/* Each index of the matcher has something. */
static const char mixed_list[] =
	"ngrok.io\n*serveo.net\n*.portmap.*\n?.top4top.io\n*up.freeo*.space\n"
	"pastebin.*\n*pastebin*\n*a?a*\n*\\065b*\n*cloudflare-dns*\n"
	"*.*.long-label-0123456789-0123456789-0123456789.example.org\n"
	"a.b.c.d.e.f.example\n=www.a.b.c.d.e.f.example\ncom\n";

static const char counted_list[] =
	"#: id: counted\n#: action: count\n[git]\ngithub.com\ngitlab.com\n"
	"#: action: off\nnothing.example\n";

/* So many raw tails and infixes that they have tables of their own. */
static char *crowd(void)
{
	char *text = calloc(1, 1 << 16), *p = text;

	assert_non_null(text);
	for (unsigned i = 0; i < 300; i++) {
		p += sprintf(p, "*tail%u-raw.example.net\n", i);
		p += sprintf(p, "*infix-%u-here*\n", i);
	}
	sprintf(p, "..\n# and a bad line\n");
	return text;
}

static void add(struct dlo_builder *b, const char *file, const char *text)
{
	struct dlo_diag diag;

	if (dlo_builder_add_list(b, file, text, strlen(text), NULL, &diag)) {
		fail_msg("%s:%u: %s", diag.file, diag.line, diag.msg);
	}
}

/* A NULL ends each; pairs of a file and its text. */
static struct dlo_ruleset *set_of(const char *const *lists)
{
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	struct dlo_diag diag;

	assert_int_equal(dlo_builder_new(&b), 0);
	for (; *lists; lists += 2) {
		add(b, lists[0], lists[1]);
	}
	assert_int_equal(dlo_builder_build(b, &rs, &diag), 0);
	dlo_builder_free(b);
	return rs;
}

static struct dlo_ruleset *small_set(void)
{
	static const char *const lists[] = {"/lists.d/small.list", small_list,
		"counted.list", counted_list, NULL};

	return set_of(lists);
}

static struct dlo_ruleset *full_set(void)
{
	char *text = crowd();
	const char *const lists[] = {"/lists.d/small.list", small_list, "mixed",
		mixed_list, "crowd.txt", text, "counted.list", counted_list,
		"empty", "# nothing\n", NULL};
	struct dlo_ruleset *rs = set_of(lists);

	free(text);
	return rs;
}

static struct dlo_ruleset *load_good(const struct image *image)
{
	struct dlo_ruleset *rs;
	struct dlo_diag diag = {0};

	if (load(image->at, image->len, &rs, &diag)) {
		fail_msg("%s: %s", diag.file, diag.msg);
	}
	return rs;
}

/* ---- there and back ------------------------------------------------------ */

static void same_pattern(
	const struct dlo_ruleset *a, const struct dlo_ruleset *b, uint32_t id)
{
	static char ta[DLO_PATTERN_TEXT_MAX], tb[DLO_PATTERN_TEXT_MAX];
	struct dlo_pattern_info x, y;

	dlo_ruleset_text(a, id, ta);
	dlo_ruleset_text(b, id, tb);
	assert_string_equal(ta, tb);
	dlo_ruleset_pattern(a, id, &x);
	dlo_ruleset_pattern(b, id, &y);
	assert_string_equal(x.file, y.file);
	assert_string_equal(x.path, y.path);
	assert_int_equal(x.line, y.line);
	assert_string_equal(x.rule_id, y.rule_id);
	assert_string_equal(x.title, y.title);
	assert_string_equal(x.category, y.category);
	assert_string_equal(x.service, y.service);
	assert_string_equal(x.note, y.note);
	assert_int_equal(x.n_tags, y.n_tags);
	for (unsigned i = 0; i < x.n_tags; i++) {
		assert_string_equal(x.tags[i], y.tags[i]);
	}
	assert_int_equal(x.level, y.level);
	assert_int_equal(x.action, y.action);
}

static void same_sources(
	const struct dlo_ruleset *a, const struct dlo_ruleset *b)
{
	assert_int_equal(dlo_ruleset_n_lists(a), dlo_ruleset_n_lists(b));
	for (unsigned i = 0; i < dlo_ruleset_n_lists(a); i++) {
		struct dlo_source_info x, y;

		dlo_ruleset_source(a, i, &x);
		dlo_ruleset_source(b, i, &y);
		assert_string_equal(x.path, y.path);
		assert_int_equal(x.n_patterns, y.n_patterns);
		assert_int_equal(x.n_bad, y.n_bad);
		assert_int_equal(x.n_skipped, y.n_skipped);
	}
}

/* What both say of a name. Returns how many patterns match. */
static size_t same_answer(const struct dlo_ruleset *a,
	const struct dlo_ruleset *b, const char *text)
{
	static uint32_t x[DLO_HITS_MAX], y[DLO_HITS_MAX];
	static struct dlo_verdict v[DLO_HITS_MAX], w[DLO_HITS_MAX];
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	size_t at, n, n_verdicts;

	assert_int_equal(
		dlo_name_parse(text, strlen(text), &buf, &name, &at, &msg), 0);
	n = dlo_ruleset_match(a, &name, x, DLO_HITS_MAX);
	assert_int_equal(dlo_ruleset_match(b, &name, y, DLO_HITS_MAX), n);
	assert_memory_equal(x, y, n * sizeof(x[0]));
	n_verdicts = dlo_ruleset_decide(a, x, n, v);
	assert_int_equal(dlo_ruleset_decide(b, y, n, w), n_verdicts);
	for (size_t i = 0; i < n_verdicts; i++) {
		assert_int_equal(v[i].group, w[i].group);
		assert_int_equal(v[i].n_matches, w[i].n_matches);
		assert_int_equal(v[i].level, w[i].level);
		assert_int_equal(v[i].action, w[i].action);
		assert_int_equal(dlo_ruleset_group_pattern(a, v[i].group),
			dlo_ruleset_group_pattern(b, w[i].group));
	}
	return n;
}

static const char *const names[] = {"ngrok.io", "a.ngrok.io", "xngrok.io",
	"x.ngrok-free.app", "api.telegram.org", "x.api.telegram.org", ".",
	"\\010\\200.example", "notserveo.net", "x.portmap.io", "a.top4top.io",
	"x.up.freeo1.space", "pastebin.com", "my-pastebin.net", "aba.org",
	"x\\065b.org", "mozilla.cloudflare-dns.com", "www.a.b.c.d.e.f.example",
	"a.b.long-label-0123456789-0123456789-0123456789.example.org",
	"github.com", "nothing.example", "1-tail7-raw.example.net",
	"x.infix-299-here.y.example", "org", "missing.example.org"};

static void there_and_back(struct dlo_ruleset *a, size_t n_least)
{
	struct image image = image_of(a, BUILT), again;
	struct dlo_ruleset *b = load_good(&image);
	size_t n = 0;

	assert_int_equal(dlo_ruleset_built(a), 0);
	assert_int_equal(dlo_ruleset_built(b), BUILT);
	assert_int_equal(dlo_ruleset_n_patterns(a), dlo_ruleset_n_patterns(b));
	assert_int_equal(dlo_ruleset_n_groups(a), dlo_ruleset_n_groups(b));
	same_sources(a, b);
	for (uint32_t id = 0; id < dlo_ruleset_n_patterns(a); id++) {
		same_pattern(a, b, id);
	}
	for (size_t i = 0; i < LEN(names); i++) {
		n += same_answer(a, b, names[i]);
	}
	assert_true(n >= n_least);
	use(b);
	/* A set that was read is written the same. */
	again = image_of(b, BUILT);
	assert_int_equal(again.len, image.len);
	assert_memory_equal(again.at, image.at, image.len);
	free(again.at);
	free(image.at);
	dlo_ruleset_free(a);
	dlo_ruleset_free(b);
}

static void test_comes_back_as_it_was(void **state)
{
	static const char *const none[] = {NULL};
	static const char *const empty[] = {"x", "", NULL};

	(void)state;
	there_and_back(small_set(), 6);
	there_and_back(full_set(), 25);
	there_and_back(set_of(none), 0);
	there_and_back(set_of(empty), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
