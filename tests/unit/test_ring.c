/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ring.c - order, nothing lost, nothing doubled, all or none. */
#include "ring.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define N 200000

static void put(struct ring *r, struct item *item, int number)
{
	item->kind = ITEM_TROUBLE;
	item->u.note.number = number;
	ring_stage(r);
	ring_publish(r);
}

static void test_full_then_empty(void **state)
{
	struct ring *r;
	const struct item *item;
	int n = 0;

	(void)state;
	assert_int_equal(ring_new(&r), 0);
	assert_null(ring_peek(r));
	for (struct item *slot; (slot = ring_reserve(r)); n++) {
		put(r, slot, n);
	}
	assert_int_equal(n, RING_SLOTS);
	for (int i = 0; i < n; i++) {
		item = ring_peek(r);
		assert_non_null(item);
		assert_int_equal(item->u.note.number, i);
		ring_pop(r);
	}
	assert_null(ring_peek(r));
	ring_free(r);
}

static void test_staged_is_unseen_until_published(void **state)
{
	struct ring *r;

	(void)state;
	assert_int_equal(ring_new(&r), 0);
	for (int i = 0; i < 3; i++) {
		ring_reserve(r)->u.note.number = i;
		ring_stage(r);
	}
	assert_null(ring_peek(r));
	ring_discard(r);
	ring_publish(r);
	assert_null(ring_peek(r));
	for (int i = 10; i < 12; i++) {
		ring_reserve(r)->u.note.number = i;
		ring_stage(r);
	}
	ring_publish(r);
	assert_int_equal(ring_peek(r)->u.note.number, 10);
	ring_pop(r);
	assert_int_equal(ring_peek(r)->u.note.number, 11);
	ring_pop(r);
	assert_null(ring_peek(r));
	ring_free(r);
}

static void test_staged_counts_as_taken(void **state)
{
	struct ring *r;
	unsigned n = 0;

	(void)state;
	assert_int_equal(ring_new(&r), 0);
	while (ring_reserve(r)) {
		ring_stage(r);
		n++;
	}
	assert_int_equal(n, RING_MESSAGE_MAX);
	ring_publish(r);
	while (ring_reserve(r)) {
		ring_stage(r);
		ring_publish(r);
		n++;
	}
	assert_int_equal(n, RING_SLOTS);
	ring_free(r);
}

#define PAGES (RING_SLOTS * sizeof(struct item) / 4096)

/* Of its memory, what is there. */
static size_t resident_pages(struct ring *r)
{
	static unsigned char there[PAGES];
	size_t n = 0;

	assert_int_equal(mincore(r, PAGES * 4096, there), 0);
	for (size_t i = 0; i < PAGES; i++) {
		n += there[i] & 1;
	}
	return n;
}

static void rush(struct ring *r, int n)
{
	for (int i = 0; i < n; i++) {
		put(r, ring_reserve(r), i);
	}
	for (int i = 0; i < n; i++) {
		assert_int_equal(ring_peek(r)->u.note.number, i);
		ring_pop(r);
	}
}

/* Little traffic stays in the first pages, and what a rush took is given back,
 * when nothing is in it any more. */
static void test_memory(void **state)
{
	const size_t few = PAGES / 16;
	struct ring *r;

	(void)state;
	assert_int_equal(ring_new(&r), 0);
	for (unsigned i = 0; i < 2 * RING_SLOTS; i++) {
		rush(r, 2);
	}
	assert_in_range(resident_pages(r), 0, few);
	rush(r, RING_SLOTS);
	assert_in_range(resident_pages(r), PAGES - few, PAGES);
	put(r, ring_reserve(r), 7);
	ring_trim(r);
	assert_in_range(resident_pages(r), PAGES - few, PAGES);
	assert_int_equal(ring_peek(r)->u.note.number, 7);
	ring_pop(r);
	ring_trim(r);
	assert_in_range(resident_pages(r), 0, few);
	rush(r, RING_SLOTS);
	ring_free(r);
}

static void *produce(void *arg)
{
	struct ring *r = arg;

	for (int i = 0; i < N; i++) {
		put(r, ring_reserve_wait(r), i);
	}
	return NULL;
}

/* A producer that waits, a consumer that does not care. */
static void test_two_threads_lose_nothing(void **state)
{
	struct ring *r;
	pthread_t thread;
	const struct item *item;
	int next = 0;

	(void)state;
	assert_int_equal(ring_new(&r), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, r), 0);
	while (next < N) {
		item = ring_peek(r);
		if (item) {
			assert_int_equal(item->u.note.number, next);
			next++;
			ring_pop(r);
		}
	}
	pthread_join(thread, NULL);
	assert_null(ring_peek(r));
	ring_free(r);
}

static void *fill_and_wait(void *arg)
{
	struct ring *r = arg;
	struct item *item;
	intptr_t n = 0;

	while ((item = ring_reserve_wait(r))) {
		put(r, item, (int)n++);
	}
	return (void *)n;
}

static void test_abandoned_producer_comes_back(void **state)
{
	struct ring *r;
	pthread_t thread;
	void *n;

	(void)state;
	assert_int_equal(ring_new(&r), 0);
	assert_int_equal(pthread_create(&thread, NULL, fill_and_wait, r), 0);
	ring_abandon(r);
	pthread_join(thread, &n);
	assert_int_equal((intptr_t)n, RING_SLOTS);
	ring_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_then_empty),
		cmocka_unit_test(test_staged_is_unseen_until_published),
		cmocka_unit_test(test_staged_counts_as_taken),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_two_threads_lose_nothing),
		cmocka_unit_test(test_abandoned_producer_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
