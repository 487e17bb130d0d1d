/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the settings, read from one table. */
#include "options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "log.h"

/* ---- readers of values: 0, or -1 after a message ------------------------ */

enum type {
	FLAG, /* bool: true */
	COUNT, /* unsigned: one more each time */
	NUMBER, /* unsigned, minimum to maximum */
	NUMBER64,
	TEXT, /* const char * */
	TEXTS, /* struct texts: one more each time */
	CHOICE, /* unsigned: index in `choices` */
	SPECIAL, /* read() */
	LATER, /* not built yet: refused */
	HELP,
	VERSION,
};

struct row {
	const char *name;
	char letter; /* 0: none */
	enum type type;
	unsigned where;
	size_t offset; /* in struct options */
	uint64_t minimum, maximum;
	const char *const *choices;
	int (*read)(struct options *o, const char *name, const char *value);
	const char *value; /* what help calls it; NULL: takes none */
	const char *help;
};

static int read_number(const char *name, const char *value, uint64_t minimum,
	uint64_t maximum, uint64_t *ret)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(value, &end, 10);
	if (errno || end == value || *end || value[0] < '0' || value[0] > '9' ||
		v < minimum || v > maximum) {
		log_error("--%s takes a number from %llu to %llu, not \"%s\"",
			name, (unsigned long long)minimum,
			(unsigned long long)maximum, value);
		return -1;
	}
	*ret = v;
	return 0;
}

static int read_ports(struct options *o, const char *name, const char *value)
{
	char copy[256], *save, *word;
	uint64_t port;

	if (strlen(value) >= sizeof(copy)) {
		log_error("--%s: too long", name);
		return -1;
	}
	memcpy(copy, value, strlen(value) + 1);
	o->n_dns_ports = 0;
	for (word = strtok_r(copy, ",", &save); word;
		word = strtok_r(NULL, ",", &save)) {
		if (o->n_dns_ports == OPTIONS_PORTS_MAX) {
			log_error("--%s takes at most %d ports", name,
				OPTIONS_PORTS_MAX);
			return -1;
		}
		if (read_number(name, word, 1, 65535, &port)) {
			return -1;
		}
		o->dns_port[o->n_dns_ports++] = (uint16_t)port;
	}
	if (!o->n_dns_ports) {
		log_error("--%s takes ports, as in 53,5353", name);
		return -1;
	}
	return 0;
}

static int read_limit(struct options *o, const char *name, const char *value)
{
	char copy[32];
	const char *slash = strchr(value, '/');
	size_t len = slash ? (size_t)(slash - value) : 0;
	uint64_t n, seconds;

	if (!len || len >= sizeof(copy)) {
		log_error("--%s takes ALERTS/SECONDS, as in 3/60, not \"%s\"",
			name, value);
		return -1;
	}
	memcpy(copy, value, len);
	copy[len] = '\0';
	if (read_number(name, copy, 1, 1000000, &n) ||
		read_number(name, slash + 1, 1, 86400, &seconds)) {
		return -1;
	}
	o->limit_n = (unsigned)n;
	o->limit_s = (unsigned)seconds;
	o->limit_given = true;
	return 0;
}

