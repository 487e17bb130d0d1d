/* SPDX-License-Identifier: BSD-2-Clause */
/* out_file.c - alerts at the end of a file, as JSON lines. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backlog.h"
#include "dnslookout.h"
#include "log.h"
#include "output.h"
#include "plural.h"
#include "utc.h"

/*
 * Theory of operation
 *
 * Whole lines and nothing else: what the disk does not take in full is cut off
 * again, and so is what a kill has left of a line, when the file is opened.
 * Several of us may write to one file, and cutting must not hit a line of
 * another: so all of it is done under flock(2), which is never waited for.
 *
 * Live, whatever is wrong may pass: alerts wait in the backlog. A replay ends.
 */

#define QUEUE_SIZE ((size_t)4 << 20)
#define MESSAGE_MAX 32768u
#define CHUNK 65536u /* of one write: the grain of the free space's check */
#define RETRY_MS 1000
#define LOCKED_MS 10
/* Beside those of errno: too little is free; it is somebody's. */
#define E_FLOOR 4096
#define E_FOREIGN 4097
#define LOCKED_SAID 500u /* attempts: from then on it is worth a word */

struct out_file {
	struct output o;
	struct backlog backlog;
	const char *path;
	uint64_t min_free; /* octets; 0: any */
	bool replay;
	char buf[MESSAGE_MAX + 1]; /* the loop thread's */
	atomic_bool reopen;
	/* the thread's, before it begins ours */
	int fd; /* -1: to be opened */
	off_t cut; /* behind it is part of a line; -1: no */
	unsigned n_locked; /* attempts in a row */
	char trouble[64];
};

/* ---- in the loop thread -------------------------------------------------- */

static void record(struct output *o, const struct dlo_record *rec,
	const struct dlo_origin *origin)
{
	struct out_file *s = (struct out_file *)o;
	size_t len;

	if (rec->kind != DLO_RECORD_ALERT && rec->kind != DLO_RECORD_CLOSING) {
		return;
	}
	len = dlo_json_print(rec, origin, s->buf, MESSAGE_MAX);
	if (len == 0) {
		output_lose(o, 1, false);
		return;
	}
	s->buf[len] = '\n'; /* where the NUL was */
	backlog_push(&s->backlog, s->buf, len + 1);
}

/* Soon, even if there is nothing to write: the old file may be packed now. */
static void reopen(struct output *o)
{
	struct out_file *s = (struct out_file *)o;

	atomic_store(&s->reopen, true);
	writer_call(o->writer);
}

/* ---- the file, under its lock -------------------------------------------- */

static void close_file(struct out_file *s)
{
	if (s->fd >= 0) {
		close(s->fd); /* and with it the lock */
	}
	s->fd = -1;
	s->cut = -1;
}

/* 0; -EBUSY: another process has it. */
static int lock(struct out_file *s)
{
	if (flock(s->fd, LOCK_EX | LOCK_NB)) {
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	}
	return 0;
}

/* A part of a line is not left to others: the lock stays until it is cut. */
static void unlock(struct out_file *s)
{
	if (s->fd >= 0 && s->cut < 0) {
		flock(s->fd, LOCK_UN);
	}
}

/* Where the last line of a file begins; -1: it is too long to be ours. */
static off_t last_line(int fd, off_t size)
{
	char text[512];
	off_t at = size;

	while (at > 0 && size - at < (off_t)MESSAGE_MAX) {
		size_t n = at < (off_t)sizeof(text) ? (size_t)at : sizeof(text);
		const char *nl;

		at -= (off_t)n;
		if (pread(fd, text, n, at) != (ssize_t)n) {
			return -1;
		}
		nl = memrchr(text, '\n', n);
		if (nl) {
			return at + (nl - text) + 1;
		}
	}
	return at == 0 ? 0 : -1;
}

/* Whether there is the beginning of an object, as far as it goes. */
static bool is_ours(int fd, off_t begin)
{
	char text[2];
	ssize_t n = begin < 0 ? 0 : pread(fd, text, sizeof(text), begin);

	return n > 0 && memcmp(text, "{\"", (size_t)n) == 0;
}

