/* SPDX-License-Identifier: BSD-2-Clause */
/* savefile.c - frames out of classic pcap and pcapng, packed or not. */
#include "savefile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <pcap/pcap.h>

#include "input.h"
#include "savefile_pcapng.h"

/*
 * Theory of operation
 *
 * One buffer. fill() moves what is left of it to the front and reads a chunk
 * behind; take() cuts whole records out of what is there, and says 0 when the
 * next one is not whole. So a record is never copied but when it lies across
 * the end of a chunk, and a pipe's frames leave as they come. take() is the
 * function of the format: take_magic() chooses it.
 *
 * A record that may lie in the buffer at once is bounded, and the buffer is
 * that large from the start. What is larger (blocks that say nothing to us, a
 * long tail of options) is skipped by reading.
 *
 * Lengths in a file are anybody's. Each is compared with what it may be before
 * it is used; the first that is wrong ends the file, after the frames before
 * it. A frame may be longer than the snap length that the file claims: it is
 * there, so it is looked at.
 */

#define CHUNK ((size_t)256 << 10) /* of one read(2): stays in the L2 cache */
#define BUFFER_SIZE (SAVEFILE_RECORD_MAX + CHUNK + SAVEFILE_PADDING)
#define SECOND_NS 1000000000u

int savefile_damaged(struct savefile *s, const char *format, ...)
{
	uint64_t at = s->offset + (uint64_t)(s->at - s->buf);
	va_list ap;
	int n;

	n = snprintf(s->error, sizeof(s->error),
		"damaged: octet %llu: ", (unsigned long long)at);
	va_start(ap, format);
	vsnprintf(s->error + n, sizeof(s->error) - (size_t)n, format, ap);
	va_end(ap);
	s->failed = true;
	return SAVEFILE_ERROR;
}

int savefile_link_type(uint32_t network)
{
	/* LINKTYPE_ values of what had different DLT_ values on different
	 * systems; all others are the same. */
	static const struct {
		uint16_t network;
		int link_type;
	} map[] = {
		{100, DLT_ATM_RFC1483},
		{101, DLT_RAW},
		{102, DLT_SLIP_BSDOS},
		{103, DLT_PPP_BSDOS},
		{106, DLT_ATM_CLIP},
		{246, DLT_PFSYNC},
		{258, DLT_PKTAP},
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (map[i].network == network) {
			return map[i].link_type;
		}
	}
	return (int)network;
}

int savefile_begin(struct savefile *s, int link_type, uint32_t snaplen)
{
	s->begun = true;
	s->link_type = link_type;
	/* 0 and nonsense mean "no limit": libpcap's way. */
	s->snaplen = snaplen && snaplen <= INT32_MAX ? snaplen
						     : SAVEFILE_CAPLEN_MAX;
	return SAVEFILE_BEGIN;
}

/* ---- classic pcap -------------------------------------------------------- */

#define CLASSIC_HEADER 24u

/* The loop that the speed of a replay hangs on. */
static inline __attribute__((always_inline)) int take_records(
	struct savefile *s, struct dlo_frame *v, unsigned max, bool swapped)
{
	const uint8_t *p = s->at, *end = s->end;
	const size_t head = s->head;
	const uint32_t frac_ns = s->frac_ns;
	const int link_type = s->link_type;
	uint64_t packet = s->packet;
	unsigned n = 0;

	while (n < max && (size_t)(end - p) >= head) {
		uint32_t caplen = u32(p + 8, swapped);

		if ((size_t)(end - p) - head < caplen ||
			caplen > SAVEFILE_CAPLEN_MAX) {
			break;
		}
		/* Seconds count from 1970 to 2106: no sign. */
		v[n++] = (struct dlo_frame){
			.ts_ns = (uint64_t)u32(p, swapped) * SECOND_NS +
				 (uint64_t)u32(p + 4, swapped) * frac_ns,
			.packet = ++packet,
			.data = p + head,
			.caplen = caplen,
			.len = u32(p + 12, swapped),
			.link_type = link_type,
		};
		p += head + caplen;
	}
	s->at = p;
	s->packet = packet;
	return (int)n;
}

