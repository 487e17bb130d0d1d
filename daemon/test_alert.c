/* SPDX-License-Identifier: BSD-2-Clause */
/* test_alert.c - an alert about nothing, sent down every output. */
#include "test_alert.h"

#include <errno.h>
#include <string.h>

#include <pcap/pcap.h>

#include "clock.h"

static const char list[] =
	"#: title: TEST ALERT of dnslookout ctl test-alert: nobody asked this\n"
	"#: id: dnslookout-test-alert\n"
	"#: level: high\n"
	"#: category: test\n"
	"#: action: alert\n"
	"[test-alert]\n"
	"test-alert.dnslookout.invalid\n";

/* What the rule is for, as a packet: A? from 192.0.2.1 to 192.0.2.53. */
static const uint8_t packet[] = {
	/* IPv4: 75 octets, UDP */
	0x45, 0, 0, 75, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2,
	53,
	/* UDP: 55 octets, no checksum */
	0xcf, 0x3d, 0, 53, 0, 55, 0, 0,
	/* DNS: a query, recursion desired, one question */
	0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
	/* */
	10, 't', 'e', 's', 't', '-', 'a', 'l', 'e', 'r', 't', /* */
	10, 'd', 'n', 's', 'l', 'o', 'o', 'k', 'o', 'u', 't', /* */
	7, 'i', 'n', 'v', 'a', 'l', 'i', 'd', 0, /* */
	0, 1, 0, 1};

struct sending {
	struct test_alert *t;
	struct loop *l;
	struct dlo_origin origin;
};

static void on_record(void *ctx, const struct dlo_record *rec)
{
	struct sending *s = ctx;

	outputs_record(
		&s->l->outputs, OUTPUT_WIRE | OUTPUT_MERGED, rec, &s->origin);
	if (rec->kind == DLO_RECORD_ALERT) {
		s->l->outputs.n_tests++;
		dlo_json_print(
			rec, &s->origin, s->t->event, sizeof(s->t->event));
		dlo_syslog_print(
			rec, &s->origin, 0, s->t->line, sizeof(s->t->line));
	}
}

static int build_rules(struct dlo_ruleset **ret)
{
	struct dlo_builder *b;
	struct dlo_diag diag;
	int r = dlo_builder_new(&b);

	if (r) {
		return r;
	}
	r = dlo_builder_add_list(
		b, "test-alert", list, strlen(list), NULL, &diag);
	r = r ? r : dlo_builder_build(b, ret, &diag);
	dlo_builder_free(b);
	return r > 0 ? -EINVAL : r;
}

/* Feeds the packet to an engine of its own. -errno. */
static int feed(struct sending *s, const struct dlo_ruleset *rules)
{
	const struct dlo_frame frame = {
		.ts_ns = clock_wall_ns(),
		.packet = 1,
		.data = packet,
		.caplen = sizeof(packet),
		.len = sizeof(packet),
		.link_type = DLT_RAW,
	};
	struct dlo_engine_config cfg;
	struct dlo_engine *engine;
	int r;

	dlo_engine_config_init(&cfg);
	cfg.record = on_record;
	cfg.ctx = s;
	r = dlo_engine_new(&cfg, rules, &engine);
	if (r) {
		return r;
	}
	dlo_engine_frame(engine, &frame);
	r = dlo_engine_stat(engine, DLO_STAT_ALERTS) == 1 ? 0 : -EINVAL;
	dlo_engine_free(engine);
	return r;
}

/* ---- what became of it --------------------------------------------------- */

static uint64_t given(const struct output_alerts *a)
{
	return a->raised + a->recovered;
}

/* Nobody else gives alerts to outputs meanwhile: this is their thread. */
static void note(struct test_alert *t, const struct loop *l,
	const struct output_alerts before[OUTPUTS_MAX])
{
	for (unsigned i = 0; i < l->outputs.n; i++) {
		struct output_alerts a = outputs_alerts(&l->outputs, i);

		t->fate[i] = given(&a) == given(&before[i]) ? FATE_NOT_GIVEN
			     : a.lost > before[i].lost	    ? FATE_LOST
							    : FATE_WAITING;
		t->delivered_at[i] = a.delivered + a.waiting + a.spooled;
		t->lost_before[i] = before[i].lost;
	}
}

int test_alert_send(struct test_alert *t, struct loop *l)
{
	struct output_alerts before[OUTPUTS_MAX];
	struct sending s = {.t = t,
		.l = l,
		.origin = {.interface =
				   l->n_sources ? l->sources->interface : NULL,
			.hostname = l->hostname}};
	struct dlo_ruleset *rules;
	int r = build_rules(&rules);

	if (r) {
		return r;
	}
	*t = (struct test_alert){.n = l->outputs.n};
	for (unsigned i = 0; i < t->n; i++) {
		before[i] = outputs_alerts(&l->outputs, i);
	}
	r = feed(&s, rules);
	dlo_ruleset_free(rules); /* outputs have made their lines */
	note(t, l, before);
	return r;
}

/* Outputs deliver in order. */
bool test_alert_done(struct test_alert *t, const struct loop *l)
{
	bool done = true;

	for (unsigned i = 0; i < t->n; i++) {
		struct output_alerts a = outputs_alerts(&l->outputs, i);

		t->output[i] = a.output;
		if (t->fate[i] == FATE_WAITING &&
			(!(a.waiting + a.spooled) ||
				a.delivered >= t->delivered_at[i])) {
			t->fate[i] = a.lost > t->lost_before[i]
					     ? FATE_LOST
					     : FATE_DELIVERED;
		}
		done = done && t->fate[i] != FATE_WAITING;
	}
	return done;
}
