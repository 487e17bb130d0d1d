/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rpz.c - lines of response policy zones.
 *
 * Theory of operation: lines are put together to a record, without comments and
 * parentheses, and ldns reads its words (wire/decode.h): the owner of each, the
 * data only of types that are as plain as an alias. What a resolver is to do
 * when somebody asks for a name, does not matter here, with one exception:
 * where an alias to rpz-passthru. lets it pass, this zone's alerts pass too,
 * unless the zone has a more exact name. Names stand below that of the zone: of
 * its SOA, or else of the first $ORIGIN; without either, they stand as they
 * are. What triggers on addresses and servers (below rpz-ip and the like) is
 * skipped.
 */
#include "rules/rpz.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define RECORD_MAX DLO_LINE_MAX

static const uint8_t root[] = {0};
static const uint8_t passthru[] = "\014rpz-passthru"; /* and the root octet */

/* ---- types --------------------------------------------------------------- */

/* What a record of that type says of its owner. */
enum says { LISTED, ALIASED, NOTHING, ZONE };

/* Types of which ldns reads the data; and those that say nothing. Whatever else
 * there is lists its owner, with data that nobody reads. */
static const struct type {
	const char *name;
	enum says says;
	bool read;
} types[] = {
	{"CNAME", ALIASED, true},
	{"A", LISTED, true},
	{"AAAA", LISTED, true},
	{"MX", LISTED, true},
	{"PTR", LISTED, true},
	{"SRV", LISTED, true},
	{"SOA", ZONE, true},
	{"NS", NOTHING, true},
	{"DNAME", NOTHING, true},
	{"DS", NOTHING, false},
	{"DNSKEY", NOTHING, false},
	{"CDS", NOTHING, false},
	{"CDNSKEY", NOTHING, false},
	{"NSEC", NOTHING, false},
	{"NSEC3", NOTHING, false},
	{"NSEC3PARAM", NOTHING, false},
	{"RRSIG", NOTHING, false},
	{"ZONEMD", NOTHING, false},
};
static const struct type other = {"", LISTED, false};

/* NULL: there is no such type. */
static const struct type *find_type(const char *text)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!strcasecmp(types[i].name, text)) {
			return &types[i];
		}
	}
	return dlo_zone_type(text) ? &other : NULL;
}

/* ---- names --------------------------------------------------------------- */

static void keep(struct dlo_zone_name *to, const struct dlo_name *name)
{
	dlo_name_copy(&to->buf, name->wire, name->len, &to->name);
	for (size_t i = 0; i < name->len; i++) {
		to->buf.wire[i] = dlo_lower(to->buf.wire[i]);
	}
}

/* Whether the last label says that the trigger is no name asked for. */
static bool is_other_trigger(const uint8_t *wire)
{
	static const char *const labels[] = {
		"rpz-ip", "rpz-client-ip", "rpz-nsdname", "rpz-nsip"};
	size_t last = 0, i;

	for (i = 0; wire[i]; i += wire[i] + 1u) {
		last = i;
	}
	for (i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		if (wire[last] == strlen(labels[i]) &&
			!memcmp(wire + last + 1, labels[i], wire[last])) {
			return true;
		}
	}
	return false;
}

/* The pattern that a name relative to the zone stands for. */
static void set_pattern(struct dlo_pattern *p, const uint8_t *wire, size_t len)
{
	size_t skip = wire[0] == 1 && wire[1] == '*' ? 2 : 0;

	p->kind = skip ? DLO_PATTERN_BELOW : DLO_PATTERN_EXACT;
	p->n_glob = 0;
	if (skip && len == 3) {
		p->kind = DLO_PATTERN_GLOB;
		p->glob[p->n_glob++] = DLO_GLOB_RUN;
	}
	memcpy(p->wire, wire + skip, len - skip);
	p->wire_len = (uint8_t)(len - skip);
}

/* Whether an alias lets its owner pass: today's way, or, as once, by leading to
 * itself. */
static bool passes(const struct dlo_zone *z, const uint8_t *wire, size_t len)
{
	const struct dlo_name *to = &z->target.name;

	return (to->len == sizeof(passthru) &&
		       !memcmp(to->wire, passthru, to->len)) ||
	       (to->len == len && !memcmp(to->wire, wire, len));
}

/* ---- words --------------------------------------------------------------- */

/* The next word of the record, which becomes a text of its own; none: it is
 * empty. */
static struct dlo_slice next_word(struct dlo_zone *z)
{
	size_t from, to;

	while (z->at < z->len && dlo_is_blank(z->record[z->at])) {
		z->at++;
	}
	from = z->at;
	while (z->at < z->len && !dlo_is_blank(z->record[z->at])) {
		z->at += z->record[z->at] == '\\' ? 2 : 1;
	}
	to = z->at;
	if (to < z->len) { /* a blank ends the record */
		z->record[z->at++] = '\0';
	}
	return (struct dlo_slice){z->record + from, to - from, from};
}

