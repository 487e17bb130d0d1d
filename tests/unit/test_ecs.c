/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ecs.c - one object a record: the fields, and valid JSON whatever comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "alert/json.h"
#include "alert/names.h"
#include "alert/suffix.h"
#include "printing.h"

#define CAP 16384

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!root) {
		print_error("%s\n%s\n", error.text, text);
	}
	assert_non_null(root);
	return root;
}

static json_t *print(const struct dlo_record *rec,
	const struct dlo_origin *origin, size_t cap)
{
	char *buf = malloc(cap);
	size_t len = dlo_json_print(rec, origin, buf, cap);
	json_t *root;

	assert_in_range(len, 1, cap - 1);
	assert_int_equal(strlen(buf), len);
	assert_null(strchr(buf, '\n'));
	root = parse(buf);
	free(buf);
	return root;
}

/* All of an object as jansson writes it, for comparison. */
static void assert_member(const json_t *root, const char *key, const char *want)
{
	json_t *got = json_object_get(root, key);
	char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY)
			 : NULL;

	print_message("# %s\n", key);
	assert_string_equal(text ? text : "(none)", want);
	free(text);
}

struct member {
	const char *key, *want;
};

static void assert_members(json_t *root, const struct member *members, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_member(root, members[i].key, members[i].want);
	}
	assert_int_equal(json_object_size(root), n);
	json_decref(root);
}

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* Takes event.id out, and checks its form. */
static void take_id(json_t *root, char ret[33])
{
	json_t *event = json_object_get(root, "event");
	const char *id = json_string_value(json_object_get(event, "id"));

	assert_non_null(id);
	assert_int_equal(strlen(id), 32);
	assert_int_equal(strspn(id, "0123456789abcdef"), 32);
	memcpy(ret, id, 33);
	json_object_del(event, "id");
}

static void test_alert(void **state)
{
	static const struct member want[] = {
		{"@timestamp", "\"2026-01-02T03:04:05.123456789Z\""},
		{"event", "{\"kind\":\"alert\",\"severity\":73,\"action\":"
			  "\"alert\","
			  "\"category\":[\"network\",\"intrusion_detection\"],"
			  "\"type\":[\"info\"],\"dataset\":\"dnslookout."
			  "alert\"}"},
		{"dns", "{\"type\":\"query\",\"id\":\"4242\",\"op_code\":"
			"\"QUERY\",\"header_flags\":[\"RD\"],\"question\":{"
			"\"name\":\"www.a.example\",\"type\":\"A\",\"class\":"
			"\"IN\",\"registered_domain\":\"a.example\","
			"\"top_level_domain\":\"example\",\"subdomain\":"
			"\"www\"}}"},
		{"source", "{\"ip\":\"192.0.2.5\",\"port\":53211}"},
		{"destination", "{\"ip\":\"198.51.100.1\",\"port\":53}"},
		{"client", "{\"ip\":\"192.0.2.5\",\"port\":53211}"},
		{"server", "{\"ip\":\"198.51.100.1\",\"port\":53}"},
		{"network",
			"{\"transport\":\"udp\",\"protocol\":\"dns\",\"type\":"
			"\"ipv4\",\"community_id\":"
			"\"1:iNMPFRt1a7mCSDsdFzA+CUX183Q=\",\"vlan\":{\"id\":"
			"\"5\"},\"inner\":{\"vlan\":{\"id\":\"6\"}}}"},
		{"rule", "{\"id\":\"0b7f7a2e-0000-4000-8000-000000000001\","
			 "\"name\":\"Tunnelling services\",\"category\":"
			 "\"tunnel\",\"ruleset\":\"tunnel.list\"}"},
		{"threat", "{\"framework\":\"MITRE ATT&CK\",\"technique\":[{"
			   "\"id\":\"T1572\"},{\"id\":\"T1090\","
			   "\"subtechnique\":[{\"id\":\"T1090.002\"},{\"id\":"
			   "\"T1090.001\"}]}],\"tactic\":[{\"id\":\"TA0011\","
			   "\"name\":\"Command and Control\"}]}"},
		{"observer", "{\"type\":\"sensor\",\"product\":\"dnslookout\","
			     "\"version\":\"0.1.0\","
			     "\"hostname\":\"gw\",\"ingress\":{\"interface\":{"
			     "\"name\":\"eth0\"}}}"},
		{"related",
			"{\"ip\":[\"192.0.2.5\",\"198.51.100.1\"],\"hosts\":["
			"\"www.a.example\"]}"},
		{"dnslookout",
			"{\"packet\":17,\"level\":\"high\",\"service\":"
			"\"ngrok\",\"decoded\":\"skipped\",\"capture\":"
			"\"x.pcap\",\"matches_total\":9,\"matches\":[{"
			"\"pattern\":\"*.ngrok.*\",\"file\":\"tunnel.list\","
			"\"line\":13,\"note\":\"cuts through labels\"},{"
			"\"pattern\":\"ngrok.io\",\"file\":\"tunnel.list\","
			"\"line\":12}]}"},
		{"message",
			"\"192.0.2.5 asked 198.51.100.1 for www.a.example A: "
			"Tunnelling services, ngrok\""},
		{"ecs", "{\"version\":\"8.17.0\"}"},
	};
	const struct dlo_origin origin = {
		.capture = "x.pcap", .interface = "eth0", .hostname = "gw"};
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec;
	char id[33];
	json_t *root;

	(void)state;
	m.n_vlans = 2;
	m.vlan[0] = 5;
	m.vlan[1] = 6;
	rec = record(DLO_RECORD_ALERT, &m, "WWW.a.example");
	add_match(&rec, NGROK_GLOB);
	add_match(&rec, NGROK);
	rec.n_matches_total = 9;
	rec.decoded = DLO_DECODED_SKIPPED;
	root = print(&rec, &origin, CAP);
	take_id(root, id);
	assert_members(root, want, N(want));
}

