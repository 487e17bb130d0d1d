/* SPDX-License-Identifier: BSD-2-Clause */
/* lists.h - finds, reads and compiles the lists. */
#ifndef LISTS_H
#define LISTS_H

#include <stdio.h>
#include <time.h>

#include "dnslookout.h"
#include "options.h"

/* When the files of the lists were written. 0: there was no regular file. */
struct lists_age {
	time_t oldest, newest;
};

/*
 * Builds the rule set of the options: --list's files and directories, or else
 * the shipped lists and the site's; with those of --exceptions or, unless there
 * is --list, the site's exceptions. Says on stderr what is wrong, with place;
 * with `verbose` writes a line a list to it. ret_age may be NULL. Returns 0, or
 * EXIT_RUNTIME or EXIT_USAGE after a message.
 */
int lists_load(const struct options *o, FILE *verbose, struct dlo_ruleset **ret,
	struct lists_age *ret_age);

/* The files and folders that lists_load() reads; some may not be there. */
void lists_paths(const struct options *o,
	void (*path)(void *ctx, const char *path), void *ctx);

#endif
