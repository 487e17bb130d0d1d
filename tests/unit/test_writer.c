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

#include "await.h"
#include "writer.h"

enum mode {
	SWIFT, /* takes all */
	ERRATIC, /* takes odd pieces, and naps at times */
	STALLED, /* takes nothing before `go` */
	BLOCKED, /* writes to a pipe that nobody reads */
	DEAD, /* takes an octet, then never any more */
};

#define TEXT_SIZE ((size_t)64 << 20)
#define LIMIT_MS 60000u /* for what must come some time */

/* The other side of a writer. */
struct reader {
	enum mode mode;
	atomic_bool go, abandoned;
	atomic_uint n_calls, n_moved;
	int fd;
	unsigned random, most; /* ERRATIC takes fewer octets than that */
	/* the thread's; ours after writer_close() */
	char *text;
	size_t len;
	uint64_t n_lost;
	unsigned n_losses, kept_at_loss;
	bool calls; /* wants to be called after a loss */
	bool keeps; /* what is left at the end */
	unsigned n_again; /* wants to be called so often, with nothing */
	unsigned n_empty; /* and was */
};

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

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

	atomic_fetch_add(&r->n_calls, 1);
	if (n == 0) {
		r->n_empty++;
		r->n_again -= r->n_again > 0;
		ret_wait->again = r->n_again > 0;
		return 0;
	}
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
	case BLOCKED:
		done = writev(r->fd, v, (int)n);
		return done > 0 ? (size_t)done : 0;
	}
	return keep(r, v, n, SIZE_MAX);
}

static bool loss(void *ctx, uint64_t n, time_t since)
{
	struct reader *r = ctx;

	(void)since;
	r->n_lost += n;
	r->n_losses++;
	for (size_t i = 0; i < r->len; i++) {
		r->kept_at_loss += r->text[i] == '\n';
	}
	return r->calls;
}

static size_t keep_left(void *ctx, struct iovec *v, unsigned n)
{
	struct reader *r = ctx;

	return r->keeps ? keep(r, v, n < 3 ? n : 3, SIZE_MAX) : 0;
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
		.keep = keep_left,
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
	struct reader r;
	struct writer *w = begin(&r, STALLED, 65536, false);
	unsigned n_kept = 0, n_lost = 0;

	r.calls = true;
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
	assert_int_equal(r.n_losses, 1);
	assert_int_equal(r.kept_at_loss, n_kept);
	assert_int_equal(r.n_empty, 1);
	end(&r);
	(void)state;
}

/* Who asks for it is called with nothing, then and as often as he says. */
static void test_called_with_nothing(void **state)
{
	struct reader r;
	struct writer *w = begin(&r, SWIFT, 65536, false);

	r.n_again = 3;
	writer_call(w);
	await(atomic_load(&r.n_calls) == 3);
	nap_ms(20);
	writer_call(w);
	await(atomic_load(&r.n_calls) == 4);
	nap_ms(20);
	assert_true(push(w, 0));
	await(atomic_load(&r.n_calls) == 5);
	assert_int_equal(r.n_empty, 4);
	assert_int_equal(writer_close(w, LIMIT_MS).n, 0);
	end(&r);
	(void)state;
}

/* Nor does the end come before he has enough, or nothing moves for long. */
static void test_called_at_the_end(void **state)
{
	struct reader r;
	struct writer *w = begin(&r, SWIFT, 65536, false);

	r.n_again = 50000;
	writer_call(w);
	writer_close(w, LIMIT_MS);
	assert_int_equal(r.n_empty, 50000);
	end(&r);
	w = begin(&r, SWIFT, 65536, false);
	r.n_again = UINT32_MAX;
	writer_call(w);
	writer_close(w, 50);
	assert_true(r.n_empty > 0);
	end(&r);
	(void)state;
}

/* What is left at the end goes where the rest is kept, losses told as well. */
static void test_the_rest_is_kept(void **state)
{
	struct reader r;
	struct writer *w = begin(&r, STALLED, 65536, false);
	unsigned n = 0;

	r.keeps = true;
	while (push(w, n)) {
		n++;
	}
	assert_int_equal(writer_close(w, 10).n, 0);
	assert_int_equal(check_text(&r), n);
	assert_int_equal(r.n_lost, 1);
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
		cmocka_unit_test(test_stress_replay_loses_nothing),
		cmocka_unit_test(test_stall_keeps_the_oldest),
		cmocka_unit_test(test_called_with_nothing),
		cmocka_unit_test(test_called_at_the_end),
		cmocka_unit_test(test_the_rest_is_kept),
		cmocka_unit_test(test_close_tells_what_is_left),
		cmocka_unit_test(test_too_large_is_lost),
		cmocka_unit_test(test_abandoning_ends_a_wait),
		cmocka_unit_test(test_dead_reader),
		cmocka_unit_test(test_close_interrupts_a_write),
		cmocka_unit_test(test_ready_and_moved),
		cmocka_unit_test(test_drained_and_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
