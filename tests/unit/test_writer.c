/* SPDX-License-Identifier: BSD-2-Clause */
/* test_writer.c - the writer's queue: nothing is lost uncounted. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "writer.h"

enum mode {
	SWIFT, /* takes all */
	ERRATIC, /* takes odd pieces, and naps at times */
	STALLED, /* takes nothing before `go` */
	BLOCKED, /* writes to a pipe that nobody reads */
	PICKY, /* takes a message at a time, and refuses the even ones */
	DEAD, /* takes an octet, then never any more */
};

#define TEXT_SIZE ((size_t)64 << 20)
#define LIMIT_MS 60000u /* for what must come some time */

/* The other side of a writer. */
struct reader {
	enum mode mode;
	struct writer *writer;
	atomic_bool go, abandoned;
	atomic_uint n_calls, n_moved;
	int fd;
	unsigned random, most; /* ERRATIC takes fewer octets than that */
	/* the thread's; ours after writer_close() */
	char *text;
	size_t len;
	uint64_t n_lost;
	unsigned n_losses;
	bool line; /* a line of text for each loss */
};

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

static void nap_ms(unsigned ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* Waits for something that another thread does. */
#define await(condition) \
	do { \
		for (unsigned ms_ = 0; !(condition); ms_++) { \
			assert_true(ms_ < LIMIT_MS); \
			nap_ms(1); \
		} \
	} while (0)

static size_t keep(
	struct reader *r, const struct iovec *v, unsigned n, size_t most)
{
	size_t len = 0, part;

	for (unsigned i = 0; i < n && len < most; i++) {
		part = v[i].iov_len < most - len ? v[i].iov_len : most - len;
		if (r->len + part <= TEXT_SIZE) {
			memcpy(r->text + r->len, v[i].iov_base, part);
		}
		r->len += part;
		len += part;
	}
	return len;
}

static size_t deliver(
	void *ctx, struct iovec *v, unsigned n, struct writer_wait *ret_wait)
{
	struct reader *r = ctx;
	ssize_t done;
	unsigned long i;

	atomic_fetch_add(&r->n_calls, 1);
	switch (r->mode) {
	case SWIFT:
		break;
	case ERRATIC:
		if (next_random(&r->random) % 64 == 0) {
			*ret_wait =
				(struct writer_wait){.fd = -1, .timeout_ms = 1};
		}
		return keep(r, v, n, next_random(&r->random) % r->most);
	case STALLED:
		if (!atomic_load(&r->go)) {
			*ret_wait =
				(struct writer_wait){.fd = -1, .timeout_ms = 1};
			return 0;
		}
		break;
	case DEAD:
		ret_wait->no_more = true;
		return keep(r, v, n, 1);
	case PICKY:
		/* Its alerts are of i % 3: see push(). */
		i = strtoul(v[0].iov_base, NULL, 10);
		if (i % 2 == 0) {
			writer_refuse(r->writer, (uint32_t)(i % 3));
		}
		return keep(r, v, 1, SIZE_MAX);
	case BLOCKED:
		done = writev(r->fd, v, (int)n);
		return done > 0 ? (size_t)done : 0;
	}
	return keep(r, v, n, SIZE_MAX);
}

static size_t loss(void *ctx, uint64_t n, time_t since, char *buf)
{
	struct reader *r = ctx;

	(void)since;
	r->n_lost += n;
	r->n_losses++;
	if (!r->line) {
		return 0;
	}
	return (size_t)snprintf(
		buf, WRITER_LINE_MAX, "lost %llu\n", (unsigned long long)n);
}

static void moved(void *ctx)
{
	atomic_fetch_add(&((struct reader *)ctx)->n_moved, 1);
}

static struct writer *begin(
	struct reader *r, enum mode mode, size_t size, bool wait)
{
	struct writer_config c = {
		.name = "test",
		.size = size,
		.wait = wait,
		.abandoned = &r->abandoned,
		.deliver = deliver,
		.loss = loss,
		.moved = moved,
		.ctx = r,
		.moved_ctx = r,
	};
	struct writer *w;

	memset(r, 0, sizeof(*r));
	r->mode = mode;
	r->most = 3000;
	r->fd = -1;
	r->text = malloc(TEXT_SIZE);
	assert_non_null(r->text);
	assert_int_equal(writer_open(&c, &w), 0);
	r->writer = w;
	return w;
}

static void end(struct reader *r)
{
	free(r->text);
}

/* Message i: its number, and dots up to a length that follows from it; as if
 * i % 3 alerts were in it. */
static bool push(struct writer *w, unsigned i)
{
	char text[512];
	unsigned seed = i;
	size_t len = (size_t)snprintf(text, sizeof(text), "%u", i), at;

	at = len;
	len += next_random(&seed) % 400;
	memset(text + at, '.', len - at);
	text[len++] = '\n';
	return writer_push(w,
		(struct iovec[]){{text, at}, {text + at, len - at}}, 2, i % 3);
}

/* Reads what arrived: numbers ascend. Returns how many messages there are. */
static unsigned check_text(struct reader *r)
{
	char *p = r->text, *end_of_number, *nl;
	long last = -1, i;
	unsigned n = 0, seed;

	assert_true(r->len < TEXT_SIZE);
	r->text[r->len] = '\0';
	for (; *p; p = nl + 1) {
		nl = strchr(p, '\n');
		assert_non_null(nl);
		if (strncmp(p, "lost ", 5) == 0) {
			continue;
		}
		i = strtol(p, &end_of_number, 10);
		assert_true(i > last);
		seed = (unsigned)i;
		assert_int_equal(nl - end_of_number, next_random(&seed) % 400);
		assert_int_equal(
			strspn(end_of_number, "."), nl - end_of_number);
		last = i;
		n++;
	}
	return n;
}

static void test_all_arrive_in_order(void **state)
{
	struct reader r;
	struct writer *w = begin(&r, SWIFT, 1 << 20, false);

	for (unsigned i = 0; i < 500; i++) {
		assert_true(push(w, i));
	}
	assert_int_equal(writer_close(w, LIMIT_MS).n, 0);
	assert_int_equal(check_text(&r), 500);
	assert_int_equal(r.n_losses, 0);
	end(&r);
	(void)state;
}

/* A reader of odd pieces, a queue of a few messages: what is not delivered is
 * counted, what is delivered is whole. */
static void test_stress_live(void **state)
{
	enum { N = 100000 };
	struct reader r;
	struct writer *w = begin(&r, ERRATIC, 4096, false);
	unsigned n_lost = 0, seed = 1;

	for (unsigned i = 0; i < N; i++) {
		n_lost += !push(w, i);
		if (next_random(&seed) % 256 == 0) {
			nap_ms(1);
		}
	}
	assert_int_equal(writer_close(w, LIMIT_MS).n, 0);
	assert_int_equal(check_text(&r) + n_lost, N);
	assert_int_equal(r.n_lost, n_lost);
	assert_true(n_lost > 0 && n_lost < N);
	end(&r);
	(void)state;
}

/* The lines that tell of losses are taken in pieces as well. */
static void test_stress_live_with_lines(void **state)
{
	enum { N = 20000 };
	struct reader r;
	struct writer *w = begin(&r, ERRATIC, 8192, false);
	unsigned n_lost = 0, n_lines = 0, seed = 1;
	unsigned long long n, n_said = 0;

	r.line = true;
	r.most = 20;
	for (unsigned i = 0; i < N; i++) {
		n_lost += !push(w, i);
		if (next_random(&seed) % 256 == 0) {
			nap_ms(1);
		}
	}
	assert_int_equal(writer_close(w, LIMIT_MS).n, 0);
	assert_int_equal(check_text(&r) + n_lost, N);
	for (char *p = r.text; (p = strstr(p, "lost ")) != NULL; p += 5) {
		n = strtoull(p + 5, NULL, 10);
		assert_true(n > 0);
		n_said += n;
		n_lines++;
	}
	assert_int_equal(n_said, n_lost);
	assert_int_equal(n_lines, r.n_losses);
	end(&r);
	(void)state;
}

static void test_stress_replay_loses_nothing(void **state)
{
	enum { N = 50000 };
	struct reader r;
	struct writer *w = begin(&r, ERRATIC, 4096, true);

	for (unsigned i = 0; i < N; i++) {
		assert_true(push(w, i));
	}
	assert_int_equal(writer_close(w, LIMIT_MS).n, 0);
	assert_int_equal(check_text(&r), N);
	assert_int_equal(r.n_losses, 0);
	end(&r);
	(void)state;
}

/* The queue fills, the newest are lost; the loss is told behind the kept ones
 * and before what came when there was room again. */
static void test_stall_keeps_the_oldest(void **state)
{
	char want[64];
	struct reader r;
	struct writer *w = begin(&r, STALLED, 65536, false);
	unsigned n_kept = 0, n_lost = 0;

	r.line = true;
	while (push(w, n_kept)) {
		n_kept++;
	}
	for (n_lost = 1; n_lost < 100; n_lost++) {
		/* the largest, so that none fits where the first did not */
		char big[450] = {0};

		assert_false(writer_push(
			w, &(struct iovec){big, sizeof(big)}, 1, 1));
	}
	assert_int_equal(writer_queued(w), n_kept);
	atomic_store(&r.go, true);
	await(writer_drained(w));
	assert_true(push(w, 1000000));
	assert_int_equal(writer_close(w, LIMIT_MS).n, 0);
	assert_int_equal(check_text(&r), n_kept + 1);
	assert_int_equal(r.n_lost, n_lost);
	snprintf(want, sizeof(want), "\nlost %u\n1000000", n_lost);
	assert_non_null(strstr(r.text, want));
	end(&r);
	(void)state;
}

static void test_close_tells_what_is_left(void **state)
{
	struct reader r;
	struct writer *w = begin(&r, STALLED, 65536, false);
	struct writer_left left;

	for (unsigned i = 0; i < 7; i++) {
		assert_true(push(w, i));
	}
	left = writer_close(w, 10);
	assert_int_equal(left.n, 7);
	assert_int_equal(left.alerts, 0 + 1 + 2 + 0 + 1 + 2 + 0);
	assert_int_equal(r.len, 0);
	end(&r);
	(void)state;
}

static void test_alerts_are_accounted_for(void **state)
{
	enum { N = 600 };
	struct reader r;
	struct writer *w = begin(&r, PICKY, 1 << 20, false);
	struct writer_alerts a;
	uint64_t refused = 0, delivered = 0;

	for (unsigned i = 0; i < N; i++) {
		assert_true(push(w, i));
		refused += i % 2 ? 0 : i % 3;
		delivered += i % 2 ? i % 3 : 0;
		a = writer_alerts(w);
		assert_int_equal(a.waiting + a.delivered + a.refused,
			refused + delivered);
	}
	await(writer_drained(w));
	a = writer_alerts(w);
	assert_int_equal(a.waiting, 0);
	assert_int_equal(a.delivered, delivered);
	assert_int_equal(a.refused, refused);
	assert_int_equal(writer_close(w, LIMIT_MS).refused, refused);
	end(&r);
	(void)state;
}

static void test_too_large_is_lost(void **state)
{
	struct reader r;
	struct writer *w = begin(&r, SWIFT, 4096, true);
	char big[2048] = {0};
	size_t most = writer_message_max(w);

	assert_true(writer_push(w, &(struct iovec){big, most}, 1, 1));
	assert_false(writer_push(w, &(struct iovec){big, most + 1}, 1, 1));
	assert_int_equal(writer_close(w, LIMIT_MS).n, 0);
	assert_int_equal(r.len, most);
	assert_int_equal(r.n_lost, 1);
	end(&r);
	(void)state;
}

static void *abandon_later(void *arg)
{
	struct reader *r = arg;

	await(atomic_load(&r->n_calls) > 20);
	atomic_store(&r->abandoned, true);
	return NULL;
}

static void test_abandoning_ends_a_wait(void **state)
{
	struct reader r;
	struct writer *w = begin(&r, STALLED, 4096, true);
	unsigned n = 0;
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, abandon_later, &r), 0);
	while (push(w, n)) {
		n++;
	}
	assert_true(atomic_load(&r.abandoned));
	assert_true(writer_ready(w));
	assert_int_equal(writer_close(w, 0).n, n);
	pthread_join(t, NULL);
	end(&r);
	(void)state;
}

