/* SPDX-License-Identifier: BSD-2-Clause */
/* test_backlog.c - alerts for an output that comes and goes: each is delivered,
 * spooled or counted as lost, in order, on disk within a second. */
#include <errno.h>
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

#include <cmocka.h>

#include "await.h"
#include "backlog.h"
#include "spooling.h"

#define LIMIT_MS 60000u
#define QUEUE ((size_t)1 << 20)
#define ALERTS 60000u

/* The output, and what it has got. */
static struct {
	char state[64], spool[80], crashed[64];
	struct options options;
	struct output *output;
	struct backlog backlog;
	atomic_bool abandoned;
	atomic_uint room; /* messages that it still takes */
	atomic_uint n_got; /* alerts */
	unsigned got[ALERTS];
	unsigned n_lines;
	uint64_t told[64]; /* lost, by the line */
	unsigned told_at[64]; /* behind so many alerts */
	unsigned next; /* alert to be pushed */
	atomic_uint refuse; /* each so many-th; 0: none */
	struct account_counts end;
	uint64_t pushed_ms[ALERTS], synced_ms[ALERTS];
	atomic_uint n_synced; /* alerts: those before are on disk */
} t;

/* ---- the disk ---- */

static atomic_bool disk_full, disk_short; /* the latter takes what is small */
static atomic_uint n_syncs, n_synced_by_main;
static pthread_t main_thread;

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

ssize_t __real_writev(int fd, const struct iovec *v, int n);
ssize_t __wrap_writev(int fd, const struct iovec *v, int n);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);

ssize_t __wrap_writev(int fd, const struct iovec *v, int n)
{
	if (fd != STDERR_FILENO &&
		(atomic_load(&disk_full) ||
			(atomic_load(&disk_short) && n > 1))) {
		errno = ENOSPC;
		return -1;
	}
	return __real_writev(fd, v, n);
}

/* Notes when alerts are on disk, as long as none has left. */
int __wrap_fdatasync(int fd)
{
	unsigned n = atomic_load(&t.n_synced);
	uint64_t spooled = t.output ? account_get(&t.output->account).spooled
				    : 0;

	(void)fd;
	for (; n < spooled && n < ALERTS; n++) {
		t.synced_ms[n] = now_ms();
	}
	atomic_store(&t.n_synced, n);
	atomic_fetch_add(&n_syncs, 1);
	n_synced_by_main += pthread_equal(pthread_self(), main_thread) != 0;
	return 0;
}

int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

/* ---- the output ---- */

static void take(const struct iovec *v)
{
	char text[64] = "";
	unsigned n = atomic_load(&t.n_got);

	memcpy(text, v->iov_base, v->iov_len < 63 ? v->iov_len : 63);
	if (strncmp(text, "lost ", 5) == 0) {
		t.told[t.n_lines] = strtoull(text + 5, NULL, 10);
		t.told_at[t.n_lines++] = n;
		return;
	}
	t.got[n] = (unsigned)strtoul(text, NULL, 10);
	atomic_store(&t.n_got, n + 1);
}

static unsigned deliver(
	void *ctx, struct iovec *v, unsigned n, struct backlog_try *try)
{
	unsigned done = 0, refuse = atomic_load(&t.refuse);

	(void)ctx;
	assert_true(n > 0);
	for (; done < n && atomic_load(&t.room) > 0; done++) {
		atomic_fetch_sub(&t.room, 1);
		if (refuse &&
			strtoul(v[done].iov_base, NULL, 10) % refuse == 0) {
			try->n_refused++;
			continue;
		}
		take(&v[done]);
	}
	if (done < n) {
		try->trouble = "no room";
		try->wait.timeout_ms = 20;
	}
	return done;
}

static size_t loss_line(
	void *ctx, uint64_t n, time_t since, char buf[BACKLOG_LINE_MAX])
{
	(void)ctx;
	assert_in_range(since, time(NULL) - 1000, time(NULL));
	return (size_t)snprintf(
		buf, BACKLOG_LINE_MAX, "lost %llu", (unsigned long long)n);
}

static void open_backlog(void)
{
	static const struct output_class class = {"test", true, 0, 0, 0};
	const struct backlog_config c = {
		.name = "test",
		.verb = "reach",
		.what = "the tester",
		.path = "here",
		.queue = QUEUE,
		.deliver = deliver,
		.loss_line = loss_line,
	};
	const struct output_context context = {
		.options = &t.options, .abandoned = &t.abandoned};

	t.output = output_new(sizeof(*t.output), &class);
	assert_non_null(t.output);
	assert_int_equal(backlog_open(&t.backlog, &c, &context, t.output), 0);
}

