/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ecs.c - a record as one object of the Elastic Common Schema.
 *
 * Members stand in the order of their weight, as far as their objects allow:
 * when memory ends, the later ones are left out. See json.h.
 */
#include "alert/answers.h"
#include "alert/json.h"
#include "alert/names.h"
#include "alert/suffix.h"
#include "wire/decode.h"
#include "wire/via.h"

#define CAP_MIN 4096
#define ECS_VERSION "8.17.0"

/* What is kept free for what follows a member of second rank: see the worst
 * case in test_ecs.c. */
enum {
	ROOM_DOMAIN = 1900, /* parts of the question's name */
	ROOM_LIST = 900, /* texts of lists */
	ROOM_HOSTS = 600,
	ROOM_MATCH = 300, /* the first match */
	ROOM_MESSAGE = 64,
};

/* A record and what is derived from it once. */
struct event {
	const struct dlo_record *rec;
	const struct dlo_origin *origin;
	struct dlo_pattern_info rule;
	bool closing, alert; /* closing lines are alerts too */
	bool answer;
	bool has_src, has_dst;
	char src[DLO_ADDR_TEXT_MAX], dst[DLO_ADDR_TEXT_MAX];
	char name[DLO_NAME_TEXT_MAX]; /* "" when there is none */
	char type[DLO_CODE_TEXT_MAX];
};

static void event_init(struct event *e, const struct dlo_record *rec,
	const struct dlo_origin *origin)
{
	static const struct dlo_origin nowhere = {.n_others = 0};

	e->rec = rec;
	e->origin = origin ? origin : &nowhere;
	e->rule = dlo_record_pattern(rec);
	e->closing = rec->kind == DLO_RECORD_CLOSING;
	e->alert = e->closing || rec->kind == DLO_RECORD_ALERT;
	e->answer = !e->closing && dlo_is_answer(&rec->meta);
	e->has_src = !e->closing || rec->n_clients > 0;
	e->has_dst = !e->closing;
	dlo_addr_print(rec->meta.src, rec->meta.ip_version, e->src);
	dlo_addr_print(rec->meta.dst, rec->meta.ip_version, e->dst);
	dlo_record_name(rec, e->name);
	dlo_type_name(rec->qtype, e->type);
}

static void put_event(struct dlo_json *j, const struct event *e)
{
	char id[DLO_EVENT_ID_TEXT_MAX];

	dlo_json_open(j, "event", '{');
	dlo_json_word(j, "kind", e->alert ? "alert" : "event");
	dlo_json_word(j, "id", dlo_event_id(e->rec, &e->rule, id));
	if (e->alert) {
		dlo_json_number(j, "severity",
			dlo_level_severity((enum dlo_level)e->rec->level));
	}
	dlo_json_word(j, "action",
		e->closing  ? "closing"
		: e->alert  ? "alert"
		: e->answer ? "answer"
			    : "query");
	dlo_json_open(j, "category", '[');
	dlo_json_word(j, NULL, "network");
	if (e->alert) {
		dlo_json_word(j, NULL, "intrusion_detection");
	}
	dlo_json_close(j);
	dlo_json_open(j, "type", '[');
	dlo_json_word(j, NULL, e->alert ? "info" : "protocol");
	dlo_json_close(j);
	dlo_json_word(j, "dataset",
		e->alert ? "dnslookout.alert" : "dnslookout.message");
	if (e->closing) {
		dlo_json_time(j, "start", e->rec->first_ns);
		dlo_json_time(j, "end", e->rec->last_ns);
	}
	dlo_json_close(j);
}

static void put_header_flags(struct dlo_json *j, uint16_t flags)
{
	static const struct {
		uint16_t bit;
		char name[3];
	} rows[] = {
		{DLO_FLAG_AA, "AA"},
		{DLO_FLAG_TC, "TC"},
		{DLO_FLAG_RD, "RD"},
		{DLO_FLAG_RA, "RA"},
		{DLO_FLAG_AD, "AD"},
		{DLO_FLAG_CD, "CD"},
	};

	dlo_json_open(j, "header_flags", '[');
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (flags & rows[i].bit) {
			dlo_json_word(j, NULL, rows[i].name);
		}
	}
	dlo_json_close(j);
}