/* An exception that has expired is named; the id is that of the alert. */
static void test_expired(void **state)
{
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_ALERT, &m, "a.example");
	char id[2][33];
	json_t *root;

	(void)state;
	add_match(&rec, NGROK);
	root = print(&rec, NULL, CAP);
	take_id(root, id[0]);
	assert_member(
		json_object_get(root, "dnslookout"), "exception", "(none)");
	json_decref(root);
	rec.expired = EXPIRED + 1;
	root = print(&rec, NULL, CAP);
	take_id(root, id[1]);
	assert_string_equal(id[0], id[1]);
	assert_member(json_object_get(root, "dnslookout"), "exception",
		"{\"expired\":\"2025-12-31\",\"owner\":\"alice\",\"reason\":"
		"\"pilot\",\"pattern\":\"a.example\",\"file\":\"site.list\","
		"\"line\":4}");
	assert_member(root, "message",
		"\"192.0.2.5 asked 198.51.100.1 for a.example A: Tunnelling "
		"services, ngrok; exception expired 2025-12-31 (owner "
		"alice)\"");
	json_decref(root);
	rec.expired = NOBODYS + 1;
	root = print(&rec, NULL, CAP);
	assert_member(json_object_get(root, "dnslookout"), "exception",
		"{\"expired\":\"2025-12-30\",\"pattern\":\"*\",\"file\":"
		"\"site.list\",\"line\":5}");
	json_decref(root);
}

/* Several interfaces saw it. */
static void test_merged(void **state)
{
	static const char *const others[] = {"g\"1", "ppp0"};
	const struct dlo_origin origin = {
		.interface = "g0", .others = others, .n_others = 2};
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_ALERT, &m, "www.a.example");
	json_t *root;

	(void)state;
	add_match(&rec, NGROK);
	rec.count = 3;
	root = print(&rec, &origin, CAP);
	assert_member(root, "dnslookout",
		"{\"packet\":17,\"count\":3,\"interfaces\":[\"g0\",\"g\\\"1\","
		"\"ppp0\"],\"level\":\"high\",\"service\":\"ngrok\","
		"\"matches\":[{\"pattern\":\"ngrok.io\",\"file\":"
		"\"tunnel.list\",\"line\":12}]}");
	json_decref(root);
}

