/* SPDX-License-Identifier: BSD-2-Clause */
/* json_out.h - texts and exceptions as JSON, to a stream. */
#ifndef JSON_OUT_H
#define JSON_OUT_H

#include <stdio.h>

#include "dnslookout.h"

/* Any octets, quotes included: what is not UTF-8 becomes U+FFFD. Without memory
 * for a long one, null. */
void json_out(FILE *f, const char *text);

/* "key":"text" */
void json_out_member(FILE *f, const char *key, const char *text);

/* The members of an object that say what it is and where it stands. */
void json_out_exception(FILE *f, const struct dlo_exception_info *e);

#endif
