/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_exception.c - exceptions of any octets: read, and held against the loop
 * that defines what they do.
 *
 * An input that begins with an octet below 0x80 is the text of a file behind
 * it; any other is a sequence of exceptions put together from the tables below,
 * an octet a field. What must hold: diagnostics have a place; the canonical
 * text is read as itself, with the same identity; and for each name, alert,
 * client and time, all exceptions and all their conditions tried one by one
 * come to the same as the compiled set, and as explain.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "match/pattern.h"
#include "rules/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define DAY_NS UINT64_C(86400000000000)

/* ---- what is made and asked ---------------------------------------------- */

static const char *const patterns[] = {"*", "b.example", "=b.example",
	"*.b.example", "a.b.example", "*a*", "?.b.*", "c.example", "b.ex*",
	"=a.c.example"};
static const char *const clients[] = {"", " client=10.0.0.0/8",
	" client=10.1.2.3", " client=10.1.2.0/23", " client=0.0.0.0/0",
	" client=2001:db8::/33", " client=2001:db8::1", " client=::/0"};
static const char *const rules[] = {"", " rule=r", " rule=q", " rule=x"};
static const char *const services[] = {
	"", " service=s", " service=\"t u\"", " service=x"};
static const char *const untils[] = {
	"", " until=1970-01-01", " until=2000-02-29", " until=9999-12-31"};

static const char list_r[] = "#: id: r\n[s]\n*\n[t u]\nb.example\n*.c.example\n"
			     "#: action: count\n[v]\na.*\n";
static const char list_q[] = "#: id: q\n#: level: low\n*.example\n[s]\n"
			     "b.example\n#: action: off\n[w]\n*\n";

static const char *const names[] = {"b.example", "a.b.example", "A.C.example",
	"x.c.example", "a.b.ex", "other", "."};
static const char *const askers[] = {"10.1.2.3", "10.1.3.3", "10.1.4.3",
	"192.0.2.1", "2001:db8::1", "2001:db8:8000::1", "::a01:203"};
/* 2000-02-29 is day 11016. */
static const uint64_t times[] = {
	0, DAY_NS - 1, DAY_NS, 11017 * DAY_NS - 1, 11017 * DAY_NS, UINT64_MAX};

/* ---- the definition ------------------------------------------------------ */

static bool in_network(const char *text, const struct dlo_asker *who)
{
	char addr[64];
	uint8_t octets[16] = {0};
	const char *slash = strchr(text, '/');
	unsigned bits, version;

	snprintf(addr, sizeof(addr), "%.*s",
		(int)(slash ? slash - text : (long)strlen(text)), text);
	version = strchr(addr, ':') ? 6 : 4;
	CHECK(inet_pton(version == 6 ? AF_INET6 : AF_INET, addr, octets) == 1);
	bits = slash ? (unsigned)atoi(slash + 1) : version == 6 ? 128 : 32;
	for (unsigned i = 0; version == who->ip_version && i < bits; i++) {
		unsigned bit = 0x80u >> i % 8;

		if ((octets[i / 8] & bit) != (who->client[i / 8] & bit)) {
			return false;
		}
	}
	return version == who->ip_version;
}

