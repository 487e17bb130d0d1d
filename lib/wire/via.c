/* SPDX-License-Identifier: BSD-2-Clause */
/* via.c - aliases and addresses of an answer, packed into a record. */
#include "wire/via.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

#define TYPE_LEN 2

static_assert(DLO_VIA_MAX >= TYPE_LEN + DLO_NAME_MAX, "any one name fits");
static_assert((int)DLO_ADDRESSES_MAX == (int)DLO_ANSWER_ADDRESSES,
	"what is kept is carried");
static_assert(offsetof(struct dlo_record, u.name) >= DLO_NAME_HEADROOM,
	"see struct dlo_name");

void dlo_via_clear(struct dlo_record *rec)
{
	rec->via_len = 0;
	rec->n_via = 0;
	rec->n_via_total = 0;
	rec->n_addresses = 0;
	rec->address_v6 = 0;
	rec->n_addresses_total = 0;
}

/* Appends a name unless less than `keep` octets would be left behind it. */
static bool put(struct dlo_record *rec, const struct dlo_name *name,
	uint16_t type, size_t keep)
{
	size_t len = TYPE_LEN + (size_t)name->len;
	uint8_t *to = rec->u.via + rec->via_len;

	if (rec->via_len + len + keep > DLO_VIA_MAX) {
		return false;
	}
	to[0] = (uint8_t)(type >> 8);
	to[1] = (uint8_t)type;
	memcpy(to + TYPE_LEN, name->wire, name->len);
	rec->via_len = (uint16_t)(rec->via_len + len);
	rec->n_via++;
	return true;
}

void dlo_via_answer(struct dlo_record *rec, const struct dlo_answer *a)
{
	dlo_via_addresses(rec, a);
	rec->n_via_total = (uint8_t)a->n_links;
	for (unsigned i = 0; i < a->n_links; i++) {
		const struct dlo_answer_link *l = &a->link[i];

		if (!put(rec, &l->target, l->type, 0)) {
			break;
		}
	}
}

void dlo_via_path(
	struct dlo_record *rec, const struct dlo_chain *c, unsigned link)
{
	struct dlo_hop path[DLO_CHAIN_HOPS];
	unsigned n = dlo_chain_path(c, link, path), i = 0;
	const struct dlo_hop *last = &path[n - 1];
	size_t keep = TYPE_LEN + (size_t)last->name.len;

	dlo_via_addresses(rec, c->answer);
	rec->n_via_total = (uint8_t)n;
	while (i < n - 1 && put(rec, &path[i].name, path[i].type, keep)) {
		i++;
	}
	(void)put(rec, &last->name, last->type, 0);
}

void dlo_via_addresses(struct dlo_record *rec, const struct dlo_answer *a)
{
	dlo_via_clear(rec);
	rec->n_addresses = (uint8_t)a->n_addresses;
	rec->n_addresses_total = a->n_addresses_met;
	for (unsigned i = 0; i < a->n_addresses; i++) {
		const struct dlo_answer_address *from = &a->address[i];

		memset(rec->u.address[i], 0, sizeof(rec->u.address[i]));
		memcpy(rec->u.address[i], from->octets, from->len);
		if (from->len == 16) {
			rec->address_v6 |= (uint8_t)(1u << i);
		}
	}
}

bool dlo_via_next(const struct dlo_record *rec, size_t *at, struct dlo_hop *ret)
{
	size_t len = rec->via_len < DLO_VIA_MAX ? rec->via_len : DLO_VIA_MAX;
	size_t off = *at + TYPE_LEN;

	if (off >= len || dlo_name_walk(rec->u.via, len, &off, &ret->name) !=
				  DLO_NAME_OK) {
		return false;
	}
	ret->type = dlo_get16(rec->u.via + *at);
	*at = off;
	return true;
}
