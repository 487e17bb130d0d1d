/* SPDX-License-Identifier: BSD-2-Clause */
/* app.c - the program: a table of verbs. */
#include "app.h"

#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "options.h"
#include "verbs.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv); /* NULL: not built yet */
} verbs[] = {
	{"explain", verb_explain},
	{"check", verb_check},
	{"compile", verb_compile},
	{"ctl", verb_ctl},
	{"lint", NULL},
	{"rehearse", NULL},
};

/* A descriptor 0, 1 or 2 that is closed would be given to the next file that is
 * opened, and results written into it. Nothing can be written to this one. */
static void keep_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

/*
 * Tables are made as large as they may become: whole pages from the kernel are
 * zero without being touched, and go back to it when freed. That the threshold
 * is set keeps glibc from raising it.
 */
static void give_tables_pages(void)
{
	mallopt(M_MMAP_THRESHOLD, 32 * 1024);
}

int app_run(int argc, char **argv)
{
	keep_standard_descriptors();
	give_tables_pages();
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
