/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer.c - a thread that delivers messages, and the queue in front of it.
 *
 * Theory of operation
 *
 * The queue is a ring of entries, each a header of eight octets and the
 * message, at offsets that are multiples of eight. An entry is never split:
 * where the end of the ring is too near, a SKIP stands in for the rest. One
 * lock guards the indices, never a delivery: the thread takes a batch of
 * entries under it, and they stay where they are until they are delivered. An
 * empty ring begins again at its start, so that little traffic touches few
 * pages.
 *
 * When a message is lost, a MARK is queued in its place, for which room is
 * kept; further losses are added to it until the thread comes to it. So loss()
 * learns of them where they happened, with the exact number.
 *
 * The thread sleeps in poll() on an eventfd, and pushing into a queue whose
 * thread does not sleep is no system call. Before it sleeps it naps for a
 * millisecond: under load a batch gathers in the meantime, and who pushes need
 * not wake it for each message.
 *
 * deliver() may block in write(2) for ever, for standard output belongs to
 * others too and cannot be set non-blocking. SIGURG, whose handler does
 * nothing, gets the thread out of it: the one signal that it does not block.
 */
#include "writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "account.h"
#include "clock.h"

#define MARK UINT32_C(0)
#define SKIP UINT32_MAX

#define NAP_MS 1
#define STOP_MS 50 /* how often who waits looks at *abandoned */
#define KEEP 65536u /* octets of a queue that are not given back */
#define PAGE ((size_t)4096)

/* Before each message. MARK and SKIP stand for a length. */
struct header {
	uint32_t len, alerts;
};
#define HEADER sizeof(struct header)

enum state { AWAKE, NAPPING, ASLEEP };

struct writer {
	struct writer_config c;
	pthread_t thread;
	int wake; /* eventfd */
	unsigned char *ring;

	/* the thread's own */
	struct iovec batch[WRITER_BATCH];
	size_t taken; /* octets of the ring that the batch is from */
	size_t part; /* octets of the first message that are delivered */
	bool call; /* deliver() is to be called, whatever the batch is */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t moved; /* progress or ended */
	size_t head, tail; /* written by who pushes; by the thread */
	size_t used; /* octets from tail to head, SKIPs too */
	size_t high; /* most of it since pages were given back */
	struct writer_left queued;
	uint64_t progress; /* deliveries that took something */
	uint64_t n_lost; /* since the MARK in the queue; 0: none in it */
	time_t lost_since;
	enum state state;
	bool asked; /* moved() is wanted */
	bool called; /* writer_call() */
	bool closing, ending, ended;
};

/* ---- the ring ------------------------------------------------------------ */

/* Octets of an entry in the ring. */
static size_t entry_size(size_t len)
{
	return HEADER + ((len + HEADER - 1) & ~(HEADER - 1));
}

static struct header header_at(const struct writer *w, size_t at)
{
	struct header h;

	memcpy(&h, w->ring + at, HEADER);
	return h;
}

static void put_header(struct writer *w, uint32_t len, uint32_t alerts)
{
	memcpy(w->ring + w->head, &(struct header){len, alerts}, HEADER);
}

/* Moves the head over `size` octets that were written. */
static void advance(struct writer *w, size_t size)
{
	w->head += size;
	w->head = w->head == w->c.size ? 0 : w->head;
	w->used += size;
	w->high = w->used > w->high ? w->used : w->high;
}

/* Makes room for an entry at the head, with a SKIP if need be. */
static bool make_room(struct writer *w, size_t size)
{
	size_t to_end = w->c.size - w->head;
	size_t skip = size > to_end ? to_end : 0;

	/* One more header is kept for a MARK. */
	if (w->used + skip + size + HEADER > w->c.size) {
		return false;
	}
	if (skip) {
		put_header(w, SKIP, 0);
		advance(w, skip);
	}
	return true;
}

static bool put(struct writer *w, const struct iovec *v, unsigned n, size_t len,
	uint32_t alerts)
{
	unsigned char *p;

	if (len > writer_message_max(w) || !make_room(w, entry_size(len))) {
		return false;
	}
	put_header(w, (uint32_t)len, alerts);
	p = w->ring + w->head + HEADER;
	for (unsigned i = 0; i < n; i++) {
		memcpy(p, v[i].iov_base, v[i].iov_len);
		p += v[i].iov_len;
	}
	advance(w, entry_size(len));
	w->queued.n++;
	w->queued.alerts += alerts;
	return true;
}

