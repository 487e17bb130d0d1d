/* SPDX-License-Identifier: BSD-2-Clause */
/* test_defrag.c - which fragments make a packet, and which never will. */
#include "wire/defrag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/pieces.h"

#define SECOND 1000000000ull

struct bench {
	struct dlo_defrag *g;
	struct dlo_stats stats;
	char log[4096];
};

/* "whole:aabb" or "gave up:aa+60" */
static void put(struct bench *b, const char *what, const struct dlo_packet *p)
{
	size_t n = strlen(b->log);

	snprintf(b->log + n, sizeof(b->log) - n, "%s%s %u:%.*s+%u",
		n ? " " : "", what, (unsigned)p->packet, (int)p->len,
		(const char *)p->data, p->missing);
}

static void on_give_up(void *ctx, const struct dlo_packet *p)
{
	put(ctx, "lost", p);
}

static void open_bench(struct bench *b)
{
	struct dlo_defrag_config cfg = {
		.seed = 1, .stats = &b->stats, .give_up = on_give_up, .ctx = b};

	memset(b, 0, sizeof(*b));
	assert_int_equal(dlo_defrag_new(&cfg, &b->g), 0);
}

/* A fragment, as "id offset[+more] octets": each letter is 8 octets. */
struct piece {
	uint32_t id, offset;
	bool more;
	const char *octets;
	uint64_t at_s; /* 0: at once */
	uint8_t protocol; /* 0: 17 */
	uint32_t context;
};

static enum dlo_stat take(struct bench *b, const struct piece *c,
	uint8_t version, uint64_t ts_ns, uint64_t packet)
{
	uint32_t len = (uint32_t)strlen(c->octets);
	struct dlo_fragment f = {.id = c->id,
		.offset = c->offset,
		.more = c->more,
		.protocol = c->protocol ? c->protocol : 17};
	struct dlo_dgram d = {.src = {192, 0, 2, 5},
		.dst = {198, 51, 100, 1},
		.ip_version = version,
		.context = c->context,
		.payload = (const uint8_t *)c->octets,
		.len = len,
		.sent_len = len};
	struct dlo_packet p;
	enum dlo_stat stop = dlo_defrag_take(b->g, &d, &f, ts_ns, packet, &p);

	if (!stop) {
		put(b, "whole", &p);
	}
	return stop;
}

#define P(id_, offset_, more_, ...) \
	{ \
		.id = (id_), .offset = (offset_), .more = (more_), \
		.octets = __VA_ARGS__, \
	}
#define A8 "aaaaaaaa"
#define B8 "bbbbbbbb"
#define C8 "cccccccc"

