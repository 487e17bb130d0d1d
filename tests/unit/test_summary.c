/* SPDX-License-Identifier: BSD-2-Clause */
/* test_summary.c - the numbers and words of the summary. */
#include "summary.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "census.h"
#include "log.h"

/* In place of the library's: an engine is what it has counted. */
struct dlo_engine_rules {
	struct dlo_tally_row row[4];
	unsigned n_rows;
	struct exception_hits exception[3];
};

struct dlo_engine {
	uint64_t stat[DLO_STAT__N];
	unsigned n_vlans;
	struct dlo_engine_rules rules;
};

static unsigned n_lists, n_patterns, n_exceptions;

uint64_t dlo_engine_stat(const struct dlo_engine *e, enum dlo_stat stat)
{
	return e->stat[stat];
}

void dlo_engine_rules_tally(const struct dlo_engine_rules *r,
	void (*row)(void *ctx, const struct dlo_tally_row *row), void *ctx)
{
	for (unsigned i = 0; i < r->n_rows; i++) {
		row(ctx, &r->row[i]);
	}
}

void dlo_engine_census(const struct dlo_engine *const *e, unsigned n,
	void (*row)(void *ctx, const struct dlo_census_row *row), void *ctx)
{
	struct dlo_census_row r = {.part = DLO_CENSUS_VLANS, .count = n};
	char id[12];

	for (unsigned i = 0; i < e[0]->n_vlans; i++) {
		snprintf(id, sizeof(id), "%u", i);
		r.name = r.text = id;
		row(ctx, &r);
	}
}

uint64_t dlo_engine_clients(const struct dlo_engine *const *e, unsigned n)
{
	(void)e;
	return n - 1;
}

size_t dlo_json_string(const char *text, char *buf, size_t cap)
{
	return (size_t)snprintf(buf, cap, "\"%s\"", text);
}

unsigned dlo_ruleset_n_lists(const struct dlo_ruleset *rs)
{
	(void)rs;
	return n_lists;
}

unsigned dlo_ruleset_n_patterns(const struct dlo_ruleset *rs)
{
	(void)rs;
	return n_patterns;
}

unsigned dlo_ruleset_n_exceptions(const struct dlo_ruleset *rs)
{
	(void)rs;
	return n_exceptions;
}

const struct dlo_exception_info *dlo_ruleset_exception(
	const struct dlo_ruleset *rs, uint32_t i)
{
	static const struct dlo_exception_info e[3] = {
		{.file = "a.list", .line = 3, .text = "x client=192.0.2.1"},
		{.file = "\033[2J", .line = 4, .text = "y"},
		{.file = "b.list", .line = 1, .text = "z"},
	};

	(void)rs;
	return &e[i];
}

uint64_t dlo_engine_rules_exception(
	const struct dlo_engine_rules *r, uint32_t i, uint64_t *ret_last_ns)
{
	*ret_last_ns = r->exception[i].last_ns;
	return r->exception[i].n;
}

/* The one output there is. */
static struct output_alerts alerts_of_output;

struct output_alerts outputs_alerts(const struct outputs *o, unsigned i)
{
	(void)o;
	assert_int_equal(i, 0);
	return alerts_of_output;
}

uint64_t outputs_lost(const struct outputs *o)
{
	(void)o;
	return alerts_of_output.lost;
}

