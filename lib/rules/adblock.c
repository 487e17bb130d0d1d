/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * adblock.c - lines of AdBlock lists.
 *
 * A name is all that we see of what such lists are about. What they say of
 * names alone is taken, as AdGuard's resolvers do; the rest is skipped.
 *
 *	||x.y^		the domain		x.y
 *	||ad*.x.y^	by labels from the left	ad*.x.y and *.ad*.x.y
 *	||ads.		how a label begins	ads.* and *.ads.*
 *	|x.y^		the name		=x.y
 *	.x.y^		all below		*.x.y
 *	x.y		the name		=x.y
 *	0.0.0.0 x.y	a hosts line		=x.y
 *	@@||x.y^	an exception of this list's own alerts
 *
 * Options behind a $: those that change nothing for a name are left out,
 * `important` holds against exceptions without it; a rule with any other is
 * about some requests for the name only (their page, their kind, their client)
 * and is skipped. So are rules about addresses of pages (/ads.), regular
 * expressions, and what hides parts of pages (x.y##.ad).
 */
#include "rules/adblock.h"

#include <string.h>
#include <strings.h>

#define BODY_MAX 1024u /* octets of a name, each escaped as \DDD */

/* Exceptions hide what is of a lower rank. */
enum { RANK_RULE, RANK_EXCEPT, RANK_IMPORTANT_EXCEPT };
#define RANK_IMPORTANT RANK_EXCEPT

struct rule {
	size_t from, to; /* what is left to read of the line */
	bool except, important;
	bool partly; /* about some requests for the name only */
	bool domain, start, end; /* || and | before, ^ or | behind it */
	struct dlo_rule rule;
};

/* ---- what a line is ------------------------------------------------------ */

static bool has_prefix(const char *p, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	return len >= n && !strncasecmp(p, prefix, n);
}

/* Whether it is what stands between a page and its parts: # with up to three
 * signs and another #. */
static bool is_marker(const char *p, size_t len)
{
	size_t n = 1;

	while (n < len && n < 4 && p[n] && strchr("@$?%", p[n])) {
		n++;
	}
	return n < len && p[n] == '#';
}

/* Whether it hides, styles or scripts parts of pages. */
static bool is_cosmetic(const char *p, size_t len)
{
	const char *end = p + len, *at;

	if (has_prefix(p, len, "[$")) {
		return true;
	}
	for (at = p; (at = memchr(at, '#', (size_t)(end - at))); at++) {
		if (is_marker(at, (size_t)(end - at))) {
			return true;
		}
	}
	for (at = p; (at = memchr(at, '$', (size_t)(end - at))); at++) {
		if (has_prefix(at, (size_t)(end - at), "$$") ||
			has_prefix(at, (size_t)(end - at), "$@$")) {
			return true;
		}
	}
	return false;
}

static bool is_comment(const char *p, size_t len)
{
	return p[0] == '!' || p[0] == '#' || has_prefix(p, len, "[adblock") ||
	       has_prefix(p, len, "[adguard") || has_prefix(p, len, "[ublock");
}

/* ---- options ------------------------------------------------------------- */

/* `exception`: it changes nothing for an exception either. */
static const struct option {
	const char *name;
	bool important, exception;
} options[] = {
	{"important", true, true},
	{"third-party", false, false},
	{"3p", false, false},
	{"document", false, false},
	{"doc", false, false},
	{"all", false, false},
	{"popup", false, false},
	{"network", false, false},
};

static void take_option(struct rule *r, const char *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] == '_') {
		i++;
	}
	if (i == len) { /* a filler */
		return;
	}
	for (i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct option *o = &options[i];

		if (strlen(o->name) == len && has_prefix(p, len, o->name)) {
			r->important |= o->important;
			r->partly |= r->except && !o->exception;
			return;
		}
	}
	r->partly = true;
}

/* Reads what stands behind the first $, and takes it off. */
static int take_options(struct rule *r, struct dlo_line *l)
{
	const char *p = l->p + r->from,
		   *dollar = memchr(p, '$', r->to - r->from);
	size_t at = dollar ? (size_t)(dollar - l->p) + 1 : r->to, n;

	for (size_t to = r->to; dollar && at <= to; at += n + 1) {
		const char *comma = memchr(l->p + at, ',', to - at);

		n = comma ? (size_t)(comma - l->p) - at : to - at;
		if (n == 0) {
			return dlo_line_bad(l, at, "an empty option");
		}
		take_option(r, l->p + at, n);
	}
	r->to = dollar ? (size_t)(dollar - l->p) : r->to;
	return 0;
}

/* ---- names --------------------------------------------------------------- */

enum octet { OF_URL, OF_NAME, OF_NOTHING };

static enum octet octet(char c)
{
	uint8_t low = dlo_lower((uint8_t)c);

	if ((uint8_t)(low - 'a') < 26 || (uint8_t)(low - '0') < 10 ||
		low >= 0x80 || (low && strchr("-_.*", low))) {
		return OF_NAME;
	}
	return low <= ' ' || low == 0x7f || strchr("<>\"", low) ? OF_NOTHING
								: OF_URL;
}

/* Whether all of the body may be of a name. A page in the place of a list is
 * no list of rules that are skipped. */
static int check_body(struct rule *r, struct dlo_line *l)
{
	for (size_t i = r->from; i < r->to; i++) {
		enum octet o = octet(l->p[i]);

		if (o == OF_NOTHING) {
			return dlo_line_bad(
				l, i, "not a rule of an AdBlock list");
		}
		r->partly |= o == OF_URL;
	}
	return 0;
}

