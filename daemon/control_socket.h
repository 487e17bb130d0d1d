/* SPDX-License-Identifier: BSD-2-Clause */
/* control_socket.h - where the control socket is; made by one, reached by
 * others. */
#ifndef CONTROL_SOCKET_H
#define CONTROL_SOCKET_H

#include <sys/un.h>

#define CONTROL_PATH_MAX sizeof(((struct sockaddr_un *)0)->sun_path)

/* The path of what was given: a name alone is one in $RUNTIME_DIRECTORY (which
 * systemd sets, for reload commands too) or /run/dnslookout. 0; -ENAMETOOLONG.
 */
int control_socket_path(const char *given, char ret[CONTROL_PATH_MAX]);

/*
 * Makes it, for its owner alone, or for a group too (NULL: none). A socket that
 * nobody listens on any more is replaced. Returns a descriptor, bound, not
 * blocking; -EADDRINUSE: somebody listens on it; -EEXIST: a file of another
 * kind has the name; -ESRCH: no such group; another -errno.
 */
int control_socket_make(const char *path, const char *group);

/* Returns a descriptor, connected; -EAGAIN when nobody answers for seconds;
 * another -errno. */
int control_socket_connect(const char *path);

#endif
