/* SPDX-License-Identifier: BSD-2-Clause */
/* reader.h - a list that is being read: what all formats do with its lines. */
#ifndef DLO_RULES_READER_H
#define DLO_RULES_READER_H

#include <stdbool.h>

#include "rules/exception.h"
#include "rules/header.h"
#include "rules/line.h"
#include "rules/rule.h"
#include "rules/scratch.h"

struct dlo_reader {
	struct dlo_rules *rules;
	struct dlo_exceptions *exceptions;
	struct dlo_rules *texts; /* of exceptions: interns them */
	struct dlo_list_scratch *scratch;
	struct dlo_headers headers;
	struct dlo_diag *diag; /* of the line being read */
	struct dlo_zone *zone; /* in the scratch space */
	bool strict; /* the list has headers */
};

/*
 * Each of these returns 0; 1 with a diagnostic, for the octet at offset `at` of
 * the line; -ENOMEM.
 */

/* Parses text, whose first octet stands there, into the scratch space. */
int dlo_reader_parse(struct dlo_reader *t, struct dlo_line *l, const char *text,
	size_t len, size_t at);

/* Adds the pattern in the scratch space. */
int dlo_reader_add(struct dlo_reader *t, struct dlo_line *l, size_t at,
	const struct dlo_rule *rule);

/* Adds it as an exception of this list's alerts only, of that rank. */
int dlo_reader_except(
	struct dlo_reader *t, struct dlo_line *l, size_t at, unsigned rank);

/* Reads the names that follow the address of a hosts line. */
int dlo_reader_hosts(
	struct dlo_reader *t, struct dlo_line *l, size_t address_at);

/* Counts a line that means nothing to us. Returns 0. */
int dlo_reader_skip(struct dlo_reader *t);

#endif