/* A typing error must not spoil a file of somebody else. What a kill has left
 * of a line is cut off; of one that is not ours, the end is made good. */
static int mend(struct out_file *s, off_t size)
{
	char first, last;
	off_t begin;

	if (size == 0) {
		return 0;
	}
	if (pread(s->fd, &first, 1, 0) != 1 ||
		pread(s->fd, &last, 1, size - 1) != 1) {
		return -EIO;
	}
	if (first != '{') {
		return -E_FOREIGN;
	}
	if (last == '\n') {
		return 0;
	}
	begin = last_line(s->fd, size);
	if (!is_ours(s->fd, begin)) {
		return write(s->fd, "\n", 1) == 1 ? 0 : -ENOSPC;
	}
	log_warning("%s: cut off the part of a line, %lld octets", s->path,
		(long long)(size - begin));
	return ftruncate(s->fd, begin) ? -errno : 0;
}

/* 0; -EBUSY; -EINVAL, -E_FOREIGN: it is no file for us; -errno. */
static int open_file(struct out_file *s)
{
	struct stat st;
	int r;

	s->fd = open(s->path,
		O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		0640);
	if (s->fd < 0) {
		return errno == EISDIR ? -EINVAL : -errno;
	}
	r = lock(s);
	if (r == 0 && fstat(s->fd, &st)) {
		r = -errno;
	}
	if (r == 0) {
		r = S_ISREG(st.st_mode) ? mend(s, st.st_size) : -EINVAL;
	}
	unlock(s);
	if (r < 0) {
		close_file(s);
	}
	return r;
}

