/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.c - what ldns does for us. */
#include "wire/decode.h"

#include <stdio.h>
#include <string.h>

#include <ldns/ldns.h>

/*
 * Theory of operation
 *
 * ldns must not see an unchecked message: on some it allocates gigabytes,
 * leaks or crashes. It is given one question at a time, rebuilt from what the
 * walker accepted: uncompressed name, type, class. See HACKING.md, "ldns".
 */

static bool same_question(const ldns_rr *rr, const uint8_t *wire, size_t len,
	uint16_t qtype, uint16_t qclass)
{
	const ldns_rdf *owner = ldns_rr_owner(rr);

	return owner && ldns_rdf_size(owner) == len &&
	       !memcmp(ldns_rdf_data(owner), wire, len) &&
	       ldns_rr_get_type(rr) == (ldns_rr_type)qtype &&
	       ldns_rr_get_class(rr) == (ldns_rr_class)qclass;
}

enum dlo_decoded dlo_decode_question(
	const struct dlo_name *name, uint16_t qtype, uint16_t qclass)
{
	uint8_t wire[DLO_NAME_MAX + 4];
	size_t len = name->len, pos = 0;
	ldns_rr *rr = NULL;
	bool same;

	memcpy(wire, name->wire, len);
	wire[len] = (uint8_t)(qtype >> 8);
	wire[len + 1] = (uint8_t)qtype;
	wire[len + 2] = (uint8_t)(qclass >> 8);
	wire[len + 3] = (uint8_t)qclass;
	if (ldns_wire2rr(&rr, wire, len + 4, &pos, LDNS_SECTION_QUESTION) !=
		LDNS_STATUS_OK) {
		return DLO_DECODED_BAD;
	}
	same = pos == len + 4 && same_question(rr, wire, len, qtype, qclass);
	ldns_rr_free(rr);
	return same ? DLO_DECODED_OK : DLO_DECODED_BAD;
}

/* Copies ldns's text, or "<prefix><number>" where it has none. */
static const char *code_text(const char *text, const char *prefix,
	unsigned number, char buf[DLO_CODE_TEXT_MAX])
{
	if (text) {
		snprintf(buf, DLO_CODE_TEXT_MAX, "%s", text);
	} else {
		snprintf(buf, DLO_CODE_TEXT_MAX, "%s%u", prefix, number);
	}
	return buf;
}

const char *dlo_type_name(uint16_t type, char buf[DLO_CODE_TEXT_MAX])
{
	/* ldns_rr_type2str() would know these, on the heap. */
	static const char *const question_types[] = {
		"IXFR", "AXFR", "MAILB", "MAILA", "ANY"};
	const ldns_rr_descriptor *d;

	if (type >= LDNS_RR_TYPE_IXFR && type <= LDNS_RR_TYPE_ANY) {
		return code_text(
			question_types[type - LDNS_RR_TYPE_IXFR], "", 0, buf);
	}
	d = ldns_rr_descript(type);
	return code_text(d ? d->_name : NULL, "TYPE", type, buf);
}

static const char *table_name(ldns_lookup_table *table, const char *prefix,
	unsigned number, char buf[DLO_CODE_TEXT_MAX])
{
	const ldns_lookup_table *row = ldns_lookup_by_id(table, (int)number);

	return code_text(row ? row->name : NULL, prefix, number, buf);
}

const char *dlo_class_name(uint16_t cls, char buf[DLO_CODE_TEXT_MAX])
{
	return table_name(ldns_rr_classes, "CLASS", cls, buf);
}

const char *dlo_opcode_name(unsigned opcode, char buf[DLO_CODE_TEXT_MAX])
{
	return table_name(ldns_opcodes, "OPCODE", opcode, buf);
}

const char *dlo_rcode_name(unsigned rcode, char buf[DLO_CODE_TEXT_MAX])
{
	return table_name(ldns_rcodes, "RCODE", rcode, buf);
}
