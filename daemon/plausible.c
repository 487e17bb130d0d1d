/* SPDX-License-Identifier: BSD-2-Clause */
/* plausible.c - whether lists that can be read are what somebody wants. */
#include "plausible.h"

#include <inttypes.h>

#include "log.h"
#include "plural.h"

bool plausible(const struct lists *l, unsigned n_running)
{
	uint64_t n_lines = (uint64_t)l->n_patterns + l->n_skipped + l->n_bad;
	bool fine = true;

	if (!l->n_patterns) {
		log_error("there is no pattern in %u list%s", l->n_lists,
			plural(l->n_lists));
		fine = false;
	} else if (UINT64_C(2) * l->n_patterns < n_running) {
		log_error("%u pattern%s, fewer than half of the %u in use",
			l->n_patterns, plural(l->n_patterns), n_running);
		fine = false;
	}
	if (UINT64_C(10) * l->n_bad > n_lines) {
		log_error("%u of %" PRIu64 " lines are bad, more than a tenth",
			l->n_bad, n_lines);
		fine = false;
	} else if (l->n_unreadable) {
		log_error("%u list%s without one good line", l->n_unreadable,
			plural(l->n_unreadable));
		fine = false;
	}
	return fine;
}
