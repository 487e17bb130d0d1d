/* SPDX-License-Identifier: BSD-2-Clause */
/* names.h - what the printers share: how the parts of a record are written. */
#ifndef DLO_ALERT_NAMES_H
#define DLO_ALERT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/buf.h"
#include "dnslookout.h"
#include "wire/name.h"

#define DLO_ADDR_TEXT_MAX 46 /* INET6_ADDRSTRLEN */
#define DLO_TECHNIQUE_TEXT_MAX 10 /* T1090.002 */
#define DLO_EVENT_ID_TEXT_MAX 33
#define DLO_COMMUNITY_TEXT_MAX 31

/* RFC 1035 4.1.1, of dlo_meta.flags. */
enum {
	DLO_FLAG_QR = 0x8000,
	DLO_FLAG_AA = 0x0400,
	DLO_FLAG_TC = 0x0200,
	DLO_FLAG_RD = 0x0100,
	DLO_FLAG_RA = 0x0080,
	DLO_FLAG_AD = 0x0020,
	DLO_FLAG_CD = 0x0010,
};

static inline bool dlo_is_answer(const struct dlo_meta *m)
{
	return m->flags & DLO_FLAG_QR;
}

static inline unsigned dlo_opcode(const struct dlo_meta *m)
{
	return m->flags >> 11 & 15u;
}

/* RFC 5952 for IPv6. Returns the length. */
size_t dlo_addr_print(const uint8_t addr[16], unsigned ip_version,
	char buf[DLO_ADDR_TEXT_MAX]);

/* The record's name in canonical form. Returns its length; 0: it has none. */
size_t dlo_record_name(
	const struct dlo_record *rec, char buf[DLO_NAME_TEXT_MAX]);

/* The class to print: on port 5353 the top bit says something else (RFC 6762,
 * 5.4). */
uint16_t dlo_record_class(const struct dlo_record *rec);

/* The pattern whose attributes are the alert's: the first. All strings are ""
 * when the record names none. */
struct dlo_pattern_info dlo_record_pattern(const struct dlo_record *rec);

/* Which of the patterns to name when there is room for one: the first that has
 * the record's level, else the first. */
unsigned dlo_record_worst(const struct dlo_record *rec);

/* The exception that hid the alert until it expired, or NULL. */
const struct dlo_exception_info *dlo_record_expired(
	const struct dlo_record *rec);

/* "exception expired 2026-10-01 (owner alice)" */
void dlo_put_expired(struct dlo_buf *b, const struct dlo_exception_info *e);

/* RFC 3339 in UTC with 0, 3, 6 or 9 digits of the second. */
void dlo_put_time(struct dlo_buf *b, uint64_t ts_ns, unsigned digits);

/* A span, to tenths of a second up to a minute: "0.3", "57.3", "184". */
void dlo_put_span(struct dlo_buf *b, uint64_t span_ns);

/*
 * Length of the well-formed UTF-8 sequence (RFC 3629) at s, 1..4, that is no
 * control character; 0: there is none. `len` octets are there, at least 1; a
 * NUL among them ends the look.
 */
size_t dlo_utf8_print(const char *s, size_t len);

/* Text of a list for a terminal or a log: all that is not printable as `?`. */
void dlo_put_clean(struct dlo_buf *b, const char *s);

/*
 * MITRE ATT&CK technique of a Sigma tag: "attack.t1090.002" -> "T1090.002".
 * False when the tag is something else.
 */
bool dlo_technique(const char *tag, char ret[DLO_TECHNIQUE_TEXT_MAX]);

/* All techniques of n tags, `sep` in front of each but the first. */
void dlo_put_techniques(
	struct dlo_buf *b, const char *const *tags, unsigned n, char sep);

/*
 * 32 hex digits that depend on what the record is about and nothing else: the
 * same alert has the same id in every replay. Returns ret.
 */
const char *dlo_event_id(const struct dlo_record *rec,
	const struct dlo_pattern_info *p, char ret[DLO_EVENT_ID_TEXT_MAX]);

/* Community ID version 1, seed 0, of the message's flow. Returns ret. */
const char *dlo_community_id(
	const struct dlo_meta *m, char ret[DLO_COMMUNITY_TEXT_MAX]);

#endif