/* Why no record was whole: not all there yet, or too long. */
static int check_record(struct savefile *s, bool swapped)
{
	uint32_t caplen = left(s) >= s->head ? u32(s->at + 8, swapped) : 0;

	return caplen > SAVEFILE_CAPLEN_MAX
		       ? savefile_damaged(s,
				 "a packet of %u octets (at most %u)", caplen,
				 SAVEFILE_CAPLEN_MAX)
		       : 0;
}

static int take_classic(struct savefile *s, struct dlo_frame *v, unsigned max)
{
	int n = take_records(s, v, max, false);

	return n ? n : check_record(s, false);
}

static int take_classic_swapped(
	struct savefile *s, struct dlo_frame *v, unsigned max)
{
	int n = take_records(s, v, max, true);

	return n ? n : check_record(s, true);
}

static const struct classic {
	uint32_t magic;
	uint32_t head, frac_ns;
} classics[] = {
	{0xa1b2c3d4, 16, 1000},
	{0xa1b23c4d, 16, 1},
	/* Alexey Kuznetsov's patch of Linux: eight octets more */
	{0xa1b2cd34, 24, 1000},
};

static const struct classic *find_classic(uint32_t magic)
{
	for (size_t i = 0; i < sizeof(classics) / sizeof(classics[0]); i++) {
		if (classics[i].magic == magic) {
			return &classics[i];
		}
	}
	return NULL;
}

/* draft-ietf-opsawg-pcap: magic, version, two words, snap length, link type. */
static int take_classic_header(struct savefile *s, const struct classic *c)
{
	const uint8_t *p = s->at;
	bool swapped = s->swapped;

	if (left(s) < CLASSIC_HEADER) {
		return 0;
	}
	/* Older ones have their lengths in another order, or not always. */
	if (u16(p + 4, swapped) != 2 || u16(p + 6, swapped) != 4) {
		return SAVEFILE_FOREIGN;
	}
	s->head = c->head;
	s->frac_ns = c->frac_ns;
	s->take = swapped ? take_classic_swapped : take_classic;
	s->at += CLASSIC_HEADER;
	/* The high half of the word is about the frame check sequence. */
	return savefile_begin(s,
		savefile_link_type(u32(p + 20, swapped) & 0xffff),
		u32(p + 16, swapped));
}

/* ---- either -------------------------------------------------------------- */

static int take_magic(struct savefile *s, struct dlo_frame *v, unsigned max)
{
	const struct classic *c;
	uint32_t magic;

	(void)v, (void)max;
	if (left(s) < 4) {
		return 0;
	}
	magic = u32(s->at, false);
	s->is_capture = magic == SAVEFILE_SECTION;
	if (magic == SAVEFILE_SECTION) {
		s->take = savefile_take_pcapng;
		return savefile_take_pcapng(s, v, max);
	}
	c = find_classic(magic);
	if (!c) {
		c = find_classic(bswap_32(magic));
		s->swapped = c != NULL;
	}
	s->is_capture = c != NULL;
	return c ? take_classic_header(s, c) : SAVEFILE_FOREIGN;
}

/* Reads more behind what is left. > 0, or a verdict. */
static int fill(struct savefile *s)
{
	size_t n = left(s);
	ssize_t r;

	if (s->at != s->buf) {
		s->offset += (uint64_t)(s->at - s->buf);
		memmove(s->buf, s->at, n);
		s->at = s->buf;
		s->end = s->buf + n;
	}
	r = input_read(&s->in, s->buf + n, CHUNK);
	if (r > 0) {
		s->end += r;
		return 1;
	}
	if (r == INPUT_ERROR) {
		snprintf(s->error, sizeof(s->error), "%s", s->in.error);
		s->failed = true;
		return SAVEFILE_ERROR;
	}
	return r == INPUT_END ? SAVEFILE_END : SAVEFILE_STOPPED;
}

