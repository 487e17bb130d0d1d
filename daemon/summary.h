/* SPDX-License-Identifier: BSD-2-Clause */
/* summary.h - what was seen and what could not be seen, for a person. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "exceptions.h"
#include "output.h"
#include "source.h"
#include "tallies.h"

/*
 * Prints tcpdump's three lines, then what was found, why packets went no
 * further and, at the end (no frame may be under way, all outputs are closed),
 * what was only counted, with -v by client; with -v also all exceptions.
 * `tallies` are those of rules that are not in use any more, to which the
 * others are added; NULL: it is not the end.
 */
void summary_print(FILE *f, const struct options *o,
	const struct source *sources, unsigned n_sources,
	const struct dlo_ruleset *rules, const struct exceptions *exceptions,
	const struct outputs *outputs, struct tallies *tallies);

/* Says it on stderr. */
void summary_say(const struct options *o, const struct source *sources,
	unsigned n_sources, const struct dlo_ruleset *rules,
	const struct exceptions *exceptions, const struct outputs *outputs,
	struct tallies *tallies);

#define STATUS_MAX 480 /* notify.h */

/* All of it in a line, for the service manager. at_end: all outputs are closed.
 */
void summary_status(const struct source *sources, unsigned n_sources,
	const struct dlo_ruleset *rules, const struct outputs *outputs,
	bool at_end, char text[STATUS_MAX]);

/* Alerts of all sources. */
uint64_t summary_alerts(const struct source *sources, unsigned n_sources);

/* The census alone, as JSON, and what looks wrong in it: to the log. */
void summary_say_census(const struct source *sources, unsigned n_sources);

#endif
