/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics.c - what Prometheus asks for, in its text format. */
#include "metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "sums.h"
#include "syscalls.h"

#define NS_PER_S 1e9

/* ---- samples ------------------------------------------------------------- */

/* A label's value, quotes included. JSON escapes what has to be escaped here,
 * and what is no UTF-8; of its escapes, \uXXXX is not known here. */
static void put_value(FILE *f, const char *text)
{
	char json[2048] = "\"\"";

	dlo_json_string(text, json, sizeof(json));
	for (const char *p = json; *p; p++) {
		if (*p != '\\') {
			fputc(*p, f);
		} else if (*++p == 'u') {
			fputc('?', f);
			p += 4;
		} else {
			fprintf(f, "\\%c", *p);
		}
	}
}

/* A sample with at most three labels; keys that are NULL are left out. */
struct sample {
	const char *name;
	struct {
		const char *key, *value;
	} label[3];
};

static void put_name(FILE *f, const struct sample *s)
{
	const char *between = "{";

	fputs(s->name, f);
	for (size_t i = 0; i < 3 && s->label[i].key; i++) {
		fprintf(f, "%s%s=", between, s->label[i].key);
		put_value(f, s->label[i].value);
		between = ",";
	}
	fputs(*between == ',' ? "} " : " ", f);
}

static void put(FILE *f, const struct sample *s, uint64_t value)
{
	put_name(f, s);
	fprintf(f, "%" PRIu64 "\n", value);
}

static void put_plain(FILE *f, const char *name, uint64_t value)
{
	put(f, &(struct sample){.name = name}, value);
}

static void put_time(FILE *f, const struct sample *s, double seconds)
{
	put_name(f, s);
	fprintf(f, "%.3f\n", seconds);
}

static double now_s(void)
{
	return (double)clock_wall_ns() / NS_PER_S;
}

/* ---- of the program ------------------------------------------------------ */

static void put_build(FILE *f, const char *name, const struct loop *l)
{
	(void)l;
	put(f, &(struct sample){name, {{"version", DLO_VERSION}}}, 1);
}

static void put_started(FILE *f, const char *name, const struct loop *l)
{
	put_plain(f, name, (uint64_t)l->started);
}

/* Who prints this is the loop. */
static void put_loop_alive(FILE *f, const char *name, const struct loop *l)
{
	(void)l;
	put_time(f, &(struct sample){.name = name}, now_s());
}

static void put_refused(FILE *f, const char *name, const struct loop *l)
{
	char newest[32];

	(void)l;
	put_plain(f, name, syscalls_refused(newest, sizeof(newest)));
}

/* ---- of the rules -------------------------------------------------------- */

static void put_rules(FILE *f, const char *name, const struct loop *l)
{
	put_plain(f, name, dlo_ruleset_n_lists(l->rules));
}

static void put_patterns(FILE *f, const char *name, const struct loop *l)
{
	put_plain(f, name, dlo_ruleset_n_patterns(l->rules));
}

static void put_reloaded(FILE *f, const char *name, const struct loop *l)
{
	if (l->reload) {
		put_plain(f, name, reload_newest(l->reload)->accepted);
	}
}

static void put_reload_time(FILE *f, const char *name, const struct loop *l)
{
	if (l->reload) {
		put_plain(f, name, (uint64_t)reload_newest(l->reload)->when);
	}
}

static void put_oldest(FILE *f, const char *name, const struct loop *l)
{
	if (l->age.oldest) {
		put_plain(f, name, (uint64_t)l->age.oldest);
	}
}

static void put_newest(FILE *f, const char *name, const struct loop *l)
{
	if (l->age.newest) {
		put_plain(f, name, (uint64_t)l->age.newest);
	}
}

/* ---- by interface -------------------------------------------------------- */

static struct sample of(const char *name, const struct source *s)
{
	return (struct sample){
		name, {{"interface", s->interface ? s->interface : ""}}};
}

static void put_transports(FILE *f, const char *name, const struct source *s)
{
	struct sample sample = of(name, s);
	uint64_t tcp = sums_stat(s, DLO_STAT_QUERIES_TCP);
	uint64_t all = sums_stat(s, DLO_STAT_QUERIES);

	sample.label[1].key = "transport";
	sample.label[1].value = "udp";
	put(f, &sample, all > tcp ? all - tcp : 0);
	sample.label[1].value = "tcp";
	put(f, &sample, tcp);
}

static bool is_malformed(enum dlo_stat stat)
{
	return dlo_stat_info(stat).bad || stat == DLO_STAT_DAMAGED;
}

static bool is_skipped(enum dlo_stat stat)
{
	return dlo_stat_info(stat).ends == DLO_ENDS_FRAME;
}

static void put_reasons(FILE *f, const char *name, const struct source *s,
	bool (*is_one)(enum dlo_stat stat))
{
	struct sample sample = of(name, s);

	sample.label[1].key = "reason";
	for (unsigned i = 0; i < DLO_STAT__N; i++) {
		if (is_one(i)) {
			sample.label[1].value = dlo_stat_info(i).name;
			put(f, &sample, sums_stat(s, i));
		}
	}
}