static bool close_backlog(unsigned grace_ms)
{
	bool fine = backlog_close(&t.backlog, grace_ms);

	t.end = account_get(&t.output->account);
	assert_int_equal(account_waiting(&t.end), 0);
	output_free(t.output);
	t.output = NULL;
	return fine;
}

static struct account_counts counts(void)
{
	struct account_counts n = account_get(&t.output->account);

	assert_in_range(account_waiting(&n), 0, n.taken + n.recovered);
	return n;
}

/* The next n alerts, each of 100 octets. */
static void push(unsigned n)
{
	char text[100];

	for (unsigned end = t.next + n; t.next < end; t.next++) {
		memset(text, '.', sizeof(text));
		text[snprintf(text, 16, "%u", t.next)] = '.';
		account_add(&t.output->account,
			&(struct account_counts){.taken = 1});
		backlog_push(&t.backlog, text, sizeof(text));
	}
}

static int setup(void **state)
{
	memset(&t, 0, sizeof(t));
	make_folder(t.state);
	make_folder(t.crashed);
	snprintf(t.spool, sizeof(t.spool), "%s/spool-test", t.state);
	t.options.service = true;
	t.options.state_directory = t.state;
	t.options.spool_mib = 64;
	atomic_store(&disk_full, false);
	atomic_store(&n_syncs, 0);
	atomic_store(&n_synced_by_main, 0);
	main_thread = pthread_self();
	hear();
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	struct stat st;

	if (t.output) { /* the test failed */
		atomic_store(&t.abandoned, true);
		backlog_close(&t.backlog, 1);
	}
	hear_no_more();
	if (!stat(t.spool, &st)) {
		remove_folder(t.spool);
	}
	remove_folder(t.state);
	remove_folder(t.crashed);
	(void)state;
	return 0;
}

static void count_one(void *ctx, const char *path, const char *name)
{
	(void)path;
	*(unsigned *)ctx += strstr(name, ".spool") != NULL;
}

static unsigned n_segments(void)
{
	unsigned n = 0;

	for_each_file(t.spool, count_one, &n);
	return n;
}

/* Alerts from..to have arrived, in order, once each. */
static void expect_got(unsigned from, unsigned to)
{
	assert_int_equal(atomic_load(&t.n_got), to - from);
	for (unsigned i = 0; i < to - from; i++) {
		assert_int_equal(t.got[i], from + i);
	}
}

/* ---- tests ---- */

/* Pushes for a while; returns by how much naps were too long, at most. */
static uint64_t push_slowly(unsigned ms)
{
	uint64_t begun = now_ms(), before, lag = 0;

	while (now_ms() - begun < ms) {
		before = now_ms();
		t.pushed_ms[t.next] = before;
		push(1);
		nap_ms(5);
		if (now_ms() - before > 5 + lag) {
			lag = now_ms() - before - 5;
		}
	}
	return lag;
}

static void test_what_leaves_touches_no_disk(void **state)
{
	uint64_t lag;

	atomic_store(&t.room, ALERTS);
	open_backlog();
	lag = push_slowly(500);
	assert_true(close_backlog(LIMIT_MS));
	expect_got(0, t.next);
	assert_int_equal(t.end.delivered, t.next);
	assert_int_equal(n_segments(), 0);
	if (lag < 30) { /* else our thread may have been late itself */
		assert_int_equal(atomic_load(&n_syncs), 0);
	}
	assert_string_equal(said(), "");
	(void)state;
}

/* What does not leave is on disk within a second, the first and the last of
 * it, and by another thread than ours. */
static void test_on_disk_within_a_second(void **state)
{
	uint64_t lag, worst = 0;

	open_backlog();
	lag = push_slowly(2000);
	await(atomic_load(&t.n_synced) == t.next);
	for (unsigned i = 0; i < t.next; i++) {
		uint64_t took = t.synced_ms[i] - t.pushed_ms[i];

		worst = took > worst ? took : worst;
	}
	assert_in_range(worst, 1, 1000 + 4 * lag); /* on a busy machine */
	assert_int_equal(atomic_load(&n_synced_by_main), 0);
	/* And when nothing changes, nothing is written. */
	nap_ms(500);
	atomic_store(&n_syncs, 0);
	nap_ms(1000);
	assert_int_equal(atomic_load(&n_syncs), 0);
	/* A kill now, and a run that finds what is there. */
	copy_folder(t.spool, t.crashed);
	assert_true(close_backlog(1));
	assert_int_equal(t.end.spooled, t.next);
	empty_folder(t.spool);
	copy_folder(t.crashed, t.spool);
	atomic_store(&t.room, ALERTS);
	open_backlog();
	await(atomic_load(&t.n_got) == t.next);
	assert_true(close_backlog(LIMIT_MS));
	expect_got(0, t.next);
	assert_int_equal(t.end.recovered, t.next);
	assert_int_equal(t.end.delivered, t.next);
	assert_int_equal(n_said("alerts for the tester here found in the "
				"spool"),
		1);
	(void)state;
}

