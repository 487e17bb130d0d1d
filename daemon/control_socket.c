/* SPDX-License-Identifier: BSD-2-Clause */
/* control_socket.c - the control socket's path, made and reached. */
#include "control_socket.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define FOLDER "/run/dnslookout"
#define CONNECT_S 5

int control_socket_path(const char *given, char ret[CONTROL_PATH_MAX])
{
	const char *folder = getenv("RUNTIME_DIRECTORY");
	int n, folder_len;

	if (!folder || folder[0] != '/') {
		folder = FOLDER;
	}
	/* A unit may have several, with colons between. */
	folder_len = (int)strcspn(folder, ":");
	n = strchr(given, '/') ? snprintf(ret, CONTROL_PATH_MAX, "%s", given)
			       : snprintf(ret, CONTROL_PATH_MAX, "%.*s/%s",
					 folder_len, folder, given);
	return n < 0 || (size_t)n >= CONTROL_PATH_MAX ? -ENAMETOOLONG : 0;
}

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return a;
}

int control_socket_connect(const char *path)
{
	const struct timeval limit = {.tv_sec = CONNECT_S};
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0) {
		return -errno;
	}
	/* unix(7): it waits while too many others do. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a))) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* 0: nobody listens there any more; else who makes the name unusable. */
static int look_who(const char *path)
{
	struct stat st;
	int fd;

	/* Connecting to a plain file is refused, too. */
	if (!lstat(path, &st) && !S_ISSOCK(st.st_mode)) {
		return -EEXIST;
	}
	fd = control_socket_connect(path);
	if (fd >= 0) {
		close(fd);
		return -EADDRINUSE;
	}
	if (fd == -EAGAIN) {
		return -EADDRINUSE;
	}
	return fd == -ECONNREFUSED || fd == -ENOENT ? 0 : fd;
}

static int bind_to(int fd, const char *path)
{
	struct sockaddr_un a = address(path);
	int r;

	/* What the file is made with: nobody else gets in before its group is
	 * set. */
	if (fchmod(fd, 0600)) {
		return -errno;
	}
	r = bind(fd, (const struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
	if (r != -EADDRINUSE) {
		return r;
	}
	r = look_who(path);
	if (r) {
		return r;
	}
	unlink(path);
	return bind(fd, (const struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
}

static int give_to_group(const char *path, gid_t group)
{
	return chown(path, (uid_t)-1, group) || chmod(path, 0660) ? -errno : 0;
}

int control_socket_make(const char *path, const char *group)
{
	struct group *entry = group ? getgrnam(group) : NULL;
	int fd, r;

	if (group && !entry) {
		return -ESRCH;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	r = bind_to(fd, path);
	if (!r && entry) {
		r = give_to_group(path, entry->gr_gid);
		if (r) {
			unlink(path);
		}
	}
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}
