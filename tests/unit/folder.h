/* SPDX-License-Identifier: BSD-2-Clause */
/* folder.h - a folder of a test's own, with files in it, gone at the end. */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"

static char folder[64];

static inline int folder_make(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), P_tmpdir "/dnslookout-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_remove_one(
	const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int folder_remove(void **state)
{
	(void)state;
	return nftw(folder, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Its path and "/name", in one of a few buffers. */
static inline const char *in_folder(const char *name)
{
	static char buf[8][256];
	static unsigned i;
	char *path = buf[i++ % 8];

	snprintf(path, sizeof(buf[0]), "%s/%s", folder, name);
	return path;
}

static inline void write_octets(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(in_folder(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static inline void write_file(const char *name, const char *text)
{
	write_octets(name, text, strlen(text));
}

static inline void give(struct options *o, const char *option, const char *text)
{
	const struct option_place here = {.origin = ORIGIN_COMMAND_LINE};
	char problem[OPTION_PROBLEM_MAX];

	assert_int_equal(
		options_take(o, options_row(option), text, here, problem), 0);
}

/* A service's defaults, and these lists of the folder, up to a NULL. */
static inline void options_of(struct options *o, const char *list, ...)
{
	va_list ap;

	assert_int_equal(options_init(o, true), 0);
	o->service = true;
	va_start(ap, list);
	for (; list; list = va_arg(ap, const char *)) {
		give(o, "list", in_folder(list));
	}
	va_end(ap);
}

#endif