/* Names of RFC 3164, 4.1.1, by number. */
static const char *const facilities[] = {"kern", "user", "mail", "daemon",
	"auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2",
	"local3", "local4", "local5", "local6", "local7", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const syslog_formats[] = {"text", "cee", NULL};
static const char *const whens[] = {"on", "off", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};

/* ---- the table ---------------------------------------------------------- */

#define SNIFF OPTION_SNIFF
#define EXPLAIN OPTION_EXPLAIN
#define CHECK OPTION_CHECK
#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
	{"interface", 'i', TEXTS, SNIFF, AT(interfaces), .value = "IF",
		.help = "capture on IF; repeatable; any: all interfaces"},
	{"read", 'r', TEXTS, SNIFF, AT(files), .value = "FILE",
		.help = "read FILE (-: stdin; a directory: its captures in "
			"name order; also .gz and .zst); repeatable"},
	{"watch", 0, TEXT, SNIFF, AT(watch), .value = "DIR",
		.help = "read the captures in DIR, then those that appear, as "
			"they grow"},
	{"list-interfaces", 'D', FLAG, SNIFF, AT(list_interfaces),
		.help = "list the interfaces"},
	{"list-data-link-types", 'L', FLAG, SNIFF, AT(list_link_types),
		.help = "list the link types of the interface"},
	{"linktype", 'y', TEXT, SNIFF, AT(link_type), .value = "DLT",
		.help = "capture with link type DLT"},
	{"no-promiscuous-mode", 'p', FLAG, SNIFF, AT(no_promiscuous),
		.help = "leave the interface's mode alone"},
	{"snapshot-length", 's', NUMBER, SNIFF, AT(snaplen), 0, 262144,
		.value = "LEN",
		.help = "octets taken of each frame (65535; 0: that)"},
	{"buffer-size", 'B', NUMBER, SNIFF, AT(buffer_kib), 1, 2097151,
		.value = "KIB",
		.help = "capture ring of an interface, KiB (4096)"},
	{"immediate-mode", 0, FLAG, SNIFF, AT(immediate),
		.help = "see each packet at once, at the price of losses; "
			"snapshot length 2048"},
	{"any-port", 0, FLAG, SNIFF, AT(any_port),
		.help = "also what looks like DNS on other ports (live: "
			"without the kernel filter)"},
	{"census-sample", 0, CHOICE, SNIFF, AT(census_sample), .choices = whens,
		.value = "WHEN",
		.help = "live: on, off: look one second in sixty at what the "
			"kernel filter hides"},
	{"no-default-filter", 0, FLAG, SNIFF, AT(no_default_filter),
		.help = "live: no kernel filter but the one given"},
	{"count", 'c', NUMBER64, SNIFF, AT(max_frames), 1, UINT64_MAX,
		.value = "N",
		.help = "stop after N frames that pass the filter"},
	{"filter-file", 'F', TEXT, SNIFF, AT(filter_file), .value = "FILE",
		.help = "read the filter expression from FILE"},
	{"dns-ports", 0, SPECIAL, SNIFF, .read = read_ports, .value = "LIST",
		.help = "ports that carry DNS (53), as in 53,5353"},
	{"list", 0, TEXTS, SNIFF | EXPLAIN | CHECK, AT(lists), .value = "FILE",
		.help = "a list, or a directory of lists, instead of the "
			"configured ones; repeatable"},
	{"limit", 0, SPECIAL, SNIFF, .read = read_limit, .value = "N/SECONDS",
		.help = "at most N alerts for a client, rule and service in "
			"so many seconds, the rest counted (3/60 with "
			"--service)"},
	{"no-limit", 0, FLAG, SNIFF, AT(no_limit), .help = "every alert"},
	{"all", 'a', FLAG, SNIFF, AT(all),
		.help = "print every DNS message, not only alerts"},
	{"output", 'o', CHOICE, SNIFF, AT(format), .choices = formats,
		.value = "FORMAT",
		.help = "text, or json: ECS, one object a line"},
	{"json", 0, FLAG, SNIFF | EXPLAIN, AT(json), .help = "-o json"},
	{"write", 'w', TEXT, SNIFF, AT(write), .value = "FILE",
		.help = "the packets of the alerts (with -a: of all DNS "
			"messages) as pcapng; -: to stdout, instead of text"},
	{"packet-buffered", 'U', FLAG, SNIFF, AT(packet_buffered),
		.help = "always so: a packet of -w leaves at once"},
	{"syslog", 0, TEXT, SNIFF, AT(syslog), .value = "SOCKET",
		.help = "alerts to syslog too (/dev/log)"},
	{"syslog-facility", 0, CHOICE, SNIFF, AT(syslog_facility),
		.choices = facilities, .value = "F", .help = "(local5)"},
	{"syslog-format", 0, CHOICE, SNIFF, AT(syslog_format),
		.choices = syslog_formats, .value = "F",
		.help = "text, or cee: @cee: and JSON"},
	{"service", 0, FLAG, SNIFF, AT(service),
		.help = "run for systemd: no stdout, alerts to syslog"},
	{"exit-code", 0, FLAG, SNIFF, AT(exit_code),
		.help = "exit 3 when there were alerts (-r)"},
	{"no-name-lookup", 'n', FLAG, SNIFF, AT(numeric),
		.help = "always so: addresses are never looked up"},
	{"quiet", 'q', FLAG, SNIFF, AT(quiet), .help = "shorter lines"},
	{"verbose", 'v', COUNT, SNIFF | CHECK, AT(verbose),
		.help = "why each alert; which client asked for what counts"},
	{"link-header", 'e', FLAG, SNIFF, AT(link_header),
		.help = "print the link-level header"},
	{"hex", 'X', COUNT, SNIFF, AT(hex),
		.help = "print packets in hex; -XX: with the link-level "
			"header"},
	{"time", 't', COUNT, SNIFF, AT(stamp),
		.help = "no time stamp; -tt seconds; -ttt since the line "
			"before; -tttt date; -ttttt since the first"},
	{"number", '#', FLAG, SNIFF, AT(number),
		.help = "print packet numbers"},
	{"line-buffered", 'l', FLAG, SNIFF, AT(line_buffered),
		.help = "always so: a line leaves at once"},
	{"color", 0, CHOICE, SNIFF, AT(color), .choices = colors,
		.value = "WHEN", .help = "auto, always, never"},
	{"client", 0, TEXT, EXPLAIN, AT(client), .value = "IP",
		.help = "who asks; matters once there are exceptions"},
	{"user", 'Z', TEXT, SNIFF, AT(user), .value = "USER",
		.help = "become USER, with the right to capture, once "
			"interfaces are open"},
	{"no-sandbox", 0, FLAG, SNIFF, AT(no_sandbox),
		.help = "do not give up rights, files and system calls that "
			"are not needed"},
	{"exceptions", 0, LATER, SNIFF | EXPLAIN | CHECK, .value = "FILE",
		.help = ""},
	{"rules", 0, LATER, SNIFF | EXPLAIN | CHECK, .value = "FILE",
		.help = ""},
	{"ruleset", 0, LATER, SNIFF | EXPLAIN | CHECK, .value = "FILE",
		.help = ""},
	{"config", 'C', LATER, SNIFF | EXPLAIN | CHECK, .value = "FILE",
		.help = ""},
	{"dump-config", 0, LATER, SNIFF | CHECK, .help = ""},
	{"jobs", 'j', LATER, SNIFF, .value = "N", .help = ""},
	{"help", 'h', HELP, SNIFF | EXPLAIN | CHECK, .help = "this text"},
	{"version", 0, VERSION, SNIFF | EXPLAIN | CHECK,
		.help = "the version, and those of the libraries"},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* ---- help --------------------------------------------------------------- */

static const char usage_sniff[] =
	"usage: dnslookout [options] [filter expression]\n"
	"       dnslookout explain [options] NAME... | -\n"
	"       dnslookout check [options]\n\n"
	"Reports DNS questions for tunnels, proxies and drop boxes, live or "
	"from captures.\n\n";

static void print_help(unsigned where)
{
	char left[64];

	fputs(where == OPTION_EXPLAIN
			? "usage: dnslookout explain [options] NAME... | -\n\n"
		: where == OPTION_CHECK
			? "usage: dnslookout check [options]\n\n"
			: usage_sniff,
		stdout);
	for (const struct row *r = rows; r < rows + N_ROWS; r++) {
		int n = 0;

		if (!(r->where & where) || r->type == LATER) {
			continue;
		}
		n = r->letter ? snprintf(left, sizeof(left), "-%c, ", r->letter)
			      : snprintf(left, sizeof(left), "    ");
		snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s",
			r->name, r->value ? " " : "", r->value ? r->value : "");
		printf("  %-30s %s\n", left, r->help);
	}
}