/* -a: an answer over IPv6 and TCP. */
static void test_answer(void **state)
{
	static const struct member want[] = {
		{"@timestamp", "\"2026-01-02T03:04:05.123456789Z\""},
		{"event", "{\"kind\":\"event\",\"action\":\"answer\","
			  "\"category\":[\"network\"],\"type\":[\"protocol\"],"
			  "\"dataset\":\"dnslookout.message\"}"},
		{"dns", "{\"type\":\"answer\",\"id\":\"4242\",\"op_code\":"
			"\"QUERY\",\"header_flags\":[\"AA\",\"TC\",\"RD\","
			"\"RA\",\"AD\",\"CD\"],\"response_code\":\"NXDOMAIN\","
			"\"question\":{\"name\":\"a.local\",\"type\":"
			"\"TYPE65280\",\"class\":\"IN\",\"registered_domain\":"
			"\"a.local\",\"top_level_domain\":\"local\"}}"},
		{"source", "{\"ip\":\"2001:db8::1\",\"port\":5353}"},
		{"destination", "{\"ip\":\"2001:db8::2\",\"port\":40000}"},
		{"client", "{\"ip\":\"2001:db8::2\",\"port\":40000}"},
		{"server", "{\"ip\":\"2001:db8::1\",\"port\":5353}"},
		{"network",
			"{\"transport\":\"tcp\",\"protocol\":\"dns\",\"type\":"
			"\"ipv6\",\"community_id\":"
			"\"1:p3troYcvoaxpsujwwI3yjlBVvpM=\"}"},
		{"observer", "{\"type\":\"sensor\",\"product\":\"dnslookout\","
			     "\"version\":\"0.1.0\"}"},
		{"related",
			"{\"ip\":[\"2001:db8::1\",\"2001:db8::2\"],\"hosts\":["
			"\"a.local\"]}"},
		{"dnslookout", "{\"packet\":17}"},
		{"message", "\"2001:db8::1 told 2001:db8::2 about a.local "
			    "TYPE65280: NXDOMAIN\""},
		{"ecs", "{\"version\":\"8.17.0\"}"},
	};
	struct dlo_meta m = meta4(0x87b3);
	struct dlo_record rec;
	char id[33];
	json_t *root;

	(void)state;
	m.ip_version = 6;
	m.transport = DLO_TCP;
	memcpy(m.src, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	memcpy(m.dst, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	m.sport = 5353;
	m.dport = 40000;
	rec = record(DLO_RECORD_QUESTION, &m, "a.local");
	rec.qtype = 65280;
	rec.qclass = 0x8001;
	root = print(&rec, NULL, CAP);
	take_id(root, id);
	assert_members(root, want, N(want));
}

/* An alert on the end of a chain, and the event before it. */
static void test_way(void **state)
{
	struct dlo_meta m = meta4(0x8183);
	static struct dlo_record rec;
	json_t *root;

	(void)state;
	rec = record(DLO_RECORD_ALERT, &m, "a.example");
	add_match(&rec, NGROK);
	add_via(&rec, 5, "X,y.cdn.example");
	add_via(&rec, 5, "t\\.\\010.ngrok.io");
	add_address(&rec, 4, 7);
	add_address(&rec, 6, 1);
	root = print(&rec, NULL, CAP);
	assert_member(json_object_get(root, "dns"), "resolved_ip",
		"[\"192.0.2.7\",\"2001:db8::1\"]");
	assert_member(json_object_get(root, "dns"), "type", "\"answer\"");
	assert_member(
		json_object_get(root, "dns"), "response_code", "\"NXDOMAIN\"");
	assert_member(json_object_get(root, "dns"), "answers", "(none)");
	assert_member(json_object_get(root, "dnslookout"), "via",
		"[\"x,y.cdn.example\",\"t\\\\.\\\\010.ngrok.io\"]");
	assert_member(
		json_object_get(root, "dnslookout"), "via_truncated", "(none)");
	assert_member(json_object_get(root, "related"), "ip",
		"[\"192.0.2.5\",\"198.51.100.1\",\"192.0.2.7\","
		"\"2001:db8::1\"]");
	assert_member(json_object_get(root, "related"), "hosts",
		"[\"a.example\",\"x,y.cdn.example\","
		"\"t\\\\.\\\\010.ngrok.io\"]");
	assert_member(root, "client", "{\"ip\":\"198.51.100.1\",\"port\":53}");
	assert_member(root, "source", "{\"ip\":\"192.0.2.5\",\"port\":53211}");
	assert_member(root, "message",
		"\"192.0.2.5 told 198.51.100.1 about a.example A via "
		"x\\\\044y.cdn.example,t\\\\.\\\\010.ngrok.io: NXDOMAIN: "
		"Tunnelling services, ngrok\"");
	json_decref(root);
	rec.n_via_total = 9;
	root = print(&rec, NULL, CAP);
	assert_member(
		json_object_get(root, "dnslookout"), "via_truncated", "true");
	json_decref(root);
	rec.kind = DLO_RECORD_QUESTION;
	rec.n_matches = 0;
	root = print(&rec, NULL, CAP);
	assert_member(json_object_get(root, "dns"), "answers",
		"[{\"type\":\"CNAME\",\"data\":\"x,y.cdn.example\"},{"
		"\"type\":\"CNAME\",\"data\":\"t\\\\.\\\\010.ngrok.io\"},{"
		"\"type\":\"A\",\"data\":\"192.0.2.7\"},{\"type\":\"AAAA\","
		"\"data\":\"2001:db8::1\"}]");
	assert_member(json_object_get(root, "dnslookout"), "via", "(none)");
	json_decref(root);
}

static void test_closing(void **state)
{
	static const struct member want[] = {
		{"@timestamp", "\"2026-01-02T03:04:05.123456789Z\""},
		{"event", "{\"kind\":\"alert\",\"severity\":47,\"action\":"
			  "\"closing\",\"category\":[\"network\","
			  "\"intrusion_detection\"],\"type\":[\"info\"],"
			  "\"dataset\":\"dnslookout.alert\",\"start\":"
			  "\"2026-01-02T03:03:05.123456789Z\",\"end\":"
			  "\"2026-01-02T03:04:04.123456789Z\"}"},
		{"source", "{\"ip\":\"192.0.2.5\"}"},
		{"client", "{\"ip\":\"192.0.2.5\"}"},
		{"network", "{\"protocol\":\"dns\",\"type\":\"ipv4\"}"},
		{"rule", "{\"id\":\"my own\",\"name\":\"my own.hosts\","
			 "\"ruleset\":\"my own.hosts\"}"},
		{"observer", "{\"type\":\"sensor\",\"product\":\"dnslookout\","
			     "\"version\":\"0.1.0\"}"},
		{"related", "{\"ip\":[\"192.0.2.5\"]}"},
		{"dnslookout",
			"{\"count\":17,\"first\":"
			"\"2026-01-02T03:03:05.123456789Z\",\"last\":"
			"\"2026-01-02T03:04:04.123456789Z\",\"level\":"
			"\"medium\",\"matches\":[{\"pattern\":"
			"\"plain.example\",\"file\":\"my own.hosts\",\"line\":"
			"1}]}"},
		{"message", "\"17 more alerts on 192.0.2.5: my own.hosts\""},
		{"ecs", "{\"version\":\"8.17.0\"}"},
	};
	struct dlo_meta m = meta4(0);
	struct dlo_record rec = record(DLO_RECORD_CLOSING, &m, NULL);
	char id[33];
	json_t *root;

	(void)state;
	rec.count = 17;
	rec.n_clients = 1;
	rec.first_ns = TS - 60000000000u;
	rec.last_ns = TS - 1000000000u;
	add_match(&rec, PLAIN);
	root = print(&rec, NULL, CAP);
	take_id(root, id);
	assert_members(root, want, N(want));
	rec.n_clients = 0;
	root = print(&rec, NULL, CAP);
	assert_null(json_object_get(root, "source"));
	assert_null(json_object_get(root, "related"));
	assert_member(root, "message",
		"\"17 more alerts on all clients: my own.hosts\"");
	json_decref(root);
	rec.count = 1;
	root = print(&rec, NULL, CAP);
	assert_member(root, "message",
		"\"1 more alert on all clients: my own.hosts\"");
	json_decref(root);
}

static void test_no_object(void **state)
{
	struct dlo_meta m = meta4(0);
	struct dlo_record rec = record(DLO_RECORD_BYTES, &m, NULL);
	static char buf[4096];

	(void)state;
	assert_int_equal(dlo_json_print(&rec, NULL, buf, sizeof(buf)), 0);
	rec.kind = DLO_RECORD_QUESTION;
	assert_int_equal(dlo_json_print(&rec, NULL, buf, 4095), 0);
}

static void test_one_string(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"", "\"\""},
		{"a\"\\", "\"a\\\"\\\\\""},
		{"\1\n", "\"\\u0001\\u000a\""},
		{"\xc3\xa9", "\"\xc3\xa9\""},
		{"\xff", "\"\\ufffd\""},
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = dlo_json_string(cases[i].in, buf, sizeof(buf));

		assert_int_equal(n, strlen(cases[i].want));
		assert_string_equal(buf, cases[i].want);
	}
	assert_int_equal(dlo_json_string("abcdef", buf, 8), 0);
}

