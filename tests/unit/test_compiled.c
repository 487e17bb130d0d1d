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
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiled.h"
#include "failing_heap.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define BUILT 1767323045u

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
		"feed.adblock",
		"||a.example^\n@@||b.a.example^\n@@||c.a.example^$important\n",
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
	unsigned n_exceptions = 0;

	assert_int_equal(dlo_ruleset_n_lists(a), dlo_ruleset_n_lists(b));
	for (unsigned i = 0; i < dlo_ruleset_n_lists(a); i++) {
		struct dlo_source_info x, y;

		dlo_ruleset_source(a, i, &x);
		dlo_ruleset_source(b, i, &y);
		assert_string_equal(x.path, y.path);
		assert_int_equal(x.n_patterns, y.n_patterns);
		assert_int_equal(x.n_exceptions, y.n_exceptions);
		n_exceptions += x.n_exceptions;
		assert_int_equal(x.n_bad, y.n_bad);
		assert_int_equal(x.n_skipped, y.n_skipped);
	}
	assert_int_equal(dlo_ruleset_n_exceptions(a), n_exceptions);
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

/* ---- what is no such file ------------------------------------------------ */

/* What a file is refused for. */
static const char *why(const uint8_t *data, size_t len)
{
	static struct dlo_diag diag;
	struct dlo_ruleset *rs;

	memset(&diag, 0, sizeof(diag));
	if (!load(data, len, &rs, &diag)) {
		dlo_ruleset_free(rs);
		return "nothing";
	}
	assert_string_equal(diag.file, "x.dlo");
	assert_int_equal(diag.line, 0);
	return diag.msg;
}

static struct image small_image(void)
{
	struct dlo_ruleset *rs = small_set();
	struct image image = image_of(rs, BUILT);

	dlo_ruleset_free(rs);
	return image;
}

/* Whichever octet is another, and wherever it ends. */
static void test_damage_is_seen(void **state)
{
	struct image image = small_image();

	(void)state;
	for (size_t i = 0; i < image.len; i++) {
		image.at[i] ^= (uint8_t)(1u << i % 8);
		assert_string_not_equal(why(image.at, image.len), "nothing");
		image.at[i] ^= (uint8_t)(1u << i % 8);
		if (i % 29 == 0) {
			assert_string_not_equal(why(image.at, i), "nothing");
		}
	}
	assert_string_equal(why(image.at, image.len), "nothing");
	free(image.at);
}

struct odd {
	const char *name;
	size_t at; /* where it has another number */
	uint32_t number;
	long more; /* octets at its end */
	const char *want;
};

#define CUT 1000

static const struct odd odds[] = {
	{"an empty file", 0, 0, LONG_MIN, "not a compiled rule set"},
	{"another file", 0, 0x65787061, 0, "not a compiled rule set"},
	{"line ends changed", 4, 0x0a1a0a0a, 0, "not a compiled rule set"},
	{"the other byte order", 8, 0x04030201, 0,
		"compiled on a machine with the other byte order: compile it "
		"again on one like this"},
	{"no byte order", 8, 0x01010101, 0,
		"damaged: its head has no byte order"},
	{"older", 12, 1, 0,
		"compiled by an older version of this program (format 1; this "
		"one reads 2): compile it again"},
	{"newer", 12, 3, 0,
		"compiled by a newer version of this program (format 3; this "
		"one reads 2): compile it again"},
	{"more", 0, 0, 64, "damaged: 64 octets too many"},
	{"sections", 32, 3, 0, "damaged: its table is not whole"},
	{"a checksum", 24, 0, 0, "damaged: its checksum is wrong"},
};

static void test_told_apart(void **state)
{
	char cut[64];

	(void)state;
	for (size_t i = 0; i < LEN(odds); i++) {
		const struct odd *o = &odds[i];
		struct image image = small_image();
		size_t len = o->more < 0 ? 0 : image.len + (size_t)o->more;

		print_message("# %s\n", o->name);
		image.at = realloc(image.at, image.len + 64);
		memset(image.at + image.len, 0, 64);
		if (o->at || o->number) {
			memcpy(image.at + o->at, &o->number, 4);
		}
		assert_string_equal(why(image.at, len), o->want);
		free(image.at);
	}
	struct image image = small_image();

	snprintf(cut, sizeof(cut), "cut short: %d of %zu octets", CUT,
		image.len);
	assert_string_equal(why(image.at, CUT), cut);
	assert_string_equal(why(image.at, 63), "cut short in its head");
	free(image.at);
}

