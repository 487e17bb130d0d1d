/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syslog.c - a record as one line of key=value.
 *
 * The line is written in two halves, before and after the question's name, and
 * the name gets what they leave, losing labels from the left: what tells names
 * apart for a person stands on the right. Relays of RFC 3164 cut at 1,024
 * octets, and an escaped name alone may have 1,016.
 */
#include "alert/answers.h"
#include "alert/buf.h"
#include "alert/names.h"
#include "wire/decode.h"

#define LINE_LEN_MAX 1024u
#define LINE_LEN_MIN 304u /* with less room there is no line */
#define NAME_ROOM 72u /* " qname=" and what is left of a long name */
#define ID_ROOM 36u /* " id=" and the event id */
#define CUT "..."
#define PORT_DNS 53

/* Most octets of a value: list names are files' names, which have a limit. */
enum {
	VALUE_MAX = 96,
	TAGS_MAX = 160,
	LIST_MAX = 280,
	VIA_MAX = 200,
	ANSWER_MAX = 200,
	OTHERS_MAX = 96,
};

/* A blank would end the value; the others would make it look like several. */
static bool needs_quotes(const char *s)
{
	return s[strcspn(s, " \"=")] != '\0';
}

static bool is_escaped(char c)
{
	return c == '"' || c == '\\';
}

/* One character with what protects it; what is not printable as `?`. Returns
 * the octets taken. */
static size_t put_character(struct dlo_buf *b, const char *s, bool quoted)
{
	size_t n = dlo_utf8_print(s, 4); /* reads up to the NUL at most */

	if (n == 0) {
		dlo_putc(b, '?');
		return 1;
	}
	if (quoted && is_escaped(*s)) {
		dlo_putc(b, '\\');
	}
	dlo_put(b, s, n);
	return n;
}

/* Octets of a value that needs neither quotes nor a closer look; 0 for any
 * other one. */
static size_t plain_len(const char *s)
{
	size_t n = 0;

	while (s[n] > ' ' && s[n] < 0x7f && s[n] != '"' && s[n] != '=') {
		n++;
	}
	return s[n] ? 0 : n;
}

/* A value of at most max octets, the last of them "..." when it has more. */
static void put_value(struct dlo_buf *b, const char *s, size_t max)
{
	size_t begin = b->len, cut = begin, n = plain_len(s);
	bool quoted;

	if (n > 0 && n <= max) { /* nearly always */
		dlo_put(b, s, n);
		return;
	}
	quoted = needs_quotes(s);
	if (quoted) {
		dlo_putc(b, '"');
	}
	for (; *s && !b->over; s += n) {
		if (b->len - begin + sizeof(CUT) - 1 + quoted <= max) {
			cut = b->len;
		}
		n = put_character(b, s, quoted);
		if (b->len - begin + quoted > max) {
			dlo_buf_cut(b, cut);
			dlo_puts(b, CUT);
			break;
		}
	}
	if (quoted) {
		dlo_putc(b, '"');
	}
}

/* " key=value", or nothing when there is no value or no room. */
static void put(struct dlo_buf *b, const char *key, const char *s, size_t max)
{
	size_t mark = b->len;

	if (!s || !s[0]) {
		return;
	}
	dlo_putc(b, ' ');
	dlo_puts(b, key);
	dlo_putc(b, '=');
	put_value(b, s, max);
	if (b->over) {
		dlo_buf_cut(b, mark);
	}
}

static void put_number(struct dlo_buf *b, const char *key, uint64_t n)
{
	char text[21];
	struct dlo_buf t = dlo_buf(text, sizeof(text) - 1);

	dlo_putu(&t, n, 0);
	(void)dlo_buf_end(&t);
	put(b, key, text, sizeof(text));
}

static void put_time(struct dlo_buf *b, const char *key, uint64_t ts_ns)
{
	char text[40];
	struct dlo_buf t = dlo_buf(text, sizeof(text) - 1);

	dlo_put_time(&t, ts_ns, 9);
	(void)dlo_buf_end(&t);
	put(b, key, text, sizeof(text));
}

