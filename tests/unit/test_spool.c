/* SPDX-License-Identifier: BSD-2-Clause */
/* test_spool.c - messages on disk: in order, bounded, after any crash. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include <cmocka.h>

#include "spool_bench.h"

static char folder[64], crashed[64];

static int setup(void **state)
{
	make_folder(folder);
	make_folder(crashed);
	hear();
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	hear_no_more();
	remove_folder(folder);
	remove_folder(crashed);
	(void)state;
	return 0;
}

/* ---- a disk that does not take all ---- */

static ssize_t disk_room = -1; /* octets that it still takes; -1: any */
static bool disk_stuck; /* nor does it cut anything off */
static unsigned n_syncs;

ssize_t __real_writev(int fd, const struct iovec *v, int n);
ssize_t __wrap_writev(int fd, const struct iovec *v, int n);
int __real_ftruncate64(int fd, off_t len);
int __wrap_ftruncate64(int fd, off_t len);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);

ssize_t __wrap_writev(int fd, const struct iovec *v, int n)
{
	ssize_t done = 0;

	if (disk_room < 0 || fd == STDERR_FILENO) {
		return __real_writev(fd, v, n);
	}
	for (int i = 0; i < n && disk_room > 0; i++) {
		size_t len = v[i].iov_len < (size_t)disk_room
				     ? v[i].iov_len
				     : (size_t)disk_room;

		assert_int_equal(write(fd, v[i].iov_base, len), len);
		done += (ssize_t)len;
		disk_room -= (ssize_t)len;
	}
	errno = ENOSPC;
	return done > 0 ? done : -1;
}

int __wrap_ftruncate64(int fd, off_t len)
{
	if (disk_stuck) {
		errno = EIO;
		return -1;
	}
	return __real_ftruncate64(fd, len);
}

/* No disk is waited for. */
int __wrap_fdatasync(int fd)
{
	(void)fd;
	n_syncs++;
	return 0;
}

int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

/* ---- files ---- */

static void note_name(void *ctx, const char *path, const char *name)
{
	(void)path;
	if (strstr(name, ".spool") && strlen(name) < 64) {
		memcpy(ctx, name, strlen(name) + 1);
	}
}

/* The one segment of `folder`. */
static unsigned char *the_segment(char name[64], size_t *ret_len)
{
	char path[200];

	*name = '\0';
	for_each_file(folder, note_name, name);
	assert_true(*name);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return read_file(path, ret_len);
}

/* ---- order and restarts ---- */

static void test_crc(void **state)
{
	(void)state; /* RFC 3720, B.4 */
	assert_int_equal(spool_crc32c(0, "123456789", 9), 0xe3069283);
}

static void test_order_over_restarts(void **state)
{
	struct spool *s = open_in(folder, 64 * MIB);
	struct iovec v[8];
	unsigned n, next = 0;

	append_all(s, 0, 10000); /* some segments */
	assert_int_equal(spool_alerts(s), 10000);
	while (next < 6000) {
		n = spool_peek(s, v, 7);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(check_message(&v[i]), next++);
		}
		assert_int_equal(spool_drop(s, n), n);
	}
	spool_close(s);
	s = open_in(folder, 64 * MIB);
	append_all(s, 10000, 11000);
	n = spool_peek(s, v, 1); /* and while what is in the head grows */
	assert_int_equal(check_message(v), next++);
	assert_int_equal(spool_drop(s, n), 1);
	append_all(s, 11000, 12000);
	spool_close(s);
	expect_in(folder, next, 12000);
	assert_int_equal(octets_in(folder), 0);
	assert_string_equal(said(), "");
	(void)state;
}

static void test_one_at_a_time(void **state)
{
	struct spool *s = open_in(folder, MIB);
	struct iovec v;

	for (unsigned i = 0; i < 3000; i++) {
		append_all(s, i, i + 1);
		assert_int_equal(spool_peek(s, &v, 1), 1);
		assert_int_equal(check_message(&v), i);
		assert_int_equal(spool_drop(s, 1), 1);
		assert_true(spool_is_empty(s));
	}
	spool_close(s);
	(void)state;
}

