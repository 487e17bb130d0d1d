/* SPDX-License-Identifier: BSD-2-Clause */
/* summary.c - what was seen and what could not be seen, for a person. */
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "ledger.h"
#include "log.h"
#include "plural.h"
#include "syscalls.h"

static uint64_t stat_of_all(
	const struct source *sources, unsigned n, enum dlo_stat stat)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++) {
		sum += dlo_engine_stat(sources[i].engine, stat);
	}
	return sum;
}

uint64_t summary_alerts(const struct source *sources, unsigned n_sources)
{
	return stat_of_all(sources, n_sources, DLO_STAT_ALERTS);
}

struct totals {
	uint64_t captured, received, dropped, if_dropped, lost, merged, early;
};

static struct totals totals_of(const struct source *sources, unsigned n)
{
	struct totals t = {0};

	for (unsigned i = 0; i < n; i++) {
		const struct source_counts *c = &sources[i].counts;

		/* While frames are read, those that the filter refused are
		 * counted a little earlier. */
		uint64_t filtered = atomic_load(&c->filtered);
		uint64_t captured = atomic_load(&c->captured);

		t.captured += captured;
		t.received += captured > filtered ? captured - filtered : 0;
		t.dropped += atomic_load(&c->dropped);
		t.if_dropped += atomic_load(&c->if_dropped);
		t.lost += atomic_load(&c->lost);
		t.merged += atomic_load(&c->merged);
		t.early += atomic_load(&c->early);
	}
	/* What passed the filter, dropped or not. */
	t.received += t.dropped;
	return t;
}

static void print_packets(FILE *f, const struct totals *t)
{
	fprintf(f, "%" PRIu64 " packet%s captured\n", t->captured,
		plural(t->captured));
	fprintf(f, "%" PRIu64 " packet%s received by filter\n", t->received,
		plural(t->received));
	fprintf(f, "%" PRIu64 " packet%s dropped by kernel\n", t->dropped,
		plural(t->dropped));
	if (t->if_dropped) {
		fprintf(f, "%" PRIu64 " packet%s dropped by interface\n",
			t->if_dropped, plural(t->if_dropped));
	}
}

/* How the packets of a fan-out are spread. */
static void print_shares(FILE *f, const struct source *sources, unsigned n)
{
	for (unsigned i = 0; i < n; i += sources[i].n_more + 1) {
		const struct source *s = &sources[i];

		if (!s->n_more) {
			continue;
		}
		fprintf(f, "packets captured on %s, by thread:", s->interface);
		for (unsigned k = 0; k <= s->n_more; k++) {
			fprintf(f, " %" PRIu64,
				atomic_load(&s[k].counts.captured));
		}
		fputc('\n', f);
	}
}

static void print_found(FILE *f, const struct source *s, unsigned n,
	const struct dlo_ruleset *rules, uint64_t lost)
{
	uint64_t bad = 0, questions = stat_of_all(s, n, DLO_STAT_QUESTIONS),
		 alerts = stat_of_all(s, n, DLO_STAT_ALERTS);
	unsigned n_lists = dlo_ruleset_n_lists(rules),
		 n_patterns = dlo_ruleset_n_patterns(rules),
		 n_exceptions = dlo_ruleset_n_exceptions(rules);

	for (unsigned i = 0; i < DLO_STAT__N; i++) {
		if (dlo_stat_info(i).bad) {
			bad += stat_of_all(s, n, i);
		}
	}
	bad += stat_of_all(s, n, DLO_STAT_DAMAGED);
	fprintf(f,
		"%" PRIu64 " question%s, %" PRIu64 " malformed, %" PRIu64
		" alert%s, %" PRIu64 " counted, %" PRIu64 " suppressed, ",
		questions, plural(questions), bad, alerts, plural(alerts),
		stat_of_all(s, n, DLO_STAT_COUNTED),
		stat_of_all(s, n, DLO_STAT_SUPPRESSED));
	if (n_exceptions) {
		fprintf(f, "%" PRIu64 " excepted, ",
			stat_of_all(s, n, DLO_STAT_EXCEPTED));
	}
	fprintf(f, "%" PRIu64 " lost; %u list%s, %u pattern%s", lost, n_lists,
		plural(n_lists), n_patterns, plural(n_patterns));
	if (n_exceptions) {
		fprintf(f, ", %u exception%s", n_exceptions,
			plural(n_exceptions));
	}
	fputc('\n', f);
}

