/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image.h - arrays of numbers as one file, which may lie anywhere in memory.
 *
 * Theory of operation
 * -------------------
 * head | table, one entry a section | sections
 *
 * A section is an array, without pointers, in the machine's own byte order and
 * at a multiple of DLO_IMAGE_ALIGN octets: what is in memory is written as it
 * stands, and used as it was read. Which section is what, its reader knows.
 *
 * The checksum finds what a disk or a transfer has done. It is no seal: who can
 * write the file can make it right, so the numbers in it prove nothing, and all
 * that is followed has to be checked by whoever follows it.
 */
#ifndef DLO_BASE_IMAGE_H
#define DLO_BASE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "dnslookout.h"

#define DLO_IMAGE_ALIGN 64u
#define DLO_IMAGE_SECTIONS_MAX 32u

/* To be raised by whoever changes what a section holds or means: also how keys
 * are hashed. */
#define DLO_IMAGE_VERSION 2u

struct dlo_section {
	const void *at;
	uint64_t n; /* elements */
	uint32_t size; /* octets of one */
};

/* Whether data[0..len) begins as such a file does. */
bool dlo_image_is(const void *data, size_t len);

/* What is written before the sections. */
struct dlo_image_head {
	_Alignas(uint64_t)
		uint8_t at[DLO_IMAGE_ALIGN + DLO_IMAGE_SECTIONS_MAX * 32u];
	size_t len;
};

#define DLO_IMAGE_PIECES_MAX (1 + 2 * DLO_IMAGE_SECTIONS_MAX)

/*
 * Makes the head of sections, and lists the pieces of the file, which point
 * into both. Returns how many. O(octets).
 */
size_t dlo_image_write(const struct dlo_section *section, size_t n,
	struct dlo_image_head *head,
	struct dlo_piece ret[DLO_IMAGE_PIECES_MAX]);

/*
 * Finds the sections of data[0..len), `data` being aligned as a section is. The
 * sizes of their elements are given and must be those of the file. Returns 0; 1
 * with what is wrong in reterr_diag->msg. O(len).
 */
int dlo_image_read(const void *data, size_t len, struct dlo_section *section,
	size_t n, struct dlo_diag *reterr_diag);

/* The checksum that a file, of a head at least, should have, and where in the
 * head it stands. O(len). */
#define DLO_IMAGE_SUM_AT 24u
uint64_t dlo_image_sum(const void *data, size_t len);

/* ---- arrays and numbers of a struct ------------------------------------- */

/* An array: where the struct has the pointer, and the uint32_t that counts its
 * elements. */
struct dlo_part {
	uint32_t at, n_at, size;
};
#define DLO_PART_OF(type, array, n, size) \
	{ \
		offsetof(type, array), offsetof(type, n), (uint32_t)(size) \
	}
#define DLO_PART(type, array, n) \
	DLO_PART_OF(type, array, n, sizeof(*((type *)0)->array))

/* The sections of a struct's arrays; without `from` their sizes alone. */
void dlo_parts_get(const struct dlo_part *part, size_t n, const void *from,
	struct dlo_section *ret);
/* Sets pointers and counts. False: an array is too long. */
bool dlo_parts_set(const struct dlo_part *part, size_t n,
	const struct dlo_section *section, void *to);

/* A number, or an array of them, that is a member of the struct itself. Any
 * octets must be a value of it: no bool. */
struct dlo_number {
	uint32_t at, size;
};
#define DLO_NUMBER(type, member) \
	{ \
		offsetof(type, member), (uint32_t)sizeof(((type *)0)->member) \
	}

/* Copies them, one behind the other. Returns the octets; `to` may be NULL, to
 * know just that. */
size_t dlo_numbers_get(const struct dlo_number *number, size_t n,
	const void *from, uint8_t *to);
void dlo_numbers_set(const struct dlo_number *number, size_t n,
	const uint8_t *from, void *to);

#endif
