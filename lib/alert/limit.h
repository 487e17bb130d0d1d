/* SPDX-License-Identifier: BSD-2-Clause */
/* limit.h - at most so many alerts; the rest counted into a closing line. */
#ifndef DLO_ALERT_LIMIT_H
#define DLO_ALERT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "dnslookout.h"

#define DLO_LIMIT_WINDOWS 4096u
/* Above this a minute for one (rule, service) of all clients together, alerts
 * are only counted. */
#define DLO_LIMIT_FLOOD 100u

/* Fixed size, about 700 KiB, touched as it fills. Several threads may use one:
 * each call takes a lock, and calls close() without it. */
struct dlo_limit;

/* What a closed window held back. */
struct dlo_limit_closing {
	uint32_t group;
	uint8_t client[16];
	uint8_t ip_version; /* 0: all clients together */
	uint8_t level; /* highest of the alerts held back */
	uint8_t n_matches;
	uint32_t match[DLO_MATCHES_MAX]; /* of the first with that level */
	uint64_t count; /* alerts held back, at least 1 */
	uint64_t first_ns, last_ns; /* of them */
	uint64_t closed_ns;
};

/* One alert that asks to pass. */
struct dlo_limit_alert {
	uint32_t group;
	const uint8_t *client; /* 4 or 16 octets */
	uint8_t ip_version;
	uint8_t level;
	const uint32_t *match;
	uint32_t n_matches;
	uint64_t ts_ns;
};

/* Who is told of the closed windows that held something back. */
struct dlo_limit_out {
	void (*close)(void *ctx, const struct dlo_limit_closing *closing);
	void *ctx;
};

/*
 * At most n alerts for a (group, client) in a window of `seconds` that begins
 * with the first. n_groups: group < n_groups. -ENOMEM.
 */
int dlo_limit_new(unsigned n, unsigned seconds, uint32_t n_groups,
	uint64_t seed, struct dlo_limit **ret);

/* One more owner, who frees it too: the last one does. */
struct dlo_limit *dlo_limit_share(struct dlo_limit *l);
struct dlo_limit *dlo_limit_free(struct dlo_limit *l); /* NULL */

/* One more, or one less, who asks; with the last one all windows close. */
void dlo_limit_enter(struct dlo_limit *l);
void dlo_limit_leave(
	struct dlo_limit *l, uint64_t now_ns, const struct dlo_limit_out *out);

/*
 * True: the alert may pass. False: it was counted. A full table closes the
 * oldest window of the place it needs. O(1), no heap.
 */
bool dlo_limit_pass(struct dlo_limit *l, const struct dlo_limit_alert *alert,
	const struct dlo_limit_out *out);

/* Closes the windows that are over at now_ns. O(closed). */
void dlo_limit_expire(
	struct dlo_limit *l, uint64_t now_ns, const struct dlo_limit_out *out);

/* Closes all windows: when time jumps back. */
void dlo_limit_close_all(
	struct dlo_limit *l, uint64_t now_ns, const struct dlo_limit_out *out);

/* Forgets everything; all windows are closed. */
void dlo_limit_restart(struct dlo_limit *l);

#endif
