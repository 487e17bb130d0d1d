/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - the folder where a service keeps what must outlive it. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the folder ---------------------------------------------------------- */

int state_path(
	const struct options *o, const char *name, char ret[STATE_PATH_MAX])
{
	const char *folder = o->state_directory;
	const char *given = getenv("STATE_DIRECTORY");
	size_t len;
	int n;

	if (!o->service || !folder) {
		return -ENOENT;
	}
	len = strlen(folder);
	if (given && *given &&
		options_origin(o, "state-directory") == ORIGIN_DEFAULT) {
		folder = given;
		len = strcspn(given, ":");
	}
	n = snprintf(ret, STATE_PATH_MAX, "%.*s%s%s", (int)len, folder,
		*name ? "/" : "", name);
	return n < 0 || (size_t)n >= STATE_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int make(const char *path)
{
	return mkdir(path, 0750) && errno != EEXIST ? -errno : 0;
}

int state_make(
	const struct options *o, const char *name, char ret[STATE_PATH_MAX])
{
	int r = state_path(o, "", ret);

	r = r ? r : make(ret);
	r = r ? r : state_path(o, name, ret);
	return r ? r : make(ret);
}

void state_make_for(const struct options *o, uid_t uid, gid_t gid)
{
	char path[STATE_PATH_MAX];

	if (!state_path(o, "", path) && !mkdir(path, 0750)) {
		(void)!chown(path, uid, gid);
	}
}

/* ---- a file -------------------------------------------------------------- */

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