static void put_addr(struct dlo_buf *b, const char *key, const uint8_t addr[16],
	unsigned ip_version)
{
	char text[DLO_ADDR_TEXT_MAX];

	dlo_addr_print(addr, ip_version, text);
	put(b, key, text, sizeof(text));
}

/* Octets of s[0..n) as a value, without the quotes around it. */
static size_t measure(const char *s, size_t n, bool quoted)
{
	size_t len = n;

	for (size_t i = 0; quoted && i < n; i++) {
		len += is_escaped(s[i]);
	}
	return len;
}

/* Octets of the first label, its dot included. */
static size_t label_len(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != '.') {
		n += s[n] == '\\' ? 2 : 1; /* \DDD holds no dot either */
	}
	return n + (s[n] == '.');
}

/* What " qname=" and the whole name take. */
static size_t name_room(const char *name)
{
	bool quoted = needs_quotes(name);
	size_t len = measure(name, strlen(name), quoted);

	return len > 0 ? sizeof(" qname=") - 1 + len + 2 * quoted : 0;
}

static void put_name(struct dlo_buf *b, const char *name)
{
	bool quoted = needs_quotes(name), whole = true;
	size_t len = measure(name, strlen(name), quoted), n;
	size_t room;

	dlo_puts(b, " qname=");
	dlo_puts(b, quoted ? "\"" : "");
	room = b->cap - b->len - quoted;
	while (len + (whole ? 0 : sizeof(CUT) - 1) > room) {
		n = label_len(name);
		len -= measure(name, n, quoted);
		name += n;
		whole = false;
	}
	dlo_puts(b, whole ? "" : CUT);
	while (*name) {
		name += put_character(b, name, quoted);
	}
	dlo_puts(b, quoted ? "\"" : "");
}

static void put_ends(struct dlo_buf *b, const struct dlo_record *rec)
{
	const struct dlo_meta *m = &rec->meta;
	char code[DLO_CODE_TEXT_MAX];

	put_addr(b, "src", m->src, m->ip_version);
	put_number(b, "sport", m->sport);
	put_addr(b, "dst", m->dst, m->ip_version);
	if (dlo_is_answer(m)) {
		put(b, "rcode", dlo_rcode_name(m->flags & 15u, code),
			VALUE_MAX);
		put_addr(b, "client", m->dst, m->ip_version);
	} else if (m->dport != PORT_DNS) {
		put_number(b, "dport", m->dport);
	}
	if (m->transport == DLO_TCP) {
		put(b, "proto", "tcp", VALUE_MAX);
	}
}

static void put_question_codes(struct dlo_buf *b, const struct dlo_record *rec)
{
	uint16_t cls = dlo_record_class(rec);
	char code[DLO_CODE_TEXT_MAX];

	put(b, "qtype", dlo_type_name(rec->qtype, code), VALUE_MAX);
	if (cls != 1) {
		put(b, "qclass", dlo_class_name(cls, code), VALUE_MAX);
	}
}

/* Short, and before all that may be long: a doubt must not get lost. */
static void put_doubts(struct dlo_buf *b, const struct dlo_record *rec)
{
	if (rec->decoded == DLO_DECODED_BAD) {
		put(b, "decoded", "bad", VALUE_MAX);
	} else if (rec->decoded == DLO_DECODED_SKIPPED) {
		put(b, "decoded", "skipped", VALUE_MAX);
	}
	if (rec->meta.partial) {
		put_number(b, "partial", 1);
	}
}

/* The way to the name that matched, losing names and then labels from the
 * left: the name itself stands on the right. */
