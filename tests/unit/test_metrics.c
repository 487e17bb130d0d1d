/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_metrics.c - the text for Prometheus: what stands in it, and that nothing
 * can break out of a label. With an argument it prints an example, which
 * promtool looks at (tests/integrations/prometheus).
 */
#include "metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "watchdog.h"

#define HOUR_NS UINT64_C(3600000000000)
#define TEN_S_NS UINT64_C(10000000000)

/* In place of the library's: an engine is what it has counted. */
struct dlo_engine {
	uint64_t stat[DLO_STAT__N];
};

uint64_t dlo_engine_stat(const struct dlo_engine *e, enum dlo_stat stat)
{
	return e->stat[stat];
}

unsigned dlo_ruleset_n_lists(const struct dlo_ruleset *rs)
{
	(void)rs;
	return 34;
}

unsigned dlo_ruleset_n_patterns(const struct dlo_ruleset *rs)
{
	(void)rs;
	return 1254;
}

/* Each is a rule. */
static const struct dlo_pattern_info patterns[] = {
	{.rule_id = "r-1", .title = "Tunnels", .category = "tunnel"},
	{.rule_id = "a \"b\" \\c",
		.title = "\xc3\xa9\xff\x01\n}",
		.category = ""},
};

void dlo_ruleset_pattern(
	const struct dlo_ruleset *rs, uint32_t id, struct dlo_pattern_info *ret)
{
	(void)rs;
	*ret = patterns[id];
}

unsigned dlo_ruleset_n_exceptions(const struct dlo_ruleset *rs)
{
	(void)rs;
	return 0;
}

const struct dlo_exception_info *dlo_ruleset_exception(
	const struct dlo_ruleset *rs, uint32_t i)
{
	(void)rs;
	(void)i;
	return NULL;
}

uint64_t dlo_engine_rules_exception(
	const struct dlo_engine_rules *r, uint32_t i, uint64_t *ret_last_ns)
{
	(void)r;
	(void)i;
	(void)ret_last_ns;
	return 0;
}

/* In place of output.c's. */
struct output_alerts outputs_alerts(const struct outputs *o, unsigned i)
{
	(void)o;
	return (struct output_alerts){.output = i ? "file" : "syslog",
		.each = true,
		.raised = 107 + i,
		.delivered = 90 + i,
		.waiting = 7,
		.spooled = 5,
		.recovered = 2,
		.lost = 3};
}

/* In place of reload.c's. */
static struct reload_outcome reloaded = {.when = 4000};

const struct reload_outcome *reload_newest(const struct reload *r)
{
	assert_non_null(r);
	return &reloaded;
}

static void count(struct rule_counts *c, uint32_t pattern, unsigned level)
{
	struct dlo_record rec = {
		.kind = DLO_RECORD_ALERT, .level = (uint8_t)level};

	rec.match[0] = pattern;
	rule_counts_add(c, &rec);
}

/* A service with two interfaces, one in two parts, one of an odd name, and two
 * outputs. */
static void print(FILE *f)
{
	static struct dlo_engine engines[3];
	static struct source sources[3];
	static struct loop l;

	l = (struct loop){.sources = sources,
		.n_sources = 3,
		.outputs = {.n = 2, .n_tests = 4},
		.reload = (struct reload *)(void *)&reloaded,
		.started = 1000,
		.age = {2000, 3000}};

	engines[0].stat[DLO_STAT_QUERIES] = 10;
	engines[0].stat[DLO_STAT_QUERIES_TCP] = 3;
	engines[0].stat[DLO_STAT_BAD_NAME] = 5;
	engines[0].stat[DLO_STAT_DAMAGED] = 6;
	engines[0].stat[DLO_STAT_NO_QUESTION] = 7;
	engines[0].stat[DLO_STAT_ESP] = 8;
	engines[1].stat[DLO_STAT_QUERIES] = 1;
	engines[2].stat[DLO_STAT_ALERTS] = UINT64_MAX;
	sources[0].interface = sources[1].interface = "eth0";
	sources[0].n_more = sources[1].part = 1;
	sources[2].interface = "x\"\\\n\x80";
	for (unsigned i = 0; i < 3; i++) {
		sources[i].engine = &engines[i];
		atomic_init(&sources[i].counts.captured, 100 + i);
		atomic_init(&sources[i].counts.dropped, 200 + i);
		atomic_init(&sources[i].counts.lost, 300 + i);
		atomic_init(&sources[i].counts.merged, 400 + i);
	}
	outages_begin(&sources[2].outages, clock_steady_ns() - HOUR_NS);
	watchdog_note(&sources[1].alive_ns);
	atomic_store(&sources[0].alive_ns, clock_steady_ns() - TEN_S_NS);
	assert_int_equal(rule_counts_new(&l.rule_counts), 0);
	count(l.rule_counts, 0, DLO_LEVEL_HIGH);
	count(l.rule_counts, 0, DLO_LEVEL_HIGH);
	count(l.rule_counts, 0, DLO_LEVEL_LOW);
	count(l.rule_counts, 1, DLO_LEVEL_CRITICAL);
	metrics_print(f, &l);
	rule_counts_free(l.rule_counts);
}

