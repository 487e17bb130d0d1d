/* SPDX-License-Identifier: BSD-2-Clause */
/* gram.c - globs by the thousand that nothing anchors on the right. */
#include "match/gram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match/crowd.h"
#include "match/rarity.h"

static const uint8_t all_lens[DLO_GRAM_LENS] = {8, 6, 4, 3};
#define HEADROOM 8u
#define FEW 4096u /* globs that need no long grams, as a rule */
#define CROWD_MAX 4u /* globs that share a gram, on average: then they do */
#define CROWD_WEIGHT 4
#define BITMAP_MIN 12u /* bits, as a power of two */
#define BITMAP_MAX 22u
#define GRAMS_EACH 8u /* about as many has a glob to choose from */
#define FEW_FROM 2u /* the first length that they use */

/* Octets of the last n of 8. */
static uint64_t mask_of(size_t n)
{
	static const uint8_t mask[16] = {
		0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};

	return dlo_load64(mask + n);
}

/* The number of a gram's bit. */
static size_t bit_of(const struct dlo_grams *g, uint64_t octets, uint64_t mask)
{
	return (size_t)((octets & mask) * 0x9e3779b97f4a7c15u >> g->shift);
}

/* Hash of the last `len` of 8 octets. Grams of different lengths never share a
 * word of the table: the tag's low bits tell them apart. */
static uint64_t hash_of(
	const uint64_t seed[4], uint64_t octets, uint64_t mask, size_t len)
{
	uint64_t h = dlo_mum((octets & mask) ^ seed[0], seed[1] + len);

	return (h & ~((uint64_t)15 << 32)) | (uint64_t)len << 32;
}

/* ---- building ----------------------------------------------------------- */

/* A glob with the boundaries that its ends are anchored at. */
struct symbols {
	uint8_t mem[HEADROOM + DLO_GLOB_MAX + 2];
	size_t n;
};

static const uint8_t *at(const struct symbols *s, size_t i)
{
	return s->mem + HEADROOM + i;
}

static void spell(const uint8_t *glob, size_t n_glob, struct symbols *ret)
{
	uint8_t *to = ret->mem + HEADROOM;

	memset(ret->mem, 0, HEADROOM);
	if (glob[0] != DLO_GLOB_RUN) {
		*to++ = DLO_GLOB_BOUNDARY;
	}
	memcpy(to, glob, n_glob);
	to += n_glob;
	if (glob[n_glob - 1] != DLO_GLOB_RUN) {
		*to++ = DLO_GLOB_BOUNDARY;
	}
	ret->n = (size_t)(to - at(ret, 0));
}

struct gram {
	uint32_t id;
	uint8_t len;
	uint8_t octets[8]; /* the last `len` of them */
};

struct choice {
	const struct dlo_store *store;
	size_t first_len; /* of all_lens */
	int weight; /* of a crowd beside rarity */
	struct dlo_crowd crowd; /* globs with a gram */
	struct gram *gram;
	size_t n;
};

static uint64_t crowd_hash(const uint8_t *end, size_t len)
{
	static const uint64_t seed[4] = {
		0x2d358dccaa6c78a5u, 0x8bb84b93962eacc9u, 0, 0};

	return hash_of(seed, dlo_load64(end - 8), mask_of(len), len);
}

static bool is_wild(uint8_t symbol)
{
	return symbol == DLO_GLOB_RUN || symbol == DLO_GLOB_ONE;
}

/* Literal symbols in a row that end before place i, up to 8. */
static size_t run_before(const struct symbols *s, size_t i)
{
	size_t n = 0;

	while (n < 8 && n < i && !is_wild(*at(s, i - 1 - n))) {
		n++;
	}
	return n;
}

static void count(struct choice *c, const struct symbols *s)
{
	for (size_t end = DLO_GRAM_MIN; end <= s->n; end++) {
		size_t run = run_before(s, end);

		for (size_t i = c->first_len; i < DLO_GRAM_LENS; i++) {
			if (all_lens[i] <= run) {
				dlo_crowd_add(&c->crowd,
					crowd_hash(at(s, end), all_lens[i]));
			}
		}
	}
}

static unsigned rarity(const uint8_t *end, size_t len)
{
	unsigned sum = 0;

	for (; len > 0; len--) {
		uint8_t c = *--end;

		sum += c == DLO_GLOB_BOUNDARY ? DLO_RARITY_BOUNDARY
					      : dlo_rarity(c);
	}
	return sum;
}