/* Not errors of anyone: counters that explain the line above. */
static void print_notes(FILE *f, const struct source *s, unsigned n)
{
	static const enum dlo_stat notes[] = {DLO_STAT_QUESTIONS_OVER,
		DLO_STAT_DAMAGED, DLO_STAT_MATCHES_OVER, DLO_STAT_DECODE_BAD,
		DLO_STAT_DECODE_SKIPPED, DLO_STAT_TIME_BACK,
		DLO_STAT_TCP_MESSAGES, DLO_STAT_TCP_GAPS,
		DLO_STAT_FRAGMENTS_WHOLE, DLO_STAT_FRAGMENTS_LOST,
		DLO_STAT_PARTIAL, DLO_STAT_EVICTED, DLO_STAT_OVERLAP,
		DLO_STAT_ANSWERS_DAMAGED, DLO_STAT_ALIASES_OVER,
		DLO_STAT_ALIAS_LOOPS};

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		uint64_t v = stat_of_all(s, n, notes[i]);

		if (v) {
			fprintf(f, "%s: %" PRIu64 "\n",
				dlo_stat_info(notes[i]).text, v);
		}
	}
}

/* What became of alerts that several interfaces saw. */
static void print_merged(FILE *f, const struct totals *t)
{
	if (t->merged) {
		fprintf(f,
			"alerts that are one with those of another interface: "
			"%" PRIu64 "\n",
			t->merged);
	}
	if (t->early) {
		fprintf(f,
			"messages not held for that, for want of room: "
			"%" PRIu64 "\n",
			t->early);
	}
}

/* One line of the reasons why something ended, after its first words. */
static void print_ends(FILE *f, const struct source *s, unsigned n,
	const char *before, enum dlo_ends ends)
{
	for (unsigned i = 0; i < DLO_STAT__N; i++) {
		uint64_t v = stat_of_all(s, n, i);

		if (v && dlo_stat_info(i).ends == ends) {
			fprintf(f, "%s%" PRIu64 " %s", before, v,
				dlo_stat_info(i).text);
			before = "; ";
		}
	}
	if (*before == ';') {
		fputc('\n', f);
	}
}

/* What the sandbox kept from being done: by us, which is a fault of its tables;
 * or by who is not us. */
static void print_refused(FILE *f)
{
	char newest[32];
	uint64_t n = syscalls_refused(newest, sizeof(newest));

	if (n) {
		fprintf(f,
			CENSUS_WARNING "the sandbox refused %" PRIu64
				       " system call%s, the last: %s\n",
			n, plural(n), newest);
	}
}

void summary_print(FILE *f, const struct options *o,
	const struct source *sources, unsigned n_sources,
	const struct dlo_ruleset *rules, const struct exceptions *exceptions,
	const struct outputs *outputs, struct tallies *tallies)
{
	struct totals t = totals_of(sources, n_sources);

	print_packets(f, &t);
	print_shares(f, sources, n_sources);
	print_found(
		f, sources, n_sources, rules, t.lost + outputs_lost(outputs));
	ledger_print(f, outputs, sources, n_sources, tallies, o->service);
	print_merged(f, &t);
	print_notes(f, sources, n_sources);
	print_ends(f, sources, n_sources,
		"packets that went no further: ", DLO_ENDS_FRAME);
	print_ends(f, sources, n_sources,
		"messages that went no further: ", DLO_ENDS_MESSAGE);
	for (unsigned i = 0; tallies && i < n_sources; i++) {
		dlo_engine_rules_tally(sources[i].rules, tallies_add, tallies);
	}
	if (tallies) {
		tallies_print(f, tallies, o->verbose > 0);
	}
	if (o->verbose) {
		exceptions_print(f, exceptions, sources, n_sources);
	}
	if (o->verbose || !tallies) {
		census_print_text(f, sources, n_sources);
		census_print_json(f, sources, n_sources);
	}
	census_print_warnings(f, sources, n_sources);
	print_refused(f);
}

