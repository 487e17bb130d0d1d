/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - the folder where a service keeps what must outlive it. */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "writefile.h"

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

int state_write(const char *path, const struct iovec *v, unsigned n)
{
	return writefile(path, 0640, v, n);
}
