/* SPDX-License-Identifier: BSD-2-Clause */
/* input.c - the octets of a file or pipe, unpacked where they are packed. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

/*
 * Theory of operation
 *
 * The first four octets tell the coding. Plain octets go from read(2) to the
 * caller's buffer; packed ones by way of a buffer of fixed size and a decoder
 * whose window is bounded, so that no file makes us grow. A decoder is never
 * rewound: at the end of a file that grows it waits as it is for more.
 */

#define PACKED_SIZE 65536u
#define HEADER_MIN 5u /* octets of a zstd frame that are asked for first */
#define WINDOW_LOG_MAX 27 /* 128 MiB: the limit of zstd's own program */

struct input_unpacker {
	uint8_t packed[PACKED_SIZE];
	size_t at, end; /* of what is not decoded yet */
	bool inside; /* of a gzip member or zstd frame */
	bool more; /* to come out without more input: octets, or a fault */
	bool bad; /* a fault was met, what came before it is given first */
	bool over; /* behind the last member, something else */
#ifdef HAVE_ZLIB
	z_stream z;
#endif
#ifdef HAVE_ZSTD
	ZSTD_DStream *zstd;
	size_t want; /* octets up to the end of the next block */
#endif
};

static bool stopped(const struct input *in)
{
	return in->stop && atomic_load_explicit(in->stop, memory_order_relaxed);
}

void input_take(struct input *in, int fd, const atomic_bool *stop)
{
	*in = (struct input){.fd = fd, .stop = stop};
}

__attribute__((format(printf, 2, 3))) static int fail(
	struct input *in, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(in->error, sizeof(in->error), format, ap);
	va_end(ap);
	return INPUT_ERROR;
}

int input_open(struct input *in, const char *path, const atomic_bool *stop)
{
	input_take(in, -1, stop);
	do {
		in->fd = strcmp(path, "-") == 0
				 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} while (in->fd < 0 && errno == EINTR && !stopped(in));
	if (in->fd >= 0) {
		return 0;
	}
	return errno == EINTR ? INPUT_STOPPED : fail(in, "%s", strerror(errno));
}

static ssize_t read_file(struct input *in, void *buf, size_t n)
{
	ssize_t r;

	do {
		if (stopped(in)) {
			return INPUT_STOPPED;
		}
		r = read(in->fd, buf, n);
	} while (r < 0 && errno == EINTR);
	if (r < 0) {
		in->error_number = errno;
		return fail(in, "%s", strerror(errno));
	}
	in->octets += (uint64_t)r;
	return r;
}

/* ---- gzip, RFC 1952 ------------------------------------------------------ */

#ifdef HAVE_ZLIB
static int gzip_start(struct input *in)
{
	/* 15 + 16: gzip with the largest window, 32 KiB */
	return inflateInit2(&in->unpacker->z, 15 + 16) == Z_OK
		       ? 0
		       : fail(in, "out of memory");
}

/* What follows a member: another one, padding, or what gzip(1) ignores too. */
static bool gzip_goes_on(struct input_unpacker *u)
{
	if (u->inside) {
		return true;
	}
	while (u->at < u->end && u->packed[u->at] == 0) {
		u->at++;
	}
	if (u->at < u->end && u->packed[u->at] != 0x1f) {
		u->over = true;
	}
	if (u->at < u->end && !u->over) {
		inflateReset(&u->z);
		u->inside = true;
	}
	return u->inside;
}

static ssize_t gzip_decode(struct input *in, void *buf, size_t n)
{
	struct input_unpacker *u = in->unpacker;
	ssize_t made;
	int r;

	if (!gzip_goes_on(u)) {
		return 0;
	}
	u->z.next_in = u->packed + u->at;
	u->z.avail_in = (uInt)(u->end - u->at);
	u->z.next_out = buf;
	u->z.avail_out = (uInt)n;
	r = inflate(&u->z, Z_NO_FLUSH);
	u->at = u->end - u->z.avail_in;
	made = (ssize_t)(n - u->z.avail_out);
	if (r == Z_STREAM_END) {
		u->inside = false;
	} else if (r != Z_OK && r != Z_BUF_ERROR) {
		u->bad = true;
	}
	return u->bad && !made
		       ? fail(in, "damaged: gzip: %s",
				 u->z.msg ? u->z.msg : "cannot be unpacked")
		       : made;
}
#endif

/* ---- zstd, RFC 8878 ------------------------------------------------------ */

