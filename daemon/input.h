/* SPDX-License-Identifier: BSD-2-Clause */
/* input.h - the octets of a file or pipe, unpacked where they are packed. */
#ifndef INPUT_H
#define INPUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum input_coding { INPUT_UNTOLD, INPUT_PLAIN, INPUT_GZIP, INPUT_ZSTD };

#define INPUT_MAGIC 4u /* octets that tell the coding */

struct input {
	int fd;
	enum input_coding coding;
	const atomic_bool *stop; /* may be NULL */
	uint64_t octets; /* taken from the file */
	uint8_t head[INPUT_MAGIC];
	unsigned n_head, head_given;
	struct input_unpacker *unpacker; /* gzip, zstd */
	char error[160];
	int error_number; /* of read(2), when it is that which failed; else 0 */
};

/* What input_read() returns when it returns no octets. */
enum { INPUT_END = 0, INPUT_ERROR = -1, INPUT_STOPPED = -2 };

/*
 * Opens a file; `-` is standard input. A signal interrupts the wait for a
 * FIFO's writer when *stop is set. 0; INPUT_ERROR with in->error;
 * INPUT_STOPPED. input_close() is due only after 0.
 */
int input_open(struct input *in, const char *path, const atomic_bool *stop);

/* Takes a file that is open: input_close() closes it. */
void input_take(struct input *in, int fd, const atomic_bool *stop);

/*
 * Reads up to n > 0 octets: as many as one read(2) gives. Blocks on a pipe.
 * INPUT_END may be followed by more when the file grows; INPUT_ERROR with
 * in->error is for good.
 */
ssize_t input_read(struct input *in, void *buf, size_t n);

/* After INPUT_END: what is wrong if that was the last of it (packed data that
 * stop in the middle), or NULL. */
const char *input_cut(const struct input *in);

void input_close(struct input *in);

#endif