/* The name up to its registered domain, that, and the public suffix. */
static void put_domain(struct dlo_json *j, const char *name)
{
	struct dlo_suffix s;

	if (!name[0] || (name[0] == '.' && !name[1]) ||
		!dlo_suffix_find(name, &s)) {
		return;
	}
	dlo_json_hold(j, ROOM_DOMAIN);
	if (s.has_registered) {
		dlo_json_text(j, "registered_domain", name + s.registered);
	}
	dlo_json_text(j, "top_level_domain", name + s.top);
	if (s.has_registered && s.registered > 0) {
		dlo_json_part(j, "subdomain", name, s.registered - 1);
	}
	dlo_json_release(j, ROOM_DOMAIN);
}

static void put_question(struct dlo_json *j, const struct event *e)
{
	uint16_t cls = dlo_record_class(e->rec);
	char code[DLO_CODE_TEXT_MAX];

	if (!e->name[0]) {
		return;
	}
	dlo_json_open(j, "question", '{');
	dlo_json_text(j, "name", e->name);
	if (!e->closing) {
		dlo_json_text(j, "type", e->type);
		dlo_json_text(j, "class",
			cls == 1 ? "IN" : dlo_class_name(cls, code));
	}
	put_domain(j, e->name);
	dlo_json_close(j);
}

static void put_answer(struct dlo_json *j, uint16_t type, const char *data)
{
	char code[DLO_CODE_TEXT_MAX];

	dlo_json_open(j, NULL, '{');
	dlo_json_text(j, "type", dlo_type_name(type, code));
	dlo_json_text(j, "data", data);
	dlo_json_close(j);
}

/* Answers of an event, as far as the record carries them: type and data. */
static void put_answers(struct dlo_json *j, const struct dlo_record *rec)
{
	char data[DLO_NAME_TEXT_MAX];
	size_t at = 0;
	uint16_t type;

	dlo_json_hold(j, ROOM_DOMAIN);
	dlo_json_open(j, "answers", '[');
	while (dlo_answers_name(rec, &at, &type, data) > 0) {
		put_answer(j, type, data);
	}
	for (unsigned i = 0; i < rec->n_addresses; i++) {
		dlo_answers_address(rec, i, data);
		put_answer(j, dlo_answers_address_type(rec, i), data);
	}
	dlo_json_close(j);
	dlo_json_release(j, ROOM_DOMAIN);
}

static void put_addresses(struct dlo_json *j, const struct dlo_record *rec)
{
	char addr[DLO_ADDR_TEXT_MAX];

	for (unsigned i = 0; i < rec->n_addresses; i++) {
		dlo_answers_address(rec, i, addr);
		dlo_json_word(j, NULL, addr);
	}
}

static void put_resolved(struct dlo_json *j, const struct dlo_record *rec)
{
	dlo_json_hold(j, ROOM_DOMAIN);
	dlo_json_open(j, "resolved_ip", '[');
	put_addresses(j, rec);
	dlo_json_close(j);
	dlo_json_release(j, ROOM_DOMAIN);
}

/* The names of an alert's way. */
static void put_via_names(struct dlo_json *j, const struct dlo_record *rec)
{
	char name[DLO_NAME_TEXT_MAX];
	size_t at = 0;
	uint16_t type;

	while (dlo_answers_name(rec, &at, &type, name) > 0) {
		dlo_json_text(j, NULL, name);
	}
}

static void put_dns(struct dlo_json *j, const struct event *e)
{
	const struct dlo_meta *m = &e->rec->meta;
	char code[DLO_CODE_TEXT_MAX];

	dlo_json_open(j, "dns", '{');
	if (!e->closing) {
		dlo_json_word(j, "type", e->answer ? "answer" : "query");
		dlo_json_digits(j, "id", m->id);
		dlo_json_text(
			j, "op_code", dlo_opcode_name(dlo_opcode(m), code));
		put_header_flags(j, m->flags);
		if (e->answer) {
			dlo_json_text(j, "response_code",
				dlo_rcode_name(m->flags & 15u, code));
		}
	}
	put_question(j, e);
	put_resolved(j, e->rec);
	if (!e->alert) {
		put_answers(j, e->rec);
	}
	dlo_json_close(j);
}