#ifdef HAVE_ZSTD
static int zstd_start(struct input *in)
{
	struct input_unpacker *u = in->unpacker;

	u->want = HEADER_MIN;
	u->zstd = ZSTD_createDStream();
	if (!u->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(u->zstd,
				ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		return fail(in, "out of memory");
	}
	return 0;
}

/* A block at a time, as libzstd asks for them: what it made before it found a
 * fault in the same call would be lost. */
static ssize_t zstd_decode(struct input *in, void *buf, size_t n)
{
	struct input_unpacker *u = in->unpacker;
	size_t there = u->end - u->at;
	ZSTD_inBuffer packed = {
		u->packed + u->at, there < u->want ? there : u->want, 0};
	ZSTD_outBuffer plain = {buf, n, 0};
	size_t r = ZSTD_decompressStream(u->zstd, &plain, &packed);

	if (ZSTD_isError(r)) {
		return fail(in, "damaged: zstd: %s", ZSTD_getErrorName(r));
	}
	u->at += packed.pos;
	u->inside = r != 0;
	u->want = r ? r : HEADER_MIN;
	return (ssize_t)plain.pos;
}
#endif

/* ---- what all codings share ---------------------------------------------- */

static const struct coding {
	const char *name, *library;
	uint8_t magic[INPUT_MAGIC];
	unsigned n_magic;
	int (*start)(struct input *in);
	/* Octets made; 0: none without more input. */
	ssize_t (*decode)(struct input *in, void *buf, size_t n);
} codings[] = {
#ifdef HAVE_ZLIB
	[INPUT_GZIP] = {"gzip", "zlib", {0x1f, 0x8b, 8}, 3, gzip_start,
		gzip_decode},
#else
	[INPUT_GZIP] = {"gzip", "zlib", {0x1f, 0x8b, 8}, 3, NULL, NULL},
#endif
#ifdef HAVE_ZSTD
	[INPUT_ZSTD] = {"zstd", "libzstd", {0x28, 0xb5, 0x2f, 0xfd}, 4,
		zstd_start, zstd_decode},
#else
	[INPUT_ZSTD] = {"zstd", "libzstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, NULL,
		NULL},
#endif
};

static int start_unpacking(struct input *in)
{
	const struct coding *c = &codings[in->coding];

	if (!c->start) {
		return fail(in,
			"packed with %s, and this program was built "
			"without %s",
			c->name, c->library);
	}
	in->unpacker = calloc(1, sizeof(*in->unpacker));
	if (!in->unpacker) {
		return fail(in, "out of memory");
	}
	in->unpacker->inside = true;
	memcpy(in->unpacker->packed, in->head, in->n_head);
	in->unpacker->end = in->n_head;
	return c->start(in);
}

/* Reads the octets that tell the coding. 1, or as input_read(). */
static ssize_t tell(struct input *in)
{
	while (in->n_head < INPUT_MAGIC) {
		ssize_t r = read_file(
			in, in->head + in->n_head, INPUT_MAGIC - in->n_head);

		if (r <= 0) {
			return r;
		}
		in->n_head += (unsigned)r;
	}
	for (int i = INPUT_GZIP; i <= INPUT_ZSTD; i++) {
		if (!memcmp(in->head, codings[i].magic, codings[i].n_magic)) {
			in->coding = (enum input_coding)i;
			return start_unpacking(in) ? INPUT_ERROR : 1;
		}
	}
	in->coding = INPUT_PLAIN;
	return 1;
}

static ssize_t read_packed(struct input *in, void *buf, size_t n)
{
	struct input_unpacker *u = in->unpacker;
	ssize_t r;

	if (!u) {
		return INPUT_ERROR; /* it did not start */
	}
	while (!u->over) {
		/* Called again and again with nothing, libzstd gives up. */
		while (!u->over && (u->at < u->end || u->more)) {
			r = codings[in->coding].decode(in, buf, n);
			u->more = u->bad || r == (ssize_t)n;
			if (r) {
				return r;
			}
		}
		if (u->over) {
			break;
		}
		r = read_file(in, u->packed, sizeof(u->packed));
		if (r <= 0) {
			return r;
		}
		u->at = 0;
		u->end = (size_t)r;
	}
	return INPUT_END;
}

ssize_t input_read(struct input *in, void *buf, size_t n)
{
	ssize_t r = in->coding == INPUT_UNTOLD ? tell(in) : 1;

	if (r <= 0) {
		return r;
	}
	if (in->coding != INPUT_PLAIN) {
		return read_packed(in, buf, n);
	}
	if (in->head_given < in->n_head) {
		size_t left = in->n_head - in->head_given;

		n = n < left ? n : left;
		memcpy(buf, in->head + in->head_given, n);
		in->head_given += (unsigned)n;
		return (ssize_t)n;
	}
	return read_file(in, buf, n);
}

const char *input_cut(const struct input *in)
{
	const struct input_unpacker *u = in->unpacker;

	if (!u || !u->inside) {
		return NULL;
	}
	return in->coding == INPUT_GZIP ? "truncated gzip data"
					: "truncated zstd data";
}

void input_close(struct input *in)
{
	if (in->unpacker) {
#ifdef HAVE_ZLIB
		if (in->coding == INPUT_GZIP) {
			inflateEnd(&in->unpacker->z);
		}
#endif
#ifdef HAVE_ZSTD
		ZSTD_freeDStream(in->unpacker->zstd);
#endif
		free(in->unpacker);
	}
	close(in->fd);
}
