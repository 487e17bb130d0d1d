/* SPDX-License-Identifier: BSD-2-Clause */
/* ledger.c - the sum that has to come out, for each output. */
#include "ledger.h"

#include <inttypes.h>

#include "plural.h"

struct sums {
	uint64_t raised; /* by the engines */
	uint64_t lost; /* no room in a ring: no output has got them */
	uint64_t merged; /* stand in one of another interface */
};

static struct sums sums_of(const struct source *sources, unsigned n)
{
	struct sums sum = {0};

	for (unsigned i = 0; i < n; i++) {
		const struct source *s = &sources[i];

		sum.raised += dlo_engine_stat(s->engine, DLO_STAT_ALERTS) +
			      dlo_engine_stat(s->engine, DLO_STAT_CLOSINGS);
		sum.lost += atomic_load_explicit(
			&s->counts.lost, memory_order_relaxed);
		sum.merged += atomic_load_explicit(
			&s->counts.merged, memory_order_relaxed);
	}
	return sum;
}

struct ledger_row ledger_row(const struct outputs *o, unsigned i,
	const struct source *sources, unsigned n_sources, bool at_end)
{
	struct ledger_row row = {.a = outputs_alerts(o, i)};
	struct sums sum = sums_of(sources, n_sources);

	if (row.a.each) {
		row.a.raised += sum.lost;
		row.a.lost += sum.lost;
	}
	if (at_end && row.a.each) {
		row.missing =
			(int64_t)(sum.raised + o->n_tests -
				  (row.a.wire ? 0 : sum.merged) - row.a.raised);
	}
	if (at_end) {
		row.missing += (int64_t)row.a.waiting;
	}
	return row;
}

void ledger_text(const struct ledger_row *row, char text[LEDGER_TEXT_MAX])
{
	const struct output_alerts *a = &row->a;
	const struct {
		uint64_t n;
		const char *what;
	} parts[] = {
		{a->delivered, "delivered"},
		{a->waiting, "waiting"},
		{a->spooled, "spooled"},
		{a->lost, "lost"},
		{a->unread, "unread"},
		{(uint64_t)row->missing, "unaccounted for"},
	};
	size_t at = (size_t)snprintf(text, LEDGER_TEXT_MAX,
		"%s: %" PRIu64 " alert%s raised", a->output, a->raised,
		plural(a->raised));
	const char *before = ": ";

	if (a->recovered) {
		at += (size_t)snprintf(text + at, LEDGER_TEXT_MAX - at,
			", %" PRIu64 " recovered", a->recovered);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].n) {
			at += (size_t)snprintf(text + at, LEDGER_TEXT_MAX - at,
				"%s%" PRId64 " %s", before, (int64_t)parts[i].n,
				parts[i].what);
			before = ", ";
		}
	}
}

void ledger_print(FILE *f, const struct outputs *o,
	const struct source *sources, unsigned n_sources, bool at_end, bool all)
{
	char text[LEDGER_TEXT_MAX];

	for (unsigned i = 0; i < o->n; i++) {
		struct ledger_row row =
			ledger_row(o, i, sources, n_sources, at_end);
		uint64_t given = row.a.raised + row.a.recovered;

		if (all || row.a.delivered != given || row.missing) {
			ledger_text(&row, text);
			fprintf(f, "%s\n", text);
		}
	}
}