static void put_end(
	struct dlo_json *j, const char *key, const char *ip, uint16_t port)
{
	dlo_json_open(j, key, '{');
	dlo_json_word(j, "ip", ip);
	if (port > 0) {
		dlo_json_number(j, "port", port);
	}
	dlo_json_close(j);
}

/* `source` sent this packet, `client` asked. */
static void put_ends(struct dlo_json *j, const struct event *e)
{
	const struct dlo_meta *m = &e->rec->meta;

	if (e->closing) {
		if (e->has_src) {
			put_end(j, "source", e->src, 0);
			put_end(j, "client", e->src, 0);
		}
		return;
	}
	put_end(j, "source", e->src, m->sport);
	put_end(j, "destination", e->dst, m->dport);
	if (e->answer) {
		put_end(j, "client", e->dst, m->dport);
		put_end(j, "server", e->src, m->sport);
	} else {
		put_end(j, "client", e->src, m->sport);
		put_end(j, "server", e->dst, m->dport);
	}
}

static void put_vlans(struct dlo_json *j, const struct dlo_meta *m)
{
	unsigned n = m->n_vlans < 4 ? m->n_vlans : 4;

	if (n > 0) {
		dlo_json_open(j, "vlan", '{');
		dlo_json_digits(j, "id", m->vlan[0]);
		dlo_json_close(j);
	}
	if (n > 1) {
		dlo_json_open(j, "inner", '{');
		dlo_json_open(j, "vlan", '{');
		dlo_json_digits(j, "id", m->vlan[n - 1]);
		dlo_json_close(j);
		dlo_json_close(j);
	}
}

static void put_network(struct dlo_json *j, const struct event *e)
{
	const struct dlo_meta *m = &e->rec->meta;
	char id[DLO_COMMUNITY_TEXT_MAX];

	dlo_json_open(j, "network", '{');
	if (!e->closing) {
		dlo_json_word(j, "transport",
			m->transport == DLO_TCP ? "tcp" : "udp");
	}
	dlo_json_word(j, "protocol", "dns");
	if (e->has_src) {
		dlo_json_word(j, "type", m->ip_version == 6 ? "ipv6" : "ipv4");
	}
	if (!e->closing) {
		dlo_json_word(j, "community_id", dlo_community_id(m, id));
		put_vlans(j, m);
	}
	dlo_json_close(j);
}

static void put_rule(struct dlo_json *j, const struct event *e)
{
	dlo_json_hold(j, ROOM_LIST);
	dlo_json_open(j, "rule", '{');
	dlo_json_text(j, "id", e->rule.rule_id);
	dlo_json_text(j, "name", e->rule.title);
	dlo_json_text(j, "category", e->rule.category);
	dlo_json_text(j, "ruleset", e->rule.file);
	dlo_json_close(j);
	dlo_json_release(j, ROOM_LIST);
}

/* MITRE ATT&CK, Enterprise: "attack.command-and-control". */
static const struct {
	char tag[24], id[7], name[24];
} tactics[] = {
	{"reconnaissance", "TA0043", "Reconnaissance"},
	{"resource-development", "TA0042", "Resource Development"},
	{"initial-access", "TA0001", "Initial Access"},
	{"execution", "TA0002", "Execution"},
	{"persistence", "TA0003", "Persistence"},
	{"privilege-escalation", "TA0004", "Privilege Escalation"},
	{"defense-evasion", "TA0005", "Defense Evasion"},
	{"credential-access", "TA0006", "Credential Access"},
	{"discovery", "TA0007", "Discovery"},
	{"lateral-movement", "TA0008", "Lateral Movement"},
	{"collection", "TA0009", "Collection"},
	{"command-and-control", "TA0011", "Command and Control"},
	{"exfiltration", "TA0010", "Exfiltration"},
	{"impact", "TA0040", "Impact"},
};

