/* SPDX-License-Identifier: BSD-2-Clause */
/* status.h - how a service is doing, on one screen; and all its counters. */
#ifndef STATUS_H
#define STATUS_H

#include <stdio.h>

#include "loop.h"

/* In the loop thread. The JSON forms are one value, without a newline. */
void status_print_text(FILE *f, const struct loop *l);
void status_print_json(FILE *f, const struct loop *l);
void status_print_stats_json(FILE *f, const struct loop *l);

/* Which rules are in use, a line for a person. */
void status_print_rules(FILE *f, const struct loop *l);

#endif
