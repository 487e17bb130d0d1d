/* SPDX-License-Identifier: BSD-2-Clause */
/* summary.h - what was seen and what could not be seen, for a person. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "source.h"

/*
 * Prints tcpdump's three lines, then what was found, why packets went no
 * further, and what was only counted (with `verbose`, by client: then no frame
 * may be under way). `lost` are alerts that outputs lost.
 */
void summary_print(FILE *f, const struct source *sources, unsigned n_sources,
	const struct dlo_ruleset *rules, uint64_t lost, bool tallies,
	bool verbose);

/* Alerts of all sources. */
uint64_t summary_alerts(const struct source *sources, unsigned n_sources);

#endif