/* Octets of names are escaped twice, those of lists are made UTF-8. */
static void test_hostile(void **state)
{
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(
		DLO_RECORD_ALERT, &m, "\\000\\\".a\\.b\\010.\\255.example");
	json_t *root, *question;

	(void)state;
	add_match(&rec, HOSTILE);
	root = print(&rec, NULL, CAP);
	question = json_object_get(json_object_get(root, "dns"), "question");
	assert_member(question, "name",
		"\"\\\\000\\\".a\\\\.b\\\\010.\\\\255.example\"");
	assert_member(question, "registered_domain", "\"\\\\255.example\"");
	assert_member(question, "subdomain", "\"\\\\000\\\".a\\\\.b\\\\010\"");
	assert_member(root, "rule",
		"{\"id\":\"a\\\"b\\\\c\",\"name\":\"\xef\xbf\xbd\xef\xbf\xbd"
		"\xef\xbf\xbd tr\xc3\xa8s "
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		"\",\"category\":\"a=b "
		"c\",\"ruleset\":\"bad\\u001B[1m.list\"}");
	json_decref(root);
}

/* The contract's smallest memory holds what an alert cannot do without. */
static void test_least_memory(void **state)
{
	static const char *const others[20] = {long_text, long_text, long_text};
	const struct dlo_origin origin = {.capture = long_text,
		.interface = "eth0",
		.hostname = "gw",
		.others = others,
		.n_others = 3};
	struct dlo_meta m = meta4(0x0100);
	struct dlo_record rec = record(DLO_RECORD_ALERT, &m, longest_name());
	json_t *root, *question, *own;

	(void)state;
	add_match(&rec, NGROK);
	for (unsigned i = 1; i < DLO_MATCHES_MAX; i++) {
		add_match(&rec, LONG);
	}
	rec.count = 4;
	root = print(&rec, &origin, 4096);
	question = json_object_get(json_object_get(root, "dns"), "question");
	assert_string_equal(
		json_string_value(json_object_get(question, "name")),
		longest_name());
	assert_non_null(json_object_get(root, "rule"));
	assert_non_null(json_object_get(root, "source"));
	assert_non_null(json_object_get(root, "ecs"));
	own = json_object_get(root, "dnslookout");
	assert_string_equal(
		json_string_value(json_object_get(own, "service")), "ngrok");
	assert_int_equal(json_array_size(json_object_get(own, "matches")),
		DLO_MATCHES_MAX);
	json_decref(root);
}

