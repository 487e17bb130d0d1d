/* SPDX-License-Identifier: BSD-2-Clause */
/* line.c - one line of a list: fields, values, comments. */
#include "rules/line.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct dlo_line dlo_line_next(const char **text, const char *end, char *scratch,
	struct dlo_diag *diag)
{
	const char *p = *text, *nl = memchr(p, '\n', (size_t)(end - p));
	size_t len = (size_t)((nl ? nl : end) - p);

	*text = nl ? nl + 1 : end;
	if (len && p[len - 1] == '\r') {
		len--;
	}
	diag->line++;
	diag->col = 0;
	return (struct dlo_line){
		.p = p, .len = len, .scratch = scratch, .diag = diag};
}

const char *dlo_line_skip_bom(const char *text, size_t len)
{
	static const char bom[] = {'\xef', '\xbb', '\xbf'};

	return len >= sizeof(bom) && !memcmp(text, bom, sizeof(bom))
		       ? text + sizeof(bom)
		       : text;
}

int dlo_line_bad(struct dlo_line *l, size_t at, const char *fmt, ...)
{
	va_list ap;

	l->diag->col = (unsigned)at + 1;
	va_start(ap, fmt);
	vsnprintf(l->diag->msg, sizeof(l->diag->msg), fmt, ap);
	va_end(ap);
	return 1;
}

int dlo_line_unknown(struct dlo_line *l, const struct dlo_words *w,
	const struct dlo_slice *s)
{
	l->diag->col = (unsigned)s->at + 1;
	dlo_words_unknown(w, s->p, s->len, l->diag->msg, sizeof(l->diag->msg));
	return 1;
}

/* A comment begins at a hash that begins the line or follows a blank. */
static bool is_comment(const struct dlo_line *l, size_t at)
{
	return l->p[at] == '#' && (!at || dlo_is_blank(l->p[at - 1]));
}

bool dlo_line_more(struct dlo_line *l)
{
	while (l->at < l->len && dlo_is_blank(l->p[l->at])) {
		l->at++;
	}
	return l->at < l->len && !is_comment(l, l->at);
}

