/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ruleset.c - a compiled set: name -> pattern ids -> alerts, one for each
 * (rule, service), less exceptions.
 */
#include "rules/ruleset.h"

#include <sys/mman.h>

#include "rules/set.h"

struct dlo_ruleset *dlo_ruleset_free(struct dlo_ruleset *rs)
{
	if (rs) {
		struct dlo_arena arena = rs->arena;

		if (rs->pages) {
			munmap(rs->pages, rs->pages_len);
		}
		dlo_arena_free(&arena);
	}
	return NULL;
}

unsigned dlo_ruleset_n_lists(const struct dlo_ruleset *rs)
{
	return rs->n_sources;
}

unsigned dlo_ruleset_n_patterns(const struct dlo_ruleset *rs)
{
	return rs->n;
}

uint64_t dlo_ruleset_built(const struct dlo_ruleset *rs)
{
	return rs->built_s;
}

void dlo_ruleset_source(
	const struct dlo_ruleset *rs, unsigned i, struct dlo_source_info *ret)
{
	const struct dlo_set_source *s = &rs->source[i];

	*ret = (struct dlo_source_info){.path = rs->text + s->path,
		.n_patterns = s->n_patterns,
		.n_exceptions = s->n_exceptions,
		.n_bad = s->n_bad,
		.n_skipped = s->n_skipped};
}

size_t dlo_ruleset_bytes(const struct dlo_ruleset *rs)
{
	return rs->arena.bytes + rs->pages_len;
}

/* The run that a pattern stands in. O(log runs). */
static const struct dlo_run *run_of(const struct dlo_ruleset *rs, uint32_t id)
{
	uint32_t from = 0, to = rs->n_runs;

	while (to - from > 1) {
		uint32_t mid = from + (to - from) / 2;

		if (rs->run[mid].first <= id) {
			from = mid;
		} else {
			to = mid;
		}
	}
	return &rs->run[from];
}

static const struct dlo_set_rule *rule_of(
	const struct dlo_ruleset *rs, uint32_t id)
{
	return &rs->rule[run_of(rs, id)->rule];
}

size_t dlo_ruleset_text(const struct dlo_ruleset *rs, uint32_t id, char *buf)
{
	struct dlo_pattern p;

	dlo_matcher_pattern(rs->matcher, id, &p);
	return dlo_pattern_print(&p, buf);
}

void dlo_ruleset_pattern(
	const struct dlo_ruleset *rs, uint32_t id, struct dlo_pattern_info *ret)
{
	const struct dlo_run *run = run_of(rs, id);
	const struct dlo_set_rule *r = &rs->rule[run->rule];

	*ret = (struct dlo_pattern_info){
		.file = rs->text + r->file,
		.path = rs->text + r->path,
		.line = run->line + (id - run->first),
		.rule_id = rs->text + r->id,
		.title = rs->text + r->title,
		.category = rs->text + r->category,
		.service = rs->text + r->service,
		.note = rs->text + r->note,
		.tags = rs->tags + r->tags,
		.n_tags = r->n_tags,
		.level = (enum dlo_level)r->level,
		.action = (enum dlo_action)r->action,
	};
}

unsigned dlo_ruleset_n_exceptions(const struct dlo_ruleset *rs)
{
	return rs->exceptions.n;
}

const struct dlo_exception_info *dlo_ruleset_exception(
	const struct dlo_ruleset *rs, uint32_t i)
{
	return &rs->exceptions.row[i].info;
}

const struct dlo_exception_set *dlo_ruleset_exceptions(
	const struct dlo_ruleset *rs)
{
	return &rs->exceptions;
}

uint32_t dlo_ruleset_n_groups(const struct dlo_ruleset *rs)
{
	return rs->n_groups;
}

uint32_t dlo_ruleset_group_pattern(const struct dlo_ruleset *rs, uint32_t group)
{
	return rs->group_pattern[group];
}

/* ---- the packet path ----------------------------------------------------- */

size_t dlo_ruleset_match(const struct dlo_ruleset *rs,
	const struct dlo_name *name, uint32_t *ret_ids, size_t cap)
{
	return dlo_matcher_match(rs->matcher, name, ret_ids, cap);
}

