/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.h - what ldns does for us: the only door to <ldns/ldns.h>. */
#ifndef DLO_WIRE_DECODE_H
#define DLO_WIRE_DECODE_H

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

#endif