/* A diagnostic for a word, if it stands in the first line of the record. */
static int bad(const struct dlo_zone *z, struct dlo_line *l,
	const struct dlo_slice *word, const char *msg)
{
	return dlo_line_bad(
		l, word->at < z->first_len ? word->at : 0, "%s", msg);
}

/* Reads a name; in lower case. */
static int read_name(struct dlo_zone *z, struct dlo_line *l,
	const struct dlo_slice *word, struct dlo_zone_name *ret)
{
	struct dlo_zone_name name;
	const char *msg;
	int err = dlo_zone_name(word->p, &z->origin.name, &name, &msg);

	if (err) {
		return err < 0 ? err : bad(z, l, word, msg);
	}
	keep(ret, &name.name);
	return 0;
}

/* Reads data: all the words that the type has, and no more. */
static int read_data(
	struct dlo_zone *z, struct dlo_line *l, const struct dlo_slice *type)
{
	uint16_t number = dlo_zone_type(type->p);
	enum dlo_zone_field field;
	struct dlo_slice word;
	int err = 0;

	for (unsigned i = 0; !err; i++) {
		field = dlo_zone_field(number, i);
		word = next_word(z);
		if (field == DLO_ZONE_END) {
			return word.len ? bad(z, l, &word,
						  "more than this type of "
						  "record has")
					: 0;
		}
		if (!word.len) {
			return bad(z, l, type, "a record cut short");
		}
		if (field == DLO_ZONE_NAME) {
			err = read_name(z, l, &word, &z->target);
		} else if (!dlo_zone_value(number, i, word.p)) {
			err = bad(z, l, &word,
				"not what this type of record "
				"has here");
		}
	}
	return err;
}

/* ---- records ------------------------------------------------------------- */

/* Takes a name that is relative to the zone, in lower case. */
static int take_trigger(struct dlo_reader *t, struct dlo_line *l, size_t at,
	const struct type *type, const uint8_t *wire, size_t len)
{
	struct dlo_rule rule = t->headers.rule;
	struct dlo_pattern *p = &t->scratch->pattern;
	struct dlo_zone *z = t->zone;
	int err;

	/* Its address, and then another one. */
	if (len == 1 || is_other_trigger(wire) ||
		(z->listed_len == len && !memcmp(z->listed, wire, len))) {
		return dlo_reader_skip(t);
	}
	set_pattern(p, wire, len);
	if (type->says == ALIASED && passes(z, wire, len)) {
		if (p->kind == DLO_PATTERN_GLOB) { /* all is more exact */
			return dlo_reader_skip(t);
		}
		return dlo_reader_except(t, l, at, dlo_rank_of_name(p));
	}
	rule.rank = DLO_RANK_OF_NAME;
	err = dlo_reader_add(t, l, at, &rule);
	if (!err) {
		memcpy(z->listed, wire, len);
		z->listed_len = (uint8_t)len;
	}
	return err;
}

/* Takes a record that ldns has read. */
static int take_record(struct dlo_reader *t, struct dlo_line *l,
	const struct dlo_slice *word, const struct type *type)
{
	struct dlo_zone *z = t->zone;
	const struct dlo_name *owner = &z->owner.name, *apex;
	uint8_t wire[DLO_NAME_MAX];
	size_t len;

	if (type->says == ZONE) {
		keep(&z->apex, owner);
		if (!z->told && z->origin.name.len == 1) {
			keep(&z->origin, owner);
		}
		z->told = true;
	}
	apex = &z->apex.name;
	if (!dlo_pattern_matches_wire(
		    DLO_PATTERN_DOMAIN, apex->wire, apex->len - 1u, owner)) {
		return bad(z, l, word, "a name outside of the zone");
	}
	if (type->says == ZONE || type->says == NOTHING) {
		return dlo_reader_skip(t);
	}
	len = (size_t)owner->len - (apex->len - 1u);
	memcpy(wire, owner->wire, len - 1);
	wire[len - 1] = 0;
	return take_trigger(t, l, word->at, type, wire, len);
}

/* The type, behind class and time to live in any order. */
static struct dlo_slice type_word(struct dlo_zone *z)
{
	static const char *const classes[] = {"IN", "CH", "HS"};
	struct dlo_slice s;
	bool more = true;

	for (unsigned n = 0; more && n < 3; n++) {
		s = next_word(z);
		more = (uint8_t)(s.p[0] - '0') < 10;
		for (unsigned i = 0; i < sizeof(classes) / sizeof(*classes);
			i++) {
			more |= s.len && !strcasecmp(s.p, classes[i]);
		}
	}
	return s;
}

static int read_record(
	struct dlo_reader *t, struct dlo_line *l, const struct dlo_slice *owner)
{
	struct dlo_zone *z = t->zone;
	struct dlo_slice word = type_word(z);
	const struct type *type = word.len ? find_type(word.p) : NULL;
	int err;

