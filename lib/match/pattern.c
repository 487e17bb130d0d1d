/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pattern.c - the grammar of patterns.
 *
 *	written		kind	matches
 *	x.y		DOMAIN	the name and every name below it
 *	=x.y		EXACT	the name alone
 *	*.x.y		BELOW	every name below it
 *	||x.y^		DOMAIN	as x.y, AdBlock's way to write it
 *	=.		EXACT	the root
 *	else with * ?	GLOB	the whole name, as follows
 *
 * A bare . would match every name and is refused; * says so.
 *
 * In a glob * is any run of octets and label boundaries, also the empty one; ?
 * is one octet or one boundary. A dot is a boundary and nothing else. \DDD
 * (decimal) and \x (x no digit) are single octets of a label: \. is a dot in
 * one and \* a star that stands for itself. A pattern that begins with a
 * literal = or | writes \= or \|. Case never matters; one trailing dot is left
 * out.
 *
 * Labels that are not ASCII become A-labels (RFC 5890, UTS 46, not
 * transitional) of letters, digits, hyphens and underscores; ASCII ones are
 * taken as they are: a_b and -x are legal on the wire. Refused are empty
 * labels, labels over 63 and names over 255 octets, blanks and control
 * characters, and non-ASCII in globs.
 *
 * A pattern is read as pieces between unescaped . * ? into the symbols of a
 * glob, whatever its kind; the kind follows from the symbols, so that equal
 * patterns have equal canonical texts.
 */
#include "match/pattern.h"

#include <errno.h>
#include <string.h>

#include <idn2.h>

#include "base/fold.h"
#include "base/hash.h"

struct parser {
	const char *text;
	size_t at, end; /* what is yet to be read */
	struct dlo_pattern *p;
	size_t n; /* symbols in p->glob */
	size_t n_runs, n_ones;
	size_t wild_at, idn_at; /* the first of each; SIZE_MAX: none */
	const char *msg; /* what is wrong at `at` */
	bool no_memory;
};

/* What ends a piece. */
static const bool is_special[256] = {['.'] = true, ['*'] = true, ['?'] = true};

/* Symbols that are not printed as ldns prints the octet. */
static const bool is_marked[256] = {[DLO_GLOB_BOUNDARY] = true,
	[DLO_GLOB_ONE] = true,
	[DLO_GLOB_RUN] = true,
	['*'] = true,
	['?'] = true};

static void fail(struct parser *s, size_t at, const char *msg)
{
	if (!s->msg) {
		s->at = at;
		s->msg = msg;
	}
}

/* Whether text[from..end) ends with c, and no backslash takes it away. */
static bool ends_with(const char *text, size_t from, size_t end, char c)
{
	size_t at = end;

	if (end == from || text[end - 1] != c) {
		return false;
	}
	while (at - 1 > from && text[at - 2] == '\\') {
		at--;
	}
	return (end - at) % 2 == 0;
}

/* Makes sure that n more octets of the wire fit. A run of stars takes none; the
 * first length octet and the root octet are yet to come. */
static bool has_room(struct parser *s, size_t n)
{
	if (s->n - s->n_runs + n > DLO_NAME_MAX - 2) {
		fail(s, s->at, "a name over 255 octets");
		return false;
	}
	return true;
}

static void put(struct parser *s, uint8_t symbol)
{
	if (symbol == DLO_GLOB_RUN || has_room(s, 1)) {
		s->p->glob[s->n++] = symbol;
	}
}

static uint8_t last_symbol(const struct parser *s)
{
	return s->n > 0 ? s->p->glob[s->n - 1] : (uint8_t)DLO_GLOB_BOUNDARY;
}

