/* SPDX-License-Identifier: BSD-2-Clause */
/* census.c - what the wire carried, seen or not: for a person and as JSON. */
#include "census.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "plural.h"

/* Fewer queries or responses say nothing about the rest. */
#define ENOUGH 100

/* Shares of all frames from which on what hides DNS is worth a warning. */
#define BLIND_PERCENT 90

/* The counters of one place and what they cover. */
struct view {
	const char *place; /* interface, or "files" */
	const char *scope; /* whole, filtered, sampled */
	const struct dlo_engine *engine[DLO_ENGINES_MAX]; /* that share it */
	unsigned n;
	uint64_t dropped; /* by the kernel */
	unsigned silent_minutes; /* without a query, now */
	bool first;
	const struct outages *outages; /* NULL: files, or told elsewhere */
};

typedef void view_fn(FILE *f, const struct view *v);

/* How many sources from the first on see the same place. */
static unsigned count_twins(const struct source *s, unsigned n)
{
	unsigned i = 1;

	while (i < n && i < DLO_ENGINES_MAX && source_goes_on(s + i)) {
		i++;
	}
	return i;
}

static void view_place(
	FILE *f, const struct source *s, unsigned n, bool first, view_fn *fn)
{
	struct view v = {
		.place = s->interface ? s->interface : "files",
		.scope = s->filtered ? "filtered" : "whole",
		.n = n,
		.silent_minutes = s->silent_minutes,
		.first = first,
		.outages = s->interface ? &s->outages : NULL,
	};

	for (unsigned i = 0; i < n; i++) {
		v.engine[i] = s[i].engine;
		v.dropped += atomic_load(&s[i].counts.dropped);
	}
	fn(f, &v);
}

/* Of what a filter hides. */
static void view_sample(FILE *f, const struct source *s, view_fn *fn)
{
	const struct view v = {.place = s->interface,
		.scope = "sampled",
		.engine = {s->sampler.engine},
		.n = 1};

	fn(f, &v);
}

static void each_view(
	FILE *f, const struct source *sources, unsigned n, view_fn *fn)
{
	unsigned twins;

	for (unsigned i = 0; i < n; i += twins) {
		const struct source *s = &sources[i];

		twins = count_twins(s, n - i);
		view_place(f, s, twins, i == 0, fn);
		if (s->sampler.engine) {
			view_sample(f, s, fn);
		}
	}
}

static uint64_t stat_of(const struct view *v, enum dlo_stat stat)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < v->n; i++) {
		sum += dlo_engine_stat(v->engine[i], stat);
	}
	return sum;
}

/* ---- what looks wrong --------------------------------------------------- */

static void put_start(FILE *f, const struct view *v)
{
	fprintf(f, CENSUS_WARNING "%s%s: ", v->place,
		!strcmp(v->scope, "sampled") ? " (sampled)" : "");
}

static void warn_blind(FILE *f, const struct view *v)
{
	uint64_t frames = stat_of(v, DLO_STAT_FRAMES);

	for (unsigned i = 0; i < DLO_STAT__N; i++) {
		uint64_t n = stat_of(v, i);

		if (dlo_stat_info(i).blind && n &&
			n * 100 >= frames * BLIND_PERCENT) {
			put_start(f, v);
			fprintf(f,
				"%" PRIu64 " %% of frames were skipped: %s\n",
				n * 100 / frames, dlo_stat_info(i).text);
		}
	}
}

static void warn_one_direction(FILE *f, const struct view *v)
{
	uint64_t queries = stat_of(v, DLO_STAT_QUERIES);
	uint64_t responses = stat_of(v, DLO_STAT_RESPONSES);

	if (queries >= ENOUGH && responses * 100 < queries) {
		put_start(f, v);
		fputs("queries but no answers: the mirror shows one "
		      "direction\n",
			f);
	}
	if (responses >= ENOUGH && queries * 100 < responses) {
		put_start(f, v);
		fputs("answers but no queries: the mirror shows one "
		      "direction\n",
			f);
	}
}

