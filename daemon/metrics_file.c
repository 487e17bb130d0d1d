/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics_file.c - the metrics as a file, for node-exporter's textfile
 * collector. */
#include "metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "log.h"
#include "metrics.h"

/*
 * Theory of operation
 *
 * The loop thread prints the text, a thread of libuv's writes it beside the
 * file and renames it: whoever reads sees all of an old one or all of a new
 * one. While one is being written no other is printed.
 */

struct metrics_file {
	struct loop *loop;
	uv_timer_t timer;
	uv_work_t work;
	const char *path;
	char *beside; /* what is renamed; no *.prom, which would be read */
	/* of the file being written */
	char *text; /* NULL: there is none */
	size_t len;
	int error; /* of it, errno */
	bool failing; /* it was said */
};

/* ---- in libuv's thread --------------------------------------------------- */

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, text, len);
		if (n < 0) {
			return errno;
		}
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static void write_file(uv_work_t *work)
{
	struct metrics_file *m = work->data;
	int fd = open(m->beside,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0) {
		m->error = errno;
		return;
	}
	/* Somebody else reads it, whatever our umask. */
	m->error = fchmod(fd, 0644) ? errno : write_all(fd, m->text, m->len);
	if (close(fd) && !m->error) {
		m->error = errno;
	}
	if (!m->error && rename(m->beside, m->path)) {
		m->error = errno;
	}
	if (m->error) {
		unlink(m->beside);
	}
}

/* ---- in the loop thread -------------------------------------------------- */

static void on_written(uv_work_t *work, int status)
{
	struct metrics_file *m = work->data;

	free(m->text);
	m->text = NULL;
	if (m->error && !m->failing) {
		log_warning("cannot write metrics to %s: %s", m->path,
			strerror(m->error));
	} else if (!m->error && m->failing) {
		log_info("metrics are written to %s again", m->path);
	}
	m->failing = m->error != 0;
	(void)status;
}

static void on_time(uv_timer_t *timer)
{
	struct metrics_file *m = timer->data;
	FILE *f;

	if (m->text) {
		return; /* the disk is slow */
	}
	f = open_memstream(&m->text, &m->len);
	if (f) {
		metrics_print(f, m->loop);
	}
	if (!f || fclose(f) ||
		uv_queue_work(timer->loop, &m->work, write_file, on_written)) {
		free(m->text);
		m->text = NULL;
	}
}

int metrics_file_open(struct loop *l, struct metrics_file **ret)
{
	const char *path = l->options->metrics_file;
	struct metrics_file *m = calloc(1, sizeof(*m));

	if (!m || asprintf(&m->beside, "%s.new", path) < 0) {
		free(m);
		return -ENOMEM;
	}
	*ret = m;
	m->loop = l;
	m->path = path;
	m->work.data = m;
	m->timer.data = m;
	uv_timer_init(loop_uv(l), &m->timer);
	uv_timer_start(&m->timer, on_time, 0, METRICS_FILE_S * 1000);
	return 0;
}

void metrics_file_close(struct metrics_file *m)
{
	if (m) {
		free(m->beside);
		free(m);
	}
}
