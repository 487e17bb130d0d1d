/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes.h - bounded big-endian reader with a sticky error.
 *
 * A read past the end yields 0 and sets `over`; every later read is a no-op. So
 * a header is a straight list of reads and one test of `over` at its end.
 */
#ifndef DLO_BASE_BYTES_H
#define DLO_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dlo_bytes {
	const uint8_t *p; /* next octet */
	size_t left;
	bool over;
};

static inline struct dlo_bytes dlo_bytes(const void *data, size_t len)
{
	return (struct dlo_bytes){.p = data, .left = len};
}

/* The next n octets, or NULL. */
static inline const uint8_t *dlo_bytes_take(struct dlo_bytes *b, size_t n)
{
	const uint8_t *p = b->p;

	if (b->left < n) {
		b->over = true;
		b->left = 0;
		return NULL;
	}
	b->p += n;
	b->left -= n;
	return p;
}

static inline uint8_t dlo_bytes_u8(struct dlo_bytes *b)
{
	const uint8_t *p = dlo_bytes_take(b, 1);

	return p ? p[0] : 0;
}

static inline uint16_t dlo_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t dlo_get32(const uint8_t *p)
{
	return (uint32_t)dlo_get16(p) << 16 | dlo_get16(p + 2);
}

/* Little endian. */
static inline uint16_t dlo_get16le(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t dlo_get32le(const uint8_t *p)
{
	return (uint32_t)dlo_get16le(p + 2) << 16 | dlo_get16le(p);
}

static inline uint16_t dlo_bytes_u16(struct dlo_bytes *b)
{
	const uint8_t *p = dlo_bytes_take(b, 2);

	return p ? dlo_get16(p) : 0;
}

static inline uint32_t dlo_bytes_u32(struct dlo_bytes *b)
{
	const uint8_t *p = dlo_bytes_take(b, 4);

	return p ? dlo_get32(p) : 0;
}

/* Forgets all but the first n octets of what is left. */
static inline void dlo_bytes_clip(struct dlo_bytes *b, size_t n)
{
	if (n < b->left) {
		b->left = n;
	}
}

#endif
