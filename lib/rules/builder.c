/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * builder.c - lists and exceptions, or a compiled set and exceptions -> a rule
 * set.
 *
 * Theory of operation: the builder gathers runs (rule.h) and fills the
 * matcher's builder as it goes. Building turns them into what a set is made of
 * (set.h), in an arena of the set's: it compiles the matcher, and numbers the
 * rules in use and the pairs of rule id and service, both in the order of their
 * first pattern. Or all of that is in a file (compiled.h). Exceptions have a
 * matcher of their own, so that names which no list matches never meet them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dnslookout.h"
#include "rules/compiled.h"
#include "rules/exception_list.h"
#include "rules/list.h"
#include "rules/pack.h"
#include "rules/rule.h"
#include "rules/set.h"

struct source { /* of struct dlo_set_source */
	const char *path;
	unsigned n_patterns, n_exceptions, n_bad, n_skipped;
};

struct dlo_builder {
	struct dlo_rules rules; /* of lists */
	struct source *source;
	uint32_t n_sources, sources_cap;
	struct dlo_exceptions exceptions;
	struct dlo_rules texts; /* of exceptions; its arena becomes the set's */
	struct dlo_ruleset *compiled; /* in that arena; instead of lists */
	int err; /* once memory was out, nothing more is taken */
	struct dlo_list_scratch scratch;
};

int dlo_builder_new(struct dlo_builder **ret)
{
	struct dlo_builder *b = calloc(1, sizeof(*b));

	if (!b) {
		return -ENOMEM;
	}
	*ret = b;
	return 0;
}

/* Forgets what was gathered. */
static void empty(struct dlo_builder *b)
{
	dlo_rules_fini(&b->rules);
	dlo_rules_fini(&b->texts);
	dlo_exceptions_fini(&b->exceptions);
	free(b->source);
	b->source = NULL;
	b->n_sources = b->sources_cap = 0;
	b->compiled = NULL;
}

struct dlo_builder *dlo_builder_free(struct dlo_builder *b)
{
	if (b) {
		if (b->compiled) {
			munmap(b->compiled->pages, b->compiled->pages_len);
		}
		empty(b);
		free(b);
	}
	return NULL;
}

/* Notes a list of which *r has become. */
static int add_source(struct dlo_builder *b, const char *file,
	const struct dlo_list_report *r)
{
	uint32_t cap = b->sources_cap ? 2 * b->sources_cap : 16;
	const char *path;

	if (b->n_sources == b->sources_cap) {
		struct source *more =
			realloc(b->source, (size_t)cap * sizeof(*more));

		if (!more) {
			return -ENOMEM;
		}
		b->source = more;
		b->sources_cap = cap;
	}
	if (dlo_rules_text(&b->rules, file, strlen(file), &path) < 0) {
		return -ENOMEM;
	}
	b->source[b->n_sources++] = (struct source){
		path, r->n_patterns, r->n_exceptions, r->n_bad, r->n_skipped};
	return 0;
}

static int not_both(const char *file, struct dlo_diag *reterr_diag)
{
	*reterr_diag = (struct dlo_diag){.line = 0};
	snprintf(reterr_diag->file, sizeof(reterr_diag->file), "%s", file);
	snprintf(reterr_diag->msg, sizeof(reterr_diag->msg),
		"a compiled rule set stands alone: compile all lists into one");
	return 1;
}

int dlo_builder_add_list(struct dlo_builder *b, const char *file,
	const char *text, size_t len, struct dlo_list_report *ret_report,
	struct dlo_diag *reterr_diag)
{
	struct dlo_rules_mark mark = dlo_rules_mark(&b->rules);
	uint32_t n_exceptions = b->exceptions.n;
	int err;

	if (b->err || b->compiled) {
		return b->err ? b->err : not_both(file, reterr_diag);
	}
	err = dlo_list_read(&b->rules, &b->exceptions, &b->texts, &b->scratch,
		file, text, len, ret_report, reterr_diag);
	if (err == 1) {
		dlo_rules_rewind(&b->rules, mark);
		b->exceptions.n = n_exceptions;
		return 1;
	}
	b->err = err ? err : add_source(b, file, &b->scratch.report);
	return b->err;
}

int dlo_builder_add_exceptions(struct dlo_builder *b, const char *file,
	const char *text, size_t len, unsigned *ret_n,
	struct dlo_diag *reterr_diag)
{
	uint32_t before = b->exceptions.n;
	int err = b->err;

	if (!err) {
		err = dlo_exceptions_read(&b->exceptions, &b->texts,
			&b->scratch, file, text, len, reterr_diag);
	}
	if (!err && ret_n) {
		*ret_n = b->exceptions.n - before;
	}
	b->err = err < 0 ? err : 0;
	return err;
}

int dlo_builder_add_compiled(struct dlo_builder *b, const char *file,
	void *pages, size_t len, struct dlo_diag *reterr_diag)
{
	uint32_t before = b->exceptions.n;
	int err = b->err;

	if (!err && (b->compiled || b->n_sources)) {
		err = not_both(file, reterr_diag);
	}
	if (!err) {
		err = dlo_compiled_load(&b->texts, &b->exceptions, file, pages,
			len, &b->compiled, reterr_diag);
	}
	if (err) {
		munmap(pages, len ? len : 1);
		b->exceptions.n = before;
	}
	b->err = err < 0 ? err : 0;
	return err;
}

