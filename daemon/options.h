/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - the settings, and the table that they are read by. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "option.h"

/* Exit codes: the contract with scripts. */
enum {
	EXIT_FINE = 0,
	EXIT_RUNTIME =
		1, /* no such interface or file, no right, damaged file */
	EXIT_USAGE = 2, /* command line, configuration, filter, list */
	EXIT_ALERTS = 3, /* --exit-code, and there were alerts */
};

enum format { FORMAT_TEXT, FORMAT_JSON };
enum syslog_format { SYSLOG_TEXT, SYSLOG_CEE };
enum when { WHEN_ON, WHEN_OFF };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Who said it; the greater wins. */
enum origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_COMMAND_LINE };

struct option_place {
	enum origin origin;
	unsigned line, col; /* of the key in the file */
};

/* What the control socket is called if nothing else is said. */
#define CONTROL_NAME "ctl.sock"

#define OPTIONS_MAX 96u
#define FANOUT_MAX 64 /* captures of one interface */

/* All that a run was told. There may be several: a reload builds the next one
 * beside the one in use. */
struct options {
	/* sources */
	struct texts interfaces, files;
	const char *watch; /* a folder of captures that grows; NULL: none */
	bool list_interfaces, list_link_types;
	const char *link_type;
	bool promiscuous, immediate, default_filter;
	unsigned census_sample; /* enum when */
	unsigned snaplen, buffer_kib;
	unsigned fanout; /* captures of one interface */
	uint64_t max_frames; /* 0: no end */
	unsigned jobs; /* files that are read at a time */
	const char *expression, *filter_file; /* as given; NULL: none */
	const char *filter; /* what these two, or none, say; never NULL */
	/* what is looked for */
	struct texts lists, exceptions;
	const char *ruleset; /* compiled, instead of lists; NULL: none */
	struct ports dns_ports;
	bool any_port;
	struct alert_limit limit;
	/* what is said, and where */
	bool all, quiet, link_header, line_buffered, number, numeric;
	unsigned verbose, stamp, hex; /* -v, -t, -X: how often */
	unsigned format, color; /* enum format, enum color */
	bool json;
	const char *write; /* pcapng file; NULL: none */
	bool packet_buffered;
	const char *syslog; /* socket; NULL: none */
	unsigned syslog_facility; /* number, RFC 3164 4.1.1 */
	unsigned syslog_format; /* enum syslog_format */
	const char *alerts; /* file of JSON lines; NULL: none */
	unsigned alerts_min_free_mib; /* below it nothing is written there */
	bool service, exit_code;
	bool watch_lists; /* a change of them is a reload */
	const char *state_directory; /* see state.h */
	/* for who asks a service; NULL: nobody, and no group */
	const char *control, *control_group;
	bool force; /* ctl */
	const char *metrics_file; /* NULL: none */
	unsigned spool_mib; /* of an output, at most */
	/* rights */
	const char *user; /* to become; NULL: nobody else */
	bool sandbox;
	const char *config; /* file that was read; NULL: none */
	bool dump_config;
	/* verbs */
	bool help; /* was given: the verb may say more */
	const char *client;
	const char *output_file; /* of compile */
	/* the first word that is no option, for verbs */
	char **words;
	int n_words;
	struct option_place place[OPTIONS_MAX]; /* by row: who gave the value */
};

extern const struct option_row option_rows[];
extern const unsigned n_option_rows;

/* The row of a name, which has to be one. */
const struct option_row *options_row(const char *name);

/* Who gave the value of that row. */
enum origin options_origin(const struct options *o, const char *name);
struct option_place *options_place(
	struct options *o, const struct option_row *row);

/* The defaults; `service`: those of a service. */
int options_init(struct options *o, bool service);

/*
 * Takes one value (NULL: none of it) of a row, as option_read() does. What a
 * lesser origin said of it, and of the others of its group, is forgotten.
 */
int options_take(struct options *o, const struct option_row *row,
	const char *text, struct option_place place,
	char reterr_problem[OPTION_PROBLEM_MAX]);

void *options_value(struct options *o, const struct option_row *row);
void options_free(struct options *o);

#endif