/* How many globs have the gram. */
static unsigned crowd(const struct choice *c, const uint8_t *end, size_t len)
{
	return dlo_crowd_at(&c->crowd, crowd_hash(end, len));
}

/* Two half bits for each bit of a number. */
static int half_bits(unsigned n)
{
	return 2 * (31 - __builtin_clz(n | 1));
}

/* Finds the best gram of a glob. */
static struct gram choose(const struct choice *c, const struct symbols *s)
{
	struct gram g = {.len = 0};
	int best = 0;

	for (size_t end = DLO_GRAM_MIN; end <= s->n; end++) {
		size_t run = run_before(s, end);

		for (size_t i = c->first_len; i < DLO_GRAM_LENS; i++) {
			uint8_t len = all_lens[i];
			int score;

			if (len > run) {
				continue;
			}
			score = (int)rarity(at(s, end), len) + 256 -
				c->weight *
					half_bits(crowd(c, at(s, end), len));
			if (score > best) {
				best = score;
				g.len = len;
				memcpy(g.octets, at(s, end) - 8, 8);
			}
		}
	}
	return g;
}

static void spell_id(const struct choice *c, uint32_t id, struct symbols *ret)
{
	struct dlo_packed p = dlo_store_get(c->store, id);

	spell(p.at, p.len, ret);
}

static void choose_all(struct choice *c, const uint32_t *id, size_t n)
{
	struct symbols s;

	for (size_t i = 0; i < n; i++) {
		spell_id(c, id[i], &s);
		count(c, &s);
	}
	for (size_t i = 0; i < n; i++) {
		spell_id(c, id[i], &s);
		c->gram[i] = choose(c, &s);
		c->gram[i].id = id[i];
	}
	c->n = n;
}

static bool is_crowded(const struct choice *c)
{
	size_t sum = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct gram *g = &c->gram[i];

		sum += crowd(c, g->octets + sizeof(g->octets), g->len);
	}
	return sum > CROWD_MAX * c->n;
}

static int choose_from(struct choice *c, size_t first_len, int weight,
	const uint32_t *id, size_t n)
{
	dlo_crowd_fini(&c->crowd);
	if (dlo_crowd_init(&c->crowd, GRAMS_EACH * n)) {
		return -ENOMEM;
	}
	c->first_len = first_len;
	c->weight = weight;
	choose_all(c, id, n);
	return 0;
}

/*
 * Long grams cost a pass over each name more: few globs do without, unless they
 * are made of few octets. Then a chosen name would have most of them settled.
 */
static int choose_grams(struct choice *c, const uint32_t *id, size_t n)
{
	int r = choose_from(c, n > FEW ? 0 : FEW_FROM, 1, id, n);

	if (!r && n <= FEW && is_crowded(c)) {
		r = choose_from(c, 0, CROWD_WEIGHT, id, n);
	}
	return r;
}

bool dlo_gram_exists(const uint8_t *glob, size_t n_glob)
{
	struct symbols s;

	spell(glob, n_glob, &s);
	for (size_t end = DLO_GRAM_MIN; end <= s.n; end++) {
		if (run_before(&s, end) >= DLO_GRAM_MIN) {
			return true;
		}
	}
	return false;
}

static void put_keys(
	struct dlo_table_builder *b, const struct dlo_table *t, const void *ctx)
{
	const struct choice *c = ctx;

	for (size_t i = 0; i < c->n; i++) {
		const struct gram *g = &c->gram[i];

		dlo_table_put(b,
			hash_of(t->seed, dlo_load64(g->octets), mask_of(g->len),
				g->len),
			g->id);
	}
}

static void note_lens(struct dlo_grams *g, const struct choice *c)
{
	bool used[9] = {false};

	for (size_t i = 0; i < c->n; i++) {
		used[c->gram[i].len] = true;
	}
	for (size_t i = 0; i < DLO_GRAM_LENS; i++) {
		if (used[all_lens[i]]) {
			g->len[g->n_lens++] = all_lens[i];
		}
	}
}

static int make_bitmap(
	struct dlo_grams *g, struct dlo_arena *arena, const struct choice *c)
{
	unsigned bits = BITMAP_MIN;
	uint64_t *map;

