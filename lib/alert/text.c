/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.c - a message and its alerts as tcpdump's line.
 *
 * Theory of operation
 *
 * The records of one message arrive one after the other and are written into
 * four buffers (questions, answers, alerts, continuation lines), which the last
 * record puts together. All memory is taken at the start. The buffer of the
 * questions holds as many as are looked at in one message; in the others, what
 * has no room is counted. A message whose last record never comes is dropped
 * when the next one begins: its writer counted the loss.
 *
 * A closing line has no packet. Its spans are relative to the time stamp that
 * stands before it, so they need no time zone:
 *   IP 192.0.2.5: 17 more alerts in the last 57.3 s [high] tunnel/ngrok
 * ngrok.io
 */
#include <errno.h>
#include <stdlib.h>

#include "alert/answers.h"
#include "alert/buf.h"
#include "alert/frame.h"
#include "alert/names.h"
#include "wire/answer.h"
#include "wire/decode.h"

#define QUESTION_MAX (DLO_NAME_TEXT_MAX + 2 * DLO_CODE_TEXT_MAX + 16)
#define QUESTIONS_SIZE ((size_t)DLO_QUESTIONS_MAX * QUESTION_MAX)
#define ALERTS_SIZE ((size_t)65536)
#define NOTES_SIZE ((size_t)65536)
/* Their names have up to four characters for each octet. */
#define ANSWERS_SIZE \
	((size_t)(DLO_VIA_MAX * 4 + DLO_ANSWER_LINKS * ANSWER_EXTRA + \
		  DLO_ADDRESSES_MAX * (DLO_ADDR_TEXT_MAX + ANSWER_EXTRA)))
#define ANSWER_EXTRA (DLO_CODE_TEXT_MAX + 8)
#define HEAD_SIZE ((size_t)2048) /* all of a line that has a fixed length */
#define FRAME_SIZE ((size_t)65536) /* pieces begin below: dlo_record.at */
#define HEX_SIZE (FRAME_SIZE / 16 * DLO_HEX_LINE_MAX)

struct dlo_text {
	struct dlo_text_options o;
	struct dlo_buf questions, answers, alerts, notes, out;
	bool open; /* between a first record and a last one */
	struct dlo_meta meta;
	unsigned n_questions; /* written */
	unsigned n_alerts_over; /* not written */
	uint8_t *frame; /* octets from the front of the frame */
	size_t frame_len, frame_cap;
	uint32_t frame_wire_len;
	size_t net_off;
	int link_type;
	char mem[];
};

int dlo_text_new(const struct dlo_text_options *o, struct dlo_text **ret)
{
	size_t frame = o->hex ? FRAME_SIZE : o->link ? DLO_LINK_HEAD_MAX : 0;
	size_t parts = QUESTIONS_SIZE + ANSWERS_SIZE + ALERTS_SIZE + NOTES_SIZE;
	size_t out = parts + HEAD_SIZE + (o->hex ? HEX_SIZE : 0);
	struct dlo_text *t = malloc(sizeof(*t) + parts + out + frame);
	char *p;

	if (!t) {
		return -ENOMEM;
	}
	p = t->mem;
	*t = (struct dlo_text){.o = *o, .frame_cap = frame};
	t->questions = dlo_buf(p, QUESTIONS_SIZE);
	t->answers = dlo_buf(p += QUESTIONS_SIZE, ANSWERS_SIZE);
	t->alerts = dlo_buf(p += ANSWERS_SIZE, ALERTS_SIZE);
	t->notes = dlo_buf(p += ALERTS_SIZE, NOTES_SIZE);
	t->out = dlo_buf(p += NOTES_SIZE, out - 1);
	t->frame = (uint8_t *)(p + out);
	*ret = t;
	return 0;
}

struct dlo_text *dlo_text_free(struct dlo_text *t)
{
	free(t);
	return NULL;
}

static void reset(struct dlo_text *t)
{
	dlo_buf_cut(&t->questions, 0);
	dlo_buf_cut(&t->answers, 0);
	dlo_buf_cut(&t->alerts, 0);
	dlo_buf_cut(&t->notes, 0);
	t->n_questions = 0;
	t->n_alerts_over = 0;
	t->frame_len = 0;
}

/* ---- the parts of records ---- */

