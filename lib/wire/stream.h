/* SPDX-License-Identifier: BSD-2-Clause */
/* stream.h - DNS messages from TCP segments: RFC 1035, 4.2.2; RFC 7766. */
#ifndef DLO_WIRE_STREAM_H
#define DLO_WIRE_STREAM_H

#include <stdint.h>

#include "base/stats.h"
#include "wire/decap.h"
#include "wire/message.h"

#define DLO_STREAM_FLOWS 4096u /* directions of connections */
#define DLO_STREAM_TIMEOUT_NS 30000000000u /* without a new octet */
/* What the receiver has and we have not, for so long, was not captured. */
#define DLO_STREAM_ACKED_NS 100000000u
/* Octets that may be ahead of, or behind, what is known of a flow. */
#define DLO_STREAM_WINDOW (1 << 18)

struct dlo_stream; /* fixed size, 3.8 MiB, touched as it fills */

struct dlo_stream_config {
	uint64_t seed;
	struct dlo_stats *stats;
	/* Must not take segments. */
	void (*deliver)(void *ctx, const struct dlo_delivery *d);
	void *ctx;
};

/* -ENOMEM. */
int dlo_stream_new(
	const struct dlo_stream_config *cfg, struct dlo_stream **ret);
struct dlo_stream *dlo_stream_free(struct dlo_stream *s); /* NULL */

/*
 * Takes a segment, whose octets may come in any order and more than once, and
 * delivers each message that became whole, with this frame's time and number;
 * and, with the numbers of their own frames, what is now known never to become
 * whole, as far as its first question is. Messages are delivered from the frame
 * itself where they lie whole in it. Returns 0 when this segment made a message
 * whole, or a reason: TCP_EMPTY, HELD, FULL, AGAIN, LOST. O(len).
 */
enum dlo_stat dlo_stream_take(struct dlo_stream *s,
	const struct dlo_dgram *dgram, const struct dlo_tcp *tcp,
	uint64_t ts_ns, uint64_t packet);

/* Gives up what waited too long at now_ns; UINT64_MAX: everything. */
void dlo_stream_expire(struct dlo_stream *s, uint64_t now_ns);

void dlo_stream_restart(struct dlo_stream *s); /* forgets everything */

#endif
