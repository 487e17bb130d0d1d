/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exception_list.c - the text of a file of exceptions -> exceptions.
 *
 * A line is a pattern and key=value pairs that narrow what is hidden. Every
 * such file is ours: its first unreadable line refuses it, and what lists have
 * beside patterns (headers, sections, hosts lines) has no meaning here.
 */
#include "rules/exception_list.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "rules/header.h"

#define NS_PER_S 1000000000u
/* A pattern, an address, two values of escapes only, a date, and the keys. */
#define TEXT_MAX (2 * DLO_NAME_TEXT_MAX + 4 * DLO_VALUE_MAX + 256)
static_assert(TEXT_MAX <= DLO_LINE_MAX, "a text is put together in a line's");

struct reading {
	struct dlo_exceptions *x;
	struct dlo_rules *rules;
	struct dlo_list_scratch *scratch;
	const char *file, *path, *none;
	struct dlo_exception row; /* of the line being read */
};

/* ---- values -------------------------------------------------------------- */

struct key {
	const char *name;
	int (*set)(struct reading *t, struct dlo_line *l,
		const struct dlo_slice *v, const struct key *key);
	size_t offset; /* of the text in struct dlo_exception_info */
};

static int intern(
	struct reading *t, const struct key *key, const char *p, size_t len)
{
	const char *text;

	if (dlo_rules_text(t->rules, p, len, &text) < 0) {
		return -ENOMEM;
	}
	memcpy((char *)&t->row.info + key->offset, &text, sizeof(text));
	return 0;
}

static int set_text(struct reading *t, struct dlo_line *l,
	const struct dlo_slice *v, const struct key *key)
{
	if (v->len > DLO_VALUE_MAX) {
		return dlo_line_bad(l, v->at, "\"%s\" is over %d octets",
			key->name, DLO_VALUE_MAX);
	}
	return intern(t, key, v->p, v->len);
}

/* The number of digits[0..n), at most max; -1: it is none. */
static int read_number(const char *digits, size_t n, int max)
{
	int v = 0;
	size_t i;

	for (i = 0; i < n && (uint8_t)(digits[i] - '0') < 10 && v <= max; i++) {
		v = v * 10 + (digits[i] - '0');
	}
	return n > 0 && i == n && v <= max ? v : -1;
}

/* Clears the bits beyond the prefix; whether there were any. */
static bool mask(struct dlo_network *net)
{
	bool any = false;

	for (unsigned i = net->bits; i < (net->ip_version == 4 ? 32u : 128u);
		i++) {
		uint8_t bit = (uint8_t)(0x80u >> i % 8);

		any |= (net->addr[i / 8] & bit) != 0;
		net->addr[i / 8] &= (uint8_t)~bit;
	}
	return any;
}

/* Reads "192.0.2.5" or "2001:db8::/32". */
static bool read_network(const char *text, struct dlo_network *ret)
{
	char addr[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "/");
	int bits, max;

	*ret = (struct dlo_network){.ip_version = 4};
	if (len >= sizeof(addr)) {
		return false;
	}
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (inet_pton(AF_INET, addr, ret->addr) != 1) {
		ret->ip_version = 6;
		if (inet_pton(AF_INET6, addr, ret->addr) != 1) {
			return false;
		}
	}
	bits = max = ret->ip_version == 4 ? 32 : 128;
	if (text[len]) {
		bits = read_number(text + len + 1, strlen(text + len + 1), max);
	}
	ret->bits = (uint8_t)bits;
	return bits >= 0;
}

static size_t print_network(
	const struct dlo_network *net, char *buf, size_t cap)
{
	char addr[INET6_ADDRSTRLEN];
	bool one = net->bits == (net->ip_version == 4 ? 32 : 128);

	inet_ntop(net->ip_version == 4 ? AF_INET : AF_INET6, net->addr, addr,
		sizeof(addr));
	return (size_t)(one ? snprintf(buf, cap, "%s", addr)
			    : snprintf(buf, cap, "%s/%u", addr, net->bits));
}

#define NETWORK_TEXT_MAX (INET6_ADDRSTRLEN + 4)

static int set_client(struct reading *t, struct dlo_line *l,
	const struct dlo_slice *v, const struct key *key)
{
	struct dlo_network *net = &t->row.client;
	char text[NETWORK_TEXT_MAX] = "", quoted[DLO_QUOTE_SIZE];
	bool beyond;
	size_t n;

	if (v->len < sizeof(text)) {
		memcpy(text, v->p, v->len);
	}
	if (!read_network(text, net)) {
		return dlo_line_bad(l, v->at,
			"client takes an address or a network, as in "
			"192.0.2.0/24, not \"%s\"",
			dlo_quote(v->p, v->len, quoted));
	}
	beyond = mask(net);
	n = print_network(net, text, sizeof(text));
	if (beyond) {
		return dlo_line_bad(l, v->at,
			"an address with bits beyond its prefix; the network "
			"is %s",
			text);
	}
	return intern(t, key, text, n);
}

