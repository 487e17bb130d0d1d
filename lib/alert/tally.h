/* SPDX-License-Identifier: BSD-2-Clause */
/* tally.h - how often each client asked for services that only count. */
#ifndef DLO_ALERT_TALLY_H
#define DLO_ALERT_TALLY_H

#include <stdint.h>

#define DLO_TALLY_ROWS 4096u

struct dlo_tally; /* fixed size, about 160 KiB, touched as it fills */

struct dlo_tally_count {
	uint32_t group;
	uint8_t client[16];
	uint8_t ip_version; /* 0: all clients that found no place */
	uint64_t count;
};

/* group < n_groups in all calls. -ENOMEM. */
int dlo_tally_new(uint32_t n_groups, uint64_t seed, struct dlo_tally **ret);
struct dlo_tally *dlo_tally_free(struct dlo_tally *t); /* NULL */

/* Counts one look-up. O(1), no heap. */
void dlo_tally_add(struct dlo_tally *t, uint32_t group, const uint8_t *client,
	uint8_t ip_version);

/* Calls row() for each count above 0, in no order. */
void dlo_tally_each(const struct dlo_tally *t,
	void (*row)(void *ctx, const struct dlo_tally_count *count), void *ctx);

#endif
