/* SPDX-License-Identifier: BSD-2-Clause */
/* plausible.h - whether lists that can be read are what somebody wants. */
#ifndef PLAUSIBLE_H
#define PLAUSIBLE_H

#include "lists.h"

/*
 * A feed that is cut off, or an error page in its place, are no bad lists, but
 * to take them is to be blind. Says what speaks against lists: that there is no
 * pattern in them, fewer than half as many as the `n_running` in use (0: none
 * are), more than a tenth of bad lines, or a list without one good line. True:
 * nothing does.
 */
bool plausible(const struct lists *l, unsigned n_running);

#endif
