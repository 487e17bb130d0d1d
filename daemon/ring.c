/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.c - one ordered channel from a capture thread to the loop thread. */
#include "ring.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * Theory of operation
 *
 * One thread writes `head`, one writes `tail`; both only grow, and wrap with
 * their type. Slots from tail up to head are the consumer's, the others the
 * producer's. A producer that finds the ring full and
 * may wait says so in `waiting`, looks once more, and sleeps on an eventfd
 * that the consumer rings after a pop.
 */

static_assert((RING_SLOTS & (RING_SLOTS - 1)) == 0, "not a power of two");
static_assert(sizeof(struct item) <= 1024, "a slot is at most 1 KiB");

struct ring {
	alignas(64) _Atomic uint32_t head; /* producer's */
	uint32_t n_staged; /* producer's own: slots from head on */
	alignas(64) _Atomic uint32_t tail; /* consumer's */
	alignas(64) atomic_bool waiting;
	atomic_bool abandoned;
	int space; /* eventfd */
	struct item slot[RING_SLOTS];
};

int ring_new(struct ring **ret)
{
	struct ring *r = aligned_alloc(64, (sizeof(*r) + 63) / 64 * 64);

	if (!r) {
		return -ENOMEM;
	}
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	atomic_init(&r->waiting, false);
	atomic_init(&r->abandoned, false);
	r->n_staged = 0;
	r->space = eventfd(0, EFD_CLOEXEC);
	if (r->space < 0) {
		free(r);
		return -errno;
	}
	*ret = r;
	return 0;
}

struct ring *ring_free(struct ring *r)
{
	if (r) {
		close(r->space);
		free(r);
	}
	return NULL;
}

struct item *ring_reserve(struct ring *r)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed) +
			r->n_staged;
	/* Pairs with the release in ring_pop(): the slot's reader is done. */
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	return head - tail < RING_SLOTS ? &r->slot[head % RING_SLOTS] : NULL;
}

void ring_stage(struct ring *r)
{
	r->n_staged++;
}

void ring_publish(struct ring *r)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	/* Pairs with the acquire in ring_peek(): the slots are filled. */
	atomic_store_explicit(
		&r->head, head + r->n_staged, memory_order_release);
	r->n_staged = 0;
}

void ring_discard(struct ring *r)
{
	r->n_staged = 0;
}

struct item *ring_reserve_wait(struct ring *r)
{
	struct item *item;
	uint64_t n;

	while (!(item = ring_reserve(r))) {
		/* Sequentially consistent with the consumer's exchange in
		 * wake(): either it sees `waiting`, or we see its pop. */
		atomic_store(&r->waiting, true);
		item = ring_reserve(r);
		if (item || atomic_load(&r->abandoned)) {
			atomic_store(&r->waiting, false);
			return item;
		}
		if (read(r->space, &n, sizeof(n)) < 0 && errno != EINTR) {
			return NULL;
		}
	}
	return item;
}

static void wake(struct ring *r)
{
	const uint64_t one = 1;

	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&r->waiting, memory_order_relaxed) &&
		atomic_exchange(&r->waiting, false)) {
		(void)!write(r->space, &one, sizeof(one));
	}
}

const struct item *ring_peek(const struct ring *r)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	/* Pairs with the release in ring_publish(). */
	uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);

	return head != tail ? &r->slot[tail % RING_SLOTS] : NULL;
}

void ring_pop(struct ring *r)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	/* Pairs with the acquire in ring_reserve(). */
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	wake(r);
}

void ring_abandon(struct ring *r)
{
	atomic_store(&r->abandoned, true);
	wake(r);
}
