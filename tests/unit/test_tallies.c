/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tallies.c - what was only counted, over several rule sets. */
#include "tallies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A row whose texts are gone when it is added. */
static void add(struct tallies *t, const char *rule, const char *service,
	uint32_t client, uint64_t count)
{
	char *texts[] = {strdup(rule), strdup("a title"), strdup("cat"),
		strdup(service)};
	struct dlo_tally_row row = {.rule_id = texts[0],
		.title = texts[1],
		.category = texts[2],
		.service = texts[3],
		.ip_version = client ? 4 : 0,
		.count = count};

	row.client[0] = 10;
	row.client[1] = (uint8_t)(client >> 16);
	row.client[2] = (uint8_t)(client >> 8);
	row.client[3] = (uint8_t)client;
	if (!client) {
		memset(row.client, 0, sizeof(row.client));
	}
	tallies_add(t, &row);
	for (unsigned i = 0; i < 4; i++) {
		free(texts[i]);
	}
}

/* What is printed of it, to be freed. */
static char *text_of(struct tallies *t, bool verbose)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	tallies_print(f, t, verbose);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void test_rows_of_several_sets_are_one(void **state)
{
	struct tallies t = {0};
	char *text;

	(void)state;
	add(&t, "a", "s", 1, 2);
	add(&t, "a", "s", 0, 5);
	add(&t, "b", "s", 1, 100); /* another rule's */
	tallies_settle(&t);
	add(&t, "a", "s", 2, 1);
	add(&t, "a", "s", 1, 3);
	add(&t, "a", "s", 0, 2);
	text = text_of(&t, true);
	assert_string_equal(text, "counted only:\n"
				  "  cat/s: 13 by 2 clients and others\n"
				  "\tothers 7\n"
				  "\t10.0.0.1 5\n"
				  "\t10.0.0.2 1\n"
				  "  cat/s: 100 by 1 client\n"
				  "\t10.0.0.1 100\n");
	free(text);
	tallies_free(&t);
}

static void test_nothing_is_nothing(void **state)
{
	struct tallies t = {0};
	char *text = text_of(&t, true);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	tallies_free(&t);
}

/* However many clients there are: those who asked most keep their names, and no
 * look-up is lost. */
static void test_there_is_an_end_to_it(void **state)
{
	struct tallies t = {0};
	unsigned long long r = 0, s = 0;
	uint64_t sum = 0;
	unsigned n_clients;
	char *text;

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 1; i <= TALLIES_MAX; i++) {
			uint64_t n = i % 1000 == 0 ? 100 : 1 + i % 2;

			add(&t, "a", i % 3 ? "s" : "r", round * TALLIES_MAX + i,
				n);
			sum += n;
		}
		tallies_settle(&t);
		assert_true(t.n <= TALLIES_MAX + t.n_services);
	}
	text = text_of(&t, true);
	assert_non_null(strstr(text, "\t10.0.3.232 100\n")); /* 1000 */
	assert_non_null(strstr(text, "\tothers "));
	free(text);
	text = text_of(&t, false);
	assert_int_equal(
		sscanf(text,
			"counted only:\n  cat/r: %llu by %u clients and "
			"others\n  cat/s: %llu by",
			&r, &n_clients, &s),
		3);
	assert_true(r + s == sum);
	free(text);
	tallies_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_several_sets_are_one),
		cmocka_unit_test(test_nothing_is_nothing),
		cmocka_unit_test(test_there_is_an_end_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