/* An answer of the worst kind takes no memory from what is of more weight. */
static void test_least_memory_with_an_answer(void **state)
{
	struct dlo_meta m = meta4(0x8180);
	static struct dlo_record rec;
	json_t *root, *own;

	(void)state;
	rec = record(DLO_RECORD_ALERT, &m, longest_name());
	rec.expired = LONG_TIME_AGO + 1;
	add_match(&rec, NGROK);
	add_via(&rec, 5, longest_name());
	add_via(&rec, 5, "t.ngrok.io");
	for (uint8_t i = 0; i < DLO_ADDRESSES_MAX; i++) {
		add_address(&rec, 6, i);
	}
	root = print(&rec, NULL, 4096);
	assert_non_null(json_object_get(root, "rule"));
	assert_non_null(json_object_get(root, "source"));
	assert_non_null(json_object_get(root, "ecs"));
	own = json_object_get(root, "dnslookout");
	assert_string_equal(
		json_string_value(json_object_get(own, "service")), "ngrok");
	assert_int_equal(json_array_size(json_object_get(own, "matches")), 1);
	assert_member(
		own, "exception", "{\"expired\":\"1999-12-31\",\"line\":0}");
	json_decref(root);
	rec.kind = DLO_RECORD_QUESTION;
	root = print(&rec, NULL, 4096);
	assert_non_null(json_object_get(root, "source"));
	assert_non_null(json_object_get(root, "ecs"));
	json_decref(root);
}

