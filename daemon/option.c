/* SPDX-License-Identifier: BSD-2-Clause */
/* option.c - one option: its value, read from text. */
#include "option.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pcap/pcap.h>

/* Writes what is wrong. Returns -1. */
__attribute__((format(printf, 2, 3))) static int wrong(
	char *problem, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(problem, OPTION_PROBLEM_MAX, format, ap);
	va_end(ap);
	return -1;
}

static int no_memory(char *problem)
{
	return wrong(problem, "finds no memory");
}

/* ---- flags and choices -------------------------------------------------- */

/* YAML 1.1 and YAML 1.2 disagree which of them are booleans; nobody does who
 * reads the file. */
static const char *const yes_words[] = {"yes", "true", "on", NULL};
static const char *const no_words[] = {"no", "false", "off", NULL};

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words && strcasecmp(text, *words) != 0) {
		words++;
	}
	return *words;
}

bool option_is_no(const char *text)
{
	return is_one_of(text, no_words);
}

static int read_flag(bool *at, const char *text, char *problem)
{
	if (!is_one_of(text, yes_words) && !option_is_no(text)) {
		return wrong(problem, "takes yes or no, not \"%.60s\"", text);
	}
	*at = !option_is_no(text);
	return 0;
}

static int read_choice(const struct option_row *row, unsigned *at,
	const char *text, char *problem)
{
	const char *const *all = row->choices;
	char list[OPTION_PROBLEM_MAX];
	size_t n = 0;

	for (unsigned i = 0; all[i]; i++) {
		if (!strcmp(all[i], text)) {
			*at = i;
			return 0;
		}
	}
	for (unsigned i = 0; all[i] && n < sizeof(list); i++) {
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
			i == 0	     ? ""
			: all[i + 1] ? ", "
				     : " or ",
			all[i]);
	}
	return wrong(problem, "takes %s, not \"%.60s\"", list, text);
}

/* ---- numbers ------------------------------------------------------------ */

static int read_number(const char *text, uint64_t minimum, uint64_t maximum,
	uint64_t *ret, char *problem)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] < '0' || text[0] > '9' ||
		v < minimum || v > maximum) {
		return wrong(problem,
			"takes a number from %llu to %llu, not \"%.60s\"",
			(unsigned long long)minimum,
			(unsigned long long)maximum, text);
	}
	*ret = v;
	return 0;
}

static int read_limit(struct alert_limit *at, const char *text, char *problem)
{
	char copy[32];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : 0;
	uint64_t n = 0, seconds = 0;

	if (!len || len >= sizeof(copy)) {
		return wrong(problem,
			"takes ALERTS/SECONDS, as in 3/60, not \"%.60s\"",
			text);
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (read_number(copy, 1, 1000000, &n, problem) ||
		read_number(slash + 1, 1, 86400, &seconds, problem)) {
		return -1;
	}
	*at = (struct alert_limit){(unsigned)n, (unsigned)seconds};
	return 0;
}

/* One, or some with commas between. */
static int read_ports(struct ports *at, const char *text, char *problem)
{
	char word[24];
	uint64_t port = 0;

	while (*text) {
		size_t len = strcspn(text, ",");

		if (at->n == PORTS_MAX) {
			return wrong(
				problem, "takes at most %u ports", PORTS_MAX);
		}
		snprintf(word, sizeof(word), "%.*s", (int)(len < 23 ? len : 23),
			text);
		if (read_number(word, 1, 65535, &port, problem)) {
			return -1;
		}
		at->port[at->n++] = (uint16_t)port;
		text += len;
		text += *text == ',';
		text += strspn(text, " ");
	}
	return at->n ? 0 : wrong(problem, "takes ports, as in 53,5353");
}

/* ---- texts -------------------------------------------------------------- */

static int copy_text(const struct option_row *row, const char *text, char **ret,
	char *problem)
{
	if (!*text) {
		return wrong(problem, "takes a text that is not empty");
	}
	if (row->maximum && strlen(text) > row->maximum) {
		return wrong(problem, "takes at most %u octets, not %zu",
			(unsigned)row->maximum, strlen(text));
	}
	*ret = strdup(text);
	return *ret ? 0 : no_memory(problem);
}

static int read_text(const struct option_row *row, const char **at,
	const char *text, char *problem)
{
	char *copy;

	if (row->type == OPTION_LINK_TYPE &&
		pcap_datalink_name_to_val(text) < 0) {
		return wrong(problem,
			"takes a link type, as in EN10MB, not \"%.60s\"", text);
	}
	if (copy_text(row, text, &copy, problem)) {
		return -1;
	}
	option_clear(row, at);
	*at = copy;
	return 0;
}

static int add_text(const struct option_row *row, struct texts *at,
	const char *text, char *problem)
{
	const char **more;
	char *copy;

	if (at->n == TEXTS_MAX) {
		return wrong(problem, "takes at most %u of them", TEXTS_MAX);
	}
	more = realloc(at->text, (at->n + 1) * sizeof(*more));
	if (!more) {
		return no_memory(problem);
	}
	at->text = more;
	if (copy_text(row, text, &copy, problem)) {
		return -1;
	}
	at->text[at->n++] = copy;
	return 0;
}

static void free_texts(struct texts *at)
{
	for (unsigned i = 0; i < at->n; i++) {
		free((char *)(uintptr_t)at->text[i]);
	}
	free(at->text);
	*at = (struct texts){0};
}

/* ---- all ---------------------------------------------------------------- */

void option_clear(const struct option_row *row, void *at)
{
	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)at = false;
		break;
	case OPTION_COUNT:
	case OPTION_NUMBER:
	case OPTION_CHOICE:
		*(unsigned *)at = 0;
		break;
	case OPTION_NUMBER64:
		*(uint64_t *)at = 0;
		break;
	case OPTION_TEXT:
	case OPTION_LINK_TYPE:
		free((char *)(uintptr_t) * (const char **)at);
		*(const char **)at = NULL;
		break;
	case OPTION_TEXTS:
		free_texts(at);
		break;
	case OPTION_PORTS:
		*(struct ports *)at = (struct ports){0};
		break;
	case OPTION_LIMIT:
		*(struct alert_limit *)at = (struct alert_limit){0};
		break;
	case OPTION_LATER:
	case OPTION_HELP:
	case OPTION_VERSION:
		break;
	}
}

