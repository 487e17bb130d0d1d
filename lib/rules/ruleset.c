/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ruleset.c - lists, compiled: name -> pattern ids -> alerts, one for each
 * (rule, service), less exceptions.
 *
 * Theory of operation: the builder gathers runs (rule.h) and fills the
 * matcher's builder as it goes. Building copies the runs into the arena that
 * already holds what they share, compiles the matcher into it, and numbers
 * the rules in use and the pairs of rule id and service, both in the order of
 * their first pattern. The set is that arena. Exceptions have a matcher of
 * their own in it, so that names which no list matches never meet them.
 */
#include "rules/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/exception_list.h"
#include "rules/list.h"
#include "rules/rule.h"

struct dlo_builder {
	struct dlo_rules rules;
	struct dlo_exceptions exceptions;
	unsigned n_lists;
	int err; /* once memory was out, nothing more is taken */
	struct dlo_list_scratch scratch;
};

struct dlo_ruleset {
	struct dlo_arena arena; /* holds all, this struct too */
	const struct dlo_matcher *matcher;
	struct dlo_run *run;
	struct dlo_rule *rule;
	uint32_t *group_pattern; /* the first pattern of each group */
	struct dlo_exception_set exceptions;
	uint32_t n, n_runs, n_groups;
	unsigned n_lists;
};

/* ---- building ------------------------------------------------------------ */

int dlo_builder_new(struct dlo_builder **ret)
{
	struct dlo_builder *b = calloc(1, sizeof(*b));

	if (!b) {
		return -ENOMEM;
	}
	*ret = b;
	return 0;
}

struct dlo_builder *dlo_builder_free(struct dlo_builder *b)
{
	if (b) {
		dlo_rules_fini(&b->rules);
		dlo_exceptions_fini(&b->exceptions);
		free(b);
	}
	return NULL;
}

int dlo_builder_add_list(struct dlo_builder *b, const char *file,
	const char *text, size_t len, struct dlo_list_report *ret_report,
	struct dlo_diag *reterr_diag)
{
	struct dlo_rules_mark mark = dlo_rules_mark(&b->rules);
	uint32_t n_exceptions = b->exceptions.n;
	int err;

	if (b->err) {
		return b->err;
	}
	err = dlo_list_read(&b->rules, &b->exceptions, &b->scratch, file, text,
		len, ret_report, reterr_diag);
	if (err == 1) {
		dlo_rules_rewind(&b->rules, mark);
		b->exceptions.n = n_exceptions;
		return 1;
	}
	b->err = err;
	b->n_lists += !err;
	return err;
}

int dlo_builder_add_exceptions(struct dlo_builder *b, const char *file,
	const char *text, size_t len, unsigned *ret_n,
	struct dlo_diag *reterr_diag)
{
	uint32_t before = b->exceptions.n;
	int err = b->err;

	if (!err) {
		err = dlo_exceptions_read(&b->exceptions, &b->rules,
			&b->scratch, file, text, len, reterr_diag);
	}
	if (!err && ret_n) {
		*ret_n = b->exceptions.n - before;
	}
	b->err = err < 0 ? err : 0;
	return err;
}

/* The tables that only building needs. */
struct numbering {
	uint32_t *rule; /* number in the set + 1, by number in the builder */
	struct dlo_intern groups;
	uint32_t n_rules;
};

/* The group of a rule, numbered on first sight; `id` is the pattern it is
 * seen with. */
static int group_of(struct dlo_ruleset *rs, struct dlo_arena *arena,
	struct numbering *num, uint32_t id, struct dlo_rule *rule)
{
	const char *key[2] = {rule->id, rule->service};

	if (dlo_intern(&num->groups, arena, key, sizeof(key), &rule->group) <
		0) {
		return -ENOMEM;
	}
	if (rule->group == rs->n_groups) {
		rs->group_pattern[rs->n_groups++] = id;
	}
	return 0;
}

/* Turns the runs' rule numbers into those of the set. */
static int number_runs(
	struct dlo_ruleset *rs, struct dlo_rules *r, struct numbering *num)
{
	uint32_t i;

	for (i = 0; i < rs->n_runs; i++) {
		struct dlo_run *run = &rs->run[i];
		uint32_t from = run->rule, *to = &num->rule[from];

		if (!*to) {
			struct dlo_rule *rule = &rs->rule[num->n_rules];

			*rule = *(const struct dlo_rule *)r->rules.entry[from]
					 .bytes;
			if (group_of(rs, &r->arena, num, run->first, rule) <
				0) {
				return -ENOMEM;
			}
			*to = ++num->n_rules;
		}
		run->rule = *to - 1;
	}
	return 0;
}

