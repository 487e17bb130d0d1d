/* SPDX-License-Identifier: BSD-2-Clause */
/* buf.h - text that only grows, in memory of fixed size. */
#ifndef DLO_ALERT_BUF_H
#define DLO_ALERT_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * What does not fit is left out whole and sets `over`; from then on nothing is
 * appended, until dlo_buf_cut(). So a writer appends piece after piece and
 * looks once, at the end. No terminating NUL: see dlo_buf_end().
 */
struct dlo_buf {
	char *p;
	size_t len, cap;
	bool over;
};

static inline struct dlo_buf dlo_buf(char *p, size_t cap)
{
	return (struct dlo_buf){.p = p, .cap = cap};
}

/* Back to a length that it had before; clears `over`. */
static inline void dlo_buf_cut(struct dlo_buf *b, size_t len)
{
	b->len = len;
	b->over = false;
}

/* Appends `len` octets, to be written by the caller; NULL when they do not
 * fit. */
static inline char *dlo_buf_room(struct dlo_buf *b, size_t len)
{
	char *to = b->p + b->len;

	if (b->over || b->len > b->cap || len > b->cap - b->len) {
		b->over = true;
		return NULL;
	}
	b->len += len;
	return to;
}

static inline void dlo_put(struct dlo_buf *b, const char *s, size_t len)
{
	char *to = dlo_buf_room(b, len);

	if (to) {
		memcpy(to, s, len);
	}
}

static inline void dlo_puts(struct dlo_buf *b, const char *s)
{
	dlo_put(b, s, strlen(s));
}

static inline void dlo_putc(struct dlo_buf *b, char c)
{
	dlo_put(b, &c, 1);
}

/* The last character; NUL when there is none. */
static inline char dlo_buf_last(const struct dlo_buf *b)
{
	return b->len > 0 ? b->p[b->len - 1] : '\0';
}

/* Decimal, with zeros in front up to `width` digits (at most 20). */
void dlo_putu(struct dlo_buf *b, uint64_t value, unsigned width);
/* Hexadecimal, lower case, `digits` (at most 16) of them. */
void dlo_putx(struct dlo_buf *b, uint64_t value, unsigned digits);

/* Puts a NUL at the end, for which cap has to leave an octet; the length. */
static inline size_t dlo_buf_end(struct dlo_buf *b)
{
	b->p[b->len] = '\0';
	return b->len;
}

#endif
