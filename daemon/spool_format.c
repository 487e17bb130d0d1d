/* SPDX-License-Identifier: BSD-2-Clause */
/* spool_format.c - how a spool looks on disk: octets in, records out. */
#include "spool_format.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const uint8_t spool_magic[SPOOL_MAGIC_LEN] = "dlo spool v1\n\0\0";
static const uint8_t state_magic[SPOOL_MAGIC_LEN] = "dlo state v1\n\0\0";

static const uint8_t marker[4] = {0xd1, 0x05, 0x90, 0x01};

/* How often, on average, an octet may be looked at: files are not always ours,
 * and markers with great lengths may be everywhere. */
#define TRIES 16u

/* ---- numbers ------------------------------------------------------------- */

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* RFC 3720, B.4; four bits at a time. */
uint32_t spool_crc32c(uint32_t before, const void *data, size_t len)
{
	static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede,
		0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4,
		0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
	const uint8_t *p = data;
	uint32_t crc = ~before;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* ---- names --------------------------------------------------------------- */

void spool_put_name(char name[SPOOL_NAME_MAX], uint64_t number)
{
	snprintf(name, SPOOL_NAME_MAX, "%016" PRIx64 ".spool", number);
}

bool spool_get_name(const char *name, uint64_t *ret_number)
{
	char same[SPOOL_NAME_MAX];
	uint64_t number = 0;

	if (strlen(name) != 16 + strlen(".spool") ||
		strspn(name, "0123456789abcdef") != 16) {
		return false;
	}
	for (unsigned i = 0; i < 16; i++) {
		number = number << 4 |
			 (unsigned)(name[i] <= '9' ? name[i] - '0'
						   : name[i] - 'a' + 10);
	}
	spool_put_name(same, number);
	*ret_number = number;
	return strcmp(name, same) == 0 && number <= SPOOL_NUMBER_MAX;
}

/* ---- records ------------------------------------------------------------- */

static uint32_t record_crc(
	const uint8_t *header, const void *message, size_t len)
{
	return spool_crc32c(spool_crc32c(0, header + 4, 8), message, len);
}

void spool_put_header(uint8_t header[SPOOL_HEADER], const void *message,
	size_t len, uint32_t alerts)
{
	memcpy(header, marker, sizeof(marker));
	put32(header + 4, (uint32_t)len);
	put32(header + 8, alerts);
	put32(header + 12, record_crc(header, message, len));
}

/* Whether a whole record begins at the cursor. */
static bool is_record(struct spool_cursor *c, struct spool_record *ret)
{
	const uint8_t *p = c->data + c->at;
	size_t left = c->len - c->at;

	if (left <= SPOOL_HEADER || memcmp(p, marker, sizeof(marker)) != 0) {
		return false;
	}
	*ret = (struct spool_record){.message = p + SPOOL_HEADER,
		.len = get32(p + 4),
		.alerts = get32(p + 8)};
	if (ret->len == 0 || ret->len > SPOOL_MESSAGE_MAX ||
		ret->len > left - SPOOL_HEADER) {
		return false;
	}
	if (record_crc(p, ret->message, ret->len) == get32(p + 12)) {
		return true;
	}
	c->tried += ret->len;
	return false;
}

/* To the next marker, or to the end. */
static void skip(struct spool_cursor *c)
{
	const uint8_t *p = NULL;
	size_t left = c->len - c->at;

	if (left > 1 && c->tried <= TRIES * (uint64_t)c->len) {
		p = memmem(
			c->data + c->at + 1, left - 1, marker, sizeof(marker));
	}
	left = p ? (size_t)(p - c->data) - c->at : left;
	c->skipped += left;
	c->at += left;
}

bool spool_next(struct spool_cursor *c, struct spool_record *ret)
{
	while (c->at < c->len) {
		if (is_record(c, ret)) {
			c->at += SPOOL_HEADER + ret->len;
			return true;
		}
		skip(c);
	}
	return false;
}

/* ---- the state ----------------------------------------------------------- */

/* The last second of 9999: what is later has no form (ISO 8601), and a year
 * may be no int. */
#define TIME_LAST UINT64_C(253402300799)

void spool_put_state(
	uint8_t p[SPOOL_STATE_LEN], const struct spool_state *state)
{
	memcpy(p, state_magic, sizeof(state_magic));
	put64(p + 16, state->segment);
	put64(p + 24, state->offset);
	put64(p + 32, state->n_lost);
	put64(p + 40, state->lost_since);
	put32(p + 48, spool_crc32c(0, p, 48));
}

bool spool_get_state(const uint8_t *p, size_t len, struct spool_state *ret)
{
	struct spool_state state;

	if (len != SPOOL_STATE_LEN ||
		memcmp(p, state_magic, sizeof(state_magic)) != 0 ||
		get32(p + 48) != spool_crc32c(0, p, 48)) {
		return false;
	}
	state = (struct spool_state){.segment = get64(p + 16),
		.offset = get64(p + 24),
		.n_lost = get64(p + 32),
		.lost_since = get64(p + 40)};
	if (state.segment >= SPOOL_NUMBER_MAX || state.lost_since > TIME_LAST) {
		return false;
	}
	*ret = state;
	return true;
}
