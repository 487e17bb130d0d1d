/* SPDX-License-Identifier: BSD-2-Clause */
/* pack.c - rules that point to their texts -> rules as a set has them. */
#include "rules/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The array, or a larger one, with room for `want` elements; NULL: no memory.
 */
static void *grown(void *array, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap : 64;
	void *p = array;

	while (n < want) {
		n *= 2;
	}
	if (n != *cap) {
		p = realloc(array, n * size);
		*cap = p ? n : *cap;
	}
	return p;
}

/* Puts a text behind the others. */
static int append(struct dlo_pack *p, const char *text)
{
	size_t len = strlen(text) + 1;
	char *to = len > UINT32_MAX - p->text_len
			   ? NULL
			   : grown(p->text, &p->text_cap, p->text_len + len, 1);

	if (!to) {
		return -ENOMEM;
	}
	p->text = to;
	memcpy(p->text + p->text_len, text, len);
	p->text_len += len;
	return 0;
}

int dlo_pack_text(struct dlo_pack *p, const char *text, uint32_t *ret)
{
	uint32_t n = p->seen.n, i, at = (uint32_t)p->text_len;
	uint32_t *place =
		grown(p->place, &p->places_cap, n + 1u, sizeof(*place));

	if (!place) {
		return -ENOMEM;
	}
	p->place = place;
	if (dlo_intern(&p->seen, &p->arena, &text, sizeof(text), &i) < 0 ||
		(i == n && append(p, text))) {
		return -ENOMEM;
	}
	if (i == n) {
		place[i] = at;
	}
	*ret = place[i];
	return 0;
}

bool dlo_pack_is_valid(const char *text, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t most = n - at <= DLO_PACKED_TEXT_MAX
				      ? n - at
				      : DLO_PACKED_TEXT_MAX + 1;
		const char *end = memchr(text + at, '\0', most);

		if (!end) {
			return false;
		}
		at = (size_t)(end - text) + 1;
	}
	return n > 0;
}

static int pack_tags(struct dlo_pack *p, const struct dlo_rule *rule)
{
	size_t n = p->n_tags + rule->n_tags;
	uint32_t *tag = grown(p->tag, &p->tags_cap, n, sizeof(*tag));

	if (!tag) {
		return -ENOMEM;
	}
	p->tag = tag;
	if (rule->tags == p->from.tags && rule->n_tags == p->from.n_tags) {
		return 0;
	}
	p->to.tags = (uint32_t)p->n_tags;
	p->to.n_tags = rule->n_tags;
	for (uint32_t i = 0; i < rule->n_tags; i++) {
		if (dlo_pack_text(p, rule->tags[i], &tag[p->n_tags++])) {
			return -ENOMEM;
		}
	}
	return 0;
}

int dlo_pack_rule(struct dlo_pack *p, const struct dlo_rule *rule,
	struct dlo_set_rule *ret)
{
	const struct {
		const char *text, *before;
		uint32_t *place;
	} texts[] = {
		{rule->file, p->from.file, &p->to.file},
		{rule->path, p->from.path, &p->to.path},
		{rule->id, p->from.id, &p->to.id},
		{rule->title, p->from.title, &p->to.title},
		{rule->category, p->from.category, &p->to.category},
		{rule->service, p->from.service, &p->to.service},
		{rule->note, p->from.note, &p->to.note},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].text != texts[i].before &&
			dlo_pack_text(p, texts[i].text, texts[i].place)) {
			return -ENOMEM;
		}
	}
	if (pack_tags(p, rule)) {
		return -ENOMEM;
	}
	p->to.level = rule->level;
	p->to.action = rule->action;
	p->to.rank = rule->rank;
	p->from = *rule;
	*ret = p->to;
	return 0;
}

/* An array, less what it did not need, becomes the arena's. NULL: no memory,
 * and it is freed. */
static const void *hand_over(void *array, size_t len, struct dlo_arena *arena)
{
	void *p = realloc(array, len);

	if (!p || dlo_arena_adopt(arena, p, len)) {
		free(p ? p : array);
		return NULL;
	}
	return p;
}

int dlo_set_point_tags(struct dlo_ruleset *set, struct dlo_arena *arena)
{
	set->tags = dlo_arena_array(arena, set->n_tags, sizeof(*set->tags));
	if (!set->tags) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < set->n_tags; i++) {
		set->tags[i] = set->text + set->tag[i];
	}
	return 0;
}

int dlo_pack_end(
	struct dlo_pack *p, struct dlo_arena *arena, struct dlo_ruleset *set)
{
	uint32_t *tag =
		grown(p->tag, &p->tags_cap, p->n_tags + 1, sizeof(*tag));

	p->tag = tag ? tag : p->tag;
	if (!tag || append(p, "")) { /* there is some of both */
		return -ENOMEM;
	}
	set->n_text = (uint32_t)p->text_len;
	set->n_tags = (uint32_t)p->n_tags;
	set->text = hand_over(p->text, p->text_len, arena);
	p->text = NULL;
	set->tag = hand_over(tag, (p->n_tags + 1) * sizeof(*tag), arena);
	p->tag = NULL;
	if (!set->text || !set->tag) {
		return -ENOMEM;
	}
	dlo_pack_fini(p);
	return 0;
}

void dlo_pack_fini(struct dlo_pack *p)
{
	dlo_intern_fini(&p->seen);
	dlo_arena_free(&p->arena);
	free(p->place);
	free(p->text);
	free(p->tag);
	*p = (struct dlo_pack){0};
}