static void test_batches_and_alerts(void **state)
{
	static char text[1024][512];
	static struct iovec v[1024];
	struct spool *s = open_in(folder, 64 * MIB);
	unsigned n;

	for (unsigned i = 0; i < 1024; i++) {
		v[i] = (struct iovec){text[i], make_message(text[i], i)};
	}
	assert_int_equal(spool_append(s, v, 1024, 3, &n), 0);
	assert_int_equal(n, 1024);
	assert_int_equal(spool_append(s, v, 1, 0, &n), 0);
	assert_int_equal(spool_alerts(s), 3 * 1024);
	for (unsigned at = 0; at < 1024; at += n) {
		n = spool_peek(s, v, 1024 - at);
		assert_true(n > 0);
		assert_int_equal(check_message(&v[n - 1]), at + n - 1);
		assert_int_equal(spool_drop(s, n), 3 * n);
	}
	assert_int_equal(spool_peek(s, v, 2), 1);
	assert_int_equal(spool_drop(s, 1), 0);
	assert_int_equal(spool_peek(s, v, 2), 0);
	spool_close(s);
	(void)state;
}

static void test_only_one_process(void **state)
{
	struct spool *s = open_in(folder, MIB), *other;

	assert_int_equal(spool_open(folder, MIB, &other), -EBUSY);
	spool_close(s);
	s = open_in(folder, MIB);
	spool_close(s);
	assert_int_equal(spool_open("/dev/null", MIB, &s), -ENOTDIR);
	assert_int_equal(spool_open("/nowhere/at/all", MIB, &s), -ENOENT);
	(void)state;
}

/* ---- bound ---- */

static void test_bound(void **state)
{
	struct spool *s = open_in(folder, MIB);
	struct iovec v[64];
	unsigned n = 0, more = 0, got;

	while (append(s, n) == 0) {
		n++;
		assert_true(n < 10000);
	}
	assert_in_range(octets_in(folder), MIB - 16 * 1024, MIB);
	assert_int_equal(append(s, n), 1);
	/* It takes more when a segment of it has left, and not before. */
	while (append(s, n + more) == 1) {
		got = spool_peek(s, v, 64);
		assert_true(got > 0);
		spool_drop(s, got);
		more = 0;
	}
	more = 1;
	while (append(s, n + more) == 0) {
		more++;
	}
	assert_in_range(octets_in(folder), MIB - 16 * 1024, MIB);
	assert_in_range(more, n / 16, n / 4);
	spool_close(s);
	(void)state;
}

static void test_too_long(void **state)
{
	static char text[SPOOL_MESSAGE_MAX + 1];
	struct spool *s = open_in(folder, MIB);
	struct iovec v[2] = {{text, SPOOL_MESSAGE_MAX}, {text, sizeof(text)}};
	unsigned n;

	assert_int_equal(spool_append(s, v, 2, 1, &n), 1);
	assert_int_equal(n, 1);
	assert_int_equal(spool_alerts(s), 1);
	assert_int_equal(spool_peek(s, v, 2), 1);
	assert_int_equal(v[0].iov_len, SPOOL_MESSAGE_MAX);
	spool_close(s);
	(void)state;
}

/* A lesser bound than before: what is there stays. */
static void test_bound_gets_smaller(void **state)
{
	struct spool *s = open_in(folder, 64 * MIB);

	append_all(s, 0, 10000);
	spool_close(s);
	s = open_in(folder, MIB);
	assert_int_equal(append(s, 10000), 1);
	spool_close(s);
	expect_in(folder, 0, 10000);
	(void)state;
}

/* ---- crashes ---- */

/* After a crash at any octet of what was being written, all records that are
 * whole are there, and what is cut off is told of. */