/* ---- made to look whole -------------------------------------------------- */

/* What the checks say, each of which must have said it once. */
static struct {
	const char *msg;
	unsigned n;
} said[] = {
	{"damaged: the patterns are not whole", 0},
	{"damaged: the keys of names are not whole", 0},
	{"damaged: the windows are not whole", 0},
	{"damaged: the keys of grams are not whole", 0},
	{"damaged: the texts are not whole", 0},
	{"damaged: the rules are not whole", 0},
	{"damaged: the places of the patterns are not whole", 0},
	{"damaged: the exceptions are not whole", 0},
	{"damaged: section ", 0},
	{"compiled for another kind of machine", 0},
};

static void note(const char *msg)
{
	for (size_t i = 0; i < LEN(said); i++) {
		said[i].n += !strncmp(msg, said[i].msg, strlen(said[i].msg));
	}
}

/* Loads it with the right checksum; whatever is taken is used. */
static bool try_sealed(struct image *image)
{
	struct dlo_ruleset *rs;
	struct dlo_diag diag;

	image_seal(image);
	if (load(image->at, image->len, &rs, &diag)) {
		note(diag.msg);
		return false;
	}
	use(rs);
	dlo_ruleset_free(rs);
	return true;
}

/* Whether an octet is amid a section of many alike, of which some will do. */
static bool is_bulk(const struct image *image, size_t i)
{
	struct {
		uint64_t at, n;
		uint32_t size, zero[3];
	} entry;
	uint32_t n;

	memcpy(&n, image->at + 32, 4);
	for (uint32_t k = 0; k < n; k++) {
		memcpy(&entry, image->at + 64 + k * sizeof(entry),
			sizeof(entry));
		if (i >= entry.at + 64 && entry.n * entry.size > 2048 &&
			i + 64 < entry.at + entry.n * entry.size) {
			return true;
		}
	}
	return false;
}

/* Whichever octet is another: of many alike every step-th. */
static void try_octets(struct dlo_ruleset *rs, size_t step)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff, 0x3f};
	struct image image = image_of(rs, BUILT);
	size_t n_taken = 0, n = 0;

	dlo_ruleset_free(rs);
	for (size_t i = 0; i < image.len;
		i += is_bulk(&image, i) ? step : 1, n++) {
		uint8_t before = image.at[i];

		image.at[i] ^= flips[n / 3 % LEN(flips)];
		n_taken += try_sealed(&image);
		image.at[i] = before;
	}
	assert_true(n_taken > n / 20 && n_taken < n);
	free(image.at);
}

static void test_any_octet(void **state)
{
	static const char *const mixed[] = {"mixed", mixed_list, NULL};

	(void)state;
	try_octets(small_set(), 61);
	try_octets(set_of(mixed), 97);
	try_octets(full_set(), 197);
}

/* Numbers at the edges of what they may be, wherever one may stand. */
static void try_words(struct dlo_ruleset *rs)
{
	static const uint32_t edges[] = {
		0, 1, 0x7fffffff, 0x80000000, 0xffffffc0};
	struct image image = image_of(rs, BUILT);

	dlo_ruleset_free(rs);
	for (size_t i = 0; i + 4 <= image.len;
		i += is_bulk(&image, i) ? 64 + 4 * (i / 4 % 61) : 4) {
		uint32_t before, words[4];

		memcpy(&before, image.at + i, 4);
		words[0] = before + 1;
		words[1] = before - 1;
		words[2] = edges[i / 4 % LEN(edges)];
		words[3] = UINT32_MAX;
		for (size_t k = 0; k < LEN(words); k++) {
			memcpy(image.at + i, &words[k], 4);
			try_sealed(&image);
		}
		memcpy(image.at + i, &before, 4);
	}
	free(image.at);
}

