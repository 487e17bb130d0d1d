/* SPDX-License-Identifier: BSD-2-Clause */
/* verb_check.c - reads the lists, opens nothing, says what is loaded. */
#include <stdio.h>

#include "dnslookout.h"
#include "lists.h"
#include "log.h"
#include "options.h"
#include "plural.h"
#include "verbs.h"

static void print_actions(const struct dlo_ruleset *rules)
{
	unsigned n_lists = dlo_ruleset_n_lists(rules),
		 n_patterns = dlo_ruleset_n_patterns(rules);
	unsigned n[DLO_ACTION__N] = {0};
	struct dlo_pattern_info p;

	for (unsigned i = 0; i < n_patterns; i++) {
		dlo_ruleset_pattern(rules, i, &p);
		n[p.action]++;
	}
	printf("%u list%s, %u pattern%s: %u alert, %u count, %u off; %zu KiB\n",
		n_lists, plural(n_lists), n_patterns, plural(n_patterns),
		n[DLO_ACTION_ALERT], n[DLO_ACTION_COUNT], n[DLO_ACTION_OFF],
		(dlo_ruleset_bytes(rules) + 1023) / 1024);
}

int verb_check(int argc, char **argv)
{
	struct options o;
	struct dlo_ruleset *rules = NULL;
	int r = options_read(&o, OPTION_CHECK, argc, argv);

	if (r < 0) {
		r = 0;
		if (o.n_words) {
			log_error("check takes no names: %s", o.words[0]);
			r = EXIT_USAGE;
		}
		if (!r) {
			r = lists_load(&o, stdout, &rules);
		}
		if (!r) {
			print_actions(rules);
			puts("fine");
		}
	}
	dlo_ruleset_free(rules);
	options_free(&o);
	return r;
}
