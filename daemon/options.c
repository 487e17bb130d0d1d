/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the table of all options, and the settings that it describes. */
#include "options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dnslookout.h"

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
#define CTL OPTION_CTL
#define COMPILE OPTION_COMPILE
#define EVERYWHERE (SNIFF | EXPLAIN | CHECK | CTL | COMPILE)
#define CONF OPTION_FILE
#define FLAG OPTION_FLAG
#define COUNT OPTION_COUNT
#define NUMBER OPTION_NUMBER
#define NUMBER64 OPTION_NUMBER64
#define TEXT OPTION_TEXT
#define TEXTS OPTION_TEXTS
#define LINK_TYPE OPTION_LINK_TYPE
#define CHOICE OPTION_CHOICE
#define PORTS OPTION_PORTS
#define LIMIT OPTION_LIMIT
#define LATER OPTION_LATER
#define HELP OPTION_HELP
#define VERSION OPTION_VERSION

/* An option that may be switched off by --no-name, or "off" in the file. */
#define NO(name) name, "no-" name
#define AT(member) .offset = offsetof(struct options, member)
#define RELOAD .reload = true
#define FROM_TO(a, b) .minimum = (a), .maximum = (b)

/*
 * `reload` is for what is looked up anew between two messages: a new rule set,
 * a new limit. What shapes a source, a thread or a socket, or had its right
 * only at the start, needs a restart.
 */
