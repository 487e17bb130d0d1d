/* SPDX-License-Identifier: BSD-2-Clause */
/* readfile.c - a whole file at once: lists, configuration, filters. */
#include "readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"

#define FIRST_SIZE 65536u
/* Names shrink to a quarter or a tenth, made-up ones in sequence to a
 * thirtieth; a bomb, to a thousandth. What is small is let be. */
#define EXPANSION_MAX 64u
#define EXPANSION_FREE ((size_t)64 << 20)

struct text {
	char *p;
	size_t len, cap;
};

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

/* Room for one octet more, and a NUL behind it. */
static int grow(struct text *t, int fd, size_t max)
{
	size_t cap = t->cap ? 2 * t->cap : first_size(fd, max);
	char *more;

	if (t->len + 1 < t->cap) {
		return 0;
	}
	more = realloc(t->p, cap);
	if (!more) {
		return -ENOMEM;
	}
	t->p = more;
	t->cap = cap;
	return 0;
}

static bool is_bomb(const struct input *in, size_t len)
{
	return in->coding != INPUT_PLAIN && len > EXPANSION_FREE &&
	       len / EXPANSION_MAX > in->octets;
}

/* Files too short to tell what they are: their octets wait in the head. */
static void take_head(const struct input *in, struct text *t)
{
	if (in->coding == INPUT_UNTOLD) {
		memcpy(t->p, in->head, in->n_head);
		t->len = in->n_head;
	}
}

static int why_not(const struct input *in, ssize_t r, const char **ret_why)
{
	*ret_why = r == INPUT_END ? input_cut(in) : in->error;
	if (r == INPUT_STOPPED) {
		return -ECANCELED;
	}
	return r != INPUT_END && in->error_number ? -in->error_number
	       : *ret_why			  ? 1
						  : 0;
}

/* From an open file. `t` grows; its owner is the caller, whatever comes. */
static int read_all(
	struct input *in, size_t max, struct text *t, const char **reterr_why)
{
	ssize_t n = 1;

	while (n > 0) {
		if (grow(t, in->fd, max)) {
			return -ENOMEM;
		}
		n = input_read(in, t->p + t->len, t->cap - 1 - t->len);
		t->len += n > 0 ? (size_t)n : 0;
		if (n > 0 && t->len >= max) {
			return -EFBIG;
		}
		if (is_bomb(in, t->len)) {
			*reterr_why = "unpacks to more than 64 times its size";
			return 1;
		}
	}
	take_head(in, t);
	t->p[t->len] = '\0';
	return why_not(in, n, reterr_why);
}

static int read_path(const char *path, enum input_coding coding, size_t max,
	const atomic_bool *stop, char **ret, size_t *ret_len,
	char reterr_why[READFILE_WHY_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;
	const char *why = NULL;
	struct text t = {0};
	struct input in;

	if (fd < 0) {
		return -errno;
	}
	input_take(&in, fd, stop);
	in.coding = coding;
	r = read_all(&in, max, &t, &why);
	if (r == 1) {
		snprintf(reterr_why, READFILE_WHY_MAX, "%s", why);
	}
	input_close(&in);
	if (r) {
		free(t.p);
		return r;
	}
	*ret = t.p;
	*ret_len = t.len;
	return 0;
}

int readfile(const char *path, size_t max, char **ret, size_t *ret_len)
{
	char why[READFILE_WHY_MAX];

	return read_path(path, INPUT_PLAIN, max, NULL, ret, ret_len, why);
}

int readfile_unpack(const char *path, size_t max, const atomic_bool *stop,
	char **ret, size_t *ret_len, char reterr_why[READFILE_WHY_MAX])
{
	return read_path(
		path, INPUT_UNTOLD, max, stop, ret, ret_len, reterr_why);
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
