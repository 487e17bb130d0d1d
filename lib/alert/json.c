/* SPDX-License-Identifier: BSD-2-Clause */
/* json.c - JSON into memory of fixed size: whole fields or none. */
#include "alert/json.h"

#include "alert/names.h"

/* The comma and the key in front of a value. Returns where to cut back to. */
static size_t begin(struct dlo_json *j, const char *key)
{
	struct dlo_buf *b = &j->b;
	size_t mark = b->len, len = key ? strlen(key) : 0;
	char last = dlo_buf_last(b);
	bool comma = mark > 0 && last != '{' && last != '[';
	char *to = dlo_buf_room(b, comma + (key ? len + 3 : 0));

	if (!to) {
		return mark;
	}
	if (comma) {
		*to++ = ',';
	}
	if (key) {
		*to++ = '"';
		memcpy(to, key, len);
		memcpy(to + len, "\":", 2);
	}
	return mark;
}

static void end(struct dlo_json *j, size_t mark)
{
	if (j->b.over || j->dead > 0) {
		dlo_buf_cut(&j->b, mark);
	}
}

void dlo_json_open(struct dlo_json *j, const char *key, char bracket)
{
	size_t mark;

	if (j->dead > 0 || j->depth == DLO_JSON_DEPTH) {
		j->dead++;
		return;
	}
	mark = begin(j, key);
	dlo_putc(&j->b, bracket);
	dlo_putc(&j->b, ' '); /* is there room for the other one? */
	if (j->b.over) {
		dlo_buf_cut(&j->b, mark);
		j->dead++;
		return;
	}
	dlo_buf_cut(&j->b, j->b.len - 1);
	j->b.cap--;
	j->mark[j->depth++] = mark;
}

/* Which bracket was opened stands at the mark, behind comma and key. */
static char opened(const struct dlo_json *j, size_t mark)
{
	const char *p = j->b.p + mark;

	p += *p == ',';
	if (*p == '"') {
		p = strchr(p, ':') + 1;
	}
	return *p;
}

void dlo_json_close(struct dlo_json *j)
{
	char last = dlo_buf_last(&j->b);
	size_t mark;

	if (j->dead > 0) {
		j->dead--;
		return;
	}
	mark = j->mark[--j->depth];
	j->b.cap++;
	if (last == '{' || last == '[') {
		dlo_buf_cut(&j->b, mark);
		return;
	}
	dlo_putc(&j->b, opened(j, mark) == '{' ? '}' : ']');
}

static void put_escaped(struct dlo_buf *b, uint8_t c)
{
	if (c == '"' || c == '\\') {
		dlo_putc(b, '\\');
		dlo_putc(b, (char)c);
		return;
	}
	dlo_puts(b, "\\u00");
	dlo_putx(b, c, 2);
}

/* Octets that stand for themselves in a string. */
static size_t plain(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (uint8_t)s[n] >= ' ' && (uint8_t)s[n] < 0x7f &&
		s[n] != '"' && s[n] != '\\') {
		n++;
	}
	return n;
}

static void put_string(struct dlo_buf *b, const char *s, size_t len)
{
	size_t n;

	dlo_putc(b, '"');
	for (size_t at = 0; at < len && !b->over; at += n) {
		n = plain(s + at, len - at);
		if (n == 0 && (uint8_t)s[at] >= 0x80) {
			n = dlo_utf8_print(s + at, len - at);
		}
		if (n > 0) {
			dlo_put(b, s + at, n);
			continue;
		}
		n = 1;
		if ((uint8_t)s[at] < 0x80) {
			put_escaped(b, (uint8_t)s[at]);
		} else {
			dlo_puts(b, "\\ufffd");
		}
	}
	dlo_putc(b, '"');
}

void dlo_json_part(
	struct dlo_json *j, const char *key, const char *s, size_t len)
{
	size_t mark;

	if (len > 0) {
		mark = begin(j, key);
		put_string(&j->b, s, len);
		end(j, mark);
	}
}

void dlo_json_text(struct dlo_json *j, const char *key, const char *s)
{
	dlo_json_part(j, key, s, s ? strlen(s) : 0);
}

void dlo_json_word(struct dlo_json *j, const char *key, const char *s)
{
	size_t mark = begin(j, key);

	dlo_putc(&j->b, '"');
	dlo_puts(&j->b, s);
	dlo_putc(&j->b, '"');
	end(j, mark);
}

void dlo_json_number(struct dlo_json *j, const char *key, uint64_t n)
{
	size_t mark = begin(j, key);

	dlo_putu(&j->b, n, 0);
	end(j, mark);
}

void dlo_json_true(struct dlo_json *j, const char *key)
{
	size_t mark = begin(j, key);

	dlo_puts(&j->b, "true");
	end(j, mark);
}

void dlo_json_digits(struct dlo_json *j, const char *key, uint64_t n)
{
	size_t mark = begin(j, key);

	dlo_putc(&j->b, '"');
	dlo_putu(&j->b, n, 0);
	dlo_putc(&j->b, '"');
	end(j, mark);
}

void dlo_json_time(struct dlo_json *j, const char *key, uint64_t ts_ns)
{
	size_t mark = begin(j, key);

	dlo_putc(&j->b, '"');
	dlo_put_time(&j->b, ts_ns, 9);
	dlo_putc(&j->b, '"');
	end(j, mark);
}

size_t dlo_json_string(const char *text, char *buf, size_t cap)
{
	struct dlo_buf b = dlo_buf(buf, cap - 1);

	put_string(&b, text, strlen(text));
	if (b.over) {
		dlo_buf_cut(&b, 0);
	}
	return dlo_buf_end(&b);
}
