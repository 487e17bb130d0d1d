/* SPDX-License-Identifier: BSD-2-Clause */
/* readfile.h - a whole file at once: lists, configuration, filters. */
#ifndef READFILE_H
#define READFILE_H

#include <stdatomic.h>
#include <stddef.h>

/*
 * Reads a file, or what a pipe gives until its end. The caller frees *ret,
 * which has a NUL behind its *ret_len octets. -errno; -EFBIG from `max` octets
 * on.
 */
int readfile(const char *path, size_t max, char **ret, size_t *ret_len);

#define READFILE_WHY_MAX 160

/*
 * The same of a file that may be packed with gzip or zstd, as its first octets
 * tell; what it unpacks to is bounded by its size, so that none takes the
 * memory. 1 with reterr_why when it is damaged, cut off, unpacks to too much,
 * or cannot be unpacked by this program. -ECANCELED once *stop (which may be
 * NULL) is set.
 */
int readfile_unpack(const char *path, size_t max, const atomic_bool *stop,
	char **ret, size_t *ret_len, char reterr_why[READFILE_WHY_MAX]);

/*
 * The same into private pages, as dlo_builder_add_compiled() takes them: *ret
 * is for munmap(), with a length of at least 1. No NUL is put behind.
 */
int readfile_pages(const char *path, size_t max, void **ret, size_t *ret_len);

#endif
