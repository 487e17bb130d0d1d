/* SPDX-License-Identifier: BSD-2-Clause */
/* lists.h - finds, reads and compiles the lists. */
#ifndef LISTS_H
#define LISTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "dnslookout.h"
#include "options.h"

/* When the files of the lists were written. 0: there was no regular file. */
struct lists_age {
	time_t oldest, newest;
};

enum lists_kind { LISTS_LIST, LISTS_EXCEPTIONS, LISTS_RULESET };

/* A file as it was read. */
struct lists_text {
	char *path, *text;
	size_t len;
	enum lists_kind kind;
	/* A compiled set is not kept twice: this is the rule set's, and there
	 * as long as that is. */
	bool lent;
};

struct lists {
	/* The caller's wishes; all else is 0. */
	FILE *verbose; /* gets a line a file; NULL: none */
	bool keep; /* the texts, in `text` */
	bool only; /* lists, not what is compiled of them, nor exceptions */
	const atomic_bool *stop; /* once true, loading ends; NULL: never */
	/* What was loaded. */
	struct dlo_ruleset *rules; /* the caller's, once he takes it */
	struct lists_age age; /* not of texts */
	unsigned n_lists, n_patterns;
	unsigned n_bad, n_skipped; /* lines */
	unsigned n_unreadable; /* lists without one good line */
	struct lists_text *text;
	unsigned n_texts;
	uint64_t seen; /* lists_look(), of the files before they were read */
};

/*
 * Builds the rule set of the options: --ruleset, or else --list's files and
 * directories, or else the shipped lists and the site's; with those of
 * --exceptions or, unless one of the two is on the command line, the site's
 * exceptions. Says on stderr what is wrong, with place.
 * Returns 0, or EXIT_RUNTIME or EXIT_USAGE after a message. Any thread.
 */
int lists_load(const struct options *o, struct lists *l);

/* The same of texts that were kept: text[0..n). */
int lists_load_texts(
	const struct lists_text *text, unsigned n, struct lists *l);

void lists_free_texts(struct lists *l);

/* All of it, with the rules if they are still there. */
void lists_free(struct lists *l);

/* A number that is another when a file, or which files there are, has changed
 * since. Looks at no content. Any thread. */
uint64_t lists_look(const struct options *o);

/* The files and folders that lists_load() reads; some may not be there. */
void lists_paths(const struct options *o,
	void (*path)(void *ctx, const char *path), void *ctx);

#endif
