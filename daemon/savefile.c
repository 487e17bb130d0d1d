/* SPDX-License-Identifier: BSD-2-Clause */
/* savefile.c - frames out of classic pcap and pcapng, packed or not. */
#include "savefile.h"

#include <byteswap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <pcap/pcap.h>

#include "input.h"

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
#define OPTIONS_MAX 131072u /* of a block that is kept whole: libpcap's */
#define RECORD_MAX (SAVEFILE_CAPLEN_MAX + OPTIONS_MAX + 64u)
#define BUFFER_SIZE (RECORD_MAX + CHUNK + SAVEFILE_PADDING)

#define INTERFACES_MAX 65536u /* of a section */
#define SECOND_NS 1000000000u

struct interface {
	int link_type;
	uint32_t snaplen; /* 0: no limit */
	uint32_t unit_ns; /* of a time stamp; 0: no whole number of them */
	uint64_t per_s; /* time stamp units a second */
	uint64_t offset_ns; /* modulo 2^64: may be negative */
};

struct savefile {
	struct input in;
	int (*take)(struct savefile *s, struct dlo_frame *v, unsigned max);
	const uint8_t *at, *end; /* of what is not taken yet */
	uint64_t offset; /* of buf[0] in the (unpacked) file */
	uint64_t packet; /* frames so far */
	bool begun; /* link_type is known */
	int link_type; /* classic: of all frames; pcapng: the first */
	unsigned snaplen;
	/* classic */
	uint32_t head; /* octets of a record header */
	uint32_t frac_ns; /* of the unit of its second word */
	/* pcapng */
	bool swapped; /* the section is in the other byte order */
	uint64_t skip; /* octets of the block that nobody wants */
	uint32_t trailer; /* total length that must follow; 0: none */
	struct interface *interface;
	unsigned n_interfaces, interface_cap;
	uint64_t last_ns; /* for frames without a time */
	bool failed;
	char error[256];
	uint8_t *buf;
};

/* Says what is damaged, at the record under way. */
__attribute__((format(printf, 2, 3))) static int damaged(
	struct savefile *s, const char *format, ...)
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

static size_t left(const struct savefile *s)
{
	return (size_t)(s->end - s->at);
}

static uint16_t u16(const uint8_t *p, bool swapped)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? bswap_16(v) : v;
}

static inline uint32_t u32(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? bswap_32(v) : v;
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

static int begin(struct savefile *s, int link_type, uint32_t snaplen)
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
		       ? damaged(s, "a packet of %u octets (at most %u)",
				 caplen, SAVEFILE_CAPLEN_MAX)
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
	return begin(s, savefile_link_type(u32(p + 20, swapped) & 0xffff),
		u32(p + 16, swapped));
}

/* ---- pcapng: draft-ietf-opsawg-pcapng ------------------------------------ */

#define BLOCK_SECTION 0x0a0d0d0au /* the same in both byte orders */
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 2u /* obsolete */
#define BLOCK_SIMPLE 3u
#define BLOCK_ENHANCED 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define BLOCK_FRAME 12u /* type and length before, length after */

/* A block that is whole, or as much of it as is wanted. */
struct block {
	uint32_t type, total;
	const uint8_t *body;
	size_t len; /* of body; all of it but in a section header */
};

static int block_section(struct savefile *s, const struct block *b)
{
	if (b->len < 16) {
		return damaged(s, "a section header of %u octets", b->total);
	}
	if (u16(b->body + 4, s->swapped) != 1) {
		return damaged(s, "pcapng version %u.%u, not 1",
			u16(b->body + 4, s->swapped),
			u16(b->body + 6, s->swapped));
	}
	s->n_interfaces = 0;
	return 0;
}

static uint64_t power(uint64_t base, unsigned exponent)
{
	uint64_t v = 1;

	while (exponent--) {
		v *= base;
	}
	return v;
}

/* Options 9 and 14 of an interface: its clock. -1: none that we can count. */
static int interface_option(
	struct interface *i, unsigned code, const uint8_t *p, bool swapped)
{
	unsigned exponent = p[0] & 0x7f;

	if (code == 9) {
		if (exponent > (p[0] & 0x80 ? 63 : 19)) {
			return -1;
		}
		i->per_s = power(p[0] & 0x80 ? 2 : 10, exponent);
		i->unit_ns = (uint32_t)(SECOND_NS / i->per_s);
		if (i->unit_ns * i->per_s != SECOND_NS) {
			i->unit_ns = 0;
		}
	} else {
		uint64_t s;

		memcpy(&s, p, sizeof(s));
		i->offset_ns = (swapped ? bswap_64(s) : s) * SECOND_NS;
	}
	return 0;
}