static void put_via(struct dlo_buf *b, const struct dlo_record *rec)
{
	static const char cut[] = CUT ",";
	char text[2 * sizeof(cut) + DLO_NAME_TEXT_MAX];
	char *s = text + sizeof(cut);
	struct dlo_buf t = dlo_buf(s, sizeof(text) - sizeof(cut) - 1);
	unsigned skip = 0;

	dlo_answers_put_via(&t, rec, 0);
	while ((t.over || t.len > VIA_MAX) && skip + 1u < rec->n_via) {
		dlo_buf_cut(&t, 0);
		dlo_answers_put_via(&t, rec, ++skip);
	}
	(void)dlo_buf_end(&t);
	if (t.len > VIA_MAX) { /* one name */
		s += strncmp(s, cut, sizeof(cut) - 1) ? 0 : sizeof(cut) - 1;
		while (strlen(s) + sizeof(CUT) - 1 > VIA_MAX) {
			s += label_len(s);
		}
		s -= sizeof(CUT) - 1;
		memcpy(s, CUT, sizeof(CUT) - 1);
	}
	put(b, "via", s, 2 * VIA_MAX + 2); /* quotes may double it */
}

/* Addresses, as many as fit: a part of one would be another one. */
static void put_addresses(struct dlo_buf *b, const struct dlo_record *rec)
{
	char text[ANSWER_MAX + 1], addr[DLO_ADDR_TEXT_MAX];
	struct dlo_buf t = dlo_buf(text, ANSWER_MAX);
	unsigned i = 0;

	for (; i < rec->n_addresses; i++) {
		size_t len = dlo_answers_address(rec, i, addr);

		if (t.len + len + sizeof(CUT) > ANSWER_MAX) {
			break;
		}
		dlo_puts(&t, i > 0 ? "," : "");
		dlo_put(&t, addr, len);
	}
	if (i < rec->n_addresses_total) {
		dlo_puts(&t, "," CUT);
	}
	(void)dlo_buf_end(&t);
	put(b, "answer", text, ANSWER_MAX);
}

static void put_list(struct dlo_buf *b, const struct dlo_pattern_info *p)
{
	char text[LIST_MAX + 1];
	struct dlo_buf t = dlo_buf(text, sizeof(text) - 1);

	dlo_puts(&t, p->file);
	dlo_putc(&t, ':');
	dlo_putu(&t, p->line, 0);
	if (!t.over && p->line > 0) {
		(void)dlo_buf_end(&t);
		put(b, "list", text, LIST_MAX);
	}
}

static void put_tags(struct dlo_buf *b, const struct dlo_pattern_info *p)
{
	char text[2 * TAGS_MAX];
	struct dlo_buf t = dlo_buf(text, sizeof(text) - 1);

	dlo_put_techniques(&t, p->tags, p->n_tags, ',');
	(void)dlo_buf_end(&t);
	put(b, "tags", text, TAGS_MAX);
}

/* The pattern to name and its list. Not inlined: its text has room for the
 * longest there is, and the callers' frames are large as well. */
static __attribute__((noinline)) void put_pattern(
	struct dlo_buf *b, const struct dlo_record *rec)
{
	uint32_t id = rec->match[dlo_record_worst(rec)];
	char text[DLO_PATTERN_TEXT_MAX];
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rec->rules, id, &p);
	dlo_ruleset_text(rec->rules, id, text);
	put(b, "pattern", text, VALUE_MAX);
	put_list(b, &p);
}

static void put_rule(struct dlo_buf *b, const struct dlo_record *rec,
	const struct dlo_pattern_info *p)
{
	put(b, "category", p->category, VALUE_MAX);
	put(b, "service", p->service, VALUE_MAX);
	if (rec->rules && rec->n_matches > 0) {
		put_pattern(b, rec);
	} else {
		put_list(b, p);
	}
	if (rec->n_matches_total > 1) {
		put_number(b, "matches", rec->n_matches_total);
	}
	put_tags(b, p);
}

