/* SPDX-License-Identifier: BSD-2-Clause */
/* replay.h - capture files into the engine. */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "savefile.h"
#include "source.h"

struct link_types {
	uint8_t bit[65536 / 8];
};

/* What the files that one thread reads share. */
struct replay {
	struct source *s;
	int exit_code; /* worst so far */
	int link_type; /* of the newest frame; -1: look again */
};

/* One that is being read. */
struct replay_file {
	struct savefile *file;
	const char *name; /* for messages; the caller's */
	bool begun; /* link types are known, and it was said */
	bool over; /* nothing more will come out of it */
	bool captures_only; /* what is no capture is no error */
	struct link_types met;
};

void replay_init(struct replay *r, struct source *s);

/* Opens a file. False: it is not open, after a message (or when stopped). */
bool replay_open(struct replay *r, struct replay_file *f, const char *path);

/* Reads on until the end, a fault, -c or the end of the program: look at
 * f->over, s->done and capture_stopped(). */
void replay_read(struct replay *r, struct replay_file *f);

/* Closes; with `ended` says what is wrong with a file that ends here. */
void replay_close(struct replay *r, struct replay_file *f, bool ended);

#endif
