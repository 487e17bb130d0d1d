/* SPDX-License-Identifier: BSD-2-Clause */
/* spool_open.c - what a spool finds on disk, whoever left it there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "plural.h"
#include "spool.h"
#include "spool_base.h"

static int by_number(const void *a, const void *b)
{
	const struct spool_segment *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* All files with a segment's name, in order. 0, -errno. */
static int list_segments(struct spool *s)
{
	uint64_t number;
	int r = 0, fd = openat(s->folder, ".", O_RDONLY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		r = -errno;
		if (fd >= 0) {
			close(fd);
		}
		return r;
	}
	while (r == 0 && (entry = readdir(dir))) {
		if (spool_get_name(entry->d_name, &number)) {
			struct spool_segment g = spool_segment(number, 0);

			r = spool_add_segment(s, &g);
		}
	}
	closedir(dir);
	if (s->n_segments > 0) {
		qsort(s->segment, s->n_segments, sizeof(s->segment[0]),
			by_number);
		s->next = s->segment[s->n_segments - 1].number + 1;
	}
	return r;
}

static void read_state(struct spool *s)
{
	uint8_t p[SPOOL_STATE_LEN + 1];
	int fd = openat(s->folder, SPOOL_STATE,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, p, sizeof(p));

	if (fd < 0 && errno == ENOENT) {
		return;
	}
	if (n < 0 || !spool_get_state(p, (size_t)n, &s->state)) {
		log_warning("%s/" SPOOL_STATE ": damaged: what is spooled may "
			    "come again",
			s->path);
	}
	if (fd >= 0) {
		close(fd);
	}
	if (s->next <= s->state.segment) {
		s->next = s->state.segment + 1;
	}
}

/* Says what is not read of the head, and why. */
static void tell_skipped(const struct spool *s, const struct spool_segment *g,
	const char *why, uint64_t octets)
{
	log_warning("%s/%s: %s: %llu octet%s skipped", s->path, g->name, why,
		(unsigned long long)octets, plural(octets));
}

/* The size of the head, and how much of it is read. 0; -errno: it is no such
 * file. */
static int size_head(struct spool *s, uint64_t *ret_size)
{
	struct spool_segment *g = spool_head(s);
	struct stat st;

	if (fstatat(s->folder, g->name, &st, AT_SYMLINK_NOFOLLOW)) {
		return -errno;
	}
	*ret_size = (uint64_t)st.st_size;
	if (!S_ISREG(st.st_mode)) {
		return -ENOMSG;
	}
	g->size = *ret_size < SPOOL_SEGMENT_MAX ? (size_t)*ret_size
						: SPOOL_SEGMENT_MAX;
	s->size += g->size;
	return 0;
}

/* Counts what is in the head. 0; -errno: it is not ours, or cannot be read. */
static int count_head(struct spool *s)
{
	struct spool_segment *g = spool_head(s);
	struct spool_record record;
	uint64_t size = 0, damaged;
	int r = size_head(s, &size);

	r = r ? r : spool_read_segment(s, g);
	if (spool_error_passes(r)) {
		return r;
	}
	if (r == -ENOMSG || s->head < 0) {
		tell_skipped(s, g,
			r == -ENOMSG ? "not ours, left alone" : strerror(-r),
			size);
		return r;
	}
	damaged = size - s->cursor.len; /* not read */
	damaged += s->cursor.len < SPOOL_MAGIC_LEN ? s->cursor.len : 0;
	while (spool_next(&s->cursor, &record)) {
		g->n_messages++;
		g->alerts += record.alerts;
	}
	damaged += s->cursor.skipped;
	if (damaged > 0) {
		tell_skipped(s, g, "damaged", damaged);
	}
	return 0;
}

/* Keeps the segments that have something to deliver. 0; -errno: not now. */
static int count_segments(struct spool *s)
{
	unsigned n = s->n_segments;

	/* Each in turn is the head; those that stay go to the end. */
	for (unsigned i = 0; i < n; i++) {
		int r = count_head(s);
		struct spool_segment g = *spool_head(s);

		if (spool_error_passes(r)) {
			return r;
		}
		if (r < 0) {
			spool_forget_head(s);
		} else if (g.n_messages == 0 || g.number < s->state.segment) {
			spool_remove_head(s);
		} else {
			s->alerts += g.alerts;
			spool_forget_head(s);
			(void)spool_add_segment(s, &g); /* its place is free */
		}
	}
	return 0;
}

static int open_folder(struct spool *s, const char *folder)
{
	s->path = strdup(folder);
	if (!s->path) {
		return -ENOMEM;
	}
	s->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder < 0) {
		return -errno;
	}
	if (flock(s->folder, LOCK_EX | LOCK_NB)) {
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	}
	return 0;
}

static void destroy(struct spool *s)
{
	spool_close_head(s);
	spool_close_tail(s);
	if (s->folder >= 0) {
		close(s->folder);
	}
	free(s->segment);
	free(s->path);
	free(s);
}

int spool_open(const char *folder, uint64_t size, struct spool **ret)
{
	struct spool *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		return -ENOMEM;
	}
	s->folder = s->head = s->tail = -1;
	s->next = 1;
	s->size_max = size < SPOOL_SIZE_MIN ? SPOOL_SIZE_MIN : size;
	s->segment_max = s->size_max / SPOOL_SEGMENTS < SPOOL_SEGMENT_MAX
				 ? (size_t)(s->size_max / SPOOL_SEGMENTS)
				 : SPOOL_SEGMENT_MAX;
	r = open_folder(s, folder);
	r = r ? r : list_segments(s);
	if (r == 0) {
		read_state(s);
		r = count_segments(s);
	}
	if (r < 0) {
		destroy(s);
		return r;
	}
	*ret = s;
	return 0;
}

void spool_close(struct spool *s)
{
	int r;

	if (!s) {
		return;
	}
	r = spool_is_dirty(s) ? spool_sync(s) : 0;
	if (r < 0) {
		log_error("%s: %s", s->path, strerror(-r));
	}
	destroy(s);
}
