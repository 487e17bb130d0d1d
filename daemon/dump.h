/* SPDX-License-Identifier: BSD-2-Clause */
/* dump.h - the settings as a configuration file that gives the same ones. */
#ifndef DUMP_H
#define DUMP_H

#include <stdio.h>

#include "options.h"

/* Writes all keys, each with who gave it as a comment. Returns 0, or -1 when a
 * text is no UTF-8, which YAML cannot say; *ret_row is whose. */
int dump_config(struct options *o, FILE *f, const struct option_row **ret_row);

#endif