/* What a summary of two sources says. */
static const char *say(struct dlo_engine engines[2],
	const struct source_counts *counts, bool verbose, uint64_t lost)
{
	static char text[4096];
	static struct source sources[2];
	struct options options = {.verbose = verbose};
	struct exception_hits before[3] = {{0}};
	struct exceptions exceptions = {.before = before};
	static struct outputs outputs = {.n = 1};
	struct tallies tallies = {0};
	int log = memfd_create("stderr", MFD_CLOEXEC);
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	char *census;
	ssize_t n;

	memset(sources, 0, sizeof(sources));
	for (unsigned i = 0; i < 2; i++) {
		sources[i].engine = &engines[i];
		sources[i].rules = &engines[i].rules;
	}
	atomic_store(&sources[0].counts.captured, counts->captured);
	atomic_store(&sources[0].counts.filtered, counts->filtered);
	atomic_store(&sources[0].counts.dropped, counts->dropped);
	dup2(log, STDERR_FILENO);
	/* It was given as many as were raised. */
	alerts_of_output = (struct output_alerts){.output = "test",
		.each = true,
		.raised = summary_alerts(sources, 2),
		.delivered = summary_alerts(sources, 2) - lost,
		.lost = lost};
	summary_say(
		&options, sources, 2, NULL, &exceptions, &outputs, &tallies);
	dup2(saved, STDERR_FILENO);
	tallies_free(&tallies);
	n = pread(log, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	close(log);
	close(saved);
	census = strstr(text, "census of ");
	assert_int_equal(census != NULL, verbose);
	if (census) { /* has golden tests of its own */
		*census = '\0';
	}
	return text;
}

static void test_one_of_each(void **state)
{
	static struct dlo_engine engines[2];
	const struct source_counts counts = {.captured = 1};

	(void)state;
	n_lists = n_patterns = 1;
	engines[0].stat[DLO_STAT_QUESTIONS] = 1;
	engines[1].stat[DLO_STAT_ALERTS] = 1;
	engines[0].stat[DLO_STAT_TIME_BACK] = 1;
	engines[0].stat[DLO_STAT_FRAGMENT_HELD] = 1;
	engines[1].stat[DLO_STAT_BAD_NAME] = 1;
	assert_string_equal(say(engines, &counts, false, 1),
		"1 packet captured\n"
		"1 packet received by filter\n"
		"0 packets dropped by kernel\n"
		"1 question, 1 malformed, 1 alert, 0 counted, 0 suppressed, "
		"1 lost; 1 list, 1 pattern\n"
		"test: 1 alert raised: 1 lost\n"
		"jumps back in time: 1\n"
		"packets that went no further: 1 in fragments, held for the "
		"rest\n"
		"messages that went no further: 1 without a readable name in "
		"the question\n");
}

/* Statistics in the middle of a batch of replay: those that the filter refused
 * are counted already. */
static void test_in_a_batch(void **state)
{
	static struct dlo_engine engines[2];
	const struct source_counts early = {.captured = 3, .filtered = 5},
				   later = {.captured = 9,
					   .filtered = 5,
					   .dropped = 2};

	(void)state;
	assert_non_null(strstr(say(engines, &early, false, 0),
		"\n0 packets received by filter\n"));
	assert_non_null(strstr(say(engines, &later, false, 0),
		"\n6 packets received by filter\n"));
}

#define ROW(a, v, n) \
	{ \
		.rule_id = "r", .title = "\033[1mt\n", .category = "", \
		.service = "s", .client = {a}, .ip_version = v, .count = n \
	}

/* A client on two interfaces is one client; nothing raw of a list's name. */
static void test_tallies(void **state)
{
	static struct dlo_engine engines[2] = {
		{.rules.row = {ROW(1, 4, 2), ROW(0, 0, 7), ROW(2, 4, 1)},
			.rules.n_rows = 3},
		{.rules.row = {ROW(1, 4, 3), ROW(0, 0, 1)}, .rules.n_rows = 2}};
	const struct source_counts counts = {0};
	const char *text;

	(void)state;
	text = strstr(say(engines, &counts, true, 0), "counted only:\n");
	assert_non_null(text);
	assert_string_equal(text, "counted only:\n"
				  "  ?[1mt?/s: 14 by 2 clients and others\n"
				  "\tothers 8\n"
				  "\t1.0.0.0 5\n"
				  "\t2.0.0.0 1\n");
	engines[0].rules.n_rows = 1;
	engines[1].rules.n_rows = 1;
	text = strstr(say(engines, &counts, false, 0), "counted only:\n");
	assert_non_null(text);
	assert_string_equal(text, "counted only:\n"
				  "  ?[1mt?/s: 5 by 1 client\n");
}

/* A trunk with all VLANs: the service's census is whole nevertheless. */
static void test_long_census(void **state)
{
	static struct dlo_engine engine = {.n_vlans = 4096};
	static char text[100000];
	struct source source = {.interface = "eth0", .engine = &engine};
	int log = memfd_create("stderr", MFD_CLOEXEC);
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	ssize_t n;

	(void)state;
	log_to_journal(true);
	dup2(log, STDERR_FILENO);
	summary_say_census(&source, 1);
	dup2(saved, STDERR_FILENO);
	log_to_journal(false);
	n = pread(log, text, sizeof(text) - 1, 0);
	assert_in_range(n, 4, sizeof(text) - 2);
	assert_memory_equal(text, "<6>{\"census\":{", 14);
	assert_non_null(strstr(text, ",\"4095\":1},"));
	assert_string_equal(text + n - 4, "]}}\n");
	close(log);
	close(saved);
}

/* A person gets as many as he reads. */
static void test_many_vlans(void **state)
{
	static struct dlo_engine engine = {.n_vlans = 40};
	struct source source = {.interface = "eth0", .engine = &engine};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	census_print_text(f, &source, 1);
	engine.n_vlans = 2;
	census_print_text(f, &source, 1);
	fclose(f);
	assert_non_null(strstr(text, " 30 (1), 31 (1), and 8 more\n"));
	assert_null(strstr(text, " 32 "));
	assert_non_null(strstr(text,
		"\ncensus of eth0 (whole): 0 frames, about 0 clients\n"
		"  VLANs: 0 (1), 1 (1)\n"));
	free(text);
}

#define TS UINT64_C(1767323045123456789) /* 2026-01-02 03:04:05 */

/* Only with exceptions; what hid nothing is the first, then the oldest. */
static void test_exceptions(void **state)
{
	static struct dlo_engine engines[2] = {
		{.stat = {[DLO_STAT_EXCEPTED] = 5},
			.rules.exception = {{4, TS}, {0, 0},
				{1, TS - 60000000000}}},
		{.stat = {[DLO_STAT_EXCEPTED] = 1},
			.rules.exception = {{1, TS - 1}, {0, 0}, {0, 0}}},
	};
	const struct source_counts counts = {0};
	const char *text;

	(void)state;
	n_lists = n_patterns = 2;
	n_exceptions = 3;
	text = strstr(say(engines, &counts, true, 0), "0 questions");
	assert_non_null(text);
	assert_string_equal(text,
		"0 questions, 0 malformed, 0 alerts, 0 counted, 0 suppressed, "
		"6 excepted, 0 lost; 2 lists, 2 patterns, 3 exceptions\n"
		"exceptions, unused first:\n"
		"  ?[2J:4 y: 0\n"
		"  b.list:1 z: 1, last 2026-01-02 03:03:05\n"
		"  a.list:3 x client=192.0.2.1: 5, last 2026-01-02 "
		"03:04:05\n");
	assert_null(strstr(say(engines, &counts, false, 0), "unused first"));
	n_exceptions = 0;
}

/* What several sources see of one place is one view, with their sums. */
static void test_one_place(void **state)
{
	static struct dlo_engine engine[3] = {{.n_vlans = 1}};
	static struct source sources[] = {
		{.interface = "eth0", .engine = &engine[0]},
		{.interface = "eth0", .engine = &engine[1], .part = 1},
		{.interface = "eth0", /* asked for once more */
			.engine = &engine[2],
			.silent_minutes = SOURCE_SILENT},
	};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	engine[0].stat[DLO_STAT_FRAMES] = 60;
	engine[1].stat[DLO_STAT_FRAMES] = 40;
	atomic_store(&sources[0].counts.dropped, 40);
	atomic_store(&sources[1].counts.dropped, 60);
	census_print_text(f, sources, 3);
	census_print_warnings(f, sources, 3);
	fclose(f);
	assert_string_equal(text,
		"census of eth0 (whole): 100 frames, about 1 client\n"
		"  VLANs: 0 (2)\n"
		"census of eth0 (whole): 0 frames, about 0 clients\n"
		"warning: eth0: the kernel dropped 50 % of the packets: a "
		"larger -B holds more\n"
		"warning: eth0: no query seen for 10 minutes\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_place),
		cmocka_unit_test(test_one_of_each),
		cmocka_unit_test(test_in_a_batch),
		cmocka_unit_test(test_tallies),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_long_census),
		cmocka_unit_test(test_many_vlans),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
