/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_format.c - lines of other programs' lists against what those programs
 * make of them.
 *
 * The first octet picks the format; from 0x80 on, the octets behind it pick
 * letters of a small alphabet, so that many lines mean something. What must
 * hold: a line that was taken, and neither skipped nor bad, matches just the
 * names that the naive reading of its format's manual does; and the diagnostics
 * have a place. Zones have no such reading here: what they make must be names
 * that are printed and read back as the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "match/pattern.h"
#include "rules/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define LINE_MAX_LEN 64u

static const char *const names[] = {"a", "b", "c", "ab", "ba", "abc", "a.b",
	"b.a", "ab.c", "a.bc", "c.a.b", "a.b.c", "aa.b", "b.aa.b", "bab.a",
	"a.a.a", "cab.abc.b", "ab.ab", "x.y", "a-b.c", "1.a", "abc.abc.abc"};

/* ---- what the manuals say ------------------------------------------------ */

static bool in_class(const char *p, const char *end, char c)
{
	for (; p < end; p++) {
		if (p + 2 < end && p[1] == '-') {
			if (c >= p[0] && c <= p[2]) {
				return true;
			}
			p += 2;
		} else if (*p == c) {
			return true;
		}
	}
	return false;
}

/* * and ? and, where `classes`, [...]. `open`: more may follow in the name. */
static bool glob(const char *p, const char *end, const char *name, bool classes,
	bool open)
{
	const char *close;

	if (p == end) {
		return open || !*name;
	}
	if (*p == '*') {
		for (; p + 1 < end && p[1] == '*'; p++) {
		}
		return glob(p + 1, end, name, classes, open) ||
		       (*name && glob(p, end, name + 1, classes, open));
	}
	if (!*name) {
		return false;
	}
	if (classes && *p == '[') {
		close = memchr(p, ']', (size_t)(end - p));
		return in_class(p + 1, close, *name) &&
		       glob(close + 1, end, name + 1, classes, open);
	}
	return (*p == *name || (classes && *p == '?')) &&
	       glob(p + 1, end, name + 1, classes, open);
}

static bool has(const char *p, const char *end, const char *any)
{
	for (; p < end; p++) {
		if (strchr(any, *p)) {
			return true;
		}
	}
	return false;
}

/* https://adguard-dns.io/kb/general/dns-filtering-syntax/ */
static bool adblock(const char *p, const char *end, const char *name)
{
	const char *dollar = memchr(p, '$', (size_t)(end - p));
	bool closed = false, any = false;

	end = dollar ? dollar : end;
	if (end - p >= 2 && !memcmp(p, "@@", 2)) {
		p += 2;
	}
	if (!has(p, end, "|^")) {
		return !strncmp(name, p, (size_t)(end - p)) && !name[end - p];
	}
	for (; end > p && strchr("^|", end[-1]); end--) {
		closed = true;
	}
	if (end - p >= 2 && !memcmp(p, "||", 2)) {
		for (const char *n = name; n; n = strchr(n, '.')) {
			n += *n == '.';
			any |= glob(p + 2, end, n, false, !closed);
		}
		return any;
	}
	if (*p == '|') {
		return glob(p + 1, end, name, false, !closed);
	}
	for (; *name; name++) { /* .x^ */
		any |= glob(p, end, name, false, !closed);
	}
	return any;
}

/* dnscrypt-proxy: example-blocked-names.txt and what reads it. */
static bool dnscrypt(const char *p, const char *end, const char *name)
{
	size_t len = (size_t)(end - p), n = strlen(name);
	bool first = *p == '*', last = end[-1] == '*';

	if (has(p, end, "?[") || (len > 2 && has(p + 1, end - 1, "*"))) {
		return glob(p, end, name, true, false);
	}
	if (last) { /* and perhaps first */
		return glob(p, end, name, false, false);
	}
	if (*p == '=') {
		return n == len - 1 && !memcmp(p + 1, name, n);
	}
	p += first;
	p += *p == '.';
	len = (size_t)(end - p);
	return n >= len && !memcmp(name + n - len, p, len) &&
	       (n == len || name[n - len - 1] == '.');
}

/* ---- the check ----------------------------------------------------------- */

static const struct format {
	const char *file, *alphabet;
	bool (*matches)(const char *p, const char *end, const char *name);
	const char *unclear; /* octets of lines that the reading is not for */
} formats[] = {
	{"x.adblock", "aabbc..**||^^@$-\n\n", adblock, "\\#!/[ \t"},
	{"x.dnscrypt", "aabbc..**?=?[]-\n\n", dnscrypt, "\\#@| \t0"},
	{"x.rpz", "aabbc..** \tCNAME()@$;\"\\\n\n", NULL, ""},
};