/* In journald's form each line has its level. A census may be long, and is of
 * use to nobody when it is cut. */
static void log_lines(char *text)
{
	const size_t len = strlen(CENSUS_WARNING);
	char *save, *line;

	for (line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, CENSUS_WARNING, len)) {
			log_text(LOG_LEVEL_WARNING, line + len);
		} else {
			log_text(LOG_LEVEL_INFO, line);
		}
	}
}

static void print_status(FILE *f, const struct source *sources,
	unsigned n_sources, const struct dlo_ruleset *rules,
	const struct outputs *outputs, bool at_end)
{
	struct totals t = totals_of(sources, n_sources);
	unsigned patterns = dlo_ruleset_n_patterns(rules), n_interfaces = 0;
	uint64_t alerts = summary_alerts(sources, n_sources), refused;
	const char *before = "down: ", *after = "";
	char newest[32], row[LEDGER_TEXT_MAX];

	for (unsigned i = 0; i < n_sources; i += sources[i].n_more + 1) {
		n_interfaces++;
		if (outages_is_on(&sources[i].outages)) {
			fprintf(f, "%s%s", before, sources[i].interface);
			before = ", ";
			after = "; ";
		}
	}
	fprintf(f,
		"%s%u pattern%s, %u source%s; %" PRIu64 " packet%s, %" PRIu64
		" dropped by kernel; %" PRIu64 " alert%s, %" PRIu64 " lost",
		after, patterns, plural(patterns), n_interfaces,
		plural(n_interfaces), t.captured, plural(t.captured), t.dropped,
		alerts, plural(alerts), t.lost + outputs_lost(outputs));
	refused = syscalls_refused(newest, sizeof(newest));
	if (refused) {
		fprintf(f,
			"; sandbox: %" PRIu64 " call%s refused, the last: %s",
			refused, plural(refused), newest);
	}
	for (unsigned i = 0; i < outputs->n; i++) {
		struct ledger_row r =
			ledger_row(outputs, i, sources, n_sources, at_end);

		ledger_text(&r, row);
		fprintf(f, "; %s", row);
	}
}

void summary_status(const struct source *sources, unsigned n_sources,
	const struct dlo_ruleset *rules, const struct outputs *outputs,
	bool at_end, char text[STATUS_MAX])
{
	FILE *f = fmemopen(text, STATUS_MAX, "w");

	text[0] = '\0';
	if (f) {
		print_status(f, sources, n_sources, rules, outputs, at_end);
		fclose(f);
		text[STATUS_MAX - 1] = '\0';
	}
}

void summary_say_census(const struct source *sources, unsigned n_sources)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f) {
		census_print_json(f, sources, n_sources);
		census_print_warnings(f, sources, n_sources);
		fclose(f);
		log_lines(text);
		free(text);
	}
}

void summary_say(const struct options *o, const struct source *sources,
	unsigned n_sources, const struct dlo_ruleset *rules,
	const struct exceptions *exceptions, const struct outputs *outputs,
	struct tallies *tallies)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f) {
		log_error("out of memory");
		return;
	}
	summary_print(
		f, o, sources, n_sources, rules, exceptions, outputs, tallies);
	fclose(f);
	if (o->service) {
		log_lines(text);
	} else {
		fputs(text, stderr);
	}
	free(text);
}
