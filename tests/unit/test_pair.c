/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pair.c - which responses find their query. */
#include "wire/pair.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S 1000000000ull
#define START (1000 * S)

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

static unsigned n_heap;
static bool heap_full;

void *__wrap_calloc(size_t n, size_t size)
{
	n_heap++;
	return heap_full ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	n_heap++;
	return __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	n_heap++;
	return __real_realloc(p, size);
}

static struct dlo_pair *make(void)
{
	struct dlo_pair *p;

	assert_int_equal(dlo_pair_new(7, &p), 0);
	return p;
}

/* A key that its fields may be changed in. */
struct query {
	struct dlo_pair_key key;
	uint8_t client[16], server[16];
	struct dlo_name_buf buf;
	struct dlo_question question;
};

static void query_init(struct query *q, const char *name)
{
	size_t at;
	const char *msg;

	memset(q, 0, sizeof(*q));
	q->key = (struct dlo_pair_key){.client = q->client,
		.server = q->server,
		.client_port = 53211,
		.server_port = 53,
		.id = 4242,
		.ip_version = 4,
		.transport = DLO_UDP,
		.context = 9,
		.question = &q->question};
	q->client[0] = 192;
	q->server[0] = 198;
	q->question.type = 1;
	q->question.cls = 1;
	assert_int_equal(dlo_name_parse(name, strlen(name), &q->buf,
				 &q->question.name, &at, &msg),
		0);
}

static void test_only_the_same_is_seen(void **state)
{
	struct dlo_pair *p = make();
	struct query q, r;

	(void)state;
	query_init(&q, "a.tunnel-of-love.example");
	assert_false(dlo_pair_response(p, &q.key, START));
	dlo_pair_query(p, &q.key, START);
	assert_true(dlo_pair_response(p, &q.key, START));
	assert_true(dlo_pair_response(p, &q.key, START + S)); /* again */
	query_init(&r, "A.TUNNEL-of-love.EXAMPLE");
	assert_true(dlo_pair_response(p, &r.key, START));
	for (unsigned i = 0; i < 12; i++) {
		query_init(&r, i ? "a.tunnel-of-love.example"
				 : "b.tunnel-of-love.example");
		r.client[0] ^= i == 1;
		r.client[3] ^= i == 2;
		r.server[0] ^= i == 3;
		r.key.client_port ^= i == 4;
		r.key.server_port ^= i == 5;
		r.key.id ^= i == 6;
		r.key.ip_version = i == 7 ? 6 : 4;
		r.key.transport = i == 8 ? DLO_TCP : DLO_UDP;
		r.key.context ^= i == 9;
		r.question.type ^= i == 10;
		r.question.cls ^= i == 11;
		assert_false(dlo_pair_response(p, &r.key, START));
	}
	/* Of IPv4, what stands behind the four octets is not the address. */
	r = q;
	r.key.client = r.client;
	r.client[4] = 1;
	assert_true(dlo_pair_response(p, &r.key, START));
	dlo_pair_free(p);
}

static void test_all_octets_of_ipv6(void **state)
{
	struct dlo_pair *p = make();
	struct query q;

	(void)state;
	query_init(&q, "a.example");
	q.key.ip_version = 6;
	dlo_pair_query(p, &q.key, START);
	assert_true(dlo_pair_response(p, &q.key, START));
	q.client[15]++;
	assert_false(dlo_pair_response(p, &q.key, START));
	q.client[15]--;
	q.server[15]++;
	assert_false(dlo_pair_response(p, &q.key, START));
	dlo_pair_free(p);
}

static void test_time(void **state)
{
	struct dlo_pair *p = make();
	struct query q;

	(void)state;
	query_init(&q, "a.example");
	dlo_pair_query(p, &q.key, START);
	assert_false(dlo_pair_response(p, &q.key, START - 1));
	assert_true(dlo_pair_response(p, &q.key, START + 120 * S));
	assert_false(dlo_pair_response(p, &q.key, START + 120 * S + 1));
	dlo_pair_query(p, &q.key, START + 100 * S); /* refreshed */
	assert_true(dlo_pair_response(p, &q.key, START + 220 * S));
	dlo_pair_query(p, &q.key, START - 50 * S); /* time jumped back */
	assert_true(dlo_pair_response(p, &q.key, START - 49 * S));
	dlo_pair_restart(p);
	assert_false(dlo_pair_response(p, &q.key, START - 49 * S));
	dlo_pair_free(p);
}

/* How many of n queries, ids from 0, are remembered; the first that is. */
static unsigned count(
	struct dlo_pair *p, struct query *q, unsigned n, unsigned *first)
{
	unsigned found = 0;

	*first = n;
	for (unsigned i = 0; i < n; i++) {
		q->key.id = (uint16_t)i;
		if (dlo_pair_response(p, &q->key, START)) {
			*first = found++ ? *first : i;
		}
	}
	return found;
}

static void test_newest_stay(void **state)
{
	struct dlo_pair *p = make();
	struct query q;
	unsigned first, n = 4 * DLO_PAIR_ENTRIES, kept = 0;

	(void)state;
	query_init(&q, "a.example");
	for (unsigned i = 0; i < n; i++) {
		q.key.id = (uint16_t)i;
		dlo_pair_query(p, &q.key, START);
		q.key.id = 0; /* one that comes again and again stays */
		dlo_pair_query(p, &q.key, START);
	}
	assert_int_equal(count(p, &q, n, &first), DLO_PAIR_ENTRIES);
	assert_int_equal(first, 0);
	for (unsigned i = n - DLO_PAIR_ENTRIES / 4; i < n; i++) {
		q.key.id = (uint16_t)i;
		kept += dlo_pair_response(p, &q.key, START);
	}
	assert_in_range(kept, DLO_PAIR_ENTRIES / 4 - 8, DLO_PAIR_ENTRIES / 4);
	dlo_pair_free(p);
}

static void test_heap_at_the_start_only(void **state)
{
	struct dlo_pair *p;
	struct query q;

	(void)state;
	heap_full = true;
	assert_int_equal(dlo_pair_new(7, &p), -ENOMEM);
	heap_full = false;
	p = make();
	n_heap = 0;
	query_init(&q, "a.example");
	for (unsigned i = 0; i < 20000; i++) {
		q.key.id = (uint16_t)i;
		dlo_pair_query(p, &q.key, START + i);
		assert_true(dlo_pair_response(p, &q.key, START + i));
	}
	assert_int_equal(n_heap, 0);
	assert_null(dlo_pair_free(p));
	assert_null(dlo_pair_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_same_is_seen),
		cmocka_unit_test(test_all_octets_of_ipv6),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_newest_stay),
		cmocka_unit_test(test_heap_at_the_start_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
