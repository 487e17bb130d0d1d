/* SPDX-License-Identifier: BSD-2-Clause */
/* answers.h - what printers write of an answer that a record carries. */
#ifndef DLO_ALERT_ANSWERS_H
#define DLO_ALERT_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "alert/buf.h"
#include "alert/names.h"

/* One name of those that the record carries, in canonical form; *at begins
 * with 0. Returns its length; 0: there is none. */
size_t dlo_answers_name(const struct dlo_record *rec, size_t *at,
	uint16_t *ret_type, char buf[DLO_NAME_TEXT_MAX]);

/* An address, i < rec->n_addresses. Returns its length. */
size_t dlo_answers_address(
	const struct dlo_record *rec, unsigned i, char buf[DLO_ADDR_TEXT_MAX]);

/* Its type. */
uint16_t dlo_answers_address_type(const struct dlo_record *rec, unsigned i);

/*
 * The way to the name that matched, less the first `skip` names:
 * "x.cdn.example,t.ngrok.io", with "..." for what is left out. A comma in a
 * name is \044, so that no name looks like two.
 */
void dlo_answers_put_via(
	struct dlo_buf *b, const struct dlo_record *rec, unsigned skip);

#endif
