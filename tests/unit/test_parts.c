/* SPDX-License-Identifier: BSD-2-Clause */
/* test_parts.c - the sources of one interface: they come and go together, and
 * their counts are one. */
#include "parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sums.h"

#define N_PARTS 3u

/* ---- what they stand on -------------------------------------------------- */

static struct pcap {
	int unused;
} handles[16];

static unsigned n_opened, n_woken;
static int opens; /* what handle_open() returns */

int handle_open(const struct options *o, struct programs *programs,
	const char *interface, struct handle *ret, unsigned n)
{
	(void)o, (void)programs;
	assert_string_equal(interface, "eth0");
	assert_int_equal(n, N_PARTS);
	for (unsigned i = 0; i < n; i++) {
		ret[i] = (struct handle){
			.pcap = opens ? NULL : (pcap_t *)&handles[n_opened++]};
	}
	if (opens) {
		ret[0].absent = true;
		strcpy(ret[0].text, "not there");
	}
	return opens;
}

int pcap_datalink(pcap_t *p)
{
	assert_non_null(p);
	return DLT_EN10MB;
}

void source_wake(const struct source *s)
{
	(void)s;
	n_woken++;
}

pcap_t *source_take_handle(struct source *s)
{
	return atomic_exchange(&s->given, NULL);
}

int source_init(struct source *s)
{
	assert_string_equal(s->interface, "eth0");
	return 0;
}

uint64_t dlo_engine_stat(const struct dlo_engine *e, enum dlo_stat stat)
{
	assert_int_equal(stat, DLO_STAT_ALERTS);
	return *(const uint64_t *)(const void *)e;
}

/* ---- tests --------------------------------------------------------------- */

static struct options options;
static struct source_context shared = {.options = &options};

static int open_all(struct source s[N_PARTS], bool service, bool is_there)
{
	n_opened = n_woken = 0;
	opens = is_there ? 0 : EXIT_RUNTIME;
	options.service = service;
	options.fanout = N_PARTS;
	return parts_open_live(s, &shared, "eth0");
}

static void expect_handles(struct source s[N_PARTS], unsigned from)
{
	for (unsigned i = 0; i < N_PARTS; i++) {
		assert_ptr_equal(s[i].pcap, &handles[from + i]);
	}
}

static void test_all_are_open(void **state)
{
	static struct source s[N_PARTS];

	(void)state;
	assert_int_equal(open_all(s, false, true), 0);
	expect_handles(s, 0);
	for (unsigned i = 0; i < N_PARTS; i++) {
		assert_int_equal(s[i].part, i);
		assert_int_equal(s[i].link_type, DLT_EN10MB);
		assert_false(outages_is_on(&s[i].outages));
		assert_null(parts_lost(&s[i]));
	}
	assert_int_equal(s[0].n_more, N_PARTS - 1);
}

static void test_none_is_there(void **state)
{
	static struct source s[N_PARTS];

	(void)state;
	assert_int_equal(open_all(s, false, false), EXIT_RUNTIME);
	assert_int_equal(open_all(s, true, false), 0);
	for (unsigned i = 0; i < N_PARTS; i++) {
		assert_null(s[i].pcap);
		assert_true(outages_is_on(&s[i].outages));
	}
	assert_true(parts_have_let_go(s));
}

/* One loses its handle alone: so do all, and only then new ones are opened. */
static void test_one_is_lost(void **state)
{
	static struct source s[N_PARTS];
	struct handle h;

	(void)state;
	open_all(s, true, true);
	n_woken = 0;
	parts_lose(&s[2], "no memory");
	assert_int_equal(n_woken, N_PARTS);
	parts_lose(&s[0], "another reason, later");
	for (unsigned i = 0; i < N_PARTS; i++) {
		assert_string_equal(parts_lost(&s[i]), "no memory");
	}
	parts_let_go(&s[0]);
	parts_let_go(&s[2]);
	assert_false(parts_have_let_go(s));
	parts_let_go(&s[1]);
	assert_true(parts_have_let_go(s));

	opens = EXIT_RUNTIME;
	assert_int_equal(parts_open(s, &h), EXIT_RUNTIME);
	assert_string_equal(h.text, "not there");
	assert_null(source_take_handle(&s[1]));
	assert_true(parts_have_let_go(s));

	opens = 0;
	assert_int_equal(parts_open(s, &h), 0);
	assert_ptr_equal(h.pcap, &handles[N_PARTS]);
	assert_null(parts_lost(&s[1]));
	assert_false(parts_have_let_go(s));
	assert_ptr_equal(source_take_handle(&s[1]), &handles[N_PARTS + 1]);
	assert_ptr_equal(source_take_handle(&s[2]), &handles[N_PARTS + 2]);
	assert_null(source_take_handle(&s[2]));
}

/* An interface that one source captures on. */
static void test_alone(void **state)
{
	static struct source s = {.interface = "eth0"};

	(void)state;
	n_woken = 0;
	parts_lose(&s, "gone");
	assert_null(parts_lost(&s));
	assert_int_equal(n_woken, 0);
	assert_true(parts_have_let_go(&s));
}

static void test_sums(void **state)
{
	static uint64_t alerts[] = {1, 20, 300, 4000};
	static struct source s[] = {
		{.n_more = 2}, {.part = 1}, {.part = 2}, {.n_more = 0}};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		s[i].engine = (void *)&alerts[i];
		s[i].counts.captured = 2 * alerts[i];
	}
	assert_int_equal(sums_stat(&s[0], DLO_STAT_ALERTS), 321);
	assert_int_equal(SUMS_COUNT(&s[0], captured), 642);
	assert_int_equal(sums_stat(&s[3], DLO_STAT_ALERTS), 4000);
	assert_int_equal(SUMS_COUNT(&s[3], captured), 8000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_open),
		cmocka_unit_test(test_none_is_there),
		cmocka_unit_test(test_one_is_lost),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
