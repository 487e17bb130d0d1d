/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name.c - wire-form domain names: walk, print, parse.
 *
 * The walkers accept what ldns_wire2dname() accepts, octet for octet, less the
 * pointers that an honest sender never writes: forward ones, those to itself or
 * into the header, and chains of more than 126. A differential test holds the
 * two together.
 */
#include "wire/name.h"

#include <string.h>

#define HEADER_LEN 12 /* RFC 1035 4.1.1 */
#define LABEL_MAX 63
#define POINTER 0xc0
#define POINTERS_MAX 126

/* Why there is no name at `wire`: what stopped the walk at offset `at`. */
static __attribute__((cold)) enum dlo_name_result refuse(
	const uint8_t *wire, size_t room, size_t at)
{
	if (at >= room) {
		return DLO_NAME_CUT;
	}
	if (at >= DLO_NAME_MAX) {
		return DLO_NAME_TOO_LONG;
	}
	return wire[at] < POINTER ? DLO_NAME_LABEL_TYPE : DLO_NAME_POINTER;
}

enum dlo_name_result dlo_name_walk(
	const uint8_t *msg, size_t len, size_t *off, struct dlo_name *ret)
{
	const uint8_t *wire = msg + *off;
	size_t room = *off < len ? len - *off : 0;
	size_t end = room < DLO_NAME_MAX ? room : DLO_NAME_MAX;
	size_t at = 0;
	uint32_t starts = 0; /* offsets of the last labels, 8 bits each */
	unsigned n = 0;

	for (;;) {
		if (__builtin_expect(at >= end, 0)) {
			return refuse(wire, room, at);
		}
		uint32_t label = wire[at];
		if (label - 1 >= LABEL_MAX) {
			if (__builtin_expect(label != 0, 0)) {
				return refuse(wire, room, at);
			}
			break;
		}
		starts = starts << 8 | (uint32_t)at;
		n++;
		at += label + 1;
	}
	ret->wire = wire;
	ret->len = (uint8_t)(at + 1);
	ret->n_labels = (uint8_t)n;
	ret->last = (uint8_t)starts;
	ret->last2 = (uint8_t)(starts >> 8);
	*off += at + 1;
	return DLO_NAME_OK;
}

/* Makes the view of octets in buf that are known to be a name. */
static void view(struct dlo_name_buf *buf, struct dlo_name *ret)
{
	size_t off = 0;

	memset(buf->pad, 0, sizeof(buf->pad));
	(void)dlo_name_walk(buf->wire, DLO_NAME_MAX, &off, ret);
}

/*
 * Where the pointer at `at` leads; 0 where it may not. Only to before the run
 * of labels that it ends: strictly backwards, so no octet is read twice.
 */
static size_t follow(const uint8_t *msg, size_t at, size_t run)
{
	size_t target = (msg[at] & 0x3fu) << 8 | msg[at + 1];

	return target >= HEADER_LEN && target < run ? target : 0;
}

enum dlo_name_result dlo_name_unfold(const uint8_t *msg, size_t len,
	size_t *off, struct dlo_name_buf *buf, struct dlo_name *ret)
{
	size_t at = *off, run = at, after = 0, n = 0, label = 1, take;
	unsigned pointers = 0;

	for (; label > 0; at += take) {
		if (at >= len) {
			return DLO_NAME_CUT;
		}
		label = msg[at];
		take = label < POINTER ? label + 1 : 2;
		if (label > LABEL_MAX && label < POINTER) {
			return DLO_NAME_LABEL_TYPE;
		}
		if (len - at < take) {
			return DLO_NAME_CUT;
		}
		if (label >= POINTER) {
			after = after ? after : at + 2;
			run = follow(msg, at, run);
			if (!run || ++pointers > POINTERS_MAX) {
				return DLO_NAME_POINTER;
			}
			at = run;
			take = 0;
			continue;
		}
		if (n + take > DLO_NAME_MAX) {
			return DLO_NAME_TOO_LONG;
		}
		memcpy(buf->wire + n, msg + at, take);
		n += take;
	}
	view(buf, ret);
	*off = after ? after : at;
	return DLO_NAME_OK;
}

void dlo_name_copy(struct dlo_name_buf *buf, const uint8_t *wire, size_t len,
	struct dlo_name *ret)
{
	memcpy(buf->wire, wire, len);
	view(buf, ret);
}

