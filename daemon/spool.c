/* SPDX-License-Identifier: BSD-2-Clause */
/* spool.c - messages on disk, first in first out, bounded, over restarts. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "plural.h"
#include "spool_base.h"

/*
 * Theory of operation
 *
 * Segments are files with ascending numbers (spool_format.h). Messages are
 * appended to the newest, the tail; when it is large enough a new one begins,
 * and so it does in each run, so that nothing is written behind what a crash
 * has left. Messages are read from the oldest, the head, all of which is read
 * into memory; when nothing more is to come of it, it is removed. What was
 * delivered of the head is in the state, a file that is replaced as a whole.
 *
 * A write is a number of whole records; one that the disk does not take in full
 * is cut off again. Nothing is read beyond the size that a segment had when it
 * was found, or that was written to it.
 */

/* ---- the head ------------------------------------------------------------ */

/* Where the messages of a segment begin that are to be delivered. */
static size_t begin_of(const struct spool *s, const struct spool_segment *g)
{
	size_t at = SPOOL_MAGIC_LEN;

	if (g->number == s->state.segment && s->state.offset > at) {
		at = s->state.offset < g->size ? (size_t)s->state.offset
					       : g->size;
	}
	return at;
}

/* Reads what is new of an open segment. 0, -errno. */
static int read_more(struct spool *s, const struct spool_segment *g)
{
	struct spool_cursor *c = &s->cursor;
	ssize_t n;

	while (c->len < g->size) {
		n = pread(s->head, s->octets + c->len, g->size - c->len,
			(off_t)c->len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? -errno : -ENODATA;
		}
		c->len += (size_t)n;
	}
	return 0;
}