static void test_cut_at_every_octet(void **state)
{
	enum { N = 6 };
	struct spool *s = open_in(folder, MIB);
	char name[64], text[512];
	size_t len, end[N + 1] = {SPOOL_MAGIC_LEN};
	unsigned char *octets;
	unsigned whole = 0;

	for (unsigned i = 0; i < N; i++) {
		append_all(s, i, i + 1);
		end[i + 1] = end[i] + SPOOL_HEADER + make_message(text, i);
	}
	spool_close(s);
	octets = the_segment(name, &len);
	assert_int_equal(len, end[N]);
	for (size_t cut = 0; cut <= len; cut++) {
		while (whole < N && end[whole + 1] <= cut) {
			whole++;
		}
		empty_folder(crashed);
		write_file(crashed, name, octets, cut);
		forget_said();
		expect_in(crashed, 0, whole);
		assert_int_equal(
			n_said("damaged"), cut != (whole ? end[whole]
							  : cut == end[0] ? cut
									  : 0));
		assert_int_equal(octets_in(crashed), 0);
	}
	free(octets);
	(void)state;
}

/* The state may be cut as well, or be of anybody: then all comes again. */
static void test_state_cut_at_every_octet(void **state)
{
	struct spool *s = open_in(folder, MIB);
	char path[200], name[64];
	struct iovec v[4];
	size_t len, state_len;
	unsigned char *segment, *octets;

	append_all(s, 0, 10);
	assert_int_equal(spool_peek(s, v, 4), 4);
	assert_int_equal(spool_drop(s, 4), 4);
	spool_close(s);
	segment = the_segment(name, &len);
	snprintf(path, sizeof(path), "%s/state", folder);
	octets = read_file(path, &state_len);
	assert_int_equal(state_len, SPOOL_STATE_LEN);
	for (size_t cut = 0; cut <= state_len; cut++) {
		empty_folder(crashed);
		write_file(crashed, name, segment, len);
		write_file(crashed, "state", octets, cut);
		expect_in(crashed, cut < state_len ? 0 : 4, 10);
	}
	for (size_t i = 0; i < state_len; i++) {
		octets[i] ^= 0x10;
		empty_folder(crashed);
		write_file(crashed, name, segment, len);
		write_file(crashed, "state", octets, state_len);
		expect_in(crashed, 0, 10);
		octets[i] ^= 0x10;
	}
	assert_int_equal(
		n_said("what is spooled may come again"), 2 * state_len);
	free(segment);
	free(octets);
	(void)state;
}

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/* A crash after any step: what was synced is there, in order, and of what was
 * taken out only what was not synced comes again. */
static void test_crash_after_every_step(void **state)
{
	struct spool *s = open_in(folder, MIB);
	unsigned seed = 1, out = 0, in = 0, synced_out = 0, synced_in = 0, n;
	struct iovec v[8];

	for (unsigned step = 0; step < 400; step++) {
		static unsigned got[2000];
		struct spool *after;

		switch (next_random(&seed) % 4) {
		case 0:
		case 1:
			n = 1 + next_random(&seed) % 60;
			append_all(s, in, in + n);
			in += n;
			break;
		case 2:
			for (n = 0; n < 20; n++) {
				unsigned k = spool_peek(s, v, 8);

				out += (unsigned)spool_drop(s, k);
			}
			break;
		case 3:
			assert_int_equal(spool_sync(s), 0);
			assert_false(spool_is_dirty(s));
			synced_in = in;
			synced_out = out;
			break;
		}
		copy_folder(folder, crashed);
		after = open_in(crashed, MIB);
		n = drain(after, got, 2000);
		spool_close(after);
		for (unsigned i = 1; i < n; i++) {
			assert_int_equal(got[i], got[0] + i);
		}
		/* Segments that are done with are gone at once. */
		assert_true(n == 0 ? synced_in <= out
				   : got[0] >= synced_out && got[0] <= out &&
					     got[0] + n >= synced_in);
		if (in - out > 1500) {
			while ((n = spool_peek(s, v, 8)) > 0) {
				out += (unsigned)spool_drop(s, n);
			}
		}
	}
	assert_true(out > 1000);
	assert_string_equal(said(), "");
	spool_close(s);
	(void)state;
}

