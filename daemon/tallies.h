/* SPDX-License-Identifier: BSD-2-Clause */
/* tallies.h - what was only counted, by service and client, under whichever
 * rules: texts are copied, so that it outlives them. */
#ifndef TALLIES_H
#define TALLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "dnslookout.h"

/* Above it, those who asked least are counted together: about 3 MB. */
#define TALLIES_MAX 65536u

struct tallies {
	struct tally_service *service;
	unsigned n_services;
	struct tally_row *row;
	size_t n, cap;
};

/* For dlo_engine_tally() and dlo_engine_rules_tally(); t: struct tallies. What
 * there is no memory for is left out. */
void tallies_add(void *t, const struct dlo_tally_row *row);

/* One row a client and service, however often he was added, and at most
 * TALLIES_MAX of clients. To be called when all of an engine's are added. */
void tallies_settle(struct tallies *t);

/* A line a service: how many look-ups, by how many clients; with `verbose`, a
 * line a client. Settles. */
void tallies_print(FILE *f, struct tallies *t, bool verbose);

void tallies_free(struct tallies *t);

#endif
