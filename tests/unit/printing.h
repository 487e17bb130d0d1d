/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printing.h - records and a rule set to test printers with, no engine needed.
 *
 * The rule set is a table: dlo_ruleset_pattern(), dlo_ruleset_text() and
 * dlo_ruleset_exception() are defined here. So a test links the library's
 * archive and leaves its rules/ruleset.c out.
 */
#ifndef TESTS_PRINTING_H
#define TESTS_PRINTING_H

#include <string.h>

#include "dnslookout.h"
#include "wire/name.h"

struct dlo_ruleset {
	struct dlo_pattern_info p[8];
	struct dlo_exception_info e[3];
};

static const char *const tunnel_tags[] = {
	"attack.command-and-control",
	"attack.t1572",
	"attack.t1090.002",
	"attack.T1090.001",
	"cve.2024-1",
	"attack.t12",
};

#define TUNNEL \
	.file = "tunnel.list", .path = "/etc/tunnel.list", \
	.rule_id = "0b7f7a2e-0000-4000-8000-000000000001", \
	.title = "Tunnelling services", .category = "tunnel", \
	.tags = tunnel_tags, .level = DLO_LEVEL_HIGH

#define EXCEPTION(what) \
	.text = what, .file = "site.list", .pattern = what, .client = "", \
	.rule = "", .service = ""

enum { EXPIRED, NOBODYS, LONG_TIME_AGO };

enum { NGROK, NGROK_GLOB, PLAIN, HOSTILE, LONG, NGROK_LOW };

static char long_text[3000];

static const char *const texts[] = {
	[NGROK] = "ngrok.io",
	[NGROK_GLOB] = "*.ngrok.*",
	[PLAIN] = "plain.example",
	[HOSTILE] = "x.example",
	[LONG] = long_text,
	[NGROK_LOW] = "*.io",
};

static struct dlo_ruleset rule_set = {
	{
		[NGROK] = {.line = 12,
			.service = "ngrok",
			.note = "",
			.n_tags = 3,
			TUNNEL},
		[NGROK_GLOB] = {.line = 13,
			.service = "ngrok",
			.note = "cuts through labels",
			.n_tags = 6,
			TUNNEL},
		[PLAIN] = {.file = "my own.hosts",
			.path = "my own.hosts",
			.line = 1,
			.rule_id = "my own",
			.title = "my own.hosts",
			.category = "",
			.service = "",
			.note = "",
			.level = DLO_LEVEL_MEDIUM},
		[HOSTILE] = {.file = "bad\033[1m.list",
			.path = "",
			.line = 7,
			.rule_id = "a\"b\\c",
			.title =
				"\xff\xc0\xaf tr\xc3\xa8s \xed\xa0\x80\xc2\x9b",
			.category = "a=b c",
			.service = "tab\there",
			.note = "\n\x7f",
			.level = DLO_LEVEL_LOW},
		[LONG] = {.file = long_text,
			.path = "",
			.line = 1,
			.rule_id = long_text,
			.title = long_text,
			.category = long_text,
			.service = long_text,
			.note = long_text,
			.level = DLO_LEVEL_CRITICAL},
		[NGROK_LOW] = {.file = "tunnel.list",
			.path = "/etc/tunnel.list",
			.line = 3,
			.rule_id = "0b7f7a2e-0000-4000-8000-000000000001",
			.title = "Tunnelling services",
			.category = "tunnel",
			.service = "ngrok",
			.note = "",
			.level = DLO_LEVEL_LOW},
	},
	{
		[EXPIRED] = {EXCEPTION("a.example"), .line = 4,
			.until = "2025-12-31", .owner = "alice",
			.reason = "pilot"},
		[NOBODYS] = {EXCEPTION("*"), .line = 5, .until = "2025-12-30",
			.owner = "", .reason = ""},
		[LONG_TIME_AGO] = {.text = long_text,
			.file = long_text,
			.pattern = long_text,
			.until = "1999-12-31",
			.owner = long_text,
			.reason = long_text},
	}};

