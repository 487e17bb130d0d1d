/* SPDX-License-Identifier: BSD-2-Clause */
/* pair.c - whether the query of a response was seen. */
#include "wire/pair.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/fold.h"

/*
 * Theory of operation
 *
 * A query is remembered as a 64-bit keyed hash and a time, in sets of 8 that
 * are kept in the order of the last refreshing: so the last of a full set is
 * the one to go, also when packet time jumped back.
 *
 * The hash is identity enough. A response is compared with 8 entries of a set
 * that 10 bits chose, so a strange one passes for seen once in 2^51; then an
 * alert on a response is missing, whose query was not seen either. Nobody can
 * aim at it without the seed.
 */

#define WAYS 8u
#define SETS (DLO_PAIR_ENTRIES / WAYS)

static_assert((SETS & (SETS - 1)) == 0, "a set is chosen by a mask");

struct entry {
	uint64_t hash; /* 0: free; such ones are last in their set */
	uint64_t ts_ns;
};

struct dlo_pair {
	uint64_t seed;
	struct entry entry[DLO_PAIR_ENTRIES];
};

int dlo_pair_new(uint64_t seed, struct dlo_pair **ret)
{
	struct dlo_pair *p = calloc(1, sizeof(*p));

	if (!p) {
		return -ENOMEM;
	}
	p->seed = seed;
	*ret = p;
	return 0;
}

struct dlo_pair *dlo_pair_free(struct dlo_pair *p)
{
	free(p);
	return NULL;
}

static uint64_t identity(
	const struct dlo_pair *p, const struct dlo_pair_key *key)
{
	const struct dlo_question *q = key->question;
	size_t n = key->ip_version == 4 ? 4 : 16;
	uint64_t part[7] = {
		(uint64_t)key->client_port << 48 |
			(uint64_t)key->server_port << 32 | key->context,
		(uint64_t)key->id << 48 | (uint64_t)q->type << 32 |
			(uint64_t)q->cls << 16 |
			(uint64_t)key->ip_version << 8 | key->transport,
	};
	uint64_t h;

	memcpy(&part[2], key->client, n);
	memcpy(&part[4], key->server, n);
	part[6] = dlo_fold_hash(&q->name, p->seed);
	h = dlo_hash(part, sizeof(part), p->seed);
	return h ? h : 1;
}

/* The entry of that hash, or the last one of its set, which is to go. */
static struct entry *place_of(struct entry *set, uint64_t hash)
{
	struct entry *e = set;

	while (e->hash != hash && e < set + WAYS - 1) {
		e++;
	}
	return e;
}

void dlo_pair_query(
	struct dlo_pair *p, const struct dlo_pair_key *key, uint64_t ts_ns)
{
	uint64_t hash = identity(p, key);
	struct entry *set = p->entry + (hash & (SETS - 1)) * WAYS;
	struct entry *e = place_of(set, hash);

	memmove(set + 1, set, (size_t)(e - set) * sizeof(*set));
	*set = (struct entry){.hash = hash, .ts_ns = ts_ns};
}

bool dlo_pair_response(const struct dlo_pair *p, const struct dlo_pair_key *key,
	uint64_t ts_ns)
{
	uint64_t hash = identity(p, key);
	const struct entry *e = p->entry + (hash & (SETS - 1)) * WAYS;

	for (unsigned i = 0; i < WAYS; i++, e++) {
		if (e->hash == hash) {
			return ts_ns >= e->ts_ns &&
			       ts_ns - e->ts_ns <= DLO_PAIR_VALID_NS;
		}
	}
	return false;
}

void dlo_pair_restart(struct dlo_pair *p)
{
	memset(p->entry, 0, sizeof(p->entry));
}
