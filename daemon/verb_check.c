/* SPDX-License-Identifier: BSD-2-Clause */
/* verb_check.c - reads what the service would, opens nothing, says what is
 * loaded. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dnslookout.h"
#include "dump.h"
#include "filter.h"
#include "lists.h"
#include "log.h"
#include "options.h"
#include "plural.h"
#include "settings.h"
#include "verbs.h"

static void print_settings(struct options *o)
{
	const struct option_row *row;
	unsigned n = 0;

	for (unsigned i = 0; i < n_option_rows; i++) {
		n += o->place[i].origin == ORIGIN_FILE;
	}
	if (o->config) {
		printf("%s: %u setting%s\n", o->config, n, plural(n));
	} else {
		printf("no %s: defaults\n", SETTINGS_FILE);
	}
	if (o->verbose) {
		dump_config(o, stdout, &row);
	}
}

static int check_filter(struct options *o)
{
	char error[PCAP_ERRBUF_SIZE], message[PCAP_ERRBUF_SIZE + 80];
	int link_type = o->link_type ? pcap_datalink_name_to_val(o->link_type)
				     : DLT_EN10MB;

	if (!filter_check(link_type, o->filter, error)) {
		return 0;
	}
	snprintf(message, sizeof(message), "filter expression, on %s: %s",
		pcap_datalink_val_to_name(link_type), error);
	return settings_wrong(
		o, o->filter_file ? "filter-file" : "filter", message);
}

/* It may come later, and then is used. */
static void check_interfaces(const struct options *o)
{
	for (unsigned i = 0; i < o->interfaces.n; i++) {
		const char *name = o->interfaces.text[i];

		if (strcmp(name, "any") != 0 && !if_nametoindex(name)) {
			log_warning("there is no interface \"%s\" now (-D "
				    "lists them)",
				name);
		}
	}
}

static void print_actions(const struct dlo_ruleset *rules)
{
	unsigned n_lists = dlo_ruleset_n_lists(rules),
		 n_patterns = dlo_ruleset_n_patterns(rules);
	unsigned n[DLO_ACTION__N] = {0};
	struct dlo_pattern_info p;

	for (unsigned i = 0; i < n_patterns; i++) {
		dlo_ruleset_pattern(rules, i, &p);
		n[p.action]++;
	}
	printf("%u list%s, %u pattern%s: %u alert, %u count, %u off; %zu KiB\n",
		n_lists, plural(n_lists), n_patterns, plural(n_patterns),
		n[DLO_ACTION_ALERT], n[DLO_ACTION_COUNT], n[DLO_ACTION_OFF],
		(dlo_ruleset_bytes(rules) + 1023) / 1024);
}

static void print_exception_warnings(
	const struct dlo_exception_info *e, enum dlo_need need, bool expired)
{
	static const char *const texts[] = {
		[DLO_NEED_NONE] = "no loaded list has that rule and service",
		[DLO_NEED_ALIAS] = "matches nothing in the loaded lists (what "
				   "answers lead to from there is hidden)",
	};

	if (expired) {
		log_warning("%s:%u: exception expired %s%s%s%s: %s", e->path,
			e->line, e->until, *e->owner ? " (owner " : "",
			e->owner, *e->owner ? ")" : "", e->text);
	}
	if (need != DLO_NEED_NAME) {
		log_warning("%s:%u: exception %s: %s", e->path, e->line,
			e->text, texts[need]);
	}
}

/* Those that hide nothing, or may not be needed. */
static int check_exceptions(const struct dlo_ruleset *rules)
{
	unsigned n = dlo_ruleset_n_exceptions(rules), n_expired = 0;
	enum dlo_need *need = calloc(n + 1u, sizeof(*need));
	uint64_t now_ns = (uint64_t)time(NULL) * 1000000000u;

	if (!need || dlo_ruleset_needs(rules, need) < 0) {
		log_error("out of memory");
		free(need);
		return EXIT_RUNTIME;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct dlo_exception_info *e =
			dlo_ruleset_exception(rules, i);
		bool expired = e->end_ns <= now_ns;

		n_expired += expired;
		print_exception_warnings(e, need[i], expired);
	}
	if (n) {
		printf("%u exception%s, %u expired\n", n, plural(n), n_expired);
	}
	free(need);
	return 0;
}

static int check(struct options *o)
{
	struct lists lists = {.verbose = stdout};
	int r;

	if (o->n_words) {
		log_error("check takes no names: %s", o->words[0]);
		return EXIT_USAGE;
	}
	print_settings(o);
	r = check_filter(o);
	check_interfaces(o);
	if (!r) {
		r = lists_load(o, &lists);
	}
	if (!r) {
		print_actions(lists.rules);
		r = check_exceptions(lists.rules);
	}
	if (!r) {
		puts("fine");
	}
	lists_free(&lists);
	return r;
}

int verb_check(int argc, char **argv)
{
	struct options o;
	int r = settings_read(&o, OPTION_CHECK, argc, argv);

	if (r < 0) {
		r = check(&o);
	}
	options_free(&o);
	return r;
}
