/* SPDX-License-Identifier: BSD-2-Clause */
/* defrag.c - IP packets from their fragments: RFC 791, 3.2; RFC 8200, 4.5. */
#include "wire/defrag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/held.h"
#include "wire/name.h"

/*
 * Theory of operation
 *
 * What waits is in held.c's table; this file knows what fragments say. A packet
 * that is whole, or given up, stays for its key a little longer without octets,
 * so that a copy of one of its fragments does not begin a packet of its own.
 *
 * The payload of a whole packet is gathered in `whole`, where the engine goes
 * on with it, and may find a fragment in it, whose payload then lies there
 * while it is taken: so its octets are put into the pool before anything is
 * gathered again, and packets that are given up to make room for them are
 * gathered elsewhere, in `given_up`.
 */

#define PAYLOAD_MAX 65535u
#define SHARE (DLO_BLOCKS / 4)

/* A packet under way. */
struct entry {
	struct dlo_held held; /* offsets count from 0 */
	struct dlo_dgram dgram; /* of the fragment seen first */
	uint64_t ts_ns, packet; /* of it */
	uint32_t total; /* octets of payload; 0: the last is not there */
	uint32_t end; /* of what was there */
	uint8_t protocol; /* the first fragment's, as soon as it is there */
	bool done;
};

struct scratch {
	uint8_t pad[DLO_NAME_HEADROOM];
	uint8_t data[PAYLOAD_MAX];
};

struct dlo_defrag {
	struct dlo_defrag_config cfg;
	struct dlo_held_table *table;
	struct scratch whole, given_up;
};

static struct entry *entry_of(struct dlo_held *h)
{
	return (struct entry *)h; /* its first member */
}

/* ---- gathering ----------------------------------------------------------- */

static void gather(struct dlo_defrag *g, struct entry *e, uint32_t len,
	struct scratch *to, struct dlo_packet *ret)
{
	dlo_held_copy(g->table, &e->held, len, to->data);
	ret->protocol = e->protocol;
	ret->data = to->data;
	ret->len = len;
	e->done = true;
}

static void on_give_up(void *ctx, struct dlo_held *h)
{
	struct dlo_defrag *g = ctx;
	struct entry *e = entry_of(h);
	uint32_t len = dlo_held_run(g->table, h);
	struct dlo_packet p;

	dlo_stats_add(g->cfg.stats, DLO_STAT_FRAGMENTS_LOST, 1);
	e->done = true;
	if (len) {
		gather(g, e, len, &g->given_up, &p);
		p.dgram = e->dgram;
		p.missing = (e->total ? e->total : PAYLOAD_MAX) - len;
		p.ts_ns = e->ts_ns;
		p.packet = e->packet;
		g->cfg.give_up(g->cfg.ctx, &p);
	}
}

/* ---- taking -------------------------------------------------------------- */

/* RFC 8200, 4.5: later fragments may name another protocol; RFC 791, 3.2: the
 * protocol tells packets with one id apart. */
static struct dlo_held_key key_of(
	const struct dlo_dgram *dgram, const struct dlo_fragment *fragment)
{
	return dlo_held_key(dgram,
		dgram->ip_version == 4 ? fragment->protocol : 0, fragment->id);
}

static struct entry *entry_for(struct dlo_defrag *g,
	const struct dlo_dgram *dgram, const struct dlo_fragment *fragment,
	uint64_t ts_ns, uint64_t packet)
{
	struct dlo_held_key key = key_of(dgram, fragment);
	uint64_t hash = dlo_held_hash(g->table, &key);
	struct dlo_held *h = dlo_held_find(g->table, &key, hash);
	struct entry *e;

	if (h && !h->holding && ts_ns > h->ts_ns &&
		ts_ns - h->ts_ns > DLO_DEFRAG_AGAIN_NS) {
		dlo_held_remove(g->table, h);
		h = NULL;
	}
	if (h) {
		return entry_of(h);
	}
	e = entry_of(dlo_held_add(g->table, &key, hash, ts_ns));
	e->dgram = *dgram;
	e->dgram.payload = NULL;
	e->protocol = fragment->protocol;
	e->ts_ns = ts_ns;
	e->packet = packet;
	return e;
}

