/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.h - patterns packed into bytes, and the hits found among them.
 *
 * Every index of the matcher ends in lists of records: candidates, which are
 * settled here exactly. A list lies in one piece; its last record says so.
 */
#ifndef DLO_MATCH_RECORD_H
#define DLO_MATCH_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/pattern.h"

/* A packed pattern: id (4 octets), kind, last and length (2), then the wire
 * name or the glob's symbols. */
#define DLO_RECORD_HEAD 6u
#define DLO_RECORD_MAX (DLO_RECORD_HEAD + DLO_GLOB_MAX)

/* A record taken apart; `at` points into it. */
struct dlo_packed {
	uint32_t id;
	enum dlo_pattern_kind kind;
	bool last;
	uint16_t len;
	const uint8_t *at;
};

/* Packs into at least DLO_RECORD_MAX octets. Returns how many it took. */
size_t dlo_record_pack(uint8_t *to, const struct dlo_pattern *p, uint32_t id);
struct dlo_packed dlo_record_read(const uint8_t *rec);
static inline size_t dlo_record_size(const struct dlo_packed *r)
{
	return DLO_RECORD_HEAD + r->len;
}
/* Copies one record. Returns its size. */
size_t dlo_record_copy(uint8_t *to, const uint8_t *rec);
/* Marks a record as the last of its list. */
void dlo_record_end(uint8_t *rec);

/*
 * The literal octets that a pattern ends with, as they lie on the wire before
 * the root octet. The label lengths in them are known, because what is literal
 * up to the end of the name is whole. As before a name, DLO_NAME_HEADROOM
 * octets before them may be read.
 */
struct dlo_tail {
	const uint8_t *end; /* one past the last: in the record, or in buf */
	uint8_t len;
	uint8_t whole; /* of these octets, those of whole labels */
	uint8_t n_whole; /* these labels */
	uint8_t buf[DLO_NAME_HEADROOM + DLO_NAME_MAX];
};
/* The record has DLO_NAME_HEADROOM octets before it. */
void dlo_record_tail(const struct dlo_packed *r, struct dlo_tail *ret);

/* What was found for one name so far: the least ids, ascending. */
struct dlo_hits {
	const struct dlo_name *name;
	uint32_t *ids;
	size_t cap, n; /* n may exceed cap */
	bool flat_made;
	struct dlo_flat flat;
};

/* Settles each record of a list. A list may be given once for a name only. */
void dlo_hits_check(struct dlo_hits *h, const uint8_t *list);

#endif
