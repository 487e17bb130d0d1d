/* SPDX-License-Identifier: BSD-2-Clause */
/* rule_counts.c - alerts by rule and level since the start. */
#include "rule_counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing: a power of two, at most half full. */
#define SLOTS (2 * RULE_COUNTS_MAX)

struct rule_counts {
	struct rule_count others;
	unsigned n;
	uint16_t slot[SLOTS]; /* place of its rule + 1; 0: free */
	struct rule_count rule[RULE_COUNTS_MAX]; /* n; strings are ours */
};

int rule_counts_new(struct rule_counts **ret)
{
	struct rule_counts *c = calloc(1, sizeof(*c));

	if (!c) {
		return -ENOMEM;
	}
	c->others = (struct rule_count){"", "all other rules", "", {0}};
	*ret = c;
	return 0;
}

static void free_texts(struct rule_count *r)
{
	free((char *)(uintptr_t)r->rule);
	free((char *)(uintptr_t)r->title);
	free((char *)(uintptr_t)r->category);
	*r = (struct rule_count){0};
}

struct rule_counts *rule_counts_free(struct rule_counts *c)
{
	for (unsigned i = 0; c && i < c->n; i++) {
		free_texts(&c->rule[i]);
	}
	free(c);
	return NULL;
}

/* FNV-1a: the ids are the admin's own, nobody chooses them to collide. */
static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text; text++) {
		h = (h ^ (unsigned char)*text) * 16777619u;
	}
	return h;
}

static struct rule_count *take(
	struct rule_counts *c, uint16_t *slot, const struct dlo_pattern_info *p)
{
	struct rule_count *r = &c->rule[c->n];

	if (c->n == RULE_COUNTS_MAX) {
		return &c->others;
	}
	*r = (struct rule_count){
		strdup(p->rule_id), strdup(p->title), strdup(p->category), {0}};
	if (!r->rule || !r->title || !r->category) {
		free_texts(r);
		return &c->others;
	}
	*slot = (uint16_t)++c->n;
	return r;
}

static struct rule_count *find(
	struct rule_counts *c, const struct dlo_pattern_info *p)
{
	uint32_t at = hash(p->rule_id) % SLOTS;

	while (c->slot[at]) {
		struct rule_count *r = &c->rule[c->slot[at] - 1];

		if (!strcmp(r->rule, p->rule_id)) {
			return r;
		}
		at = (at + 1) % SLOTS;
	}
	return take(c, &c->slot[at], p);
}

void rule_counts_add(struct rule_counts *c, const struct dlo_record *rec)
{
	struct dlo_pattern_info p;

	dlo_ruleset_pattern(rec->rules, rec->match[0], &p);
	if (rec->level < DLO_LEVEL__N) {
		find(c, &p)->n[rec->level]++;
	}
}

static bool any(const struct rule_count *r)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < DLO_LEVEL__N; i++) {
		sum += r->n[i];
	}
	return sum > 0;
}

void rule_counts_each(const struct rule_counts *c,
	void (*fn)(void *ctx, const struct rule_count *count), void *ctx)
{
	for (unsigned i = 0; i < c->n; i++) {
		fn(ctx, &c->rule[i]);
	}
	if (any(&c->others)) {
		fn(ctx, &c->others);
	}
}
