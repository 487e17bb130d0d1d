/* SPDX-License-Identifier: BSD-2-Clause */
/* readfile.c - a whole file at once: lists, configuration, filters. */
#include "readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
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

/* ---- into pages ---------------------------------------------------------- */

#define LARGE_PAGE ((size_t)2 << 20)

struct pages {
	uint8_t *at;
	size_t cap, len;
};

static void *map(size_t len)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Begins where large pages do, which we wish for: fewer faults now and later.
 */
static void *map_large(size_t len)
{
	uint8_t *at = map(len + LARGE_PAGE), *from = at;

	if (at != MAP_FAILED) {
		from += -(uintptr_t)at % LARGE_PAGE;
		if (from > at) {
			munmap(at, (size_t)(from - at));
		}
		munmap(from + len, (size_t)(at + LARGE_PAGE - from));
		madvise(from, len, MADV_HUGEPAGE);
	}
	return from;
}

static int pages_open(struct pages *p, size_t cap)
{
	bool large = cap >= 2 * LARGE_PAGE;
	size_t len = (cap + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	void *at = large ? map_large(len) : map(cap);

	if (at == MAP_FAILED) {
		return -ENOMEM;
	}
	*p = (struct pages){.at = at, .cap = large ? len : cap};
	return 0;
}

static int pages_resize(struct pages *p, size_t cap)
{
	void *at = mremap(p->at, p->cap, cap, MREMAP_MAYMOVE);

	if (at == MAP_FAILED) {
		return -ENOMEM;
	}
	p->at = at;
	p->cap = cap;
	return 0;
}

/* Up to the end, of which a file that is written to meanwhile may have another
 * than it told. */
static int pages_read(struct pages *p, int fd, size_t max)
{
	ssize_t n;
	int r = 0;

	while (!r && (n = read(fd, p->at + p->len, p->cap - p->len)) != 0) {
		p->len += n > 0 ? (size_t)n : 0;
		if (n < 0 && errno != EINTR) {
			r = -errno;
		} else if (p->len >= max) {
			r = -EFBIG;
		} else if (p->len == p->cap) {
			r = pages_resize(p, 2 * p->cap);
		}
	}
	return r ? r : pages_resize(p, p->len ? p->len : 1);
}

int readfile_pages(const char *path, size_t max, void **ret, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;
	struct pages p = {.at = NULL};

	if (fd < 0) {
		return -errno;
	}
	r = pages_open(&p, first_size(fd, max));
	r = r ? r : pages_read(&p, fd, max);
	close(fd);
	if (r) {
		if (p.at) {
			munmap(p.at, p.cap);
		}
		return r;
	}
	*ret = p.at;
	*ret_len = p.len;
	return 0;
}
