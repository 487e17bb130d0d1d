/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - what a service remembers over restarts: files in one folder. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *state_folder(const struct options *o)
{
	static char first[PATH_MAX];
	const char *given = getenv("STATE_DIRECTORY");

	if (!o->service) {
		return NULL;
	}
	if (!given || !*given ||
		options_origin(o, "state-directory") != ORIGIN_DEFAULT) {
		return o->state_directory;
	}
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(given, ":"), given);
	return first;
}

/* Writes all of it and has the disk keep it. 0, -errno. */
static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) ? -errno : 0;
}

int state_write(const char *path, const char *text, size_t len)
{
	char *fresh = NULL;
	int fd, r;

	if (asprintf(&fresh, "%s.new", path) < 0) {
		return -ENOMEM;
	}
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		0640);
	r = fd < 0 ? -errno : write_all(fd, text, len);
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
	return r;
}
