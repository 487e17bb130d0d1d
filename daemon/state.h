/* SPDX-License-Identifier: BSD-2-Clause */
/* state.h - the folder where a service keeps what must outlive it. */
#ifndef STATE_H
#define STATE_H

#include <sys/types.h>
#include <sys/uio.h>

#include "options.h"

#define STATE_PATH_MAX 1024u

/*
 * Its path, with "/" and `name` behind it unless that is "": of
 * --state-directory,
 * or, if that was not said, of $STATE_DIRECTORY (systemd.exec(5): the first of
 * those in it). 0; -ENOENT: there is to be none, as for all but services;
 * -ENAMETOOLONG.
 */
int state_path(
	const struct options *o, const char *name, char ret[STATE_PATH_MAX]);

/* Makes the folder (not those above it), for us and our group alone, and a
 * folder `name` in it, whose path it gives. 0, -errno. */
int state_make(
	const struct options *o, const char *name, char ret[STATE_PATH_MAX]);

/* A service is about to become that user: the folder, if it has to be made, is
 * his. Whoever misses it will say so. */
void state_make_for(const struct options *o, uid_t uid, gid_t gid);

/* writefile() for us and our group alone. Any thread. 0, -errno. */
int state_write(const char *path, const struct iovec *v, unsigned n);

#endif
