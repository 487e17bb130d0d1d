/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exception.h - exceptions: which alerts are hidden, of whom, until when.
 *
 * The public half (struct dlo_exception_info) is in dnslookout.h.
 */
#ifndef DLO_RULES_EXCEPTION_H
#define DLO_RULES_EXCEPTION_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "dnslookout.h"
#include "match/matcher.h"
#include "rules/rule.h"
#include "wire/name.h"

/* Patterns of exceptions looked at for one name. */
#define DLO_EXCEPTIONS_MAX 512u

struct dlo_network {
	uint8_t ip_version; /* 0: any address */
	uint8_t bits;
	uint8_t addr[16]; /* IPv4 in the first 4 octets */
};

/* Its texts are interned by dlo_rules_text(): equal patterns are one. */
struct dlo_exception {
	struct dlo_exception_info info;
	struct dlo_network client;
	uint32_t col; /* of the pattern */
	uint32_t rank; /* hides what is of a lower one */
	uint32_t next; /* one more with this pattern: its number + 1; 0: none */
};

/* Those gathered so far; all zero is none. */
struct dlo_exceptions {
	struct dlo_exception *row;
	uint32_t n, cap;
};

/* Adds one. -ENOMEM. */
int dlo_exceptions_add(
	struct dlo_exceptions *x, const struct dlo_exception *row);
void dlo_exceptions_fini(struct dlo_exceptions *x);

/* Compiled: in an arena, immutable. All zero is none. */
struct dlo_exception_set {
	const struct dlo_matcher *matcher; /* of distinct patterns */
	struct dlo_exception *row; /* row[0..n), in order of file and line */
	uint32_t *first; /* by pattern: its first row */
	uint32_t n;
};

/*
 * Compiles into `arena`, which already holds the texts. 0; 1 with *reterr_diag
 * when there are too many patterns without three octets in a row; -ENOMEM.
 */
int dlo_exceptions_compile(const struct dlo_exceptions *x,
	struct dlo_pattern *scratch, struct dlo_arena *arena,
	struct dlo_exception_set *ret, struct dlo_diag *reterr_diag);

/* What an exception may hide: the alert of a rule and service. */
struct dlo_subject {
	const char *rule, *service;
	uint32_t rank; /* the highest of the patterns that matched */
};

/* Who asks, and when. */
struct dlo_asker {
	const uint8_t *client; /* 4 or 16 octets */
	uint8_t ip_version; /* 0: not known, as none that an exception names */
	uint64_t ts_ns; /* packet time */
};

/* What an exception whose pattern matches does to it: hides it, or why not. */
enum dlo_fate dlo_exception_fate(const struct dlo_exception *e,
	const struct dlo_subject *what, const struct dlo_asker *who);

/* Finds the distinct patterns of exceptions that match; x->first has the first
 * exception of each. Returns how many. No heap. */
size_t dlo_exceptions_match(const struct dlo_exception_set *x,
	const struct dlo_name *name, uint32_t ret[DLO_EXCEPTIONS_MAX]);

/* Numbers + 1 of exceptions; 0: none. */
struct dlo_excepted {
	uint32_t by; /* the first that hides the alert */
	uint32_t expired; /* of those that did, the last to expire */
};

/*
 * Finds the exceptions whose pattern matches the name, and betters *io by them.
 * No heap. One look into a matcher, and O(exceptions of those patterns).
 */
void dlo_exceptions_decide(const struct dlo_exception_set *x,
	const struct dlo_name *name, const struct dlo_subject *what,
	const struct dlo_asker *who, struct dlo_excepted *io);

/* One engine's count of an exception: one writer, as base/stats.h. */
struct dlo_exception_hits {
	_Atomic uint64_t n, last_ns; /* last_ns: packet time */
};

void dlo_exception_hit(struct dlo_exception_hits *h, uint64_t ts_ns);

#endif
