/* SPDX-License-Identifier: BSD-2-Clause */
/* header.c - what a list says about its patterns: headers, sections, pairs. */
#include "rules/header.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define TAGS_MAX 64

/* ---- words --------------------------------------------------------------- */

static const struct format {
	const char *name;
} formats[] = {
	[DLO_FORMAT_DOMAINS] = {"domains"},
	[DLO_FORMAT_HOSTS] = {"hosts"},
	[DLO_FORMAT_ADBLOCK] = {"adblock"},
	[DLO_FORMAT_DNSCRYPT] = {"dnscrypt"},
	[DLO_FORMAT_RPZ] = {"rpz"},
};
static_assert(sizeof(formats) / sizeof(*formats) == DLO_FORMAT__N,
	"every format has a name");
static const struct dlo_words format_words = DLO_WORDS("format", formats);

static const struct action {
	const char *name;
	enum dlo_action action;
	bool built;
} actions[] = {
	{"alert", DLO_ACTION_ALERT, true},
	{"first-seen", DLO_ACTION_ALERT, false},
	{"count", DLO_ACTION_COUNT, true},
	{"off", DLO_ACTION_OFF, true},
};
static const struct dlo_words action_words = DLO_WORDS("action", actions);

/* ---- values -------------------------------------------------------------- */

/* A header or the key of a pair: its name and who takes its value. */
struct key {
	const char *name;
	int (*set)(struct dlo_headers *h, struct dlo_rule *rule,
		struct dlo_line *l, const struct dlo_slice *v,
		const struct key *key);
	size_t offset; /* of the text in struct dlo_rule */
	bool empty; /* may be */
};

static bool lacks_value(const struct key *key, const struct dlo_slice *v)
{
	return !v->len && !key->empty;
}

static int no_value(struct dlo_line *l, const struct key *key, size_t at)
{
	return dlo_line_bad(l, at, "\"%s\" has no value", key->name);
}

static int set_text(struct dlo_headers *h, struct dlo_rule *rule,
	struct dlo_line *l, const struct dlo_slice *v, const struct key *key)
{
	const char *text;

	if (v->len > DLO_VALUE_MAX) {
		return dlo_line_bad(l, v->at, "\"%s\" is over %d octets",
			key->name, DLO_VALUE_MAX);
	}
	if (dlo_rules_text(h->rules, v->p, v->len, &text) < 0) {
		return -ENOMEM;
	}
	memcpy((char *)rule + key->offset, &text, sizeof(text));
	return 0;
}

static int set_word(struct dlo_headers *h, struct dlo_rule *rule,
	struct dlo_line *l, const struct dlo_slice *v, const struct key *key)
{
	size_t i;

	for (i = 0; i < v->len; i++) {
		if (dlo_is_blank(v->p[i])) {
			return dlo_line_bad(l, v->at + i,
				"\"%s\" is one word, without blanks",
				key->name);
		}
	}
	return set_text(h, rule, l, v, key);
}

static int set_level(struct dlo_headers *h, struct dlo_rule *rule,
	struct dlo_line *l, const struct dlo_slice *v, const struct key *key)
{
	unsigned i = dlo_words_find(&dlo_level_words, v->p, v->len);

	(void)h;
	(void)key;
	if (i == dlo_level_words.n) {
		return dlo_line_unknown(l, &dlo_level_words, v);
	}
	rule->level = (uint16_t)i;
	return 0;
}

static int set_action(struct dlo_headers *h, struct dlo_rule *rule,
	struct dlo_line *l, const struct dlo_slice *v, const struct key *key)
{
	unsigned i = dlo_words_find(&action_words, v->p, v->len);

	(void)h;
	(void)key;
	if (i == action_words.n) {
		return dlo_line_unknown(l, &action_words, v);
	}
	if (!actions[i].built) {
		return dlo_line_bad(l, v->at,
			"action \"%s\" is not built yet; alert, count and off "
			"are",
			actions[i].name);
	}
	rule->action = (uint16_t)actions[i].action;
	return 0;
}