/* Sigma wrote the tags with underscores before it wrote them with hyphens. */
static bool is_tactic(const char *tag, const char *name)
{
	if (strncmp(tag, "attack.", 7) != 0) {
		return false;
	}
	for (tag += 7; *tag && *name; tag++, name++) {
		if (*tag != *name && !(*tag == '_' && *name == '-')) {
			return false;
		}
	}
	return *tag == *name;
}

static void put_tactics(struct dlo_json *j, const char *const *tags, unsigned n)
{
	dlo_json_open(j, "tactic", '[');
	for (unsigned i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof(tactics) / sizeof(tactics[0]);
			k++) {
			if (!is_tactic(tags[i], tactics[k].tag)) {
				continue;
			}
			dlo_json_open(j, NULL, '{');
			dlo_json_word(j, "id", tactics[k].id);
			dlo_json_word(j, "name", tactics[k].name);
			dlo_json_close(j);
		}
	}
	dlo_json_close(j);
}

#define BASE_LEN 5 /* "T1090" of "T1090.002" */

/* Whether one of the first n tags is of the same technique. */
static bool seen(const char *const *tags, unsigned n, const char *technique)
{
	char other[DLO_TECHNIQUE_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		if (dlo_technique(tags[i], other) &&
			!memcmp(other, technique, BASE_LEN)) {
			return true;
		}
	}
	return false;
}

/* One technique and its subtechniques among tags[i..n). */
static void put_technique(struct dlo_json *j, const char *const *tags,
	unsigned i, unsigned n, const char *technique)
{
	char other[DLO_TECHNIQUE_TEXT_MAX], base[BASE_LEN + 1] = "";

	memcpy(base, technique, BASE_LEN);
	dlo_json_open(j, NULL, '{');
	dlo_json_word(j, "id", base);
	dlo_json_open(j, "subtechnique", '[');
	for (; i < n; i++) {
		if (!dlo_technique(tags[i], other) || !other[BASE_LEN] ||
			memcmp(other, technique, BASE_LEN) != 0) {
			continue;
		}
		dlo_json_open(j, NULL, '{');
		dlo_json_word(j, "id", other);
		dlo_json_close(j);
	}
	dlo_json_close(j);
	dlo_json_close(j);
}

/* MITRE ATT&CK of Sigma tags; nothing when no tag is a part of it. */
static void put_threat(struct dlo_json *j, const char *const *tags, unsigned n)
{
	char technique[DLO_TECHNIQUE_TEXT_MAX];
	size_t mark = j->b.len, bare;
	bool any;

	dlo_json_open(j, "threat", '{');
	dlo_json_word(j, "framework", "MITRE ATT&CK");
	bare = j->b.len;
	dlo_json_open(j, "technique", '[');
	for (unsigned i = 0; i < n; i++) {
		if (dlo_technique(tags[i], technique) &&
			!seen(tags, i, technique)) {
			put_technique(j, tags, i, n, technique);
		}
	}
	dlo_json_close(j);
	put_tactics(j, tags, n);
	any = j->b.len > bare;
	dlo_json_close(j);
	if (!any) { /* of the framework, nothing */
		dlo_buf_cut(&j->b, mark);
	}
}

static void put_observer(struct dlo_json *j, const struct event *e)
{
	dlo_json_hold(j, ROOM_LIST);
	dlo_json_open(j, "observer", '{');
	dlo_json_word(j, "type", "sensor");
	dlo_json_word(j, "product", "dnslookout");
#ifdef DLO_VERSION
	dlo_json_word(j, "version", DLO_VERSION);
#endif
	dlo_json_text(j, "hostname", e->origin->hostname);
	dlo_json_open(j, "ingress", '{');
	dlo_json_open(j, "interface", '{');
	dlo_json_text(j, "name", e->origin->interface);
	if (e->rec->meta.ifindex > 0) {
		dlo_json_digits(j, "id", e->rec->meta.ifindex);
	}
	dlo_json_close(j);
	dlo_json_close(j);
	dlo_json_close(j);
	dlo_json_release(j, ROOM_LIST);
}

