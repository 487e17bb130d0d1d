/* SPDX-License-Identifier: BSD-2-Clause */
/* test_out_file.c - alerts at the end of a file: whole lines and nothing else,
 * whatever the disk, an administrator and other processes do. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>

#include <cmocka.h>

#include "await.h"
#include "output.h"
#include "spooling.h"
#include "writer.h"

#define LIMIT_MS 60000u

/* A record's packet number makes the line. */
size_t dlo_json_print(const struct dlo_record *rec,
	const struct dlo_origin *origin, char *buf, size_t cap)
{
	(void)origin;
	if (rec->meta.packet == 0) {
		return 0; /* it has no form */
	}
	return (size_t)snprintf(buf, cap, "{\"packet\":%llu}",
		(unsigned long long)rec->meta.packet);
}

static struct {
	char folder[64], path[96], old[96];
	struct options options;
	struct output *output;
	atomic_bool abandoned;
	unsigned next;
	struct account_counts n;
} t;

/* ---- the disk ---- */

static atomic_llong disk_room; /* octets that it takes; -1: any */
static atomic_bool disk_stuck; /* nothing can be cut off */
static atomic_uint n_stuck, n_full;
static atomic_ullong disk_free; /* octets, as it says */

ssize_t __real_writev(int fd, const struct iovec *v, int n);
ssize_t __wrap_writev(int fd, const struct iovec *v, int n);
int __real_ftruncate64(int fd, off_t len);
int __wrap_ftruncate64(int fd, off_t len);
int __wrap_fstatvfs64(int fd, struct statvfs *ret);

ssize_t __wrap_writev(int fd, const struct iovec *v, int n)
{
	long long room = atomic_load(&disk_room);
	ssize_t done = 0;

	if (room < 0 || fd == STDERR_FILENO) { /* a disk, not the log */
		return __real_writev(fd, v, n);
	}
	for (int i = 0; i < n && room > 0; i++) {
		size_t len = v[i].iov_len < (size_t)room ? v[i].iov_len
							 : (size_t)room;

		assert_int_equal(write(fd, v[i].iov_base, len), len);
		done += (ssize_t)len;
		room -= (long long)len;
	}
	atomic_store(&disk_room, 0);
	atomic_fetch_add(&n_full, done == 0);
	errno = ENOSPC;
	return done > 0 ? done : -1;
}

int __wrap_ftruncate64(int fd, off_t len)
{
	if (atomic_load(&disk_stuck)) {
		atomic_fetch_add(&n_stuck, 1);
		errno = EIO;
		return -1;
	}
	return __real_ftruncate64(fd, len);
}

int __wrap_fstatvfs64(int fd, struct statvfs *ret)
{
	(void)fd;
	*ret = (struct statvfs){
		.f_frsize = 4096, .f_bavail = atomic_load(&disk_free) / 4096};
	return 0;
}

/* ---- */

static int open_output(bool replay)
{
	struct output_context c = {.options = &t.options,
		.wait = replay,
		.abandoned = &t.abandoned};
	int r = out_file_open(&c, &t.output);

	if (r < 0) {
		t.output = NULL;
	}
	return r;
}

static bool close_output(unsigned grace_ms)
{
	struct output *o = t.output;

	t.output = NULL;
	return output_close(o, grace_ms, &t.n);
}

static void give(unsigned kind, unsigned packet)
{
	const struct dlo_record rec = {
		.kind = (uint16_t)kind, .meta.packet = packet};
	const struct dlo_origin origin = {0};

	account_add(&t.output->account, &(struct account_counts){.taken = 1});
	t.output->class->record(t.output, &rec, &origin);
}

static void give_all(unsigned n)
{
	while (n-- > 0) {
		give(DLO_RECORD_ALERT, ++t.next);
	}
}

static uint64_t delivered(void)
{
	return account_get(&t.output->account).delivered;
}

static int setup(void **state)
{
	memset(&t, 0, sizeof(t));
	make_folder(t.folder);
	snprintf(t.path, sizeof(t.path), "%s/alerts.json", t.folder);
	snprintf(t.old, sizeof(t.old), "%s/alerts.json.1", t.folder);
	t.options.alerts = t.path;
	atomic_store(&disk_room, -1);
	atomic_store(&disk_stuck, false);
	atomic_store(&disk_free, UINT64_C(1) << 40);
	hear();
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	if (t.output) { /* the test failed */
		atomic_store(&t.abandoned, true);
		close_output(1);
	}
	hear_no_more();
	remove_folder(t.folder);
	(void)state;
	return 0;
}

/* A file holds the lines from..to and nothing else. */
static void expect_lines(const char *path, unsigned from, unsigned to)
{
	size_t len, at = 0;
	unsigned char *text = read_file(path, &len);
	char line[64];

	for (unsigned i = from; i <= to; i++) {
		size_t n = (size_t)snprintf(
			line, sizeof(line), "{\"packet\":%u}\n", i);

		assert_true(at + n <= len);
		assert_memory_equal(text + at, line, n);
		at += n;
	}
	assert_int_equal(at, len);
	free(text);
}