static void check_report(const struct dlo_list_report *r)
{
	CHECK(r->n_diags <= r->n_bad);
	for (unsigned i = 0; i < r->n_diags; i++) {
		CHECK(r->diag[i].line > 0 && r->diag[i].col > 0);
		CHECK(*r->diag[i].msg);
	}
}

static void check_texts(const struct dlo_ruleset *rs)
{
	static struct dlo_pattern p;
	static char text[DLO_PATTERN_TEXT_MAX], again[sizeof(text)];
	const char *msg;
	size_t at;

	for (uint32_t i = 0; i < dlo_ruleset_n_patterns(rs) && i < 64; i++) {
		dlo_ruleset_text(rs, i, text);
		CHECK(!dlo_pattern_parse(text, strlen(text), &p, &at, &msg));
		dlo_pattern_print(&p, again);
		CHECK(!strcmp(text, again));
	}
	for (uint32_t i = 0; i < dlo_ruleset_n_exceptions(rs) && i < 64; i++) {
		const struct dlo_exception_info *e =
			dlo_ruleset_exception(rs, i);

		CHECK(e->of_list && e->line > 0);
		CHECK(!dlo_pattern_parse(
			e->pattern, strlen(e->pattern), &p, &at, &msg));
	}
}

/* Builds the text as a list, with another one before it of the same id whose
 * alerts its exceptions hide. */
static struct dlo_ruleset *build(const struct format *f, const char *text,
	size_t len, struct dlo_list_report *ret)
{
	char all[64];
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	struct dlo_diag diag;
	int n = snprintf(all, sizeof(all), "#: id: %s\n[all]\n*\n", f->file), r;

	CHECK(!dlo_builder_new(&b));
	CHECK(!dlo_builder_add_list(b, "all", all, (size_t)n, NULL, &diag));
	memset(ret, 0, sizeof(*ret));
	r = dlo_builder_add_list(b, f->file, text, len, ret, &diag);
	CHECK(r == 0 || r == 1);
	CHECK(!r || (diag.line > 0 && diag.col > 0 && *diag.msg));
	check_report(ret);
	CHECK(!dlo_builder_build(b, &rs, &diag));
	CHECK(dlo_ruleset_n_exceptions(rs) == ret->n_exceptions);
	dlo_builder_free(b);
	return rs;
}

static bool is_clear(const struct format *f, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)p[i] < ' ' || (uint8_t)p[i] > '~' ||
			(p[i] >= 'A' && p[i] <= 'Z') ||
			strchr(f->unclear, p[i])) {
			return false;
		}
	}
	/* A dot at the end of a pattern is of no weight for us. */
	return len && len <= LINE_MAX_LEN && p[len - 1] != '.';
}

static void check_line(const struct format *f, const char *p, size_t len)
{
	static struct dlo_list_report report;
	struct dlo_ruleset *rs;
	struct dlo_explainer *x;
	struct dlo_explanation e;
	struct dlo_diag diag;

	if (!is_clear(f, p, len)) {
		return;
	}
	rs = build(f, p, len, &report);
	CHECK(!dlo_explainer_new(rs, &x));
	for (size_t i = 0; i < N(names) && !report.n_bad && !report.n_skipped;
		i++) {
		bool want = f->matches(p, p + len, names[i]), got;

		CHECK(!dlo_explain(x, names[i], strlen(names[i]), &e, &diag));
		CHECK(e.n_alerts >= 1);
		got = report.n_exceptions ? e.alert[0].excepted > 0
					  : e.n_matches > 1;
		if (want != got) {
			fprintf(stderr, "%.*s %s: %d\n", (int)len, p, names[i],
				got);
		}
		CHECK(want == got);
	}
	dlo_explainer_free(x);
	dlo_ruleset_free(rs);
}

static void check(const struct format *f, const char *text, size_t len)
{
	static struct dlo_list_report report;
	struct dlo_ruleset *rs = build(f, text, len, &report);
	const char *end = text + len, *nl;
	unsigned n = 0;

	check_texts(rs);
	dlo_ruleset_free(rs);
	for (; f->matches && text < end && n < 32; text = nl + 1, n++) {
		nl = memchr(text, '\n', (size_t)(end - text));
		nl = nl ? nl : end;
		check_line(f, text, (size_t)(nl - text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct format *f;
	char *text;
	size_t n;

	if (!size) {
		return 0;
	}
	f = &formats[data[0] % N(formats)];
	n = strlen(f->alphabet);
	text = malloc(size);
	CHECK(text);
	memcpy(text, data + 1, size - 1);
	for (size_t i = 0; data[0] >= 0x80 && i < size - 1; i++) {
		text[i] = f->alphabet[data[1 + i] % n];
	}
	check(f, text, size - 1);
	free(text);
	return 0;
}
