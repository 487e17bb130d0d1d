/* SPDX-License-Identifier: BSD-2-Clause */
/* defrag.h - IP packets from their fragments: RFC 791, 3.2; RFC 8200, 4.5. */
#ifndef DLO_WIRE_DEFRAG_H
#define DLO_WIRE_DEFRAG_H

#include <stdint.h>

#include "base/stats.h"
#include "wire/decap.h"

#define DLO_DEFRAG_PACKETS 1024u /* under way, or remembered */
#define DLO_DEFRAG_TIMEOUT_NS 30000000000u /* RFC 1122, 3.3.2 has 60 s */
/* For so long a packet's later copies are known as such. */
#define DLO_DEFRAG_AGAIN_NS 1000000000u

struct dlo_defrag; /* fixed size, 2.7 MiB, touched as it fills */

/* The payload of a packet, or what is there of its beginning. */
struct dlo_packet {
	struct dlo_dgram dgram; /* addresses and context; no ports */
	uint8_t protocol; /* what the payload begins with */
	/* In the scratch buffer: until the next fragment is taken. Of a packet
	 * that was given up in another one, that is: until it returns. */
	const uint8_t *data;
	uint32_t len;
	uint32_t missing; /* at its end; perhaps too many */
	uint64_t ts_ns, packet; /* of the last fragment; given up: the first */
};

struct dlo_defrag_config {
	uint64_t seed;
	struct dlo_stats *stats;
	/* A packet that never became whole, of which the beginning is there.
	 * Must not take fragments. */
	void (*give_up)(void *ctx, const struct dlo_packet *packet);
	void *ctx;
};

/* -ENOMEM. */
int dlo_defrag_new(
	const struct dlo_defrag_config *cfg, struct dlo_defrag **ret);
struct dlo_defrag *dlo_defrag_free(struct dlo_defrag *g); /* NULL */

/*
 * Takes a fragment, whose payload may lie in the scratch buffer. Returns 0 with
 * *ret when it completes its packet, or a reason: FRAGMENT_HELD, FULL, BAD,
 * AGAIN. Of octets that come twice the first stay. O(len).
 */
enum dlo_stat dlo_defrag_take(struct dlo_defrag *g,
	const struct dlo_dgram *dgram, const struct dlo_fragment *fragment,
	uint64_t ts_ns, uint64_t packet, struct dlo_packet *ret);

/* Gives up what began too long before now_ns; UINT64_MAX: everything. */
void dlo_defrag_expire(struct dlo_defrag *g, uint64_t now_ns);

void dlo_defrag_restart(struct dlo_defrag *g); /* forgets everything */

#endif
