/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - the settings, read from one table. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Exit codes: the contract with scripts. */
enum {
	EXIT_FINE = 0,
	EXIT_RUNTIME =
		1, /* no such interface or file, no right, damaged file */
	EXIT_USAGE = 2, /* command line, filter, list */
	EXIT_ALERTS = 3, /* --exit-code, and there were alerts */
};

#define OPTIONS_TEXTS_MAX 1024
#define OPTIONS_PORTS_MAX 32

struct texts {
	const char **text; /* grows; the strings are argv's */
	unsigned n;
};

enum format { FORMAT_TEXT, FORMAT_JSON };
enum syslog_format { SYSLOG_TEXT, SYSLOG_CEE };
enum when { WHEN_ON, WHEN_OFF };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	/* sources */
	struct texts interfaces, files;
	const char *watch; /* a folder of captures that grows; NULL: none */
	bool list_interfaces, list_link_types;
	const char *link_type;
	bool no_promiscuous, immediate, no_default_filter;
	unsigned census_sample; /* enum when */
	unsigned snaplen, buffer_kib;
	uint64_t max_frames; /* 0: no end */
	const char *filter_file;
	const char *filter; /* the words at the end, joined; never NULL */
	/* what is looked for */
	struct texts lists;
	uint16_t dns_port[OPTIONS_PORTS_MAX];
	unsigned n_dns_ports;
	bool any_port;
	bool limit_given, no_limit;
	unsigned limit_n, limit_s; /* 0: no limit */
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
	bool service, exit_code;
	/* rights */
	const char *user; /* to become; NULL: nobody else */
	bool no_sandbox;
	/* verbs */
	const char *client;
	/* the first word that is no option, for verbs */
	char **words;
	int n_words;
};

/* Where an option may stand. */
enum { OPTION_SNIFF = 1, OPTION_EXPLAIN = 2, OPTION_CHECK = 4 };

/*
 * Reads argv into *o: defaults, options, cross-checks. `where` is one of the
 * above. Returns -1 to go on, or the exit code to end with (--help, --version;
 * on a usage error after a message).
 */
int options_read(struct options *o, unsigned where, int argc, char **argv);
void options_free(struct options *o);

#endif