static void test_loss_is_remembered(void **state)
{
	struct spool *s = open_in(folder, MIB);

	assert_int_equal(spool_loss(s).n, 0);
	append_all(s, 0, 3);
	spool_set_loss(s, (struct spool_loss){.n = 77, .since = 1234});
	assert_true(spool_is_dirty(s));
	assert_int_equal(spool_sync(s), 0);
	copy_folder(folder, crashed);
	spool_close(s);
	s = open_in(crashed, MIB);
	assert_int_equal(spool_loss(s).n, 77);
	assert_int_equal(spool_loss(s).since, 1234);
	spool_set_loss(s, (struct spool_loss){0});
	spool_close(s);
	s = open_in(crashed, MIB);
	assert_int_equal(spool_loss(s).n, 0);
	assert_int_equal(spool_alerts(s), 3);
	spool_close(s);
	(void)state;
}

/* ---- damage ---- */

/* Whichever octet is wrong, all messages but that one are there. */
static void test_every_octet_damaged(void **state)
{
	enum { N = 5 };
	struct spool *s = open_in(folder, MIB);
	char name[64], text[512];
	size_t len, at = SPOOL_MAGIC_LEN;
	unsigned char *octets;
	unsigned got[N], n, hit = 0;

	append_all(s, 0, N);
	spool_close(s);
	octets = the_segment(name, &len);
	for (size_t i = 0; i < len; i++) {
		if (i >= at) {
			at += SPOOL_HEADER + make_message(text, hit);
			hit++;
		}
		octets[i] ^= 1u << i % 8;
		empty_folder(crashed);
		write_file(crashed, name, octets, len);
		octets[i] ^= 1u << i % 8;
		forget_said();
		s = open_in(crashed, MIB);
		n = drain(s, got, N);
		spool_close(s);
		if (hit == 0) { /* the magic */
			assert_int_equal(n, 0);
			assert_int_equal(n_said("not ours, left alone"), 1);
			assert_int_equal(octets_in(crashed), len);
			continue;
		}
		assert_int_equal(n, N - 1);
		for (unsigned k = 0; k < n; k++) {
			assert_int_equal(got[k], k + (k >= hit - 1));
		}
		snprintf(text, sizeof(text), "damaged: %zu octets skipped",
			SPOOL_HEADER + make_message(text, hit - 1));
		assert_int_equal(n_said(text), 1);
	}
	free(octets);
	(void)state;
}