/* Prints one octet of a label; at most four characters. */
static char *print_octet(char *to, uint8_t c)
{
	if (c == '.' || c == '\\' || c == '(' || c == ')' || c == ';') {
		*to++ = '\\';
	} else if (c <= ' ' || c >= 0x7f) {
		*to++ = '\\';
		*to++ = (char)('0' + c / 100);
		*to++ = (char)('0' + c / 10 % 10);
		c = (uint8_t)('0' + c % 10);
	}
	*to++ = (char)c;
	return to;
}

size_t dlo_name_print(const struct dlo_name *name, char *buf)
{
	const uint8_t *from = name->wire;
	char *to = buf;

	for (unsigned label; (label = *from++) != 0;) {
		if (to != buf) {
			*to++ = '.';
		}
		for (; label > 0; label--) {
			to = print_octet(to, dlo_lower(*from++));
		}
	}
	if (to == buf) {
		*to++ = '.';
	}
	*to = '\0';
	return (size_t)(to - buf);
}

static bool is_printable(char c)
{
	return (uint8_t)c > ' ' && (uint8_t)c < 0x7f;
}

/* Reads \DDD or \x, as parse_octet() does. */
static size_t parse_escape(
	const char *text, size_t len, uint8_t *ret, const char **reterr_msg)
{
	unsigned value = 0;

	if (len < 2 || !is_printable(text[1])) {
		*reterr_msg = "no printable character after the backslash";
		return 0;
	}
	if ((uint8_t)(text[1] - '0') > 9) {
		*ret = (uint8_t)text[1];
		return 2;
	}
	for (size_t i = 1; i < 4; i++) {
		uint8_t digit = i < len ? (uint8_t)(text[i] - '0') : 10;

		value = digit > 9 ? 256 : value * 10 + digit;
		if (value > 255) {
			*reterr_msg = "an escape has three digits, up to 255";
			return 0;
		}
	}
	*ret = (uint8_t)value;
	return 4;
}

/*
 * Reads one octet, perhaps escaped, from text[0..len), len > 0. Returns how
 * many characters it took, or 0 with *reterr_msg.
 */
static inline size_t parse_octet(
	const char *text, size_t len, uint8_t *ret, const char **reterr_msg)
{
	char c = text[0];

	if (c == '\\') {
		return parse_escape(text, len, ret, reterr_msg);
	}
	if (!is_printable(c)) {
		*reterr_msg = c == ' ' || c == '\t' ? "a blank"
			      : (uint8_t)c >= 0x80  ? "not an ASCII character"
						    : "a control character";
		return 0;
	}
	*ret = (uint8_t)c;
	return 1;
}

/* A name being written: its label begins at `label`, n octets are there. */
struct writer {
	uint8_t *wire;
	size_t label, n;
};

/* Returns what is wrong, or NULL. */
static const char *put_octet(struct writer *w, uint8_t octet)
{
	if (w->n - w->label > LABEL_MAX) {
		return "a label over 63 octets";
	}
	if (w->n > DLO_NAME_MAX - 2) { /* the root octet is yet to come */
		return "a name over 255 octets";
	}
	w->wire[w->n++] = octet;
	return NULL;
}

static const char *end_label(struct writer *w)
{
	size_t len = w->n - w->label - 1;

	w->wire[w->label] = (uint8_t)len;
	w->label = w->n++;
	return len ? NULL : "an empty label";
}

int dlo_name_parse(const char *text, size_t len, struct dlo_name_buf *buf,
	struct dlo_name *ret, size_t *reterr_at, const char **reterr_msg)
{
	struct writer w = {.wire = buf->wire, .n = 1};
	const char *msg = len > 0 ? NULL : "an empty name";
	bool root = len == 1 && text[0] == '.';
	size_t at = 0, step = 1;

	for (; !msg && !root && at < len; at += step) {
		uint8_t octet;

		step = 1;
		if (text[at] == '.') {
			msg = end_label(&w);
			continue;
		}
		step = parse_octet(text + at, len - at, &octet, &msg);
		if (step > 0) {
			msg = put_octet(&w, octet);
		}
	}
	if (msg) {
		*reterr_at = len > 0 ? at - step : 0;
		*reterr_msg = msg;
		return 1;
	}
	if (w.n > w.label + 1) { /* no trailing dot */
		(void)end_label(&w);
	}
	w.wire[w.label] = 0;
	view(buf, ret);
	return 0;
}