static int control(struct dlo_line *l, size_t at)
{
	return dlo_line_bad(l, at, "control character 0x%02x",
		(unsigned)(unsigned char)l->p[at]);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

bool dlo_is_address(const struct dlo_slice *s)
{
	char text[INET6_ADDRSTRLEN];
	const char *scope = memchr(s->p, '%', s->len); /* fe80::1%lo0 */
	size_t len = scope ? (size_t)(scope - s->p) : s->len;
	struct in6_addr addr;

	/* An address has a colon or ends in a digit; almost no name does. */
	if (len == 0 || len >= sizeof(text) ||
		(!memchr(s->p, ':', len) &&
			(s->p[len - 1] < '0' || s->p[len - 1] > '9'))) {
		return false;
	}
	memcpy(text, s->p, len);
	text[len] = '\0';
	return inet_pton(AF_INET, text, &addr) == 1 ||
	       inet_pton(AF_INET6, text, &addr) == 1;
}

int dlo_line_field(struct dlo_line *l, struct dlo_slice *ret)
{
	size_t from = l->at;

	for (; l->at < l->len && !dlo_is_blank(l->p[l->at]); l->at++) {
		if (is_control(l->p[l->at])) {
			return control(l, l->at);
		}
	}
	*ret = (struct dlo_slice){l->p + from, l->at - from, from};
	return 0;
}

/*
 * Octets of the UTF-8 character at p, 0 when it is none or a control character
 * of C1. The smallest and largest second octets are those of RFC 3629 4.
 */
static size_t utf8(const char *p, size_t len)
{
	const uint8_t *u = (const uint8_t *)p;
	uint8_t min = 0x80, max = 0xbf;
	size_t i, n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

	if (u[0] < 0x80) {
		return 1;
	}
	if (u[0] < 0xc2 || u[0] > 0xf4 || len < n) {
		return 0;
	}
	switch (u[0]) {
	case 0xc2: /* U+0080 to U+009F are controls */
	case 0xe0:
		min = 0xa0;
		break;
	case 0xed:
		max = 0x9f;
		break;
	case 0xf0:
		min = 0x90;
		break;
	case 0xf4:
		max = 0x8f;
		break;
	}
	for (i = 1; i < n; i++) {
		if (u[i] < (i == 1 ? min : 0x80) ||
			u[i] > (i == 1 ? max : 0xbf)) {
			return 0;
		}
	}
	return n;
}

int dlo_line_printable(struct dlo_line *l, const struct dlo_slice *s)
{
	size_t n, i;

	for (i = 0; i < s->len; i += n) {
		if (is_control(s->p[i])) {
			return control(l, s->at + i);
		}
		n = utf8(s->p + i, s->len - i);
		if (!n) {
			return dlo_line_bad(l, s->at + i,
				"octet 0x%02x is not UTF-8 text",
				(unsigned)(unsigned char)s->p[i]);
		}
	}
	return 0;
}

/* Reads "..." with the escapes \" and \\ into the scratch space. */
static int quoted(struct dlo_line *l, struct dlo_slice *ret)
{
	size_t from = l->at++, n = 0;

	for (; l->at < l->len && l->p[l->at] != '"'; l->at++) {
		if (l->p[l->at] == '\\') {
			l->at++;
			if (l->at == l->len || !strchr("\"\\", l->p[l->at]) ||
				!l->p[l->at]) {
				return dlo_line_bad(l, l->at - 1,
					"a backslash between quotes begins "
					"\\\" or \\\\ only");
			}
		}
		l->scratch[n++] = l->p[l->at];
	}
	if (l->at == l->len) {
		return dlo_line_bad(l, from, "the closing quote is missing");
	}
	l->at++;
	if (l->at < l->len && !dlo_is_blank(l->p[l->at])) {
		return dlo_line_bad(
			l, l->at, "text directly after the closing quote");
	}
	*ret = (struct dlo_slice){l->scratch, n, from + 1};
	return dlo_line_printable(l, &(struct dlo_slice){l->p + from + 1,
					     l->at - from - 2, from + 1});
}

int dlo_line_value(struct dlo_line *l, struct dlo_slice *ret)
{
	if (l->at < l->len && l->p[l->at] == '"') {
		return quoted(l, ret);
	}
	return dlo_line_field(l, ret) || dlo_line_printable(l, ret);
}

int dlo_line_rest(struct dlo_line *l, struct dlo_slice *ret)
{
	size_t from, to;

	if (dlo_line_more(l) && l->p[l->at] == '"') {
		if (quoted(l, ret)) {
			return 1;
		}
		return dlo_line_more(l)
			       ? dlo_line_bad(l, l->at,
					 "text after the closing quote")
			       : 0;
	}
	for (from = to = l->at; l->at < l->len && !is_comment(l, l->at);
		l->at++) {
		if (!dlo_is_blank(l->p[l->at])) {
			to = l->at + 1;
		}
	}
	*ret = (struct dlo_slice){l->p + from, to - from, from};
	return dlo_line_printable(l, ret);
}

/* No key: says which there are. */
static int no_pair(struct dlo_line *l, size_t at, const struct dlo_words *keys)
{
	char all[128];
	size_t n = 0;

	for (unsigned i = 0; i < keys->n && n < sizeof(all); i++) {
		n += (size_t)snprintf(all + n, sizeof(all) - n,
			"%s%s=", i ? ", " : "", dlo_words_name(keys, i));
	}
	return dlo_line_bad(l, at,
		"after the pattern only key=value (%s) or a # comment", all);
}

int dlo_line_pair(struct dlo_line *l, const struct dlo_words *keys,
	unsigned *seen, unsigned *ret_key, struct dlo_slice *ret_value)
{
	struct dlo_slice key;
	size_t from = l->at;
	unsigned i;

	while (l->at < l->len && !dlo_is_blank(l->p[l->at]) &&
		l->p[l->at] != '=') {
		l->at++;
	}
	key = (struct dlo_slice){l->p + from, l->at - from, from};
	if (l->at == l->len || l->p[l->at] != '=') {
		return no_pair(l, from, keys);
	}
	i = dlo_words_find(keys, key.p, key.len);
	if (i == keys->n) {
		return dlo_line_unknown(l, keys, &key);
	}
	if (*seen & 1u << i) {
		return dlo_line_bad(l, from, "\"%s\" stands here already",
			dlo_words_name(keys, i));
	}
	*seen |= 1u << i;
	*ret_key = i;
	l->at++;
	return dlo_line_value(l, ret_value);
}
