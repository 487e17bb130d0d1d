/* SPDX-License-Identifier: BSD-2-Clause */
/* test_limit.c - what passes, what is counted, when it is said. */
#include "alert/limit.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define S 1000000000ull
#define START (1000 * S)

struct seen {
	unsigned n;
	uint64_t held; /* sum of counts */
	struct dlo_limit_closing last;
};

static void on_close(void *ctx, const struct dlo_limit_closing *c)
{
	struct seen *seen = ctx;

	assert_true(c->count > 0);
	assert_true(c->first_ns <= c->last_ns && c->last_ns <= c->closed_ns);
	seen->n++;
	seen->held += c->count;
	seen->last = *c;
}

static struct dlo_limit_out out; /* to what was made last */

static struct dlo_limit *make(unsigned n, unsigned seconds, struct seen *seen)
{
	struct dlo_limit *l;

	memset(seen, 0, sizeof(*seen));
	out = (struct dlo_limit_out){.close = on_close, .ctx = seen};
	assert_int_equal(dlo_limit_new(n, seconds, 8, 7, &l), 0);
	return l;
}

static bool ask(struct dlo_limit *l, uint32_t group, uint32_t client,
	uint64_t ts_ns, uint8_t level)
{
	const uint32_t match[] = {group * 10, group * 10 + 1};
	uint8_t address[4];

	memcpy(address, &client, 4);
	return dlo_limit_pass(l,
		&(struct dlo_limit_alert){.group = group,
			.client = address,
			.ip_version = 4,
			.level = level,
			.match = match,
			.n_matches = 2,
			.ts_ns = ts_ns},
		&out);
}

static void test_n_pass_then_counted(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(3, 60, &seen);

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(ask(l, 1, 1, START + i * S, 2), i < 3);
	}
	assert_int_equal(seen.n, 0);
	dlo_limit_expire(l, START + 59 * S, &out);
	assert_int_equal(seen.n, 0);
	dlo_limit_expire(l, START + 60 * S, &out);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.count, 7);
	assert_int_equal(seen.last.first_ns, START + 3 * S);
	assert_int_equal(seen.last.last_ns, START + 9 * S);
	assert_int_equal(seen.last.closed_ns, START + 60 * S);
	assert_int_equal(seen.last.group, 1);
	assert_int_equal(seen.last.ip_version, 4);
	assert_int_equal(seen.last.n_matches, 2);
	assert_int_equal(seen.last.match[1], 11);
	dlo_limit_free(l);
}

static void test_window_begins_with_first_alert(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(1, 10, &seen);

	(void)state;
	assert_true(ask(l, 1, 1, START, 2));
	assert_false(ask(l, 1, 1, START + 9 * S, 4));
	assert_true(ask(l, 1, 1, START + 10 * S, 2)); /* closes and opens */
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.level, 4);
	assert_false(ask(l, 1, 1, START + 19 * S, 2));
	dlo_limit_free(l);
}

static bool ask_matches(struct dlo_limit *l, uint8_t level,
	const uint32_t *match, uint32_t n_matches, uint64_t ts_ns)
{
	const uint8_t address[4] = {0};

	return dlo_limit_pass(l,
		&(struct dlo_limit_alert){.group = 1,
			.client = address,
			.ip_version = 4,
			.level = level,
			.match = match,
			.n_matches = n_matches,
			.ts_ns = ts_ns},
		&out);
}

/* Who reads a closing line takes its pattern for what has its level. */
static void test_matches_have_the_level(void **state)
{
	static const struct {
		uint8_t level;
		uint32_t match;
	} rows[] = {{1, 1}, {2, 2}, {0, 3}, {4, 4}, {4, 5}, {3, 6}};
	struct seen seen;
	struct dlo_limit *l = make(1, 60, &seen);
	uint32_t many[100];

	(void)state;
	assert_true(ask_matches(l, 4, &rows[0].match, 1, START));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(ask_matches(
			l, rows[i].level, &rows[i].match, 1, START + i * S));
	}
	dlo_limit_close_all(l, START + 10 * S, &out);
	assert_int_equal(seen.last.level, 4);
	assert_int_equal(seen.last.n_matches, 1);
	assert_int_equal(seen.last.match[0], 4);
	assert_int_equal(seen.last.first_ns, START);
	assert_int_equal(seen.last.count, 6);
	for (uint32_t i = 0; i < 100; i++) {
		many[i] = i;
	}
	assert_true(ask_matches(l, 0, many, 1, START));
	assert_false(ask_matches(l, 0, many, 100, START));
	dlo_limit_close_all(l, START, &out);
	assert_int_equal(seen.last.level, 0);
	assert_int_equal(seen.last.n_matches, DLO_MATCHES_MAX);
	assert_int_equal(seen.last.match[15], 15);
	dlo_limit_free(l);
}