/* Anything may lie in the folder. */
static void test_files_of_others(void **state)
{
	static char big[3 << 20];
	struct spool *s = open_in(folder, MIB);
	char name[64], path[200], link[200];
	size_t len;
	unsigned char *octets;

	append_all(s, 0, 5);
	spool_close(s);
	octets = the_segment(name, &len);
	write_file(folder, "0000000000000000.spool", "x", 1);
	write_file(folder, "00000000000000ff.spool", big, sizeof(big));
	/* Ours, but longer than any of ours. */
	memcpy(big, octets, len);
	write_file(folder, "0000000000000002.spool", big, sizeof(big));
	write_file(folder, "ffffffffffffffff.spool", "x", 1);
	write_file(folder, "notes.txt", "x", 1);
	snprintf(path, sizeof(path), "%s/0000000000000100.spool", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(link, sizeof(link), "%s/0000000000000101.spool", folder);
	assert_int_equal(symlink(path, link), 0);
	snprintf(path, sizeof(path), "%s/0000000000000102.spool", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	s = open_in(folder, 64 * MIB);
	assert_int_equal(spool_alerts(s), 10);
	assert_int_equal(n_said("0000000000000000.spool: damaged: 1 octet "
				"skipped"),
		1);
	assert_int_equal(n_said("00000000000000ff.spool: not ours, left alone: "
				"3145728 octets skipped"),
		1);
	snprintf(path, sizeof(path), "2.spool: damaged: %zu octets skipped",
		sizeof(big) - len);
	assert_int_equal(n_said(path), 1);
	assert_int_equal(n_said("not ours, left alone: "), 4);
	append_all(s, 5, 10);
	assert_int_equal(spool_alerts(s), 15);
	spool_close(s);
	s = open_in(folder, 64 * MIB);
	assert_int_equal(spool_alerts(s), 15);
	spool_close(s);
	free(octets);
	(void)state;
}

/* Markers everywhere, with great lengths: the time that it takes is bounded. */
static void test_a_file_that_wastes_time(void **state)
{
	static uint8_t data[SPOOL_SEGMENT_MAX];
	struct spool_cursor c = {.data = data, .len = sizeof(data)};
	struct spool_record r;
	uint8_t header[SPOOL_HEADER];

	spool_put_header(header, data, SPOOL_MESSAGE_MAX, 1);
	header[12] ^= 1;
	for (size_t i = 0; i + sizeof(header) <= sizeof(data);
		i += sizeof(header)) {
		memcpy(data + i, header, sizeof(header));
	}
	assert_false(spool_next(&c, &r));
	assert_int_equal(c.skipped, sizeof(data));
	assert_in_range(c.tried, 1, 20 * sizeof(data));
	(void)state;
}

/* Files that vanish or shrink while they are in use. */
static void test_spoiled_while_running(void **state)
{
	struct spool *s = open_in(folder, 64 * MIB);
	char name[64], path[200];
	static unsigned got[20000];
	struct iovec v[64];
	unsigned n;

	append_all(s, 0, 100);
	free(the_segment(name, &(size_t){0}));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(truncate(path, 600), 0);
	append_all(s, 100, 110);
	n = spool_peek(s, v, 64);
	assert_in_range(n, 1, 20);
	assert_int_equal(check_message(&v[0]), 0);
	assert_int_equal(spool_drop(s, n), n);
	n += drain(s, got, 20000);
	assert_int_equal(spool_spoiled(s), 110 - n);
	assert_int_equal(spool_spoiled(s), 0);
	assert_int_equal(n_said("cannot be read again"), 1);
	append_all(s, 110, 120);
	empty_folder(folder);
	assert_int_equal(drain(s, got, 20000), 0);
	assert_int_equal(spool_spoiled(s), 10);
	append_all(s, 120, 130);
	assert_int_equal(drain(s, got, 20000), 10);
	spool_close(s);
	(void)state;
}

/* Want of descriptors is no fault of the file, which stays. */
static void test_not_to_be_read_now(void **state)
{
	struct spool *s = open_in(folder, 64 * MIB);
	static unsigned got[200];
	struct rlimit before, none;
	struct iovec v[8];

	append_all(s, 0, 100);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(spool_peek(s, v, 8), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(spool_spoiled(s), 0);
	assert_int_equal(drain(s, got, 200), 100);
	spool_close(s);
	(void)state;
}

/* A state that none of us has written, whatever its checksum says. */
static void test_state_out_of_range(void **state)
{
	static const struct {
		struct spool_state state;
		bool want;
	} rows[] = {
		{{.segment = SPOOL_NUMBER_MAX - 1, .lost_since = 253402300799},
			true},
		{{.segment = SPOOL_NUMBER_MAX}, false},
		{{.lost_since = 253402300800}, false},
		{{.lost_since = UINT64_MAX}, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t p[SPOOL_STATE_LEN];
		struct spool_state got;

		spool_put_state(p, &rows[i].state);
		assert_int_equal(
			spool_get_state(p, sizeof(p), &got), rows[i].want);
	}
	(void)state;
}

/* A segment behind the last of all numbers would never be found again. */
static void test_no_number_left(void **state)
{
	struct spool *s;

	write_file(folder, "7fffffffffffffff.spool", "x", 1);
	s = open_in(folder, 64 * MIB);
	assert_int_equal(append(s, 0), -EOVERFLOW);
	spool_close(s);
	(void)state;
}

/* ---- a full disk ---- */

static void test_disk_full(void **state)
{
	struct spool *s = open_in(folder, 64 * MIB);
	char text[512];
	uint64_t before;
	size_t needs = SPOOL_HEADER + make_message(text, 3);

	append_all(s, 0, 3);
	before = octets_in(folder);
	for (disk_room = 0; (size_t)disk_room < needs; disk_room++) {
		ssize_t room = disk_room;

		assert_int_equal(append(s, 3), -ENOSPC);
		assert_int_equal(octets_in(folder), before);
		disk_room = room;
	}
	disk_room = -1;
	assert_int_equal(spool_alerts(s), 3);
	append_all(s, 3, 10);
	spool_close(s);
	expect_in(folder, 0, 10);
	/* Not even a segment can begin. */
	s = open_in(folder, 64 * MIB);
	for (disk_room = 0; disk_room < (ssize_t)SPOOL_MAGIC_LEN; disk_room++) {
		ssize_t room = disk_room;

		assert_int_equal(append(s, 0), -ENOSPC);
		assert_int_equal(octets_in(folder), 0);
		disk_room = room;
	}
	disk_room = -1;
	append_all(s, 0, 10);
	spool_close(s);
	expect_in(folder, 0, 10);
	assert_string_equal(said(), "");
	(void)state;
}

/* Nor can the rest be cut off: it is not read, and nothing stands behind it. */
static void test_disk_broken(void **state)
{
	struct spool *s = open_in(folder, 64 * MIB);
	static unsigned got[20];

	append_all(s, 0, 3);
	disk_room = 30;
	disk_stuck = true;
	assert_int_equal(append(s, 3), -EIO);
	disk_room = -1;
	disk_stuck = false;
	append_all(s, 3, 10);
	copy_folder(folder, crashed);
	assert_int_equal(drain(s, got, 20), 10);
	spool_close(s);
	assert_string_equal(said(), "");
	expect_in(crashed, 0, 10);
	assert_int_equal(n_said("damaged: 30 octets skipped"), 1);
	(void)state;
}

static void test_sync(void **state)
{
	struct spool *s = open_in(folder, MIB);

	n_syncs = 0;
	assert_false(spool_is_dirty(s));
	append_all(s, 0, 10);
	assert_true(spool_is_dirty(s));
	assert_int_equal(n_syncs, 0);
	assert_int_equal(spool_sync(s), 0);
	assert_int_equal(n_syncs, 1);
	assert_false(spool_is_dirty(s));
	/* A segment that is full is synced when the next begins. */
	append_all(s, 10, 2000);
	assert_true(n_syncs > 2);
	spool_close(s);
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_crc),
		TEST(test_order_over_restarts),
		TEST(test_one_at_a_time),
		TEST(test_batches_and_alerts),
		TEST(test_only_one_process),
		TEST(test_bound),
		TEST(test_too_long),
		TEST(test_bound_gets_smaller),
		TEST(test_cut_at_every_octet),
		TEST(test_state_cut_at_every_octet),
		TEST(test_crash_after_every_step),
		TEST(test_loss_is_remembered),
		TEST(test_every_octet_damaged),
		TEST(test_files_of_others),
		TEST(test_a_file_that_wastes_time),
		TEST(test_spoiled_while_running),
		TEST(test_not_to_be_read_now),
		TEST(test_state_out_of_range),
		TEST(test_no_number_left),
		TEST(test_disk_full),
		TEST(test_disk_broken),
		TEST(test_sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
