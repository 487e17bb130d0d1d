/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics_file.h - the metrics as a file, for node-exporter's textfile
 * collector. */
#ifndef METRICS_FILE_H
#define METRICS_FILE_H

#include "loop.h"

#define METRICS_FILE_S 15u /* between two of them */

struct metrics_file;

/*
 * Writes --metrics-file while the loop runs, each time a whole new file, in a
 * thread of libuv's: a slow disk stops nobody. That it cannot be written is
 * said once, and no error. After loop_open(). 0, -ENOMEM.
 */
int metrics_file_open(struct loop *l, struct metrics_file **ret);

/* After loop_close(). The last file stays. NULL is fine. */
void metrics_file_close(struct metrics_file *m);

#endif
