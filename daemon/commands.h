/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commands.h - what a running service can be asked to say or do: one table row
 * a command.
 *
 * An answer is one JSON document on one line: {"status":{...}}, after the
 * command; {"text":"..."} when it was asked for a person; or {"error":"..."}.
 * To add a command: one row in commands[] of commands.c.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

#include "loop.h"
#include "request.h"
#include "test_alert.h"

struct answer {
	struct loop *loop;
	struct request request; /* owned */
	const struct command *command;
	char error[REQUEST_ERROR_MAX]; /* "": none so far */
	union {
		struct test_alert test_alert;
		uint64_t run; /* reload.h */
	} u; /* of what is under way */
};

/* All of it in the loop thread. */
struct command {
	const char *name;
	const char *help;
	bool takes_names, takes_force;
	bool changes; /* something: who asks is logged */
	unsigned wait_s; /* how long ready() is waited for */
	/* Starts what takes time. NULL: nothing does. */
	void (*begin)(struct answer *a);
	/* Whether it is done; asked again and again. NULL: at once. */
	bool (*ready)(struct answer *a);
	/* What there is to say, after wait_s even if not ready: a JSON value
	 * (NULL: the text as a string), or a text for a person (NULL: JSON).
	 * Either may refuse instead. */
	void (*json)(struct answer *a, FILE *f);
	void (*text)(struct answer *a, FILE *f);
};

/* NULL: there is none of that name. */
const struct command *command_find(const char *name);

/* The rows of a help text. */
void commands_print_help(FILE *f);

/* Sets the error; the first one stands. */
__attribute__((format(printf, 2, 3))) void answer_refuse(
	struct answer *a, const char *format, ...);

/* Reads a line[0..len) of a client and begins what it asks for. */
void answer_begin(
	struct answer *a, struct loop *l, const char *line, size_t len);

/* Whether it can be printed. */
bool answer_ready(struct answer *a);

/* The whole document, a newline behind it, to be freed; NULL: no memory. */
char *answer_print(struct answer *a, size_t *ret_len);
void answer_free(struct answer *a);

#endif
