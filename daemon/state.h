/* SPDX-License-Identifier: BSD-2-Clause */
/* state.h - the folder where a service keeps what must outlive it. */
#ifndef STATE_H
#define STATE_H

#include "options.h"

#define STATE_PATH_MAX 1024u

/*
 * Its path, with "/" and `name` behind it unless that is "": of --state-dir,
 * else of $STATE_DIRECTORY (systemd.exec(5): the first of those in it), else
 * /var/lib/dnslookout. 0, -ENAMETOOLONG.
 */
int state_path(
	const struct options *o, const char *name, char ret[STATE_PATH_MAX]);

/* Makes the folder (not those above it), for us and our group alone, and a
 * folder `name` in it, whose path it gives. 0, -errno. */
int state_make(
	const struct options *o, const char *name, char ret[STATE_PATH_MAX]);

#endif