static void put_malformed(FILE *f, const char *name, const struct source *s)
{
	put_reasons(f, name, s, is_malformed);
}

static void put_skipped(FILE *f, const char *name, const struct source *s)
{
	put_reasons(f, name, s, is_skipped);
}

/* Of the part that has slept longest. */
static void put_capture_alive(FILE *f, const char *name, const struct source *s)
{
	uint64_t alive_ns = UINT64_MAX;
	struct sample sample = of(name, s);

	for (unsigned i = 0; i <= s->n_more; i++) {
		uint64_t ns = atomic_load_explicit(
			&s[i].alive_ns, memory_order_relaxed);

		alive_ns = ns < alive_ns ? ns : alive_ns;
	}
	if (alive_ns) {
		put_time(f, &sample,
			now_s() - (double)(int64_t)(clock_steady_ns() -
						    alive_ns) /
					  NS_PER_S);
	}
}

static void put_up(FILE *f, const char *name, const struct source *s)
{
	struct sample sample = of(name, s);

	put(f, &sample, !s->ended && !outages_is_on(&s->outages));
}

static void put_outages(FILE *f, const char *name, const struct source *s)
{
	struct sample sample = of(name, s);

	put(f, &sample, atomic_load(&s->outages.n));
}

static void put_outage_time(FILE *f, const char *name, const struct source *s)
{
	struct sample sample = of(name, s);

	put_time(f, &sample,
		(double)outages_total_ns(&s->outages, clock_steady_ns()) /
			NS_PER_S);
}

/* ---- alerts by rule ------------------------------------------------------ */

struct by_rule {
	FILE *f;
	const char *name;
};

static void on_rule(void *ctx, const struct rule_count *c)
{
	const struct by_rule *b = ctx;

	for (unsigned i = 0; i < DLO_LEVEL__N; i++) {
		if (c->n[i]) {
			put(b->f,
				&(struct sample){b->name,
					{{"rule", c->rule},
						{"level", dlo_level_name(i)}}},
				c->n[i]);
		}
	}
}

static void put_by_rule(FILE *f, const char *name, const struct loop *l)
{
	struct by_rule b = {f, name};

	rule_counts_each(l->rule_counts, on_rule, &b);
}

static void on_rule_info(void *ctx, const struct rule_count *c)
{
	const struct by_rule *b = ctx;

	put(b->f,
		&(struct sample){
			b->name, {{"rule", c->rule}, {"title", c->title},
					 {"category", c->category}}},
		1);
}

static void put_rule_info(FILE *f, const char *name, const struct loop *l)
{
	struct by_rule b = {f, name};

	rule_counts_each(l->rule_counts, on_rule_info, &b);
}

static void put_tests(FILE *f, const char *name, const struct loop *l)
{
	put_plain(f, name, l->outputs.n_tests);
}

/* ---- the table ----------------------------------------------------------- */

