/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - the folder where a service keeps what must outlive it. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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

int state_write(const char *path, const struct iovec *v, unsigned n)
{
	char *fresh = NULL;
	int fd, r;

	if (asprintf(&fresh, "%s.new", path) < 0) {
		return -ENOMEM;
	}
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		0640);
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
