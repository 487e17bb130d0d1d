/* SPDX-License-Identifier: BSD-2-Clause */
/* status.c - how a service is doing, on one screen; and all its counters. */
#include "status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "census.h"
#include "json_out.h"
#include "ledger.h"
#include "plural.h"
#include "summary.h"
#include "sums.h"
#include "utc.h"

static uint64_t count_of(const atomic_uint_fast64_t *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

/* Alerts that found no room on their way to the outputs. */
static uint64_t lost_before_outputs(const struct loop *l)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < l->n_sources; i++) {
		n += count_of(&l->sources[i].counts.lost);
	}
	return n;
}

static const char *name_of(const struct source *s)
{
	return s->interface ? s->interface : "files";
}

/* ---- what looks wrong ---------------------------------------------------- */

/* Lines without CENSUS_WARNING before them. */
static void each_warning(const struct loop *l,
	void (*fn)(FILE *f, const char *line, bool first), FILE *f)
{
	char *text = NULL, *line, *save, trouble[512];
	bool first = true;
	size_t len;
	FILE *lines = open_memstream(&text, &len);

	if (!lines) {
		return;
	}
	if (l->reload && *reload_trouble(l->reload, trouble, sizeof(trouble))) {
		fprintf(lines, CENSUS_WARNING "%s\n", trouble);
	}
	census_print_warnings(lines, l->sources, l->n_sources);
	fclose(lines);
	for (line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		fn(f, line + strlen(CENSUS_WARNING), first);
		first = false;
	}
	free(text);
}

static void put_warning_text(FILE *f, const char *line, bool first)
{
	(void)first;
	fprintf(f, CENSUS_WARNING "%s\n", line);
}

static void put_warning_json(FILE *f, const char *line, bool first)
{
	fputs(first ? "" : ",", f);
	json_out(f, line);
}

/* ---- for a person -------------------------------------------------------- */

static void print_uptime(FILE *f, uint64_t seconds)
{
	if (seconds >= 86400) {
		fprintf(f, "%" PRIu64 " d %" PRIu64 " h", seconds / 86400,
			seconds / 3600 % 24);
	} else if (seconds >= 3600) {
		fprintf(f, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600,
			seconds / 60 % 60);
	} else {
		fprintf(f, "%" PRIu64 " min %" PRIu64 " s", seconds / 60,
			seconds % 60);
	}
}

static const char *how_is(const struct source *s)
{
	return s->ended			    ? "has ended; "
	       : outages_is_on(&s->outages) ? "is down; "
					    : "";
}

static void print_source(FILE *f, const struct source *s)
{
	uint64_t packets = SUMS_COUNT(s, captured),
		 dropped = SUMS_COUNT(s, dropped),
		 queries = sums_stat(s, DLO_STAT_QUERIES),
		 alerts = sums_stat(s, DLO_STAT_ALERTS);

	fprintf(f,
		"%s: %s%" PRIu64 " packet%s, %" PRIu64
		" dropped by kernel; %" PRIu64 " quer%s, %" PRIu64 " alert%s\n",
		name_of(s), how_is(s), packets, plural(packets), dropped,
		queries, queries == 1 ? "y" : "ies", alerts, plural(alerts));
}

void status_print_rules(FILE *f, const struct loop *l)
{
	unsigned exceptions = dlo_ruleset_n_exceptions(l->rules);
	unsigned lists = dlo_ruleset_n_lists(l->rules),
		 patterns = dlo_ruleset_n_patterns(l->rules);
	char oldest[UTC_TEXT_MAX], newest[UTC_TEXT_MAX];

	fprintf(f, "rules: %u list%s, %u pattern%s", lists, plural(lists),
		patterns, plural(patterns));
	if (exceptions) {
		fprintf(f, ", %u exception%s", exceptions, plural(exceptions));
	}
	if (l->age.oldest) {
		fprintf(f, "; files of %.10s to %.10s",
			utc_text(l->age.oldest, oldest),
			utc_text(l->age.newest, newest));
	}
	fputc('\n', f);
}

static void print_outputs(FILE *f, const struct loop *l)
{
	fputs("alerts, for each output:\n", f);
	ledger_print(f, &l->outputs, l->sources, l->n_sources, false, true);
}

void status_print_text(FILE *f, const struct loop *l)
{
	fprintf(f, "dnslookout %s on %s, pid %ld, up ", DLO_VERSION,
		l->hostname, (long)getpid());
	print_uptime(f, loop_uptime_s(l));
	fputc('\n', f);
	for (unsigned i = 0; i < l->n_sources; i += l->sources[i].n_more + 1) {
		print_source(f, &l->sources[i]);
	}
	status_print_rules(f, l);
	print_outputs(f, l);
	each_warning(l, put_warning_text, f);
}