/* Reads one of . * ? */
static void take_special(struct parser *s)
{
	char c = s->text[s->at];

	if (c == '.') {
		if (last_symbol(s) == DLO_GLOB_BOUNDARY) {
			fail(s, s->at, "an empty label");
		}
		put(s, DLO_GLOB_BOUNDARY);
		return;
	}
	if (s->wild_at == SIZE_MAX) {
		s->wild_at = s->at;
	}
	if (c == '?') {
		put(s, DLO_GLOB_ONE);
		s->n_ones++;
	} else if (s->n == 0 || last_symbol(s) != DLO_GLOB_RUN) {
		put(s, DLO_GLOB_RUN);
		s->n_runs++;
	}
}

/* Appends a piece of one label, escapes and all. Errors are at its octets, or
 * at `s->at` when the text is not the user's. */
static void take_ascii(struct parser *s, const char *text, size_t len)
{
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	size_t at;

	if (dlo_name_parse(text, len, &buf, &name, &at, &msg)) {
		fail(s, text == s->text + s->at ? s->at + at : s->at, msg);
		return;
	}
	if (!has_room(s, name.wire[0])) {
		return;
	}
	for (size_t i = 0; i < name.wire[0]; i++) {
		s->p->glob[s->n++] = dlo_lower(buf.wire[1 + i]);
	}
}

/* Whether a label has the characters of a host name only, and underscores: UTS
 * 46 makes backslashes, stars and dots, too, of what looks like them. */
static bool is_host_label(const char *label)
{
	return !label[strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-_")];
}

/* Appends a label that is not ASCII. */
static void take_idn(struct parser *s, size_t len)
{
	char label[DLO_NAME_TEXT_MAX], *ascii = NULL;
	int r;

	if (s->idn_at == SIZE_MAX) {
		s->idn_at = s->at;
	}
	if (len >= sizeof(label)) {
		fail(s, s->at, "a label over 63 octets");
		return;
	}
	memcpy(label, s->text + s->at, len);
	label[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)label[i] <= ' ' || label[i] == '\\') {
			fail(s, s->at + i,
				"a blank or escape in a non-ASCII label");
			return;
		}
	}
	r = idn2_to_ascii_8z(
		label, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	if (r == IDN2_OK && is_host_label(ascii)) {
		take_ascii(s, ascii, strlen(ascii));
	} else {
		s->no_memory = r == IDN2_MALLOC;
		fail(s, s->at,
			r == IDN2_MALLOC	   ? "out of memory"
			: r == IDN2_ENCODING_ERROR ? "not UTF-8"
			: r == IDN2_TOO_BIG_LABEL
				? "a label over 63 octets"
				: "not a valid internationalised label");
	}
	idn2_free(ascii);
}

/* Reads up to the next unescaped . * ? */
static void take_piece(struct parser *s)
{
	size_t i = s->at;
	bool ascii = true;

	for (; i < s->end && !is_special[(uint8_t)s->text[i]]; i++) {
		ascii = ascii && (uint8_t)s->text[i] < 0x80;
		if (s->text[i] == '\\' && i + 1 < s->end) {
			i++;
		}
	}
	if (i == s->at) {
		take_special(s);
		i++;
	} else if (ascii) {
		take_ascii(s, s->text + s->at, i - s->at);
	} else {
		take_idn(s, i - s->at);
	}
	if (!s->msg) {
		s->at = i;
	}
}

/* Turns symbols without wildcards into a wire name. */
static void set_wire(struct dlo_pattern *p, const uint8_t *symbol, size_t n)
{
	size_t label = 0, at = 1;

	for (size_t i = 0; i < n; i++, at++) {
		if (symbol[i] == DLO_GLOB_BOUNDARY) {
			p->wire[label] = (uint8_t)(at - label - 1);
			label = at;
		} else {
			p->wire[at] = symbol[i];
		}
	}
	if (n > 0) {
		p->wire[label] = (uint8_t)(at - label - 1);
		label = at;
	}
	p->wire[label] = 0;
	p->wire_len = (uint8_t)(label + 1);
}