#define KEY_OFF (UINT64_C(1) << 32)
#define KEY_ALL UINT64_MAX

/* What a match is put together by: its group, and whether it is off. */
static uint64_t key_of(const struct dlo_ruleset *rs, uint32_t id)
{
	const struct dlo_set_rule *r = rule_of(rs, id);

	return r->group | (r->action == DLO_ACTION_OFF ? KEY_OFF : 0);
}

/*
 * Brings to the front, in their order, the ids whose key has these bits under
 * the mask. The others, in theirs, wait in spare[].group meanwhile, which has
 * room for them. Returns how many came.
 */
static size_t gather(const struct dlo_ruleset *rs, uint32_t *ids, size_t n,
	uint64_t mask, uint64_t key, struct dlo_verdict *spare)
{
	size_t i, n_here = 0, n_spare = 0;

	for (i = 0; i < n; i++) {
		if ((key_of(rs, ids[i]) & mask) == key) {
			ids[n_here++] = ids[i];
		} else {
			spare[n_spare++].group = ids[i];
		}
	}
	for (i = 0; i < n_spare; i++) {
		ids[n_here + i] = spare[i].group;
	}
	return n_here;
}

/* What n matches of one key say. Actions stand in the order of their weight. */
static struct dlo_verdict verdict(
	const struct dlo_ruleset *rs, const uint32_t *ids, size_t n)
{
	struct dlo_verdict v = {.group = rule_of(rs, ids[0])->group,
		.match = ids,
		.n_matches = (uint32_t)n,
		.level = DLO_LEVEL_INFORMATIONAL,
		.action = DLO_ACTION_OFF};
	size_t i;

	for (i = 0; i < n; i++) {
		const struct dlo_set_rule *r = rule_of(rs, ids[i]);

		if (r->level > v.level) {
			v.level = (enum dlo_level)r->level;
		}
		if (r->action < v.action) {
			v.action = (enum dlo_action)r->action;
		}
	}
	return v;
}

/*
 * `ret` has a place for each id. With n_verdicts of them written and `at` ids
 * dealt with (never fewer), what is left of it holds the ids that are left.
 */
size_t dlo_ruleset_decide(const struct dlo_ruleset *rs, uint32_t *ids, size_t n,
	struct dlo_verdict *ret)
{
	size_t at, took, n_verdicts = 0;

	if (n > 1) {
		gather(rs, ids, n, KEY_OFF, 0, ret);
	}
	for (at = 0; at < n; at += took) {
		took = n - at == 1
			       ? 1
			       : gather(rs, ids + at, n - at, KEY_ALL,
					 key_of(rs, ids[at]), ret + n_verdicts);
		ret[n_verdicts++] = verdict(rs, ids + at, took);
	}
	return n_verdicts;
}

static uint32_t rank_of(const struct dlo_ruleset *rs, uint32_t id)
{
	uint32_t rank = rule_of(rs, id)->rank;
	struct dlo_pattern p;

	if (rank == DLO_RANK_OF_NAME) {
		dlo_matcher_pattern(rs->matcher, id, &p);
		rank = dlo_rank_of_name(&p);
	}
	return rank;
}

struct dlo_subject dlo_ruleset_subject(
	const struct dlo_ruleset *rs, const uint32_t *ids, size_t n)
{
	const struct dlo_set_rule *r = rule_of(rs, ids[0]);
	struct dlo_subject what = {
		.rule = rs->text + r->id, .service = rs->text + r->service};
	size_t i;

	for (i = 0; i < n; i++) {
		uint32_t rank = rank_of(rs, ids[i]);

		what.rank = rank > what.rank ? rank : what.rank;
	}
	return what;
}

void dlo_ruleset_except(const struct dlo_ruleset *rs,
	const struct dlo_name *name, const struct dlo_verdict *v,
	const struct dlo_asker *who, struct dlo_excepted *io)
{
	struct dlo_subject what;

	if (rs->exceptions.n) {
		what = dlo_ruleset_subject(rs, v->match, v->n_matches);
		dlo_exceptions_decide(&rs->exceptions, name, &what, who, io);
	}
}
