/* SPDX-License-Identifier: BSD-2-Clause */
/* json_out.h - texts as JSON strings, to a stream. */
#ifndef JSON_OUT_H
#define JSON_OUT_H

#include <stdio.h>

/* Any octets, quotes included: what is not UTF-8 becomes U+FFFD. Without memory
 * for a long one, null. */
void json_out(FILE *f, const char *text);

#endif