static void print_version(void)
{
	printf("dnslookout %s\n%s\n", DLO_VERSION, pcap_lib_version());
}

/* ---- reading ------------------------------------------------------------ */

static int add_text(struct texts *t, const char *text)
{
	const char **more;

	if (t->n == OPTIONS_TEXTS_MAX) {
		log_error("too many of one option");
		return -1;
	}
	more = realloc(t->text, (t->n + 1) * sizeof(*more));
	if (!more) {
		log_error("out of memory");
		return -1;
	}
	t->text = more;
	t->text[t->n++] = text;
	return 0;
}

static int read_choice(const struct row *r, const char *value, unsigned *ret)
{
	char all[256];
	size_t n = 0;

	for (unsigned i = 0; r->choices[i]; i++) {
		if (!strcmp(r->choices[i], value)) {
			*ret = i;
			return 0;
		}
	}
	for (unsigned i = 0; r->choices[i]; i++) {
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
			i == 0		    ? ""
			: r->choices[i + 1] ? ", "
					    : " or ",
			r->choices[i]);
		n = n < sizeof(all) ? n : sizeof(all) - 1;
	}
	log_error("--%s takes %s, not \"%s\"", r->name, all, value);
	return -1;
}

/* Stores one option's value. -1: go on; else the exit code. */
static int store(struct options *o, unsigned where, const struct row *r,
	const char *value)
{
	void *at = (char *)o + r->offset;
	uint64_t v = 0;
	int bad = 0;

	switch (r->type) {
	case FLAG:
		*(bool *)at = true;
		break;
	case COUNT:
		++*(unsigned *)at;
		break;
	case NUMBER:
		bad = read_number(r->name, value, r->minimum, r->maximum, &v);
		*(unsigned *)at = (unsigned)v;
		break;
	case NUMBER64:
		bad = read_number(r->name, value, r->minimum, r->maximum, &v);
		*(uint64_t *)at = v;
		break;
	case TEXT:
		*(const char **)at = value;
		break;
	case TEXTS:
		bad = add_text((struct texts *)at, value);
		break;
	case CHOICE:
		bad = read_choice(r, value, (unsigned *)at);
		break;
	case SPECIAL:
		bad = r->read(o, r->name, value);
		break;
	case LATER:
		log_error("--%s is not built yet", r->name);
		return EXIT_USAGE;
	case HELP:
		print_help(where);
		return EXIT_FINE;
	case VERSION:
		print_version();
		return EXIT_FINE;
	}
	return bad ? EXIT_USAGE : -1;
}

