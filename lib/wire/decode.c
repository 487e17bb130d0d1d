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
 * walker accepted: uncompressed name, type, class. Of the records of zones it
 * reads the words, and the walker what came of names: its readers of whole
 * records take three blocks of 64 KiB each time, and join a relative name and
 * its origin without a look at the length. See HACKING.md, "ldns".
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

/* What is relative gets the origin's labels, if there is room. */
static const char *take_name(const ldns_rdf *rdf, const struct dlo_name *origin,
	struct dlo_zone_name *ret)
{
	uint8_t wire[2 * DLO_NAME_MAX];
	size_t off = 0, len = ldns_rdf_size(rdf) - 1;
	struct dlo_name name;

	if (len >= DLO_NAME_MAX) {
		return "a name over 255 octets";
	}
	memcpy(wire, ldns_rdf_data(rdf), len);
	memcpy(wire + len, origin->wire, origin->len);
	len += origin->len;
	if (dlo_name_walk(wire, len, &off, &name) != DLO_NAME_OK ||
		off != len) {
		return "a name over 255 octets";
	}
	dlo_name_copy(&ret->buf, wire, len, &ret->name);
	return NULL;
}

int dlo_zone_name(const char *text, const struct dlo_name *origin,
	struct dlo_zone_name *ret, const char **reterr_msg)
{
	static const uint8_t root[] = {0};
	const struct dlo_name none = {.wire = root, .len = 1};
	ldns_rdf *rdf = NULL;
	ldns_status status;
	const char *msg;

	if (!strcmp(text, "@")) {
		dlo_name_copy(&ret->buf, origin->wire, origin->len, &ret->name);
		return 0;
	}
	status = ldns_str2rdf_dname(&rdf, text);
	if (status == LDNS_STATUS_MEM_ERR) {
		return -ENOMEM;
	}
	if (status != LDNS_STATUS_OK) {
		*reterr_msg = ldns_get_errorstr_by_id(status);
		return 1;
	}
	msg = take_name(
		rdf, ldns_dname_str_absolute(text) ? &none : origin, ret);
	ldns_rdf_deep_free(rdf);
	*reterr_msg = msg ? msg : *reterr_msg;
	return msg != NULL;
}

uint16_t dlo_zone_type(const char *text)
{
	return (uint16_t)ldns_get_rr_type_by_name(text);
}

enum dlo_zone_field dlo_zone_field(uint16_t type, unsigned i)
{
	const ldns_rr_descriptor *d = ldns_rr_descript(type);

	if (!d || i >= ldns_rr_descriptor_maximum(d)) {
		return DLO_ZONE_END;
	}
	return ldns_rr_descriptor_field_type(d, i) == LDNS_RDF_TYPE_DNAME
		       ? DLO_ZONE_NAME
		       : DLO_ZONE_VALUE;
}

bool dlo_zone_value(uint16_t type, unsigned i, const char *text)
{
	const ldns_rr_descriptor *d = ldns_rr_descript(type);
	ldns_rdf *rdf =
		ldns_rdf_new_frm_str(ldns_rr_descriptor_field_type(d, i), text);

	ldns_rdf_deep_free(rdf);
	return rdf != NULL;
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
