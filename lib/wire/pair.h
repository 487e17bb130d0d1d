/* SPDX-License-Identifier: BSD-2-Clause */
/* pair.h - whether the query of a response was seen. */
#ifndef DLO_WIRE_PAIR_H
#define DLO_WIRE_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

#define DLO_PAIR_ENTRIES 8192u
#define DLO_PAIR_VALID_NS 120000000000u /* of packet time */

struct dlo_pair; /* fixed size, touched as it fills */

/* What a query and its response have in common. */
struct dlo_pair_key {
	const uint8_t *client, *server; /* 4 or 16 octets */
	uint16_t client_port, server_port;
	uint16_t id; /* of the message */
	uint8_t ip_version; /* 4, 6 */
	uint8_t transport; /* enum dlo_transport */
	uint32_t context; /* whatever else tells flows apart: VLAN, tunnel */
	const struct dlo_question *question;
};

/* The seed is for the keyed hash. -ENOMEM. */
int dlo_pair_new(uint64_t seed, struct dlo_pair **ret);
struct dlo_pair *dlo_pair_free(struct dlo_pair *p); /* NULL */

/*
 * Remembers a query; the same one again counts from now. Only queries that
 * raised something belong here: others would push them out. A full place loses
 * the query that was put or refreshed longest ago. O(name), no heap.
 */
void dlo_pair_query(
	struct dlo_pair *p, const struct dlo_pair_key *key, uint64_t ts_ns);

/*
 * Whether the query of a response was remembered at most DLO_PAIR_VALID_NS
 * before it, and not after it. It stays remembered: responses are repeated
 * too. A response that overtook its query is unseen. O(name), no heap.
 */
bool dlo_pair_response(const struct dlo_pair *p, const struct dlo_pair_key *key,
	uint64_t ts_ns);

/* Forgets everything. */
void dlo_pair_restart(struct dlo_pair *p);

#endif
