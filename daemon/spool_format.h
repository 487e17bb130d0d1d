/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spool_format.h - how a spool looks on disk: octets in, records out.
 *
 * A segment is a file "<number>.spool", the number of 16 hexadecimal digits:
 * a magic of 16 octets, then records, each of which is a marker, the message's
 * length, how many alerts are in it, CRC-32C of these two and the message (all
 * of four octets, the least significant first), and the message. `state` says
 * up to where messages were delivered, and what was lost behind the last.
 *
 * All of it may be damaged, or anybody's.
 */
#ifndef SPOOL_FORMAT_H
#define SPOOL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_MAGIC_LEN 16u
extern const uint8_t spool_magic[SPOOL_MAGIC_LEN];

#define SPOOL_SEGMENT_MAX \
	((size_t)1 << 20) /* octets that are read of a file \
			   */
#define SPOOL_HEADER 16u /* before each message */
#define SPOOL_MESSAGE_MAX 65536u

/* A number that a name can have; the next can be made of each. */
#define SPOOL_NUMBER_MAX (UINT64_MAX >> 1)

#define SPOOL_NAME_MAX 32u
void spool_put_name(char name[SPOOL_NAME_MAX], uint64_t number);

/* Whether a file name is a segment's. */
bool spool_get_name(const char *name, uint64_t *ret_number);

uint32_t spool_crc32c(uint32_t before, const void *data, size_t len);

/* The header for a message of 1 to SPOOL_MESSAGE_MAX octets. */
void spool_put_header(uint8_t header[SPOOL_HEADER], const void *message,
	size_t len, uint32_t alerts);

struct spool_record {
	const uint8_t *message;
	uint32_t len, alerts;
};

/* Reads records that are in memory, from `at` on; more may come behind. */
struct spool_cursor {
	const uint8_t *data;
	size_t len, at;
	uint64_t skipped; /* octets that belong to no whole record */
	uint64_t tried; /* octets that were looked at in vain */
};

/*
 * The next whole record; damage before it is skipped. False: there is none, all
 * is behind the cursor. Looks at no more than a bounded multiple of the
 * octets, whatever they are.
 */
bool spool_next(struct spool_cursor *c, struct spool_record *ret);

struct spool_state {
	uint64_t segment, offset; /* from there on it is to be delivered */
	uint64_t n_lost, lost_since; /* alerts behind the last; time(2) */
};
#define SPOOL_STATE_LEN 52u
void spool_put_state(
	uint8_t p[SPOOL_STATE_LEN], const struct spool_state *state);

/* False: these are no state. */
bool spool_get_state(const uint8_t *p, size_t len, struct spool_state *ret);

#endif