static void test_order_through_outages(void **state)
{
	unsigned seed = 7;

	open_backlog();
	for (unsigned i = 0; i < 60; i++) {
		seed = seed * 1103515245u + 12345u;
		push(seed >> 16 & 255);
		nap_ms(10);
		counts();
		if (i % 12 == 5) {
			nap_ms(450); /* long enough for the spool */
		}
		atomic_store(&t.room, i % 3 ? 0 : seed >> 20 & 511);
	}
	assert_true(n_segments() > 0);
	atomic_store(&t.room, ALERTS);
	await(atomic_load(&t.n_got) == t.next);
	await(counts().delivered == t.next);
	push(10);
	await(counts().delivered == t.next);
	assert_true(close_backlog(LIMIT_MS));
	expect_got(0, t.next);
	assert_int_equal(n_segments(), 0);
	assert_true(n_said("cannot reach the tester here: no room; ") > 0);
	assert_int_equal(n_said("cannot reach the tester here"),
		n_said("the tester here is back"));
	(void)state;
}

/* Each run delivers some, from where the one before ended. */
static void test_many_runs(void **state)
{
	for (unsigned run = 0; run < 20; run++) {
		unsigned before = atomic_load(&t.n_got);

		open_backlog();
		push(50);
		atomic_store(&t.room, 30);
		await(atomic_load(&t.n_got) == before + 30);
		assert_true(close_backlog(1));
		assert_int_equal(t.end.recovered, 20 * run);
		assert_int_equal(t.end.spooled, 20 * (run + 1));
	}
	atomic_store(&t.room, ALERTS);
	open_backlog();
	await(atomic_load(&t.n_got) == 1000);
	assert_true(close_backlog(LIMIT_MS));
	expect_got(0, 1000);
	assert_int_equal(n_segments(), 0);
	(void)state;
}

/* Alerts that arrived and lines that tell of lost ones: all of them, and each
 * line stands where those that it tells of would. */
static void expect_all_or_told(unsigned n)
{
	unsigned at = 0, number = 0;

	for (unsigned i = 0; i <= t.n_lines; i++) {
		unsigned end = i < t.n_lines ? t.told_at[i]
					     : atomic_load(&t.n_got);

		for (; at < end; at++) {
			assert_int_equal(t.got[at], number++);
		}
		number += i < t.n_lines ? (unsigned)t.told[i] : 0;
	}
	assert_int_equal(number, n);
}

static void test_overflow(void **state)
{
	uint64_t n_told = 0;

	t.options.spool_mib = 1;
	open_backlog();
	push(1);
	await(counts().spooled == 1);
	while (counts().lost < 1000) {
		push(100);
		nap_ms(1);
	}
	await(account_waiting(&(struct account_counts){0}) == 0 &&
		counts().spooled + counts().lost == t.next);
	assert_int_equal(
		n_said("the spool of test is full: alerts are lost"), 1);
	assert_int_equal(n_said("lost: more than could wait"), 0);
	/* Room comes little by little, and with it lines that tell. */
	atomic_store(&t.room, 4000);
	await(atomic_load(&t.room) == 0);
	push(3000);
	await(account_waiting(&(struct account_counts){0}) == 0 &&
		counts().delivered + counts().spooled + counts().lost ==
			t.next);
	assert_true(n_said("lost: more than could wait") > 0);
	assert_false(close_backlog(1));
	assert_int_equal(t.end.spooled + t.end.lost + t.end.delivered, t.next);
	n_told = t.end.lost;
	/* The next run tells of what this one has lost last. */
	atomic_store(&t.room, ALERTS);
	open_backlog();
	push(5);
	await(counts().delivered == t.end.spooled + 5);
	assert_true(close_backlog(LIMIT_MS));
	for (unsigned i = 0; i < t.n_lines; i++) {
		n_told -= t.told[i];
	}
	assert_int_equal(n_told, 0);
	expect_all_or_told(t.next);
	(void)state;
}

/* Without a spool, by the queue alone. */
static void test_in_memory_only(void **state)
{
	unsigned n_lost;

	t.options.service = false;
	open_backlog();
	while (counts().lost == 0) {
		push(1);
	}
	push(99);
	n_lost = (unsigned)counts().lost;
	assert_int_equal(counts().spooled, 0);
	atomic_store(&t.room, ALERTS);
	await(counts().delivered == t.next - n_lost);
	await(n_said("lost: more than could wait") == 1);
	push(10);
	assert_false(close_backlog(LIMIT_MS));
	assert_int_equal(t.n_lines, 1);
	assert_int_equal(t.told[0], n_lost);
	expect_all_or_told(t.next);
	assert_int_equal(n_said("could not be delivered"), 0);
	(void)state;
}

