/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.c - what ldns does for us. */
#include "wire/decode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ldns/ldns.h>

/*
 * Theory of operation
 *
 * ldns must not see an unchecked message: on some it allocates gigabytes,
 * leaks or crashes. It is given one question at a time, rebuilt from what the
 * walker accepted: uncompressed name, type, class. Of zones it reads the text,
 * one record at a time, and the walker what came of it: a relative name and its
 * origin it joins without a look at the length. See HACKING.md, "ldns".
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

/* ---- records of zones ---------------------------------------------------- */

static bool take_name(const ldns_rdf *rdf, struct dlo_zone_name *ret)
{
	size_t off = 0, len = rdf ? ldns_rdf_size(rdf) : 0;
	const uint8_t *wire = rdf ? ldns_rdf_data(rdf) : NULL;
	struct dlo_name name;

	if (dlo_name_walk(wire, len, &off, &name) != DLO_NAME_OK ||
		off != len) {
		return false;
	}
	dlo_name_copy(&ret->buf, wire, len, &ret->name);
	return true;
}

static const char *take_record(ldns_rr *rr, struct dlo_zone_name *ret_owner,
	struct dlo_zone_name *ret_target)
{
	static const uint8_t root[] = {0};

	dlo_name_copy(&ret_target->buf, root, 1, &ret_target->name);
	if (!take_name(ldns_rr_owner(rr), ret_owner) ||
		(ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
			!take_name(ldns_rr_rdf(rr, 0), ret_target))) {
		return "a name over 255 octets";
	}
	return NULL;
}

int dlo_decode_record(const char *text, const struct dlo_name *origin,
	struct dlo_zone_name *ret_owner, struct dlo_zone_name *ret_target,
	const char **reterr_msg)
{
	const ldns_rdf o = {._size = origin->len,
		._type = LDNS_RDF_TYPE_DNAME,
		._data = (void *)(uintptr_t)origin->wire};
	ldns_rr *rr = NULL;
	ldns_status status = ldns_rr_new_frm_str(&rr, text, 0, &o, NULL);
	const char *msg;

	if (status == LDNS_STATUS_MEM_ERR) {
		return -ENOMEM;
	}
	if (status != LDNS_STATUS_OK) {
		*reterr_msg = ldns_get_errorstr_by_id(status);
		return 1;
	}
	msg = take_record(rr, ret_owner, ret_target);
	ldns_rr_free(rr);
	*reterr_msg = msg ? msg : *reterr_msg;
	return msg != NULL;
}

bool dlo_is_type(const char *text)
{
	return ldns_get_rr_type_by_name(text) != 0;
}

/* ---- words --------------------------------------------------------------- */

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
