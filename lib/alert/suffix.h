/* SPDX-License-Identifier: BSD-2-Clause */
/* suffix.h - where the registered domain of a name begins. */
#ifndef DLO_ALERT_SUFFIX_H
#define DLO_ALERT_SUFFIX_H

#include <stdbool.h>
#include <stddef.h>

/* Offsets into the printed name. */
struct dlo_suffix {
	size_t top; /* the public suffix: "co.uk" */
	size_t registered; /* one label more; when has_registered */
	bool has_registered; /* not when the name is itself a public suffix */
};

/*
 * Looks a name in canonical text (escapes and all, not the root) up in the
 * public suffix list that is built into libpsl, private section included. An
 * unknown last label is a public suffix. False: libpsl has no list. No heap;
 * about 1 us.
 */
bool dlo_suffix_find(const char *name, struct dlo_suffix *ret);

#endif