/* Packets of several queues come a little out of order: a window ends in time
 * though one that ends later stands before it, and spans are no less than 0. */
static void test_a_little_out_of_order(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(1, 60, &seen);

	(void)state;
	assert_true(ask(l, 1, 1, START + S, 2));
	assert_true(ask(l, 1, 2, START, 2));
	assert_false(ask(l, 1, 2, START + S, 2));
	assert_false(ask(l, 1, 2, START + S / 2, 2));
	assert_true(ask(l, 1, 2, START + 60 * S, 2));
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.count, 2);
	assert_int_equal(seen.last.first_ns, START + S / 2);
	assert_int_equal(seen.last.last_ns, START + S);
	assert_int_equal(seen.last.closed_ns, START + 60 * S);
	assert_false(ask(l, 1, 1, START + 60 * S, 2));
	dlo_limit_close_all(
		l, START + 59 * S, &out); /* the newest packet's time */
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.last.closed_ns, START + 60 * S);
	dlo_limit_free(l);
}

static void test_clients_and_groups_are_apart(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(1, 60, &seen);

	(void)state;
	assert_true(ask(l, 1, 1, START, 2));
	assert_true(ask(l, 2, 1, START, 2));
	assert_true(ask(l, 1, 2, START, 2));
	assert_false(ask(l, 1, 2, START, 2));
	dlo_limit_close_all(l, START + S, &out);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.closed_ns, START + S);
	dlo_limit_free(l);
}

static void test_nothing_held_back_says_nothing(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(3, 60, &seen);

	(void)state;
	assert_true(ask(l, 1, 1, START, 2));
	dlo_limit_close_all(l, START, &out);
	assert_int_equal(seen.n, 0);
	dlo_limit_free(l);
}

/* More clients than the table holds: what was held back is told. */
static void test_eviction_tells(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(1, 3600, &seen);
	uint64_t passed = 0, held = 0;

	(void)state;
	for (uint32_t i = 0; i < 5 * DLO_LIMIT_WINDOWS; i++) {
		/* A new minute each 50, so that no flood is seen. */
		uint64_t ts = START + i / 50 * 61 * S;

		for (int k = 0; k < 3; k++) {
			*(ask(l, 1, i, ts, 2) ? &passed : &held) += 1;
		}
	}
	dlo_limit_close_all(l, UINT64_MAX, &out);
	assert_int_equal(passed + held, 15 * DLO_LIMIT_WINDOWS);
	assert_int_equal(seen.held, held);
	assert_true(held > 0);
	dlo_limit_free(l);
}

/* Forged clients: 100 a minute pass, one line tells the rest. */
static void test_flood_is_one_line(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(3, 60, &seen);
	unsigned passed = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		passed += ask(l, 1, i, START + i * 100000, 3);
	}
	assert_int_equal(passed, DLO_LIMIT_FLOOD);
	dlo_limit_expire(l, START + 200 * S, &out);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.ip_version, 0);
	assert_int_equal(seen.last.count, 100000 - DLO_LIMIT_FLOOD);
	assert_true(ask(l, 1, 1, START + 200 * S, 3));
	dlo_limit_free(l);
}

static void test_flood_of_one_group_leaves_others(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(3, 60, &seen);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		ask(l, 1, i, START, 3);
	}
	assert_true(ask(l, 2, 1, START, 3));
	dlo_limit_free(l);
}

