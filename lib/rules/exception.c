/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exception.c - exceptions: which alerts are hidden, of whom, until when.
 *
 * Theory of operation: rows wait for the build as texts, so that a refused file
 * is forgotten by counting them back. Compiled, each distinct pattern is in the
 * matcher once and leads to the chain of its rows: a thousand exceptions of *
 * cost one glob. The matcher is asked only about names that a list has matched.
 */
#include "rules/exception.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/intern.h"

#define ROWS_MIN 16u

void dlo_exceptions_fini(struct dlo_exceptions *x)
{
	free(x->row);
	*x = (struct dlo_exceptions){0};
}

int dlo_exceptions_add(
	struct dlo_exceptions *x, const struct dlo_exception *row)
{
	if (x->n == x->cap) {
		uint32_t cap = x->cap ? x->cap * 2 : ROWS_MIN;
		struct dlo_exception *more;

		more = cap < UINT32_MAX / 2
			       ? realloc(x->row, (size_t)cap * sizeof(*more))
			       : NULL;
		if (!more) {
			return -ENOMEM;
		}
		x->row = more;
		x->cap = cap;
	}
	x->row[x->n++] = *row;
	return 0;
}

/* ---- compiling ----------------------------------------------------------- */

struct compiling {
	struct dlo_matcher_builder *matcher;
	struct dlo_intern patterns;
	struct dlo_arena arena; /* of the table */
	uint32_t *last; /* by pattern */
};

/* A pattern seen for the first time. It was parsed before. */
static int add_pattern(struct compiling *c, const struct dlo_exception *e,
	struct dlo_pattern *scratch, struct dlo_diag *reterr_diag)
{
	const char *text = e->info.pattern, *msg;
	size_t at;
	int err = dlo_pattern_parse(text, strlen(text), scratch, &at, &msg);

	err = err ? err : dlo_matcher_add(c->matcher, scratch, &msg);
	if (err == 1) {
		*reterr_diag =
			(struct dlo_diag){.line = e->info.line, .col = e->col};
		snprintf(reterr_diag->file, sizeof(reterr_diag->file), "%s",
			e->info.path);
		snprintf(reterr_diag->msg, sizeof(reterr_diag->msg), "%s", msg);
	}
	return err;
}

/* Puts each row behind the one before it that has its pattern. */
static int chain(struct compiling *c, struct dlo_exception_set *set,
	struct dlo_pattern *scratch, struct dlo_diag *reterr_diag)
{
	uint32_t i, pattern, n_patterns = 0;
	int err;

	for (i = 0; i < set->n; i++) {
		const char *key = set->row[i].info.pattern;

		if (dlo_intern(&c->patterns, &c->arena, &key, sizeof(key),
			    &pattern) < 0) {
			return -ENOMEM;
		}
		if (pattern < n_patterns) {
			set->row[c->last[pattern]].next = i + 1;
		} else {
			err = add_pattern(
				c, &set->row[i], scratch, reterr_diag);
			if (err) {
				return err;
			}
			set->first[n_patterns++] = i;
		}
		c->last[pattern] = i;
	}
	return 0;
}

int dlo_exceptions_compile(const struct dlo_exceptions *x,
	struct dlo_pattern *scratch, struct dlo_arena *arena,
	struct dlo_exception_set *ret, struct dlo_diag *reterr_diag)
{
	struct dlo_exception_set set = {.n = x->n};
	struct compiling c = {.last = NULL};
	int err = -ENOMEM;

	if (!x->n) {
		*ret = set;
		return 0;
	}
	set.row = dlo_arena_array(arena, x->n, sizeof(*set.row));
	set.first = dlo_arena_array(arena, x->n, sizeof(*set.first));
	c.last = calloc(x->n, sizeof(*c.last));
	if (set.row && set.first && c.last) {
		memcpy(set.row, x->row, x->n * sizeof(*set.row));
		err = dlo_matcher_builder_new(&c.matcher);
	}
	err = err ? err : chain(&c, &set, scratch, reterr_diag);
	err = err ? err : dlo_matcher_build(c.matcher, arena, &set.matcher);
	if (!err) {
		*ret = set;
	}
	dlo_matcher_builder_free(c.matcher);
	dlo_intern_fini(&c.patterns);
	dlo_arena_free(&c.arena);
	free(c.last);
	return err;
}