static void test_any_number(void **state)
{
	static const char *const mixed[] = {"mixed", mixed_list, NULL};

	(void)state;
	try_words(small_set());
	try_words(set_of(mixed));
	try_words(full_set());
}

/* ---- beside others ------------------------------------------------------- */

static void test_stands_alone(void **state)
{
	static const char want[] =
		"a compiled rule set stands alone: compile all lists into one";
	struct image image = small_image();
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	struct dlo_diag diag;

	(void)state;
	assert_int_equal(dlo_builder_new(&b), 0);
	image.at[image.len - 1] ^= 1;
	assert_int_equal(
		dlo_builder_add_compiled(b, "bad.dlo",
			pages_of(image.at, image.len), image.len, &diag),
		1);
	image.at[image.len - 1] ^= 1;
	assert_int_equal(
		dlo_builder_add_compiled(b, "one.dlo",
			pages_of(image.at, image.len), image.len, &diag),
		0);
	assert_int_equal(
		dlo_builder_add_compiled(b, "two.dlo",
			pages_of(image.at, image.len), image.len, &diag),
		1);
	assert_string_equal(diag.file, "two.dlo");
	assert_string_equal(diag.msg, want);
	assert_int_equal(dlo_builder_add_list(
				 b, "x.list", "x.example\n", 10, NULL, &diag),
		1);
	assert_string_equal(diag.file, "x.list");
	assert_string_equal(diag.msg, want);
	assert_int_equal(dlo_builder_build(b, &rs, &diag), 0);
	assert_int_equal(dlo_ruleset_n_lists(rs), 2);
	dlo_ruleset_free(rs);
	/* Empty again, it takes lists; and then nothing else. */
	add(b, "x.list", "x.example\n");
	assert_int_equal(
		dlo_builder_add_compiled(b, "one.dlo",
			pages_of(image.at, image.len), image.len, &diag),
		1);
	dlo_builder_free(b);
	/* One that is never built is freed too. */
	assert_int_equal(dlo_builder_new(&b), 0);
	assert_int_equal(
		dlo_builder_add_compiled(b, "one.dlo",
			pages_of(image.at, image.len), image.len, &diag),
		0);
	dlo_builder_free(b);
	free(image.at);
}

/* A compiled set and these exceptions. */
static int with_exceptions(
	const struct image *image, const char *text, struct dlo_ruleset **ret)
{
	struct dlo_builder *b;
	struct dlo_diag diag;
	int err = dlo_builder_new(&b);

	if (err) {
		return err;
	}
	err = dlo_builder_add_compiled(
		b, "x.dlo", pages_of(image->at, image->len), image->len, &diag);
	err = err ? err
		  : dlo_builder_add_exceptions(
			    b, "e.list", text, strlen(text), NULL, &diag);
	err = err ? err : dlo_builder_build(b, ret, &diag);
	dlo_builder_free(b);
	return err;
}

static void test_exceptions_beside(void **state)
{
	static const struct {
		const char *text;
		enum dlo_fate want;
	} cases[] = {
		{"ngrok.io\n", DLO_FATE_HIDES},
		{"ngrok.io service=ngrok rule=0b7f\n", DLO_FATE_HIDES},
		{"ngrok.io service=telegram\n", DLO_FATE_SERVICE},
		{"ngrok.io rule=counted\n", DLO_FATE_RULE},
		{"ngrok.io client=192.0.2.1\n", DLO_FATE_CLIENT},
		{"ngrok.io until=2001-01-01\n", DLO_FATE_EXPIRED},
	};
	struct image image = small_image();

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		static struct dlo_explanation e;
		struct dlo_explainer *x;
		struct dlo_ruleset *rs;
		struct dlo_diag diag;

		assert_int_equal(
			with_exceptions(&image, cases[i].text, &rs), 0);
		assert_int_equal(dlo_explainer_new(rs, &x), 0);
		dlo_explainer_ask(x, NULL, 0, UINT64_C(1767323045000000000));
		assert_int_equal(
			dlo_explain(x, "a.ngrok.io", 10, &e, &diag), 0);
		assert_int_equal(e.n_exceptions, 1);
		assert_int_equal(e.exception[0].fate, cases[i].want);
		dlo_explainer_free(x);
		dlo_ruleset_free(rs);
	}
	free(image.at);
}

