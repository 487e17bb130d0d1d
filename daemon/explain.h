/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.h - what a name matches, and why: for a person and as JSON. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdio.h>

#include "dnslookout.h"

void explain_print_text(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explanation *x);

/* One object, without a newline. */
void explain_print_json(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explanation *x);

#endif
