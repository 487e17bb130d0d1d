/* SPDX-License-Identifier: BSD-2-Clause */
/* test_unpack.c - whole files that may be packed, damaged ones and bombs. */
#include "readfile.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include <cmocka.h>

#include "folder.h"

#define MIB ((size_t)1 << 20)
#define MAX (1024 * MIB)

struct packed {
	uint8_t *data;
	size_t len;
};

/* Names, which nobody could guess to the last octet. */
static char *names(size_t n, size_t *ret_len)
{
	char *text = malloc(n * 24 + 1);
	uint32_t seed = 1;
	size_t len = 0;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		len += (size_t)sprintf(text + len, "%08x.example\n", seed);
	}
	*ret_len = len;
	return text;
}

static int unpack(const char *name, char **text, size_t *len, char *why)
{
	*text = NULL;
	*len = 0;
	why[0] = '\0';
	return readfile_unpack(in_folder(name), MAX, NULL, text, len, why);
}

static void assert_refused(
	const char *name, const uint8_t *data, size_t len, const char *want)
{
	char why[READFILE_WHY_MAX], *text;
	size_t n;

	write_octets(name, data, len);
	assert_int_equal(unpack(name, &text, &n, why), 1);
	assert_null(text);
	assert_non_null(strstr(why, want));
}

static void test_plain(void **state)
{
	static const char *const texts[] = {
		"", "a", "bc", "d.e", "f.g\n", "a.example\nb.example\n"};
	char why[READFILE_WHY_MAX], *text;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		write_file("plain", texts[i]);
		assert_int_equal(unpack("plain", &text, &len, why), 0);
		assert_int_equal(len, strlen(texts[i]));
		assert_string_equal(text, texts[i]);
		free(text);
		assert_int_equal(
			readfile(in_folder("plain"), MAX, &text, &len), 0);
		assert_string_equal(text, texts[i]);
		free(text);
	}
	assert_int_equal(readfile(in_folder("plain"), 20, &text, &len), -EFBIG);
	assert_int_equal(unpack("none", &text, &len, why), -ENOENT);
	assert_int_equal(unpack("", &text, &len, why), -EISDIR);
}

static void test_stop(void **state)
{
	const atomic_bool stop = true;
	char why[READFILE_WHY_MAX], *text = NULL;
	size_t len;

	(void)state;
	write_file("plain", "a.example\n");
	assert_int_equal(readfile_unpack(in_folder("plain"), MAX, &stop, &text,
				 &len, why),
		-ECANCELED);
	assert_null(text);
}

/* At most, until now. */
static long resident_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* With a sanitizer, what was freed stays. */
#ifdef TRACES_ITSELF
#define ROOM_KIB (1024 * 1024)
#else
#define ROOM_KIB (160 * 1024)
#endif

/* Whole, in every cut, and with a wrong octet; then the bomb, which is packed
 * from 4 GiB. */
static void check_packing(
	const char *name, struct packed (*pack)(const void *, size_t, unsigned))
{
	char why[READFILE_WHY_MAX], *text, *plain;
	size_t len, plain_len;
	struct packed p;
	long before;

	plain = names(20000, &plain_len);
	p = pack(plain, plain_len, 1);
	write_octets(name, p.data, p.len);
	assert_int_equal(unpack(name, &text, &len, why), 0);
	assert_int_equal(len, plain_len);
	assert_memory_equal(text, plain, len);
	free(text);
	assert_refused(name, p.data, p.len / 2, "truncated");
	assert_refused(name, p.data, p.len - 1, "truncated");
	p.data[p.len / 2] ^= 0x55;
	assert_refused(name, p.data, p.len, "damaged");
	/* A plain reader takes what there is. */
	assert_int_equal(readfile(in_folder(name), MAX, &text, &len), 0);
	assert_int_equal(len, p.len);
	assert_memory_equal(text, p.data, len);
	free(text);
	free(plain);
	free(p.data);

	plain = calloc(1, 16 * MIB);
	assert_non_null(plain);
	memset(plain, '\n', 16 * MIB);
	p = pack(plain, 16 * MIB, 256);
	free(plain);
	before = resident_kib();
	assert_refused(name, p.data, p.len, "more than 64 times");
	assert_true(resident_kib() - before < ROOM_KIB);
	free(p.data);
	/* Little is let be, however small it was packed. */
	plain = calloc(1, MIB);
	assert_non_null(plain);
	p = pack(plain, MIB, 3);
	write_octets(name, p.data, p.len);
	assert_int_equal(unpack(name, &text, &len, why), 0);
	assert_int_equal(len, 3 * MIB);
	free(text);
	free(plain);
	free(p.data);
}

/* As many members of the same. */
static struct packed repeated(struct packed p, unsigned times)
{
	p.data = realloc(p.data, p.len * times);
	assert_non_null(p.data);
	for (unsigned i = 1; i < times; i++) {
		memcpy(p.data + p.len * i, p.data, p.len);
	}
	p.len *= times;
	return p;
}

#ifdef HAVE_ZLIB
static struct packed gzip(const void *data, size_t n, unsigned times)
{
	size_t room = compressBound(n) + 64;
	struct packed p = {malloc(room), 0};
	z_stream z = {0};

	assert_non_null(p.data);
	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
		Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)data;
	z.avail_in = (unsigned)n;
	z.next_out = p.data;
	z.avail_out = (unsigned)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	p.len = z.total_out;
	deflateEnd(&z);
	return repeated(p, times);
}

static void test_gzip(void **state)
{
	(void)state;
	check_packing("x.gz", gzip);
}
#endif

#ifdef HAVE_ZSTD
static struct packed zstd(const void *data, size_t n, unsigned times)
{
	size_t room = ZSTD_compressBound(n);
	struct packed p = {malloc(room), 0};
	ZSTD_CCtx *c = ZSTD_createCCtx();

	assert_non_null(p.data);
	assert_non_null(c);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	p.len = ZSTD_compress2(c, p.data, room, data, n);
	assert_false(ZSTD_isError(p.len));
	ZSTD_freeCCtx(c);
	return repeated(p, times);
}

static void test_zstd(void **state)
{
	(void)state;
	check_packing("x.zst", zstd);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_stop),
#ifdef HAVE_ZLIB
		cmocka_unit_test(test_gzip),
#endif
#ifdef HAVE_ZSTD
		cmocka_unit_test(test_zstd),
#endif
	};

	/* What a file was written from must not lie where it is read to. */
	mallopt(M_PERTURB, 0xa5);
	return cmocka_run_group_tests_name(
		"unpack", tests, folder_make, folder_remove);
}
