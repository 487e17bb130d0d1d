/* SPDX-License-Identifier: BSD-2-Clause */
/* matcher.h - all patterns of a rule set, compiled: name -> pattern ids. */
#ifndef DLO_MATCH_MATCHER_H
#define DLO_MATCH_MATCHER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "match/pattern.h"
#include "wire/name.h"

#define DLO_PATTERNS_MAX (1u << 26) /* of a set */

struct dlo_matcher;
struct dlo_matcher_builder;

int dlo_matcher_builder_new(struct dlo_matcher_builder **ret); /* -ENOMEM */
struct dlo_matcher_builder *dlo_matcher_builder_free(
	struct dlo_matcher_builder *b); /* NULL */

/* Whether it is a glob that has nowhere three octets, or dots, in a row. */
bool dlo_matcher_is_weak(const struct dlo_pattern *p);

/*
 * Adds a pattern; its id is the number of patterns added before. The pattern
 * is copied in a compact form. 0; 1 with *reterr_msg (static text) when the
 * set cannot take it (256 globs without three literal octets in a row);
 * -ENOMEM.
 */
int dlo_matcher_add(struct dlo_matcher_builder *b, const struct dlo_pattern *p,
	const char **reterr_msg);

/* Forgets all but the first n patterns. */
void dlo_matcher_cut(struct dlo_matcher_builder *b, uint32_t n);

/*
 * Compiles into memory of `arena` only, which then owns the matcher; the
 * builder is then empty. Tables take their seed from the content.
 * 0, -ENOMEM.
 */
int dlo_matcher_build(struct dlo_matcher_builder *b, struct dlo_arena *arena,
	const struct dlo_matcher **ret);

/*
 * Finds all patterns that match. Writes the first `cap` ids in ascending order
 * and returns how many there are in all (may exceed cap). No heap, no state:
 * any number of threads. Almost every name ends after one look into a table
 * that fits the first-level cache. cap >= 1.
 */
size_t dlo_matcher_match(const struct dlo_matcher *m,
	const struct dlo_name *name, uint32_t *ret_ids, size_t cap);

/* A pattern by its id. */
void dlo_matcher_pattern(
	const struct dlo_matcher *m, uint32_t id, struct dlo_pattern *ret);

#endif
