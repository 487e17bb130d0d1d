/* SPDX-License-Identifier: BSD-2-Clause */
/* record.c - patterns packed into bytes, and the hits found among them. */
#include "match/record.h"

#include <string.h>

/* The second word of a record. */
#define LEN_MASK 0x03ffu
#define KIND_SHIFT 10
#define LAST 0x8000u

size_t dlo_record_pack(uint8_t *to, const struct dlo_pattern *p, uint32_t id)
{
	bool glob = p->kind == DLO_PATTERN_GLOB;
	uint16_t len = glob ? p->n_glob : p->wire_len;
	uint16_t word = (uint16_t)(len | (unsigned)p->kind << KIND_SHIFT);

	memcpy(to, &id, sizeof(id));
	memcpy(to + sizeof(id), &word, sizeof(word));
	memcpy(to + DLO_RECORD_HEAD, glob ? p->glob : p->wire, len);
	return DLO_RECORD_HEAD + len;
}

struct dlo_packed dlo_record_read(const uint8_t *rec)
{
	struct dlo_packed r;
	uint16_t word;

	memcpy(&r.id, rec, sizeof(r.id));
	memcpy(&word, rec + sizeof(r.id), sizeof(word));
	r.len = word & LEN_MASK;
	r.kind = (enum dlo_pattern_kind)(word >> KIND_SHIFT & 3);
	r.last = (word & LAST) != 0;
	r.at = rec + DLO_RECORD_HEAD;
	return r;
}

size_t dlo_record_copy(uint8_t *to, const uint8_t *rec)
{
	struct dlo_packed r = dlo_record_read(rec);

	memcpy(to, rec, dlo_record_size(&r));
	return dlo_record_size(&r);
}

void dlo_record_end(uint8_t *rec)
{
	uint16_t word;

	memcpy(&word, rec + sizeof(uint32_t), sizeof(word));
	word |= LAST;
	memcpy(rec + sizeof(uint32_t), &word, sizeof(word));
}

static void tail_of_wire(const struct dlo_packed *r, struct dlo_tail *ret)
{
	ret->end = r->at + r->len - 1;
	ret->len = ret->whole = (uint8_t)(r->len - 1);
	ret->n_whole = 0;
	for (size_t i = 0; r->at[i] != 0; i += r->at[i] + 1u) {
		ret->n_whole++;
	}
}

static void tail_of_glob(const struct dlo_packed *r, struct dlo_tail *ret)
{
	uint8_t *to = ret->buf + sizeof(ret->buf), label = 0;
	size_t i = r->len;

	ret->end = to;
	ret->whole = ret->n_whole = 0;
	for (; i > 0; i--) {
		uint8_t c = r->at[i - 1];

		if (c == DLO_GLOB_RUN || c == DLO_GLOB_ONE) {
			break;
		}
		if (c == DLO_GLOB_BOUNDARY) {
			c = label;
			label = 0;
			ret->whole = (uint8_t)(r->len - i + 1);
			ret->n_whole++;
		} else {
			label++;
		}
		*--to = c;
	}
	ret->len = (uint8_t)(r->len - i);
	memset(to - DLO_NAME_HEADROOM, 0, DLO_NAME_HEADROOM);
}

void dlo_record_tail(const struct dlo_packed *r, struct dlo_tail *ret)
{
	if (r->kind == DLO_PATTERN_GLOB) {
		tail_of_glob(r, ret);
	} else {
		tail_of_wire(r, ret);
	}
}

/* Keeps the least `cap` ids, sorted; they mostly come in ascending order. */
static void add(struct dlo_hits *h, uint32_t id)
{
	size_t kept = h->n < h->cap ? h->n : h->cap, i = kept;

	h->n++;
	if (kept == h->cap) {
		if (id > h->ids[kept - 1]) {
			return;
		}
		i--;
	}
	for (; i > 0 && h->ids[i - 1] > id; i--) {
		h->ids[i] = h->ids[i - 1];
	}
	h->ids[i] = id;
}

static bool settle(struct dlo_hits *h, const struct dlo_packed *r)
{
	if (r->kind != DLO_PATTERN_GLOB) {
		return dlo_pattern_matches_wire(
			r->kind, r->at, r->len, h->name);
	}
	if (!h->flat_made) {
		dlo_flatten(h->name, &h->flat);
		h->flat_made = true;
	}
	return dlo_pattern_matches_flat(r->at, r->len, &h->flat);
}

void dlo_hits_check(struct dlo_hits *h, const uint8_t *list)
{
	struct dlo_packed r;

	do {
		r = dlo_record_read(list);
		if (settle(h, &r)) {
			add(h, r.id);
		}
		list += dlo_record_size(&r);
	} while (!r.last);
}