static int interface_options(struct savefile *s, struct interface *i,
	const uint8_t *p, const uint8_t *end)
{
	while (end - p >= 4) {
		unsigned code = u16(p, s->swapped),
			 len = u16(p + 2, s->swapped);

		p += 4;
		if (!code) {
			break;
		}
		if ((size_t)(end - p) < len) {
			return damaged(s, "an option of %u octets in %zu", len,
				(size_t)(end - p));
		}
		if (((code == 9 && len == 1) || (code == 14 && len == 8)) &&
			interface_option(i, code, p, s->swapped)) {
			return damaged(s, "a time resolution of 0x%02x", p[0]);
		}
		len = (len + 3) & ~3u;
		p += (size_t)(end - p) < len ? (size_t)(end - p) : len;
	}
	return 0;
}

static int grow_interfaces(struct savefile *s)
{
	unsigned cap = s->interface_cap ? 2 * s->interface_cap : 4;
	struct interface *more;

	if (s->n_interfaces < s->interface_cap) {
		return 0;
	}
	if (s->n_interfaces == INTERFACES_MAX) {
		return damaged(s, "more than %u interfaces", INTERFACES_MAX);
	}
	more = realloc(s->interface, cap * sizeof(*more));
	if (!more) {
		return damaged(s, "out of memory");
	}
	s->interface = more;
	s->interface_cap = cap;
	return 0;
}

static int block_interface(struct savefile *s, const struct block *b)
{
	struct interface i = {.per_s = 1000000, .unit_ns = 1000};

	if (b->len < 8) {
		return damaged(
			s, "an interface description of %u octets", b->total);
	}
	i.link_type = savefile_link_type(u16(b->body, s->swapped));
	i.snaplen = u32(b->body + 4, s->swapped);
	if (interface_options(s, &i, b->body + 8, b->body + b->len) ||
		grow_interfaces(s)) {
		return SAVEFILE_ERROR;
	}
	s->interface[s->n_interfaces++] = i;
	return s->begun ? 0 : begin(s, i.link_type, i.snaplen);
}

__extension__ typedef unsigned __int128 u128;

static uint64_t time_ns(const struct interface *i, uint64_t units)
{
	uint64_t ns = i->unit_ns
			      ? units * i->unit_ns
			      : (uint64_t)((u128)units * SECOND_NS / i->per_s);

	return ns + i->offset_ns;
}

/* A packet block's header: where its words stand. */
struct packet_header {
	uint32_t size, interface;
	bool has_time;
	uint32_t caplen, len;
	uint64_t units;
};

static int check_packet(
	struct savefile *s, const struct block *b, struct packet_header *h)
{
	if (h->interface >= s->n_interfaces) {
		return damaged(s, "a packet of interface %u of %u",
			h->interface, s->n_interfaces);
	}
	if (!h->has_time) {
		uint32_t snaplen = s->interface[0].snaplen;
		size_t room = b->len - h->size;

		h->caplen = snaplen && h->len > snaplen ? snaplen : h->len;
		h->caplen = h->caplen < room ? h->caplen : (uint32_t)room;
	}
	if (h->caplen > SAVEFILE_CAPLEN_MAX) {
		return damaged(s, "a packet of %u octets (at most %u)",
			h->caplen, SAVEFILE_CAPLEN_MAX);
	}
	if (h->caplen > b->len - h->size) {
		return damaged(s, "a packet of %u octets in a block of %u",
			h->caplen, b->total);
	}
	return 0;
}

static int block_packet(
	struct savefile *s, const struct block *b, struct dlo_frame *ret)
{
	const uint8_t *p = b->body;
	bool sw = s->swapped;
	struct packet_header h = {
		.size = b->type == BLOCK_SIMPLE ? 4 : 20,
		.has_time = b->type != BLOCK_SIMPLE,
	};
	const struct interface *i;

	if (b->len < h.size) {
		return damaged(s, "a packet block of %u octets", b->total);
	}
	if (h.has_time) {
		h.interface = b->type == BLOCK_PACKET ? u16(p, sw) : u32(p, sw);
		h.units = (uint64_t)u32(p + 4, sw) << 32 | u32(p + 8, sw);
		h.caplen = u32(p + 12, sw);
		h.len = u32(p + 16, sw);
	} else {
		h.len = u32(p, sw);
	}
	if (check_packet(s, b, &h)) {
		return SAVEFILE_ERROR;
	}
	i = &s->interface[h.interface];
	/* A simple packet has no time: it came after the one before it. */
	s->last_ns = h.has_time ? time_ns(i, h.units) : s->last_ns;
	*ret = (struct dlo_frame){
		.ts_ns = s->last_ns,
		.packet = ++s->packet,
		.data = p + h.size,
		.caplen = h.caplen,
		.len = h.len,
		.link_type = i->link_type,
	};
	return 1;
}

/* Ends the block at `at`: the rest of it is skipped, its last word checked. */
static void pass_block(struct savefile *s, const struct block *b, size_t taken)
{
	s->skip = b->total - 4 - taken;
	s->at += taken;
	s->trailer = b->total;
}

