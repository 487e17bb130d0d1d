/* SPDX-License-Identifier: BSD-2-Clause */
/* cmdline.h - the settings from the command line. */
#ifndef CMDLINE_H
#define CMDLINE_H

#include "options.h"

/*
 * Takes what argv says into *o, for the verb that `where` (OPTION_SNIFF and so
 * on) stands for. Returns -1 to go on, or the exit code to end with: of --help
 * and --version, and of a usage error after a message. May be called again with
 * the same argv, by one thread at a time: getopt(3).
 */
int cmdline_read(struct options *o, unsigned where, int argc, char **argv);

#endif
