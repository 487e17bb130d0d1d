/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger.h - the sum that has to come out: each alert that was raised, or left
 * by the run before, is delivered, waiting, spooled, lost or unread, for each
 * output. Summary and STATUS tell these numbers and no others; of metrics,
 * those about an output leave out what was lost before all of them, which is a
 * counter of its own (alerts_dropped_total).
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdio.h>

#include "output.h"
#include "source.h"

struct ledger_row {
	/* Raised are those that have come out of the rings or were lost before;
	 * those are among the lost. */
	struct output_alerts a;
	/* At the end: raised by the engines or for a test, and not in the
	 * account. 0, or there is a fault. */
	int64_t missing;
};

/* Output i of o. at_end: all are closed, and the sources have ended. */
struct ledger_row ledger_row(const struct outputs *o, unsigned i,
	const struct source *sources, unsigned n_sources, bool at_end);

/* "syslog: 7 alerts raised: 4 delivered, 2 spooled, 1 lost", as much of it as
 * is not 0. */
#define LEDGER_TEXT_MAX 256u
void ledger_text(const struct ledger_row *row, char text[LEDGER_TEXT_MAX]);

/* A line for each output, or, without `all`, for those that have not delivered
 * what they were given. */
void ledger_print(FILE *f, const struct outputs *o,
	const struct source *sources, unsigned n_sources, bool at_end,
	bool all);

#endif