/* What is left of the block before. False: not all there yet, or damaged. */
static bool pass_rest(struct savefile *s)
{
	size_t n = s->skip < left(s) ? (size_t)s->skip : left(s);

	s->at += n;
	s->skip -= n;
	if (s->skip || (s->trailer && left(s) < 4)) {
		return false;
	}
	if (s->trailer) {
		uint32_t total = u32(s->at, s->swapped);

		if (total != s->trailer) {
			damaged(s, "a block of %u octets ends as one of %u",
				s->trailer, total);
			return false;
		}
		s->at += 4;
		s->trailer = 0;
	}
	return true;
}

static bool is_wanted(uint32_t type)
{
	return type == BLOCK_SECTION || type == BLOCK_INTERFACE ||
	       type == BLOCK_PACKET || type == BLOCK_SIMPLE ||
	       type == BLOCK_ENHANCED;
}

/* The byte order of a section must be known before its length can be read. 0:
 * not all there yet. */
static int section_order(struct savefile *s)
{
	if (left(s) < BLOCK_FRAME) {
		return 0;
	}
	if (u32(s->at + 8, false) == BYTE_ORDER_MAGIC) {
		s->swapped = false;
	} else if (u32(s->at + 8, true) == BYTE_ORDER_MAGIC) {
		s->swapped = true;
	} else {
		return damaged(s, "a section without its byte order");
	}
	return 1;
}

/* The block at `at`, with what is wanted of its body. 1; 0: not all there. */
static int next_block(struct savefile *s, struct block *b)
{
	size_t need;
	int r;

	if (left(s) < 8) {
		return 0;
	}
	b->type = u32(s->at, s->swapped);
	if (b->type == BLOCK_SECTION) {
		r = section_order(s);
		if (r <= 0) {
			return r;
		}
	}
	b->total = u32(s->at + 4, s->swapped);
	if (b->total < BLOCK_FRAME || b->total % 4) {
		return damaged(s, "a block of %u octets", b->total);
	}
	need = b->total - 4;
	if (b->type == BLOCK_SECTION) {
		need = need < 24 ? need : 24; /* its options may be long */
	} else if (!is_wanted(b->type)) {
		need = 8;
	} else if (need > RECORD_MAX) {
		return damaged(s, "a block of %u octets (at most %u)", b->total,
			RECORD_MAX);
	}
	b->body = s->at + 8;
	b->len = need - 8;
	return left(s) >= need;
}

/* 1: *ret is a frame. */
static int take_block(struct savefile *s, struct dlo_frame *ret)
{
	struct block b;
	int r = next_block(s, &b);

	if (r <= 0) {
		return r;
	}
	switch (b.type) {
	case BLOCK_SECTION:
		r = block_section(s, &b);
		break;
	case BLOCK_INTERFACE:
		r = block_interface(s, &b);
		break;
	case BLOCK_PACKET:
	case BLOCK_SIMPLE:
	case BLOCK_ENHANCED:
		r = block_packet(s, &b, ret);
		break;
	default:
		r = 0;
	}
	if (r != SAVEFILE_ERROR) {
		pass_block(s, &b, 8 + b.len);
	}
	return r;
}

static int take_pcapng(struct savefile *s, struct dlo_frame *v, unsigned max)
{
	unsigned n = 0;
	const uint8_t *before;
	int r = 0;

	while (n < max && pass_rest(s)) {
		before = s->at;
		r = take_block(s, &v[n]);
		if (r == 1) {
			n++;
		} else if (r < 0 || s->at == before) {
			break;
		}
	}
	/* What went wrong is remembered: frames first. */
	return n ? (int)n : s->failed ? SAVEFILE_ERROR : r < 0 ? r : 0;
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
	if (magic == BLOCK_SECTION) {
		s->take = take_pcapng;
		return take_pcapng(s, v, max);
	}
	c = find_classic(magic);
	if (!c) {
		c = find_classic(bswap_32(magic));
		s->swapped = c != NULL;
	}
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
		s->take == take_pcapng ? "pcapng " : "",
		(unsigned long long)whole, what, got);
	return s->error;
}

static const char *cut_pcapng(struct savefile *s)
{
	struct block b = {.total = 8};

	if (s->skip || s->trailer) {
		return cut(s, "bytes", s->skip + 4, left(s));
	}
	if (!left(s)) {
		return s->begun ? NULL
				: "the capture file has no Interface "
				  "Description Blocks";
	}
	next_block(s, &b);
	return cut(s, "bytes", b.total, left(s));
}

const char *savefile_cut(struct savefile *s)
{
	const char *packed = input_cut(&s->in);
	size_t n = left(s);

	if (packed) {
		return packed;
	}
	if (s->take == take_magic) {
		return cut(
			s, "file header bytes", n < 4 ? 4 : CLASSIC_HEADER, n);
	}
	if (s->take == take_pcapng) {
		return cut_pcapng(s);
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