/* The end of a day, counted year by year. */
static uint64_t end_of(const char *date)
{
	static const unsigned before[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	unsigned year, month, day;
	uint64_t days = 0;
	bool leap;

	CHECK(sscanf(date, "%4u-%2u-%2u", &year, &month, &day) == 3);
	for (unsigned y = 1970; y < year; y++) {
		leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
		days += leap ? 366 : 365;
	}
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	days += before[month - 1] + day + (leap && month > 2);
	return days > UINT64_MAX / DAY_NS ? UINT64_MAX : days * DAY_NS;
}

static struct dlo_pattern *parsed; /* of the exceptions, by number */

static void parse_all(const struct dlo_ruleset *rs)
{
	uint32_t n = dlo_ruleset_n_exceptions(rs);
	const char *msg;
	size_t at;

	parsed = calloc(n + 1, sizeof(*parsed));
	CHECK(parsed);
	for (uint32_t i = 0; i < n; i++) {
		const char *text = dlo_ruleset_exception(rs, i)->pattern;

		CHECK(!dlo_pattern_parse(
			text, strlen(text), &parsed[i], &at, &msg));
	}
}

static bool applies(const struct dlo_ruleset *rs, uint32_t i,
	const struct dlo_name *name, const struct dlo_pattern_info *p,
	const struct dlo_asker *who)
{
	const struct dlo_exception_info *e = dlo_ruleset_exception(rs, i);

	return dlo_pattern_matches(&parsed[i], name) &&
	       (!*e->rule || !strcmp(e->rule, p->rule_id)) &&
	       (!*e->service || !strcmp(e->service, p->service)) &&
	       (!*e->client || in_network(e->client, who));
}

static struct dlo_excepted naive(const struct dlo_ruleset *rs,
	const struct dlo_name *name, const struct dlo_pattern_info *p,
	const struct dlo_asker *who)
{
	struct dlo_excepted ret = {0};
	uint64_t latest = 0;

	for (uint32_t i = 0; i < dlo_ruleset_n_exceptions(rs); i++) {
		const struct dlo_exception_info *e =
			dlo_ruleset_exception(rs, i);
		uint64_t end = *e->until ? end_of(e->until) : UINT64_MAX;

		if (!applies(rs, i, name, p, who)) {
			continue;
		}
		if (!*e->until || end == UINT64_MAX || who->ts_ns < end) {
			ret.by = ret.by ? ret.by : i + 1;
		} else if (end > latest) {
			latest = end;
			ret.expired = i + 1;
		}
	}
	return ret;
}

/* ---- the check ----------------------------------------------------------- */

static void check_decision(const struct dlo_ruleset *rs,
	const struct dlo_name *name, const struct dlo_asker *who)
{
	static struct dlo_verdict verdict[16];
	struct dlo_excepted got, want;
	struct dlo_pattern_info p;
	uint32_t ids[16];
	size_t n = dlo_ruleset_match(rs, name, ids, N(ids));

	CHECK(n <= N(ids));
	n = dlo_ruleset_decide(rs, ids, n, verdict);
	for (size_t i = 0; i < n; i++) {
		dlo_ruleset_pattern(rs, verdict[i].match[0], &p);
		got = (struct dlo_excepted){0};
		dlo_ruleset_except(rs, name, &verdict[i], who, &got);
		want = naive(rs, name, &p, who);
		CHECK(got.by == want.by);
		CHECK(got.expired == want.expired);
	}
}

static void check_explanation(const struct dlo_ruleset *rs,
	const struct dlo_explanation *x, const struct dlo_name *name,
	const struct dlo_asker *who)
{
	uint32_t n_hiding = 0;

	for (uint32_t i = 0; i < x->n_exceptions; i++) {
		const struct dlo_explained_exception *d = &x->exception[i];
		const struct dlo_explained_alert *a = &x->alert[d->alert];
		const struct dlo_exception_info *e =
			dlo_ruleset_exception(rs, d->exception);
		struct dlo_pattern_info p;
		bool over = *e->until && who->ts_ns >= end_of(e->until) &&
			    end_of(e->until) != UINT64_MAX;

		CHECK(!i || d[-1].exception < d->exception ||
			(d[-1].exception == d->exception &&
				d[-1].alert < d->alert));
		dlo_ruleset_pattern(rs, a->match[0], &p);
		CHECK(applies(rs, d->exception, name, &p, who) ==
			(d->fate <= DLO_FATE_EXPIRED));
		CHECK(d->fate > DLO_FATE_EXPIRED ||
			over == (d->fate == DLO_FATE_EXPIRED));
		CHECK((d->fate == DLO_FATE_HIDES) ==
			(a->excepted == d->exception + 1));
		n_hiding += d->fate == DLO_FATE_HIDES;
	}
	for (uint32_t i = 0; i < x->n_alerts; i++) {
		CHECK(!x->alert[i].excepted ||
			x->alert[i].action != DLO_ACTION_OFF);
		n_hiding -= x->alert[i].excepted > 0;
	}
	CHECK(n_hiding == 0);
}

static void ask(const struct dlo_ruleset *rs, struct dlo_explainer *x,
	const char *text, const struct dlo_asker *who)
{
	struct dlo_explanation e;
	struct dlo_name_buf buf;
	struct dlo_name name;
	struct dlo_diag diag;
	const char *msg;
	size_t at;

	CHECK(!dlo_name_parse(text, strlen(text), &buf, &name, &at, &msg));
	check_decision(rs, &name, who);
	dlo_explainer_ask(x, who->client, who->ip_version, who->ts_ns);
	CHECK(!dlo_explain(x, text, strlen(text), &e, &diag));
	check_explanation(rs, &e, &name, who);
}

static void ask_all(const struct dlo_ruleset *rs)
{
	struct dlo_explainer *x;
	uint8_t client[16];

	CHECK(!dlo_explainer_new(rs, &x));
	for (size_t i = 0; i < N(names) * N(askers) * N(times); i++) {
		const char *addr = askers[i / N(names) % N(askers)];
		struct dlo_asker who = {.client = client,
			.ip_version = strchr(addr, ':') ? 6 : 4,
			.ts_ns = times[i / N(names) / N(askers)]};

		inet_pton(
			who.ip_version == 6 ? AF_INET6 : AF_INET, addr, client);
		ask(rs, x, names[i % N(names)], &who);
	}
	dlo_explainer_free(x);
}

static void check_diag(const struct dlo_diag *d, bool placed)
{
	size_t len = strnlen(d->msg, sizeof(d->msg));

	CHECK(len > 0 && len < sizeof(d->msg));
	for (size_t i = 0; i < len; i++) {
		CHECK(d->msg[i] >= 0x20 && d->msg[i] < 0x7f);
	}
	CHECK(!placed || (d->line > 0 && d->col > 0));
	CHECK(!strcmp(d->file, "d/x.list"));
}

/* Builds with a file of exceptions; NULL: it is refused. */
static struct dlo_ruleset *build(const char *text, size_t len)
{
	struct dlo_builder *b;
	struct dlo_ruleset *rs = NULL;
	struct dlo_diag diag;
	unsigned n = 0;
	int r;

	CHECK(!dlo_builder_new(&b));
	CHECK(!dlo_builder_add_list(
		b, "r.list", list_r, sizeof(list_r) - 1, NULL, &diag));
	r = dlo_builder_add_exceptions(b, "d/x.list", text, len, &n, &diag);
	CHECK(r == 0 || r == 1);
	if (r) {
		check_diag(&diag, true);
	}
	CHECK(!dlo_builder_add_list(
		b, "q.list", list_q, sizeof(list_q) - 1, NULL, &diag));
	if (!r) {
		r = dlo_builder_build(b, &rs, &diag);
		CHECK(r == 0 || r == 1);
		if (r) { /* too many weak globs */
			check_diag(&diag, true);
		} else {
			CHECK(dlo_ruleset_n_exceptions(rs) == n);
		}
	}
	dlo_builder_free(b);
	return r ? NULL : rs;
}

/* What is printed is what would be read, but for patterns that began with an
 * escape, lest they be something else. */
static void check_text(const struct dlo_exception_info *e)
{
	const char *odd = "#[0123456789abcdef:";
	struct dlo_ruleset *rs = build(e->text, strlen(e->text));
	const struct dlo_exception_info *again;

	if (!rs || dlo_ruleset_n_exceptions(rs) != 1) {
		CHECK(strchr(odd, e->text[0]));
		dlo_ruleset_free(rs);
		return;
	}
	again = dlo_ruleset_exception(rs, 0);
	CHECK(!strcmp(again->text, e->text));
	CHECK(again->identity == e->identity && again->end_ns == e->end_ns);
	CHECK(!strcmp(again->rule, e->rule));
	CHECK(!strcmp(again->service, e->service));
	CHECK(!strcmp(again->client, e->client));
	dlo_ruleset_free(rs);
}

static void check(const char *text, size_t len)
{
	enum dlo_need *need;
	struct dlo_ruleset *rs = build(text, len);
	uint32_t n;

	if (!rs) {
		return;
	}
	n = dlo_ruleset_n_exceptions(rs);
	for (uint32_t i = 0; i < n && i < 8; i++) {
		check_text(dlo_ruleset_exception(rs, i));
	}
	need = calloc(n + 1, sizeof(*need));
	CHECK(need && !dlo_ruleset_needs(rs, need));
	free(need);
	parse_all(rs);
	ask_all(rs);
	free(parsed);
	dlo_ruleset_free(rs);
}

/* ---- inputs -------------------------------------------------------------- */

#define LINES_MAX 24u

/* Puts a file together, five octets a line. */
static size_t make(const uint8_t *data, size_t size, char *to, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i + 5 <= size && i < 5 * LINES_MAX; i += 5) {
		const uint8_t *d = data + i;

		n += (size_t)snprintf(to + n, cap - n, "%s%s%s%s%s owner=o\n",
			patterns[d[0] % N(patterns)],
			clients[d[1] % N(clients)], rules[d[2] % N(rules)],
			services[d[3] % N(services)], untils[d[4] % N(untils)]);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[LINES_MAX * 160];

	if (size && data[0] >= 0x80) {
		check(text, make(data + 1, size - 1, text, sizeof(text)));
	} else if (size) {
		check((const char *)data + 1, size - 1);
	}
	return 0;
}