static int set_format(struct dlo_headers *h, struct dlo_rule *rule,
	struct dlo_line *l, const struct dlo_slice *v, const struct key *key)
{
	unsigned i = dlo_words_find(&format_words, v->p, v->len);

	(void)rule;
	(void)key;
	if (i == format_words.n) {
		return dlo_line_unknown(l, &format_words, v);
	}
	h->format = (enum dlo_list_format)i;
	return 0;
}

/* ---- tags ---------------------------------------------------------------- */

/* Cuts the next tag off *rest, without the blanks around it. Whether a comma,
 * and so one more tag, follows. */
static bool next_tag(struct dlo_slice *rest, struct dlo_slice *ret)
{
	const char *comma = memchr(rest->p, ',', rest->len);
	size_t len = comma ? (size_t)(comma - rest->p) : rest->len;
	size_t used = comma ? len + 1 : len;
	struct dlo_slice tag = {rest->p, len, rest->at};

	while (tag.len && dlo_is_blank(tag.p[0])) {
		tag.p++;
		tag.at++;
		tag.len--;
	}
	while (tag.len && dlo_is_blank(tag.p[tag.len - 1])) {
		tag.len--;
	}
	rest->p += used;
	rest->at += used;
	rest->len -= used;
	*ret = tag;
	return comma != NULL;
}

/* Interns one tag in lower case. */
static int intern_tag(struct dlo_headers *h, struct dlo_line *l,
	const struct dlo_slice *tag, const char **ret)
{
	char lower[DLO_VALUE_MAX];
	size_t i;

	if (!tag->len) {
		return dlo_line_bad(l, tag->at, "an empty tag");
	}
	if (tag->len > sizeof(lower)) {
		return dlo_line_bad(
			l, tag->at, "a tag is over %d octets", DLO_VALUE_MAX);
	}
	for (i = 0; i < tag->len; i++) {
		if (dlo_is_blank(tag->p[i])) {
			return dlo_line_bad(l, tag->at + i,
				"a blank in a tag; tags are separated by "
				"commas");
		}
		lower[i] = (char)dlo_lower((uint8_t)tag->p[i]);
	}
	return dlo_rules_text(h->rules, lower, tag->len, ret);
}

static int set_tags(struct dlo_headers *h, struct dlo_rule *rule,
	struct dlo_line *l, const struct dlo_slice *v, const struct key *key)
{
	struct dlo_slice rest = *v;
	const char *tag[TAGS_MAX], **tags;
	uint32_t n = 0;
	bool more = v->len > 0;

	(void)key;
	while (more) {
		struct dlo_slice one;
		int err;

		more = next_tag(&rest, &one);
		if (n == TAGS_MAX) {
			return dlo_line_bad(
				l, one.at, "over %d tags", TAGS_MAX);
		}
		err = intern_tag(h, l, &one, &tag[n++]);
		if (err) {
			return err;
		}
	}
	tags = dlo_arena_array(&h->rules->arena, n, sizeof(*tags));
	if (!tags) {
		return -ENOMEM;
	}
	memcpy(tags, tag, n * sizeof(*tags));
	rule->tags = tags;
	rule->n_tags = (uint16_t)n;
	return 0;
}

/* ---- headers, sections, pairs -------------------------------------------- */

static const struct key headers[] = {
	{"title", set_text, offsetof(struct dlo_rule, title), false},
	{"id", set_word, offsetof(struct dlo_rule, id), false},
	{"level", set_level, 0, false},
	{"tags", set_tags, 0, true},
	{"category", set_text, offsetof(struct dlo_rule, category), true},
	{"action", set_action, 0, false},
	{"format", set_format, 0, false},
};
static const struct dlo_words header_words = DLO_WORDS("header", headers);