static int number(struct dlo_ruleset *rs, struct dlo_rules *r)
{
	struct numbering num = {.n_rules = 0};
	int err = -ENOMEM;

	/* One more: calloc(0) may be NULL. */
	num.rule = calloc((size_t)r->rules.n + 1, sizeof(*num.rule));
	if (num.rule) {
		err = number_runs(rs, r, &num);
	}
	free(num.rule);
	dlo_intern_fini(&num.groups);
	return err;
}

/* Copies runs into the arena; makes room for rules and groups, of which there
 * are at most as many as rules in the builder. */
static int take_runs(struct dlo_ruleset *rs, struct dlo_rules *r)
{
	struct dlo_arena *a = &r->arena;

	rs->run = dlo_arena_array(a, r->n_runs, sizeof(*rs->run));
	rs->rule = dlo_arena_array(a, r->rules.n, sizeof(*rs->rule));
	rs->group_pattern =
		dlo_arena_array(a, r->rules.n, sizeof(*rs->group_pattern));
	if (!rs->run || !rs->rule || !rs->group_pattern) {
		return -ENOMEM;
	}
	rs->n = r->n;
	rs->n_runs = r->n_runs;
	if (r->n_runs) {
		memcpy(rs->run, r->run, r->n_runs * sizeof(*rs->run));
	}
	return 0;
}

static int compile(struct dlo_builder *b, struct dlo_ruleset **ret,
	struct dlo_diag *reterr_diag)
{
	struct dlo_rules *r = &b->rules;
	struct dlo_ruleset *rs = dlo_arena_take(&r->arena, sizeof(*rs));
	int err;

	if (!rs || take_runs(rs, r) < 0) {
		return -ENOMEM;
	}
	err = dlo_exceptions_compile(&b->exceptions, &b->scratch.pattern,
		&r->arena, &rs->exceptions, reterr_diag);
	err = err ? err : number(rs, r);
	if (!err && !r->matcher) {
		err = dlo_matcher_builder_new(&r->matcher);
	}
	if (!err) {
		err = dlo_matcher_build(r->matcher, &r->arena, &rs->matcher);
	}
	if (!err) {
		*ret = rs;
	}
	return err;
}

int dlo_builder_build(struct dlo_builder *b, struct dlo_ruleset **ret,
	struct dlo_diag *reterr_diag)
{
	struct dlo_ruleset *rs;
	int err = b->err ? b->err : compile(b, &rs, reterr_diag);

	if (err) {
		b->err = err < 0 ? err : 0;
		return err;
	}
	rs->arena = b->rules.arena;
	rs->n_lists = b->n_lists;
	b->rules.arena = (struct dlo_arena){0};
	b->n_lists = 0;
	dlo_rules_fini(&b->rules);
	dlo_exceptions_fini(&b->exceptions);
	*ret = rs;
	return 0;
}

struct dlo_ruleset *dlo_ruleset_free(struct dlo_ruleset *rs)
{
	if (rs) {
		struct dlo_arena arena = rs->arena;

		dlo_arena_free(&arena);
	}
	return NULL;
}

/* ---- looking up ---------------------------------------------------------- */

unsigned dlo_ruleset_n_lists(const struct dlo_ruleset *rs)
{
	return rs->n_lists;
}

unsigned dlo_ruleset_n_patterns(const struct dlo_ruleset *rs)
{
	return rs->n;
}

size_t dlo_ruleset_bytes(const struct dlo_ruleset *rs)
{
	return rs->arena.bytes;
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

static const struct dlo_rule *rule_of(const struct dlo_ruleset *rs, uint32_t id)
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
	const struct dlo_rule *r = &rs->rule[run->rule];

	*ret = (struct dlo_pattern_info){
		.file = r->file,
		.path = r->path,
		.line = run->line + (id - run->first),
		.rule_id = r->id,
		.title = r->title,
		.category = r->category,
		.service = r->service,
		.note = r->note,
		.tags = r->tags,
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
	const struct dlo_rule *r = rule_of(rs, id);

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
		const struct dlo_rule *r = rule_of(rs, ids[i]);

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
	const struct dlo_rule *r = rule_of(rs, ids[0]);
	struct dlo_subject what = {.rule = r->id, .service = r->service};
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