/* Prints symbols; a literal = or | must not open a pattern. */
static char *print_symbols(char *to, const uint8_t *symbol, size_t n)
{
	static const char special[] = {[DLO_GLOB_BOUNDARY] = '.',
		[DLO_GLOB_ONE] = '?',
		[DLO_GLOB_RUN] = '*'};
	uint8_t wire[DLO_NAME_MAX + 2];

	if (n > 0 && (symbol[0] == '=' || symbol[0] == '|')) {
		*to++ = '\\';
	}
	for (size_t i = 0; i < n;) {
		uint8_t c = symbol[i], len = 0;

		if (c < sizeof(special) && special[c]) {
			*to++ = special[c];
			i++;
			continue;
		}
		if (c == '*' || c == '?') {
			*to++ = '\\';
			*to++ = (char)c;
			i++;
			continue;
		}
		for (; i < n && !is_marked[symbol[i]]; i++) {
			wire[++len] = symbol[i];
		}
		wire[0] = len;
		wire[len + 1] = 0;
		to += dlo_name_print(&(struct dlo_name){.wire = wire}, to);
	}
	return to;
}

size_t dlo_pattern_print(const struct dlo_pattern *p, char *buf)
{
	uint8_t symbol[DLO_NAME_MAX];
	char *to = buf;
	size_t n = 0;

	if (p->kind == DLO_PATTERN_GLOB) {
		to = print_symbols(to, p->glob, p->n_glob);
		*to = '\0';
		return (size_t)(to - buf);
	}
	if (p->kind == DLO_PATTERN_EXACT) {
		*to++ = '=';
	} else if (p->kind == DLO_PATTERN_BELOW) {
		*to++ = '*';
		*to++ = '.';
	}
	for (size_t at = 0; p->wire[at] > 0; at += p->wire[at] + 1u) {
		if (at > 0) {
			symbol[n++] = DLO_GLOB_BOUNDARY;
		}
		memcpy(symbol + n, p->wire + at + 1, p->wire[at]);
		n += p->wire[at];
	}
	if (n == 0) {
		*to++ = '.';
	}
	to = print_symbols(to, symbol, n);
	*to = '\0';
	return (size_t)(to - buf);
}

/* Finds the kind and fills in what belongs to it. */
static void finish(struct parser *s, bool exact, bool anchored)
{
	struct dlo_pattern *p = s->p;
	size_t skip = 0;

	if (s->wild_at == SIZE_MAX) {
		p->kind = exact ? DLO_PATTERN_EXACT : DLO_PATTERN_DOMAIN;
	} else if (exact || anchored) {
		fail(s, s->wild_at, "a wildcard after = or ||");
	} else if (s->n_runs == 1 && s->n_ones == 0 && s->n > 2 &&
		   p->glob[0] == DLO_GLOB_RUN &&
		   p->glob[1] == DLO_GLOB_BOUNDARY) {
		p->kind = DLO_PATTERN_BELOW;
		skip = 2;
	} else if (s->idn_at != SIZE_MAX) {
		fail(s, s->idn_at, "a non-ASCII character in a glob");
	} else {
		p->kind = DLO_PATTERN_GLOB;
	}
	if (s->n > 0 && last_symbol(s) == DLO_GLOB_BOUNDARY) {
		fail(s, s->end, "an empty label");
	}
	if (s->msg) {
		return;
	}
	p->n_glob = p->kind == DLO_PATTERN_GLOB ? (uint16_t)s->n : 0;
	if (p->kind != DLO_PATTERN_GLOB) {
		set_wire(p, p->glob + skip, s->n - skip);
	}
}

/* Whether an octet is one of host names: a bit each. */
static bool is_plain(uint8_t c)
{
	static const uint64_t set[4] = {
		UINT64_C(0x03ff200000000000), /* - 0 to 9 */
		UINT64_C(0x07fffffe87fffffe), /* A to Z _ a to z */
	};

	return set[c / 64] >> c % 64 & 1;
}

/* The short way of what nearly all lists consist of: host names without
 * anything to be read, decoded or refused. False: the long way decides. */
