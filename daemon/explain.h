/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.h - what a name matches, and why: for a person and as JSON. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "dnslookout.h"

/* Has it explain what comes of a look-up by this client (an address; NULL: who
 * it is is not known), now. false: that is no address. */
bool explain_ask(struct dlo_explainer *x, const char *client);

/* `client`: somebody was named. */
void explain_print_text(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explanation *x, bool client);

/* One object, without a newline. */
void explain_print_json(FILE *f, const struct dlo_ruleset *rules,
	const struct dlo_explanation *x);

#endif
