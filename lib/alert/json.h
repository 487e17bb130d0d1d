/* SPDX-License-Identifier: BSD-2-Clause */
/* json.h - JSON into memory of fixed size: whole fields or none. */
#ifndef DLO_ALERT_JSON_H
#define DLO_ALERT_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "alert/buf.h"

#define DLO_JSON_DEPTH 8

/*
 * Theory of operation: a member that does not fit is taken back whole, comma
 * and key included. Each open bracket holds back the octet of its closing one,
 * so what is written is valid at any size. Objects and arrays that stay empty
 * are taken back as well. A bracket that did not fit makes all up to its
 * closing one vanish (`dead`).
 */
struct dlo_json {
	struct dlo_buf b;
	unsigned depth, dead;
	size_t mark[DLO_JSON_DEPTH];
};

static inline struct dlo_json dlo_json(char *buf, size_t cap)
{
	return (struct dlo_json){.b = dlo_buf(buf, cap)};
}

/* `key` is an ASCII literal, or NULL for an element of an array; `bracket` is
 * '{' or '['. */
void dlo_json_open(struct dlo_json *j, const char *key, char bracket);
void dlo_json_close(struct dlo_json *j);

/* Any octets: what is not UTF-8 becomes U+FFFD, control characters escapes.
 * Nothing is written for an empty or missing (NULL) string. */
void dlo_json_text(struct dlo_json *j, const char *key, const char *s);
void dlo_json_part(
	struct dlo_json *j, const char *key, const char *s, size_t len);

/* Strings that need no escape: numbers, our own words. */
void dlo_json_word(struct dlo_json *j, const char *key, const char *s);

void dlo_json_number(struct dlo_json *j, const char *key, uint64_t n);

void dlo_json_true(struct dlo_json *j, const char *key);

/* A decimal number as a string, as ECS wants its ids. */
void dlo_json_digits(struct dlo_json *j, const char *key, uint64_t n);

/* RFC 3339 with nanoseconds. */
void dlo_json_time(struct dlo_json *j, const char *key, uint64_t ts_ns);

/*
 * Between hold and release, `room` octets are kept for what follows: members
 * of second rank are left out before they crowd out the first.
 */
static inline void dlo_json_hold(struct dlo_json *j, size_t room)
{
	j->b.cap -= room;
}

static inline void dlo_json_release(struct dlo_json *j, size_t room)
{
	j->b.cap += room;
}

#endif
