/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.h - what ldns does for us: the only door to <ldns/ldns.h>. */
#ifndef DLO_WIRE_DECODE_H
#define DLO_WIRE_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "dnslookout.h"
#include "wire/name.h"

#define DLO_CODE_TEXT_MAX 16

/*
 * Has ldns decode one question that our walker accepted, and compares. The
 * name is given uncompressed, so that ldns never meets a pointer. Uses the
 * heap: only for what is reported, and only behind a budget (about 0.3 us).
 */
enum dlo_decoded dlo_decode_question(
	const struct dlo_name *name, uint16_t qtype, uint16_t qclass);

/* Names from ldns's tables, else TYPE65280, CLASS42, RESERVED11 and so on,
 * written into buf. Return buf. */
const char *dlo_type_name(uint16_t type, char buf[DLO_CODE_TEXT_MAX]);
const char *dlo_class_name(uint16_t cls, char buf[DLO_CODE_TEXT_MAX]);
const char *dlo_opcode_name(unsigned opcode, char buf[DLO_CODE_TEXT_MAX]);
const char *dlo_rcode_name(unsigned rcode, char buf[DLO_CODE_TEXT_MAX]);

/* A name that ldns read, and that our walker accepted. */
struct dlo_zone_name {
	struct dlo_name_buf buf;
	struct dlo_name name;
};

/*
 * What ldns makes of the words of a zone's record, RFC 1035 5.1; all on the
 * heap, so for loading. Words have no blank or quote in them, but escapes.
 */

/* A name, relative ones being below `origin`; @ is that. 0; 1 with *reterr_msg
 * (static text); -ENOMEM. */
int dlo_zone_name(const char *text, const struct dlo_name *origin,
	struct dlo_zone_name *ret, const char **reterr_msg);

/* The type of that name ("CNAME", "TYPE65280"); 0: there is none. */
uint16_t dlo_zone_type(const char *text);

/* What word i of a type's data is. */
enum dlo_zone_field {
	DLO_ZONE_END, /* there is none */
	DLO_ZONE_NAME, /* dlo_zone_name() */
	DLO_ZONE_VALUE /* an address, a number, ...: dlo_zone_value() */
};
enum dlo_zone_field dlo_zone_field(uint16_t type, unsigned i);

/* Whether the word can be that. */
bool dlo_zone_value(uint16_t type, unsigned i, const char *text);

#endif