/* Those that the set was built with are in it, in front of others. */
static void test_exceptions_within(void **state)
{
	static const char text[] =
		"ngrok.io client=192.0.2.0/24 service=ngrok rule=0b7f "
		"until=2030-01-02 owner=alice reason=\"a b\"\n"
		"\n*.org client=2001:db8::/33\n";
	struct image plain = small_image(), image, again;
	struct dlo_ruleset *a, *b;

	(void)state;
	assert_int_equal(with_exceptions(&plain, text, &a), 0);
	image = image_of(a, BUILT);
	assert_int_equal(with_exceptions(&image, "ngrok.io\n", &b), 0);
	assert_int_equal(dlo_ruleset_n_exceptions(b), 3);
	for (unsigned i = 0; i < 2; i++) {
		const struct dlo_exception_info *x = dlo_ruleset_exception(
							a, i),
						*y = dlo_ruleset_exception(
							b, i);

		assert_string_equal(x->text, y->text);
		assert_string_equal(x->file, y->file);
		assert_string_equal(x->path, y->path);
		assert_string_equal(x->pattern, y->pattern);
		assert_string_equal(x->client, y->client);
		assert_string_equal(x->rule, y->rule);
		assert_string_equal(x->service, y->service);
		assert_string_equal(x->until, y->until);
		assert_string_equal(x->owner, y->owner);
		assert_string_equal(x->reason, y->reason);
		assert_true(x->end_ns == y->end_ns);
		assert_true(x->identity == y->identity);
		assert_int_equal(x->line, y->line);
		assert_memory_equal(&dlo_ruleset_exceptions(a)->row[i].client,
			&dlo_ruleset_exceptions(b)->row[i].client,
			sizeof(struct dlo_network));
	}
	/* The chain of equal patterns goes over both. */
	assert_int_equal(dlo_ruleset_exceptions(b)->row[0].next, 3);
	dlo_ruleset_free(b);
	b = load_good(&image);
	again = image_of(b, BUILT);
	assert_int_equal(again.len, image.len);
	assert_memory_equal(again.at, image.at, image.len);
	try_words(b);
	dlo_ruleset_free(a);
	free(again.at);
	free(image.at);
	free(plain.at);
}

/* After all that were sealed: there is no check that none of them needed. */
static void test_all_was_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(said); i++) {
		print_message("# %s: %u\n", said[i].msg, said[i].n);
		assert_true(said[i].n > 0);
	}
}

static void test_memory_runs_out(void **state)
{
	struct dlo_ruleset *full = full_set(), *rs;
	struct dlo_compiled *c;
	struct image image = image_of(full, BUILT);
	int err = -ENOMEM;
	long n;

	(void)state;
	for (n = 0; err; n++) {
		n_until_failure = n;
		err = with_exceptions(&image, "a.example owner=x\n", &rs);
		assert_true(err == 0 || err == -ENOMEM);
		assert_true(n < 1000);
	}
	n_until_failure = 0;
	assert_int_equal(dlo_compiled_new(full, BUILT, &c), -ENOMEM);
	n_until_failure = -1;
	assert_true(n > 5); /* the wrapping is there */
	dlo_ruleset_free(rs);
	dlo_ruleset_free(full);
	free(image.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back_as_it_was),
		cmocka_unit_test(test_damage_is_seen),
		cmocka_unit_test(test_told_apart),
		cmocka_unit_test(test_any_octet),
		cmocka_unit_test(test_any_number),
		cmocka_unit_test(test_stands_alone),
		cmocka_unit_test(test_exceptions_beside),
		cmocka_unit_test(test_exceptions_within),
		cmocka_unit_test(test_all_was_said),
		cmocka_unit_test(test_memory_runs_out),
	};

	mallopt(M_TRIM_THRESHOLD,
		1 << 26); /* thousands of loads: keep memory */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
