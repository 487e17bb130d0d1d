/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delivery.h - records from sources to outputs: with the names of their
 * interfaces, and merged where several interfaces see the same (merge.h). The
 * loop thread's.
 */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "ifnames.h"
#include "merge.h"
#include "output.h"
#include "source.h"

struct delivery {
	struct source *sources;
	struct outputs *outputs;
	const char *hostname;
	bool all; /* -a */
	struct merge *merge; /* NULL: nothing is merged, nor held */
	struct ifnames ifnames;
};

/* Sources and outputs are open, and stay where they are. -ENOMEM. */
int delivery_open(struct delivery *ret, const struct options *o,
	struct source *sources, unsigned n_sources, struct outputs *outputs,
	const char *hostname);
void delivery_close(struct delivery *d);

/* Hands a record of a source to the outputs, now or, when alerts are merged,
 * after a little more than a second. */
void delivery_record(
	struct delivery *d, struct source *s, const struct dlo_record *rec);

/*
 * Hands out what has been held long enough; at_end: all. Returns after how many
 * ms there will be more, at least 1; 0: nothing is held.
 */
uint64_t delivery_release(struct delivery *d, bool at_end);

#endif