static void add_bytes(struct dlo_text *t, const struct dlo_record *rec)
{
	size_t room = t->frame_cap - t->frame_len, n = rec->n_bytes;

	t->net_off = rec->net_off;
	t->link_type = rec->link_type;
	t->frame_wire_len = rec->frame_len;
	if (rec->at == t->frame_len) { /* else: one before it was lost */
		n = n < room ? n : room;
		memcpy(t->frame + t->frame_len, rec->u.bytes, n);
		t->frame_len += n;
	}
}

/* With the trailing dot that tcpdump writes. */
static void put_dotted(struct dlo_buf *b, const char *name, size_t len)
{
	dlo_put(b, name, len);
	if (len != 1 || name[0] != '.') {
		dlo_putc(b, '.');
	}
}

/* " A? a.example." or, when it is not Internet, " A CHAOS? a.example." */
static void put_question(struct dlo_buf *b, const struct dlo_record *rec)
{
	uint16_t cls = dlo_record_class(rec);
	char code[DLO_CODE_TEXT_MAX], name[DLO_NAME_TEXT_MAX];
	size_t len = dlo_record_name(rec, name);

	dlo_putc(b, ' ');
	dlo_puts(b, dlo_type_name(rec->qtype, code));
	if (cls != 1) {
		dlo_putc(b, ' ');
		dlo_puts(b, cls == 3 ? "CHAOS" : dlo_class_name(cls, code));
	}
	dlo_puts(b, "? ");
	put_dotted(b, name, len);
}

/* " A", ", A": the type of the next answer. */
static void put_answer_type(struct dlo_buf *b, uint16_t type)
{
	char code[DLO_CODE_TEXT_MAX];

	dlo_puts(b, b->len > 0 ? ", " : " ");
	dlo_puts(b, dlo_type_name(type, code));
	dlo_putc(b, ' ');
}

/* " CNAME x.example., A 192.0.2.7", as tcpdump does; ", ..." stands for the
 * answers that a record does not carry. */
static void add_answers(struct dlo_text *t, const struct dlo_record *rec)
{
	struct dlo_buf *b = &t->answers;
	char name[DLO_NAME_TEXT_MAX], addr[DLO_ADDR_TEXT_MAX];
	size_t at = 0, len;
	uint16_t type;

	while ((len = dlo_answers_name(rec, &at, &type, name)) > 0) {
		put_answer_type(b, type);
		put_dotted(b, name, len);
	}
	for (unsigned i = 0; i < rec->n_addresses; i++) {
		len = dlo_answers_address(rec, i, addr);
		put_answer_type(b, dlo_answers_address_type(rec, i));
		dlo_put(b, addr, len);
	}
	if (b->len > 0 && rec->n_via + rec->n_addresses < rec->meta.n_answers) {
		dlo_puts(b, ", ...");
	}
}

static void add_question(struct dlo_text *t, const struct dlo_record *rec)
{
	struct dlo_buf *b = &t->questions;
	size_t mark = b->len;

	if (rec->question == 0 && !t->o.quiet) {
		add_answers(t, rec);
	}
	if (rec->name_len == 0) {
		return;
	}
	if (dlo_is_answer(&rec->meta)) {
		dlo_puts(b, t->n_questions ? ", q:" : " q:");
	}
	put_question(b, rec);
	if (b->over) {
		dlo_buf_cut(b, mark);
	} else {
		t->n_questions++;
	}
}

static void put_level(struct dlo_text *t, unsigned level)
{
	static const char color[DLO_LEVEL__N][6] = {
		[DLO_LEVEL_INFORMATIONAL] = "2",
		[DLO_LEVEL_LOW] = "36",
		[DLO_LEVEL_MEDIUM] = "33",
		[DLO_LEVEL_HIGH] = "31",
		[DLO_LEVEL_CRITICAL] = "1;31",
	};
	struct dlo_buf *b = &t->alerts;

	level = level < DLO_LEVEL__N ? level : DLO_LEVEL_CRITICAL;
	dlo_putc(b, ' ');
	if (t->o.color) {
		dlo_puts(b, "\033[");
		dlo_puts(b, color[level]);
		dlo_putc(b, 'm');
	}
	dlo_putc(b, '[');
	dlo_puts(b, dlo_level_name((enum dlo_level)level));
	dlo_putc(b, ']');
	if (t->o.color) {
		dlo_puts(b, "\033[0m");
	}
}

static void put_patterns(struct dlo_buf *b, const struct dlo_record *rec)
{
	char text[DLO_PATTERN_TEXT_MAX];

	for (unsigned i = 0; i < rec->n_matches; i++) {
		dlo_ruleset_text(rec->rules, rec->match[i], text);
		dlo_putc(b, ' ');
		dlo_put_clean(b, text);
	}
	if (rec->n_matches_total > rec->n_matches) {
		dlo_puts(b, " (+");
		dlo_putu(b, rec->n_matches_total - rec->n_matches, 0);
		dlo_puts(b, " more)");
	}
}