static void put_loss(struct writer *w)
{
	if (w->n_lost++ == 0) {
		w->lost_since = time(NULL);
		put_header(w, MARK, 0);
		advance(w, HEADER);
	}
}

/* Where the thread reads: the octets from `at` on are its own. */
struct cursor {
	size_t at, left;
	struct writer_left passed;
};

static void cursor_step(const struct writer *w, struct cursor *c, size_t size)
{
	c->at += size;
	c->at = c->at == w->c.size ? 0 : c->at;
	c->left -= size;
}

/* The entry at the cursor, which moves behind it; a MARK has no octets. False
 * at the end. */
static bool cursor_next(
	const struct writer *w, struct cursor *c, struct iovec *ret)
{
	struct header h;

	if (c->left == 0) {
		return false;
	}
	h = header_at(w, c->at);
	if (h.len == SKIP) { /* an entry follows always */
		cursor_step(w, c, w->c.size - c->at);
		h = header_at(w, c->at);
	}
	ret->iov_base = w->ring + c->at + HEADER;
	ret->iov_len = h.len;
	cursor_step(w, c, entry_size(h.len));
	c->passed.n += h.len != MARK;
	c->passed.alerts += h.alerts;
	return true;
}

static struct cursor cursor_begin(const struct writer *w)
{
	return (struct cursor){.at = w->tail, .left = w->taken};
}

/* ---- the thread ---------------------------------------------------------- */

/* Unlocks, and tells those who wait for that. */
static void unlock_moved(struct writer *w)
{
	bool asked = w->asked;

	w->asked = false;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	if (asked && w->c.moved) {
		w->c.moved(w->c.moved_ctx);
	}
}

/* Gives back the ring up to the cursor. */
static void release(struct writer *w, const struct cursor *c)
{
	pthread_mutex_lock(&w->lock);
	w->tail = c->at;
	w->used -= w->taken - c->left;
	w->queued.n -= c->passed.n;
	w->queued.alerts -= c->passed.alerts;
	if (w->used == 0) {
		w->head = w->tail = 0;
	}
	w->progress++;
	unlock_moved(w);
	if (w->c.account && c->passed.alerts) {
		account_add(
			w->c.account, &(struct account_counts){
					      .delivered = c->passed.alerts});
	}
}

static void release_mark(struct writer *w)
{
	struct cursor c = cursor_begin(w);
	struct iovec mark;

	cursor_next(w, &c, &mark);
	release(w, &c);
}

/* A delivery took that many octets. */
static void took(struct writer *w, size_t octets)
{
	struct cursor c = cursor_begin(w), next = c;
	struct iovec msg;

	if (octets == 0) {
		return;
	}
	w->part += octets;
	while (w->part > 0 && cursor_next(w, &next, &msg) &&
		w->part >= msg.iov_len) {
		w->part -= msg.iov_len;
		c = next;
	}
	release(w, &c);
}

/* Passes the MARK at the tail on. */
static void pass_loss(struct writer *w)
{
	uint64_t n;
	time_t since;

	pthread_mutex_lock(&w->lock);
	n = w->n_lost;
	since = w->lost_since;
	w->n_lost = 0; /* the next loss gets a MARK of its own */
	pthread_mutex_unlock(&w->lock);
	w->call = w->c.loss(w->c.ctx, n, since) || w->call;
	release_mark(w);
}

/* Gathers what is to be delivered next; returns how many messages. */
static unsigned batch(struct writer *w)
{
	struct cursor c = cursor_begin(w);
	unsigned n = 0;

	while (n < WRITER_BATCH && cursor_next(w, &c, &w->batch[n]) &&
		w->batch[n].iov_len > 0) {
		n++;
	}
	if (n > 0) {
		w->batch[0].iov_base = (char *)w->batch[0].iov_base + w->part;
		w->batch[0].iov_len -= w->part;
	} else if (w->taken > 0) {
		pass_loss(w);
	}
	return n;
}

