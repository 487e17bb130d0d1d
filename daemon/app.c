/* SPDX-License-Identifier: BSD-2-Clause */
/* app.c - the program: a table of verbs. */
#include "app.h"

#include <stddef.h>
#include <string.h>

#include "log.h"
#include "options.h"
#include "verbs.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv); /* NULL: not built yet */
} verbs[] = {
	{"explain", verb_explain},
	{"check", verb_check},
	{"compile", NULL},
	{"ctl", NULL},
	{"lint", NULL},
	{"rehearse", NULL},
};

int app_run(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]);
		i++) {
		if (strcmp(argv[1], verbs[i].name) != 0) {
			continue;
		}
		if (!verbs[i].run) {
			log_error("%s is not built yet", argv[1]);
			return EXIT_USAGE;
		}
		return verbs[i].run(argc - 1, argv + 1);
	}
	return verb_sniff(argc, argv);
}
