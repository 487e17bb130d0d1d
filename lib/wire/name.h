/* SPDX-License-Identifier: BSD-2-Clause */
/* name.h - wire-form domain names: walk, print, parse, compare. */
#ifndef DLO_WIRE_NAME_H
#define DLO_WIRE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dnslookout.h"

#define DLO_LABELS_MAX 127
#define DLO_NAME_HEADROOM 24

/*
 * A valid, uncompressed wire name: a view into a frame or a scratch buffer.
 * Only the functions below make one; whoever gets one may trust it.
 *
 * At least DLO_NAME_HEADROOM octets before `wire` may be read (their value
 * means nothing): in a frame the DNS, UDP and IP headers lie there, scratch
 * buffers begin with a pad. This lets hash functions load whole words backwards
 * from the end of a short name. Nothing after the root octet may be read.
 */
struct dlo_name {
	const uint8_t *wire;
	uint8_t len; /* 1..255, the root octet included */
	uint8_t n_labels; /* 0..127, the root label not counted */
	uint8_t last; /* offset of the last label (the TLD); root: 0 */
	uint8_t last2; /* offset of the one before; = last when there is none */
};

/* Room for one name with the headroom that struct dlo_name asks for. */
struct dlo_name_buf {
	uint8_t pad[DLO_NAME_HEADROOM];
	uint8_t wire[DLO_NAME_MAX];
};

enum dlo_name_result {
	DLO_NAME_OK,
	DLO_NAME_CUT, /* runs past the end */
	DLO_NAME_LABEL_TYPE, /* 0x40, 0x80 */
	DLO_NAME_TOO_LONG, /* over 255 octets */
	DLO_NAME_POINTER, /* not allowed here, not backwards, or into the header
			   */
};

/*
 * Walks a name without compression that begins at *off, in place: the name of
 * a first question, where no pointer is legal since nothing but the header
 * lies before it. On success *off is the octet after the name. O(labels).
 */
enum dlo_name_result dlo_name_walk(
	const uint8_t *msg, size_t len, size_t *off, struct dlo_name *ret);

/*
 * The same with compression (RFC 1035 4.1.4), unfolded into buf: each pointer
 * must point to before the run of labels that it ends, and not into the
 * header, so that no name is followed twice; at most 126 pointers.
 */
enum dlo_name_result dlo_name_unfold(const uint8_t *msg, size_t len,
	size_t *off, struct dlo_name_buf *buf, struct dlo_name *ret);

/* Takes over octets known to be a valid wire name (a record's, a pattern's),
 * copied into buf. */
void dlo_name_copy(struct dlo_name_buf *buf, const uint8_t *wire, size_t len,
	struct dlo_name *ret);

/*
 * Prints in canonical form: ASCII lower case, no trailing dot, ldns's escapes
 * (\. \\ \( \) \; and \DDD decimal); the root as ".". buf holds at least
 * DLO_NAME_TEXT_MAX; the result is NUL-terminated. Returns its length.
 */
size_t dlo_name_print(const struct dlo_name *name, char *buf);

/*
 * Reads text with the escapes \DDD and \x into buf; a trailing dot is allowed,
 * "." is the root. Returns 0, or 1 with *reterr_at (the offending octet, from
 * 0) and *reterr_msg (static text). No IDN: see match/pattern.h.
 */
int dlo_name_parse(const char *text, size_t len, struct dlo_name_buf *buf,
	struct dlo_name *ret, size_t *reterr_at, const char **reterr_msg);

/* ASCII lower case of one octet. */
static inline uint8_t dlo_lower(uint8_t c)
{
	return (uint8_t)(c - 'A') < 26 ? (uint8_t)(c | 0x20) : c;
}

#endif
