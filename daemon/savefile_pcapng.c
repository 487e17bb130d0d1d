/* SPDX-License-Identifier: BSD-2-Clause */
/* savefile_pcapng.c - frames out of pcapng: draft-ietf-opsawg-pcapng. */
#include "savefile_pcapng.h"

#include <stdlib.h>
#include <string.h>

#define INTERFACES_MAX 65536u /* of a section */
#define SECOND_NS 1000000000u

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
		return savefile_damaged(
			s, "a section header of %u octets", b->total);
	}
	if (u16(b->body + 4, s->swapped) != 1) {
		return savefile_damaged(s, "pcapng version %u.%u, not 1",
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
static int interface_option(struct savefile_interface *i, unsigned code,
	const uint8_t *p, bool swapped)
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

static int interface_options(struct savefile *s, struct savefile_interface *i,
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
			return savefile_damaged(s,
				"an option of %u octets in %zu", len,
				(size_t)(end - p));
		}
		if (((code == 9 && len == 1) || (code == 14 && len == 8)) &&
			interface_option(i, code, p, s->swapped)) {
			return savefile_damaged(
				s, "a time resolution of 0x%02x", p[0]);
		}
		len = (len + 3) & ~3u;
		p += (size_t)(end - p) < len ? (size_t)(end - p) : len;
	}
	return 0;
}

static int grow_interfaces(struct savefile *s)
{
	unsigned cap = s->interface_cap ? 2 * s->interface_cap : 4;
	struct savefile_interface *more;

	if (s->n_interfaces < s->interface_cap) {
		return 0;
	}
	if (s->n_interfaces == INTERFACES_MAX) {
		return savefile_damaged(
			s, "more than %u interfaces", INTERFACES_MAX);
	}
	more = realloc(s->interface, cap * sizeof(*more));
	if (!more) {
		return savefile_damaged(s, "out of memory");
	}
	s->interface = more;
	s->interface_cap = cap;
	return 0;
}

static int block_interface(struct savefile *s, const struct block *b)
{
	struct savefile_interface i = {.per_s = 1000000, .unit_ns = 1000};

	if (b->len < 8) {
		return savefile_damaged(
			s, "an interface description of %u octets", b->total);
	}
	i.link_type = savefile_link_type(u16(b->body, s->swapped));
	i.snaplen = u32(b->body + 4, s->swapped);
	if (interface_options(s, &i, b->body + 8, b->body + b->len) ||
		grow_interfaces(s)) {
		return SAVEFILE_ERROR;
	}
	s->interface[s->n_interfaces++] = i;
	return s->begun ? 0 : savefile_begin(s, i.link_type, i.snaplen);
}

__extension__ typedef unsigned __int128 u128;

static uint64_t time_ns(const struct savefile_interface *i, uint64_t units)
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
		return savefile_damaged(s, "a packet of interface %u of %u",
			h->interface, s->n_interfaces);
	}
	if (!h->has_time) {
		uint32_t snaplen = s->interface[0].snaplen;
		size_t room = b->len - h->size;

		h->caplen = snaplen && h->len > snaplen ? snaplen : h->len;
		h->caplen = h->caplen < room ? h->caplen : (uint32_t)room;
	}
	if (h->caplen > SAVEFILE_CAPLEN_MAX) {
		return savefile_damaged(s, "a packet of %u octets (at most %u)",
			h->caplen, SAVEFILE_CAPLEN_MAX);
	}
	if (h->caplen > b->len - h->size) {
		return savefile_damaged(s,
			"a packet of %u octets in a block of %u", h->caplen,
			b->total);
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
	const struct savefile_interface *i;

	if (b->len < h.size) {
		return savefile_damaged(
			s, "a packet block of %u octets", b->total);
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
			savefile_damaged(s,
				"a block of %u octets ends as one of %u",
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
	return type == SAVEFILE_SECTION || type == BLOCK_INTERFACE ||
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
		return savefile_damaged(s, "a section without its byte order");
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
	if (b->type == SAVEFILE_SECTION) {
		r = section_order(s);
		if (r <= 0) {
			return r;
		}
	}
	b->total = u32(s->at + 4, s->swapped);
	if (b->total < BLOCK_FRAME || b->total % 4) {
		return savefile_damaged(s, "a block of %u octets", b->total);
	}
	need = b->total - 4;
	if (b->type == SAVEFILE_SECTION) {
		need = need < 24 ? need : 24; /* its options may be long */
	} else if (!is_wanted(b->type)) {
		need = 8;
	} else if (need > SAVEFILE_RECORD_MAX) {
		return savefile_damaged(s, "a block of %u octets (at most %u)",
			b->total, SAVEFILE_RECORD_MAX);
	}
	b->body = s->at + 8;
	b->len = need - 8;
	return left(s) >= need;
}

/* 1: *ret is a frame. */
static int take_block(struct savefile *s, struct dlo_frame *ret)
{
	struct block b = {0};
	int r = next_block(s, &b);

	if (r <= 0) {
		return r;
	}
	switch (b.type) {
	case SAVEFILE_SECTION:
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

int savefile_take_pcapng(struct savefile *s, struct dlo_frame *v, unsigned max)
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

uint64_t savefile_missing_pcapng(const struct savefile *s)
{
	struct savefile copy = *s;
	struct block b = {.total = 8};

	if (s->skip || s->trailer) {
		return s->skip + 4;
	}
	if (!left(s)) {
		return 0;
	}
	next_block(&copy, &b);
	return b.total;
}
