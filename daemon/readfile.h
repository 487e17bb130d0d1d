/* SPDX-License-Identifier: BSD-2-Clause */
/* readfile.h - a whole file at once: lists, configuration, filters. */
#ifndef READFILE_H
#define READFILE_H

#include <stddef.h>

/*
 * Reads a file, or what a pipe gives until its end. The caller frees *ret,
 * which has a NUL behind its *ret_len octets. -errno; -EFBIG from `max` octets
 * on.
 */
int readfile(const char *path, size_t max, char **ret, size_t *ret_len);

/*
 * The same into private pages, as dlo_builder_add_compiled() takes them: *ret
 * is for munmap(), with a length of at least 1. No NUL is put behind.
 */
int readfile_pages(const char *path, size_t max, void **ret, size_t *ret_len);

#endif
