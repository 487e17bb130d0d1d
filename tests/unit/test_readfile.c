/* SPDX-License-Identifier: BSD-2-Clause */
/* test_readfile.c - whole files, whatever they say of their size. */
#include "readfile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"

/* A file of `len` octets, and what is read of it when so many are allowed. */
static void check(size_t len, size_t max)
{
	char *in = malloc(len + 1), *out = NULL;
	size_t n = 0;
	int r;

	assert_non_null(in);
	for (size_t i = 0; i < len; i++) {
		in[i] = (char)(i % 251);
	}
	write_octets("file", in, len);
	r = readfile(in_folder("file"), max, &out, &n);
	if (len && len >= max) {
		assert_int_equal(r, -EFBIG);
		assert_null(out);
	} else {
		assert_int_equal(r, 0);
		assert_int_equal(n, len);
		assert_memory_equal(out, in, len);
		assert_int_equal(out[len], '\0');
	}
	free(out);
	free(in);
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = {
		0, 1, 2, 4095, 4096, 65534, 65535, 65536, 65537, 200000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		print_message("# %zu octets\n", sizes[i]);
		check(sizes[i], 1 << 20);
		check(sizes[i], sizes[i] + 1);
		check(sizes[i], sizes[i]);
		check(sizes[i], sizes[i] / 2);
	}
}

/* What the kernel makes up has no size, and an end all the same. */
static void test_no_size(void **state)
{
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(readfile("/proc/self/maps", 1 << 20, &text, &len), 0);
	assert_true(len > 0);
	assert_int_equal(strlen(text), len);
	free(text);
}

static void test_what_is_no_file(void **state)
{
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(readfile(folder, 1 << 20, &text, &len), -EISDIR);
	assert_int_equal(
		readfile(in_folder("none"), 1 << 20, &text, &len), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_no_size),
		cmocka_unit_test(test_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
