/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request.h - what a client of the control socket asks: one line of JSON.
 *
 *	{"command":"explain","names":["a.example"],"client":"192.0.2.1",
 *	 "form":"text"}
 *	{"command":"reload","force":true}
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_MAX 16384u /* octets, the newline included */
#define REQUEST_NAMES_MAX 64u
#define REQUEST_ERROR_MAX 256u

struct request {
	const char *command;
	const char *client; /* who asks for the names; NULL: not told */
	bool text; /* for a person, rather than JSON */
	bool force;
	const char *name[REQUEST_NAMES_MAX];
	unsigned n_names;
	void *json; /* where the texts are */
};

/* Reads line[0..len), any octets. 0; 1 with what is wrong in reterr_error,
 * printable; -ENOMEM. */
int request_read(struct request *ret, const char *line, size_t len,
	char reterr_error[REQUEST_ERROR_MAX]);
void request_free(struct request *r);

#endif