static void put_related(struct dlo_json *j, const struct event *e)
{
	dlo_json_hold(j, ROOM_HOSTS);
	dlo_json_open(j, "related", '{');
	dlo_json_open(j, "ip", '[');
	if (e->has_src) {
		dlo_json_word(j, NULL, e->src);
	}
	if (e->has_dst && strcmp(e->src, e->dst) != 0) {
		dlo_json_word(j, NULL, e->dst);
	}
	put_addresses(j, e->rec);
	dlo_json_close(j);
	dlo_json_open(j, "hosts", '[');
	dlo_json_text(j, NULL, e->name);
	put_via_names(j, e->rec);
	dlo_json_close(j);
	dlo_json_close(j);
	dlo_json_release(j, ROOM_HOSTS);
}

static void put_matches(struct dlo_json *j, const struct dlo_record *rec)
{
	char text[DLO_PATTERN_TEXT_MAX];
	struct dlo_pattern_info p;

	if (rec->n_matches_total > rec->n_matches) {
		dlo_json_number(j, "matches_total", rec->n_matches_total);
	}
	dlo_json_open(j, "matches", '[');
	for (unsigned i = 0; i < rec->n_matches; i++) {
		dlo_ruleset_pattern(rec->rules, rec->match[i], &p);
		dlo_ruleset_text(rec->rules, rec->match[i], text);
		dlo_json_open(j, NULL, '{');
		dlo_json_text(j, "pattern", text);
		dlo_json_text(j, "file", p.file);
		dlo_json_number(j, "line", p.line);
		dlo_json_text(j, "note", p.note);
		dlo_json_close(j);
	}
	dlo_json_close(j);
}

/* The way from the question to the name that matched. */
static void put_via(struct dlo_json *j, const struct dlo_record *rec)
{
	dlo_json_hold(j, ROOM_MATCH);
	dlo_json_open(j, "via", '[');
	put_via_names(j, rec);
	dlo_json_close(j);
	if (dlo_via_truncated(rec)) {
		dlo_json_true(j, "via_truncated");
	}
	dlo_json_release(j, ROOM_MATCH);
}

/* The exception that hid the alert until it expired. */
static void put_expired(struct dlo_json *j, const struct dlo_record *rec)
{
	const struct dlo_exception_info *e = dlo_record_expired(rec);

	if (!e) {
		return;
	}
	dlo_json_open(j, "exception", '{');
	dlo_json_word(j, "expired", e->until);
	dlo_json_hold(j, ROOM_MATCH);
	dlo_json_text(j, "owner", e->owner);
	dlo_json_text(j, "reason", e->reason);
	dlo_json_text(j, "pattern", e->pattern);
	dlo_json_text(j, "file", e->file);
	dlo_json_number(j, "line", e->line);
	dlo_json_release(j, ROOM_MATCH);
	dlo_json_close(j);
}

/* Where a look-up was seen, the first one first: ECS has room for that alone.
 */
static void put_interfaces(struct dlo_json *j, const struct event *e)
{
	dlo_json_number(j, "count", e->rec->count);
	dlo_json_hold(j, ROOM_MATCH);
	dlo_json_open(j, "interfaces", '[');
	dlo_json_text(j, NULL, e->origin->interface);
	for (unsigned i = 0; i < e->origin->n_others; i++) {
		dlo_json_text(j, NULL, e->origin->others[i]);
	}
	dlo_json_close(j);
	dlo_json_release(j, ROOM_MATCH);
}

/* What ECS has no field for. */
static void put_own(struct dlo_json *j, const struct event *e)
{
	const struct dlo_record *rec = e->rec;

	dlo_json_open(j, "dnslookout", '{');
	if (e->closing) {
		dlo_json_number(j, "count", rec->count);
		dlo_json_time(j, "first", rec->first_ns);
		dlo_json_time(j, "last", rec->last_ns);
	} else {
		dlo_json_number(j, "packet", rec->meta.packet);
	}
	if (!e->closing && rec->count > 1) {
		put_interfaces(j, e);
	}
	if (!e->closing && rec->meta.partial) {
		dlo_json_true(j, "partial");
	}
	if (e->alert) {
		dlo_json_word(
			j, "level", dlo_level_name((enum dlo_level)rec->level));
		dlo_json_text(j, "service", e->rule.service);
	}
	if (rec->decoded == DLO_DECODED_BAD ||
		rec->decoded == DLO_DECODED_SKIPPED) {
		dlo_json_word(j, "decoded",
			rec->decoded == DLO_DECODED_BAD ? "bad" : "skipped");
	}
	dlo_json_hold(j, ROOM_MESSAGE);
	dlo_json_text(j, "capture", e->origin->capture);
	if (e->alert) {
		put_via(j, rec);
		put_expired(j, rec);
		put_matches(j, rec);
	}
	dlo_json_release(j, ROOM_MESSAGE);
	dlo_json_close(j);
}