/* A flood, then time jumps back: the minute that ran lies ahead. */
static void test_a_jump_back_ends_a_flood(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(3, 60, &seen);

	(void)state;
	for (uint32_t i = 0; i < 2 * DLO_LIMIT_FLOOD; i++) {
		assert_int_equal(ask(l, 1, i, START, 3), i < DLO_LIMIT_FLOOD);
	}
	dlo_limit_close_all(l, START, &out);
	assert_int_equal(seen.held, DLO_LIMIT_FLOOD);
	assert_true(ask(l, 1, 1, START - 900 * S, 3));
	dlo_limit_free(l);
}

static void test_restart_forgets(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(1, 60, &seen);

	(void)state;
	assert_true(ask(l, 1, 1, START, 3));
	dlo_limit_close_all(l, START, &out);
	dlo_limit_restart(l);
	assert_true(ask(l, 1, 1, START, 3));
	dlo_limit_free(l);
}

/* ---- shared ----------------------------------------------------------------
 */

/* With the last who asks, all windows close. */
static void test_the_last_closes(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(1, 60, &seen);

	(void)state;
	dlo_limit_enter(l);
	dlo_limit_enter(l);
	assert_true(ask(l, 1, 1, START, 2));
	assert_false(ask(l, 1, 1, START, 2));
	dlo_limit_leave(l, START, &out);
	assert_int_equal(seen.n, 0);
	assert_false(ask(l, 1, 1, START + S, 2));
	dlo_limit_leave(l, START + S, &out);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.held, 2);
	assert_true(ask(l, 1, 1, START + S, 2));
	dlo_limit_free(l);
}

#define N_THREADS 4
#define N_EACH 20000u
#define N_CLIENTS 50u

struct asker {
	pthread_t thread;
	struct dlo_limit *l;
	uint64_t passed;
	struct seen seen;
};

/* Each client's alerts come from all threads, window after window. */
static void *ask_on(void *ctx)
{
	struct asker *a = ctx;
	struct dlo_limit_out own = {.close = on_close, .ctx = &a->seen};

	dlo_limit_enter(a->l);
	for (uint32_t i = 0; i < N_EACH; i++) {
		uint8_t client[4] = {192, 0, 2, (uint8_t)(i % N_CLIENTS)};
		const uint32_t match = 1;

		a->passed += dlo_limit_pass(a->l,
			&(struct dlo_limit_alert){.group = 1,
				.client = client,
				.ip_version = 4,
				.match = &match,
				.n_matches = 1,
				.ts_ns = START},
			&own);
	}
	dlo_limit_leave(a->l, START, &own);
	dlo_limit_free(a->l);
	return NULL;
}

/* What one would let pass, all together let pass; nothing is told twice. */
static void test_threads_count_as_one(void **state)
{
	struct seen seen;
	struct dlo_limit *l = make(1, 60, &seen);
	struct asker asker[N_THREADS] = {0};
	uint64_t passed = 0, held = 0;

	(void)state;
	dlo_limit_enter(l);
	for (unsigned i = 0; i < N_THREADS; i++) {
		asker[i].l = dlo_limit_share(l);
		assert_int_equal(pthread_create(&asker[i].thread, NULL, ask_on,
					 &asker[i]),
			0);
	}
	for (unsigned i = 0; i < N_THREADS; i++) {
		pthread_join(asker[i].thread, NULL);
		passed += asker[i].passed;
		held += asker[i].seen.held;
	}
	assert_int_equal(held, 0);
	dlo_limit_leave(l, START, &out);
	assert_int_equal(passed, N_CLIENTS);
	assert_int_equal(seen.n, N_CLIENTS);
	assert_int_equal(seen.held, N_THREADS * N_EACH - N_CLIENTS);
	dlo_limit_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n_pass_then_counted),
		cmocka_unit_test(test_window_begins_with_first_alert),
		cmocka_unit_test(test_matches_have_the_level),
		cmocka_unit_test(test_a_little_out_of_order),
		cmocka_unit_test(test_clients_and_groups_are_apart),
		cmocka_unit_test(test_nothing_held_back_says_nothing),
		cmocka_unit_test(test_eviction_tells),
		cmocka_unit_test(test_flood_is_one_line),
		cmocka_unit_test(test_flood_of_one_group_leaves_others),
		cmocka_unit_test(test_a_jump_back_ends_a_flood),
		cmocka_unit_test(test_restart_forgets),
		cmocka_unit_test(test_the_last_closes),
		cmocka_unit_test(test_threads_count_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