static void rouse(struct writer *w)
{
	uint64_t one = 1;

	while (write(w->wake, &one, sizeof(one)) < 0 && errno == EINTR) {
	}
}

/* Waits for rouse(), for fd to be writable or for the time. */
static void doze(struct writer *w, int fd, int timeout_ms)
{
	struct pollfd p[2] = {{.fd = w->wake, .events = POLLIN},
		{.fd = fd, .events = POLLOUT}};
	uint64_t n;

	(void)poll(p, 2, timeout_ms);
	if (p[0].revents) {
		(void)!read(w->wake, &n, sizeof(n)); /* non-blocking */
	}
}

/* Gives back the pages of an empty ring after a rush. */
static void trim(struct writer *w)
{
	if (w->high > KEEP) {
		madvise(w->ring, w->c.size, MADV_DONTNEED);
	}
	w->high = 0;
}

/* Waits until there is something to do; false: the thread is to end. */
static bool await(struct writer *w)
{
	bool rested = false, go;

	for (;;) {
		pthread_mutex_lock(&w->lock);
		w->taken = w->used;
		w->call = w->call || w->called;
		w->called = false;
		go = (w->used > 0 || w->call) && !w->ending;
		if (go || w->ending || w->closing) {
			w->state = AWAKE;
			pthread_mutex_unlock(&w->lock);
			return go;
		}
		w->state = rested ? ASLEEP : NAPPING;
		if (rested) {
			trim(w);
		}
		pthread_mutex_unlock(&w->lock);
		doze(w, -1, rested ? -1 : NAP_MS);
		rested = true;
	}
}

static void deliver(struct writer *w, struct writer_wait *ret_wait)
{
	unsigned n = batch(w);

	if (n > 0 || w->call) {
		w->call = false;
		took(w, w->c.deliver(w->c.ctx, w->batch, n, ret_wait));
		w->call = ret_wait->again;
	}
}

/* What is still queued at the end. */
static void keep_rest(struct writer *w)
{
	size_t octets = 1;
	unsigned n;

	while (octets > 0) {
		pthread_mutex_lock(&w->lock);
		w->taken = w->used;
		pthread_mutex_unlock(&w->lock);
		if (w->taken == 0) {
			return;
		}
		n = batch(w);
		if (n > 0) {
			octets = w->c.keep(w->c.ctx, w->batch, n);
			took(w, octets);
		}
	}
}

static void *run(void *arg)
{
	struct writer *w = arg;
	struct writer_wait wait = {.fd = -1};

	pthread_setname_np(pthread_self(), w->c.name);
	while (!wait.no_more && await(w)) {
		wait = (struct writer_wait){.fd = -1};
		deliver(w, &wait);
		if (wait.fd >= 0 || wait.timeout_ms != 0) {
			doze(w, wait.fd, wait.timeout_ms);
		}
	}
	if (w->c.keep) {
		keep_rest(w);
	}
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	unlock_moved(w);
	return NULL;
}

/* ---- the other side ------------------------------------------------------ */

/* Under the lock: waits for `moved`, at most STOP_MS. */
static void wait_moved(struct writer *w)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += STOP_MS * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&w->moved, &w->lock, &t);
}

/* Under the lock: whether the thread needs rouse(), which is then due. */
static bool must_rouse(struct writer *w)
{
	if (w->state == ASLEEP ||
		(w->state == NAPPING && w->used > w->c.size / 2)) {
		w->state = AWAKE;
		return true;
	}
	return false;
}

/* Under the lock: whether waiting makes no sense any longer. */
static bool given_up(const struct writer *w)
{
	/* Relaxed: the flag alone, looked at again and again. */
	return w->ended ||
	       (w->c.abandoned && atomic_load_explicit(w->c.abandoned,
					  memory_order_relaxed));
}