/* Who will never take anything again stops nobody: pushes end, a loop that
 * asks goes on, and what is left is counted, the half one too. */
static void test_dead_reader(void **state)
{
	struct reader r;
	struct writer *w = begin(&r, DEAD, 4096, true);
	struct writer_left left;
	unsigned n = 0;

	while (push(w, n)) {
		n++;
	}
	await(writer_ready(w));
	await(writer_drained(w));
	left = writer_close(w, 0);
	assert_int_equal(left.n, n);
	assert_int_equal(left.alerts, n / 3 * 3 + (n % 3 == 2));
	assert_int_equal(r.len, 1);
	end(&r);
	(void)state;
}

/* write(2) blocks in the thread; closing gets it out. */
static void test_close_interrupts_a_write(void **state)
{
	struct reader r;
	struct writer *w = begin(&r, BLOCKED, 1 << 20, false);
	int fds[2];
	unsigned n = 0;

	assert_int_equal(pipe(fds), 0);
	r.fd = fds[1];
	while (push(w, n)) { /* until pipe and queue are full */
		n++;
	}
	assert_in_range(writer_close(w, 50).n, 1, n);
	close(fds[0]);
	close(fds[1]);
	end(&r);
	(void)state;
}

/* Who asks in vain is told once when to ask again. */
static void asks_again(bool (*ask)(struct writer *w))
{
	struct reader r;
	struct writer *w = begin(&r, STALLED, 65536, true);
	unsigned n = 0;

	assert_true(writer_drained(w));
	while (ask(w)) {
		assert_true(push(w, n++));
	}
	assert_int_equal(atomic_load(&r.n_moved), 0);
	atomic_store(&r.go, true);
	await(atomic_load(&r.n_moved) == 1);
	await(ask(w));
	assert_int_equal(writer_close(w, LIMIT_MS).n, 0);
	assert_int_equal(check_text(&r), n);
	end(&r);
}

static void test_ready_and_moved(void **state)
{
	asks_again(writer_ready);
	(void)state;
}

static void test_drained_and_moved(void **state)
{
	asks_again(writer_drained);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_arrive_in_order),
		cmocka_unit_test(test_stress_live),
		cmocka_unit_test(test_stress_live_with_lines),
		cmocka_unit_test(test_stress_replay_loses_nothing),
		cmocka_unit_test(test_stall_keeps_the_oldest),
		cmocka_unit_test(test_close_tells_what_is_left),
		cmocka_unit_test(test_alerts_are_accounted_for),
		cmocka_unit_test(test_too_large_is_lost),
		cmocka_unit_test(test_abandoning_ends_a_wait),
		cmocka_unit_test(test_dead_reader),
		cmocka_unit_test(test_close_interrupts_a_write),
		cmocka_unit_test(test_ready_and_moved),
		cmocka_unit_test(test_drained_and_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
