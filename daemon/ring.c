/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.c - one ordered channel from a capture thread to the loop thread. */
#include "ring.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Theory of operation
 *
 * One thread writes `head`, one writes `tail`; both only grow, and wrap with
 * their type. Items from tail up to head are the consumer's, the other slots
 * the producer's. A producer that finds the ring full and may wait says so in
 * `waiting`, looks once more, and sleeps on an eventfd that the consumer rings
 * after a pop.
 *
 * An empty ring begins again at its first slot: `first` is the item that stands
 * there. So little traffic touches few pages, again and again, and the ring is
 * as large as a rush needs it at no cost before that. The pages of a rush are
 * given back when it is over.
 */

#define KEEP 64u /* slots whose pages are not given back */

static_assert((RING_SLOTS & (RING_SLOTS - 1)) == 0, "not a power of two");
static_assert(sizeof(struct item) <= 1024, "a slot is at most 1 KiB");

struct ring {
	alignas(64) _Atomic uint32_t head; /* producer's */
	/* Producer's own: slots from head on, and the most that were in use
	 * since pages were given back. */
	uint32_t n_staged, high;
	/* The producer writes it while the ring is empty, so it stands still
	 * as long as there is an item. */
	uint32_t first;
	alignas(64) _Atomic uint32_t tail; /* consumer's */
	alignas(64) atomic_bool waiting;
	atomic_bool abandoned;
	int space; /* eventfd */
	struct item slot[RING_SLOTS];
};

int ring_new(struct ring **ret)
{
	/* Zeroed, page by page as they are touched. */
	struct ring *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (r == MAP_FAILED) {
		return -errno;
	}
	/* One small page at a time, not 2 MiB at the first touch. */
	(void)madvise(r, sizeof(*r), MADV_NOHUGEPAGE);
	r->space = eventfd(0, EFD_CLOEXEC);
	if (r->space < 0) {
		int error = errno;

		munmap(r, sizeof(*r));
		return -error;
	}
	*ret = r;
	return 0;
}

struct ring *ring_free(struct ring *r)
{
	if (r) {
		close(r->space);
		munmap(r, sizeof(*r));
	}
	return NULL;
}

/* The slot of item number n. */
static uint32_t slot_of(const struct ring *r, uint32_t n)
{
	return (n - r->first) % RING_SLOTS;
}

struct item *ring_reserve(struct ring *r)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	/* Pairs with the release in ring_pop(): the slot's reader is done. */
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	uint32_t used = head - tail + r->n_staged;

	if (used == 0) {
		r->first = head;
	}
	if (used == RING_SLOTS || r->n_staged == RING_MESSAGE_MAX) {
		return NULL;
	}
	r->high = used < r->high ? r->high : used + 1;
	return &r->slot[slot_of(r, head + r->n_staged)];
}

void ring_stage(struct ring *r)
{
	r->n_staged++;
}

void ring_publish(struct ring *r)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	/* Pairs with the acquire in ring_peek(): the slots are filled, and
	 * `first` is theirs. */
	atomic_store_explicit(
		&r->head, head + r->n_staged, memory_order_release);
	r->n_staged = 0;
}

void ring_discard(struct ring *r)
{
	r->n_staged = 0;
}

void ring_trim(struct ring *r)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	/* As in ring_reserve(). */
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	const size_t page = 4096;
	uintptr_t from = (uintptr_t)&r->slot[KEEP], end = (uintptr_t)(r + 1);

	if (r->high <= KEEP || head != tail || r->n_staged) {
		return;
	}
	from = (from + page - 1) & ~(page - 1);
	(void)madvise((void *)from, end - from, MADV_DONTNEED);
	r->high = 0;
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

	return head != tail ? &r->slot[slot_of(r, tail)] : NULL;
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
