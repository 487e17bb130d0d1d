/* SPDX-License-Identifier: BSD-2-Clause */
/* spool_base.h - what spool.c and spool_open.c share: a spool from within. */
#ifndef SPOOL_BASE_H
#define SPOOL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "spool_format.h"

#define SPOOL_GATHER 256u /* messages of one write */
#define SPOOL_BATCH 1024u /* records that are known at a time */
#define SPOOL_SEGMENTS 8u /* of a full spool, at least: they free its room */

#define SPOOL_STATE "state"
#define SPOOL_STATE_NEW "state.new"

struct spool_segment {
	uint64_t number;
	char name[SPOOL_NAME_MAX];
	size_t size; /* octets */
	/* what is still in it */
	uint64_t n_messages, alerts;
};

struct spool {
	char *path; /* for messages */
	int folder;
	uint64_t size_max, size; /* octets of all segments */
	size_t segment_max;
	struct spool_segment *segment; /* by number */
	unsigned n_segments, segments_cap;
	uint64_t next; /* number of the next segment */
	uint64_t alerts, spoiled;

	int tail; /* the last segment, to be written to; -1: none is */
	int head; /* the first, to be read; -1: not open */
	uint8_t *octets; /* of the head, while it is open */
	struct spool_cursor cursor; /* in them */
	struct spool_record record[SPOOL_BATCH]; /* before the cursor */
	unsigned first, n_records; /* of record[], not dropped */

	struct spool_state state;
	bool tail_dirty, folder_dirty, state_dirty;

	uint8_t header[SPOOL_GATHER][SPOOL_HEADER];
	struct iovec gather[2 * SPOOL_GATHER];
};

static inline struct spool_segment *spool_head(struct spool *s)
{
	return &s->segment[0];
}

struct spool_segment spool_segment(uint64_t number, size_t size);

/* Puts a segment behind the others. 0, -ENOMEM. */
int spool_add_segment(struct spool *s, const struct spool_segment *g);

/* Reads the head, or what is new of it. 0; -ENOMSG: it is no segment; -errno;
 * what could be read is there. */
int spool_read_segment(struct spool *s, const struct spool_segment *g);

/* Whether a failure says nothing about the file. */
bool spool_error_passes(int r);

/* The head is no more among the segments; its file is removed as well. */
void spool_forget_head(struct spool *s);
void spool_remove_head(struct spool *s);

void spool_close_head(struct spool *s);
void spool_close_tail(struct spool *s);

#endif