void dlo_ruleset_pattern(
	const struct dlo_ruleset *rs, uint32_t id, struct dlo_pattern_info *ret)
{
	memset(long_text, 'l', sizeof(long_text) - 1);
	*ret = rs->p[id];
}

size_t dlo_ruleset_text(const struct dlo_ruleset *rs, uint32_t id, char *buf)
{
	size_t len;

	(void)rs;
	memset(long_text, 'l', sizeof(long_text) - 1);
	len = strnlen(texts[id], DLO_PATTERN_TEXT_MAX - 1);
	memcpy(buf, texts[id], len);
	buf[len] = '\0';
	return len;
}

const struct dlo_exception_info *dlo_ruleset_exception(
	const struct dlo_ruleset *rs, uint32_t i)
{
	memset(long_text, 'l', sizeof(long_text) - 1);
	return &rs->e[i];
}

/* 2026-01-02T03:04:05.123456789Z */
#define TS 1767323045123456789u

/* A query over UDP and IPv4, whose header is `flags` and one question. */
static inline struct dlo_meta meta4(uint16_t flags)
{
	return (struct dlo_meta){.ts_ns = TS,
		.packet = 17,
		.src = {192, 0, 2, 5},
		.dst = {198, 51, 100, 1},
		.sport = 53211,
		.dport = 53,
		.ip_version = 4,
		.id = 4242,
		.flags = flags,
		.n_questions = 1,
		.n_seen = 1,
		.dns_len = 28};
}

/* A record about a name in text; NULL: without a name. */
static inline struct dlo_record record(
	enum dlo_record_kind kind, const struct dlo_meta *m, const char *name)
{
	struct dlo_record rec = {.rules = &rule_set,
		.kind = (uint16_t)kind,
		.flags = DLO_RECORD_FIRST | DLO_RECORD_LAST,
		.qtype = 1,
		.qclass = 1,
		.meta = *m};
	struct dlo_name_buf buf;
	struct dlo_name n;
	size_t at;
	const char *msg;

	if (name &&
		dlo_name_parse(name, strlen(name), &buf, &n, &at, &msg) == 0) {
		rec.name_len = n.len;
		memcpy(rec.u.name, n.wire, n.len);
	}
	return rec;
}

/* The longest name there is in print: 250 octets that need four characters. */
static inline const char *longest_name(void)
{
	static char text[DLO_NAME_TEXT_MAX];
	static const unsigned labels[] = {63, 63, 63, 61};
	char *to = text;

	for (unsigned i = 0; i < 4; i++) {
		for (unsigned k = 0; k < labels[i]; k++, to += 4) {
			memcpy(to, "\\001", 4);
		}
		*to++ = '.';
	}
	to[-1] = '\0';
	return text;
}

/* A name of the answer. */
static inline void add_via(
	struct dlo_record *rec, uint8_t type, const char *name)
{
	struct dlo_name_buf buf;
	struct dlo_name n;
	size_t at;
	const char *msg;

	if (dlo_name_parse(name, strlen(name), &buf, &n, &at, &msg) == 0) {
		rec->u.via[rec->via_len] = 0;
		rec->u.via[rec->via_len + 1] = type;
		memcpy(rec->u.via + rec->via_len + 2, n.wire, n.len);
		rec->via_len = (uint16_t)(rec->via_len + 2 + n.len);
		rec->n_via++;
		rec->n_via_total++;
	}
}

/* An address of the answer: 192.0.2.last or 2001:db8::last. */
static inline void add_address(
	struct dlo_record *rec, unsigned ip_version, uint8_t last)
{
	uint8_t *to = rec->u.address[rec->n_addresses];

	if (ip_version == 4) {
		memcpy(to, "\xc0\0\2", 3);
		to[3] = last;
	} else {
		memcpy(to, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15);
		to[15] = last;
		rec->address_v6 |= (uint8_t)(1u << rec->n_addresses);
	}
	rec->n_addresses++;
	rec->n_addresses_total++;
}

static inline void add_match(struct dlo_record *rec, uint32_t id)
{
	rec->match[rec->n_matches++] = id;
	rec->n_matches_total++;
	rec->level = (uint8_t)rule_set.p[id].level;
}

#endif