/* Where an alias led to; nothing when it would take the whole room. */
static void put_way(struct dlo_buf *b, const struct event *e)
{
	size_t mark = b->len;

	if (e->alert && e->rec->n_via > 0) {
		dlo_puts(b, " via ");
		dlo_answers_put_via(b, e->rec, 0);
		if (b->over) {
			dlo_buf_cut(b, mark);
		}
	}
}

/* One sentence for a person who sees nothing else. */
static void put_sentence(struct dlo_buf *b, const struct event *e)
{
	const struct dlo_exception_info *expired;
	char code[DLO_CODE_TEXT_MAX];

	if (e->closing) {
		dlo_putu(b, e->rec->count, 0);
		dlo_puts(b, e->rec->count == 1 ? " more alert on "
					       : " more alerts on ");
		dlo_puts(b, e->has_src ? e->src : "all clients");
	} else {
		dlo_puts(b, e->src);
		dlo_puts(b, e->answer ? " told " : " asked ");
		dlo_puts(b, e->dst);
		dlo_puts(b, e->answer ? " about " : " for ");
		dlo_puts(b, e->name[0] ? e->name : "nothing");
		if (e->name[0]) {
			dlo_putc(b, ' ');
			dlo_puts(b, e->type);
		}
		put_way(b, e);
	}
	if (e->answer) {
		dlo_puts(b, ": ");
		dlo_puts(b, dlo_rcode_name(e->rec->meta.flags & 15u, code));
	}
	if (e->alert) {
		dlo_puts(b, ": ");
		dlo_puts(b, e->rule.title);
		if (e->rule.service[0]) {
			dlo_puts(b, ", ");
			dlo_puts(b, e->rule.service);
		}
	}
	expired = dlo_record_expired(e->rec);
	if (expired) {
		dlo_puts(b, "; ");
		dlo_put_expired(b, expired);
	}
}

static void put_message(struct dlo_json *j, const struct event *e)
{
	char text[1536];
	struct dlo_buf b = dlo_buf(text, sizeof(text) - 1);

	put_sentence(&b, e);
	if (!b.over) {
		(void)dlo_buf_end(&b);
		dlo_json_hold(j, ROOM_MESSAGE);
		dlo_json_text(j, "message", text);
		dlo_json_release(j, ROOM_MESSAGE);
	}
}

size_t dlo_json_print(const struct dlo_record *rec,
	const struct dlo_origin *origin, char *buf, size_t cap)
{
	struct dlo_json j;
	struct event e;

	if (cap < CAP_MIN || rec->kind >= DLO_RECORD_BYTES) {
		return 0;
	}
	event_init(&e, rec, origin);
	j = dlo_json(buf, cap - 1);
	dlo_json_open(&j, NULL, '{');
	dlo_json_time(&j, "@timestamp", rec->meta.ts_ns);
	put_event(&j, &e);
	put_dns(&j, &e);
	put_ends(&j, &e);
	put_network(&j, &e);
	if (e.alert) {
		put_rule(&j, &e);
		dlo_json_hold(&j, ROOM_LIST);
		put_threat(&j, e.rule.tags, e.rule.n_tags);
		dlo_json_release(&j, ROOM_LIST);
	}
	put_observer(&j, &e);
	put_related(&j, &e);
	put_own(&j, &e);
	put_message(&j, &e);
	dlo_json_open(&j, "ecs", '{');
	dlo_json_word(&j, "version", ECS_VERSION);
	dlo_json_close(&j);
	dlo_json_close(&j);
	return dlo_buf_end(&j.b);
}
