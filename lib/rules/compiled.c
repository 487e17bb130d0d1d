/* SPDX-License-Identifier: BSD-2-Clause */
/* compiled.c - a rule set as one file, and back. */
#include "rules/compiled.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/image.h"
#include "match/compiled.h"
#include "rules/exception_pack.h"
#include "rules/pack.h"

/* What is an array. */
#define PART(array, n) DLO_PART(struct dlo_ruleset, array, n)
static const struct dlo_part parts[] = {
	PART(run, n_runs),
	PART(rule, n_rules),
	PART(group_pattern, n_groups),
	PART(tag, n_tags),
	PART(text, n_text),
	PART(source, n_sources),
};
#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

/* Exceptions that the set has by itself. */
struct exceptions {
	const struct dlo_packed_exception *row;
	const char *text;
	uint32_t n, n_text;
};
static const struct dlo_part exception_parts[] = {
	DLO_PART(struct exceptions, row, n),
	DLO_PART(struct exceptions, text, n_text),
};

/* The sections: a number, the parts, those of exceptions, of the matcher. */
enum {
	BUILT,
	PARTS,
	EXCEPTIONS = PARTS + N_PARTS,
	MATCHER = EXCEPTIONS + 2,
	N_SECTIONS = MATCHER + DLO_MATCHER_SECTIONS
};
static_assert(N_SECTIONS <= DLO_IMAGE_SECTIONS_MAX, "an image can hold them");

struct dlo_compiled {
	uint64_t built_s;
	uint8_t numbers[DLO_MATCHER_NUMBERS];
	struct dlo_packed_exception *row;
	struct dlo_pack pack; /* their texts */
	struct dlo_image_head head;
	struct dlo_piece piece[DLO_IMAGE_PIECES_MAX];
	size_t n_pieces;
};

/* Of no set: the sizes of elements alone. */
static void sections_of(const struct dlo_ruleset *rs, struct dlo_compiled *c,
	struct dlo_section ret[N_SECTIONS])
{
	struct exceptions x = {.n = 0};

	ret[BUILT] = (struct dlo_section){.size = sizeof(uint64_t)};
	if (rs) {
		ret[BUILT].at = &c->built_s;
		ret[BUILT].n = 1;
		x = (struct exceptions){c->row, c->pack.text, rs->exceptions.n,
			(uint32_t)c->pack.text_len};
	}
	dlo_parts_get(parts, N_PARTS, rs, ret + PARTS);
	dlo_parts_get(exception_parts, 2, &x, ret + EXCEPTIONS);
	dlo_matcher_sections(
		rs ? rs->matcher : NULL, c ? c->numbers : NULL, ret + MATCHER);
}

/* ---- writing ------------------------------------------------------------- */

int dlo_compiled_new(const struct dlo_ruleset *rs, uint64_t built_s,
	struct dlo_compiled **ret)
{
	struct dlo_compiled *c = calloc(1, sizeof(*c));
	struct dlo_section section[N_SECTIONS];

	if (!c) {
		return -ENOMEM;
	}
	c->row = calloc(rs->exceptions.n + 1u, sizeof(*c->row));
	if (!c->row || dlo_exceptions_pack(&rs->exceptions, &c->pack, c->row)) {
		dlo_compiled_free(c);
		return -ENOMEM;
	}
	c->built_s = built_s;
	sections_of(rs, c, section);
	c->n_pieces = dlo_image_write(section, N_SECTIONS, &c->head, c->piece);
	*ret = c;
	return 0;
}

const struct dlo_piece *dlo_compiled_pieces(
	const struct dlo_compiled *c, size_t *ret_n)
{
	*ret_n = c->n_pieces;
	return c->piece;
}

struct dlo_compiled *dlo_compiled_free(struct dlo_compiled *c)
{
	if (c) {
		dlo_pack_fini(&c->pack);
		free(c->row);
		free(c);
	}
	return NULL;
}

bool dlo_compiled_is(const void *data, size_t len)
{
	return dlo_image_is(data, len);
}

/* ---- reading ------------------------------------------------------------- */

/* Texts end within; so does whatever begins somewhere in them. */
static bool texts_are_valid(const struct dlo_ruleset *rs)
{
	if (!dlo_pack_is_valid(rs->text, rs->n_text)) {
		return false;
	}
	for (uint32_t i = 0; i < rs->n_tags; i++) {
		if (rs->tag[i] >= rs->n_text) {
			return false;
		}
	}
	for (uint32_t i = 0; i < rs->n_sources; i++) {
		if (rs->source[i].path >= rs->n_text) {
			return false;
		}
	}
	return true;
}