/* Whether so little is free that nothing more is to be written. */
static bool is_short_of_space(const struct out_file *s)
{
	struct statvfs fs;

	return s->min_free > 0 && fstatvfs(s->fd, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < s->min_free;
}

/* As many lines as make a chunk, at least one. */
static unsigned chunk(const struct iovec *v, unsigned n)
{
	size_t len = v[0].iov_len;
	unsigned i = 1;

	while (i < n && len + v[i].iov_len <= CHUNK) {
		len += v[i++].iov_len;
	}
	return i;
}

/* How many whole lines are in so many octets; *octets: theirs. */
static unsigned whole_lines(const struct iovec *v, unsigned n, size_t *octets)
{
	size_t left = *octets;
	unsigned i = 0;

	while (i < n && v[i].iov_len <= left) {
		left -= v[i++].iov_len;
	}
	*octets -= left;
	return i;
}

/* Writes lines at the end; *ret_n: so many are there, whole. 0, -errno. */
static int append(
	struct out_file *s, const struct iovec *v, unsigned n, unsigned *ret_n)
{
	struct stat st;
	ssize_t done;
	size_t octets;

	*ret_n = 0;
	if (s->cut >= 0 && ftruncate(s->fd, s->cut)) {
		return -errno;
	}
	s->cut = -1;
	if (fstat(s->fd, &st)) {
		return -errno;
	}
	if (st.st_nlink == 0) { /* removed: nobody would see it */
		return -ESTALE;
	}
	if (is_short_of_space(s)) {
		return -E_FLOOR;
	}
	done = writev(s->fd, v, (int)n);
	if (done < 0) {
		return -errno;
	}
	octets = (size_t)done;
	*ret_n = whole_lines(v, n, &octets);
	if (octets < (size_t)done &&
		ftruncate(s->fd, st.st_size + (off_t)octets)) {
		s->cut = st.st_size + (off_t)octets;
		return -errno;
	}
	return *ret_n == n ? 0 : -ENOSPC;
}

/* ---- in the writer's thread ---------------------------------------------- */

static const char *text_of(struct out_file *s, int r)
{
	switch (-r) {
	case E_FLOOR:
		snprintf(s->trouble, sizeof(s->trouble),
			"less than %" PRIu64 " MiB free", s->min_free >> 20);
		return s->trouble;
	case E_FOREIGN:
		return "there already, and no JSON";
	case EINVAL:
		return "no regular file";
	case EBUSY:
		return "another process has locked it";
	default:
		return strerror(-r);
	}
}

static void fail(struct out_file *s, int r, struct backlog_try *t)
{
	s->n_locked = r == -EBUSY ? s->n_locked + 1 : 0;
	switch (-r) {
	case EBUSY:
		t->wait.timeout_ms = LOCKED_MS;
		break;
	case ESTALE:
		close_file(s);
		return; /* and at once again */
	default:
		t->wait.timeout_ms = RETRY_MS;
		break;
	}
	if (r == -EBUSY && s->n_locked < LOCKED_SAID) {
		return;
	}
	if (s->replay) {
		log_error("cannot write to %s: %s", s->path, text_of(s, r));
		t->wait.no_more = true;
	} else {
		t->trouble = text_of(s, r);
	}
}

static unsigned deliver(
	void *ctx, struct iovec *v, unsigned n, struct backlog_try *t)
{
	struct out_file *s = ctx;
	unsigned done = 0, some;
	int r = s->fd < 0 ? open_file(s) : 0;

	r = r ? r : lock(s);
	if (r == 0) {
		do {
			r = append(
				s, v + done, chunk(v + done, n - done), &some);
			done += some;
		} while (r == 0 && done < n);
		unlock(s);
	}
	if (r < 0) {
		fail(s, r, t);
	} else {
		s->n_locked = 0;
	}
	return done;
}

static bool called(void *ctx)
{
	struct out_file *s = ctx;
	bool due = atomic_exchange(&s->reopen, false);

	if (due) {
		close_file(s);
		(void)open_file(s); /* or when there is something to write */
	}
	return due;
}

static size_t loss_line(
	void *ctx, uint64_t n, time_t since, char buf[BACKLOG_LINE_MAX])
{
	char now[UTC_TEXT_MAX], begin[UTC_TEXT_MAX];

	(void)ctx;
	return (size_t)snprintf(buf, BACKLOG_LINE_MAX,
		"{\"@timestamp\":\"%s\",\"event\":{\"kind\":\"event\","
		"\"action\":\"alerts-lost\",\"dataset\":\"dnslookout.status\","
		"\"start\":\"%s\"},\"message\":\"%" PRIu64 " alert%s lost\","
		"\"dnslookout\":{\"lost\":%" PRIu64 "}}\n",
		utc_text(time(NULL), now), utc_text(since, begin), n, plural(n),
		n);
}

/* ---- opening and closing ------------------------------------------------- */

static bool close_output(struct output *o, unsigned grace_ms)
{
	struct out_file *s = (struct out_file *)o;
	bool fine = backlog_close(&s->backlog, grace_ms);

	close_file(s);
	return fine;
}

static struct out_file *new (const struct output_context *c)
{
	static const struct output_class class = {.name = "file",
		.each = true,
		.record = record,
		.close = close_output,
		.reopen = reopen};
	struct out_file *s = output_new(sizeof(*s), &class);

	if (s) {
		s->path = c->options->alerts;
		s->min_free = (uint64_t)c->options->alerts_min_free_mib << 20;
		s->replay = c->wait;
		s->fd = -1;
		s->cut = -1;
	}
	return s;
}

int out_file_open(const struct output_context *c, struct output **ret)
{
	struct out_file *s = new (c);
	struct backlog_config b = {
		.name = "file",
		.verb = "write to",
		.what = "the file of alerts",
		.queue = QUEUE_SIZE,
		.called = called,
		.deliver = deliver,
		.loss_line = loss_line,
		.ctx = s,
	};
	int r = s ? open_file(s) : -ENOMEM;

	/* What is wrong for a service may pass, but not that it is no file. */
	if (r < 0 &&
		!(s && (r == -EBUSY || (c->options->service && r != -EINVAL &&
					       r != -E_FOREIGN)))) {
		log_error("%s: %s", c->options->alerts,
			s ? text_of(s, r) : strerror(-r));
		output_free(s ? &s->o : NULL);
		return r;
	}
	b.path = s->path;
	b.trouble = r < 0 && r != -EBUSY ? text_of(s, r) : NULL;
	r = backlog_open(&s->backlog, &b, c, &s->o);
	if (r < 0) {
		close_file(s);
		output_free(&s->o);
		return r;
	}
	*ret = &s->o;
	return 0;
}
