/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnscrypt.c - lines of dnscrypt-proxy's lists of names.
 *
 *	x.y		the domain: the name and all below it
 *	*.x.y		the same; .x.y and *x.y too
 *	=x.y		the name
 *	ads.*		how the name begins
 *	*ads*		anywhere in the name
 *	ad*.x.*, ad?	a glob over the whole name, as any of ours
 *	ads[0-9]*	one for each octet of the class
 *
 * @work behind a pattern names a schedule, which only dnscrypt-proxy knows: the
 * pattern holds always, and the schedule is its note.
 */
#include "rules/dnscrypt.h"

#include <string.h>

#define CLASSES_MAX 4u
#define CHOICES_MAX 256u /* globs that a line with classes makes */

/* ---- classes ------------------------------------------------------------- */

struct choice {
	size_t from, to; /* of the text: [...] */
	uint8_t octet[64]; /* each once */
	unsigned n, at;
};

static bool put_octet(struct choice *c, uint8_t octet)
{
	/* Names are lower case when they come to a class, as its ends are. */
	if (octet != dlo_lower(octet) || memchr(c->octet, octet, c->n)) {
		return true;
	}
	if (c->n == sizeof(c->octet)) {
		return false;
	}
	c->octet[c->n++] = octet;
	return true;
}

/* Reads one octet of a class, perhaps behind a backslash. */
static bool class_octet(const struct dlo_slice *s, size_t *at, uint8_t *ret)
{
	*at += s->p[*at] == '\\';
	if (*at >= s->len || (uint8_t)s->p[*at] <= ' ' ||
		(uint8_t)s->p[*at] >= 0x7f) {
		return false;
	}
	*ret = dlo_lower((uint8_t)s->p[(*at)++]);
	return true;
}

/* Reads a class whose bracket stands at `from`. */
static const char *read_class(
	const struct dlo_slice *s, size_t from, struct choice *ret)
{
	size_t at = from + 1;
	uint8_t first, last;

	*ret = (struct choice){.from = from};
	if (at < s->len && s->p[at] == '^') {
		return "a class of all but some octets has no counterpart here";
	}
	while (at < s->len && s->p[at] != ']') {
		if (!class_octet(s, &at, &first)) {
			return "a class with something odd in it";
		}
		last = first;
		if (at + 1 < s->len && s->p[at] == '-' && s->p[at + 1] != ']') {
			at++;
			if (!class_octet(s, &at, &last) || last < first) {
				return "a range whose end is before its start";
			}
		}
		for (unsigned c = first; c <= last; c++) {
			if (!put_octet(ret, (uint8_t)c)) {
				return "a class of over 64 octets";
			}
		}
	}
	if (at >= s->len || !ret->n) {
		return at >= s->len ? "the closing ] is missing"
				    : "an empty class";
	}
	ret->to = at + 1;
	return NULL;
}

/* Writes the text with the octets that the classes stand at. */
static size_t choose(
	const struct dlo_slice *s, const struct choice *c, unsigned n, char *to)
{
	size_t at = 0, len = 0;

	for (unsigned i = 0; i <= n; i++) {
		size_t end = i < n ? c[i].from : s->len;

		memcpy(to + len, s->p + at, end - at);
		len += end - at;
		if (i < n) {
			uint8_t o = c[i].octet[c[i].at];

			if (strchr("*?\\", o)) {
				to[len++] = '\\';
			}
			to[len++] = (char)o;
			at = c[i].to;
		}
	}
	return len;
}

/* Goes on to the next choice; false: that was the last. */
static bool next_choice(struct choice *c, unsigned n)
{
	while (n-- > 0) {
		if (++c[n].at < c[n].n) {
			return true;
		}
		c[n].at = 0;
	}
	return false;
}

/* Adds all choices; without a wildcard each is one name. */
static int put_choices(struct dlo_reader *t, struct dlo_line *l,
	const struct dlo_slice *s, struct choice *c, unsigned n, bool wild,
	const struct dlo_rule *rule)
{
	char *text = t->scratch->value;
	int err = 0;

	text[0] = '=';
	do {
		/* A class makes at most two octets of at least three. */
		size_t len = choose(s, c, n, text + !wild) + !wild;

		if (text[len - 1] == '.') {
			continue; /* there it ends no name, as names are told */
		}
		err = dlo_reader_parse(t, l, text, len, s->at);
		if (err) {
			l->diag->col = (unsigned)s->at + 1;
			return err;
		}
		err = dlo_reader_add(t, l, s->at, rule);
	} while (!err && next_choice(c, n));
	return err;
}