/* Any memory gives valid JSON: the writer itself, octet by octet. */
static void test_any_memory(void **state)
{
	char buf[300];

	(void)state;
	for (size_t cap = 2; cap < sizeof(buf); cap++) {
		struct dlo_json j = dlo_json(buf, cap);

		dlo_json_open(&j, NULL, '{');
		for (unsigned i = 0; i < 4; i++) {
			static const char keys[4][2] = {"a", "b", "c", "d"};

			dlo_json_open(&j, keys[i], i % 2 ? '[' : '{');
			dlo_json_text(&j, i % 2 ? NULL : "t", "\x01\"x\xff");
			dlo_json_number(&j, i % 2 ? NULL : "n", INT64_MAX);
			dlo_json_open(&j, i % 2 ? NULL : "o", '{');
			dlo_json_close(&j);
			dlo_json_close(&j);
		}
		dlo_json_close(&j);
		assert_in_range(j.b.len, 0, cap);
		if (j.b.len == 0) {
			continue; /* an object that stayed empty */
		}
		buf[j.b.len] = '\0';
		json_decref(parse(buf));
	}
}

/* The same alert has the same id; any other has another. */
static void test_id(void **state)
{
	struct dlo_meta m = meta4(0x0100);
	static struct dlo_record recs[16];
	char ids[N(recs)][DLO_EVENT_ID_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < N(recs); i++) {
		recs[i] = record(DLO_RECORD_ALERT, &m, "a.ngrok.io");
		add_match(&recs[i], i == 1 ? PLAIN : NGROK);
	}
	recs[2].meta.ts_ns++;
	recs[3].meta.src[3]++;
	recs[4].meta.dst[3]++;
	recs[5].meta.sport++;
	recs[6].meta.dport++;
	recs[7].meta.id++;
	recs[8].qtype++;
	recs[9].qclass++;
	recs[10].u.name[1]++;
	recs[11].meta.packet++;
	recs[12].question++;
	recs[13].kind = DLO_RECORD_QUESTION;
	add_via(&recs[14], 5, "x.example");
	add_via(&recs[15], 5, "y.example");
	for (size_t i = 0; i < N(recs); i++) {
		struct dlo_pattern_info p = dlo_record_pattern(&recs[i]);

		dlo_event_id(&recs[i], &p, ids[i]);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(ids[i], ids[k]);
		}
	}
	/* Ids of alerts that were kept must be found again after an update. */
	assert_string_equal(ids[0], "cbb0620ee16ebe17ab414aa2596d09e2");
}