	while (bits < BITMAP_MAX && c->n * 16 >> bits) {
		bits++;
	}
	map = dlo_arena_array(arena, (size_t)1 << (bits - 6), sizeof(*map));
	if (!map) {
		return -ENOMEM;
	}
	g->bitmap = map;
	g->n_bitmap = (uint32_t)1 << (bits - 6);
	g->shift = (uint8_t)(64 - bits);
	for (size_t i = 0; i < c->n; i++) {
		size_t bit = bit_of(g, dlo_load64(c->gram[i].octets),
			mask_of(c->gram[i].len));

		map[bit / 64] |= (uint64_t)1 << bit % 64;
	}
	return 0;
}

static int build(struct dlo_grams *g, struct dlo_arena *arena, uint64_t seed,
	const struct choice *c)
{
	note_lens(g, c);
	if (make_bitmap(g, arena, c)) {
		return -ENOMEM;
	}
	return dlo_table_build(
		&g->table, arena, c->store, seed, c->n, 0, put_keys, c);
}

int dlo_grams_build(struct dlo_grams *ret, struct dlo_arena *arena,
	const struct dlo_store *store, uint64_t seed, const uint32_t *id,
	size_t n)
{
	struct choice c = {.store = store};
	struct dlo_grams g = {.n_lens = 0};
	int r = -ENOMEM;

	if (n == 0) {
		*ret = g;
		return 0;
	}
	c.gram = calloc(n, sizeof(*c.gram));
	if (c.gram && !choose_grams(&c, id, n)) {
		r = build(&g, arena, seed, &c);
	}
	dlo_crowd_fini(&c.crowd);
	free(c.gram);
	if (r == 0) {
		*ret = g;
	}
	return r;
}

/* ---- checking ------------------------------------------------------------ */

bool dlo_grams_valid(const struct dlo_grams *g)
{
	if (g->n_lens == 0) {
		return true;
	}
	for (size_t i = 0; i < DLO_GRAM_LENS && i < g->n_lens; i++) {
		if (g->len[i] < DLO_GRAM_MIN || g->len[i] > 8) {
			return false;
		}
	}
	return g->n_lens <= DLO_GRAM_LENS && g->shift >= 64 - BITMAP_MAX &&
	       g->shift <= 64 - BITMAP_MIN &&
	       g->n_bitmap == (uint32_t)1 << (58 - g->shift) &&
	       dlo_table_valid(&g->table);
}

/* ---- looking up --------------------------------------------------------- */

/* Which of up to 64 grams that end at `end` and beyond have a bit. */
static uint64_t look(
	const struct dlo_grams *g, const uint8_t *end, size_t n, uint64_t mask)
{
	uint64_t found = 0;

	for (size_t i = 0; i < n; i++) {
		size_t bit = bit_of(g, dlo_load64(end + i - 8), mask);

		found |= (g->bitmap[bit / 64] >> bit % 64 & 1) << i;
	}
	return found;
}

/* Hashes, to save looking again. */
#define RECENT 32u

/* All have one that does not belong there. */
static void recent_clear(uint64_t recent[RECENT])
{
	for (size_t i = 0; i < RECENT; i++) {
		recent[i] = i + 1;
	}
}

static void find_len(const struct dlo_grams *g, size_t len, struct dlo_hits *h)
{
	const struct dlo_flat *f = dlo_hits_flat(h);
	const uint8_t *end = dlo_flat_at(f) + len;
	const uint8_t *last = dlo_flat_at(f) + f->len + 2;
	uint64_t mask = mask_of(len), before = 0; /* no gram is 0 */
	uint64_t recent[RECENT];
	struct dlo_seen seen;

	recent_clear(recent);
	dlo_seen_clear(&seen);
	for (; end <= last; end += 64) {
		size_t n = (size_t)(last - end) + 1;
		uint64_t found = look(g, end, n < 64 ? n : 64, mask);

		for (; found; found &= found - 1) {
			const uint8_t *to = end + __builtin_ctzll(found);
			uint64_t octets = dlo_load64(to - 8) & mask, hash;

			if (octets == before) { /* as in aaaaaaaa */
				continue;
			}
			before = octets;
			hash = hash_of(g->table.seed, octets, mask, len);
			if (recent[hash % RECENT] != hash &&
				dlo_table_has(&g->table, hash)) {
				recent[hash % RECENT] = hash;
				dlo_table_find(&g->table, hash, &seen, h);
			}
		}
	}
}

void dlo_grams_find(const struct dlo_grams *g, struct dlo_hits *h)
{
	for (size_t i = 0; i < g->n_lens; i++) {
		find_len(g, g->len[i], h);
	}
}
