/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_spool.c - a state folder may hold anything.
 *
 * The input is two files: its first octet says how many octets are the state,
 * the rest is a segment. What must hold: opening never fails; what comes out
 * are octets of the segment, in order, no more than were counted; what is
 * counted as skipped and what comes out is all of it; then the spool works as a
 * new one does.
 */
#include "check.h"
#include "log.h"
#include "spool.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64];

/* What it says of damage is not of interest, nor is a disk. */
void log_line(enum log_level level, const char *format, ...)
{
	(void)level, (void)format;
}

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static void put_file(const char *name, const uint8_t *data, size_t size)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void clear(void)
{
	static const char *const names[] = {"state", "state.new",
		"0000000000000007.spool", "0000000000000008.spool"};
	char path[128];

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)remove(path);
	}
}

static void end(void)
{
	clear();
	(void)rmdir(folder);
}

static void begin(void)
{
	const char *tmp = getenv("TMPDIR");

	if (*folder) {
		return;
	}
	snprintf(folder, sizeof(folder), "%s/fuzz-XXXXXX",
		tmp && strlen(tmp) < 32 ? tmp : P_tmpdir);
	CHECK(mkdtemp(folder));
	atexit(end);
}

/* The reader alone: everything is either in a record or skipped. */
static void check_cursor(const uint8_t *data, size_t size)
{
	struct spool_cursor c = {.data = data, .len = size};
	struct spool_record r;
	size_t taken = 0;
	const uint8_t *end = data;

	while (spool_next(&c, &r)) {
		CHECK(r.message >= end + SPOOL_HEADER && r.len > 0 &&
			r.message + r.len <= data + size);
		end = r.message + r.len;
		taken += SPOOL_HEADER + r.len;
	}
	CHECK(taken + c.skipped == size);
	CHECK(c.tried <= 16 * (uint64_t)size + SPOOL_MESSAGE_MAX);
}

/* Takes out all; messages of the segment come in its order. */
static void drain(struct spool *s, const uint8_t *data, size_t size)
{
	uint64_t counted = spool_alerts(s), alerts = 0;
	struct iovec v[5];
	const uint8_t *at = data;
	unsigned n;

	while ((n = spool_peek(s, v, 5)) > 0) {
		for (unsigned i = 0; i < n; i++) {
			at = memmem(at, (size_t)(data + size - at),
				v[i].iov_base, v[i].iov_len);
			CHECK(at);
			at += v[i].iov_len;
		}
		alerts += spool_drop(s, n);
	}
	CHECK(alerts == counted && spool_is_empty(s) && spool_alerts(s) == 0);
	CHECK(spool_spoiled(s) == 0);
}

static void check_works(struct spool *s)
{
	static const char text[] = "a message";
	struct iovec v = {(void *)(uintptr_t)text, sizeof(text)};
	unsigned n;

	CHECK(spool_append(s, &v, 1, 1, &n) == 0 && n == 1);
	CHECK(spool_peek(s, &v, 1) == 1 && v.iov_len == sizeof(text) &&
		!memcmp(v.iov_base, text, sizeof(text)));
	CHECK(spool_drop(s, 1) == 1 && spool_is_empty(s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t state_len = size ? data[0] : 0;
	struct spool *s;

	if (size == 0 || size - 1 < state_len) {
		return 0;
	}
	begin();
	data++;
	size -= 1 + state_len;
	clear();
	put_file("state", data, state_len);
	put_file("0000000000000007.spool", data + state_len, size);
	check_cursor(data + state_len, size);
	CHECK(spool_open(folder, SPOOL_SIZE_MIN, &s) == 0);
	drain(s, data + state_len, size);
	check_works(s);
	spool_close(s);
	return 0;
}
