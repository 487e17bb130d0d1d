/* SPDX-License-Identifier: BSD-2-Clause */
/* test_test_alert.c - what is said of a test alert, by what an output counts.
 */
#include "test_alert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What the output has counted; and becomes when it is given an alert. */
static struct output_alerts now, when_given;

struct output_alerts outputs_alerts(const struct outputs *o, unsigned i)
{
	(void)o, (void)i;
	return now;
}

void outputs_record(struct outputs *o, unsigned ways,
	const struct dlo_record *rec, const struct dlo_origin *origin)
{
	(void)o, (void)ways, (void)origin;
	if (rec->kind == DLO_RECORD_ALERT) {
		now = when_given;
	}
}

static void test_fates(void **state)
{
	static const struct {
		const char *name;
		struct output_alerts before, given, after;
		enum test_alert_fate want;
	} rows[] = {
		{"delivered at once", {0}, {.raised = 1, .waiting = 1},
			{.raised = 1, .delivered = 1}, FATE_DELIVERED},
		{"waits", {0}, {.raised = 1, .waiting = 1},
			{.raised = 1, .waiting = 1}, FATE_WAITING},
		{"spooled", {0}, {.raised = 1, .waiting = 1},
			{.raised = 1, .spooled = 1}, FATE_WAITING},
		{"delivered, others behind it wait",
			{.raised = 9, .waiting = 9},
			{.raised = 10, .waiting = 10},
			{.raised = 15, .delivered = 10, .waiting = 5},
			FATE_DELIVERED},
		{"those before it are delivered", {.raised = 9, .waiting = 9},
			{.raised = 10, .waiting = 10},
			{.raised = 15, .delivered = 9, .waiting = 6},
			FATE_WAITING},
		{"its queue is full", {.raised = 9, .waiting = 9},
			{.raised = 10, .waiting = 9, .lost = 1},
			{.raised = 10, .delivered = 9, .lost = 1}, FATE_LOST},
		{"refused by the output", {0}, {.raised = 1, .waiting = 1},
			{.raised = 1, .lost = 1}, FATE_LOST},
		{"others were lost long ago", {.raised = 3, .lost = 3},
			{.raised = 4, .waiting = 1, .lost = 3},
			{.raised = 4, .delivered = 1, .lost = 3},
			FATE_DELIVERED},
		{"an output of packets", {0}, {0}, {0}, FATE_NOT_GIVEN},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loop l = {.outputs.n = 1};
		static struct test_alert t;
		bool done;

		print_message("# %s\n", rows[i].name);
		now = rows[i].before;
		when_given = rows[i].given;
		assert_int_equal(test_alert_send(&t, &l), 0);
		assert_int_equal(l.outputs.n_tests, 1);
		now = rows[i].after;
		done = test_alert_done(&t, &l);
		assert_int_equal(t.fate[0], rows[i].want);
		assert_int_equal(done, rows[i].want != FATE_WAITING);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
