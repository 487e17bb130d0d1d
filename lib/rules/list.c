/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.c - the text of one list -> patterns.
 *
 * Theory of operation: a line that begins with `#:` is a header (header.c);
 * what others are, the format says that is in force there:
 *
 *	domains		pattern key=value ..., [service], or a hosts line
 *	hosts		address name ...: each name is a pattern =name
 *	adblock		adblock.c
 *	dnscrypt	dnscrypt.c
 *	rpz		rpz.c
 *
 * or nothing but blanks and a comment. A list with a header anywhere is ours:
 * its first unreadable line refuses it. Any other is someone else's: such lines
 * are left out and reported, and what begins with `#:` is a comment. An
 * unreadable line returns 1 with a diagnostic either way.
 */
#include "rules/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/adblock.h"
#include "rules/dnscrypt.h"
#include "rules/header.h"
#include "rules/reader.h"
#include "rules/rpz.h"

/* ---- domains and hosts --------------------------------------------------- */

/* Takes a line that is a section, begins with an address, or is wrong at once:
 * *ret_err tells. False: none of these, and *ret_field is its first field. */
static bool take_common(struct dlo_reader *t, struct dlo_line *l,
	struct dlo_slice *ret_field, int *ret_err)
{
	if (l->p[l->at] == '[') {
		*ret_err = dlo_headers_section(&t->headers, l);
		return true;
	}
	*ret_err = dlo_line_field(l, ret_field);
	if (*ret_err || !dlo_is_address(ret_field)) {
		return *ret_err;
	}
	*ret_err = dlo_reader_hosts(t, l, ret_field->at);
	return true;
}

static int hosts_line(struct dlo_reader *t, struct dlo_line *l)
{
	struct dlo_slice s;
	int err;

	if (take_common(t, l, &s, &err)) {
		return err;
	}
	return dlo_line_bad(l, s.at,
		"a hosts line begins with an address, as in \"0.0.0.0 name\"");
}

static int domains_line(struct dlo_reader *t, struct dlo_line *l)
{
	struct dlo_rule rule = t->headers.rule;
	struct dlo_slice s;
	int err;

	if (take_common(t, l, &s, &err)) {
		return err;
	}
	err = dlo_reader_parse(t, l, s.p, s.len, s.at);
	err = err ? err : dlo_headers_pairs(&t->headers, l, &rule);
	return err ? err : dlo_reader_add(t, l, s.at, &rule);
}

/* ---- all formats --------------------------------------------------------- */

/* Who reads a line that is no header; `words`: one with something on it but
 * blanks and a # comment, of which the next octet is the first. */
static const struct format {
	int (*line)(struct dlo_reader *t, struct dlo_line *l);
	bool words;
} formats[DLO_FORMAT__N] = {
	[DLO_FORMAT_DOMAINS] = {domains_line, true},
	[DLO_FORMAT_HOSTS] = {hosts_line, true},
	[DLO_FORMAT_ADBLOCK] = {dlo_adblock_line, false},
	[DLO_FORMAT_DNSCRYPT] = {dlo_dnscrypt_line, true},
	[DLO_FORMAT_RPZ] = {dlo_rpz_line, false},
};

static bool is_header(const struct dlo_reader *t, const struct dlo_line *l)
{
	return l->len >= 2 && l->p[0] == '#' && l->p[1] == ':' &&
	       (t->strict || dlo_headers_kind(l->p, l->len) != DLO_HEADER_NONE);
}

/* Whether a header is missed only for the blanks before it. */
static bool is_indented_header(const struct dlo_line *l)
{
	size_t at = 0;

	while (at < l->len && dlo_is_blank(l->p[at])) {
		at++;
	}
	return at > 0 && l->len - at >= 2 && l->p[at] == '#' &&
	       l->p[at + 1] == ':';
}

static int take_line(struct dlo_reader *t, struct dlo_line *l)
{
	const struct format *f = &formats[t->headers.format];
	bool header = is_header(t, l);

	if (!header && t->strict && is_indented_header(l)) {
		dlo_line_more(l);
		return dlo_line_bad(l, l->at,
			"a header stands at the beginning of its line");
	}
	if (!header && f->words && !dlo_line_more(l)) {
		return 0;
	}
	if ((header || f->words) && l->len > DLO_LINE_MAX) {
		return dlo_line_bad(
			l, DLO_LINE_MAX, "a line over %d octets", DLO_LINE_MAX);
	}
	return header ? dlo_headers_read(&t->headers, l) : f->line(t, l);
}

/* Whether any line is a header. */
static bool has_header(const char *text, const char *end)
{
	const char *p = text;

	for (; (p = memchr(p, '#', (size_t)(end - p))); p++) {
		if (end - p >= 2 && p[1] == ':' &&
			(p == text || p[-1] == '\n') &&
			dlo_headers_kind(p, (size_t)(end - p)) == DLO_HEADER) {
			return true;
		}
	}
	return false;
}

static void report_bad(struct dlo_list_report *r, const struct dlo_diag *d)
{
	r->n_bad++;
	if (r->n_diags < sizeof(r->diag) / sizeof(*r->diag)) {
		r->diag[r->n_diags++] = *d;
	}
}

/* What a line came to: goes on with 0. */
static int settle(struct dlo_reader *t, int err)
{
	if (err == 1 && !t->strict) {
		report_bad(&t->scratch->report, t->diag);
		return 0;
	}
	return err;
}

/* Reads the lines of text[0..end). diag->line counts them. */
static int read_lines(struct dlo_reader *t, const char *text, const char *end)
{
	unsigned line;
	int err = 0;

	while (!err && text < end) {
		struct dlo_line l =
			dlo_line_next(&text, end, t->scratch->value, t->diag);

		line = t->diag->line;
		err = settle(t, take_line(t, &l));
		if (!err) { /* a record may have begun earlier */
			t->diag->line = line;
		}
	}
	return err ? err : settle(t, dlo_rpz_end(t));
}

int dlo_list_read(struct dlo_rules *rules, struct dlo_exceptions *exceptions,
	struct dlo_rules *texts, struct dlo_list_scratch *scratch,
	const char *file, const char *text, size_t len,
	struct dlo_list_report *ret_report, struct dlo_diag *reterr_diag)
{
	struct dlo_diag diag = {.line = 0};
	struct dlo_reader t = {.rules = rules,
		.exceptions = exceptions,
		.texts = texts,
		.scratch = scratch,
		.diag = &diag};
	const char *end = text + len;
	int err;

	text = dlo_line_skip_bom(text, len);
	snprintf(diag.file, sizeof(diag.file), "%s", file);
	memset(&scratch->report, 0, sizeof(scratch->report));
	t.zone = &scratch->zone;
	dlo_rpz_begin(t.zone);
	if (dlo_headers_init(&t.headers, rules, file, text, end) < 0) {
		return -ENOMEM;
	}
	t.strict = has_header(text, end);
	err = read_lines(&t, text, end);
	if (err == 1) {
		*reterr_diag = diag;
	} else if (!err && ret_report) {
		*ret_report = scratch->report;
	}
	return err;
}
