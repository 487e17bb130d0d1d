/* SPDX-License-Identifier: BSD-2-Clause */
/* savefile.h - frames out of classic pcap and pcapng, packed or not. */
#ifndef SAVEFILE_H
#define SAVEFILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dnslookout.h"
#include "savefile_base.h"

/*
 * Opens a file (`-`: standard input) and reads nothing yet. *stop, looked at
 * when a signal interrupts, ends a wait for a pipe; may be NULL. 0;
 * SAVEFILE_STOPPED; SAVEFILE_ERROR with a message in reterr, of `cap` octets.
 */
int savefile_open(const char *path, const atomic_bool *stop,
	struct savefile **ret, char *reterr, size_t cap);
struct savefile *savefile_close(struct savefile *s); /* NULL */

/*
 * Takes the next frames, as many as are there without waiting, but one at
 * least and `max` at most. They are numbered, and point into the reader's
 * buffer until the next call. Returns how many, or a verdict. After
 * SAVEFILE_END it may be called again: a file may grow.
 */
int savefile_read(struct savefile *s, struct dlo_frame *v, unsigned max);

/* Whether it begins like a capture, of any version. After a read. */
bool savefile_is_capture(const struct savefile *s);

/* The first link type and its snap length. False: not known yet. */
bool savefile_head(
	const struct savefile *s, int *ret_link_type, unsigned *ret_snaplen);

/* After SAVEFILE_END: what is wrong with a file that ends here; NULL:
 * nothing. After SAVEFILE_ERROR: why. Both live until the next call. */
const char *savefile_cut(struct savefile *s);
const char *savefile_error(const struct savefile *s);

/* After SAVEFILE_FOREIGN: the octets of the file from its first on, as
 * read(2) gives them; a negative value as of savefile_read(). */
ssize_t savefile_octets(struct savefile *s, void *buf, size_t n);

/* The descriptor, and the octets taken from it. */
int savefile_fd(const struct savefile *s);
uint64_t savefile_taken(const struct savefile *s);

/* Nothing will come for a while: gives back memory that is not needed. */
void savefile_rest(struct savefile *s);

#endif