static bool take_plain(const char *text, size_t len, struct dlo_pattern *p)
{
	size_t label = 0, i;

	if (len == 0 || len > DLO_NAME_MAX - 2) {
		return false;
	}
	for (i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		p->wire[i + 1] = dlo_lower(c);
		if (is_plain(c)) {
			continue;
		}
		if (c != '.' || i - label - 1 >= 63) {
			return false;
		}
		p->wire[label] = (uint8_t)(i - label);
		label = i + 1;
	}
	if (i - label - 1 >= 63) {
		return false;
	}
	p->wire[label] = (uint8_t)(i - label);
	p->wire[i + 1] = 0;
	p->wire_len = (uint8_t)(i + 2);
	p->kind = DLO_PATTERN_DOMAIN;
	p->n_glob = 0;
	return true;
}

int dlo_pattern_parse(const char *text, size_t len, struct dlo_pattern *ret,
	size_t *reterr_at, const char **reterr_msg)
{
	bool exact = len > 0 && text[0] == '=';
	bool anchored = len > 1 && text[0] == '|' && text[1] == '|';
	bool root = false;
	struct parser s = {.text = text,
		.at = exact	 ? 1
		      : anchored ? 2
				 : 0,
		.end = len,
		.p = ret,
		.wild_at = SIZE_MAX,
		.idn_at = SIZE_MAX};

	if (take_plain(text, len, ret)) {
		return 0;
	}
	if (anchored && ends_with(text, s.at, s.end, '^')) {
		s.end--;
	} else if (anchored) {
		fail(&s, 0, "|| without ^ at the end");
	}
	if (ends_with(text, s.at, s.end, '.')) {
		s.end--;
		root = s.at == s.end;
	}
	if (s.at == s.end && !root) {
		fail(&s, s.at, "an empty pattern");
	} else if (root && !exact) {
		fail(&s, s.at, "would match every name; write * if meant");
	}
	while (!s.msg && s.at < s.end) {
		take_piece(&s);
	}
	if (!s.msg) {
		finish(&s, exact, anchored);
	}
	if (s.msg) {
		*reterr_at = s.at;
		*reterr_msg = s.msg;
		return s.no_memory ? -ENOMEM : 1;
	}
	return 0;
}

/* Whether a label begins at offset `at`. */
static bool is_label_start(const struct dlo_name *n, size_t at)
{
	size_t i = at >= n->last2 ? n->last2 : 0;

	while (i < at) {
		i += n->wire[i] + 1u;
	}
	return i == at;
}

/* Whether n octets are those of a text in lower case. Length octets are below
 * 'A' and so fold to themselves. */
static bool same_octets(const uint8_t *wire, const uint8_t *lower, size_t n)
{
	for (; n >= 8; wire += 8, lower += 8, n -= 8) {
		if (dlo_fold64(dlo_load64(wire)) != dlo_load64(lower)) {
			return false;
		}
	}
	for (; n > 0; n--) {
		if (dlo_lower(*wire++) != *lower++) {
			return false;
		}
	}
	return true;
}

bool dlo_pattern_matches_wire(enum dlo_pattern_kind kind, const uint8_t *wire,
	size_t len, const struct dlo_name *n)
{
	size_t at = (size_t)n->len - 1 - len;

	if (n->len <= len || (kind == DLO_PATTERN_EXACT && at > 0) ||
		(kind == DLO_PATTERN_BELOW && at == 0)) {
		return false;
	}
	return same_octets(n->wire + at, wire, len) && is_label_start(n, at);
}

bool dlo_pattern_matches(const struct dlo_pattern *p, const struct dlo_name *n)
{
	struct dlo_flat flat;

	if (p->kind != DLO_PATTERN_GLOB) {
		return dlo_pattern_matches_wire(
			p->kind, p->wire, p->wire_len - 1u, n);
	}
	dlo_flatten(n, &flat);
	return dlo_flat_matches(&flat, p->glob, p->n_glob);
}