/* ---- JSON ---------------------------------------------------------------- */

static void put_number(FILE *f, const char *key, uint64_t n)
{
	fprintf(f, ",\"%s\":%" PRIu64, key, n);
}

static void put_source(FILE *f, const struct source *s)
{
	fputc('{', f);
	json_out_member(f, "name", name_of(s));
	fprintf(f, ",\"capturing\":%s", *how_is(s) ? "false" : "true");
	put_number(f, "outages", count_of(&s->outages.n));
	put_number(f, "packets", SUMS_COUNT(s, captured));
	put_number(f, "kernel_dropped", SUMS_COUNT(s, dropped));
	put_number(f, "queries", sums_stat(s, DLO_STAT_QUERIES));
	put_number(f, "alerts", sums_stat(s, DLO_STAT_ALERTS));
	fputc('}', f);
}

static void put_rules(FILE *f, const struct loop *l)
{
	char text[UTC_TEXT_MAX];

	fprintf(f, ",\"rules\":{\"lists\":%u,\"patterns\":%u,\"exceptions\":%u",
		dlo_ruleset_n_lists(l->rules), dlo_ruleset_n_patterns(l->rules),
		dlo_ruleset_n_exceptions(l->rules));
	if (l->age.oldest) {
		fprintf(f, ",\"oldest_file\":\"%s\"",
			utc_text(l->age.oldest, text));
		fprintf(f, ",\"newest_file\":\"%s\"",
			utc_text(l->age.newest, text));
	}
	fputc('}', f);
}

static void put_outputs(FILE *f, const struct loop *l)
{
	fputs(",\"outputs\":[", f);
	for (unsigned i = 0; i < l->outputs.n; i++) {
		struct output_alerts a = outputs_alerts(&l->outputs, i);

		fputs(i ? ",{" : "{", f);
		json_out_member(f, "name", a.output);
		put_number(f, "raised", a.raised);
		put_number(f, "recovered", a.recovered);
		put_number(f, "delivered", a.delivered);
		put_number(f, "waiting", a.waiting);
		put_number(f, "spooled", a.spooled);
		put_number(f, "lost", a.lost);
		fputc('}', f);
	}
	fputc(']', f);
	put_number(f, "lost_before_outputs", lost_before_outputs(l));
}

void status_print_json(FILE *f, const struct loop *l)
{
	char text[UTC_TEXT_MAX];

	fputc('{', f);
	json_out_member(f, "version", DLO_VERSION);
	fputc(',', f);
	json_out_member(f, "hostname", l->hostname);
	put_number(f, "pid", (uint64_t)getpid());
	fprintf(f, ",\"started\":\"%s\"", utc_text(l->started, text));
	put_number(f, "uptime_seconds", loop_uptime_s(l));
	fputs(",\"interfaces\":[", f);
	for (unsigned i = 0; i < l->n_sources; i += l->sources[i].n_more + 1) {
		fputs(i ? "," : "", f);
		put_source(f, &l->sources[i]);
	}
	fputc(']', f);
	put_rules(f, l);
	put_outputs(f, l);
	fputs(",\"warnings\":[", f);
	each_warning(l, put_warning_json, f);
	fputs("]}", f);
}

/* How the packets of a fan-out are spread. */
static void put_shares(FILE *f, const struct source *s)
{
	if (s->n_more) {
		fputs(",\"packets_each\":[", f);
		for (unsigned i = 0; i <= s->n_more; i++) {
			fprintf(f, "%s%" PRIu64, i ? "," : "",
				count_of(&s[i].counts.captured));
		}
		fputc(']', f);
	}
}

static void put_stats(FILE *f, const struct source *s)
{
	fputc('{', f);
	json_out_member(f, "name", name_of(s));
	put_number(f, "packets", SUMS_COUNT(s, captured));
	put_shares(f, s);
	put_number(f, "kernel_dropped", SUMS_COUNT(s, dropped));
	put_number(f, "interface_dropped", SUMS_COUNT(s, if_dropped));
	put_number(f, "lost_before_outputs", SUMS_COUNT(s, lost));
	put_number(f, "alerts_merged", SUMS_COUNT(s, merged));
	put_number(f, "messages_not_held", SUMS_COUNT(s, early));
	put_number(f, "outages", count_of(&s->outages.n));
	for (unsigned i = 0; i < DLO_STAT__N; i++) {
		put_number(f, dlo_stat_info(i).name, sums_stat(s, i));
	}
	fputc('}', f);
}

void status_print_stats_json(FILE *f, const struct loop *l)
{
	fputc('[', f);
	for (unsigned i = 0; i < l->n_sources; i += l->sources[i].n_more + 1) {
		fputs(i ? "," : "", f);
		put_stats(f, &l->sources[i]);
	}
	fputc(']', f);
}