/* Valid until the next call. */
static const char *print_text(void)
{
	static char text[65536];
	FILE *f = fmemopen(text, sizeof(text), "w");

	assert_non_null(f);
	print(f);
	assert_int_equal(fclose(f), 0);
	assert_in_range(strlen(text), 1, sizeof(text) - 2);
	return text;
}

static void test_samples(void **state)
{
	static const char *const lines[] = {
		"# HELP dnslookout_packets_total Packets captured.",
		"# TYPE dnslookout_packets_total counter",
		"dnslookout_packets_total{interface=\"eth0\"} 201",
		"dnslookout_packets_total{interface=\"x\\\"\\\\??\"} 102",
		"# TYPE dnslookout_interface_up gauge",
		"dnslookout_interface_up{interface=\"eth0\"} 1",
		"dnslookout_interface_up{interface=\"x\\\"\\\\??\"} 0",
		"dnslookout_interface_outages_total{interface=\"eth0\"} 0",
		"dnslookout_interface_outages_total{interface="
		"\"x\\\"\\\\??\"} 1",
		"dnslookout_interface_outage_seconds_total{interface=\"eth0\"} "
		"0.000",
		"dnslookout_alerts_merged_total{interface=\"eth0\"} 801",
		"dnslookout_kernel_drops_total{interface=\"eth0\"} 401",
		"dnslookout_queries_total{interface=\"eth0\","
		"transport=\"udp\"} 8",
		"dnslookout_queries_total{interface=\"eth0\","
		"transport=\"tcp\"} 3",
		"dnslookout_malformed_total{interface=\"eth0\","
		"reason=\"bad_name\"} 5",
		"dnslookout_malformed_total{interface=\"eth0\","
		"reason=\"damaged\"} 6",
		"dnslookout_frames_skipped_total{interface=\"eth0\","
		"reason=\"esp\"} 8",
		"dnslookout_alerts_raised_total{interface=\"x\\\"\\\\??\"} "
		"18446744073709551615",
		"dnslookout_alerts_dropped_total{interface=\"eth0\"} 601",
		"# TYPE dnslookout_alerts_total counter",
		"dnslookout_alerts_total{rule=\"r-1\",level=\"high\"} 2",
		"dnslookout_alerts_total{rule=\"r-1\",level=\"low\"} 1",
		"dnslookout_alerts_total{rule=\"a \\\"b\\\" \\\\c\","
		"level=\"critical\"} 1",
		"dnslookout_rule_info{rule=\"r-1\",title=\"Tunnels\","
		"category=\"tunnel\"} 1",
		"dnslookout_rule_info{rule=\"a \\\"b\\\" \\\\c\","
		"title=\"\xc3\xa9???}\",category=\"\"} 1",
		"# TYPE dnslookout_alerts_waiting gauge",
		"dnslookout_alerts_delivered_total{output=\"syslog\"} 90",
		"dnslookout_alerts_delivered_total{output=\"file\"} 91",
		"dnslookout_alerts_waiting{output=\"file\"} 7",
		"dnslookout_alerts_lost_total{output=\"syslog\"} 3",
		"dnslookout_alerts_spooled{output=\"syslog\"} 5",
		"# TYPE dnslookout_alerts_recovered_total counter",
		"dnslookout_alerts_recovered_total{output=\"file\"} 2",
		"dnslookout_test_alerts_total 4",
		"dnslookout_start_time_seconds 1000",
		"dnslookout_rules 34",
		"dnslookout_patterns 1254",
		"dnslookout_rules_last_reload_success 0",
		"dnslookout_rules_last_reload_timestamp_seconds 4000",
		"dnslookout_list_oldest_timestamp_seconds 2000",
		"dnslookout_list_newest_timestamp_seconds 3000",
	};
	const char *text = print_text();
	char line[256];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line), "\n%s\n", lines[i]);
		if (!strstr(text, line)) {
			print_error("%s", text);
			fail_msg("no line %s", lines[i]);
		}
	}
	/* NO_QUESTION is a reason, but nobody's fault. */
	assert_null(strstr(text, "no_question"));
	(void)state;
}

/* The heartbeat of the thread that woke up longest ago; of one that never did,
 * none. */
static void test_heartbeats(void **state)
{
	static const char capture[] =
		"\ndnslookout_capture_heartbeat_timestamp_seconds{";
	static const char loop[] =
		"\ndnslookout_loop_heartbeat_timestamp_seconds ";
	double now = (double)time(NULL), seconds = 0;
	const char *text = print_text();
	const char *at = strstr(text, capture);

	assert_non_null(at);
	assert_int_equal(sscanf(at + sizeof(capture) - 1,
				 "interface=\"eth0\"} %lf\n", &seconds),
		1);
	assert_true(seconds > now - 60 && seconds < now - 9);
	assert_null(strstr(at + 1, capture));
	at = strstr(text, loop);
	assert_non_null(at);
	seconds = strtod(at + sizeof(loop) - 1, NULL);
	assert_true(seconds > now - 60 && seconds < now + 60);
	(void)state;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_heartbeats),
	};

	(void)argv;
	if (argc > 1) {
		print(stdout);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
