/* SPDX-License-Identifier: BSD-2-Clause */
/* message.h - DNS header and questions, screened: RFC 1035, 4.1. */
#ifndef DLO_WIRE_MESSAGE_H
#define DLO_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "dnslookout.h"
#include "wire/decap.h"
#include "wire/name.h"

#define DLO_DNS_HEADER 12

struct dlo_question {
	struct dlo_name name; /* into the message, or into the buffer below */
	uint16_t type, cls;
};

/*
 * A screened message: its header and the whole questions up to the first
 * damaged one. A view: valid as long as the octets it was read from. Large
 * (34 KiB), of which a message with one question touches the first cache lines
 * only: belongs into the engine, not onto a stack.
 */
struct dlo_message {
	const uint8_t *header; /* DLO_DNS_HEADER octets, if any is there */
	uint16_t flags, n_questions;
	uint16_t n_seen; /* whole questions in question[] */
	bool damaged; /* a damaged question follows them */
	size_t end; /* offset after the questions; 0: not all were whole, or
		       looked at */
	struct dlo_question question[DLO_QUESTIONS_MAX];
	/* Where names with pointers in them are unfolded to. */
	struct dlo_name_buf unfolded[DLO_QUESTIONS_MAX];
};

/* A message as it came, for who judges it: dgram's payload, before which
 * DLO_NAME_HEADROOM - DLO_DNS_HEADER octets are readable. */
struct dlo_delivery {
	const struct dlo_dgram *dgram;
	uint64_t ts_ns, packet;
	bool partial; /* not all of it came */
};

/* What few ask for, from the header. */
static inline uint16_t dlo_message_id(const struct dlo_message *m)
{
	return dlo_get16(m->header);
}

static inline uint16_t dlo_message_n_answers(const struct dlo_message *m)
{
	return dlo_get16(m->header + 6);
}

static inline uint16_t dlo_message_n_authority(const struct dlo_message *m)
{
	return dlo_get16(m->header + 8);
}

static inline uint16_t dlo_message_n_additional(const struct dlo_message *m)
{
	return dlo_get16(m->header + 10);
}

static inline bool dlo_message_is_response(const struct dlo_message *m)
{
	return m->flags >> 15;
}

static inline unsigned dlo_message_opcode(const struct dlo_message *m)
{
	return m->flags >> 11 & 15;
}

/*
 * Reads a message. DLO_NAME_HEADROOM - DLO_DNS_HEADER octets before `data` must
 * be readable (struct dlo_name). Returns 0; DLO_STAT_NO_QUESTION, with the
 * header read and n_seen 0, when it says so itself; or the reason why there is
 * nothing whole in it: BAD_HEADER, BAD_NAME, BAD_QUESTION.
 */
enum dlo_stat dlo_message_read(
	struct dlo_message *m, const uint8_t *data, size_t len);

/*
 * Whether these octets, the first `len` of `sent_len`, look so much like the
 * beginning of a message that hardly anything else does: the opcode is one in
 * use, flags and counts agree with it and have room in sent_len, the first
 * name is there and readable, type and class are ordinary. A strict guess, for
 * places where a message may begin or not; many odd messages fail. O(labels),
 * and for nearly all other octets a few comparisons.
 */
bool dlo_message_begins(const uint8_t *data, size_t len, size_t sent_len);

#endif
