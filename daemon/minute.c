/* SPDX-License-Identifier: BSD-2-Clause */
/* minute.c - once a minute: silent interfaces, and the hourly census. */
#include "minute.h"

#include "log.h"
#include "summary.h"
#include "sums.h"

static void watch_queries(struct source *s)
{
	uint64_t n = sums_stat(s, DLO_STAT_QUERIES);

	if (n != s->queries) {
		if (s->silent_minutes >= SOURCE_SILENT) {
			log_info("queries are seen on %s again", s->interface);
		}
		s->queries = n;
		s->silent_minutes = 0;
	} else if (++s->silent_minutes == SOURCE_SILENT) {
		log_warning("no query seen on %s for %u minutes", s->interface,
			SOURCE_SILENT);
	}
}

void minute_tick(
	struct source *sources, unsigned n, unsigned minute, bool service)
{
	for (unsigned i = 0; i < n; i += sources[i].n_more + 1) {
		if (!sources[i].ended) {
			watch_queries(&sources[i]);
		}
	}
	if (service && minute % MINUTE_CENSUS == 0) {
		summary_say_census(sources, n);
	}
}