static int open_segment(struct spool *s, const struct spool_segment *g)
{
	s->head = openat(s->folder, g->name,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (s->head < 0) {
		return -errno;
	}
	s->octets = malloc(SPOOL_SEGMENT_MAX);
	if (!s->octets) {
		close(s->head);
		s->head = -1;
		return -ENOMEM;
	}
	s->cursor =
		(struct spool_cursor){.data = s->octets, .at = begin_of(s, g)};
	return 0;
}

bool spool_error_passes(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

int spool_read_segment(struct spool *s, const struct spool_segment *g)
{
	int r = s->head < 0 ? open_segment(s, g) : 0;

	r = r ? r : read_more(s, g);
	if (s->cursor.len >= SPOOL_MAGIC_LEN &&
		memcmp(s->octets, spool_magic, SPOOL_MAGIC_LEN) != 0) {
		return -ENOMSG;
	}
	return r;
}

void spool_close_head(struct spool *s)
{
	if (s->head >= 0) {
		close(s->head);
		s->head = -1;
	}
	free(s->octets);
	s->octets = NULL;
	s->cursor = (struct spool_cursor){.data = NULL};
	s->first = s->n_records = 0;
}

void spool_close_tail(struct spool *s)
{
	if (s->tail >= 0) {
		close(s->tail);
		s->tail = -1;
	}
	s->tail_dirty = false;
}

void spool_forget_head(struct spool *s)
{
	s->size -= spool_head(s)->size;
	s->n_segments--;
	memmove(s->segment, s->segment + 1,
		s->n_segments * sizeof(s->segment[0]));
	spool_close_head(s);
}

void spool_remove_head(struct spool *s)
{
	if (s->n_segments == 1) {
		spool_close_tail(s);
	}
	(void)unlinkat(s->folder, spool_head(s)->name, 0);
	s->folder_dirty = true;
	spool_forget_head(s);
}

/* What was in the head when it was counted, and is not there now. */
static void spoil_head(struct spool *s)
{
	struct spool_segment *g = spool_head(s);

	if (g->n_messages > 0) {
		log_warning("%s/%s: %llu alert%s cannot be read again", s->path,
			g->name, (unsigned long long)g->alerts,
			plural(g->alerts));
		s->spoiled += g->alerts;
		s->alerts -= g->alerts;
	}
}

/* Finds the next records of the head; none: it has no more. 0; -errno: not
 * now. */
static int find_records(struct spool *s)
{
	struct spool_segment *g = spool_head(s);
	int r;

	s->first = s->n_records = 0;
	if (g->n_messages == 0) {
		return 0;
	}
	r = spool_read_segment(s, g);
	if (spool_error_passes(r)) {
		return r;
	}
	/* What can be read of it counts, whatever is wrong. */
	while (s->n_records < SPOOL_BATCH && s->n_records < g->n_messages &&
		spool_next(&s->cursor, &s->record[s->n_records])) {
		s->n_records++;
	}
	return 0;
}

int spool_peek(struct spool *s, struct iovec *v, unsigned n)
{
	int r;

	while (s->first == s->n_records) {
		if (s->n_segments == 0) {
			return 0;
		}
		r = find_records(s);
		if (r < 0) {
			return r;
		}
		if (s->n_records == 0) {
			spoil_head(s);
			spool_remove_head(s);
		}
	}
	n = n < s->n_records - s->first ? n : s->n_records - s->first;
	for (unsigned i = 0; i < n; i++) {
		const struct spool_record *record = &s->record[s->first + i];

		v[i].iov_base = (void *)(uintptr_t)record->message;
		v[i].iov_len = record->len;
	}
	return (int)n;
}

uint64_t spool_drop(struct spool *s, unsigned n)
{
	struct spool_segment *g;
	const struct spool_record *r = NULL;
	uint64_t alerts = 0;

	for (unsigned i = 0; i < n; i++) {
		r = &s->record[s->first++];
		alerts += r->alerts;
	}
	if (!r) {
		return 0;
	}
	g = spool_head(s);
	/* A file that was changed may hold others than were counted. */
	alerts = alerts < g->alerts ? alerts : g->alerts;
	g->n_messages -= n;
	g->alerts -= alerts;
	s->alerts -= alerts;
	s->state.segment = g->number;
	s->state.offset = (uint64_t)(r->message + r->len - s->octets);
	s->state_dirty = true;
	if (g->n_messages == 0) {
		spool_remove_head(s);
	}
	return alerts;
}

/* ---- the tail ------------------------------------------------------------ */

struct spool_segment spool_segment(uint64_t number, size_t size)
{
	struct spool_segment g = {.number = number, .size = size};

	spool_put_name(g.name, number);
	return g;
}

int spool_add_segment(struct spool *s, const struct spool_segment *g)
{
	if (s->n_segments == s->segments_cap) {
		unsigned cap = s->segments_cap ? 2 * s->segments_cap : 64;
		struct spool_segment *more =
			realloc(s->segment, cap * sizeof(*more));

		if (!more) {
			return -ENOMEM;
		}
		s->segment = more;
		s->segments_cap = cap;
	}
	s->segment[s->n_segments++] = *g;
	s->size += g->size;
	return 0;
}

/* A write that was not taken in full is undone. 0, -errno. */
static int write_whole(
	int fd, const struct iovec *v, unsigned n, size_t len, size_t before)
{
	ssize_t done = writev(fd, v, (int)n);
	int error = done < 0 ? errno : ENOSPC;

	if (done >= 0 && (size_t)done == len) {
		return 0;
	}
	if (done > 0 && ftruncate(fd, (off_t)before)) {
		return -EIO; /* what is behind that is not looked at */
	}
	return -error;
}

/* Begins a segment. 0, -errno. */
static int begin_segment(struct spool *s)
{
	struct spool_segment g = spool_segment(s->next, SPOOL_MAGIC_LEN);
	struct iovec magic = {(void *)(uintptr_t)spool_magic, SPOOL_MAGIC_LEN};
	int r = 0, fd;

	if (s->next > SPOOL_NUMBER_MAX) {
		return -EOVERFLOW; /* it would not be found again */
	}
	if (s->tail_dirty) {
		r = fdatasync(s->tail) ? -errno : 0;
	}
	if (r < 0) {
		return r;
	}
	spool_close_tail(s);
	fd = openat(s->folder, g.name,
		O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0) {
		return -errno;
	}
	s->next++;
	r = write_whole(fd, &magic, 1, SPOOL_MAGIC_LEN, 0);
	r = r ? r : spool_add_segment(s, &g);
	if (r < 0) {
		close(fd);
		(void)unlinkat(s->folder, g.name, 0);
		return r;
	}
	s->tail = fd;
	s->folder_dirty = true;
	return 0;
}

/* How many of the messages have room in a file of that size; *ret_len are the
 * octets that they take. */
static unsigned gather(struct spool *s, const struct iovec *v, unsigned n,
	uint32_t alerts, size_t size, size_t *ret_len)
{
	size_t len = 0, next;
	unsigned i;

	for (i = 0; i < n && i < SPOOL_GATHER; i++) {
		next = SPOOL_HEADER + v[i].iov_len;
		if (v[i].iov_len > SPOOL_MESSAGE_MAX ||
			size + len + next > s->segment_max ||
			s->size + len + next > s->size_max) {
			break;
		}
		spool_put_header(
			s->header[i], v[i].iov_base, v[i].iov_len, alerts);
		s->gather[2 * i] = (struct iovec){s->header[i], SPOOL_HEADER};
		s->gather[2 * i + 1] = v[i];
		len += next;
	}
	*ret_len = len;
	return i;
}

/* Writes as many messages as go into the tail in one write; *ret_n of them. 0;
 * 1: the first has no room in it; -errno. */
static int write_some(struct spool *s, const struct iovec *v, unsigned n,
	uint32_t alerts, unsigned *ret_n)
{
	struct spool_segment *g = &s->segment[s->n_segments - 1];
	size_t len;
	unsigned i = gather(s, v, n, alerts, g->size, &len);
	int r;

	if (i == 0) {
		return 1;
	}
	r = write_whole(s->tail, s->gather, 2 * i, len, g->size);
	if (r == -EIO) {
		spool_close_tail(s);
	}
	if (r < 0) {
		return r;
	}
	s->tail_dirty = true;
	g->size += len;
	g->n_messages += i;
	g->alerts += (uint64_t)i * alerts;
	s->size += len;
	s->alerts += (uint64_t)i * alerts;
	*ret_n = i;
	return 0;
}

bool spool_has_room(const struct spool *s, size_t octets)
{
	return s->size + SPOOL_MAGIC_LEN + octets <= s->size_max;
}

/* Whether a message has room in a segment of its own. */
static bool has_room(const struct spool *s, const struct iovec *v)
{
	return v->iov_len <= SPOOL_MESSAGE_MAX &&
	       spool_has_room(s, SPOOL_HEADER + v->iov_len);
}

int spool_append(struct spool *s, const struct iovec *v, unsigned n,
	uint32_t alerts, unsigned *ret_n)
{
	unsigned done = 0, some;
	int r = 0;

	while (r == 0 && done < n) {
		some = 0;
		r = s->tail < 0
			    ? 1
			    : write_some(s, v + done, n - done, alerts, &some);
		done += some;
		if (r == 1 && has_room(s, v + done)) {
			r = begin_segment(s);
		}
	}
	*ret_n = done;
	return r;
}

/* ---- syncing ------------------------------------------------------------- */

static int write_state(struct spool *s)
{
	uint8_t p[SPOOL_STATE_LEN];
	struct iovec v = {p, sizeof(p)};
	int fd = openat(s->folder, SPOOL_STATE_NEW,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0) {
		return -errno;
	}
	spool_put_state(p, &s->state);
	r = write_whole(fd, &v, 1, sizeof(p), 0);
	if (r == 0 && fdatasync(fd)) {
		r = -errno;
	}
	close(fd);
	if (r == 0 &&
		renameat(s->folder, SPOOL_STATE_NEW, s->folder, SPOOL_STATE)) {
		r = -errno;
	}
	return r;
}

bool spool_is_dirty(const struct spool *s)
{
	return s->tail_dirty || s->folder_dirty || s->state_dirty;
}

/* The state last: it may say that a loss stands in a message now. */
int spool_sync(struct spool *s)
{
	int r = 0;

	if (s->tail_dirty) {
		r = fdatasync(s->tail) ? -errno : 0;
		s->tail_dirty = r < 0;
	}
	if (r == 0 && s->state_dirty) {
		r = write_state(s);
		s->state_dirty = r < 0;
		s->folder_dirty = true;
	}
	if (r == 0 && s->folder_dirty) {
		/* Not every file system can; those need not. */
		r = fsync(s->folder) && errno != EINVAL ? -errno : 0;
		s->folder_dirty = r < 0;
	}
	return r;
}

/* ---- what is asked ------------------------------------------------------- */

bool spool_is_empty(const struct spool *s)
{
	return s->n_segments == 0;
}

uint64_t spool_alerts(const struct spool *s)
{
	return s->alerts;
}

uint64_t spool_spoiled(struct spool *s)
{
	uint64_t n = s->spoiled;

	s->spoiled = 0;
	return n;
}

struct spool_loss spool_loss(const struct spool *s)
{
	return (struct spool_loss){s->state.n_lost, s->state.lost_since};
}

void spool_set_loss(struct spool *s, struct spool_loss loss)
{
	s->state.n_lost = loss.n;
	s->state.lost_since = loss.since;
	s->state_dirty = true;
}