/* getopt's view of the table: long options return N_LETTERS + row. */
#define N_LETTERS 128

static int read_argv(struct options *o, unsigned where, int argc, char **argv)
{
	struct option longs[N_ROWS + 1] = {0};
	char shorts[3 * N_ROWS + 3] = "+:";
	size_t n_shorts = 2, n_longs = 0;
	const struct row *by_letter[N_LETTERS] = {0};
	int c, r;

	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *row = &rows[i];

		if (!(row->where & where)) {
			continue;
		}
		longs[n_longs++] = (struct option){.name = row->name,
			.has_arg = row->value ? required_argument : no_argument,
			.val = N_LETTERS + (int)i};
		if (row->letter) {
			by_letter[(unsigned char)row->letter] = row;
			shorts[n_shorts++] = row->letter;
			if (row->value) {
				shorts[n_shorts++] = ':';
			}
		}
	}
	optind = 0; /* glibc: start anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const char *word = argv[optind - 1];

		if (c == ':') {
			log_error("%s needs a value (see --help)", word);
			return EXIT_USAGE;
		}
		if (c == '?') {
			if (optopt > 0 && optopt < N_LETTERS) {
				log_error("unknown option -%c (see --help)",
					optopt);
			} else {
				log_error("unknown option, or one that takes "
					  "no value: %s (see --help)",
					word);
			}
			return EXIT_USAGE;
		}
		r = store(o, where,
			c >= N_LETTERS ? &rows[c - N_LETTERS] : by_letter[c],
			optarg);
		if (r >= 0) {
			return r;
		}
	}
	o->words = argv + optind;
	o->n_words = argc - optind;
	return -1;
}

/* ---- the filter expression ---------------------------------------------- */

static char *join(char **words, int n)
{
	size_t len = 1, at = 0;
	char *text;

	for (int i = 0; i < n; i++) {
		len += strlen(words[i]) + 1;
	}
	text = malloc(len);
	if (!text) {
		return NULL;
	}
	for (int i = 0; i < n; i++) {
		size_t word = strlen(words[i]);

		if (i) {
			text[at++] = ' ';
		}
		memcpy(text + at, words[i], word);
		at += word;
	}
	text[at] = '\0';
	return text;
}

#define FILTER_FILE_MAX 65536

static char *read_filter_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = malloc(FILTER_FILE_MAX);
	size_t n;

	if (!f || !text) {
		log_error("%s: %s", path, strerror(errno));
		if (f) {
			fclose(f);
		}
		free(text);
		return NULL;
	}
	n = fread(text, 1, FILTER_FILE_MAX, f);
	if (ferror(f) || n == FILTER_FILE_MAX) {
		log_error("%s: %s", path,
			ferror(f) ? strerror(errno) : "filter too long");
		fclose(f);
		free(text);
		return NULL;
	}
	fclose(f);
	text[n] = '\0';
	return text;
}