/* Vectors of the specification's baseline. */
static void test_community_id(void **state)
{
	static const struct {
		uint8_t src[4], dst[4];
		uint16_t sport, dport;
		uint8_t transport;
		const char *want;
	} rows[] = {
		{{128, 232, 110, 120}, {66, 35, 250, 204}, 34855, 80, DLO_TCP,
			"1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{{66, 35, 250, 204}, {128, 232, 110, 120}, 80, 34855, DLO_TCP,
			"1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{{192, 168, 1, 52}, {8, 8, 8, 8}, 54585, 53, DLO_UDP,
			"1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
	};
	char id[DLO_COMMUNITY_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct dlo_meta m = {.sport = rows[i].sport,
			.dport = rows[i].dport,
			.ip_version = 4,
			.transport = rows[i].transport};

		memcpy(m.src, rows[i].src, 4);
		memcpy(m.dst, rows[i].dst, 4);
		assert_string_equal(dlo_community_id(&m, id), rows[i].want);
	}
}

static void test_suffix(void **state)
{
	static const struct {
		const char *name, *registered, *top;
	} rows[] = {
		{"www.a.example.com", "example.com", "com"},
		{"example.com", "example.com", "com"},
		{"com", NULL, "com"},
		{"a.b.co.uk", "b.co.uk", "co.uk"},
		{"host", NULL, "host"},
		{"1.0.0.127.in-addr.arpa", "127.in-addr.arpa", "in-addr.arpa"},
		{"a.b.c.unknown-tld", "c.unknown-tld", "unknown-tld"},
		{"x\\.co.uk", "x\\.co.uk", "uk"},
		{"a.x\\.co\\046.co.uk", "x\\.co\\046.co.uk", "co.uk"},
		{"1.2.3.4.5.6.7.8.9.b.co.uk", "b.co.uk", "co.uk"},
	};
	struct dlo_suffix s;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		print_message("# %s\n", rows[i].name);
		assert_true(dlo_suffix_find(rows[i].name, &s));
		assert_string_equal(rows[i].name + s.top, rows[i].top);
		assert_int_equal(s.has_registered, rows[i].registered != NULL);
		if (s.has_registered) {
			assert_string_equal(rows[i].name + s.registered,
				rows[i].registered);
		}
	}
	assert_true(dlo_suffix_find(longest_name(), &s));
}

static void test_time(void **state)
{
	static const struct {
		uint64_t s;
		const char *want;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000000007Z"},
		{951782399, "2000-02-28T23:59:59.000000007Z"},
		{951782400, "2000-02-29T00:00:00.000000007Z"},
		{1735689599, "2024-12-31T23:59:59.000000007Z"},
		{4107542400, "2100-03-01T00:00:00.000000007Z"},
		{18446744073, "2554-07-21T23:34:33.000000007Z"},
	};
	char text[40];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct dlo_buf b = dlo_buf(text, sizeof(text) - 1);

		dlo_put_time(&b, rows[i].s * 1000000000u + 7, 9);
		(void)dlo_buf_end(&b);
		assert_string_equal(text, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alert),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_way),
		cmocka_unit_test(test_closing),
		cmocka_unit_test(test_no_object),
		cmocka_unit_test(test_one_string),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_least_memory),
		cmocka_unit_test(test_least_memory_with_an_answer),
		cmocka_unit_test(test_any_memory),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_community_id),
		cmocka_unit_test(test_suffix),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
