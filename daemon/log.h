/* SPDX-License-Identifier: BSD-2-Clause */
/* log.h - our own messages: to stderr, in journald's form under --service. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "dnslookout.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

/* Prefix "<3>" and so on instead of the program's name. Before any thread. */
void log_to_journal(bool journal);

/* One line "dnslookout: ...", one write(2), cut after 2 kB. Any thread. */
__attribute__((format(printf, 2, 3))) void log_line(
	enum log_level level, const char *format, ...);

/* The same of a text that is written whole, however long; it is cleaned. */
void log_text(enum log_level level, char *text);

/*
 * Each line of this thread goes to line(), too, from now on: for whoever asked
 * for what is being done. NULL: no longer.
 */
void log_also(void (*line)(void *ctx, enum log_level level, const char *text),
	void *ctx);

/* Replaces by `?` what a terminal would obey, a line's end too. */
void log_clean(char *s, size_t len);

/* "FILE:LINE:COLUMN: what is wrong"; without a line, "FILE: ...". */
void log_diag(const struct dlo_diag *d);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)

#endif