const struct option_row option_rows[] = {
	{"interface", NULL, 'i', TEXTS, SNIFF | CONF, .group = GROUP_SOURCE,
		AT(interfaces), .value = "IF",
		.help = "capture on IF; repeatable; any: all interfaces"},
	{"read", NULL, 'r', TEXTS, SNIFF, .group = GROUP_SOURCE, AT(files),
		.value = "FILE",
		.help = "read FILE (-: stdin; a directory: its captures in "
			"name order; also .gz and .zst); repeatable"},
	{NO("watch"), 0, TEXT, SNIFF | CONF, .group = GROUP_SOURCE, AT(watch),
		.value = "DIR",
		.help = "read the captures in DIR, then those that appear, as "
			"they grow"},
	{"list-interfaces", NULL, 'D', FLAG, SNIFF, AT(list_interfaces),
		.help = "list the interfaces"},
	{"list-data-link-types", NULL, 'L', FLAG, SNIFF, AT(list_link_types),
		.help = "list the link types of the interface"},
	{NO("linktype"), 'y', LINK_TYPE, SNIFF | CONF, AT(link_type),
		.value = "DLT", .help = "capture with link type DLT"},
	{NO("promiscuous-mode"), 'p', FLAG, SNIFF | CONF, AT(promiscuous),
		.def = "yes", .help = "leave the interface's mode alone"},
	{"snapshot-length", NULL, 's', NUMBER, SNIFF | CONF, AT(snaplen),
		FROM_TO(0, 262144), .def = "65535", .value = "LEN",
		.help = "octets taken of each frame; 0: the default"},
	{"buffer-size", NULL, 'B', NUMBER, SNIFF | CONF, AT(buffer_kib),
		FROM_TO(1, 2097151), .def = "4096", .value = "KIB",
		.help = "capture ring of an interface, KiB"},
	{"fanout", NULL, 0, NUMBER, SNIFF | CONF, AT(fanout),
		FROM_TO(1, FANOUT_MAX), .def = "1", .value = "N",
		.help = "N threads an interface, each with its share of the "
			"traffic"},
	{NO("immediate-mode"), 0, FLAG, SNIFF | CONF, AT(immediate),
		.help = "see each packet at once, at the price of losses; "
			"snapshot length 2048"},
	{NO("any-port"), 0, FLAG, SNIFF | CONF, AT(any_port),
		.help = "also what looks like DNS on other ports (live: "
			"without the kernel filter)"},
	{"census-sample", NULL, 0, CHOICE, SNIFF | CONF, AT(census_sample),
		.choices = whens, .def = "on", .value = "WHEN",
		.help = "on, off: live, look one second in sixty at what the "
			"kernel filter hides"},
	{NO("default-filter"), 0, FLAG, SNIFF | CONF, AT(default_filter),
		.def = "yes",
		.help = "live: no kernel filter but the one given"},
	{"jobs", NULL, 'j', NUMBER, SNIFF, AT(jobs),
		FROM_TO(1, DLO_ENGINES_MAX), .def = "1", .value = "N",
		.help = "-r: read N files at a time, each on a core of its "
			"own"},
	{"count", NULL, 'c', NUMBER64, SNIFF, AT(max_frames),
		FROM_TO(1, UINT64_MAX), .value = "N",
		.help = "stop after N frames that pass the filter"},
	{NO("filter"), 0, TEXT, CONF, .group = GROUP_FILTER, AT(expression)},
	{NO("filter-file"), 'F', TEXT, SNIFF | CONF, .group = GROUP_FILTER,
		AT(filter_file), .value = "FILE",
		.help = "read the filter expression from FILE"},
	{"dns-ports", NULL, 0, PORTS, SNIFF | CONF, AT(dns_ports), .def = "53",
		.value = "LIST", .help = "ports that carry DNS, as in 53,5353"},
	{"list", NULL, 0, TEXTS, SNIFF | EXPLAIN | CHECK | COMPILE | CONF,
		.group = GROUP_LOAD, RELOAD, AT(lists), .value = "FILE",
		.help = "a list, or a directory of lists, instead of the "
			"configured ones; repeatable"},
	{"exceptions", NULL, 0, TEXTS, SNIFF | EXPLAIN | CHECK | CONF,
		.group = GROUP_LOAD, RELOAD, AT(exceptions), .value = "FILE",
		.help = "exceptions, or a directory of them, instead of the "
			"configured ones; repeatable"},
	{NO("ruleset"), 0, TEXT, SNIFF | EXPLAIN | CHECK | CONF,
		.group = GROUP_LOAD, RELOAD, AT(ruleset), .value = "FILE",
		.help = "a compiled rule set instead of lists, see compile"},
	{"output-file", NULL, 'o', TEXT, COMPILE, AT(output_file),
		.value = "FILE", .help = "where the compiled rule set goes"},
	{NO("watch-lists"), 0, FLAG, SNIFF | CONF, AT(watch_lists),
		.help = "reload when a list, or a folder of them, has changed"},
	{NO("limit"), 0, LIMIT, SNIFF | CONF, RELOAD, AT(limit),
		.def_service = "3/60", .value = "N/SECONDS",
		.help = "at most N alerts for a client, rule and service in "
			"so many seconds, the rest counted"},
	{"all", NULL, 'a', FLAG, SNIFF, AT(all),
		.help = "print every DNS message, not only alerts"},
	{"output", NULL, 'o', CHOICE, SNIFF, AT(format), .choices = formats,
		.def = "text", .value = "FORMAT",
		.help = "text, or json: ECS, one object a line"},
	{"json", NULL, 0, FLAG, SNIFF | EXPLAIN | CTL, AT(json),
		.help = "-o json"},
	{NO("write"), 'w', TEXT, SNIFF | CONF, AT(write), .value = "FILE",
		.help = "the packets of the alerts (with -a: of all DNS "
			"messages) as pcapng; -: to stdout, instead of text"},
	{"packet-buffered", NULL, 'U', FLAG, SNIFF, AT(packet_buffered),
		.help = "always so: a packet of -w leaves at once"},
	/* sun_path of unix(7), with its NUL */
	{NO("syslog"), 0, TEXT, SNIFF | CONF, AT(syslog), .maximum = 107,
		.def_service = "/dev/log", .value = "SOCKET",
		.help = "alerts to syslog too"},
	{"syslog-facility", NULL, 0, CHOICE, SNIFF | CONF, AT(syslog_facility),
		.choices = facilities, .def = "local5", .value = "F",
		.help = "facility of the alerts"},
	{"syslog-format", NULL, 0, CHOICE, SNIFF | CONF, AT(syslog_format),
		.choices = syslog_formats, .def = "text", .value = "F",
		.help = "text, or cee: @cee: and JSON"},
	{NO("alerts"), 0, TEXT, SNIFF | CONF, AT(alerts), .value = "FILE",
		.help = "alerts to the end of FILE too, as JSON lines"},
	{"alerts-min-free", NULL, 0, NUMBER, SNIFF | CONF,
		AT(alerts_min_free_mib), FROM_TO(0, 1048576), .def = "64",
		.value = "MIB",
		.help = "write to that file only while more is free on its "
			"file system"},
	{"spool-size", NULL, 0, NUMBER, SNIFF | CONF, AT(spool_mib),
		FROM_TO(1, 1048576), .def = "64", .value = "MIB",
		.help = "with --service: disk for the alerts that an output "
			"cannot deliver"},
	{"service", NULL, 0, FLAG, SNIFF, AT(service),
		.help = "run for systemd: no stdout, alerts to syslog"},
	{NO("state-directory"), 0, TEXT, SNIFF | CONF, AT(state_directory),
		.def_service = "/var/lib/dnslookout", .value = "DIR",
		.help = "where a service keeps what it has to remember"},
	{NO("control"), 0, TEXT, SNIFF | CTL | CONF, AT(control),
		.maximum = 107, .def = CONTROL_NAME, .value = "SOCKET",
		.help = "socket by which a service is asked; a name alone: in "
			"/run/dnslookout"},
	{"force", NULL, 0, FLAG, CTL, AT(force),
		.help = "reload: take also a set that does not look right"},
	{NO("control-group"), 0, TEXT, SNIFF | CONF, AT(control_group),
		.value = "GROUP",
		.help = "who, but its user and root, may ask a service"},
	{NO("metrics-file"), 0, TEXT, SNIFF | CONF, AT(metrics_file),
		.value = "FILE",
		.help = "metrics for node-exporter, every 15 seconds"},
	{"exit-code", NULL, 0, FLAG, SNIFF, AT(exit_code),
		.help = "exit 3 when there were alerts (-r)"},
	{"no-name-lookup", NULL, 'n', FLAG, SNIFF, AT(numeric),
		.help = "always so: addresses are never looked up"},
	{"quiet", NULL, 'q', FLAG, SNIFF, AT(quiet), .help = "shorter lines"},
	{"verbose", NULL, 'v', COUNT, SNIFF | CHECK | COMPILE, AT(verbose),
		.help = "list and line of each pattern; at the end the census, "
			"and who asked for what is only counted"},
	{"link-header", NULL, 'e', FLAG, SNIFF, AT(link_header),
		.help = "print the link-level header"},
	{"hex", NULL, 'X', COUNT, SNIFF, AT(hex),
		.help = "print packets in hex; -XX: with the link-level "
			"header"},
	{"time", NULL, 't', COUNT, SNIFF, AT(stamp),
		.help = "no time stamp; -tt seconds; -ttt since the line "
			"before; -tttt date; -ttttt since the first"},
	{"number", NULL, '#', FLAG, SNIFF, AT(number),
		.help = "print packet numbers"},
	{"line-buffered", NULL, 'l', FLAG, SNIFF, AT(line_buffered),
		.help = "always so: a line leaves at once"},
	{"color", NULL, 0, CHOICE, SNIFF, AT(color), .choices = colors,
		.def = "auto", .value = "WHEN", .help = "auto, always, never"},
	{"client", NULL, 0, TEXT, EXPLAIN | CTL, AT(client), .value = "IP",
		.help = "who asks, for exceptions"},
	{NO("user"), 'Z', TEXT, SNIFF | CONF, AT(user), .value = "USER",
		.help = "become USER, with the right to capture, once "
			"interfaces are open"},
	{NO("sandbox"), 0, FLAG, SNIFF | CONF, AT(sandbox), .def = "yes",
		.help = "do not give up rights, files and system calls that "
			"are not needed"},
	{"config", NULL, 'C', TEXT, SNIFF | EXPLAIN | CHECK | COMPILE,
		AT(config), .value = "FILE",
		.help = "read the configuration FILE; --service, check, "
			"explain and compile read one anyway"},
	{"dump-config", NULL, 0, FLAG, SNIFF | CHECK, AT(dump_config),
		.help = "print the configuration in effect, and end"},
	{"rules", NULL, 0, LATER, SNIFF | EXPLAIN | CHECK | COMPILE,
		.value = "FILE"},
	{"help", NULL, 'h', HELP, EVERYWHERE, .help = "this text"},
	{"version", NULL, 0, VERSION, EVERYWHERE,
		.help = "the version, and that of libpcap"},
};
#define N_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))
static_assert(N_ROWS <= OPTIONS_MAX, "a place for each option");
const unsigned n_option_rows = N_ROWS;