/* ---- building ------------------------------------------------------------ */

/* What only building needs. */
struct numbering {
	struct dlo_set_rule *rule; /* of the set */
	uint32_t *group_pattern; /* of the set */
	uint32_t *number; /* in the set + 1, by number in the builder */
	struct dlo_intern groups;
	struct dlo_pack pack;
};

/* The group of a rule, numbered on first sight; `id` is the pattern it is
 * seen with. */
static int group_of(struct dlo_ruleset *rs, struct dlo_arena *arena,
	struct numbering *num, uint32_t id, const struct dlo_rule *rule,
	uint32_t *ret)
{
	const char *key[2] = {rule->id, rule->service};

	if (dlo_intern(&num->groups, arena, key, sizeof(key), ret) < 0) {
		return -ENOMEM;
	}
	if (*ret == rs->n_groups) {
		num->group_pattern[rs->n_groups++] = id;
	}
	return 0;
}

/* Writes the runs with the rule numbers of the set. */
static int number_runs(struct dlo_ruleset *rs, struct dlo_rules *r,
	struct numbering *num, struct dlo_run *run)
{
	for (uint32_t i = 0; i < r->n_runs; i++) {
		const struct dlo_rule *rule =
			r->rules.entry[r->run[i].rule].bytes;
		uint32_t *number = &num->number[r->run[i].rule];

		if (!*number) {
			struct dlo_set_rule *to = &num->rule[rs->n_rules];

			if (dlo_pack_rule(&num->pack, rule, to) ||
				group_of(rs, &r->arena, num, r->run[i].first,
					rule, &to->group)) {
				return -ENOMEM;
			}
			*number = ++rs->n_rules;
		}
		run[i] = r->run[i];
		run[i].rule = *number - 1;
	}
	return 0;
}

static int pack_sources(struct dlo_ruleset *rs, const struct dlo_builder *b,
	struct dlo_pack *pack, struct dlo_set_source *to)
{
	rs->n_sources = b->n_sources;
	for (uint32_t i = 0; i < b->n_sources; i++) {
		const struct source *s = &b->source[i];

		to[i] = (struct dlo_set_source){.n_patterns = s->n_patterns,
			.n_exceptions = s->n_exceptions,
			.n_bad = s->n_bad,
			.n_skipped = s->n_skipped};
		if (dlo_pack_text(pack, s->path, &to[i].path)) {
			return -ENOMEM;
		}
	}
	return 0;
}

/* Fills in all but matcher and exceptions, into an arena. */
static int number(struct dlo_ruleset *rs, struct dlo_builder *b,
	struct dlo_arena *a, struct numbering *num)
{
	struct dlo_rules *r = &b->rules;
	struct dlo_run *run = dlo_arena_array(a, r->n_runs, sizeof(*run));
	struct dlo_set_source *source =
		dlo_arena_array(a, b->n_sources, sizeof(*source));

	/* There are at most as many rules and groups as in the builder. */
	num->rule = dlo_arena_array(a, r->rules.n, sizeof(*num->rule));
	num->group_pattern =
		dlo_arena_array(a, r->rules.n, sizeof(*num->group_pattern));
	/* One more: calloc(0) may be NULL. */
	num->number = calloc((size_t)r->rules.n + 1, sizeof(*num->number));
	if (!run || !source || !num->rule || !num->group_pattern ||
		!num->number || number_runs(rs, r, num, run) ||
		pack_sources(rs, b, &num->pack, source) ||
		dlo_pack_end(&num->pack, a, rs)) {
		return -ENOMEM;
	}
	rs->n = r->n;
	rs->n_runs = r->n_runs;
	rs->run = run;
	rs->rule = num->rule;
	rs->group_pattern = num->group_pattern;
	rs->source = source;
	return 0;
}

static int compile_lists(struct dlo_builder *b, struct dlo_ruleset **ret)
{
	struct dlo_arena *arena = &b->texts.arena;
	struct dlo_ruleset *rs = dlo_arena_take(arena, sizeof(*rs));
	struct numbering num = {.rule = NULL};
	int err = rs ? number(rs, b, arena, &num) : -ENOMEM;

	free(num.number);
	dlo_intern_fini(&num.groups);
	dlo_pack_fini(&num.pack);
	if (!err && !b->rules.matcher) {
		err = dlo_matcher_builder_new(&b->rules.matcher);
	}
	if (!err) {
		err = dlo_matcher_build(b->rules.matcher, arena, &rs->matcher);
	}
	*ret = rs;
	return err;
}

static int compile(struct dlo_builder *b, struct dlo_ruleset **ret,
	struct dlo_diag *reterr_diag)
{
	struct dlo_exception_set exceptions;
	struct dlo_ruleset *rs = b->compiled;
	int err = dlo_exceptions_compile(&b->exceptions, &b->scratch.pattern,
		&b->texts.arena, &exceptions, reterr_diag);

	if (!err && !rs) {
		err = compile_lists(b, &rs);
	}
	if (!err) {
		err = dlo_set_point_tags(rs, &b->texts.arena);
	}
	if (!err) {
		rs->exceptions = exceptions;
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
	rs->arena = b->texts.arena;
	b->texts.arena = (struct dlo_arena){0};
	empty(b);
	*ret = rs;
	return 0;
}