static void warn_dropped(FILE *f, const struct view *v)
{
	uint64_t all = stat_of(v, DLO_STAT_FRAMES) + v->dropped;

	if (v->dropped && v->dropped * 100 >= all) {
		put_start(f, v);
		fprintf(f,
			"the kernel dropped %" PRIu64
			" %% of the packets: a larger -B holds more\n",
			v->dropped * 100 / all);
	}
}

static void warn_silent(FILE *f, const struct view *v)
{
	if (v->silent_minutes >= SOURCE_SILENT) {
		put_start(f, v);
		fprintf(f, "no query seen for %u minutes\n", v->silent_minutes);
	}
}

/* "12.3", in seconds. */
static void put_seconds(FILE *f, uint64_t ns)
{
	fprintf(f, "%" PRIu64 ".%" PRIu64, ns / 1000000000,
		ns / 100000000 % 10);
}

static void warn_outages(FILE *f, const struct view *v)
{
	uint64_t n = v->outages ? atomic_load(&v->outages->n) : 0;

	if (n) {
		put_start(f, v);
		fprintf(f, "%" PRIu64 " outage%s, ", n, plural(n));
		put_seconds(f, outages_total_ns(v->outages, clock_steady_ns()));
		fprintf(f, " s without this interface%s\n",
			outages_is_on(v->outages) ? ", which is down now" : "");
	}
}

static void warn(FILE *f, const struct view *v)
{
	warn_silent(f, v);
	warn_outages(f, v);
	warn_blind(f, v);
	warn_one_direction(f, v);
	warn_dropped(f, v);
}

void census_print_warnings(FILE *f, const struct source *sources, unsigned n)
{
	each_view(f, sources, n, warn);
}

/* ---- rows --------------------------------------------------------------- */

#define TEXT_ROWS 32u /* more tell a person nothing */

struct rows {
	FILE *f;
	enum dlo_census_part part;
	bool json;
	unsigned n; /* so far */
};

static const struct {
	const char *json, *text;
} parts[] = {
	[DLO_CENSUS_LAYERS] = {"layers", "layers"},
	[DLO_CENSUS_VLANS] = {"vlans", "VLANs"},
	[DLO_CENSUS_ENCRYPTED] = {"encrypted_dns", "to encrypted resolvers"},
};
static_assert(sizeof(parts) / sizeof(parts[0]) == DLO_CENSUS__N,
	"every part has its names");

static void json_row(struct rows *r, const struct dlo_census_row *row)
{
	fprintf(r->f, "%s\"%s\":%" PRIu64, r->n ? "," : "", row->name,
		row->count);
}

/* A VLAN is a number itself: its count stands in parentheses. */
static void text_row(struct rows *r, const struct dlo_census_row *row)
{
	if (r->n >= TEXT_ROWS) {
		return;
	}
	if (r->n) {
		fputs(", ", r->f);
	} else {
		fprintf(r->f, "  %s: ", parts[r->part].text);
	}
	if (r->part == DLO_CENSUS_VLANS) {
		fprintf(r->f, "%s (%" PRIu64 ")", row->text, row->count);
	} else {
		fprintf(r->f, "%" PRIu64 " %s", row->count, row->text);
	}
}

static void on_row(void *ctx, const struct dlo_census_row *row)
{
	struct rows *r = ctx;

	if (row->part == r->part && row->count) {
		(r->json ? json_row : text_row)(r, row);
		r->n++;
	}
}

static unsigned print_part(
	FILE *f, const struct view *v, enum dlo_census_part part, bool json)
{
	struct rows rows = {.f = f, .part = part, .json = json};

	dlo_engine_census(v->engine, v->n, on_row, &rows);
	return rows.n;
}

/* ---- JSON --------------------------------------------------------------- */

static void print_warnings_json(FILE *f, const struct view *v)
{
	char *text = NULL, *line, *save, string[1024];
	const char *between = "";
	size_t len;
	FILE *lines = open_memstream(&text, &len);

	if (!lines) {
		return;
	}
	warn(lines, v);
	fclose(lines);
	for (line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		line += strlen(CENSUS_WARNING);
		if (dlo_json_string(line, string, sizeof(string))) {
			fprintf(f, "%s%s", between, string);
			between = ",";
		}
	}
	free(text);
}