/* A glob with classes. */
static int put_classes(struct dlo_reader *t, struct dlo_line *l,
	const struct dlo_slice *s, const struct dlo_rule *rule)
{
	struct choice c[CLASSES_MAX];
	unsigned n = 0, n_choices = 1;
	bool wild = false;

	for (size_t at = 0; at < s->len; at++) {
		const char *msg;

		if (s->p[at] == '\\') {
			at++;
			continue;
		}
		wild |= s->p[at] == '*' || s->p[at] == '?';
		if (s->p[at] != '[') {
			continue;
		}
		msg = n < CLASSES_MAX ? read_class(s, at, &c[n])
				      : "over 4 classes";
		if (msg) {
			return dlo_line_bad(l, s->at + at, "%s", msg);
		}
		at = c[n].to - 1;
		n_choices *= c[n++].n;
		if (n_choices > CHOICES_MAX) {
			return dlo_line_bad(l, s->at + at,
				"classes that stand for over %u patterns",
				CHOICES_MAX);
		}
	}
	return put_choices(t, l, s, c, n, wild, rule);
}

/* ---- patterns ------------------------------------------------------------ */

/* Whether there is a wildcard but at the beginning and the end. */
static bool is_glob(const struct dlo_slice *s)
{
	for (size_t i = 0; i < s->len; i++) {
		char c = s->p[i];

		if (c == '?' || c == '[' ||
			(c == '*' && i > 0 && i + 1 < s->len)) {
			return true;
		}
	}
	return false;
}

static int put(struct dlo_reader *t, struct dlo_line *l, struct dlo_slice s,
	const struct dlo_rule *rule)
{
	bool ends = s.len > 0 && s.p[s.len - 1] == '*';
	size_t skip = 0;
	int err;

	if (memchr(s.p, '[', s.len)) {
		return put_classes(t, l, &s, rule);
	}
	if (!is_glob(&s) && !ends) {
		skip += s.len > 0 && s.p[0] == '*';
		skip += skip < s.len && s.p[skip] == '.';
	} else if (ends && s.len < 3 && s.p[0] == '*') {
		return dlo_line_bad(l, s.at, "would match every name");
	}
	if (skip > 0 && skip < s.len && s.p[skip] == '=') {
		return dlo_line_bad(l, s.at + skip, "= begins a pattern only");
	}
	err = dlo_reader_parse(t, l, s.p + skip, s.len - skip, s.at + skip);
	return err ? err : dlo_reader_add(t, l, s.at, rule);
}

/* ---- lines --------------------------------------------------------------- */

/* Reads @schedule, all of the field, as the rule's note. */
static int take_schedule(struct dlo_reader *t, struct dlo_line *l,
	const struct dlo_slice *s, struct dlo_rule *rule)
{
	if (s->len < 2 || memchr(s->p + 1, '@', s->len - 1)) {
		return dlo_line_bad(
			l, s->at, "a schedule reads @name, behind the pattern");
	}
	if (s->len > DLO_VALUE_MAX) {
		return dlo_line_bad(l, s->at,
			"a schedule's name is over %d "
			"octets",
			DLO_VALUE_MAX);
	}
	if (dlo_line_printable(l, s)) {
		return 1;
	}
	return dlo_rules_text(t->rules, s->p, s->len, &rule->note);
}

/* Whether all of the line is [x]: a service, where the list is ours. */
static bool is_section(const struct dlo_line *l)
{
	const char *end = memchr(l->p + l->at, ']', l->len - l->at);
	struct dlo_line rest = *l;

	rest.at = end ? (size_t)(end - l->p) + 1 : l->len;
	return l->p[l->at] == '[' && end && !dlo_line_more(&rest);
}

int dlo_dnscrypt_line(struct dlo_reader *t, struct dlo_line *l)
{
	struct dlo_rule rule = t->headers.rule;
	struct dlo_slice s, schedule;
	const char *at;
	int err;

	if (t->strict && is_section(l)) {
		return dlo_headers_section(&t->headers, l);
	}
	if (dlo_line_field(l, &s)) {
		return 1;
	}
	at = memchr(s.p, '@', s.len);
	if (at) { /* no blank before it */
		l->at = s.at + (size_t)(at - s.p);
		s.len = (size_t)(at - s.p);
	}
	err = 0;
	if (dlo_line_more(l) && l->p[l->at] == '@') {
		err = dlo_line_field(l, &schedule);
		err = err ? err : take_schedule(t, l, &schedule, &rule);
	}
	err = err ? err : dlo_headers_pairs(&t->headers, l, &rule);
	return err ? err : put(t, l, s, &rule);
}
