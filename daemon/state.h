/* SPDX-License-Identifier: BSD-2-Clause */
/* state.h - what a service remembers over restarts: files in one folder. */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>

#include "options.h"

/*
 * The folder: that of the option, if given; that which systemd made
 * ($STATE_DIRECTORY); the default. NULL: nothing is remembered, as by all but
 * services.
 */
const char *state_folder(const struct options *o);

/*
 * Puts a file into the place of the one at `path`, whole or not at all, also
 * over a loss of power. Any thread. 0, -errno.
 */
int state_write(const char *path, const char *text, size_t len);

#endif