static const struct key pairs[] = {
	{"level", set_level, 0, false},
	{"note", set_text, offsetof(struct dlo_rule, note), true},
};
static const struct dlo_words pair_words = DLO_WORDS("key", pairs);

static const struct key service_key = {
	"[service]", set_text, offsetof(struct dlo_rule, service), false};

/* The length of a file's name without an ending that tells how it is packed. */
static size_t unpacked_len(const char *base)
{
	static const char *const packings[] = {".gz", ".zst"};
	size_t len = strlen(base);

	for (unsigned i = 0; i < sizeof(packings) / sizeof(*packings); i++) {
		size_t n = strlen(packings[i]);

		if (len > n && !strcasecmp(base + len - n, packings[i])) {
			return len - n;
		}
	}
	return len;
}

/* What the ending of a file's name says; DLO_FORMAT__N: nothing. */
static enum dlo_list_format format_of(const char *base)
{
	size_t len = unpacked_len(base);
	const char *dot = memrchr(base, '.', len);
	size_t n = dot ? (size_t)(base + len - dot) - 1 : 0;
	unsigned i;

	for (i = 0; n > 0 && i < DLO_FORMAT__N; i++) {
		if (strlen(formats[i].name) == n &&
			!strncasecmp(dot + 1, formats[i].name, n)) {
			break;
		}
	}
	return n > 0 ? (enum dlo_list_format)i : DLO_FORMAT__N;
}

/*
 * What a text without headers says by its first line, where the name of its
 * file says nothing: AdBlock lists come as .txt. None of these begins a domain.
 */
static enum dlo_list_format format_of_text(const char *p, const char *end)
{
	static const struct {
		const char *begin;
		enum dlo_list_format format;
	} signs[] = {
		{"[adblock", DLO_FORMAT_ADBLOCK},
		{"[adguard", DLO_FORMAT_ADBLOCK},
		{"[ublock", DLO_FORMAT_ADBLOCK},
		{"!", DLO_FORMAT_ADBLOCK},
		{"$TTL", DLO_FORMAT_RPZ},
		{"$ORIGIN", DLO_FORMAT_RPZ},
	};

	while (p < end && (dlo_is_blank(*p) || *p == '\r' || *p == '\n')) {
		p++;
	}
	for (unsigned i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		size_t n = strlen(signs[i].begin);

		if ((size_t)(end - p) >= n &&
			!strncasecmp(p, signs[i].begin, n)) {
			return signs[i].format;
		}
	}
	return DLO_FORMAT_DOMAINS;
}

int dlo_headers_init(struct dlo_headers *h, struct dlo_rules *rules,
	const char *file, const char *text, const char *end)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash && slash[1] ? slash + 1 : file;
	struct dlo_rule *r = &h->rule;

	*h = (struct dlo_headers){.rules = rules, .format = format_of(base)};
	if (h->format == DLO_FORMAT__N) {
		h->format = format_of_text(text, end);
	}
	if (dlo_rules_text(rules, file, strlen(file), &r->path) < 0 ||
		dlo_rules_text(rules, base, strlen(base), &r->file) < 0 ||
		dlo_rules_text(rules, "", 0, &r->category) < 0) {
		return -ENOMEM;
	}
	r->id = r->title = r->file;
	r->service = r->note = r->category;
	r->level = DLO_LEVEL_MEDIUM;
	r->action = DLO_ACTION_ALERT;
	return 0;
}

/* Octets of the word at p: a letter and letters, digits, hyphens, underscores
 * after it; 0: there is none. */
static size_t word_len(const char *p, size_t len)
{
	size_t n = 0;

	for (; n < len; n++) {
		bool letter = (uint8_t)(dlo_lower((uint8_t)p[n]) - 'a') < 26;
		bool digit = (uint8_t)(p[n] - '0') < 10;

		if (!letter &&
			(n == 0 || (!digit && p[n] != '-' && p[n] != '_'))) {
			break;
		}
	}
	return n;
}

