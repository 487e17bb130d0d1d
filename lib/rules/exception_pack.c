/* SPDX-License-Identifier: BSD-2-Clause */
/* exception_pack.c - exceptions as an array without pointers, and back. */
#include "rules/exception_pack.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static_assert(sizeof(struct dlo_packed_exception) == 88, "no holes");

/* Each text: the pointer to it, and its place. */
#define TEXT(member) \
	{ \
		offsetof(struct dlo_exception_info, member), \
			offsetof(struct dlo_packed_exception, member) \
	}
static const struct {
	size_t pointer, place;
} texts[] = {
	TEXT(text),
	TEXT(file),
	TEXT(path),
	TEXT(pattern),
	TEXT(client),
	TEXT(rule),
	TEXT(service),
	TEXT(until),
	TEXT(owner),
	TEXT(reason),
};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

int dlo_exceptions_pack(const struct dlo_exception_set *x,
	struct dlo_pack *pack, struct dlo_packed_exception *ret)
{
	for (uint32_t i = 0; i < x->n; i++) {
		const struct dlo_exception *e = &x->row[i];

		ret[i] = (struct dlo_packed_exception){.end_ns = e->info.end_ns,
			.identity = e->info.identity,
			.line = e->info.line,
			.col = e->col,
			.rank = e->rank,
			.of_list = e->info.of_list,
			.network = e->client};
		for (size_t k = 0; k < N_TEXTS; k++) {
			const char *text;
			uint32_t place;

			memcpy(&text, (const char *)&e->info + texts[k].pointer,
				sizeof(text));
			if (dlo_pack_text(pack, text, &place)) {
				return -ENOMEM;
			}
			memcpy((char *)&ret[i] + texts[k].place, &place,
				sizeof(place));
		}
	}
	return 0;
}

static bool network_is_valid(const struct dlo_network *net)
{
	unsigned most = net->ip_version == 4   ? 32
			: net->ip_version == 6 ? 128
					       : 0;

	return net->bits <= most && (most || !net->ip_version);
}

static int unpack(struct dlo_exceptions *x, struct dlo_rules *rules,
	const struct dlo_packed_exception *row, const char *text,
	uint32_t n_text)
{
	struct dlo_exception e = {.info = {.end_ns = row->end_ns,
					  .identity = row->identity,
					  .line = row->line,
					  .of_list = row->of_list != 0},
		.client = row->network,
		.col = row->col,
		.rank = row->rank};

	if (!network_is_valid(&row->network)) {
		return 1;
	}
	for (size_t k = 0; k < N_TEXTS; k++) {
		const char *interned, *p;
		uint32_t place;

		memcpy(&place, (const char *)row + texts[k].place,
			sizeof(place));
		if (place >= n_text) {
			return 1;
		}
		p = text + place;
		if (dlo_rules_text(rules, p, strlen(p), &interned) < 0) {
			return -ENOMEM;
		}
		memcpy((char *)&e.info + texts[k].pointer, &interned,
			sizeof(interned));
	}
	return dlo_exceptions_add(x, &e);
}

int dlo_exceptions_unpack(struct dlo_exceptions *x, struct dlo_rules *rules,
	const struct dlo_packed_exception *row, uint32_t n, const char *text,
	uint32_t n_text)
{
	int r = n > 0 && !dlo_pack_is_valid(text, n_text);

	for (uint32_t i = 0; !r && i < n; i++) {
		r = unpack(x, rules, &row[i], text, n_text);
	}
	return r;
}
