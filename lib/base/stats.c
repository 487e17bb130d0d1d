/* SPDX-License-Identifier: BSD-2-Clause */
/* stats.c - the names of the counters. */
#include "base/stats.h"

#include <assert.h>

enum kind { FLOW, STOP, BLIND, FAULT, BAD };

static const struct {
	enum kind kind;
	const char *name, *text;
} rows[] = {
#define ROW(symbol, kind_, name_, text_) \
	[DLO_STAT_##symbol] = {.kind = kind_, .name = name_, .text = text_},
	DLO_STATS(ROW)
#undef ROW
};

static_assert(sizeof(rows) / sizeof(rows[0]) == DLO_STAT__N,
	"a counter without a row");

struct dlo_stat_info dlo_stat_info(enum dlo_stat stat)
{
	static const enum dlo_ends ends[] = {
		[STOP] = DLO_ENDS_FRAME,
		[BLIND] = DLO_ENDS_FRAME,
		[FAULT] = DLO_ENDS_MESSAGE,
		[BAD] = DLO_ENDS_MESSAGE,
	};

	return (struct dlo_stat_info){
		.name = rows[stat].name,
		.text = rows[stat].text,
		.ends = ends[rows[stat].kind],
		.blind = rows[stat].kind == BLIND,
		.bad = rows[stat].kind == BAD,
	};
}
