/* SPDX-License-Identifier: BSD-2-Clause */
/* answers.h - responses to test with, in wire form. */
#ifndef TESTS_ANSWERS_H
#define TESTS_ANSWERS_H

#include <stdlib.h>
#include <string.h>

#include "wire/answer.h"
#include "wire/message.h"

/* The question q.example A: q at 12, example at 14. Answers begin at 27. */
#define HEAD(an) "\x12\x34\x81\x80\0\1\0" an "\0\0\0\0"
#define QUESTION "\1q\7example\0\0\1\0\1"
#define PQ "\xc0\x0c" /* pointer to q.example */
#define PE "\xc0\x0e" /* pointer to example */
#define FIX(type, len) "\0" type "\0\1\0\0\1\54\0" len /* up to RDATA */
#define TYPE_A "\1"
#define TYPE_NS "\2"
#define TYPE_CNAME "\5"
#define TYPE_PTR "\14"
#define TYPE_MX "\17"
#define TYPE_TXT "\20"
#define TYPE_AAAA "\34"
#define TYPE_SRV "\41"
#define TYPE_DNAME "\47"
#define TYPE_SVCB "\100"
#define TYPE_HTTPS "\101"

/* A message in its own block, with the headroom that names need. */
struct piece {
	uint8_t *block, *data;
	size_t len;
};

static inline struct piece piece_new(const void *data, size_t len)
{
	struct piece p = {.block = calloc(1, DLO_NAME_HEADROOM + len)};

	p.data = p.block + DLO_NAME_HEADROOM;
	p.len = len;
	memcpy(p.data, data, len);
	return p;
}

static inline void piece_free(struct piece *p)
{
	free(p->block);
}

/* A message that is written octet by octet. */
struct maker {
	uint8_t octets[65535];
	size_t len;
	unsigned n; /* records */
};

static inline void make_octets(struct maker *m, const void *p, size_t len)
{
	memcpy(m->octets + m->len, p, len);
	m->len += len;
}

static inline void make_start(struct maker *m)
{
	memset(m, 0, sizeof(*m));
	make_octets(m, HEAD("\0") QUESTION, 27);
}

/* A name in text without escapes, uncompressed. */
static inline void make_name(struct maker *m, const char *text)
{
	for (size_t n; *text && strcmp(text, ".") != 0;
		text += n + (text[n] == '.')) {
		n = strcspn(text, ".");
		m->octets[m->len++] = (uint8_t)n;
		make_octets(m, text, n);
	}
	m->octets[m->len++] = 0;
}

/* A record whose RDATA is `skip` zeros and a name. */
static inline void make_link(struct maker *m, const char *owner, unsigned type,
	size_t skip, const char *target)
{
	size_t at;

	make_name(m, owner);
	m->octets[m->len + 1] = (uint8_t)type;
	m->octets[m->len + 3] = 1;
	m->len += 10;
	at = m->len;
	m->len += skip;
	make_name(m, target);
	m->octets[at - 2] = (uint8_t)((m->len - at) >> 8);
	m->octets[at - 1] = (uint8_t)(m->len - at);
	m->n++;
}

#endif
