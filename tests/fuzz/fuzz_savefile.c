/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_savefile.c - any octets as a capture, packed ones too.
 *
 * What must hold: each frame lies in readable memory with its padding and is
 * within the limit; a file that grows piece by piece, read in small batches,
 * gives the frames, the verdict and the message of one that was there at once
 * (but of damaged zstd: libzstd gives of a bad block what it was given piece by
 * piece, or nothing); what is not ours comes back octet by octet.
 */
#include "check.h"
#include "savefile.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES_MAX 4096 /* of one input: packed ones may hold billions */

struct reading {
	struct savefile *file;
	int fd, verdict;
	unsigned batch;
	uint64_t n, sum;
	char message[256];
};

static void open_reading(struct reading *r, unsigned batch)
{
	char path[64];

	*r = (struct reading){.batch = batch};
	r->fd = memfd_create("capture", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", r->fd);
	CHECK(r->fd >= 0 && !savefile_open(path, NULL, &r->file, r->message,
				    sizeof(r->message)));
}

static void close_reading(struct reading *r)
{
	savefile_close(r->file);
	close(r->fd);
}

static void mix(struct reading *r, uint64_t v)
{
	r->sum = (r->sum ^ v) * 0x9e3779b97f4a7c15u;
}

static void take(struct reading *r, const struct dlo_frame *f)
{
	CHECK(f->caplen <= SAVEFILE_CAPLEN_MAX && f->packet == ++r->n);
	mix(r, f->ts_ns);
	mix(r, f->len);
	mix(r, (uint64_t)f->link_type << 32 | f->caplen);
	for (uint32_t i = 0; i < f->caplen; i++) {
		mix(r, f->data[i]);
	}
	for (uint32_t i = 0; i < SAVEFILE_PADDING; i++) {
		(void)*(volatile const uint8_t *)&f->data[f->caplen + i];
	}
}

static void read_on(struct reading *r)
{
	struct dlo_frame v[64];
	int n = 0;

	do {
		n = savefile_read(r->file, v, r->batch);
		for (int i = 0; i < n; i++) {
			take(r, &v[i]);
		}
	} while ((n > 0 || n == SAVEFILE_BEGIN) && r->n < FRAMES_MAX);
	r->verdict = n;
}

static void conclude(struct reading *r)
{
	const char *text = r->verdict == SAVEFILE_END ? savefile_cut(r->file)
			   : r->verdict == SAVEFILE_ERROR
				   ? savefile_error(r->file)
				   : NULL;

	snprintf(r->message, sizeof(r->message), "%s", text ? text : "");
	CHECK(r->verdict != SAVEFILE_ERROR || *r->message);
}

static void check_foreign(struct reading *r, const uint8_t *data, size_t size)
{
	uint8_t octet;
	size_t n = 0;

	for (; savefile_octets(r->file, &octet, 1) == 1; n++) {
		CHECK(data[0] == 0x1f || data[0] == 0x28 ||
			(n < size && octet == data[n]));
		if (n > 100000) { /* a bomb */
			return;
		}
	}
	CHECK(data[0] == 0x1f || data[0] == 0x28 || n == size);
}

static bool is_bad_zstd(const uint8_t *data, size_t size,
	const struct reading *a, const struct reading *b)
{
	return size >= 4 && !memcmp(data, "\x28\xb5\x2f\xfd", 4) &&
	       (a->verdict == SAVEFILE_ERROR || b->verdict == SAVEFILE_ERROR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole, pieces;
	size_t step = size / 7 + 1;

	open_reading(&whole, 64);
	CHECK(write(whole.fd, data, size) == (ssize_t)size);
	read_on(&whole);
	open_reading(&pieces, 3);
	for (size_t at = 0; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		CHECK(write(pieces.fd, data + at, n) == (ssize_t)n);
		read_on(&pieces);
		if (pieces.verdict == SAVEFILE_FOREIGN) {
			break;
		}
	}
	if (whole.n < FRAMES_MAX && !is_bad_zstd(data, size, &whole, &pieces)) {
		CHECK(size == 0 || whole.verdict == pieces.verdict);
		CHECK(whole.n == pieces.n && whole.sum == pieces.sum);
		conclude(&whole);
		conclude(&pieces);
		CHECK(!strcmp(whole.message, pieces.message));
	}
	if (whole.verdict == SAVEFILE_FOREIGN) {
		check_foreign(&whole, data, size);
	}
	close_reading(&whole);
	close_reading(&pieces);
	return 0;
}
