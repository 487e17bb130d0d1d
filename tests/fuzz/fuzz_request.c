/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_request.c - a line of any octets, as a client of the control socket
 * sends it, and the answer.
 *
 * What must hold: the answer is one JSON object with one member on one line,
 * within its bound; a refused request has a reason that can be printed, and
 * starts nothing; what was asked for is what the request said.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "check.h"
#include "commands.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of an answer: a text of 4 MiB, escaped. */
#define DOCUMENT_MAX ((size_t)25 << 20)

static const char list[] = "#: title: T\n#: action: alert\n"
			   "a.example\n*b*.example\n=c\n";

/* A service without sources and outputs. */
static struct loop *service(void)
{
	static const struct options options;
	static struct dlo_ruleset *rules;
	static struct loop loop;
	struct dlo_builder *b;
	struct dlo_diag diag;

	if (loop.state) {
		return &loop;
	}
	CHECK(!dlo_builder_new(&b));
	CHECK(!dlo_builder_add_list(
		b, "a.list", list, sizeof(list) - 1, NULL, &diag));
	CHECK(!dlo_builder_build(b, &rules, &diag));
	dlo_builder_free(b);
	loop.options = &options;
	loop.rules = rules;
	loop.hostname = "host";
	CHECK(!loop_open(&loop));
	return &loop;
}

static void check_error(const char *error)
{
	size_t len = strnlen(error, REQUEST_ERROR_MAX);

	CHECK(len > 0 && len < REQUEST_ERROR_MAX);
	for (size_t i = 0; i < len; i++) {
		CHECK((unsigned char)error[i] >= 0x20 && error[i] != 0x7f);
	}
}

static void check_request(const struct answer *a)
{
	CHECK(a->command && !strcmp(a->command->name, a->request.command));
	CHECK(a->request.n_names <= REQUEST_NAMES_MAX);
	CHECK(a->command->takes_names == (a->request.n_names > 0));
	for (unsigned i = 0; i < a->request.n_names; i++) {
		CHECK(a->request.name[i]);
	}
}

static void check_document(const char *text, size_t len)
{
	json_t *json;

	CHECK(text && len > 0 && len < DOCUMENT_MAX);
	CHECK(memchr(text, '\n', len) == text + len - 1);
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	CHECK(json && json_object_size(json) == 1);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer *a = calloc(1, sizeof(*a));
	char *document;
	size_t len;

	CHECK(a);
	if (size > REQUEST_MAX || memchr(data, '\n', size)) {
		free(a);
		return 0;
	}
	answer_begin(a, service(), (const char *)data, size);
	if (a->error[0]) {
		check_error(a->error);
	} else {
		check_request(a);
		CHECK(answer_ready(a)); /* nothing here takes time */
	}
	document = answer_print(a, &len);
	check_document(document, len);
	free(document);
	answer_free(a);
	free(a);
	return 0;
}
