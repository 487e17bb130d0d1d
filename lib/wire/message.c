/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - DNS header and questions, screened: RFC 1035, 4.1. */
#include "wire/message.h"

#include "base/bytes.h"

/* Reads what follows the name of a question, at *off. False: it is cut. */
static bool read_type(
	struct dlo_question *q, const uint8_t *data, size_t len, size_t *off)
{
	const uint8_t *p = data + *off;

	if (len - *off < 4) {
		return false;
	}
	q->type = dlo_get16(p);
	q->cls = dlo_get16(p + 2);
	*off += 4;
	return true;
}

/* Reads the questions after the first, hardly ever any, up to a damaged one.
 * Their names may have pointers. */
static __attribute__((noinline)) void read_others(
	struct dlo_message *m, const uint8_t *data, size_t len, size_t off)
{
	unsigned n = m->n_questions < DLO_QUESTIONS_MAX ? m->n_questions
							: DLO_QUESTIONS_MAX;

	for (unsigned i = 1; i < n; i++) {
		struct dlo_question *q = &m->question[i];

		if (dlo_name_unfold(data, len, &off, &m->unfolded[i],
			    &q->name) != DLO_NAME_OK ||
			!read_type(q, data, len, &off)) {
			m->damaged = true;
			return;
		}
		m->n_seen++;
	}
	m->end = n == m->n_questions ? off : 0;
}

enum dlo_stat dlo_message_read(
	struct dlo_message *m, const uint8_t *data, size_t len)
{
	struct dlo_question *first = &m->question[0];
	size_t off = DLO_DNS_HEADER;

	m->n_seen = 0;
	m->damaged = false;
	m->end = 0;
	if (len < DLO_DNS_HEADER) {
		return DLO_STAT_BAD_HEADER;
	}
	m->header = data;
	m->flags = dlo_get16(data + 2);
	m->n_questions = dlo_get16(data + 4);
	if (!m->n_questions) {
		m->end = off;
		return DLO_STAT_NO_QUESTION;
	}
	if (dlo_name_walk(data, len, &off, &first->name) != DLO_NAME_OK) {
		return DLO_STAT_BAD_NAME;
	}
	if (!read_type(first, data, len, &off)) {
		return DLO_STAT_BAD_QUESTION;
	}
	m->n_seen = 1;
	if (m->n_questions > 1) {
		read_others(m, data, len, off);
	} else {
		m->end = off;
	}
	return 0;
}

/* ---- guessing ------------------------------------------------------------ */

#define QR 0x8000u
#define RA 0x0080u
#define Z 0x0040u
enum { OPCODE_QUERY = 0, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5 };
#define RCODE_MAX 10u /* NOTZONE; later ones stand in OPT */
#define QUESTION_MIN 5u /* the root, type and class */
#define RR_MIN 11u /* RFC 1035, 4.1.3: the root, and no data */

/* RFC 1035, 4.1.1. Servers are known that answer without QR, so a query may
 * have AA and answers. */
static bool flags_plausible(unsigned flags)
{
	unsigned opcode = flags >> 11 & 15u;

	if ((flags & Z) || (opcode != OPCODE_QUERY && opcode != OPCODE_NOTIFY &&
				   opcode != OPCODE_UPDATE)) {
		return false;
	}
	return flags & QR ? (flags & 15u) <= RCODE_MAX : !(flags & (RA | 15u));
}

/* At most one question; none in the later messages of a zone transfer (RFC
 * 5936, 2.2) and in mDNS answers. */
static bool counts_plausible(const uint8_t *h, size_t sent_len)
{
	unsigned n_questions = dlo_get16(h + 4);
	size_t n_answers = dlo_get16(h + 6);
	size_t n_records = n_answers + dlo_get16(h + 8) + dlo_get16(h + 10);

	if (n_questions > 1 ||
		(!n_questions && (!n_answers || !(dlo_get16(h + 2) & QR)))) {
		return false;
	}
	return DLO_DNS_HEADER + n_questions * QUESTION_MIN +
		       n_records * RR_MIN <=
	       sent_len;
}

/* IN, CH, HS, NONE, ANY; the top bit is mDNS's (RFC 6762, 5.4, 10.2). */
static bool class_plausible(unsigned cls)
{
	cls &= 0x7fffu;
	return cls == 1 || cls == 3 || cls == 4 || cls == 254 || cls == 255;
}

bool dlo_message_begins(const uint8_t *data, size_t len, size_t sent_len)
{
	size_t off = DLO_DNS_HEADER;
	struct dlo_name name;

	if (len < DLO_DNS_HEADER + QUESTION_MIN || data[4] || data[5] > 1 ||
		!flags_plausible(dlo_get16(data + 2)) ||
		!counts_plausible(data, sent_len) ||
		dlo_name_walk(data, len, &off, &name) != DLO_NAME_OK ||
		len - off < 4 || !dlo_get16(data + off) ||
		!class_plausible(dlo_get16(data + off + 2))) {
		return false;
	}
	off += 4;
	if (!data[5]) { /* a record: time to live, length */
		return len - off >= 6 &&
		       dlo_get16(data + off + 4) <= sent_len - off - 6;
	}
	/* With no records, nothing follows; with some, at least one does. */
	return data[6] || data[7] || data[8] || data[9] || data[10] || data[11]
		       ? sent_len - off >= RR_MIN
		       : sent_len == off;
}
