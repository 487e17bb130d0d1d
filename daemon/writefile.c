/* SPDX-License-Identifier: BSD-2-Clause */
/* writefile.c - a whole file at once, or what was there before. */
#include "writefile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_piece(int fd, const struct iovec *v)
{
	const char *p = v->iov_base;

	for (size_t at = 0; at < v->iov_len;) {
		ssize_t n = write(fd, p + at, v->iov_len - at);

		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Writes all of it and has the disk keep it. 0, -errno. */
static int write_all(int fd, const struct iovec *v, unsigned n)
{
	int r = 0;

	for (unsigned i = 0; !r && i < n; i++) {
		r = write_piece(fd, &v[i]);
	}
	return r ? r : fsync(fd) ? -errno : 0;
}

/* That the folder has the new file is for the disk to keep, too. */
static int sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		      : -1;
	int r = fd < 0 || fsync(fd) ? -errno : 0;

	if (fd >= 0) {
		close(fd);
	}
	free(copy);
	return r;
}

int writefile(const char *path, mode_t mode, const struct iovec *v, unsigned n)
{
	char *fresh = NULL;
	int fd, r;

	if (asprintf(&fresh, "%s.new", path) < 0) {
		return -ENOMEM;
	}
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		mode);
	r = fd < 0 ? -errno : write_all(fd, v, n);
	if (fd >= 0 && close(fd) && !r) {
		r = -errno;
	}
	if (!r && rename(fresh, path)) {
		r = -errno;
	}
	if (r && fd >= 0) {
		unlink(fresh);
	}
	free(fresh);
	return r ? r : sync_folder(path);
}