	if (!type) {
		return bad(
			z, l, word.len ? &word : owner, "not a type of record");
	}
	err = owner->len ? read_name(z, l, owner, &z->owner) : 0;
	if (!err && type->read) {
		err = read_data(z, l, &word);
	}
	return err ? err : take_record(t, l, owner->len ? owner : &word, type);
}

static int read_directive(
	struct dlo_reader *t, struct dlo_line *l, const struct dlo_slice *word)
{
	struct dlo_zone *z = t->zone;
	struct dlo_slice name;
	int err;

	if (!strcasecmp(word->p, "$TTL")) {
		return 0;
	}
	if (strcasecmp(word->p, "$ORIGIN") != 0) {
		return bad(z, l, word,
			"of directives only $ORIGIN and $TTL are read");
	}
	name = next_word(z);
	err = name.len ? read_name(z, l, &name, &z->origin)
		       : bad(z, l, word, "$ORIGIN without a name");
	if (!err && !z->told) {
		keep(&z->apex, &z->origin.name);
		z->told = true;
	}
	return err;
}

/* ---- lines --------------------------------------------------------------- */

/* An octet behind a backslash, the blank at the end and a NUL have room. */
static bool is_full(const struct dlo_zone *z)
{
	return z->len + 3 > RECORD_MAX;
}

/* Appends what of a line belongs to the record, parentheses as blanks. */
static int append(struct dlo_zone *z, struct dlo_line *l)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < l->len && !is_full(z) && (quoted || l->p[i] != ';');
		i++) {
		uint8_t c = (uint8_t)l->p[i];

		if ((c < ' ' && c != '\t') || c >= 0x7f) {
			return dlo_line_bad(
				l, i, "octet 0x%02x in a zone", (unsigned)c);
		}
		quoted ^= c == '"';
		if (!quoted && (c == '(' || c == ')')) {
			if (c == ')' && !z->depth) {
				return dlo_line_bad(l, i, "a ) without a (");
			}
			z->depth += c == '(' ? 1u : -1u;
			c = ' ';
		}
		z->record[z->len++] = (char)c;
		if (c == '\\' && i + 1 < l->len && l->p[i + 1] > ' ' &&
			l->p[i + 1] < 0x7f) {
			z->record[z->len++] = l->p[++i];
		}
	}
	z->first_len = z->first_len ? z->first_len : z->len;
	if (is_full(z)) {
		return dlo_line_bad(
			l, i, "a record over %d octets", RECORD_MAX);
	}
	if (quoted) {
		return dlo_line_bad(l, i, "the closing quote is missing");
	}
	z->record[z->len++] = ' ';
	z->record[z->len] = '\0';
	return 0;
}

static void forget(struct dlo_zone *z)
{
	z->len = z->first_len = 0;
	z->depth = 0;
}

/* Reads the record that is whole. A blank at its beginning: it has the owner of
 * the one before. */
static int read_whole(struct dlo_reader *t, struct dlo_line *l)
{
	struct dlo_zone *z = t->zone;
	struct dlo_slice owner = {z->record, 0, 0};

	z->at = 0;
	if (!dlo_is_blank(z->record[0])) {
		owner = next_word(z);
	}
	return owner.p[0] == '$' ? read_directive(t, l, &owner)
				 : read_record(t, l, &owner);
}

static bool is_empty(const struct dlo_zone *z)
{
	size_t i = 0;

	while (i < z->len && dlo_is_blank(z->record[i])) {
		i++;
	}
	return i == z->len;
}

void dlo_rpz_begin(struct dlo_zone *z)
{
	const struct dlo_name name = {.wire = root, .len = 1};

	keep(&z->origin, &name);
	keep(&z->apex, &name);
	keep(&z->owner, &name);
	z->told = false;
	z->listed_len = 0;
	forget(z);
}

int dlo_rpz_line(struct dlo_reader *t, struct dlo_line *l)
{
	struct dlo_zone *z = t->zone;
	int err;

	if (!z->len) {
		if (l->len && l->p[0] == '#') { /* nobody's owner */
			return 0;
		}
		if (t->strict && l->len && l->p[0] == '[') {
			return dlo_headers_section(&t->headers, l);
		}
		z->line = t->diag->line;
	}
	err = append(z, l);
	if (!err && z->depth) {
		return 0;
	}
	if (!err && !is_empty(z)) {
		t->diag->line = z->line;
		err = read_whole(t, l);
	}
	forget(z);
	return err;
}

int dlo_rpz_end(struct dlo_reader *t)
{
	struct dlo_line l = {.diag = t->diag};

	if (!t->zone->depth) {
		return 0;
	}
	t->diag->line = t->zone->line;
	return dlo_line_bad(&l, 0, "the closing parenthesis is missing");
}
