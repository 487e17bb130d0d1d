/* SPDX-License-Identifier: BSD-2-Clause */
/* held.c - things whose pieces wait for the rest: a fixed table with a pool. */
#include "wire/held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/*
 * Theory of operation
 *
 * A thing is in one of two lists, each in the order of the last touch: those
 * that hold pieces, and those that are remembered only, so that what comes
 * again is known. Needed room comes from the latter first, so a flood of whole
 * messages pushes no pieces out; among the former the oldest go first.
 *
 * What holds pieces is in a list of its source too, by a hash of the sender's
 * address: of N_SOURCES classes of senders none may have more than a share of
 * the pool, and what one has too much is taken from its own class.
 */

#define N_SOURCES 256u
#define CHAINS 4u /* for each thing */

struct list {
	struct dlo_held *oldest, *newest;
};

struct source {
	struct dlo_held *oldest, *newest;
	uint32_t n_blocks;
};

struct dlo_held_table {
	struct dlo_held_config cfg;
	struct dlo_pool *pool;
	struct list idle, holding;
	struct source source[N_SOURCES];
	struct dlo_held *unused; /* that were used, linked by `chain` */
	uint32_t n_fresh; /* things from here on were never used */
	uint32_t n_chains; /* a power of two */
	struct dlo_held **chain;
	uint8_t *things;
};

/* ---- making one ---------------------------------------------------------- */

int dlo_held_new(const struct dlo_held_config *cfg, struct dlo_held_table **ret)
{
	struct dlo_held_table *t = calloc(1, sizeof(*t));

	if (!t) {
		return -ENOMEM;
	}
	t->cfg = *cfg;
	/* Long arrays, short chains: each link is a cache miss. */
	for (t->n_chains = 1; t->n_chains < CHAINS * cfg->n;) {
		t->n_chains *= 2;
	}
	t->chain = calloc(t->n_chains, sizeof(struct dlo_held *));
	t->things = calloc(cfg->n, cfg->size);
	if (!t->chain || !t->things || dlo_pool_new(cfg->n_blocks, &t->pool)) {
		dlo_held_free(t);
		return -ENOMEM;
	}
	*ret = t;
	return 0;
}

struct dlo_held_table *dlo_held_free(struct dlo_held_table *t)
{
	if (t) {
		free(t->chain);
		free(t->things);
		dlo_pool_free(t->pool);
		free(t);
	}
	return NULL;
}

void dlo_held_restart(struct dlo_held_table *t)
{
	t->idle = (struct list){0};
	t->holding = (struct list){0};
	memset(t->source, 0, sizeof(t->source));
	memset(t->chain, 0, t->n_chains * sizeof(struct dlo_held *));
	t->unused = NULL;
	t->n_fresh = 0;
	dlo_pool_reset(t->pool);
}

/* ---- lists --------------------------------------------------------------- */

static struct source *source_of(struct dlo_held_table *t, struct dlo_held *h)
{
	return &t->source[dlo_hash(h->key.src, sizeof(h->key.src),
				  t->cfg.seed ^ h->key.context) %
			  N_SOURCES];
}

static void unlink_held(struct dlo_held_table *t, struct dlo_held *h)
{
	struct list *list = h->holding ? &t->holding : &t->idle;

	*(h->older ? &h->older->newer : &list->oldest) = h->newer;
	*(h->newer ? &h->newer->older : &list->newest) = h->older;
	if (h->holding) {
		struct source *s = source_of(t, h);

		*(h->source_older ? &h->source_older->source_newer
				  : &s->oldest) = h->source_newer;
		*(h->source_newer ? &h->source_newer->source_older
				  : &s->newest) = h->source_older;
	}
}

/* As the newest of its list. */
static void link_held(struct dlo_held_table *t, struct dlo_held *h)
{
	struct list *list = h->holding ? &t->holding : &t->idle;

	h->older = list->newest;
	h->newer = NULL;
	*(list->newest ? &list->newest->newer : &list->oldest) = h;
	list->newest = h;
	if (h->holding) {
		struct source *s = source_of(t, h);

		h->source_older = s->newest;
		h->source_newer = NULL;
		*(s->newest ? &s->newest->source_newer : &s->oldest) = h;
		s->newest = h;
	}
}

void dlo_held_touch(
	struct dlo_held_table *t, struct dlo_held *h, uint64_t ts_ns)
{
	struct list *list = h->holding ? &t->holding : &t->idle;

	h->ts_ns = ts_ns;
	if (list->newest != h) {
		unlink_held(t, h);
		link_held(t, h);
	}
}

/* After its pieces were put or dropped: counts them, and picks its list. */
static void settle(
	struct dlo_held_table *t, struct dlo_held *h, uint32_t n_before)
{
	uint32_t n = h->pieces.n_blocks;

	if (n != n_before) {
		source_of(t, h)->n_blocks += n - n_before;
	}
	if (h->holding != (n > 0)) {
		unlink_held(t, h);
		h->holding = n > 0;
		link_held(t, h);
	}
}

/* ---- giving up ----------------------------------------------------------- */

void dlo_held_give_up(struct dlo_held_table *t, struct dlo_held *h)
{
	uint32_t n;

	t->cfg.give_up(t->cfg.ctx, h);
	n = h->pieces.n_blocks;
	dlo_pieces_free(t->pool, &h->pieces);
	settle(t, h, n);
}