static void put_tags(struct dlo_buf *b, const struct dlo_pattern_info *p)
{
	size_t mark = b->len, bare;

	dlo_putc(b, ' ');
	bare = b->len;
	dlo_put_techniques(b, p->tags, p->n_tags, ' ');
	if (b->len == bare && !b->over) {
		dlo_buf_cut(b, mark);
	}
}

/* What stands behind a match, for -v: where it is written and why. */
static void add_notes(struct dlo_text *t, const struct dlo_record *rec)
{
	struct dlo_buf *b = &t->notes;
	char text[DLO_PATTERN_TEXT_MAX];
	struct dlo_pattern_info p;
	size_t mark;

	for (unsigned i = 0; i < rec->n_matches; i++) {
		mark = b->len;
		dlo_ruleset_pattern(rec->rules, rec->match[i], &p);
		dlo_ruleset_text(rec->rules, rec->match[i], text);
		dlo_putc(b, '\t');
		dlo_put_clean(b, p.file);
		dlo_putc(b, ':');
		dlo_putu(b, p.line, 0);
		dlo_putc(b, ' ');
		dlo_put_clean(b, text);
		dlo_puts(b, ": ");
		dlo_put_clean(b, p.title);
		if (p.note[0]) {
			dlo_puts(b, "; ");
			dlo_put_clean(b, p.note);
		}
		dlo_putc(b, '\n');
		if (b->over) {
			dlo_buf_cut(b, mark);
		}
	}
}

/* The same for the exception that hid the alert no longer. */
static void add_expired_note(
	struct dlo_buf *b, const struct dlo_exception_info *e)
{
	size_t mark = b->len;

	dlo_putc(b, '\t');
	dlo_put_clean(b, e->file);
	dlo_putc(b, ':');
	dlo_putu(b, e->line, 0);
	dlo_putc(b, ' ');
	dlo_put_clean(b, e->text);
	dlo_puts(b, ": exception, expired");
	if (e->reason[0]) {
		dlo_puts(b, "; ");
		dlo_put_clean(b, e->reason);
	}
	dlo_putc(b, '\n');
	if (b->over) {
		dlo_buf_cut(b, mark);
	}
}

static void add_alert(struct dlo_text *t, const struct dlo_record *rec)
{
	const struct dlo_exception_info *expired = dlo_record_expired(rec);
	struct dlo_pattern_info p = dlo_record_pattern(rec);
	struct dlo_buf *b = &t->alerts;
	size_t mark = b->len;

	put_level(t, rec->level);
	dlo_putc(b, ' ');
	dlo_put_clean(b, p.category[0] ? p.category : p.title);
	dlo_putc(b, '/');
	dlo_put_clean(b, p.service[0] ? p.service : "-");
	put_patterns(b, rec);
	if (rec->n_via > 0) {
		dlo_puts(b, " via ");
		dlo_answers_put_via(b, rec, 0);
	}
	if (!t->o.quiet) {
		put_tags(b, &p);
	}
	if (expired) {
		dlo_putc(b, ' ');
		dlo_put_expired(b, expired);
	}
	if (rec->kind == DLO_RECORD_ALERT && rec->count > 1) {
		dlo_puts(b, " (on ");
		dlo_putu(b, rec->count, 0);
		dlo_puts(b, " interfaces)");
	}
	if (rec->decoded == DLO_DECODED_SKIPPED) {
		dlo_puts(b, " (not decoded: over budget)");
	} else if (rec->decoded == DLO_DECODED_BAD) {
		dlo_puts(b, " (not decoded: ldns disagrees)");
	}
	if (b->over) {
		dlo_buf_cut(b, mark);
		t->n_alerts_over++;
	}
	if (t->o.verbose) {
		add_notes(t, rec);
		if (expired) {
			add_expired_note(&t->notes, expired);
		}
	}
}

/* ---- the line ---- */

static void put_end(struct dlo_buf *b, const uint8_t addr[16],
	unsigned ip_version, uint16_t port)
{
	char text[DLO_ADDR_TEXT_MAX];

	dlo_put(b, text, dlo_addr_print(addr, ip_version, text));
	dlo_putc(b, '.');
	dlo_putu(b, port, 0);
}