/* Adds prefix, body, suffix as a pattern. */
static int put(struct dlo_reader *t, struct dlo_line *l, const struct rule *r,
	const char *prefix, const char *suffix)
{
	size_t n_prefix = strlen(prefix), n = r->to - r->from,
	       n_suffix = strlen(suffix);
	char *text = t->scratch->value;
	int err;

	if (n > BODY_MAX) {
		return dlo_line_bad(l, r->from, "a name over 255 octets");
	}
	memcpy(text, prefix, n_prefix);
	memcpy(text + n_prefix, l->p + r->from, n);
	memcpy(text + n_prefix + n, suffix, n_suffix);
	err = dlo_reader_parse(t, l, text, n_prefix + n + n_suffix,
		r->from - n_prefix); /* may be below 0: offsets are added */
	if (err) {
		return err;
	}
	return r->except ? dlo_reader_except(t, l, r->from,
				   r->important ? RANK_IMPORTANT_EXCEPT
						: RANK_EXCEPT)
			 : dlo_reader_add(t, l, r->from, &r->rule);
}

/* A rule that begins with ||. */
static int put_domain(
	struct dlo_reader *t, struct dlo_line *l, const struct rule *r)
{
	const char *p = l->p + r->from, *suffix = r->end ? "" : "*";
	int err;

	if (r->end && !memchr(p, '*', r->to - r->from)) {
		return put(t, l, r, "", "");
	}
	err = put(t, l, r, "", suffix);
	return err || *p == '*' ? err : put(t, l, r, "*.", suffix);
}

/* Any other. Without a boundary it is about any part of an address. */
static int put_name(
	struct dlo_reader *t, struct dlo_line *l, const struct rule *r)
{
	const char *p = l->p + r->from;
	size_t n = r->to - r->from;
	bool glob = memchr(p, '*', n), dots = memchr(p, '.', n);

	if (n == 0) { /* options alone */
		return dlo_reader_skip(t);
	}
	if (r->start) {
		return put(
			t, l, r, r->end && !glob ? "=" : "", r->end ? "" : "*");
	}
	if (n > 1 && *p == '.' && r->end) {
		return put(t, l, r, "*", "");
	}
	return dots && *p != '.' && p[n - 1] != '.' && !glob && !r->end
		       ? put(t, l, r, "=", "")
		       : dlo_reader_skip(t);
}

/* Takes || and | off the beginning, ^ and | off the end. */
static void take_anchors(struct rule *r, const char *p)
{
	size_t n = r->to - r->from;

	r->domain = n > 1 && p[r->from] == '|' && p[r->from + 1] == '|';
	r->start = !r->domain && n > 0 && p[r->from] == '|';
	r->from += r->domain ? 2 : r->start;
	for (; r->to > r->from && (p[r->to - 1] == '^' || p[r->to - 1] == '|');
		r->to--) {
		r->end = true;
	}
}

/* Whether the domain is an address, or a name under all of which nothing is. */
static bool is_no_name(const struct rule *r, const char *p)
{
	struct dlo_slice s = {p + r->from, r->to - r->from, r->from};

	return dlo_is_address(&s) ||
	       (r->end && s.len > 1 && s.p[s.len - 1] == '.');
}

static int take_rule(struct dlo_reader *t, struct dlo_line *l, struct rule *r)
{
	int err;

	if (r->to - r->from > 1 && !memcmp(l->p + r->from, "@@", 2)) {
		r->except = true;
		r->from += 2;
	}
	if (r->from < r->to && l->p[r->from] == '/') {
		return dlo_reader_skip(t); /* an expression, or a path */
	}
	err = take_options(r, l);
	if (!err) {
		take_anchors(r, l->p);
		err = check_body(r, l);
	}
	if (err || r->partly || is_no_name(r, l->p)) {
		return err ? err : dlo_reader_skip(t);
	}
	if (r->from == r->to && (r->domain || r->start || r->end)) {
		return dlo_line_bad(l, r->from, "an empty pattern");
	}
	r->rule.rank = r->important ? RANK_IMPORTANT : RANK_RULE;
	return r->domain ? put_domain(t, l, r) : put_name(t, l, r);
}

int dlo_adblock_line(struct dlo_reader *t, struct dlo_line *l)
{
	struct rule r = {.to = l->len, .rule = t->headers.rule};
	struct dlo_slice s;
	const char *p;

	while (r.to > 0 && dlo_is_blank(l->p[r.to - 1])) {
		r.to--;
	}
	while (l->at < r.to && dlo_is_blank(l->p[l->at])) {
		l->at++;
	}
	r.from = l->at;
	p = l->p + r.from;
	if (r.from == r.to || *p == '!') {
		return 0;
	}
	if (is_cosmetic(p, r.to - r.from)) {
		return dlo_reader_skip(t);
	}
	if (is_comment(p, r.to - r.from)) {
		return 0;
	}
	if (*p == '[' && t->strict) {
		return dlo_headers_section(&t->headers, l);
	}
	if (((uint8_t)(*p - '0') < 10 || *p == ':') && !dlo_line_field(l, &s) &&
		dlo_is_address(&s)) {
		return dlo_reader_hosts(t, l, s.at);
	}
	return take_rule(t, l, &r);
}
