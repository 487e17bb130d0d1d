/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ledger.c - the sum of what became of the alerts, at every moment. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger.h"

/* Two engines that have raised, and two outputs that were given: one each
 * alert, one only some. */
static uint64_t raised[2][DLO_STAT__N];
static struct output_alerts given[2];

uint64_t dlo_engine_stat(const struct dlo_engine *e, enum dlo_stat stat)
{
	return ((const uint64_t *)e)[stat];
}

struct output_alerts outputs_alerts(const struct outputs *o, unsigned i)
{
	(void)o;
	return given[i];
}

static struct outputs outputs = {.n = 2};
static struct source sources[2];

static int setup(void **state)
{
	memset(raised, 0, sizeof(raised));
	outputs.n_tests = 0;
	for (unsigned i = 0; i < 2; i++) {
		sources[i].engine = (struct dlo_engine *)raised[i];
		atomic_store(&sources[i].counts.lost, 0);
	}
	raised[0][DLO_STAT_ALERTS] = 10;
	raised[1][DLO_STAT_ALERTS] = 5;
	raised[1][DLO_STAT_CLOSINGS] = 2;
	atomic_store(&sources[1].counts.lost, 3);
	given[0] = (struct output_alerts){.output = "each",
		.each = true,
		.raised = 14,
		.recovered = 6,
		.delivered = 9,
		.spooled = 7,
		.lost = 3,
		.unread = 1};
	given[1] = (struct output_alerts){
		.output = "some", .raised = 4, .delivered = 4};
	(void)state;
	return 0;
}

static const char *text_of(unsigned i, bool at_end)
{
	static char text[LEDGER_TEXT_MAX];
	struct ledger_row row = ledger_row(&outputs, i, sources, 2, at_end);

	ledger_text(&row, text);
	return text;
}

/* What was lost before any output got it is raised and lost. */
static void test_at_the_end(void **state)
{
	assert_string_equal(text_of(0, true),
		"each: 17 alerts raised, 6 recovered: 9 delivered, 7 spooled, "
		"6 lost, 1 unread");
	assert_string_equal(text_of(1, true), "some: 4 alerts raised: 4 "
					      "delivered");
	(void)state;
}

/* No engine has raised it. */
static void test_a_test_alert_is_no_fault(void **state)
{
	outputs.n_tests = 1;
	given[0].raised++;
	given[0].delivered++;
	assert_int_equal(ledger_row(&outputs, 0, sources, 2, true).missing, 0);
	(void)state;
}

/* An alert that came out of an engine and was given to nobody shows, and so
 * does one that an output has no account of. */
static void test_a_fault_shows(void **state)
{
	raised[0][DLO_STAT_ALERTS]++;
	assert_int_equal(ledger_row(&outputs, 0, sources, 2, true).missing, 1);
	assert_string_equal(text_of(0, true),
		"each: 17 alerts raised, 6 recovered: 9 delivered, 7 spooled, "
		"6 lost, 1 unread, 1 unaccounted for");
	raised[0][DLO_STAT_ALERTS] -= 3;
	assert_int_equal(ledger_row(&outputs, 0, sources, 2, true).missing, -2);
	/* On the way the engines are ahead. */
	assert_int_equal(ledger_row(&outputs, 0, sources, 2, false).missing, 0);
	given[1].delivered = 3;
	given[1].waiting = 1;
	assert_int_equal(ledger_row(&outputs, 1, sources, 2, false).missing, 0);
	assert_int_equal(ledger_row(&outputs, 1, sources, 2, true).missing, 1);
	(void)state;
}

static void test_lines(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	ledger_print(f, &outputs, sources, 2, true, true);
	fputc('-', f);
	ledger_print(f, &outputs, sources, 2, true, false);
	fclose(f);
	assert_string_equal(text,
		"each: 17 alerts raised, 6 recovered: 9 delivered, 7 spooled, "
		"6 lost, 1 unread\nsome: 4 alerts raised: 4 delivered\n-"
		"each: 17 alerts raised, 6 recovered: 9 delivered, 7 spooled, "
		"6 lost, 1 unread\n");
	free(text);
	(void)state;
}

/* ---- an account under two threads ---- */

#define N 200000u

static void *deliver(void *arg)
{
	struct account *a = arg;

	for (unsigned i = 0; i < N; i++) {
		account_add(a, &(struct account_counts){.spooled = 1});
		account_add(a, &(struct account_counts){.spooled = (uint64_t)-1,
				       .delivered = 1});
	}
	return NULL;
}

/* Whoever looks sees a sum that comes out. */
static void test_account_is_seen_whole(void **state)
{
	struct account a;
	struct account_counts n;
	pthread_t t;

	account_init(&a);
	account_add(&a, &(struct account_counts){.recovered = N});
	assert_int_equal(pthread_create(&t, NULL, deliver, &a), 0);
	do {
		n = account_get(&a);
		assert_in_range(n.spooled, 0, 1);
		assert_in_range(account_waiting(&n), 0, N);
	} while (n.delivered < N);
	pthread_join(t, NULL);
	n = account_get(&a);
	assert_int_equal(account_waiting(&n), 0);
	account_fini(&a);
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_at_the_end),
		TEST(test_a_test_alert_is_no_fault),
		TEST(test_a_fault_shows),
		TEST(test_lines),
		TEST(test_account_is_seen_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
