/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - the folder where a service keeps what must outlive it. */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OTHERWISE "/var/lib/dnslookout"

int state_path(
	const struct options *o, const char *name, char ret[STATE_PATH_MAX])
{
	const char *dir = o->state_dir ? o->state_dir
				       : getenv("STATE_DIRECTORY");
	size_t len;
	int n;

	dir = dir && *dir ? dir : OTHERWISE;
	len = o->state_dir ? strlen(dir) : strcspn(dir, ":");
	n = snprintf(ret, STATE_PATH_MAX, "%.*s%s%s", (int)len, dir,
		*name ? "/" : "", name);
	return n < 0 || (size_t)n >= STATE_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int make(const char *path, mode_t mode)
{
	return mkdir(path, mode) && errno != EEXIST ? -errno : 0;
}

int state_make(
	const struct options *o, const char *name, char ret[STATE_PATH_MAX])
{
	int r = state_path(o, "", ret);

	r = r ? r : make(ret, 0750);
	r = r ? r : state_path(o, name, ret);
	return r ? r : make(ret, 0750);
}
