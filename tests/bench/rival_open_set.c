/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rival_open_set.c - a suffix hash set as one would write it today: open
 * addressing, linear probing, half full; one probe a label.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "match/pattern.h"
#include "rivals.h"

struct slot {
	uint32_t at;
	uint8_t len, kinds;
};

struct set {
	struct slot *slot;
	size_t mask;
	uint8_t *octets;
	size_t len;
};

static size_t find(const struct set *s, const uint8_t *wire, size_t len)
{
	size_t i = dlo_hash(wire, len, 1) & s->mask;

	while (s->slot[i].kinds &&
		(s->slot[i].len != len ||
			memcmp(s->octets + s->slot[i].at, wire, len) != 0)) {
		i = (i + 1) & s->mask;
	}
	return i;
}

static void *build(const struct bench_pattern *p, size_t n)
{
	struct set *s = calloc(1, sizeof(*s));
	size_t cap = 64, octets = 0;

	while (cap < 2 * n) {
		cap *= 2;
	}
	for (size_t i = 0; i < n; i++) {
		octets += p[i].wire_len;
	}
	s->mask = cap - 1;
	s->slot = calloc(cap, sizeof(*s->slot));
	s->octets = malloc(octets + 1);
	for (size_t i = 0; i < n; i++) {
		struct slot *at = &s->slot[find(s, p[i].wire, p[i].wire_len)];

		if (!at->kinds) {
			at->at = (uint32_t)s->len;
			at->len = (uint8_t)p[i].wire_len;
			memcpy(s->octets + s->len, p[i].wire, p[i].wire_len);
			s->len += p[i].wire_len;
		}
		at->kinds |= (uint8_t)(1u << p[i].kind);
	}
	return s;
}

static bool match(void *x, const struct bench_name *n)
{
	const struct set *s = x;

	for (size_t at = 0; at < n->wire_len; at += n->wire[at] + 1u) {
		unsigned want =
			1u << DLO_PATTERN_DOMAIN |
			1u << (at ? DLO_PATTERN_BELOW : DLO_PATTERN_EXACT);
		size_t i = find(s, n->wire + at, n->wire_len - at);

		if (s->slot[i].kinds & want) {
			return true;
		}
	}
	return false;
}

static void set_free(void *x)
{
	struct set *s = x;

	free(s->slot);
	free(s->octets);
	free(s);
}

const struct rival rival_open_set = {
	"suffix set, open addressing", false, SIZE_MAX, build, match, set_free};
