/* SPDX-License-Identifier: BSD-2-Clause */
/* landlock.h - which files this process may still open, by Landlock. */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct landlock {
	int fd; /* -1: none */
	uint64_t
		files; /* rights that are taken away, but for what is allowed */
};

/* What may be done at and below a path. */
enum {
	PLACE_READ = 1, /* and list folders */
	PLACE_WRITE = 2,
	PLACE_MAKE = 4, /* files, folders, sockets; and remove them */
};

/*
 * Begins rules that allow nothing: no file, no TCP, no signal to others, no
 * abstract socket of others unless `abstract`; as far as the kernel knows of
 * these. 0; -ENOSYS or -EOPNOTSUPP without Landlock, or another -errno.
 */
int landlock_open(struct landlock *l, bool abstract);

/* Adds what may be done with a path. A path that is not there is left out: who
 * opens it will say so. 0, -errno. */
int landlock_allow(const struct landlock *l, const char *path, unsigned what);

/* From now on the rules hold, for this thread and those that it starts; it must
 * have no_new_privs. 0, -errno. */
int landlock_enforce(const struct landlock *l);

void landlock_close(struct landlock *l);

#endif
