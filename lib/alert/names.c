/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - what the printers share: how the parts of a record are written. */
#include "alert/names.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/hash.h"

#define PORT_MDNS 5353
#define NS_PER_S 1000000000u

size_t dlo_addr_print(const uint8_t addr[16], unsigned ip_version,
	char buf[DLO_ADDR_TEXT_MAX])
{
	struct dlo_buf b = dlo_buf(buf, DLO_ADDR_TEXT_MAX - 1);

	if (ip_version == 6) {
		inet_ntop(AF_INET6, addr, buf, DLO_ADDR_TEXT_MAX);
		return strlen(buf);
	}
	for (size_t i = 0; i < 4; i++) {
		if (i > 0) {
			dlo_putc(&b, '.');
		}
		dlo_putu(&b, addr[i], 0);
	}
	return dlo_buf_end(&b);
}

size_t dlo_record_name(
	const struct dlo_record *rec, char buf[DLO_NAME_TEXT_MAX])
{
	struct dlo_name_buf scratch;
	struct dlo_name name;

	buf[0] = '\0';
	if (rec->kind == DLO_RECORD_BYTES || rec->name_len == 0) {
		return 0;
	}
	dlo_name_copy(&scratch, rec->u.name, rec->name_len, &name);
	return dlo_name_print(&name, buf);
}

uint16_t dlo_record_class(const struct dlo_record *rec)
{
	bool mdns = rec->meta.sport == PORT_MDNS ||
		    rec->meta.dport == PORT_MDNS;

	return mdns ? rec->qclass & 0x7fff : rec->qclass;
}

struct dlo_pattern_info dlo_record_pattern(const struct dlo_record *rec)
{
	struct dlo_pattern_info p = {.file = "",
		.path = "",
		.rule_id = "",
		.title = "",
		.category = "",
		.service = "",
		.note = ""};

	if (rec->rules && rec->n_matches > 0) {
		dlo_ruleset_pattern(rec->rules, rec->match[0], &p);
	}
	return p;
}

unsigned dlo_record_worst(const struct dlo_record *rec)
{
	struct dlo_pattern_info p;

	for (unsigned i = 0; rec->rules && i < rec->n_matches; i++) {
		dlo_ruleset_pattern(rec->rules, rec->match[i], &p);
		if (p.level == (enum dlo_level)rec->level) {
			return i;
		}
	}
	return 0;
}

const struct dlo_exception_info *dlo_record_expired(
	const struct dlo_record *rec)
{
	return rec->rules && rec->expired
		       ? dlo_ruleset_exception(rec->rules, rec->expired - 1)
		       : NULL;
}

void dlo_put_expired(struct dlo_buf *b, const struct dlo_exception_info *e)
{
	dlo_puts(b, "exception expired ");
	dlo_puts(b, e->until);
	if (e->owner[0]) {
		dlo_puts(b, " (owner ");
		dlo_put_clean(b, e->owner);
		dlo_putc(b, ')');
	}
}

/* Year, month and day of a day since the epoch: the Gregorian calendar repeats
 * every 400 years, and a year that begins in March ends with its odd day. */
static void put_date(struct dlo_buf *b, uint64_t day)
{
	uint64_t since = day + 719468; /* 0000-03-01 */
	uint64_t era = since / 146097, of_era = since % 146097;
	uint64_t year =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t march = (5 * of_year + 2) / 153; /* months since March */
	uint64_t month = march < 10 ? march + 3 : march - 9;

	dlo_putu(b, era * 400 + year + (month <= 2), 4);
	dlo_putc(b, '-');
	dlo_putu(b, month, 2);
	dlo_putc(b, '-');
	dlo_putu(b, of_year - (153 * march + 2) / 5 + 1, 2);
}

void dlo_put_time(struct dlo_buf *b, uint64_t ts_ns, unsigned digits)
{
	uint64_t s = ts_ns / NS_PER_S, fraction = ts_ns % NS_PER_S;

	put_date(b, s / 86400);
	dlo_putc(b, 'T');
	dlo_putu(b, s / 3600 % 24, 2);
	dlo_putc(b, ':');
	dlo_putu(b, s / 60 % 60, 2);
	dlo_putc(b, ':');
	dlo_putu(b, s % 60, 2);
	if (digits > 0) {
		for (unsigned i = digits; i < 9; i++) {
			fraction /= 10;
		}
		dlo_putc(b, '.');
		dlo_putu(b, fraction, digits);
	}
	dlo_putc(b, 'Z');
}

void dlo_put_span(struct dlo_buf *b, uint64_t span_ns)
{
	uint64_t tenths = span_ns / (NS_PER_S / 10);

	dlo_putu(b, tenths / 10, 0);
	if (tenths < 600) {
		dlo_putc(b, '.');
		dlo_putu(b, tenths % 10, 0);
	}
}

