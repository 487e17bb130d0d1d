/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - the folder where a service keeps what must outlive it. */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int state_path(
	const struct options *o, const char *name, char ret[STATE_PATH_MAX])
{
	const char *dir = o->state_dir, *given = getenv("STATE_DIRECTORY");
	size_t len;
	int n;

	if (!dir) {
		return -ENOENT;
	}
	len = strlen(dir);
	if (given && *given &&
		options_place((struct options *)(uintptr_t)o,
			options_row("state-dir"))
				->origin == ORIGIN_DEFAULT) {
		dir = given;
		len = strcspn(dir, ":");
	}
	n = snprintf(ret, STATE_PATH_MAX, "%.*s%s%s", (int)len, dir,
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

	if (o->service && !state_path(o, "", path) && !mkdir(path, 0750)) {
		(void)!chown(path, uid, gid);
	}
}
