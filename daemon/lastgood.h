/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lastgood.h - the last good set of a service: its lists and exceptions, kept
 * as they were read, so that bad ones at boot do not mean no sensor.
 *
 * One file in the state folder: a line that names it, a checksum of the rest,
 * the time, and each file with its path. What is in it may be anything: a
 * disk's fault, or a file of somebody else.
 */
#ifndef LASTGOOD_H
#define LASTGOOD_H

#include <time.h>

#include "lists.h"
#include "reasons.h"

#define LASTGOOD_NAME "last-good-set" /* in the state folder */

struct lastgood {
	time_t date; /* when they were loaded */
	struct lists_text *text; /* points into the data; free() it alone */
	unsigned n;
};

/* Puts the texts that were kept in the place of those of before. Any thread. 0,
 * -errno. */
int lastgood_write(const char *path, const struct lists *l, time_t date);

/*
 * Takes what data[0..len) holds, and writes NULs into it. 0; -ENOMEM; 1 when it
 * is no such file, or damaged, *reterr_why.
 */
int lastgood_parse(
	char *data, size_t len, struct lastgood *ret, const char **reterr_why);

/*
 * lists_load() for a service: when that fails, or finds no pattern, the file at
 * `path` is used, if there is one, with a loud warning; *ret_date is its date,
 * else 0. *ret_why is what was wrong.
 */
int lastgood_boot(const struct options *o, const char *path, struct lists *l,
	time_t *ret_date, struct reasons *ret_why);

#endif
