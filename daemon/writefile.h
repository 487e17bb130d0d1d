/* SPDX-License-Identifier: BSD-2-Clause */
/* writefile.h - a whole file at once, or what was there before. */
#ifndef WRITEFILE_H
#define WRITEFILE_H

#include <sys/types.h>
#include <sys/uio.h>

/*
 * Puts a file of the pieces v[0..n), with that mode less the umask, into the
 * place of the one at `path`, whole or not at all, also over a loss of power.
 * Until then it is `path`.new. Any thread. 0, -errno.
 */
int writefile(const char *path, mode_t mode, const struct iovec *v, unsigned n);

#endif
