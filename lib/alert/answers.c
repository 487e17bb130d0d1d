/* SPDX-License-Identifier: BSD-2-Clause */
/* answers.c - what printers write of an answer that a record carries. */
#include "alert/answers.h"

#include "wire/answer.h"
#include "wire/via.h"

size_t dlo_answers_name(const struct dlo_record *rec, size_t *at,
	uint16_t *ret_type, char buf[DLO_NAME_TEXT_MAX])
{
	struct dlo_hop hop;

	buf[0] = '\0';
	if (!dlo_via_next(rec, at, &hop)) {
		return 0;
	}
	*ret_type = hop.type;
	return dlo_name_print(&hop.name, buf);
}

static bool is_v6(const struct dlo_record *rec, unsigned i)
{
	return rec->address_v6 >> i & 1;
}

size_t dlo_answers_address(
	const struct dlo_record *rec, unsigned i, char buf[DLO_ADDR_TEXT_MAX])
{
	return dlo_addr_print(rec->u.address[i], is_v6(rec, i) ? 6 : 4, buf);
}

uint16_t dlo_answers_address_type(const struct dlo_record *rec, unsigned i)
{
	return is_v6(rec, i) ? DLO_RR_AAAA : DLO_RR_A;
}

static void put_name(struct dlo_buf *b, const char *name)
{
	for (; *name; name++) {
		if (*name == ',') {
			dlo_puts(b, "\\044");
		} else {
			dlo_putc(b, *name);
		}
	}
}

void dlo_answers_put_via(
	struct dlo_buf *b, const struct dlo_record *rec, unsigned skip)
{
	char name[DLO_NAME_TEXT_MAX];
	size_t at = 0;
	uint16_t type;

	for (unsigned i = 0; dlo_answers_name(rec, &at, &type, name) > 0; i++) {
		bool last = i + 1u == rec->n_via;

		if (i < skip) {
			continue;
		}
		dlo_puts(b, i > skip ? "," : "");
		if ((i == skip && skip > 0) ||
			(last && dlo_via_truncated(rec))) {
			dlo_puts(b, "...,");
		}
		put_name(b, name);
	}
}