/* Reads "2026-12-31"; *ret is the second that follows that day. */
static bool read_date(const char *p, size_t len, uint64_t *ret)
{
	int year, month, day;
	struct tm tm;
	time_t s;

	if (len != 10 || p[4] != '-' || p[7] != '-') {
		return false;
	}
	year = read_number(p, 4, 9999);
	month = read_number(p + 5, 2, 12);
	day = read_number(p + 8, 2, 31);
	tm = (struct tm){
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
	s = timegm(&tm); /* 2026-02-29 becomes 2026-03-01 */
	if (year < 1970 || month < 1 || day < 1 || tm.tm_mday != day) {
		return false;
	}
	*ret = (uint64_t)s + 86400;
	return true;
}

static int set_until(struct reading *t, struct dlo_line *l,
	const struct dlo_slice *v, const struct key *key)
{
	char quoted[DLO_QUOTE_SIZE];
	uint64_t end_s;

	if (!read_date(v->p, v->len, &end_s)) {
		return dlo_line_bad(l, v->at,
			"until takes a date, as in 2026-12-31, not \"%s\"",
			dlo_quote(v->p, v->len, quoted));
	}
	if (end_s <= UINT64_MAX / NS_PER_S) { /* else after all time stamps */
		t->row.info.end_ns = end_s * NS_PER_S;
	}
	return intern(t, key, v->p, v->len);
}

#define AT(member) offsetof(struct dlo_exception_info, member)

static const struct key keys[] = {
	{"client", set_client, AT(client)},
	{"rule", set_text, AT(rule)},
	{"service", set_text, AT(service)},
	{"until", set_until, AT(until)},
	{"owner", set_text, AT(owner)},
	{"reason", set_text, AT(reason)},
};
static const struct dlo_words key_words = DLO_WORDS("key", keys);

static int read_pairs(struct reading *t, struct dlo_line *l)
{
	struct dlo_slice v;
	unsigned i, seen = 0;
	int err;

	while (dlo_line_more(l)) {
		if (dlo_line_pair(l, &key_words, &seen, &i, &v)) {
			return 1;
		}
		if (!v.len) {
			return dlo_line_bad(
				l, v.at, "\"%s\" has no value", keys[i].name);
		}
		err = keys[i].set(t, l, &v, &keys[i]);
		if (err) {
			return err;
		}
	}
	return 0;
}

/* ---- the canonical text -------------------------------------------------- */

/* Appends " key=value", in quotes where it must be. */
static size_t put_pair(char *text, size_t n, const char *key, const char *v)
{
	bool quoted = strpbrk(v, " \"") != NULL;

	if (!*v) {
		return n;
	}
	n += (size_t)snprintf(
		text + n, TEXT_MAX - n, " %s=%s", key, quoted ? "\"" : "");
	for (; *v; v++) {
		if (quoted && (*v == '"' || *v == '\\')) {
			text[n++] = '\\';
		}
		text[n++] = *v;
	}
	if (quoted) {
		text[n++] = '"';
	}
	return n;
}

/* What is hidden, and of whom, makes the identity: a later date, another owner
 * or a better reason leave it the same exception. */
static int set_identity(struct reading *t)
{
	struct dlo_exception_info *e = &t->row.info;
	char *text = t->scratch->value; /* the line is read */
	size_t n = (size_t)snprintf(text, TEXT_MAX, "%s", e->pattern);

	n = put_pair(text, n, "client", e->client);
	n = put_pair(text, n, "rule", e->rule);
	n = put_pair(text, n, "service", e->service);
	e->identity = dlo_hash(text, n, 0);
	n = put_pair(text, n, "until", e->until);
	return dlo_rules_text(t->rules, text, n, &e->text);
}

/* ---- files --------------------------------------------------------------- */

/* What lists have and exceptions have not. */
static int refuse_list_syntax(struct dlo_line *l, const struct dlo_slice *s)
{
	if (s->p[0] == '[') {
		return dlo_line_bad(l, s->at,
			"exceptions have no sections; write service=NAME after "
			"the pattern");
	}
	if (dlo_is_address(s)) {
		return dlo_line_bad(l, s->at,
			"an address is no pattern; to except a client, write "
			"* client=%.*s",
			(int)s->len, s->p);
	}
	return 0;
}

/* The pattern in the scratch space. */
static int set_pattern(struct reading *t)
{
	char text[DLO_PATTERN_TEXT_MAX];
	size_t len = dlo_pattern_print(&t->scratch->pattern, text);

	return dlo_rules_text(t->rules, text, len, &t->row.info.pattern);
}

static int read_pattern(struct reading *t, struct dlo_line *l)
{
	struct dlo_pattern *p = &t->scratch->pattern;
	struct dlo_slice s;
	const char *msg;
	size_t at;
	int err;

	if (dlo_line_field(l, &s) || refuse_list_syntax(l, &s)) {
		return 1;
	}
	err = dlo_pattern_parse(s.p, s.len, p, &at, &msg);
	if (err) {
		return err < 0 ? err : dlo_line_bad(l, s.at + at, "%s", msg);
	}
	t->row.col = (uint32_t)s.at + 1;
	return set_pattern(t);
}

/* A row that nothing is known of but its place. */
static void begin(struct reading *t, unsigned line)
{
	const char *none = t->none;

	t->row = (struct dlo_exception){.rank = UINT32_MAX,
		.info = {.file = t->file,
			.path = t->path,
			.line = line,
			.client = none,
			.rule = none,
			.service = none,
			.until = none,
			.owner = none,
			.reason = none,
			.end_ns = UINT64_MAX}};
}

static int read_line(struct reading *t, struct dlo_line *l)
{
	int err;

	if (l->len >= 2 && !memcmp(l->p, "#:", 2) &&
		dlo_headers_kind(l->p, l->len) != DLO_HEADER_NONE) {
		return dlo_line_bad(l, 0,
			"exceptions have no headers; write key=value after the "
			"pattern");
	}
	if (!dlo_line_more(l)) {
		return 0;
	}
	if (l->len > DLO_LINE_MAX) {
		return dlo_line_bad(
			l, DLO_LINE_MAX, "a line over %d octets", DLO_LINE_MAX);
	}
	begin(t, l->diag->line);
	err = read_pattern(t, l);
	err = err ? err : read_pairs(t, l);
	err = err ? err : set_identity(t);
	return err ? err : dlo_exceptions_add(t->x, &t->row);
}

static int read_lines(struct reading *t, const char *text, const char *end,
	struct dlo_diag *diag)
{
	int err = 0;

	while (!err && text < end) {
		struct dlo_line l =
			dlo_line_next(&text, end, t->scratch->value, diag);

		err = read_line(t, &l);
	}
	return err;
}

int dlo_exceptions_read(struct dlo_exceptions *x, struct dlo_rules *rules,
	struct dlo_list_scratch *scratch, const char *file, const char *text,
	size_t len, struct dlo_diag *reterr_diag)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash && slash[1] ? slash + 1 : file;
	struct reading t = {.x = x, .rules = rules, .scratch = scratch};
	struct dlo_diag diag = {.line = 0};
	uint32_t before = x->n;
	int err;

	snprintf(diag.file, sizeof(diag.file), "%s", file);
	if (dlo_rules_text(rules, file, strlen(file), &t.path) < 0 ||
		dlo_rules_text(rules, base, strlen(base), &t.file) < 0 ||
		dlo_rules_text(rules, "", 0, &t.none) < 0) {
		return -ENOMEM;
	}
	err = read_lines(&t, dlo_line_skip_bom(text, len), text + len, &diag);
	if (err) {
		x->n = before;
	}
	if (err == 1) {
		*reterr_diag = diag;
	}
	return err;
}

