/* SPDX-License-Identifier: BSD-2-Clause */
/* sandbox.h - gives up the rights that are not needed any more. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "options.h"

/*
 * To be called when interfaces are open and lists are read, and before outputs
 * are opened and the first thread is started: becomes the user of -Z, keeps the
 * capability CAP_NET_RAW alone (to open interfaces again), and takes away from
 * this process programs to start, files that are not among the options'
 * (`files`: captures to read) and system calls that are not needed. What this
 * kernel cannot do is said, and no error. 0; an exit code after a message when
 * it is about -Z.
 */
int sandbox_enter(const struct options *o, const struct texts *files);

#endif
