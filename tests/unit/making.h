/* SPDX-License-Identifier: BSD-2-Clause */
/* making.h - captures made in memory, for tests. */
#ifndef MAKING_H
#define MAKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct maker {
	bool big; /* big-endian */
	uint8_t *data;
	size_t len, cap;
};

static inline void put(struct maker *m, const void *p, size_t n)
{
	if (m->len + n > m->cap) { /* not for each octet: ASan copies */
		m->cap = 2 * (m->len + n);
		m->data = realloc(m->data, m->cap);
	}
	memcpy(m->data + m->len, p, n);
	m->len += n;
}

static inline void word(struct maker *m, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t octet = (uint8_t)(v >> 8 * (m->big ? n - 1 - i : i));

		put(m, &octet, 1);
	}
}

static inline void w32(struct maker *m, uint64_t v)
{
	word(m, v & 0xffffffff, 4);
}

static inline void w16(struct maker *m, unsigned v)
{
	word(m, v, 2);
}

static inline void header(struct maker *m, uint32_t magic, uint32_t network)
{
	w32(m, magic);
	w16(m, 2);
	w16(m, 4);
	w32(m, 0);
	w32(m, 0);
	w32(m, 65535);
	w32(m, network);
}

/* Octets that show where they are from. */
static inline uint8_t octet(unsigned frame, size_t at)
{
	return (uint8_t)(frame * 37 + at * 11 + (at >> 8));
}

static inline void fill(struct maker *m, unsigned frame, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t o = octet(frame, i);

		put(m, &o, 1);
	}
}

static inline void record(struct maker *m, uint32_t s, uint32_t frac,
	unsigned extra, unsigned frame, uint32_t n)
{
	w32(m, s);
	w32(m, frac);
	w32(m, n);
	w32(m, n + 1);
	put(m, "\0\0\0\0\0\0\0\0", extra);
	fill(m, frame, n);
}

/* A block: between begin() and end() comes its body. */
static size_t begin(struct maker *m, uint32_t type)
{
	size_t at = m->len;

	w32(m, type);
	w32(m, 0);
	return at;
}

static inline void end(struct maker *m, size_t at)
{
	struct maker total = {.big = m->big};

	while (m->len % 4 != at % 4) {
		put(m, "", 1);
	}
	w32(m, m->len + 4 - at);
	w32(&total, m->len - at);
	memcpy(m->data + at + 4, total.data, 4);
	free(total.data);
}

static inline void section(struct maker *m)
{
	size_t at = begin(m, 0x0a0d0d0a);

	w32(m, 0x1a2b3c4d);
	w16(m, 1);
	w16(m, 0);
	w32(m, UINT32_MAX);
	w32(m, UINT32_MAX);
	end(m, at);
}

static inline void interface(struct maker *m, unsigned link, uint32_t snaplen,
	int resol, int64_t off)
{
	size_t at = begin(m, 1);

	w16(m, link);
	w16(m, 0);
	w32(m, snaplen);
	w16(m, 2); /* a name, with padding */
	w16(m, 5);
	put(m, "net-0\0\0\0", 8);
	if (resol >= 0) {
		uint8_t octets[4] = {(uint8_t)resol};

		w16(m, 9);
		w16(m, 1);
		put(m, octets, 4);
	}
	if (off) {
		w16(m, 14);
		w16(m, 8);
		word(m, (uint64_t)off, 8);
	}
	w32(m, 0);
	end(m, at);
}

static inline void packet(struct maker *m, unsigned id, uint64_t units,
	unsigned frame, uint32_t n)
{
	size_t at = begin(m, 6);

	w32(m, id);
	w32(m, units >> 32);
	w32(m, units);
	w32(m, n);
	w32(m, n + 1);
	fill(m, frame, n);
	end(m, at);
}

static inline void old_packet(struct maker *m, unsigned id, uint64_t units,
	unsigned frame, uint32_t n)
{
	size_t at = begin(m, 2);

	w16(m, id);
	w16(m, 7); /* drops */
	w32(m, units >> 32);
	w32(m, units);
	w32(m, n);
	w32(m, n + 1);
	fill(m, frame, n);
	end(m, at);
}

static inline void simple_packet(
	struct maker *m, unsigned frame, uint32_t n, uint32_t len)
{
	size_t at = begin(m, 3);

	w32(m, len);
	fill(m, frame, n);
	end(m, at);
}

#endif
