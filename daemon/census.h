/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * census.h - what the wire carried, seen or not: for a person and as JSON.
 *
 * A sniffer that is blind and says nothing is worse than none. So what was
 * skipped is counted by shape and reason, and what looks wrong is said in
 * plain words.
 */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdio.h>

#include "source.h"

/* One line of JSON for each interface, or for all files, and one for the sample
 * of each that has a filter: {"census":{...}}. */
void census_print_json(FILE *f, const struct source *sources, unsigned n);

/* The same as one array of what is inside of these. */
void census_print_json_array(FILE *f, const struct source *sources, unsigned n);

/* The same for a person. */
void census_print_text(FILE *f, const struct source *sources, unsigned n);

#define CENSUS_WARNING "warning: "

/* Only what looks wrong, a line each, which begins with CENSUS_WARNING. */
void census_print_warnings(FILE *f, const struct source *sources, unsigned n);

#endif