/* The other interfaces that saw the look-up. */
static void put_others(struct dlo_buf *b, const struct dlo_record *rec,
	const struct dlo_origin *origin)
{
	char text[2 * OTHERS_MAX + 1];
	struct dlo_buf t = dlo_buf(text, sizeof(text) - 1);

	for (unsigned i = 0; i < origin->n_others; i++) {
		dlo_puts(&t, i > 0 ? "," : "");
		dlo_puts(&t, origin->others[i]);
	}
	(void)dlo_buf_end(&t);
	put_number(b, "count", rec->count);
	put(b, "also", text, OTHERS_MAX);
}

static void put_head(struct dlo_buf *b, const struct dlo_record *rec,
	const struct dlo_pattern_info *p)
{
	bool closing = rec->kind == DLO_RECORD_CLOSING;

	dlo_puts(b, closing ? "alert-closing" : "alert");
	/* The packet's, or the closing's: the header has that of sending. */
	put_time(b, "time", rec->meta.ts_ns);
	put(b, "rule", p->rule_id, VALUE_MAX);
	put(b, "level", dlo_level_name((enum dlo_level)rec->level), VALUE_MAX);
	if (closing) {
		put_number(b, "count", rec->count);
		put_time(b, "first", rec->first_ns);
		put_time(b, "last", rec->last_ns);
	}
}

static void put_tail(struct dlo_buf *b, const struct dlo_record *rec,
	const struct dlo_origin *origin, const struct dlo_pattern_info *p)
{
	const struct dlo_exception_info *expired = dlo_record_expired(rec);
	char id[DLO_EVENT_ID_TEXT_MAX];

	b->cap -= ID_ROOM;
	if (rec->kind == DLO_RECORD_ALERT) {
		put_question_codes(b, rec);
		put_ends(b, rec);
		put_doubts(b, rec);
		put_via(b, rec);
	} else if (rec->n_clients > 0) {
		put_addr(b, "src", rec->meta.src, rec->meta.ip_version);
	} else {
		put(b, "clients", "all", VALUE_MAX);
	}
	if (origin) {
		put(b, "iface", origin->interface, VALUE_MAX);
		if (rec->kind == DLO_RECORD_ALERT && rec->count > 1) {
			put_others(b, rec, origin);
		}
		put(b, "capture", origin->capture, VALUE_MAX);
	}
	put_rule(b, rec, p);
	if (expired) {
		put(b, "exception_expired", expired->until, VALUE_MAX);
		put(b, "exception_owner", expired->owner, VALUE_MAX);
	}
	put_addresses(b, rec);
	b->cap += ID_ROOM;
	put(b, "id", dlo_event_id(rec, p, id), sizeof(id));
}

size_t dlo_syslog_print(const struct dlo_record *rec,
	const struct dlo_origin *origin, size_t room, char *buf, size_t cap)
{
	size_t limit = room < LINE_LEN_MAX ? LINE_LEN_MAX - room : 0;
	struct dlo_pattern_info p;
	char tail[LINE_LEN_MAX], name[DLO_NAME_TEXT_MAX];
	size_t keep;
	struct dlo_buf b, t;

	limit = cap > 0 && cap - 1 < limit ? cap - 1 : limit;
	if (cap == 0 || limit < LINE_LEN_MIN ||
		(rec->kind != DLO_RECORD_ALERT &&
			rec->kind != DLO_RECORD_CLOSING)) {
		return 0;
	}
	p = dlo_record_pattern(rec);
	dlo_record_name(rec, name);
	keep = name_room(name) < NAME_ROOM ? name_room(name) : NAME_ROOM;
	b = dlo_buf(buf, limit - keep - ID_ROOM);
	put_head(&b, rec, &p);
	t = dlo_buf(tail, limit - keep - b.len);
	put_tail(&t, rec, origin, &p);
	b.cap = limit - t.len;
	if (name[0]) {
		put_name(&b, name);
	}
	b.cap = limit;
	dlo_put(&b, tail, t.len);
	return dlo_buf_end(&b);
}
