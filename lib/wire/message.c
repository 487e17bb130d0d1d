/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - DNS header and questions, screened: RFC 1035, 4.1. */
#include "wire/message.h"

#include "base/bytes.h"

static enum dlo_stat read_header(
	struct dlo_message *m, const uint8_t *data, size_t len)
{
	if (len < DLO_DNS_HEADER) {
		return DLO_STAT_BAD_HEADER;
	}
	m->id = dlo_get16(data);
	m->flags = dlo_get16(data + 2);
	m->n_questions = dlo_get16(data + 4);
	m->n_answers = dlo_get16(data + 6);
	m->n_authority = dlo_get16(data + 8);
	m->n_additional = dlo_get16(data + 10);
	m->n_seen = 0;
	m->damaged = false;
	m->end = 0;
	return m->n_questions ? 0 : DLO_STAT_NO_QUESTION;
}

/* Reads question i at *off. The first one's name stands in place. */
static enum dlo_stat read_question(struct dlo_message *m, unsigned i,
	const uint8_t *data, size_t len, size_t *off)
{
	struct dlo_question *q = &m->question[i];
	enum dlo_name_result r;

	r = i ? dlo_name_unfold(data, len, off, &m->unfolded[i], &q->name)
	      : dlo_name_walk(data, len, off, &q->name);
	if (r != DLO_NAME_OK) {
		return DLO_STAT_BAD_NAME;
	}
	if (len - *off < 4) {
		return DLO_STAT_BAD_QUESTION;
	}
	q->type = dlo_get16(data + *off);
	q->cls = dlo_get16(data + *off + 2);
	*off += 4;
	return 0;
}

enum dlo_stat dlo_message_read(
	struct dlo_message *m, const uint8_t *data, size_t len)
{
	size_t off = DLO_DNS_HEADER;
	enum dlo_stat stop = read_header(m, data, len);
	unsigned n = m->n_questions;

	if (stop) {
		m->end = stop == DLO_STAT_NO_QUESTION ? off : 0;
		return stop;
	}
	if (n > DLO_QUESTIONS_MAX) {
		n = DLO_QUESTIONS_MAX;
	}
	for (unsigned i = 0; i < n; i++) {
		stop = read_question(m, i, data, len, &off);
		if (stop) {
			m->damaged = true;
			return i ? 0 : stop;
		}
		m->n_seen++;
	}
	m->end = n == m->n_questions ? off : 0;
	return 0;
}