/* With the row's bounds, into an unsigned. */
static int read_unsigned(const struct option_row *row, unsigned *at,
	const char *text, char *problem)
{
	uint64_t v = 0;
	int r = read_number(text, row->minimum, row->maximum, &v, problem);

	if (!r) {
		*at = (unsigned)v;
	}
	return r;
}

static int read_as(
	const struct option_row *row, void *at, const char *text, char *problem)
{
	switch (row->type) {
	case OPTION_FLAG:
		return read_flag(at, text, problem);
	case OPTION_COUNT:
		++*(unsigned *)at;
		return 0;
	case OPTION_NUMBER:
		return read_unsigned(row, at, text, problem);
	case OPTION_NUMBER64:
		return read_number(
			text, row->minimum, row->maximum, at, problem);
	case OPTION_TEXT:
	case OPTION_LINK_TYPE:
		return read_text(row, at, text, problem);
	case OPTION_TEXTS:
		return add_text(row, at, text, problem);
	case OPTION_CHOICE:
		return read_choice(row, at, text, problem);
	case OPTION_PORTS:
		return read_ports(at, text, problem);
	case OPTION_LIMIT:
		return read_limit(at, text, problem);
	case OPTION_LATER:
		return wrong(problem, "is not built yet");
	case OPTION_HELP:
	case OPTION_VERSION:
		break;
	}
	return 0;
}

int option_read(const struct option_row *row, void *at, const char *text,
	char reterr_problem[OPTION_PROBLEM_MAX])
{
	if (!text) {
		option_clear(row, at);
		return 0;
	}
	return read_as(row, at, text, reterr_problem);
}

/* ---- two values ---------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_texts(const struct texts *a, const struct texts *b)
{
	bool same = a->n == b->n;

	for (unsigned i = 0; same && i < a->n; i++) {
		same = same_text(a->text[i], b->text[i]);
	}
	return same;
}

static bool same_ports(const struct ports *a, const struct ports *b)
{
	return a->n == b->n &&
	       !memcmp(a->port, b->port, a->n * sizeof(a->port[0]));
}

static bool same_limit(const struct alert_limit *a, const struct alert_limit *b)
{
	return a->n == b->n && a->seconds == b->seconds;
}

bool option_same(const struct option_row *row, const void *a, const void *b)
{
	switch (row->type) {
	case OPTION_FLAG:
		return *(const bool *)a == *(const bool *)b;
	case OPTION_COUNT:
	case OPTION_NUMBER:
	case OPTION_CHOICE:
		return *(const unsigned *)a == *(const unsigned *)b;
	case OPTION_NUMBER64:
		return *(const uint64_t *)a == *(const uint64_t *)b;
	case OPTION_TEXT:
	case OPTION_LINK_TYPE:
		return same_text(
			*(const char *const *)a, *(const char *const *)b);
	case OPTION_TEXTS:
		return same_texts(a, b);
	case OPTION_PORTS:
		return same_ports(a, b);
	case OPTION_LIMIT:
		return same_limit(a, b);
	case OPTION_LATER:
	case OPTION_HELP:
	case OPTION_VERSION:
		break;
	}
	return true;
}