static void put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* ---- tests ---- */

static void test_lines(void **state)
{
	struct stat st;

	assert_int_equal(open_output(false), 0);
	give_all(3000);
	t.output->class->record(t.output,
		&(struct dlo_record){
			.kind = DLO_RECORD_QUESTION, .meta.packet = 9},
		NULL);
	give(DLO_RECORD_CLOSING, ++t.next);
	assert_true(close_output(LIMIT_MS));
	expect_lines(t.path, 1, 3001);
	assert_int_equal(t.n.delivered, 3001);
	/* Another run goes on behind it. */
	assert_int_equal(open_output(true), 0);
	give_all(10);
	assert_true(close_output(LIMIT_MS));
	expect_lines(t.path, 1, 3011);
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 07137, 0); /* for us and our group */
	assert_string_equal(said(), "");
	(void)state;
}

static void test_an_alert_without_a_form(void **state)
{
	assert_int_equal(open_output(false), 0);
	give_all(1);
	give(DLO_RECORD_ALERT, 0);
	assert_false(close_output(LIMIT_MS));
	assert_int_equal(t.n.delivered, 1);
	assert_int_equal(t.n.lost, 1);
	(void)state;
}

static void test_rotation(void **state)
{
	struct stat st;

	assert_int_equal(open_output(false), 0);
	give_all(10);
	await(delivered() == 10);
	assert_int_equal(rename(t.path, t.old), 0);
	give_all(10); /* without a word they go where the others are */
	await(delivered() == 20);
	t.output->class->reopen(t.output);
	await(stat(t.path, &st) == 0); /* though there is nothing to write */
	give_all(10);
	await(delivered() == 30);
	expect_lines(t.old, 1, 20);
	expect_lines(t.path, 21, 30);
	/* What was removed would be seen by nobody. */
	assert_int_equal(unlink(t.path), 0);
	give_all(10);
	await(delivered() == 40);
	expect_lines(t.path, 31, 40);
	/* copytruncate */
	assert_int_equal(truncate(t.path, 0), 0);
	give_all(10);
	assert_true(close_output(LIMIT_MS));
	expect_lines(t.path, 41, 50);
	assert_string_equal(said(), "");
	(void)state;
}

/* The disk takes any number of octets, then none: no part of a line is ever
 * left, and all arrive once there is room. */
static void test_disk_full_at_every_octet(void **state)
{
	struct stat st;
	unsigned n = 0;

	assert_int_equal(open_output(false), 0);
	for (long long room = 0; room < 45; room++) {
		atomic_store(&disk_room, room);
		atomic_store(&n_full, 0);
		give_all(4);
		await(atomic_load(&n_full) > 0 || delivered() == t.next);
		n = (unsigned)delivered();
		expect_lines(t.path, 1, n);
		atomic_store(&disk_room, -1);
		t.output->class->reopen(t.output); /* which is at once */
		await(stat(t.path, &st) == 0);
	}
	assert_true(close_output(LIMIT_MS));
	expect_lines(t.path, 1, t.next);
	assert_int_equal(t.n.delivered, 180);
	assert_true(n_said("cannot write to the file of alerts ") > 0);
	assert_true(n_said(": No space left on device; ") > 0);
	assert_int_equal(n_said(" is back"), n_said("cannot write to"));
	(void)state;
}

