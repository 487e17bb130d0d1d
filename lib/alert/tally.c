/* SPDX-License-Identifier: BSD-2-Clause */
/* tally.c - how often each client asked for services that only count. */
#include "alert/tally.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/*
 * Theory of operation
 *
 * A row for each (group, client), found within PROBES places of where its key
 * hashes to. A client that finds no place is counted in its group's row of
 * other clients: sums stay right, only the names are missing.
 */

#define PROBES 8u

struct dlo_tally {
	uint64_t seed;
	uint32_t n_groups;
	bool empty; /* then nobody reads the rows: they are 128 KiB */
	uint64_t *others; /* by group */
	struct dlo_tally_count row[DLO_TALLY_ROWS];
};

int dlo_tally_new(uint32_t n_groups, uint64_t seed, struct dlo_tally **ret)
{
	struct dlo_tally *t = calloc(1, sizeof(*t));

	if (!t) {
		return -ENOMEM;
	}
	t->others = calloc(n_groups ? n_groups : 1, sizeof(*t->others));
	if (!t->others) {
		free(t);
		return -ENOMEM;
	}
	t->n_groups = n_groups;
	t->empty = true;
	t->seed = seed;
	*ret = t;
	return 0;
}

struct dlo_tally *dlo_tally_free(struct dlo_tally *t)
{
	if (t) {
		free(t->others);
		free(t);
	}
	return NULL;
}

void dlo_tally_add(struct dlo_tally *t, uint32_t group, const uint8_t *client,
	uint8_t ip_version)
{
	struct dlo_tally_count key = {.group = group, .ip_version = ip_version};
	struct dlo_tally_count *row;
	uint64_t h;

	memcpy(key.client, client, ip_version == 4 ? 4 : 16);
	h = dlo_hash(key.client, sizeof(key.client),
		t->seed ^ group ^ (uint64_t)ip_version << 32);
	t->empty = false;
	for (unsigned i = 0; i < PROBES; i++) {
		row = &t->row[(h + i) % DLO_TALLY_ROWS];
		if (!row->count) {
			*row = key;
		}
		if (row->group == group && row->ip_version == ip_version &&
			!memcmp(row->client, key.client, sizeof(key.client))) {
			row->count++;
			return;
		}
	}
	t->others[group]++;
}

void dlo_tally_each(const struct dlo_tally *t,
	void (*row)(void *ctx, const struct dlo_tally_count *count), void *ctx)
{
	for (unsigned i = 0; !t->empty && i < DLO_TALLY_ROWS; i++) {
		if (t->row[i].count) {
			row(ctx, &t->row[i]);
		}
	}
	for (uint32_t g = 0; g < t->n_groups; g++) {
		if (t->others[g]) {
			row(ctx, &(struct dlo_tally_count){
					 .group = g, .count = t->others[g]});
		}
	}
}
