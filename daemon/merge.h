/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge.h - one alert of a look-up that several interfaces saw.
 *
 * A gateway sees a query come in on one interface and go out on another; a tap
 * has one for each direction. All messages with alerts are held for a little
 * more than a second; alerts about the same look-up (client, server, id,
 * question) and the same (rule, service), seen on other interfaces within a
 * second, become one with the first.
 */
#ifndef MERGE_H
#define MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dnslookout.h"

#define MERGE_WITHIN_NS UINT64_C(1000000000) /* packets' time */
#define MERGE_HOLD_NS UINT64_C(1250000000) /* and what it takes to get here */
#define MERGE_SLOTS 2048u /* records of a source; a power of two */
#define MERGE_SEEN_MAX 16u /* interfaces of one alert */

/* One interface: of `any`, one of those behind it. */
struct merge_place {
	unsigned source;
	uint32_t ifindex; /* dlo_meta.ifindex */
};

/*
 * Takes what leaves, in the order of packet time: whole messages, and closing
 * lines. place[0] is where the record comes from, n > 1 and rec->count what
 * was merged.
 */
typedef void merge_emit_fn(void *ctx, const struct dlo_record *rec,
	const struct merge_place *place, unsigned n);

struct merge;

/* Makes one with all its memory: 2 MiB a source, touched as it fills. -ENOMEM.
 */
int merge_new(
	unsigned n_sources, merge_emit_fn *emit, void *ctx, struct merge **ret);
struct merge *merge_free(struct merge *m); /* NULL; what is held is lost */

/* What a source sees is of the same interface as what another does. Before
 * there are records. */
void merge_join(struct merge *m, unsigned source, unsigned other);

/*
 * Takes the next record of a source; a message's follow each other. When there
 * is no room, the oldest messages leave early. now_ns:
 * clock_steady_ns(), clock_ns: clock_wall_ns().
 */
void merge_add(struct merge *m, unsigned source, const struct dlo_record *rec,
	uint64_t now_ns, uint64_t clock_ns);

/*
 * Lets go of what has been held long enough at now_ns; UINT64_MAX: of all, at
 * the end, and before a rule set that records name is freed. Returns when
 * there will be more to let go of; UINT64_MAX: nothing is held.
 */
uint64_t merge_release(struct merge *m, uint64_t now_ns);

/* Messages that left early so far. */
uint64_t merge_n_early(const struct merge *m);

#endif
