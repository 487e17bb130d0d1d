/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_list.c - a list text of any octets, built, asked and freed.
 *
 * The first octet picks the ending of the file's name, the rest is the text.
 * What must hold: counts agree; all that is printed is NUL-terminated and
 * valid; canonical texts are read back as themselves; a pattern `=name` or
 * `name` matches its name; a refused list leaves nothing behind.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "match/pattern.h"
#include "rules/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
	"a.list", "d/b.hosts", "c.adblock", "d.rpz", "e.dnscrypt"};

static void check_diag(const struct dlo_diag *d)
{
	size_t i, len = strnlen(d->msg, sizeof(d->msg));

	CHECK(len > 0 && len < sizeof(d->msg));
	CHECK(strnlen(d->file, sizeof(d->file)) < sizeof(d->file));
	for (i = 0; i < len; i++) {
		CHECK(d->msg[i] >= 0x20 && d->msg[i] < 0x7f);
	}
}

static void check_text(const char *text)
{
	for (; *text; text++) {
		CHECK((unsigned char)*text >= 0x20 && *text != 0x7f);
	}
}

/* Returns the pattern parsed, which the caller frees. */
static struct dlo_pattern *check_pattern(
	const struct dlo_ruleset *rs, uint32_t id)
{
	struct dlo_pattern *p = calloc(1, sizeof(*p));
	static char text[DLO_PATTERN_TEXT_MAX], again[sizeof(text)];
	struct dlo_pattern_info info;
	const char *msg;
	unsigned i;
	size_t at;

	CHECK(p);
	dlo_ruleset_pattern(rs, id, &info);
	CHECK(dlo_ruleset_text(rs, id, text) == strlen(text));
	check_text(text);
	check_text(info.rule_id);
	check_text(info.title);
	check_text(info.category);
	check_text(info.service);
	check_text(info.note);
	CHECK(*info.rule_id && *info.title && info.line > 0);
	CHECK(info.level < DLO_LEVEL__N && info.action < DLO_ACTION__N);
	for (i = 0; i < info.n_tags; i++) {
		CHECK(*info.tags[i]);
		check_text(info.tags[i]);
	}
	CHECK(!dlo_pattern_parse(text, strlen(text), p, &at, &msg));
	dlo_pattern_print(p, again);
	CHECK(!strcmp(text, again));
	return p;
}

static void check_explanation(
	const struct dlo_ruleset *rs, const struct dlo_explanation *e)
{
	uint32_t i, j, n = 0;

	for (i = 0; i < e->n_matches; i++) {
		CHECK(e->match[i] < dlo_ruleset_n_patterns(rs));
		CHECK(!i || e->match[i - 1] < e->match[i]);
	}
	for (i = 0; i < e->n_alerts; i++) {
		CHECK(e->alert[i].n_matches > 0);
		for (j = 0; j < e->alert[i].n_matches; j++, n++) {
			CHECK(!j || e->alert[i].match[j - 1] <
					    e->alert[i].match[j]);
		}
	}
	CHECK(n == e->n_matches);
}

/* Asks for the pattern's own name, which it must match. */
static void ask(struct dlo_explainer *x, const struct dlo_ruleset *rs,
	uint32_t id, const struct dlo_pattern *p)
{
	struct dlo_explanation e;
	struct dlo_name_buf buf;
	struct dlo_name name;
	struct dlo_diag diag;
	char text[DLO_NAME_TEXT_MAX];
	uint32_t i;

	if (p->kind == DLO_PATTERN_GLOB || p->kind == DLO_PATTERN_BELOW) {
		return;
	}
	dlo_name_copy(&buf, p->wire, p->wire_len, &name);
	dlo_name_print(&name, text);
	CHECK(!dlo_explain(x, text, strlen(text), &e, &diag));
	CHECK(!strcmp(text, e.name));
	check_explanation(rs, &e);
	for (i = 0; i < e.n_matches && e.match[i] != id; i++) {
	}
	CHECK(i < e.n_matches);
}

static void check_ruleset(const struct dlo_ruleset *rs)
{
	static const char *const names[] = {
		"a.example", "xn--bcher-kva.example", ".", "a.b.c.d"};
	struct dlo_explainer *x;
	struct dlo_explanation e;
	struct dlo_diag diag;
	uint32_t i, n = dlo_ruleset_n_patterns(rs);

	CHECK(!dlo_explainer_new(rs, &x));
	for (i = 0; i < n && i < 64; i++) {
		struct dlo_pattern *p = check_pattern(rs, i);

		ask(x, rs, i, p);
		free(p);
	}
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		CHECK(!dlo_explain(x, names[i], strlen(names[i]), &e, &diag));
		check_explanation(rs, &e);
	}
	for (i = 0; i < dlo_ruleset_n_groups(rs); i++) {
		CHECK(dlo_ruleset_group_pattern(rs, i) < n);
	}
	dlo_explainer_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char first[] = "a.example\n*.?\n";
	static struct dlo_list_report report;
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	struct dlo_diag diag;
	unsigned i;
	int r;

	if (!size) {
		return 0;
	}
	CHECK(!dlo_builder_new(&b));
	CHECK(!dlo_builder_add_list(
		b, "first.list", first, sizeof(first) - 1, NULL, &diag));
	r = dlo_builder_add_list(b,
		files[data[0] % (sizeof(files) / sizeof(*files))],
		(const char *)data + 1, size - 1, &report, &diag);
	CHECK(r == 0 || r == 1);
	if (r) {
		check_diag(&diag);
		memset(&report, 0, sizeof(report));
	}
	CHECK(report.n_diags <= report.n_bad && report.n_diags <= 10);
	for (i = 0; i < report.n_diags; i++) {
		check_diag(&report.diag[i]);
		CHECK(report.diag[i].line > 0 && report.diag[i].col > 0);
	}
	CHECK(!dlo_builder_build(b, &rs, &diag));
	dlo_builder_free(b);
	CHECK(dlo_ruleset_n_patterns(rs) == report.n_patterns + 2);
	CHECK(dlo_ruleset_n_lists(rs) == 2 - (unsigned)r);
	check_ruleset(rs);
	dlo_ruleset_free(rs);
	return 0;
}
