/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics.h - what Prometheus asks for, in its text format: one table row a
 * metric.
 *
 * Labels are interfaces, outputs, rules and reasons; never a name that was
 * asked for or who asked, of which there is no end. To add a metric: one row in
 * families[] of metrics.c.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdio.h>

#include "loop.h"

/* In the loop thread. */
void metrics_print(FILE *f, const struct loop *l);

#endif
