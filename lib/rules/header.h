/* SPDX-License-Identifier: BSD-2-Clause */
/* header.h - what a list says about its patterns: headers, sections, pairs. */
#ifndef DLO_RULES_HEADER_H
#define DLO_RULES_HEADER_H

#include "rules/line.h"
#include "rules/rule.h"

enum dlo_list_format {
	DLO_FORMAT_DOMAINS,
	DLO_FORMAT_HOSTS,
	DLO_FORMAT_ADBLOCK,
	DLO_FORMAT_DNSCRYPT, /* dnscrypt-proxy's */
	DLO_FORMAT_RPZ,
	DLO_FORMAT__N
};

/* What is in force at a line. */
struct dlo_headers {
	struct dlo_rules *rules; /* interns the texts */
	struct dlo_rule rule;
	enum dlo_list_format format;
};

/* What holds before the first header: all from the name of the file but, where
 * that does not tell it, the format: from the text. 0, -ENOMEM. */
int dlo_headers_init(struct dlo_headers *h, struct dlo_rules *rules,
	const char *file, const char *text, const char *end);

/*
 * What a line that begins with `#:` is. Whoever draws rules of such octets, or
 * writes text after them, means none of ours.
 */
enum dlo_header_kind {
	DLO_HEADER_NONE,
	DLO_HEADER_SLIP, /* one of our words, but no colon */
	DLO_HEADER, /* `#: word:` */
};
enum dlo_header_kind dlo_headers_kind(const char *p, size_t len);

/* Reads a line that begins with `#:`. 0; 1 with a diagnostic; -ENOMEM. */
int dlo_headers_read(struct dlo_headers *h, struct dlo_line *l);

/* Reads `[service]`, the next octet being the bracket. Same returns. */
int dlo_headers_section(struct dlo_headers *h, struct dlo_line *l);

/* Reads the key=value pairs up to the line's end into *rule, a copy of
 * h->rule. Same returns. */
int dlo_headers_pairs(
	struct dlo_headers *h, struct dlo_line *l, struct dlo_rule *rule);

#endif