/* tcpdump names the protocol only where it writes no link header. */
static void put_ends(struct dlo_text *t)
{
	const struct dlo_meta *m = &t->meta;
	struct dlo_buf *b = &t->out;

	if (t->o.link && t->frame_len > 0) {
		dlo_put_link(b, t->link_type, t->frame, t->frame_len,
			t->frame_wire_len, t->o.quiet);
	} else {
		dlo_puts(b, m->ip_version == 6 ? "IP6 " : "IP ");
	}
	put_end(b, m->src, m->ip_version, m->sport);
	dlo_puts(b, " > ");
	put_end(b, m->dst, m->ip_version, m->dport);
	dlo_puts(b, m->transport == DLO_TCP ? ": tcp " : ": ");
}

/* " [2q]" */
static void put_count(struct dlo_buf *b, unsigned n, const char *what)
{
	dlo_puts(b, " [");
	dlo_putu(b, n, 0);
	dlo_puts(b, what);
	dlo_putc(b, ']');
}

/* tcpdump's words. */
static const char *const opcodes[16] = {"", " inv_q", " stat", " op3",
	" notify", " update", " op6", " op7", " op8", " updateA", " updateD",
	" updateDA", " updateM", " updateMA", " zoneInit", " zoneRef"};
static const char *const rcodes[16] = {"", " FormErr", " ServFail", " NXDomain",
	" NotImp", " Refused", " YXDomain", " YXRRSet", " NXRRSet", " NotAuth",
	" NotZone", " Resp11", " Resp12", " Resp13", " Resp14", " NoChange"};

#define OPCODE_IQUERY 1
#define FLAGS_ODD 0x06cfu /* bits that a query should not have */

static void put_query_head(struct dlo_buf *b, const struct dlo_meta *m)
{
	bool inverse = dlo_opcode(m) == OPCODE_IQUERY;

	dlo_puts(b, opcodes[dlo_opcode(m)]);
	dlo_puts(b, m->flags & DLO_FLAG_RD ? "+" : "");
	dlo_puts(b, m->flags & DLO_FLAG_CD ? "%" : "");
	if (m->flags & FLAGS_ODD) {
		dlo_puts(b, " [b2&3=0x");
		dlo_putx(b, m->flags, m->flags > 0xfff ? 4 : 3);
		dlo_putc(b, ']');
	}
	if (inverse && m->n_questions) {
		put_count(b, m->n_questions, "q");
	}
	if (inverse ? m->n_answers != 1 : m->n_answers != 0) {
		put_count(b, m->n_answers, "a");
	}
	if (!inverse && m->n_questions != 1) {
		put_count(b, m->n_questions, "q");
	}
	if (m->n_authority) {
		put_count(b, m->n_authority, "n");
	}
	if (m->n_additional) {
		put_count(b, m->n_additional, "au");
	}
}

static void put_answer_head(struct dlo_buf *b, const struct dlo_meta *m)
{
	dlo_puts(b, opcodes[dlo_opcode(m)]);
	dlo_puts(b, rcodes[m->flags & 15]);
	dlo_puts(b, m->flags & DLO_FLAG_AA ? "*" : "");
	dlo_puts(b, m->flags & DLO_FLAG_RA ? "" : "-");
	dlo_puts(b, m->flags & DLO_FLAG_TC ? "|" : "");
	dlo_puts(b, m->flags & DLO_FLAG_AD ? "$" : "");
	if (m->n_questions != 1) {
		put_count(b, m->n_questions, "q");
	}
}

/* The part of a buffer that was written from `mark` on. */
static void put_from(struct dlo_buf *b, const struct dlo_buf *from, size_t mark)
{
	dlo_put(b, from->p + mark, from->len - mark);
}

/* The counts of an answer, and the length or why it is not all. */
static void put_tail(struct dlo_text *t)
{
	const struct dlo_meta *m = &t->meta;
	struct dlo_buf *b = &t->out;

	if (dlo_is_answer(m)) {
		dlo_putc(b, ' ');
		dlo_putu(b, m->n_answers, 0);
		dlo_putc(b, '/');
		dlo_putu(b, m->n_authority, 0);
		dlo_putc(b, '/');
		dlo_putu(b, m->n_additional, 0);
		put_from(b, &t->answers, 0);
	}
	if (m->partial) {
		dlo_puts(b, " [partial]");
	}
	if (m->n_seen < m->n_questions && m->n_seen < DLO_QUESTIONS_MAX) {
		dlo_puts(b, " [|domain]");
		return;
	}
	if (t->n_questions < m->n_questions) {
		dlo_puts(b, " (+");
		dlo_putu(b, m->n_questions - t->n_questions, 0);
		dlo_puts(b, " more)");
	}
	if (!t->o.quiet) {
		dlo_puts(b, " (");
		dlo_putu(b, m->dns_len, 0);
		dlo_putc(b, ')');
	}
}