/* Whether the fragment may be one of e's; notes what it says of the whole. */
static bool fits(
	struct entry *e, const struct dlo_fragment *fragment, uint32_t sent_len)
{
	uint32_t end = fragment->offset + sent_len;

	if (fragment->more ? e->total && end > e->total
			   : (e->total && end != e->total) || end < e->end) {
		return false;
	}
	if (!fragment->more) {
		e->total = end;
	}
	if (end > e->end) {
		e->end = end;
	}
	if (!fragment->offset) {
		e->protocol = fragment->protocol;
	}
	return true;
}

enum dlo_stat dlo_defrag_take(struct dlo_defrag *g,
	const struct dlo_dgram *dgram, const struct dlo_fragment *fragment,
	uint64_t ts_ns, uint64_t packet, struct dlo_packet *ret)
{
	uint32_t len = dgram->len, sent_len = dgram->sent_len;
	struct entry *e;

	if (fragment->more) { /* only the last may end anywhere */
		sent_len &= ~7u;
		len = len < sent_len ? len : sent_len;
	}
	if (!sent_len || sent_len > PAYLOAD_MAX ||
		fragment->offset > PAYLOAD_MAX - sent_len) {
		return DLO_STAT_FRAGMENT_BAD;
	}
	e = entry_for(g, dgram, fragment, ts_ns, packet);
	if (e->done) {
		return DLO_STAT_FRAGMENT_AGAIN;
	}
	if (!fits(e, fragment, sent_len)) {
		return DLO_STAT_FRAGMENT_BAD;
	}
	if (!dlo_held_put(g->table, &e->held, fragment->offset, dgram->payload,
		    len, e->ts_ns)) {
		return DLO_STAT_FRAGMENT_FULL;
	}
	if (!e->total || dlo_held_run(g->table, &e->held) < e->total) {
		return DLO_STAT_FRAGMENT_HELD;
	}
	gather(g, e, e->total, &g->whole, ret);
	ret->dgram = *dgram;
	ret->missing = 0;
	ret->ts_ns = ts_ns;
	ret->packet = packet;
	dlo_held_drop(g->table, &e->held, e->total);
	dlo_held_touch(g->table, &e->held, ts_ns);
	dlo_stats_add(g->cfg.stats, DLO_STAT_FRAGMENTS_WHOLE, 1);
	return 0;
}

void dlo_defrag_expire(struct dlo_defrag *g, uint64_t now_ns)
{
	dlo_held_expire(g->table, now_ns, DLO_DEFRAG_TIMEOUT_NS);
}

/* ---- making one ---------------------------------------------------------- */

int dlo_defrag_new(const struct dlo_defrag_config *cfg, struct dlo_defrag **ret)
{
	struct dlo_defrag *g = calloc(1, sizeof(*g));
	struct dlo_held_config held = {.n = DLO_DEFRAG_PACKETS,
		.size = sizeof(struct entry),
		.n_blocks = DLO_BLOCKS,
		.share = SHARE,
		.seed = cfg->seed,
		.stats = cfg->stats,
		.give_up = on_give_up,
		.ctx = g};

	if (!g || dlo_held_new(&held, &g->table)) {
		free(g);
		return -ENOMEM;
	}
	g->cfg = *cfg;
	*ret = g;
	return 0;
}

struct dlo_defrag *dlo_defrag_free(struct dlo_defrag *g)
{
	if (g) {
		dlo_held_free(g->table);
		free(g);
	}
	return NULL;
}

void dlo_defrag_restart(struct dlo_defrag *g)
{
	dlo_held_restart(g->table);
}
