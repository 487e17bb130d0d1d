/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_name.c - our walker against ldns, on any octets at any offset.
 *
 *	P1 we accept: ldns accepts, the same octets after lower-casing, the same
 *	   end offset.
 *	P2 ldns accepts and we do not: a pointer that we do not follow is on the
 *	   way, or a pointer where none may be; no other difference.
 *	P3 our printed form is ldns's of the lower-cased name, less the dot.
 *
 * The first octet says where the name begins, after DLO_DNS_HEADER.
 */
#include <ldns/ldns.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "wire/message.h"
#include "wire/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lower(uint8_t *wire, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		wire[i] = dlo_lower(wire[i]); /* a length is at most 63 */
	}
}

static void check_same(const struct dlo_name *name, size_t end,
	const ldns_rdf *theirs, size_t their_end)
{
	uint8_t ours[DLO_NAME_MAX], *wire = ldns_rdf_data(theirs);
	char text[DLO_NAME_TEXT_MAX], *their_text;
	size_t len;

	CHECK(end == their_end);
	CHECK(name->len == ldns_rdf_size(theirs));
	memcpy(ours, name->wire, name->len);
	lower(ours, name->len);
	lower(wire, name->len);
	CHECK(!memcmp(ours, wire, name->len));
	len = dlo_name_print(name, text);
	CHECK(len == strlen(text) && len < DLO_NAME_TEXT_MAX);
	their_text = ldns_rdf2str(theirs);
	if (name->len > 1) {
		their_text[strlen(their_text) - 1] = '\0'; /* trailing dot */
	}
	CHECK(!strcmp(text, their_text));
	free(their_text);
}

/* Whether a pointer is met before the name ends: the only excuse of P2. */
static bool pointer_on_the_way(const uint8_t *msg, size_t len, size_t at)
{
	while (at < len && msg[at] && msg[at] < 0xc0) {
		at += msg[at] + 1u;
	}
	return at < len && msg[at] >= 0xc0;
}

static void check_view(const struct dlo_name *name)
{
	size_t at = 0, last = 0, last2 = 0;
	unsigned n = 0;

	for (; name->wire[at]; at += name->wire[at] + 1u, n++) {
		last2 = last;
		last = at;
	}
	CHECK(at + 1 == name->len && n == name->n_labels);
	CHECK(last == name->last && last2 == name->last2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dlo_name_buf *buf = malloc(sizeof(*buf));
	size_t len, start, end, their_end;
	struct dlo_name name;
	ldns_rdf *theirs = NULL;
	ldns_status status;
	uint8_t *msg;
	bool ours;

	if (size < 1 || size > 65536) {
		free(buf);
		return 0;
	}
	/* A header that nothing may point into stands before the octets. */
	len = DLO_DNS_HEADER + size - 1;
	msg = calloc(1, DLO_NAME_HEADROOM + len);
	memcpy(msg + DLO_NAME_HEADROOM + DLO_DNS_HEADER, data + 1, size - 1);
	msg += DLO_NAME_HEADROOM;
	start = DLO_DNS_HEADER + data[0];

	their_end = start;
	status = ldns_wire2dname(&theirs, msg, len, &their_end);

	end = start;
	ours = dlo_name_unfold(msg, len, &end, buf, &name) == DLO_NAME_OK;
	if (ours) {
		CHECK(status == LDNS_STATUS_OK); /* P1 */
		check_view(&name);
		check_same(&name, end, theirs, their_end);
	} else if (status == LDNS_STATUS_OK) {
		CHECK(pointer_on_the_way(msg, len, start)); /* P2 */
	}
	end = start;
	if (dlo_name_walk(msg, len, &end, &name) == DLO_NAME_OK) {
		CHECK(ours && status == LDNS_STATUS_OK);
		check_view(&name);
		check_same(&name, end, theirs, their_end);
	} else {
		CHECK(!ours || pointer_on_the_way(msg, len, start));
	}
	ldns_rdf_deep_free(theirs);
	free(msg - DLO_NAME_HEADROOM);
	free(buf);
	return 0;
}
