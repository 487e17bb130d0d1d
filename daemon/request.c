/* SPDX-License-Identifier: BSD-2-Clause */
/* request.c - what a client of the control socket asks: one line of JSON. */
#include "request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "log.h"

__attribute__((format(printf, 2, 3))) static int wrong(
	char *error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, REQUEST_ERROR_MAX, format, ap);
	va_end(ap);
	log_clean(error, strlen(error));
	return 1;
}

/* ---- members ------------------------------------------------------------- */

static int read_command(struct request *r, const json_t *value, char *error)
{
	r->command = json_string_value(value);
	return r->command ? 0 : wrong(error, "\"command\" is a text");
}

static int read_form(struct request *r, const json_t *value, char *error)
{
	const char *form = json_string_value(value);

	r->text = form && !strcmp(form, "text");
	return form && (r->text || !strcmp(form, "json"))
		       ? 0
		       : wrong(error, "\"form\" is \"text\" or \"json\"");
}

static int read_client(struct request *r, const json_t *value, char *error)
{
	r->client = json_string_value(value);
	return r->client ? 0 : wrong(error, "\"client\" is a text");
}

static int read_force(struct request *r, const json_t *value, char *error)
{
	r->force = json_is_true(value);
	return json_is_boolean(value)
		       ? 0
		       : wrong(error, "\"force\" is true or false");
}

static int read_names(struct request *r, const json_t *value, char *error)
{
	size_t n = json_array_size(value);

	if (!json_is_array(value) || n > REQUEST_NAMES_MAX) {
		return wrong(error, "\"names\" is an array of at most %u names",
			REQUEST_NAMES_MAX);
	}
	for (size_t i = 0; i < n; i++) {
		r->name[i] = json_string_value(json_array_get(value, i));
		if (!r->name[i]) {
			return wrong(error, "a name is a text");
		}
	}
	r->n_names = (unsigned)n;
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct request *r, const json_t *value, char *error);
} members[] = {
	{"command", read_command},
	{"client", read_client},
	{"force", read_force},
	{"form", read_form},
	{"names", read_names},
};

static int read_member(
	struct request *r, const char *name, const json_t *value, char *error)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!strcmp(name, members[i].name)) {
			return members[i].read(r, value, error);
		}
	}
	return wrong(error, "unknown member \"%s\"", name);
}

/* ---- all ----------------------------------------------------------------- */

int request_read(struct request *ret, const char *line, size_t len,
	char reterr_error[REQUEST_ERROR_MAX])
{
	struct request r = {0};
	json_error_t e;
	const char *name;
	json_t *value, *root;
	int bad = 0;

	root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);
	if (!root) {
		return json_error_code(&e) == json_error_out_of_memory
			       ? -ENOMEM
			       : wrong(reterr_error, "no JSON: column %d: %s",
					 e.column, e.text);
	}
	r.json = root;
	if (!json_is_object(root)) {
		bad = wrong(reterr_error, "a request is an object");
	}
	json_object_foreach(root, name, value)
	{
		if (!bad) {
			bad = read_member(&r, name, value, reterr_error);
		}
	}
	if (!bad && !r.command) {
		bad = wrong(reterr_error, "\"command\" is missing");
	}
	if (bad) {
		request_free(&r);
	} else {
		*ret = r;
	}
	return bad;
}

void request_free(struct request *r)
{
	json_decref(r->json);
	*r = (struct request){0};
}