static bool rule_is_valid(
	const struct dlo_ruleset *rs, const struct dlo_set_rule *r)
{
	const uint32_t texts[] = {r->file, r->path, r->id, r->title,
		r->category, r->service, r->note};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i] >= rs->n_text) {
			return false;
		}
	}
	return r->tags <= rs->n_tags && r->n_tags <= rs->n_tags - r->tags &&
	       r->level < DLO_LEVEL__N && r->action < DLO_ACTION__N &&
	       r->group < rs->n_groups;
}

static bool rules_are_valid(const struct dlo_ruleset *rs)
{
	for (uint32_t i = 0; i < rs->n_rules; i++) {
		if (!rule_is_valid(rs, &rs->rule[i])) {
			return false;
		}
	}
	for (uint32_t i = 0; i < rs->n_groups; i++) {
		if (rs->group_pattern[i] >= rs->n) {
			return false;
		}
	}
	return true;
}

/* Each pattern is in one: they begin with the first and ascend. */
static bool runs_are_valid(const struct dlo_ruleset *rs)
{
	uint32_t from = 0; /* the next may begin there */

	for (uint32_t i = 0; i < rs->n_runs; i++) {
		const struct dlo_run *run = &rs->run[i];

		if (run->first < from || run->first >= rs->n ||
			(i == 0 && run->first != 0) ||
			run->rule >= rs->n_rules) {
			return false;
		}
		from = run->first + 1;
	}
	return (rs->n == 0) == (rs->n_runs == 0);
}

static const char *not_whole(const struct dlo_ruleset *rs)
{
	return !texts_are_valid(rs)   ? "the texts"
	       : !rules_are_valid(rs) ? "the rules"
	       : !runs_are_valid(rs)  ? "the places of the patterns"
				      : NULL;
}

/* Takes what the sections hold, but for exceptions. 0, 1 with *reterr_what,
 * -ENOMEM. */
static int take_sections(struct dlo_ruleset *rs, struct dlo_arena *arena,
	const struct dlo_section section[N_SECTIONS], const char **reterr_what)
{
	int r;

	if (section[BUILT].n != 1 ||
		!dlo_parts_set(parts, N_PARTS, section + PARTS, rs)) {
		*reterr_what = "the numbers";
		return 1;
	}
	rs->built_s = *(const uint64_t *)section[BUILT].at;
	r = dlo_matcher_load(
		section + MATCHER, arena, &rs->matcher, reterr_what);
	if (r) {
		return r;
	}
	rs->n = dlo_matcher_n(rs->matcher);
	*reterr_what = not_whole(rs);
	return *reterr_what != NULL;
}

static int take_exceptions(const struct dlo_section section[N_SECTIONS],
	struct dlo_exceptions *to, struct dlo_rules *texts,
	const char **reterr_what)
{
	struct exceptions x;

	*reterr_what = "the exceptions";
	if (!dlo_parts_set(exception_parts, 2, section + EXCEPTIONS, &x)) {
		return 1;
	}
	return dlo_exceptions_unpack(to, texts, x.row, x.n, x.text, x.n_text);
}

int dlo_compiled_load(struct dlo_rules *texts, struct dlo_exceptions *to,
	const char *file, void *pages, size_t len, struct dlo_ruleset **ret,
	struct dlo_diag *reterr_diag)
{
	struct dlo_ruleset *rs = dlo_arena_take(&texts->arena, sizeof(*rs));
	struct dlo_section section[N_SECTIONS];
	const char *what = NULL;
	int r;

	if (!rs || mprotect(pages, len ? len : 1, PROT_READ)) {
		return -ENOMEM;
	}
	*reterr_diag = (struct dlo_diag){.line = 0};
	snprintf(reterr_diag->file, sizeof(reterr_diag->file), "%s", file);
	sections_of(NULL, NULL, section);
	r = dlo_image_read(pages, len, section, N_SECTIONS, reterr_diag);
	if (r) {
		return r;
	}
	r = take_sections(rs, &texts->arena, section, &what);
	r = r ? r : take_exceptions(section, to, texts, &what);
	if (r > 0) {
		snprintf(reterr_diag->msg, sizeof(reterr_diag->msg),
			"damaged: %s are not whole", what);
	}
	if (!r) {
		rs->pages = pages;
		rs->pages_len = len;
		*ret = rs;
	}
	return r;
}