static size_t n_blanks(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && dlo_is_blank(p[n])) {
		n++;
	}
	return n;
}

enum dlo_header_kind dlo_headers_kind(const char *p, size_t len)
{
	size_t from = 2 + n_blanks(p + 2, len - 2);
	size_t n = word_len(p + from, len - from);
	size_t to = from + n + n_blanks(p + from + n, len - from - n);

	if (n > 0 && to < len && p[to] == ':') {
		return DLO_HEADER;
	}
	return dlo_words_find(&header_words, p + from, n) < header_words.n
		       ? DLO_HEADER_SLIP
		       : DLO_HEADER_NONE;
}

/* Reads the name of a header, up to its colon. */
static int header_name(struct dlo_line *l, struct dlo_slice *ret)
{
	size_t from, to;

	l->at = 2;
	while (l->at < l->len && dlo_is_blank(l->p[l->at])) {
		l->at++;
	}
	from = to = l->at;
	for (; l->at < l->len && l->p[l->at] != ':'; l->at++) {
		if (!dlo_is_blank(l->p[l->at])) {
			to = l->at + 1;
		}
	}
	*ret = (struct dlo_slice){l->p + from, to - from, from};
	if (l->at == l->len || to == from) {
		return dlo_line_bad(l, from,
			"a header reads \"#: name: value\"; for a comment, "
			"put a blank after the #");
	}
	l->at++;
	return 0;
}

int dlo_headers_read(struct dlo_headers *h, struct dlo_line *l)
{
	struct dlo_slice name, value;
	unsigned i;

	if (header_name(l, &name)) {
		return 1;
	}
	i = dlo_words_find(&header_words, name.p, name.len);
	if (i == header_words.n) {
		return dlo_line_unknown(l, &header_words, &name);
	}
	if (dlo_line_rest(l, &value)) {
		return 1;
	}
	if (lacks_value(&headers[i], &value)) {
		return no_value(l, &headers[i], value.at);
	}
	return headers[i].set(h, &h->rule, l, &value, &headers[i]);
}

int dlo_headers_section(struct dlo_headers *h, struct dlo_line *l)
{
	size_t from = l->at + 1, to;
	const char *end = memchr(l->p + l->at, ']', l->len - l->at);
	struct dlo_slice name;

	if (!end) {
		return dlo_line_bad(l, l->at, "the closing ] is missing");
	}
	to = (size_t)(end - l->p);
	l->at = to + 1;
	if (l->at < l->len && !dlo_is_blank(l->p[l->at])) {
		return dlo_line_bad(l, l->at, "text after [service]");
	}
	if (dlo_line_more(l)) {
		return dlo_line_bad(l, l->at, "text after [service]");
	}
	while (from < to && dlo_is_blank(l->p[from])) {
		from++;
	}
	while (from < to && dlo_is_blank(l->p[to - 1])) {
		to--;
	}
	name = (struct dlo_slice){l->p + from, to - from, from};
	if (lacks_value(&service_key, &name)) {
		return dlo_line_bad(l, from, "[service] without a name");
	}
	if (dlo_line_printable(l, &name)) {
		return 1;
	}
	return set_text(h, &h->rule, l, &name, &service_key);
}

int dlo_headers_pairs(
	struct dlo_headers *h, struct dlo_line *l, struct dlo_rule *rule)
{
	struct dlo_slice v;
	unsigned i, seen = 0;
	int err;

	while (dlo_line_more(l)) {
		if (dlo_line_pair(l, &pair_words, &seen, &i, &v)) {
			return 1;
		}
		/* note= is a slip, note="" is meant. */
		if (!v.len && (!pairs[i].empty || v.p != l->scratch)) {
			return no_value(l, &pairs[i], v.at);
		}
		err = pairs[i].set(h, rule, l, &v, &pairs[i]);
		if (err) {
			return err;
		}
	}
	return 0;
}