/* Nor can the part be cut off: nobody writes behind it until it is. */
static void test_disk_broken(void **state)
{
	int other;

	assert_int_equal(open_output(false), 0);
	atomic_store(&disk_room, 20);
	atomic_store(&disk_stuck, true);
	give_all(3);
	await(atomic_load(&n_stuck) > 1);
	assert_int_equal(delivered(), 1);
	other = open(t.path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	atomic_store(&disk_room, -1);
	atomic_store(&disk_stuck, false);
	await(delivered() == 3);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	assert_true(close_output(LIMIT_MS));
	expect_lines(t.path, 1, 3);
	(void)state;
}

static void test_floor(void **state)
{
	t.options.alerts_min_free_mib = 100;
	assert_int_equal(open_output(false), 0);
	atomic_store(&disk_free, UINT64_C(100) << 20);
	give_all(10);
	await(delivered() == 10);
	atomic_store(&disk_free, (UINT64_C(100) << 20) - 4096);
	give_all(10);
	await(n_said(": less than 100 MiB free; ") == 1);
	assert_int_equal(delivered(), 10);
	expect_lines(t.path, 1, 10);
	atomic_store(&disk_free, UINT64_C(100) << 20);
	await(n_said(" is back") == 1);
	assert_true(close_output(LIMIT_MS));
	expect_lines(t.path, 1, 20);
	/* At the end it is still so: lost, without a service. */
	assert_int_equal(open_output(false), 0);
	atomic_store(&disk_free, 0);
	give_all(5);
	assert_false(close_output(10));
	assert_int_equal(t.n.lost, 5);
	assert_int_equal(n_said("5 alerts could not be delivered to "), 1);
	(void)state;
}

/* A service keeps them. */
static void test_spooled(void **state)
{
	char spool[128];

	t.options.service = true;
	t.options.state_directory = t.folder;
	t.options.alerts_min_free_mib = 100;
	atomic_store(&disk_free, 0);
	assert_int_equal(open_output(false), 0);
	give_all(100);
	assert_true(close_output(10));
	assert_int_equal(t.n.spooled, 100);
	expect_lines(t.path, 1, 0);
	atomic_store(&disk_free, UINT64_C(1) << 40);
	assert_int_equal(open_output(false), 0);
	give_all(10);
	await(delivered() == 110);
	assert_true(close_output(LIMIT_MS));
	expect_lines(t.path, 1, 110);
	snprintf(spool, sizeof(spool), "%s/spool-file", t.folder);
	remove_folder(spool);
	(void)state;
}

/* A replay neither waits for room nor loses in silence. */
static void test_replay_ends(void **state)
{
	assert_int_equal(open_output(true), 0);
	atomic_store(&disk_room, 40);
	give_all(10);
	assert_false(close_output(LIMIT_MS));
	assert_in_range(t.n.delivered, 1, 3);
	expect_lines(t.path, 1, (unsigned)t.n.delivered);
	assert_int_equal(t.n.delivered + t.n.lost, 10);
	assert_int_equal(n_said("cannot write to "), 1);
	assert_int_equal(n_said(" alerts could not be delivered to "), 1);
	(void)state;
}

/* What is there already. */
static void test_mending(void **state)
{
	static const struct {
		const char *before, *after; /* NULL: refused */
	} cases[] = {
		{"", ""}, {"{\"a\":1}\n", "{\"a\":1}\n"},
		{"{\"a\":1}\n{\"packet", "{\"a\":1}\n"},
		{"{\"a\":1}\n{", "{\"a\":1}\n"}, {"{\"packet\":1}", ""},
		{"{", ""}, {"{\n  \"a\": 1\n}", "{\n  \"a\": 1\n}\n"},
		{"{\"a\":1}\nx", "{\"a\":1}\nx\n"},
		{"root:x:0:0::/:/bin/sh\n", NULL}, {"\xd4\xc3\xb2\xa1", NULL},
		{"\n\r\r\n", NULL}, /* pcapng */
	};
	char *text;
	size_t len;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unlink(t.path);
		put_text(t.path, cases[i].before);
		if (!cases[i].after) {
			assert_true(open_output(false) < 0);
			t.options.service = true; /* for which it is no less */
			assert_true(open_output(false) < 0);
			t.options.service = false;
			assert_int_equal(
				n_said("there already, and no JSON"), 2);
			forget_said();
		} else {
			assert_int_equal(open_output(false), 0);
			assert_true(close_output(LIMIT_MS));
		}
		text = (char *)read_file(t.path, &len);
		text[len] = '\0';
		assert_string_equal(text,
			cases[i].after ? cases[i].after : cases[i].before);
		free(text);
	}
	(void)state;
}

/* A very long line is not looked through. */
static void test_mending_a_long_line(void **state)
{
	char *long_line = malloc(100001), *text;
	size_t len;

	memset(long_line, 'x', 100000);
	long_line[0] = '{';
	long_line[100000] = '\0';
	put_text(t.path, long_line);
	assert_int_equal(open_output(false), 0);
	assert_true(close_output(LIMIT_MS));
	text = (char *)read_file(t.path, &len);
	assert_int_equal(len, 100001);
	assert_int_equal(text[100000], '\n');
	free(text);
	free(long_line);
	(void)state;
}

static void test_no_file(void **state)
{
	t.options.alerts = t.folder;
	assert_true(open_output(false) < 0);
	t.options.service = true;
	assert_true(open_output(false) < 0);
	assert_int_equal(n_said(": no regular file\n"), 2);
	t.options.service = false;
	t.options.alerts = "/nowhere/at/all";
	assert_int_equal(open_output(false), -ENOENT);
	(void)state;
}

/* Another of us writes to it: who has the lock is not waited for, and an end of
 * the file that is not ours is not cut. */
static void test_locked(void **state)
{
	int other;

	assert_int_equal(open_output(false), 0);
	other = open(t.path, O_RDWR | O_APPEND | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX), 0);
	give_all(10);
	nap_ms(100);
	assert_int_equal(delivered(), 0);
	assert_int_equal(write(other, "{\"packet\":0}\n", 13), 13);
	close(other);
	await(delivered() == 10);
	assert_true(close_output(LIMIT_MS));
	expect_lines(t.path, 0, 10);
	assert_string_equal(said(), "");
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines),
		TEST(test_an_alert_without_a_form),
		TEST(test_rotation),
		TEST(test_disk_full_at_every_octet),
		TEST(test_disk_broken),
		TEST(test_floor),
		TEST(test_spooled),
		TEST(test_replay_ends),
		TEST(test_mending),
		TEST(test_mending_a_long_line),
		TEST(test_no_file),
		TEST(test_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
