/* SPDX-License-Identifier: BSD-2-Clause */
/* readfile.c - a whole file at once: lists, configuration, filters. */
#include "readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_SIZE 65536u

/* Room for a file as large as it says, for a NUL, and to see that it ends
 * there; pipes and /proc say nothing. */
static size_t first_size(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
		(uint64_t)st.st_size >= max) {
		return FIRST_SIZE;
	}
	return (size_t)st.st_size + 2;
}

/* From an open file. `text` grows; its owner is the caller, whatever comes. */
static int read_all(int fd, size_t max, char **text, size_t *len)
{
	size_t cap = first_size(fd, max);
	ssize_t n;
	char *more;

	*text = malloc(cap);
	*len = 0;
	while (*text) {
		n = read(fd, *text + *len, cap - 1 - *len);
		if (n <= 0) {
			(*text)[*len] = '\0';
			return n < 0 ? -errno : 0;
		}
		*len += (size_t)n;
		if (*len >= max) {
			return -EFBIG;
		}
		if (*len == cap - 1) {
			more = realloc(*text, cap *= 2);
			if (!more) {
				break;
			}
			*text = more;
		}
	}
	return -ENOMEM;
}

int readfile(const char *path, size_t max, char **ret, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t len;
	int r;

	if (fd < 0) {
		return -errno;
	}
	r = read_all(fd, max, &text, &len);
	close(fd);
	if (r) {
		free(text);
		return r;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}
