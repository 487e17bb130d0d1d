/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spool_bench.h - messages for a spool, each a number, and dots up to a length
 * that follows from it; and what a folder holds of them.
 */
#ifndef TEST_SPOOL_BENCH_H
#define TEST_SPOOL_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "spool.h"
#include "spooling.h"

#define MIB ((uint64_t)1 << 20)

static inline size_t make_message(char text[512], unsigned i)
{
	int n = snprintf(text, 512, "%u", i);
	size_t len = 8 + i * 7919u % 400u;

	memset(text + n, '.', len - (size_t)n);
	return len;
}

static inline int append(struct spool *s, unsigned i)
{
	char text[512];
	unsigned n;
	int r = spool_append(
		s, &(struct iovec){text, make_message(text, i)}, 1, 1, &n);

	assert_int_equal(n, r == 0);
	return r;
}

static inline void append_all(struct spool *s, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		assert_int_equal(append(s, i), 0);
	}
}

/* The number of a message, which has to be one. */
static inline unsigned check_message(const struct iovec *v)
{
	char text[512];
	unsigned i = (unsigned)strtoul(
		memcpy(text, v->iov_base, v->iov_len < 8 ? v->iov_len : 8),
		NULL, 10);
	size_t len = make_message(text, i);

	assert_int_equal(v->iov_len, len);
	assert_memory_equal(v->iov_base, text, len);
	return i;
}

/* Takes out all that is in it; returns how many, their numbers in got[]. */
static inline unsigned drain(struct spool *s, unsigned *got, unsigned max)
{
	struct iovec v[64];
	unsigned n, total = 0;

	while ((n = spool_peek(s, v, 1 + total % 64)) > 0) {
		for (unsigned i = 0; i < n; i++) {
			assert_true(total < max);
			got[total++] = check_message(&v[i]);
		}
		assert_int_equal(spool_drop(s, n), n);
	}
	assert_true(spool_is_empty(s));
	assert_int_equal(spool_alerts(s), 0);
	return total;
}

static inline struct spool *open_in(const char *where, uint64_t size)
{
	struct spool *s;

	assert_int_equal(spool_open(where, size, &s), 0);
	return s;
}

/* What a folder holds is the messages from..to, in order. */
static inline void expect_in(const char *where, unsigned from, unsigned to)
{
	static unsigned got[20000];
	struct spool *s = open_in(where, 64 * MIB);

	assert_int_equal(spool_alerts(s), to - from);
	assert_int_equal(drain(s, got, 20000), to - from);
	for (unsigned i = 0; i < to - from; i++) {
		assert_int_equal(got[i], from + i);
	}
	spool_close(s);
}

static inline void count_octets(void *ctx, const char *path, const char *name)
{
	struct stat st;

	if (strstr(name, ".spool")) {
		assert_int_equal(stat(path, &st), 0);
		*(uint64_t *)ctx += (uint64_t)st.st_size;
	}
}

static inline uint64_t octets_in(const char *where)
{
	uint64_t n = 0;

	for_each_file(where, count_octets, &n);
	return n;
}

#endif
