/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.c - the text of one list -> patterns.
 *
 * Theory of operation: a line is, by its first octets,
 *
 *	#: name: value		a header (header.c)
 *	[service]		a section (header.c)
 *	address name ...	a hosts line: each name is a pattern =name
 *	pattern key=value ...	a pattern (match/pattern.c) and its pairs
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
#include <strings.h>

#include "rules/header.h"

#define REFUSED 2 /* the whole list, ours or not */

/* Names that hosts files give to the machine itself. */
static const char *const local_names[] = {
	"localhost",
	"localhost.localdomain",
	"local",
	"broadcasthost",
	"ip6-localhost",
	"ip6-loopback",
	"ip6-localnet",
	"ip6-mcastprefix",
	"ip6-allnodes",
	"ip6-allrouters",
	"ip6-allhosts",
};

struct list {
	struct dlo_rules *rules;
	struct dlo_list_scratch *scratch;
	struct dlo_headers headers;
	struct dlo_diag *diag; /* of the line being read */
};

/* Adds the pattern in the scratch space. */
static int add(struct list *t, struct dlo_line *l, size_t at,
	const struct dlo_rule *rule)
{
	const char *msg;
	int err = dlo_rules_add(
		t->rules, &t->scratch->pattern, t->diag->line, rule, &msg);

	if (err == 1) {
		return dlo_line_bad(l, at, "%s", msg);
	}
	t->scratch->report.n_patterns += !err;
	return err;
}

/* Parses text whose first octet stands at offset `at` of the line. */
static int parse(struct list *t, struct dlo_line *l, const char *text,
	size_t len, size_t at)
{
	const char *msg;
	size_t off;
	int err =
		dlo_pattern_parse(text, len, &t->scratch->pattern, &off, &msg);

	return err == 1 ? dlo_line_bad(l, at + off, "%s", msg) : err;
}

/* Whether a hosts file says nothing by it: "0.0.0.0 0.0.0.0" is one, too. */
static bool is_local(const struct dlo_slice *s)
{
	size_t i;

	for (i = 0; i < sizeof(local_names) / sizeof(*local_names); i++) {
		if (strlen(local_names[i]) == s->len &&
			!strncasecmp(local_names[i], s->p, s->len)) {
			return true;
		}
	}
	return dlo_is_address(s);
}

/* Takes one name of a hosts line, as the pattern =name. */
static int host(struct list *t, struct dlo_line *l, const struct dlo_slice *s)
{
	char *text = t->scratch->value;
	int err;

	if (memchr(s->p, '=', s->len)) {
		return dlo_line_bad(l, s->at,
			"after the names of a hosts line only a # comment");
	}
	text[0] = '=';
	memcpy(text + 1, s->p, s->len);
	err = parse(t, l, text, s->len + 1, s->at - 1);
	return err ? err : add(t, l, s->at, &t->headers.rule);
}

/* Takes the names that follow the address. A bad one spoils no other; the
 * diagnostic is that of the first. */
static int hosts(struct list *t, struct dlo_line *l, size_t address_at)
{
	struct dlo_diag first;
	unsigned n = 0, n_local = 0, n_bad = 0;

	for (; dlo_line_more(l); n++) {
		struct dlo_slice name;
		int err = dlo_line_field(l, &name);

		if (!err && is_local(&name)) {
			n_local++;
			continue;
		}
		err = err ? err : host(t, l, &name);
		if (err < 0) {
			return err;
		}
		if (err && !n_bad++) {
			first = *l->diag;
		}
		if (err && l->at < l->len && !dlo_is_blank(l->p[l->at])) {
			break; /* stopped within a field */
		}
	}
	if (!n) {
		return dlo_line_bad(l, address_at,
			"an address without a name; lists hold names only");
	}
	t->scratch->report.n_skipped += n == n_local;
	if (n_bad) {
		*l->diag = first;
	}
	return n_bad > 0;
}

static int refuse_format(struct list *t)
{
	t->diag->line = t->diag->col = 0;
	snprintf(t->diag->msg, sizeof(t->diag->msg),
		"format \"%s\" is not built yet; domains and hosts are",
		dlo_format_name(t->headers.format));
	return REFUSED;
}

/* Takes a line that is no header and has something on it. */
static int pattern_line(struct list *t, struct dlo_line *l)
{
	struct dlo_rule rule = t->headers.rule;
	struct dlo_slice s;
	int err;

	if (!dlo_format_built(t->headers.format)) {
		return refuse_format(t);
	}
	if (dlo_line_field(l, &s)) {
		return 1;
	}
	if (dlo_is_address(&s)) {
		return hosts(t, l, s.at);
	}
	if (t->headers.format == DLO_FORMAT_HOSTS) {
		return dlo_line_bad(l, s.at,
			"a hosts line begins with an address, as in "
			"\"0.0.0.0 name\"");
	}
	err = parse(t, l, s.p, s.len, s.at);
	err = err ? err : dlo_headers_pairs(&t->headers, l, &rule);
	return err ? err : add(t, l, s.at, &rule);
}

static int take_line(struct list *t, struct dlo_line *l, bool strict)
{
	bool header = l->len >= 2 && l->p[0] == '#' && l->p[1] == ':';

	if (header && !strict) {
		header = dlo_headers_kind(l->p, l->len) != DLO_HEADER_NONE;
	}
	if (!header && !dlo_line_more(l)) {
		if (strict && l->len - l->at >= 2 && l->p[l->at + 1] == ':') {
			return dlo_line_bad(l, l->at,
				"a header stands at the beginning of its line");
		}
		return 0;
	}
	if (l->len > DLO_LINE_MAX) {
		return dlo_line_bad(
			l, DLO_LINE_MAX, "a line over %d octets", DLO_LINE_MAX);
	}
	if (header) {
		return dlo_headers_read(&t->headers, l);
	}
	return l->p[l->at] == '[' ? dlo_headers_section(&t->headers, l)
				  : pattern_line(t, l);
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

/* Reads the lines of text[0..end). diag->line counts them. */
static int read_lines(struct list *t, const char *text, const char *end)
{
	bool strict = has_header(text, end);

	while (text < end) {
		struct dlo_line l =
			dlo_line_next(&text, end, t->scratch->value, t->diag);
		int err = take_line(t, &l, strict);

		if (err < 0) {
			return err;
		}
		if (err == REFUSED || (err && strict)) {
			return 1;
		}
		if (err) {
			report_bad(&t->scratch->report, t->diag);
		}
	}
	return 0;
}

int dlo_list_read(struct dlo_rules *rules, struct dlo_list_scratch *scratch,
	const char *file, const char *text, size_t len,
	struct dlo_list_report *ret_report, struct dlo_diag *reterr_diag)
{
	struct dlo_diag diag = {.line = 0};
	struct list t = {.rules = rules, .scratch = scratch, .diag = &diag};
	const char *end = text + len;
	int err;

	snprintf(diag.file, sizeof(diag.file), "%s", file);
	memset(&scratch->report, 0, sizeof(scratch->report));
	if (dlo_headers_init(&t.headers, rules, file) < 0) {
		return -ENOMEM;
	}
	err = read_lines(&t, dlo_line_skip_bom(text, len), end);
	if (err == 1) {
		*reterr_diag = diag;
	} else if (!err && ret_report) {
		*ret_report = scratch->report;
	}
	return err;
}