/* An object of the reasons why something ended: those that are not 0. */
static void print_reasons_json(
	FILE *f, const struct view *v, const char *name, enum dlo_ends ends)
{
	const char *between = "";

	fprintf(f, ",\"%s\":{", name);
	for (unsigned i = 0; i < DLO_STAT__N; i++) {
		uint64_t n = stat_of(v, i);

		if (n && dlo_stat_info(i).ends == ends) {
			fprintf(f, "%s\"%s\":%" PRIu64, between,
				dlo_stat_info(i).name, n);
			between = ",";
		}
	}
	fputc('}', f);
}

/* All other counters, 0 or not. */
static void print_flows_json(FILE *f, const struct view *v)
{
	for (unsigned i = 0; i < DLO_STAT__N; i++) {
		struct dlo_stat_info info = dlo_stat_info(i);

		if (info.ends == DLO_ENDS_NOTHING) {
			fprintf(f, ",\"%s\":%" PRIu64, info.name,
				stat_of(v, i));
		}
	}
}

static void print_object(FILE *f, const struct view *v)
{
	char source[1024] = "\"\"";

	dlo_json_string(v->place, source, sizeof(source));
	fprintf(f, "{\"source\":%s,\"scope\":\"%s\"", source, v->scope);
	print_flows_json(f, v);
	fprintf(f, ",\"kernel_dropped\":%" PRIu64 ",\"clients\":%" PRIu64,
		v->dropped, dlo_engine_clients(v->engine, v->n));
	if (v->outages) {
		fprintf(f, ",\"outages\":%" PRIu64 ",\"outages_s\":",
			atomic_load(&v->outages->n));
		put_seconds(f, outages_total_ns(v->outages, clock_steady_ns()));
	}
	for (unsigned i = 0; i < DLO_CENSUS__N; i++) {
		fprintf(f, ",\"%s\":{", parts[i].json);
		print_part(f, v, i, true);
		fputc('}', f);
	}
	print_reasons_json(f, v, "skipped", DLO_ENDS_FRAME);
	print_reasons_json(f, v, "messages_skipped", DLO_ENDS_MESSAGE);
	fputs(",\"warnings\":[", f);
	print_warnings_json(f, v);
	fputs("]}", f);
}

static void print_json(FILE *f, const struct view *v)
{
	fputs("{\"census\":", f);
	print_object(f, v);
	fputs("}\n", f);
}

static void print_element(FILE *f, const struct view *v)
{
	fputs(v->first ? "" : ",", f);
	print_object(f, v);
}

void census_print_json(FILE *f, const struct source *sources, unsigned n)
{
	each_view(f, sources, n, print_json);
}

void census_print_json_array(FILE *f, const struct source *sources, unsigned n)
{
	fputc('[', f);
	each_view(f, sources, n, print_element);
	fputc(']', f);
}

/* ---- for a person ------------------------------------------------------- */

/* Its head, and a line for each part that there is. */
static void print_text(FILE *f, const struct view *v)
{
	uint64_t frames = stat_of(v, DLO_STAT_FRAMES);
	uint64_t clients = dlo_engine_clients(v->engine, v->n);

	fprintf(f,
		"census of %s (%s): %" PRIu64 " frame%s, about %" PRIu64
		" client%s\n",
		v->place, v->scope, frames, plural(frames), clients,
		plural(clients));
	for (unsigned i = 0; i < DLO_CENSUS__N; i++) {
		unsigned n = print_part(f, v, i, false);

		if (n > TEXT_ROWS) {
			fprintf(f, ", and %u more", n - TEXT_ROWS);
		}
		if (n) {
			fputc('\n', f);
		}
	}
}

void census_print_text(FILE *f, const struct source *sources, unsigned n)
{
	each_view(f, sources, n, print_text);
}
