/* SPDX-License-Identifier: BSD-2-Clause */
/* option.h - one option: what a row of the table says, and its value. */
#ifndef OPTION_H
#define OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where an option may stand. */
enum {
	OPTION_SNIFF = 1,
	OPTION_EXPLAIN = 2,
	OPTION_CHECK = 4,
	OPTION_FILE = 8, /* a key of the configuration file */
	OPTION_CTL = 16,
	OPTION_COMPILE = 32,
};

enum option_type {
	OPTION_FLAG, /* bool */
	OPTION_COUNT, /* unsigned: one more each time */
	OPTION_NUMBER, /* unsigned, minimum to maximum */
	OPTION_NUMBER64,
	OPTION_TEXT, /* const char *, owned; at most `maximum` octets */
	OPTION_TEXTS, /* struct texts: one more each time */
	OPTION_LINK_TYPE, /* const char *, owned; a name that libpcap knows */
	OPTION_CHOICE, /* unsigned: index in `choices` */
	OPTION_PORTS, /* struct ports: some more each time */
	OPTION_LIMIT, /* struct alert_limit */
	OPTION_LATER, /* not built yet: refused */
	OPTION_HELP,
	OPTION_VERSION,
};

/* Options of one group say the same thing in different ways. */
enum option_group { GROUP_NONE, GROUP_SOURCE, GROUP_LOAD, GROUP_FILTER };

#define TEXTS_MAX 1024u
#define PORTS_MAX 32u

struct texts {
	const char **text; /* grows; all owned */
	unsigned n;
};

struct ports {
	uint16_t port[PORTS_MAX];
	unsigned n;
};

struct alert_limit {
	unsigned n, seconds; /* 0: no limit */
};

struct option_row {
	const char *name; /* --name; the key in the file */
	const char *no; /* "no-name" where there may be none of it; or NULL */
	char letter; /* 0: none; of a flag, for what is not the default */
	enum option_type type;
	unsigned where; /* OPTION_SNIFF and so on */
	enum option_group group;
	bool reload; /* a reload takes a change; else it needs a restart */
	size_t offset; /* in struct options */
	uint64_t minimum, maximum;
	const char *const *choices; /* ends with NULL */
	const char *def; /* default, as it is written; NULL: none */
	const char *def_service; /* where it is another as a service */
	const char *value; /* what help calls it; NULL: takes none */
	const char *help;
};

#define OPTION_PROBLEM_MAX 200u

/*
 * Reads `text` into the value at `at`: replaces it, or adds to it where the
 * type says so. NULL is none of it: false, 0, no text. Returns 0; -1 with what
 * is wrong, as in "takes a number from 1 to 9, not "x"", in reterr_problem.
 */
int option_read(const struct option_row *row, void *at, const char *text,
	char reterr_problem[OPTION_PROBLEM_MAX]);

/* Whether two values of a row are the same. */
bool option_same(const struct option_row *row, const void *a, const void *b);

/* Makes it none, and frees what it had. */
void option_clear(const struct option_row *row, void *at);

/* Whether a word means no: of a flag, or none of something. */
bool option_is_no(const char *text);

#endif
