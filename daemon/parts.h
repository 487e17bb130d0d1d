/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parts.h - the sources that are parts of one interface (fanout.h): they stand
 * one behind the other, and the first speaks for all.
 */
#ifndef PARTS_H
#define PARTS_H

#include <stdbool.h>

#include "handle.h"
#include "source.h"

/* Opens an interface with as many sources, from the first on, as the options
 * say; as a service, one that is not there will be waited for. 0; an exit code
 * after a message. */
int parts_open_live(struct source *first, struct source_context *shared,
	const char *interface);

/*
 * Opens the interface, a handle a part: *ret is the first's, as handle_open()
 * says, whose returns these are; each other finds its own by
 * source_take_handle(). No part may have one. The first's thread, or before
 * there are threads.
 */
int parts_open(struct source *first, struct handle *ret);

/*
 * The handle of one part is of no use any more: so are all. Its thread; the
 * others' are woken.
 */
void parts_lose(struct source *s, const char *why);

/* Why a part has to give up its handle; NULL: it has not. */
const char *parts_lost(struct source *s);

/* It is closed. */
void parts_let_go(struct source *s);

/* Whether all but the first have closed theirs. */
bool parts_have_let_go(const struct source *first);

#endif