bool writer_push(
	struct writer *w, const struct iovec *v, unsigned n, uint32_t alerts)
{
	bool ok, due;
	size_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		len += v[i].iov_len;
	}
	if (len == 0) {
		return true;
	}
	pthread_mutex_lock(&w->lock);
	/* A queue without room is half full, so its thread is not asleep. */
	while (!(ok = put(w, v, n, len, alerts)) && w->c.wait && !given_up(w) &&
		len <= writer_message_max(w)) {
		wait_moved(w);
	}
	if (!ok) {
		put_loss(w);
	}
	due = must_rouse(w);
	pthread_mutex_unlock(&w->lock);
	if (due) {
		rouse(w);
	}
	return ok;
}

size_t writer_message_max(const struct writer *w)
{
	return w->c.size / 4 - 2 * HEADER;
}

bool writer_ready(struct writer *w)
{
	bool ready;

	pthread_mutex_lock(&w->lock);
	ready = !w->c.wait || given_up(w) || w->used <= w->c.size / 2;
	w->asked = w->asked || !ready;
	pthread_mutex_unlock(&w->lock);
	return ready;
}

bool writer_drained(struct writer *w)
{
	bool drained;

	pthread_mutex_lock(&w->lock);
	drained = given_up(w) || w->used == 0;
	w->asked = w->asked || !drained;
	pthread_mutex_unlock(&w->lock);
	return drained;
}

void writer_call(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->called = true;
	pthread_mutex_unlock(&w->lock);
	rouse(w);
}

size_t writer_queued(struct writer *w)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = w->queued.n;
	pthread_mutex_unlock(&w->lock);
	return n;
}

bool writer_closing(struct writer *w)
{
	bool closing;

	pthread_mutex_lock(&w->lock);
	closing = w->closing;
	pthread_mutex_unlock(&w->lock);
	return closing;
}

/* ---- opening and closing ------------------------------------------------- */

/* Only there so that a system call of the thread ends with EINTR. */
static void on_kick(int sig)
{
	(void)sig;
}

static int start(struct writer *w)
{
	struct sigaction kick = {.sa_handler = on_kick};
	sigset_t all, old;
	int r;

	sigaction(SIGURG, &kick, NULL);
	sigfillset(&all);
	sigdelset(&all, SIGURG);
	sigdelset(&all, SIGSYS); /* syscalls.h */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

static void destroy(struct writer *w)
{
	pthread_cond_destroy(&w->moved);
	pthread_mutex_destroy(&w->lock);
	if (w->wake >= 0) {
		close(w->wake);
	}
	if (w->ring != MAP_FAILED) {
		munmap(w->ring, w->c.size);
	}
	free(w);
}

static void init_locks(struct writer *w)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->moved, &attr);
	pthread_condattr_destroy(&attr);
}

int writer_open(const struct writer_config *c, struct writer **ret)
{
	struct writer *w = calloc(1, sizeof(*w));
	int r = 0;

	if (!w) {
		return -ENOMEM;
	}
	w->c = *c;
	w->c.size = (c->size + PAGE - 1) & ~(PAGE - 1);
	init_locks(w);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->ring = mmap(NULL, w->c.size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (w->wake < 0 || w->ring == MAP_FAILED) {
		r = -errno;
	} else {
		/* One small page at a time, not 2 MiB at the first touch. */
		(void)madvise(w->ring, w->c.size, MADV_NOHUGEPAGE);
		r = start(w);
	}
	if (r < 0) {
		destroy(w);
		return r;
	}
	*ret = w;
	return 0;
}

/* Under the lock: waits for the thread's end, which it is told to hasten when
 * nothing moves for grace_ms. */
static void await_end(struct writer *w, unsigned grace_ms)
{
	uint64_t since = clock_steady_ms(), seen = w->progress;

	while (!w->ended) {
		if (w->progress != seen) {
			seen = w->progress;
			since = clock_steady_ms();
		}
		if (w->ending || given_up(w) ||
			(grace_ms > 0 &&
				clock_steady_ms() - since >= grace_ms)) {
			w->ending = true;
			rouse(w);
			/* Again and again: it may be about to block. */
			pthread_kill(w->thread, SIGURG);
		}
		wait_moved(w);
	}
}

struct writer_left writer_close(struct writer *w, unsigned grace_ms)
{
	struct writer_left left;

	pthread_mutex_lock(&w->lock);
	w->closing = true;
	rouse(w);
	await_end(w, grace_ms);
	left = w->queued;
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	destroy(w);
	return left;
}