static const struct family {
	const char *name; /* without dnslookout_ */
	enum { GAUGE, COUNTER } type;
	/* What there is one of; `at` is an offset in it, or a counter's number.
	 */
	enum { SERVICE, SOURCE, SOURCE_COUNT, SOURCE_STAT, OUTPUT } of;
	size_t at;
	void (*service)(FILE *f, const char *name, const struct loop *l);
	void (*source)(FILE *f, const char *name, const struct source *s);
	const char *help;
} families[] = {
	{"build_info", GAUGE, SERVICE, .service = put_build,
		.help = "1, with the version."},
	{"start_time_seconds", GAUGE, SERVICE, .service = put_started,
		.help = "When the service started."},
	{"loop_heartbeat_timestamp_seconds", GAUGE, SERVICE,
		.service = put_loop_alive,
		.help = "When the loop last woke up."},
	{"capture_heartbeat_timestamp_seconds", GAUGE, SOURCE,
		.source = put_capture_alive,
		.help = "When the capture thread last woke up."},
	{"interface_up", GAUGE, SOURCE, .source = put_up,
		.help = "1: captured on; 0: away or down, waited for."},
	{"interface_outages_total", COUNTER, SOURCE, .source = put_outages,
		.help = "How often an interface went away or down."},
	{"interface_outage_seconds_total", COUNTER, SOURCE,
		.source = put_outage_time,
		.help = "How long it was away or down, together."},
	{"packets_total", COUNTER, SOURCE_COUNT,
		offsetof(struct source, counts.captured),
		.help = "Packets captured."},
	{"kernel_drops_total", COUNTER, SOURCE_COUNT,
		offsetof(struct source, counts.dropped),
		.help = "Packets that the kernel dropped: its ring was full."},
	{"interface_drops_total", COUNTER, SOURCE_COUNT,
		offsetof(struct source, counts.if_dropped),
		.help = "Packets that the interface dropped."},
	{"frames_skipped_total", COUNTER, SOURCE, .source = put_skipped,
		.help = "Frames that made no DNS message whole, by reason."},
	{"queries_total", COUNTER, SOURCE, .source = put_transports,
		.help = "DNS queries."},
	{"responses_total", COUNTER, SOURCE_STAT, DLO_STAT_RESPONSES,
		.help = "DNS responses."},
	{"malformed_total", COUNTER, SOURCE, .source = put_malformed,
		.help = "Malformed DNS messages, by reason."},
	{"alerts_raised_total", COUNTER, SOURCE_STAT, DLO_STAT_ALERTS,
		.help = "Alerts raised."},
	{"alerts_suppressed_total", COUNTER, SOURCE_STAT, DLO_STAT_SUPPRESSED,
		.help = "Alerts held back by the limit."},
	{"alert_closings_total", COUNTER, SOURCE_STAT, DLO_STAT_CLOSINGS,
		.help = "Lines that count what was held back; to outputs, "
			"alerts."},
	{"test_alerts_total", COUNTER, SERVICE, .service = put_tests,
		.help = "Test alerts; to outputs, alerts."},
	{"alerts_dropped_total", COUNTER, SOURCE_COUNT,
		offsetof(struct source, counts.lost),
		.help = "Alerts that found no room on the way to the outputs."},
	{"alerts_merged_total", COUNTER, SOURCE_COUNT,
		offsetof(struct source, counts.merged),
		.help = "Alerts that stand in one of another interface."},
	{"alerts_total", COUNTER, SERVICE, .service = put_by_rule,
		.help = "Alerts by rule, on each interface."},
	{"rule_info", GAUGE, SERVICE, .service = put_rule_info,
		.help = "1, with what a rule that raised alerts is about."},
	{"alerts_delivered_total", COUNTER, OUTPUT,
		offsetof(struct output_alerts, delivered),
		.help = "Alerts that an output delivered."},
	{"alerts_waiting", GAUGE, OUTPUT,
		offsetof(struct output_alerts, waiting),
		.help = "Alerts that wait in an output's queue."},
	{"alerts_spooled", GAUGE, OUTPUT,
		offsetof(struct output_alerts, spooled),
		.help = "Alerts on disk that an output is to deliver."},
	{"alerts_recovered_total", COUNTER, OUTPUT,
		offsetof(struct output_alerts, recovered),
		.help = "Alerts that the run before left to an output."},
	{"alerts_lost_total", COUNTER, OUTPUT,
		offsetof(struct output_alerts, lost),
		.help = "Alerts that an output lost."},
	{"rules", GAUGE, SERVICE, .service = put_rules,
		.help = "Rules (lists) in use."},
	{"patterns", GAUGE, SERVICE, .service = put_patterns,
		.help = "Patterns in use."},
	{"rules_last_reload_success", GAUGE, SERVICE, .service = put_reloaded,
		.help = "0: lists or exceptions were refused, or are the last "
			"good set."},
	{"rules_last_reload_timestamp_seconds", GAUGE, SERVICE,
		.service = put_reload_time,
		.help = "When lists and exceptions were read last."},
	{"list_oldest_timestamp_seconds", GAUGE, SERVICE, .service = put_oldest,
		.help = "When the oldest file of the lists in use was "
			"written."},
	{"list_newest_timestamp_seconds", GAUGE, SERVICE, .service = put_newest,
		.help = "When the newest file of the lists in use was "
			"written."},
	{"sandbox_refused_calls_total", COUNTER, SERVICE,
		.service = put_refused,
		.help = "System calls that the sandbox refused."},
};

static void print_source(FILE *f, const char *name, const struct family *family,
	const struct source *s)
{
	struct sample sample = of(name, s);

	switch (family->of) {
	case SOURCE_COUNT:
		put(f, &sample, sums_count(s, family->at));
		break;
	case SOURCE_STAT:
		put(f, &sample, sums_stat(s, family->at));
		break;
	default:
		family->source(f, name, s);
	}
}

static void print_output(FILE *f, const char *name, const struct family *family,
	const struct output_alerts *a)
{
	struct sample sample = {name, {{"output", a->output}}};
	uint64_t value;

	memcpy(&value, (const char *)a + family->at, sizeof(value));
	put(f, &sample, value);
}

static void print_family(
	FILE *f, const struct family *family, const struct loop *l)
{
	char name[64];

	snprintf(name, sizeof(name), "dnslookout_%s", family->name);
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, family->help, name,
		family->type == GAUGE ? "gauge" : "counter");
	if (family->of == SERVICE) {
		family->service(f, name, l);
	} else if (family->of == OUTPUT) {
		for (unsigned i = 0; i < l->outputs.n; i++) {
			struct output_alerts a = outputs_alerts(&l->outputs, i);

			print_output(f, name, family, &a);
		}
	} else {
		for (unsigned i = 0; i < l->n_sources;
			i += l->sources[i].n_more + 1) {
			print_source(f, name, family, &l->sources[i]);
		}
	}
}

void metrics_print(FILE *f, const struct loop *l)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		print_family(f, &families[i], l);
	}
}