int savefile_read(struct savefile *s, struct dlo_frame *v, unsigned max)
{
	int r = 1;

	while (r > 0) {
		int n = s->failed ? SAVEFILE_ERROR : s->take(s, v, max);

		if (n) {
			return n;
		}
		r = fill(s);
	}
	return r;
}

static const char *cut(
	struct savefile *s, const char *what, uint64_t whole, size_t got)
{
	snprintf(s->error, sizeof(s->error),
		"truncated %sdump file; tried to read %llu %s, only got %zu",
		s->take == savefile_take_pcapng ? "pcapng " : "",
		(unsigned long long)whole, what, got);
	return s->error;
}

const char *savefile_cut(struct savefile *s)
{
	const char *packed = input_cut(&s->in);
	size_t n = left(s);
	uint64_t whole;

	if (packed) {
		return packed;
	}
	if (s->take == take_magic) {
		return cut(
			s, "file header bytes", n < 4 ? 4 : CLASSIC_HEADER, n);
	}
	if (s->take == savefile_take_pcapng) {
		whole = savefile_missing_pcapng(s);
		return whole	  ? cut(s, "bytes", whole, n)
		       : s->begun ? NULL
				  : "the capture file has no Interface "
				    "Description Blocks";
	}
	if (!n) {
		return NULL;
	}
	if (n < s->head) {
		return cut(s, "header bytes", s->head, n);
	}
	return cut(s, "captured bytes",
		u32(s->at + 8, s->take == take_classic_swapped), n - s->head);
}

/* ---- the rest ------------------------------------------------------------ */

int savefile_open(const char *path, const atomic_bool *stop,
	struct savefile **ret, char *reterr, size_t cap)
{
	struct savefile *s = calloc(1, sizeof(*s));
	int r;

	if (s) {
		s->buf = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	if (!s || s->buf == MAP_FAILED) {
		free(s);
		snprintf(reterr, cap, "out of memory");
		return SAVEFILE_ERROR;
	}
	s->take = take_magic;
	s->at = s->end = s->buf;
	r = input_open(&s->in, path, stop);
	if (r) {
		snprintf(reterr, cap, "%s", s->in.error);
		munmap(s->buf, BUFFER_SIZE);
		free(s);
		return r == INPUT_STOPPED ? SAVEFILE_STOPPED : SAVEFILE_ERROR;
	}
	*ret = s;
	return 0;
}

struct savefile *savefile_close(struct savefile *s)
{
	if (s) {
		input_close(&s->in);
		munmap(s->buf, BUFFER_SIZE);
		free(s->interface);
		free(s);
	}
	return NULL;
}

bool savefile_is_capture(const struct savefile *s)
{
	return s->is_capture;
}

bool savefile_head(
	const struct savefile *s, int *ret_link_type, unsigned *ret_snaplen)
{
	*ret_link_type = s->link_type;
	*ret_snaplen = s->snaplen;
	return s->begun;
}

const char *savefile_error(const struct savefile *s)
{
	return s->error;
}

ssize_t savefile_octets(struct savefile *s, void *buf, size_t n)
{
	ssize_t r;

	if (left(s)) {
		n = n < left(s) ? n : left(s);
		memcpy(buf, s->at, n);
		s->at += n;
		return (ssize_t)n;
	}
	r = input_read(&s->in, buf, n);
	return r >= 0		    ? r
	       : r == INPUT_STOPPED ? SAVEFILE_STOPPED
				    : SAVEFILE_ERROR;
}

int savefile_fd(const struct savefile *s)
{
	return s->in.fd;
}

uint64_t savefile_taken(const struct savefile *s)
{
	return s->in.octets;
}

void savefile_rest(struct savefile *s)
{
	size_t used = ((size_t)(s->end - s->buf) + 4095) & ~(size_t)4095;

	if (used < BUFFER_SIZE) {
		(void)madvise(s->buf + used, BUFFER_SIZE - used, MADV_DONTNEED);
	}
}