/* ---- the settings ------------------------------------------------------- */

const struct option_row *options_row(const char *name)
{
	for (unsigned i = 0; i < N_ROWS; i++) {
		if (!strcmp(option_rows[i].name, name)) {
			return &option_rows[i];
		}
	}
	abort();
}

struct option_place *options_place(
	struct options *o, const struct option_row *row)
{
	return &o->place[row - option_rows];
}

enum origin options_origin(const struct options *o, const char *name)
{
	return o->place[options_row(name) - option_rows].origin;
}

void *options_value(struct options *o, const struct option_row *row)
{
	return (char *)o + row->offset;
}

int options_init(struct options *o, bool service)
{
	char problem[OPTION_PROBLEM_MAX];
	int r = 0;

	*o = (struct options){0};
	for (unsigned i = 0; !r && i < N_ROWS; i++) {
		const struct option_row *row = &option_rows[i];
		const char *def = service && row->def_service ? row->def_service
							      : row->def;

		if (def) {
			r = option_read(
				row, options_value(o, row), def, problem);
		}
	}
	return r;
}

static void forget(struct options *o, const struct option_row *row)
{
	option_clear(row, options_value(o, row));
	*options_place(o, row) = (struct option_place){0};
}

int options_take(struct options *o, const struct option_row *row,
	const char *text, struct option_place place,
	char reterr_problem[OPTION_PROBLEM_MAX])
{
	for (unsigned i = 0; row->group && i < N_ROWS; i++) {
		const struct option_row *other = &option_rows[i];

		if (other->group == row->group &&
			options_place(o, other)->origin < place.origin) {
			forget(o, other);
		}
	}
	if (options_place(o, row)->origin < place.origin) {
		forget(o, row);
	}
	*options_place(o, row) = place;
	return option_read(row, options_value(o, row), text, reterr_problem);
}

void options_free(struct options *o)
{
	for (unsigned i = 0; i < N_ROWS; i++) {
		option_clear(
			&option_rows[i], options_value(o, &option_rows[i]));
	}
	free((char *)(uintptr_t)o->filter);
	*o = (struct options){0};
}
