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
 * Has ldns read one record of a zone, RFC 1035 5.1: owner, perhaps class and
 * time to live, type and data; without comments or parentheses. Relative names
 * are below `origin`. *ret_owner is its owner; *ret_target, of a CNAME, where
 * that leads, and else the root. Uses the heap (about 1 us): for loading. 0;
 * 1 with *reterr_msg (static text); -ENOMEM.
 */
int dlo_decode_record(const char *text, const struct dlo_name *origin,
	struct dlo_zone_name *ret_owner, struct dlo_zone_name *ret_target,
	const char **reterr_msg);

/* Whether it is the name of a type that ldns knows: "CNAME", "TYPE65280". */
bool dlo_is_type(const char *text);

#endif
