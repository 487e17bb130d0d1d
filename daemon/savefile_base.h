/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * savefile_base.h - what the formats of savefile.c share; others see of it the
 * verdicts and limits alone.
 */
#ifndef SAVEFILE_BASE_H
#define SAVEFILE_BASE_H

#include <byteswap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dnslookout.h"
#include "input.h"

#define SAVEFILE_CAPLEN_MAX 262144u /* octets of a frame: libpcap's limit */
#define SAVEFILE_PADDING 64u /* octets behind a frame that may be read */

/* What savefile_read() returns when it returns no frames. */
enum savefile_verdict {
	SAVEFILE_END = 0, /* for now: see savefile_cut() */
	SAVEFILE_BEGIN = -1, /* once: savefile_head() is known */
	SAVEFILE_FOREIGN = -2, /* another format: see savefile_octets() */
	SAVEFILE_ERROR = -3, /* savefile_error() says what; for good */
	SAVEFILE_STOPPED = -4, /* *stop is set */
};

#define SAVEFILE_OPTIONS_MAX 131072u /* of a block kept whole: libpcap's */
#define SAVEFILE_RECORD_MAX (SAVEFILE_CAPLEN_MAX + SAVEFILE_OPTIONS_MAX + 64u)

struct savefile_interface {
	int link_type;
	uint32_t snaplen; /* 0: no limit */
	uint32_t unit_ns; /* of a time stamp; 0: no whole number of them */
	uint64_t per_s; /* time stamp units a second */
	uint64_t offset_ns; /* modulo 2^64: may be negative */
};

struct savefile {
	struct input in;
	int (*take)(struct savefile *s, struct dlo_frame *v, unsigned max);
	const uint8_t *at, *end; /* of what is not taken yet */
	uint64_t offset; /* of buf[0] in the (unpacked) file */
	uint64_t packet; /* frames so far */
	bool is_capture; /* it begins like one */
	bool begun; /* link_type is known */
	int link_type; /* classic: of all frames; pcapng: the first */
	unsigned snaplen;
	/* classic */
	uint32_t head; /* octets of a record header */
	uint32_t frac_ns; /* of the unit of its second word */
	/* pcapng */
	bool swapped; /* the section is in the other byte order */
	uint64_t skip; /* octets of the block that nobody wants */
	uint32_t trailer; /* total length that must follow; 0: none */
	struct savefile_interface *interface;
	unsigned n_interfaces, interface_cap;
	uint64_t last_ns; /* for frames without a time */
	bool failed;
	char error[256];
	uint8_t *buf;
};

/* Says what is damaged, at the record under way. SAVEFILE_ERROR. */
__attribute__((format(printf, 2, 3))) int savefile_damaged(
	struct savefile *s, const char *format, ...);

/* The first link type is known. SAVEFILE_BEGIN. */
int savefile_begin(struct savefile *s, int link_type, uint32_t snaplen);

/* The DLT_ value of a LINKTYPE_ value: what files hold. */
int savefile_link_type(uint32_t network);

static inline size_t left(const struct savefile *s)
{
	return (size_t)(s->end - s->at);
}

static inline uint16_t u16(const uint8_t *p, bool swapped)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? bswap_16(v) : v;
}

static inline uint32_t u32(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? bswap_32(v) : v;
}

#endif