static void put_line(struct dlo_text *t)
{
	struct dlo_buf *b = &t->out;
	size_t from = t->o.hex_link ? 0 : t->net_off;

	put_ends(t);
	dlo_putu(b, t->meta.id, 0);
	if (dlo_is_answer(&t->meta)) {
		put_answer_head(b, &t->meta);
	} else {
		put_query_head(b, &t->meta);
	}
	put_from(b, &t->questions, 0);
	put_tail(t);
	put_from(b, &t->alerts, 0);
	if (t->n_alerts_over) {
		dlo_puts(b, " (+");
		dlo_putu(b, t->n_alerts_over, 0);
		dlo_puts(b, " more alerts)");
	}
	dlo_putc(b, '\n');
	put_from(b, &t->notes, 0);
	if (t->o.hex && t->frame_len > from) {
		dlo_put_hex(b, t->frame + from, t->frame_len - from);
	}
}

static void put_held(struct dlo_buf *b, const struct dlo_record *rec)
{
	char addr[DLO_ADDR_TEXT_MAX], name[DLO_NAME_TEXT_MAX];

	if (rec->n_clients) {
		dlo_addr_print(rec->meta.src, rec->meta.ip_version, addr);
		dlo_puts(b, rec->meta.ip_version == 6 ? "IP6 " : "IP ");
	}
	dlo_puts(b, rec->n_clients ? addr : "IP all clients");
	dlo_puts(b, ": ");
	dlo_putu(b, rec->count, 0);
	dlo_puts(b, rec->count == 1 ? " more alert" : " more alerts");
	if (rec->first_ns <= rec->meta.ts_ns) { /* unless time jumped back */
		dlo_puts(b, " in the last ");
		dlo_put_span(b, rec->meta.ts_ns - rec->first_ns);
		dlo_puts(b, " s");
	}
	if (dlo_record_name(rec, name) > 0) {
		dlo_puts(b, ", one for ");
		dlo_puts(b, name);
	}
}

/* A window may close while a message is under way, whose parts stay as they
 * are: what is written behind them is taken back. */
static void put_closing(struct dlo_text *t, const struct dlo_record *rec)
{
	size_t alerts = t->alerts.len, notes = t->notes.len;
	unsigned over = t->n_alerts_over;
	struct dlo_buf *b = &t->out;

	add_alert(t, rec);
	put_held(b, rec);
	put_from(b, &t->alerts, alerts);
	dlo_putc(b, '\n');
	put_from(b, &t->notes, notes);
	if (t->o.verbose) {
		dlo_puts(b, "\tfirst ");
		dlo_put_time(b, rec->first_ns, 6);
		dlo_puts(b, ", last ");
		dlo_put_time(b, rec->last_ns, 6);
		dlo_putc(b, '\n');
	}
	dlo_buf_cut(&t->alerts, alerts);
	dlo_buf_cut(&t->notes, notes);
	t->n_alerts_over = over;
}

/* Adds a record of a message. Returns whether the line is whole. */
static bool add(struct dlo_text *t, const struct dlo_record *rec)
{
	if (rec->flags & DLO_RECORD_FIRST) {
		reset(t);
		t->open = true;
	}
	if (!t->open) { /* its first record was lost */
		return false;
	}
	t->meta = rec->meta;
	switch (rec->kind) {
	case DLO_RECORD_QUESTION:
		add_question(t, rec);
		break;
	case DLO_RECORD_ALERT:
		add_alert(t, rec);
		break;
	case DLO_RECORD_BYTES:
		add_bytes(t, rec);
		break;
	default:
		break;
	}
	t->open = !(rec->flags & DLO_RECORD_LAST);
	return !t->open;
}

size_t dlo_text_print(struct dlo_text *t, const struct dlo_record *rec,
	const char **ret, uint64_t *ret_ts_ns)
{
	dlo_buf_cut(&t->out, 0);
	if (rec->kind == DLO_RECORD_CLOSING) {
		put_closing(t, rec);
	} else if (add(t, rec)) {
		put_line(t);
	} else {
		return 0;
	}
	*ret = t->out.p;
	*ret_ts_ns = rec->meta.ts_ns;
	return dlo_buf_end(&t->out);
}