static void evict(struct dlo_held_table *t, struct dlo_held *h)
{
	dlo_stats_add(t->cfg.stats, DLO_STAT_EVICTED, 1);
	dlo_held_give_up(t, h);
}

void dlo_held_expire(struct dlo_held_table *t, uint64_t now_ns, uint64_t age_ns)
{
	struct dlo_held *h;

	while ((h = t->holding.oldest) &&
		(now_ns == UINT64_MAX ||
			(now_ns > h->ts_ns && now_ns - h->ts_ns >= age_ns))) {
		dlo_held_give_up(t, h);
	}
}

/* ---- keys ---------------------------------------------------------------- */

struct dlo_held_key dlo_held_key(
	const struct dlo_dgram *dgram, uint8_t protocol, uint32_t id)
{
	struct dlo_held_key key = {.id = id,
		.context = dgram->context,
		.ip_version = dgram->ip_version,
		.protocol = protocol};
	size_t len = dgram->ip_version == 4 ? 4 : 16;

	memcpy(key.src, dgram->src, len);
	memcpy(key.dst, dgram->dst, len);
	return key;
}

uint64_t dlo_held_hash(
	const struct dlo_held_table *t, const struct dlo_held_key *key)
{
	return dlo_hash(key, sizeof(*key), t->cfg.seed);
}

struct dlo_held *dlo_held_find(const struct dlo_held_table *t,
	const struct dlo_held_key *key, uint64_t hash)
{
	struct dlo_held *h = t->chain[hash & (t->n_chains - 1)];

	while (h &&
		(h->hash != hash || memcmp(&h->key, key, sizeof(*key)) != 0)) {
		h = h->chain;
	}
	return h;
}

void dlo_held_remove(struct dlo_held_table *t, struct dlo_held *h)
{
	struct dlo_held **link = &t->chain[h->hash & (t->n_chains - 1)];
	uint32_t n = h->pieces.n_blocks;

	dlo_pieces_free(t->pool, &h->pieces);
	settle(t, h, n);
	while (*link != h) {
		link = &(*link)->chain;
	}
	*link = h->chain;
	unlink_held(t, h);
	h->chain = t->unused;
	t->unused = h;
}

/* Room for one more thing. */
static struct dlo_held *place(struct dlo_held_table *t)
{
	struct dlo_held *h;

	if (!t->unused && t->n_fresh < t->cfg.n) {
		return (struct dlo_held *)(void *)(t->things +
						   t->cfg.size * t->n_fresh++);
	}
	if (!t->unused) {
		h = t->idle.oldest;
		if (!h) {
			h = t->holding.oldest;
			evict(t, h);
		}
		dlo_held_remove(t, h);
	}
	h = t->unused;
	t->unused = h->chain;
	return h;
}

struct dlo_held *dlo_held_add(struct dlo_held_table *t,
	const struct dlo_held_key *key, uint64_t hash, uint64_t ts_ns)
{
	struct dlo_held *h = place(t), **chain;

	chain = &t->chain[hash & (t->n_chains - 1)];
	memset(h, 0, t->cfg.size);
	h->key = *key;
	h->hash = hash;
	h->ts_ns = ts_ns;
	h->chain = *chain;
	*chain = h;
	link_held(t, h);
	return h;
}

/* ---- pieces -------------------------------------------------------------- */

static bool make_room(
	struct dlo_held_table *t, struct dlo_held *h, uint32_t need)
{
	struct source *s = source_of(t, h);
	struct dlo_held *other;

	if (h->pieces.n_blocks + need > DLO_HELD_BLOCKS_MAX) {
		return false;
	}
	while (s->n_blocks + need > t->cfg.share) {
		other = s->oldest == h ? h->source_newer : s->oldest;
		if (!other) {
			return false;
		}
		evict(t, other);
	}
	while (dlo_pool_left(t->pool) < need) {
		other = t->holding.oldest;
		other = other == h ? h->newer : other;
		if (!other) {
			return false;
		}
		evict(t, other);
	}
	return true;
}

bool dlo_held_put(struct dlo_held_table *t, struct dlo_held *h, uint32_t at,
	const uint8_t *data, uint32_t len, uint64_t ts_ns)
{
	uint32_t n = h->pieces.n_blocks;
	uint32_t need = dlo_pieces_need(t->pool, &h->pieces, at, len);

	if (need && !make_room(t, h, need)) {
		return false;
	}
	if (!dlo_pieces_put(t->pool, &h->pieces, at, data, len)) {
		dlo_stats_add(t->cfg.stats, DLO_STAT_OVERLAP, 1);
	}
	if (!h->holding) {
		h->ts_ns = ts_ns;
	}
	settle(t, h, n);
	return true;
}

uint32_t dlo_held_run(const struct dlo_held_table *t, const struct dlo_held *h)
{
	return dlo_pieces_run(t->pool, &h->pieces);
}

uint32_t dlo_held_hole(const struct dlo_held_table *t, const struct dlo_held *h)
{
	return dlo_pieces_hole(t->pool, &h->pieces);
}

void dlo_held_copy(const struct dlo_held_table *t, const struct dlo_held *h,
	uint32_t len, uint8_t *out)
{
	dlo_pieces_copy(t->pool, &h->pieces, len, out);
}

void dlo_held_drop(struct dlo_held_table *t, struct dlo_held *h, uint32_t n)
{
	uint32_t before = h->pieces.n_blocks;

	dlo_pieces_drop(t->pool, &h->pieces, n);
	settle(t, h, before);
}