/* The same for a sequence that does not begin with ASCII. */
static size_t utf8_long(const char *s, size_t len)
{
	/* Least code point that needs so many octets; C1 is no text. */
	static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
	uint8_t c = (uint8_t)s[0];
	size_t n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t code = c & (0xffu >> (n + 1));

	if (c < 0xc2 || c > 0xf4 || n > len) {
		return 0;
	}
	for (size_t i = 1; i < n; i++) {
		if (((uint8_t)s[i] & 0xc0) != 0x80) {
			return 0;
		}
		code = code << 6 | ((uint8_t)s[i] & 0x3fu);
	}
	if (code < least[n] || code > 0x10ffff ||
		(code >= 0xd800 && code < 0xe000)) {
		return 0;
	}
	return n;
}

size_t dlo_utf8_print(const char *s, size_t len)
{
	uint8_t c = (uint8_t)s[0];

	if (c >= 0x80) {
		return utf8_long(s, len);
	}
	return c >= ' ' && c < 0x7f ? 1 : 0;
}

void dlo_put_clean(struct dlo_buf *b, const char *s)
{
	size_t len = strlen(s);

	for (size_t at = 0, n; at < len; at += n ? n : 1) {
		n = dlo_utf8_print(s + at, len - at);
		dlo_put(b, n ? s + at : "?", n ? n : 1);
	}
}

static bool all_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((uint8_t)(s[i] - '0') > 9) {
			return false;
		}
	}
	return true;
}

bool dlo_technique(const char *tag, char ret[DLO_TECHNIQUE_TEXT_MAX])
{
	static const char prefix[] = "attack.t";
	const char *number = tag + sizeof(prefix) - 1;
	size_t len;

	if (strncasecmp(tag, prefix, sizeof(prefix) - 1) != 0) {
		return false;
	}
	len = strlen(number);
	if ((len != 4 && len != 8) || !all_digits(number, 4)) {
		return false;
	}
	if (len == 8 && (number[4] != '.' || !all_digits(number + 5, 3))) {
		return false;
	}
	ret[0] = 'T';
	memcpy(ret + 1, number, len + 1);
	return true;
}

void dlo_put_techniques(
	struct dlo_buf *b, const char *const *tags, unsigned n, char sep)
{
	char technique[DLO_TECHNIQUE_TEXT_MAX];
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		if (!dlo_technique(tags[i], technique)) {
			continue;
		}
		if (any) {
			dlo_putc(b, sep);
		}
		dlo_puts(b, technique);
		any = true;
	}
}

/* Two hashes with different keys, taken over piece after piece. */
struct id {
	uint64_t h[2];
};

static void mix(struct id *id, const void *data, size_t len)
{
	id->h[0] = dlo_hash(data, len, id->h[0]);
	id->h[1] = dlo_hash(data, len, id->h[1]);
}

static void mix_addr(struct id *id, const uint8_t addr[16], unsigned version)
{
	mix(id, addr, version == 6 ? 16 : version == 4 ? 4 : 0);
}

const char *dlo_event_id(const struct dlo_record *rec,
	const struct dlo_pattern_info *p, char ret[DLO_EVENT_ID_TEXT_MAX])
{
	const struct dlo_meta *m = &rec->meta;
	struct id id = {{0x243f6a8885a308d3u, 0x13198a2e03707344u}};
	struct dlo_buf b = dlo_buf(ret, DLO_EVENT_ID_TEXT_MAX - 1);
	bool closing = rec->kind == DLO_RECORD_CLOSING;
	const uint64_t numbers[] = {m->ts_ns, m->packet,
		(uint64_t)rec->kind << 16 | rec->question,
		(uint64_t)rec->qtype << 16 | rec->qclass,
		(uint64_t)m->sport << 32 | (uint64_t)m->dport << 16 | m->id,
		(uint64_t)m->flags << 16 | (uint64_t)m->ip_version << 8 |
			m->transport};
	const uint64_t held[] = {rec->count, rec->first_ns, rec->last_ns};

	if (closing) { /* is about a client, or about nobody, not a packet */
		mix(&id, held, sizeof(held));
		mix(&id, numbers, sizeof(numbers[0]));
		mix_addr(&id, m->src, rec->n_clients ? m->ip_version : 0);
	} else {
		mix(&id, numbers, sizeof(numbers));
		mix_addr(&id, m->src, m->ip_version);
		mix_addr(&id, m->dst, m->ip_version);
		mix(&id, rec->u.name, rec->name_len);
		if (rec->n_via > 0) {
			mix(&id, rec->u.via, rec->via_len);
		}
	}
	mix(&id, p->rule_id, strlen(p->rule_id));
	mix(&id, p->service, strlen(p->service));
	dlo_putx(&b, id.h[0], 16);
	dlo_putx(&b, id.h[1], 16);
	(void)dlo_buf_end(&b);
	return ret;
}
