/* SPDX-License-Identifier: BSD-2-Clause */
/* programs.h - the filter as a program, compiled for each link type. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <stdbool.h>

#include <pcap/pcap.h>

#include "options.h"

struct programs;

/*
 * Files: the user's expression. Live: what the kernel is to pass, which is the
 * generated filter with the expression and-ed (filter.h), if that is wanted.
 *
 * Compiles it for all link types that are decoded: names in it are looked up
 * now, while files and sockets may still be opened, and an interface may come
 * back with another link type. Live, but not as a service, only a link type
 * that is asked for is compiled. 0; an exit code after a message when the
 * expression is wrong for all. *ret is NULL when nothing is to be filtered.
 */
int programs_new(const struct options *o, bool live, struct programs **ret);

/*
 * The program for a link type. NULL: there is none, for *ret_error; or, with
 * *ret_error NULL, none is needed: nothing is to be filtered, or such frames
 * are not decoded and only counted. Any thread, but while one is compiled.
 */
const struct bpf_program *programs_find(
	struct programs *p, int link_type, const char **ret_error);

/* NULL is fine. Returns NULL. */
struct programs *programs_free(struct programs *p);

#endif