static void test_in_memory_only_at_the_end(void **state)
{
	t.options.service = false;
	open_backlog();
	push(7);
	assert_false(close_backlog(10));
	assert_int_equal(t.end.lost, 7);
	assert_int_equal(n_said("7 alerts could not be delivered to here"), 1);
	(void)state;
}

static void test_spool_cannot_be_written(void **state)
{
	atomic_store(&disk_full, true);
	open_backlog();
	push(100);
	await(n_said("cannot write to the spool of test: No space left on "
		     "device; alerts wait in memory") == 1);
	assert_int_equal(counts().spooled, 0);
	push(100);
	nap_ms(300);
	atomic_store(&disk_full, false);
	await(counts().spooled == 200);
	await(n_said("the spool of test can be written again") == 1);
	/* Some are spooled, some cannot be: the order stays. */
	atomic_store(&disk_full, true);
	push(100);
	atomic_store(&t.room, 250);
	await(atomic_load(&t.n_got) == 250);
	/* At the end there is nowhere to go. */
	assert_false(close_backlog(1));
	expect_got(0, 250);
	assert_int_equal(t.end.lost, 50);
	assert_int_equal(n_said("50 alerts could not be delivered"), 1);
	(void)state;
}

/* A disk that takes a new segment, but no alert: told of once. */
static void test_spool_can_nearly_be_written(void **state)
{
	atomic_store(&disk_short, true);
	open_backlog();
	push(100);
	await(n_said("cannot write to the spool of test: ") == 1);
	for (unsigned i = 0; i < 10; i++) {
		push(10);
		nap_ms(100);
	}
	assert_int_equal(n_said("can be written again"), 0);
	assert_int_equal(n_said("cannot write to the spool of test: "), 1);
	atomic_store(&disk_short, false);
	await(n_said("the spool of test can be written again") == 1);
	assert_int_equal(counts().spooled, 200);
	atomic_store(&t.room, 200);
	assert_true(close_backlog(0));
	expect_got(0, 200);
	(void)state;
}

static void test_no_spool_at_all(void **state)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/none/there", t.state);
	t.options.state_directory = path;
	open_backlog();
	assert_int_equal(n_said("/none/there: No such file or directory; "
				"alerts for the tester here wait in memory "
				"only"),
		1);
	atomic_store(&t.room, ALERTS);
	push(10);
	assert_true(close_backlog(LIMIT_MS));
	expect_got(0, 10);
	(void)state;
}

/* Refused ones are lost, and neither delivered nor tried again. */
static void test_refused(void **state)
{
	atomic_store(&t.refuse, 10);
	atomic_store(&t.room, ALERTS);
	open_backlog();
	push(100);
	await(counts().delivered == 90);
	assert_int_equal(counts().lost, 10);
	atomic_store(&t.room, 0);
	push(100); /* by way of the spool */
	await(counts().spooled == 100);
	atomic_store(&t.room, ALERTS);
	await(counts().delivered == 180);
	assert_int_equal(counts().lost, 20);
	assert_false(close_backlog(LIMIT_MS));
	assert_int_equal(n_said("20 alerts could not be delivered"), 1);
	(void)state;
}

static void empty_one(void *ctx, const char *path, const char *name)
{
	(void)ctx;
	if (strstr(name, ".spool")) {
		assert_int_equal(truncate(path, 0), 0);
	}
}

/* What somebody takes away from under it is lost, and counted. */
static void test_spool_spoiled(void **state)
{
	open_backlog();
	push(100);
	await(counts().spooled == 100);
	nap_ms(100); /* an attempt has read them */
	for_each_file(t.spool, empty_one, NULL);
	push(100);
	await(counts().spooled == 200);
	atomic_store(&t.room, ALERTS);
	await(counts().spooled == 0);
	assert_int_equal(counts().delivered, 100);
	assert_int_equal(counts().lost, 100);
	push(10);
	assert_false(close_backlog(LIMIT_MS));
	assert_int_equal(t.end.delivered, 110);
	assert_int_equal(n_said("100 alerts cannot be read again"), 1);
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_leaves_touches_no_disk),
		TEST(test_on_disk_within_a_second),
		TEST(test_order_through_outages),
		TEST(test_many_runs),
		TEST(test_overflow),
		TEST(test_in_memory_only),
		TEST(test_in_memory_only_at_the_end),
		TEST(test_spool_cannot_be_written),
		TEST(test_spool_can_nearly_be_written),
		TEST(test_no_spool_at_all),
		TEST(test_refused),
		TEST(test_spool_spoiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
