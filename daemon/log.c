/* SPDX-License-Identifier: BSD-2-Clause */
/* log.c - our own messages: to stderr, in journald's form under --service. */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE_MAX_LEN 2048u
#define CUT "..."

static atomic_bool to_journal; /* said again with each reload */

static _Thread_local struct {
	void (*line)(void *ctx, enum log_level level, const char *text);
	void *ctx;
} also;

/* RFC 3164 4.1.1, as sd-daemon(3) wants it. */
static const char *const prefixes[] = {
	[LOG_LEVEL_ERROR] = "<3>",
	[LOG_LEVEL_WARNING] = "<4>",
	[LOG_LEVEL_INFO] = "<6>",
};

void log_to_journal(bool journal)
{
	to_journal = journal;
}

void log_also(void (*line)(void *ctx, enum log_level level, const char *text),
	void *ctx)
{
	also.line = line;
	also.ctx = ctx;
}

/* Names of files and interfaces may hold anything. A terminal obeys C0, DEL
 * and, in UTF-8, U+0080 to U+009F (octets c2 80 to c2 9f). */
void log_clean(char *s, size_t len)
{
	unsigned char c, before = 0;

	for (size_t i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c < 0x20 || c == 0x7f ||
			(before == 0xc2 && c >= 0x80 && c <= 0x9f)) {
			s[i] = '?';
		}
		before = c;
	}
}

void log_text(enum log_level level, char *text)
{
	const char *prefix = to_journal ? prefixes[level] : "dnslookout: ";
	size_t len = strlen(text);
	struct iovec v[] = {
		{(void *)(uintptr_t)prefix, strlen(prefix)},
		{text, len},
		{(void *)(uintptr_t) "\n", 1},
	};
	int saved = errno;

	log_clean(text, len);
	/* There is nobody to tell when it fails. */
	while (writev(STDERR_FILENO, v, 3) < 0 && errno == EINTR) {
	}
	if (also.line) {
		also.line(also.ctx, level, text);
	}
	errno = saved;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_LEN] = "";
	int saved = errno, n;
	va_list ap;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (n >= (int)sizeof(line)) {
		memcpy(line + sizeof(line) - sizeof(CUT), CUT, sizeof(CUT));
	}
	errno = saved;
	log_text(level, line);
}

void log_diag(const struct dlo_diag *d)
{
	if (d->line) {
		log_error("%s:%u:%u: %s", d->file, d->line, d->col, d->msg);
	} else {
		log_error("%s: %s", d->file, d->msg);
	}
}