/* ---- the packet path ----------------------------------------------------- */

const char *dlo_fate_name(enum dlo_fate fate)
{
	static const char *const names[] = {
		[DLO_FATE_HIDES] = "hides",
		[DLO_FATE_EARLIER] = "earlier",
		[DLO_FATE_EXPIRED] = "expired",
		[DLO_FATE_CLIENT] = "client",
		[DLO_FATE_SERVICE] = "service",
		[DLO_FATE_RULE] = "rule",
		[DLO_FATE_RANK] = "rank",
	};

	static_assert(sizeof(names) / sizeof(*names) == DLO_FATE__N,
		"every fate has a name");
	return (unsigned)fate < DLO_FATE__N ? names[fate] : "";
}

static bool covers(const struct dlo_network *net, const struct dlo_asker *who)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (!net->ip_version) {
		return true;
	}
	return net->ip_version == who->ip_version &&
	       !memcmp(net->addr, who->client, whole) &&
	       (!rest ||
		       (net->addr[whole] ^ who->client[whole]) >> (8 - rest) ==
			       0);
}

enum dlo_fate dlo_exception_fate(const struct dlo_exception *e,
	const struct dlo_subject *what, const struct dlo_asker *who)
{
	const struct dlo_exception_info *info = &e->info;

	if (*info->rule && strcmp(info->rule, what->rule) != 0) {
		return DLO_FATE_RULE;
	}
	if (*info->service && strcmp(info->service, what->service) != 0) {
		return DLO_FATE_SERVICE;
	}
	if (e->rank <= what->rank) {
		return DLO_FATE_RANK;
	}
	if (!covers(&e->client, who)) {
		return DLO_FATE_CLIENT;
	}
	/* A hostile capture may have a packet at the end of time. */
	return who->ts_ns < info->end_ns || info->end_ns == UINT64_MAX
		       ? DLO_FATE_HIDES
		       : DLO_FATE_EXPIRED;
}

static void weigh(const struct dlo_exception_set *x, uint32_t i,
	enum dlo_fate fate, struct dlo_excepted *io)
{
	uint64_t end_ns = x->row[i].info.end_ns, before;

	if (fate == DLO_FATE_HIDES) {
		if (!io->by || i + 1 < io->by) {
			io->by = i + 1;
		}
	} else if (fate == DLO_FATE_EXPIRED) {
		before = io->expired ? x->row[io->expired - 1].info.end_ns : 0;
		if (end_ns > before ||
			(end_ns == before && i + 1 < io->expired)) {
			io->expired = i + 1;
		}
	}
}

size_t dlo_exceptions_match(const struct dlo_exception_set *x,
	const struct dlo_name *name, uint32_t ret[DLO_EXCEPTIONS_MAX])
{
	size_t n = x->n ? dlo_matcher_match(
				  x->matcher, name, ret, DLO_EXCEPTIONS_MAX)
			: 0;

	return n < DLO_EXCEPTIONS_MAX ? n : DLO_EXCEPTIONS_MAX;
}

void dlo_exceptions_decide(const struct dlo_exception_set *x,
	const struct dlo_name *name, const struct dlo_subject *what,
	const struct dlo_asker *who, struct dlo_excepted *io)
{
	uint32_t pattern[DLO_EXCEPTIONS_MAX];
	size_t n = dlo_exceptions_match(x, name, pattern);

	for (size_t k = 0; k < n; k++) {
		uint32_t i = x->first[pattern[k]] + 1;

		for (; i; i = x->row[i - 1].next) {
			weigh(x, i - 1,
				dlo_exception_fate(&x->row[i - 1], what, who),
				io);
		}
	}
}

void dlo_exception_hit(struct dlo_exception_hits *h, uint64_t ts_ns)
{
	uint64_t n = atomic_load_explicit(&h->n, memory_order_relaxed);
	uint64_t last = atomic_load_explicit(&h->last_ns, memory_order_relaxed);

	atomic_store_explicit(&h->n, n + 1, memory_order_relaxed);
	if (ts_ns > last) {
		atomic_store_explicit(&h->last_ns, ts_ns, memory_order_relaxed);
	}
}
