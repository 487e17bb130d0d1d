/* SPDX-License-Identifier: BSD-2-Clause */
/* programs.h - the user's expression, compiled for each link type. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <pcap/pcap.h>

struct programs;

/*
 * Compiles the expression for all link types that are decoded: names in it are
 * looked up now, while files and sockets may still be opened. 0; an exit code
 * after a message when it is none for Ethernet. *ret is NULL for "".
 */
int programs_new(const char *expression, struct programs **ret);

/*
 * The program for a link type. NULL: there is none, for *ret_error; or, with
 * *ret_error NULL, none is needed: there was no expression, or such frames are
 * not decoded and only counted.
 */
const struct bpf_program *programs_find(
	const struct programs *p, int link_type, const char **ret_error);

/* NULL is fine. Returns NULL. */
struct programs *programs_free(struct programs *p);

#endif