static const struct defrag_case {
	const char *name;
	uint8_t version; /* 0: 4 */
	struct piece pieces[6];
	const char *want;
	enum dlo_stat last; /* of the last piece */
} cases[] = {
	{"two in order", 4, {P(1, 0, true, A8), P(1, 8, false, "b")},
		"whole 2:aaaaaaaab+0", 0},
	{"the wrong way round", 4, {P(1, 8, false, "b"), P(1, 0, true, A8)},
		"whole 2:aaaaaaaab+0", 0},
	{"three, the last in the middle", 6,
		{P(1, 0, true, A8), P(1, 16, false, "c"), P(1, 8, true, B8)},
		"whole 3:aaaaaaaabbbbbbbbc+0", 0},
	{"one twice", 4,
		{P(1, 0, true, A8), P(1, 0, true, A8), P(1, 8, false, "b")},
		"whole 3:aaaaaaaab+0", 0},
	{"first octets win", 4,
		{P(1, 0, true, A8), P(1, 0, true, B8 B8), P(1, 16, false, "c")},
		"whole 3:aaaaaaaabbbbbbbbc+0", 0},
	{"a copy of a whole packet is known", 4,
		{P(1, 0, true, A8), P(1, 8, false, "b"), P(1, 0, true, A8)},
		"whole 2:aaaaaaaab+0", DLO_STAT_FRAGMENT_AGAIN},
	{"its id may come again later", 4,
		{P(1, 0, true, A8), P(1, 8, false, "b"),
			P(1, 0, true, A8, .at_s = 3),
			P(1, 8, false, "c", .at_s = 3)},
		"whole 2:aaaaaaaab+0 whole 4:aaaaaaaac+0", 0},
	{"another id is another packet", 4,
		{P(1, 0, true, A8), P(2, 8, false, "b")},
		"lost 1:aaaaaaaa+65527", DLO_STAT_FRAGMENT_HELD},
	{"another context is another packet", 4,
		{P(1, 0, true, A8),
			P(1, 8, false, "b", .protocol = 17, .context = 9)},
		"lost 1:aaaaaaaa+65527", DLO_STAT_FRAGMENT_HELD},
	{"IPv4: another protocol is another packet", 4,
		{P(1, 0, true, A8), P(1, 8, false, "b", .protocol = 6)},
		"lost 1:aaaaaaaa+65527", DLO_STAT_FRAGMENT_HELD},
	{"IPv6: only the first one's counts", 6,
		{P(1, 8, false, "b", .protocol = 6), P(1, 0, true, A8)},
		"whole 2:aaaaaaaab+0", 0},
	{"a second end elsewhere", 4,
		{P(1, 8, false, "b"), P(1, 16, false, "c")}, "",
		DLO_STAT_FRAGMENT_BAD},
	{"an end before what was there", 4,
		{P(1, 16, true, C8), P(1, 0, true, A8), P(1, 8, false, "b")},
		"lost 1:aaaaaaaa+65527", DLO_STAT_FRAGMENT_BAD},
	{"octets behind the end", 4, {P(1, 8, false, "b"), P(1, 16, true, C8)},
		"", DLO_STAT_FRAGMENT_BAD},
	{"more than a packet can hold", 4, {P(1, 65528, true, A8)}, "",
		DLO_STAT_FRAGMENT_BAD},
	{"empty", 6, {P(1, 8, false, "")}, "", DLO_STAT_FRAGMENT_BAD},
	{"only the last may be odd", 4,
		{P(1, 0, true, A8 "x"), P(1, 8, false, "b")},
		"whole 2:aaaaaaaab+0", 0},
	{"the last is lost", 4, {P(1, 0, true, A8), P(1, 16, true, C8)},
		"lost 1:aaaaaaaa+65527", DLO_STAT_FRAGMENT_HELD},
	{"the middle is lost", 4, {P(1, 0, true, A8), P(1, 16, false, "c")},
		"lost 1:aaaaaaaa+9", DLO_STAT_FRAGMENT_HELD},
	{"the first is lost", 4, {P(1, 8, false, "b")}, "",
		DLO_STAT_FRAGMENT_HELD},
	{"half a minute is too long", 4,
		{P(1, 0, true, A8), P(1, 8, false, "b", .at_s = 31)},
		"lost 1:aaaaaaaa+65527", DLO_STAT_FRAGMENT_HELD},
};

static void test_each_sequence(void **state)
{
	static struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct defrag_case *c = &cases[i];
		enum dlo_stat last = 0;

		open_bench(&b);
		print_message("# %s\n", c->name);
		for (unsigned k = 0; k < 6 && c->pieces[k].octets; k++) {
			uint64_t ts_ns = (c->pieces[k].at_s + 1) * SECOND;

			dlo_defrag_expire(b.g, ts_ns);
			last = take(&b, &c->pieces[k],
				c->version ? c->version : 4, ts_ns, k + 1);
		}
		assert_int_equal(last, c->last);
		dlo_defrag_expire(b.g, UINT64_MAX);
		assert_string_equal(b.log, c->want);
		dlo_defrag_free(b.g);
	}
}

/* One source may have a quarter of the room, and loses its own oldest. */
static void test_shares(void **state)
{
	static struct bench b;
	struct piece c = {0, 0, true, A8, 0, 17, 0};
	uint64_t n = DLO_DEFRAG_PACKETS - 1;

	(void)state;
	open_bench(&b);
	c.id = 1000000;
	c.context = 1; /* somebody else */
	take(&b, &c, 4, SECOND, 1);
	c.context = 0;
	for (uint64_t i = 0; i < n; i++) {
		c.id = (uint32_t)i;
		take(&b, &c, 4, SECOND, 2 + i);
		b.log[0] = '\0';
	}
	assert_int_equal(
		dlo_stats_get(&b.stats, DLO_STAT_EVICTED), n - DLO_BLOCKS / 4);
	c = (struct piece){1000000, 8, false, "b", 0, 17, 1};
	assert_int_equal(take(&b, &c, 4, SECOND, 9), 0);
	assert_string_equal(b.log, "whole 9:aaaaaaaab+0");
	dlo_defrag_free(b.g);
}

static void test_overlaps_are_counted(void **state)
{
	static struct bench b;
	struct piece c = {1, 0, true, A8, 0, 17, 0};

	(void)state;
	open_bench(&b);
	take(&b, &c, 4, SECOND, 1);
	take(&b, &c, 4, SECOND, 2);
	assert_int_equal(dlo_stats_get(&b.stats, DLO_STAT_OVERLAP), 0);
	c.octets = B8;
	take(&b, &c, 4, SECOND, 3);
	assert_int_equal(dlo_stats_get(&b.stats, DLO_STAT_OVERLAP), 1);
	dlo_defrag_free(b.g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_sequence),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_overlaps_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