int dlo_exceptions_add_listed(struct dlo_exceptions *x, struct dlo_rules *rules,
	struct dlo_list_scratch *scratch, const struct dlo_rule *rule,
	const struct dlo_diag *at, unsigned rank, const char **reterr_msg)
{
	struct reading t = {.x = x, .rules = rules, .scratch = scratch};
	const char *id;
	int err;

	/* The set has room for few; those are for who runs it. */
	if (dlo_matcher_is_weak(&scratch->pattern)) {
		*reterr_msg = "an exception without three literal octets in a "
			      "row";
		return 1;
	}
	if (strlen(rule->id) > DLO_VALUE_MAX) {
		*reterr_msg = "an exception of a list whose name, its id, is "
			      "over 255 octets";
		return 1;
	}
	if (dlo_rules_text(rules, "", 0, &t.none) < 0 ||
		dlo_rules_text(rules, rule->file, strlen(rule->file), &t.file) <
			0 ||
		dlo_rules_text(rules, rule->path, strlen(rule->path), &t.path) <
			0 ||
		dlo_rules_text(rules, rule->id, strlen(rule->id), &id) < 0) {
		return -ENOMEM;
	}
	begin(&t, at->line);
	t.row.info.rule = id;
	t.row.info.of_list = true;
	t.row.col = at->col;
	t.row.rank = rank;
	err = set_pattern(&t);
	err = err ? err : set_identity(&t);
	return err ? err : dlo_exceptions_add(x, &t.row);
}