static int read_filter(struct options *o)
{
	if (o->filter_file && o->n_words) {
		log_error("-F and a filter expression exclude each other");
		return EXIT_USAGE;
	}
	o->filter = o->filter_file ? read_filter_file(o->filter_file)
				   : join(o->words, o->n_words);
	return o->filter ? -1 : EXIT_USAGE;
}

/* ---- cross-checks ------------------------------------------------------- */

#define UNSET UINT_MAX
#define FACILITY_LOCAL5 21u

/* Options that have no sense together, or alone. */
static int cross_check(struct options *o)
{
	const bool live = o->interfaces.n || !(o->files.n || o->watch);
	const bool to_stdout = o->write && strcmp(o->write, "-") == 0;
	const struct {
		bool wrong;
		const char *message;
	} checks[] = {
		{o->interfaces.n && o->files.n, "-i and -r exclude each other"},
		{o->watch && (o->interfaces.n || o->files.n),
			"--watch, -i and -r exclude each other"},
		{!live && (o->link_type || o->buffer_kib || o->no_promiscuous ||
				  o->immediate || o->no_default_filter),
			"-y, -B, -p, --immediate-mode and --no-default-filter "
			"are for live capture"},
		{!live && o->list_link_types, "-L is for interfaces"},
		{live && o->exit_code, "--exit-code is for -r"},
		{o->no_limit && o->limit_given,
			"--limit and --no-limit exclude each other"},
		{o->immediate && o->snaplen > 2048,
			"--immediate-mode goes with a snapshot length of at "
			"most 2048: longer ones lose packets"},
		{o->service && o->files.n, "--service is for live capture"},
		{o->service && (o->all || o->link_header || o->hex ||
				       o->number || o->stamp ||
				       o->format == FORMAT_JSON),
			"--service has no stdout: -a, -e, -X, -#, -t and "
			"JSON make no sense"},
		{!o->service && !o->syslog &&
				(o->syslog_facility != UNSET ||
					o->syslog_format != UNSET),
			"--syslog-facility and --syslog-format go with "
			"--syslog or --service"},
		{o->stamp > 5, "-t is given five times at most"},
		{o->format == FORMAT_JSON && (o->link_header || o->hex ||
						     o->number || o->stamp),
			"-e, -X, -# and -t are for text, not JSON"},
		{to_stdout && (o->format == FORMAT_JSON || o->link_header ||
				      o->hex || o->number || o->stamp),
			"-w - takes the place of text and JSON on stdout"},
		{to_stdout && o->service, "--service has no stdout: -w - makes "
					  "no sense"},
		{o->packet_buffered && !o->write, "-U is for -w"},
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (checks[i].wrong) {
			log_error("%s", checks[i].message);
			return EXIT_USAGE;
		}
	}
	return -1;
}

/* ---- all of it ---------------------------------------------------------- */

#define SNAPLEN 65535u
#define SNAPLEN_IMMEDIATE 2048u
#define BUFFER_KIB 4096u

static void fill_in(struct options *o)
{
	if (!o->snaplen) {
		o->snaplen = o->immediate ? SNAPLEN_IMMEDIATE : SNAPLEN;
	}
	if (!o->buffer_kib) {
		o->buffer_kib = BUFFER_KIB;
	}
	if (o->syslog_facility == UNSET) {
		o->syslog_facility = FACILITY_LOCAL5;
	}
	if (o->syslog_format == UNSET) {
		o->syslog_format = SYSLOG_TEXT;
	}
	if (o->service) {
		if (!o->syslog) {
			o->syslog = "/dev/log";
		}
		if (!o->limit_given && !o->no_limit) {
			o->limit_n = 3;
			o->limit_s = 60;
		}
	}
}

int options_read(struct options *o, unsigned where, int argc, char **argv)
{
	int r;

	*o = (struct options){
		.syslog_facility = UNSET,
		.syslog_format = UNSET,
		.dns_port = {53},
		.n_dns_ports = 1,
	};
	r = read_argv(o, where, argc, argv);
	if (r >= 0) {
		return r;
	}
	if (o->json) {
		o->format = FORMAT_JSON;
	}
	if (where == OPTION_SNIFF) {
		r = cross_check(o);
		if (r < 0) {
			r = read_filter(o);
		}
		fill_in(o);
	}
	return r;
}

void options_free(struct options *o)
{
	free(o->interfaces.text);
	free(o->files.text);
	free(o->lists.text);
	free((char *)(uintptr_t)o->filter);
	*o = (struct options){0};
}
