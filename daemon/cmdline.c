/* SPDX-License-Identifier: BSD-2-Clause */
/* cmdline.c - the settings from the command line: getopt's view of the table.
 */
#include "cmdline.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "log.h"

/* ---- help --------------------------------------------------------------- */

static const char usage_sniff[] =
	"usage: dnslookout [options] [filter expression]\n"
	"       dnslookout explain [options] NAME... | -\n"
	"       dnslookout check [options]\n"
	"       dnslookout compile [options] -o FILE\n"
	"       dnslookout ctl [options] COMMAND [NAME...]\n\n"
	"Reports DNS questions for tunnels, proxies and drop boxes, live or "
	"from captures.\n\n";
static const char usage_explain[] =
	"usage: dnslookout explain [options] NAME... | -\n\n";
static const char usage_check[] = "usage: dnslookout check [options]\n\n";
static const char usage_compile[] =
	"usage: dnslookout compile [options] -o FILE\n\n";
static const char usage_ctl[] =
	"usage: dnslookout ctl [options] COMMAND [NAME...]\n\n";

/* Of a flag that is set anyway, what the letter and the help are about. */
static bool is_reverse(const struct option_row *row)
{
	return row->type == OPTION_FLAG && row->def;
}

static void print_row(const struct option_row *row)
{
	char left[64], letter[8] = "    ";

	if (row->letter) {
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	}
	snprintf(left, sizeof(left), "%s--%s%s%s%s", letter,
		!row->no	  ? ""
		: is_reverse(row) ? "no-"
				  : "[no-]",
		row->name, row->value ? " " : "", row->value ? row->value : "");
	printf("  %-30s %s", left, row->help);
	if (row->def_service) {
		printf(" (%s with --service)", row->def_service);
	} else if (row->def && !is_reverse(row)) {
		printf(" (%s)", row->def);
	}
	putchar('\n');
}

static void print_help(unsigned where)
{
	fputs(where == OPTION_EXPLAIN	  ? usage_explain
		: where == OPTION_CHECK	  ? usage_check
		: where == OPTION_COMPILE ? usage_compile
		: where == OPTION_CTL	  ? usage_ctl
					  : usage_sniff,
		stdout);
	for (unsigned i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->where & where && row->type != OPTION_LATER) {
			print_row(row);
		}
	}
	if (where == OPTION_SNIFF) {
		puts("\n--no-NAME: none of it, whatever the configuration "
		     "says.");
	}
}

static void print_version(void)
{
	printf("dnslookout %s\n%s\n", DLO_VERSION, pcap_lib_version());
}

/* ---- options ------------------------------------------------------------ */

/* getopt_long() returns a letter, or LONG + 2 * row, one more for --no-name. */
#define LONG 128

struct view {
	struct option longs[2 * OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3];
	const struct option_row *by_letter[LONG];
};

static void add_long(struct option *to, const char *name, bool value, int val)
{
	*to = (struct option){.name = name,
		.has_arg = value ? required_argument : no_argument,
		.val = val};
}

static void make_view(struct view *v, unsigned where)
{
	unsigned n = 0;
	/* Behind the first word of a filter expression there are none. */
	char *shorts = stpcpy(v->shorts, where == OPTION_CTL ? ":" : "+:");

	for (unsigned i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		int val = LONG + 2 * (int)i;

		if (!(row->where & where)) {
			continue;
		}
		add_long(&v->longs[n++], row->name, row->value, val);
		if (row->no) {
			add_long(&v->longs[n++], row->no, false, val + 1);
		}
		if (row->letter) {
			v->by_letter[(unsigned char)row->letter] = row;
			*shorts++ = row->letter;
			if (row->value) {
				*shorts++ = ':';
			}
		}
	}
}

static int say_unknown(int c, const char *word)
{
	if (c == ':') {
		log_error("%s needs a value (see --help)", word);
	} else if (optopt > 0 && optopt < LONG) {
		log_error("unknown option -%c (see --help)", optopt);
	} else {
		log_error("unknown option, or one that takes no value: %s (see "
			  "--help)",
			word);
	}
	return EXIT_USAGE;
}

/* One option. -1: go on; else the exit code. */
static int take(struct options *o, unsigned where, const struct option_row *row,
	const char *text)
{
	char problem[OPTION_PROBLEM_MAX];
	struct option_place here = {.origin = ORIGIN_COMMAND_LINE};

	if (row->type == OPTION_HELP) {
		print_help(where);
		o->help = true;
		return EXIT_FINE;
	}
	if (row->type == OPTION_VERSION) {
		print_version();
		return EXIT_FINE;
	}
	if (options_take(o, row, text, here, problem)) {
		log_error("--%s %s", row->name, problem);
		return EXIT_USAGE;
	}
	return -1;
}

/* A value that is no value: of an option that takes none. */
static const char *text_of(const struct option_row *row, bool no)
{
	return no ? NULL : row->value ? optarg : "yes";
}

static int take_all(struct options *o, unsigned where, const struct view *v,
	int argc, char **argv)
{
	int c, r = -1;

	optind = 0; /* glibc: start anew */
	opterr = 0;
	while (r < 0 && (c = getopt_long(argc, argv, v->shorts, v->longs,
				 NULL)) != -1) {
		const struct option_row *row;

		if (c == ':' || c == '?') {
			return say_unknown(c, argv[optind - 1]);
		}
		if (c < LONG) {
			row = v->by_letter[c];
			r = take(o, where, row, text_of(row, is_reverse(row)));
		} else {
			row = &option_rows[(c - LONG) / 2];
			r = take(o, where, row, text_of(row, (c - LONG) % 2));
		}
	}
	o->words = argv + optind;
	o->n_words = argc - optind;
	return r;
}

int cmdline_read(struct options *o, unsigned where, int argc, char **argv)
{
	struct view *v = calloc(1, sizeof(*v));
	int r;

	if (!v) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	make_view(v, where);
	r = take_all(o, where, v, argc, argv);
	free(v);
	return r;
}
