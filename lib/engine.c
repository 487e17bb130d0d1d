/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.c - the path of a frame: decap, screen, match, decide, limit, decode.
 */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alert/limit.h"
#include "alert/tally.h"
#include "base/stats.h"
#include "rules/ruleset.h"
#include "wire/decode.h"
#include "wire/link.h"
#include "wire/message.h"

/*
 * Theory of operation
 *
 * take() is the path; read it first. Everything before judge() runs
 * for all frames, judge() for the few questions that match a pattern.
 *
 * Records of one message go out through emit_next(), which keeps the newest
 * back until it is known whether another follows: so the last one can say that
 * it is the last. Questions are emitted when the first alert of the message is,
 * those before it included, or all of them with `all`.
 */

struct dlo_engine {
	struct dlo_engine_config cfg;
	const struct dlo_ruleset *rules;
	int link_type; /* of the newest frame, and its layer */
	enum dlo_layer layer;
	struct dlo_decap_config decap_cfg;
	struct dlo_census census;
	struct dlo_limit *limit; /* NULL: no limit */
	struct dlo_tally *tally;
	uint64_t last_ns; /* newest packet time seen */
	uint64_t decode_second;
	unsigned n_decoded; /* in it */
	struct dlo_stats stats;

	/* The message under way. */
	const struct dlo_frame *frame;
	struct dlo_decap decap;
	bool emitting; /* records of it went out, the newest is in `record` */
	unsigned n_emitted; /* of its questions */
	struct dlo_record record;
	struct dlo_verdict verdict[DLO_HITS_MAX];
	uint32_t hit[DLO_HITS_MAX];
	struct dlo_message message;
};

static void count(struct dlo_engine *e, enum dlo_stat stat)
{
	dlo_stats_add(&e->stats, stat, 1);
}

/* ---- records ------------------------------------------------------------ */

static void fill_meta(const struct dlo_engine *e, struct dlo_meta *meta)
{
	const struct dlo_dgram *d = &e->decap.dgram;
	const struct dlo_message *m = &e->message;

	*meta = (struct dlo_meta){
		.ts_ns = e->frame->ts_ns,
		.packet = e->frame->packet,
		.sport = d->sport,
		.dport = d->dport,
		.ip_version = d->ip_version,
		.transport = d->transport,
		.n_vlans = d->n_vlans < DLO_VLANS_MAX ? d->n_vlans
						      : DLO_VLANS_MAX,
		.ifindex = d->ifindex,
		.id = m->id,
		.flags = m->flags,
		.n_questions = m->n_questions,
		.n_answers = m->n_answers,
		.n_authority = m->n_authority,
		.n_additional = m->n_additional,
		.dns_len = (uint16_t)(d->sent_len < UINT16_MAX ? d->sent_len
							       : UINT16_MAX),
		.n_seen = m->n_seen,
	};
	memcpy(meta->src, d->src, d->ip_version == 4 ? 4 : 16);
	memcpy(meta->dst, d->dst, d->ip_version == 4 ? 4 : 16);
	memcpy(meta->vlan, d->vlan, meta->n_vlans * sizeof(meta->vlan[0]));
}

/* Hands the record that was kept back to the caller, and gives a new one. */
static struct dlo_record *emit_next(struct dlo_engine *e, uint16_t kind)
{
	struct dlo_record *rec = &e->record;

	if (e->emitting) {
		e->cfg.record(e->cfg.ctx, rec);
		rec->flags = 0;
		rec->n_matches = 0;
		rec->n_matches_total = 0;
	} else {
		memset(rec, 0, offsetof(struct dlo_record, u));
		rec->rules = e->rules;
		rec->flags = DLO_RECORD_FIRST;
		fill_meta(e, &rec->meta);
		e->emitting = true;
	}
	rec->kind = kind;
	return rec;
}

static void emit_bytes(struct dlo_engine *e)
{
	const struct dlo_frame *f = e->frame;
	struct dlo_record *rec;

	for (size_t at = 0; at < f->caplen && at <= UINT16_MAX;) {
		size_t n = f->caplen - at;

		rec = emit_next(e, DLO_RECORD_BYTES);
		n = n < sizeof(rec->u.bytes) ? n : sizeof(rec->u.bytes);
		memcpy(rec->u.bytes, f->data + at, n);
		rec->n_bytes = (uint16_t)n;
		rec->at = (uint16_t)at;
		rec->frame_len = f->len;
		rec->net_off = (uint16_t)e->decap.dgram.net_off;
		rec->link_type = f->link_type;
		at += n;
	}
}

static struct dlo_record *emit_question(
	struct dlo_engine *e, uint16_t kind, unsigned i)
{
	const struct dlo_question *q = &e->message.question[i];
	struct dlo_record *rec = emit_next(e, kind);

	rec->question = (uint16_t)i;
	rec->decoded = DLO_DECODED_NONE;
	rec->name_len = 0;
	if (i < e->message.n_seen) {
		rec->qtype = q->type;
		rec->qclass = q->cls;
		rec->name_len = q->name.len;
		memcpy(rec->u.name, q->name.wire, q->name.len);
	}
	return rec;
}

/* Emits the questions before number `end` that are still to be emitted. */
static void emit_questions(struct dlo_engine *e, unsigned end)
{
	if (!e->emitting && e->cfg.bytes) {
		emit_bytes(e);
	}
	for (; e->n_emitted < end; e->n_emitted++) {
		emit_question(e, DLO_RECORD_QUESTION, e->n_emitted);
	}
}

static void emit_end(struct dlo_engine *e)
{
	if (e->emitting) {
		emit_questions(e, e->message.n_seen);
		e->record.flags |= DLO_RECORD_LAST;
		e->cfg.record(e->cfg.ctx, &e->record);
		e->emitting = false;
	}
}

/* ---- judging a question that matched ------------------------------------ */

/* Decoding has a budget, so that a flood cannot make ldns the bottleneck. */
static enum dlo_decoded decode(
	struct dlo_engine *e, const struct dlo_question *q)
{
	uint64_t second = e->frame->ts_ns / 1000000000;
	enum dlo_decoded decoded;

	if (second != e->decode_second) {
		e->decode_second = second;
		e->n_decoded = 0;
	}
	if (e->n_decoded >= DLO_DECODE_PER_S) {
		count(e, DLO_STAT_DECODE_SKIPPED);
		return DLO_DECODED_SKIPPED;
	}
	e->n_decoded++;
	decoded = dlo_decode_question(&q->name, q->type, q->cls);
	if (decoded == DLO_DECODED_BAD) {
		count(e, DLO_STAT_DECODE_BAD);
	}
	return decoded;
}

static void alert(
	struct dlo_engine *e, unsigned question, const struct dlo_verdict *v)
{
	struct dlo_limit_alert ask = {
		.group = v->group,
		.client = e->decap.dgram.src,
		.ip_version = e->decap.dgram.ip_version,
		.level = (uint8_t)v->level,
		.match = v->match,
		.n_matches = v->n_matches,
		.ts_ns = e->frame->ts_ns,
	};
	struct dlo_record *rec;

	if (e->limit && !dlo_limit_pass(e->limit, &ask)) {
		count(e, DLO_STAT_SUPPRESSED);
		return;
	}
	count(e, DLO_STAT_ALERTS);
	emit_questions(e, question + 1);
	rec = emit_question(e, DLO_RECORD_ALERT, question);
	rec->decoded = (uint8_t)decode(e, &e->message.question[question]);
	rec->level = (uint8_t)v->level;
	rec->n_matches_total = v->n_matches;
	rec->n_matches = (uint8_t)(v->n_matches < DLO_MATCHES_MAX
					   ? v->n_matches
					   : DLO_MATCHES_MAX);
	memcpy(rec->match, v->match, rec->n_matches * sizeof(rec->match[0]));
}

static void judge(struct dlo_engine *e, unsigned question, size_t n_hits)
{
	size_t n;

	count(e, DLO_STAT_HITS);
	if (n_hits > DLO_HITS_MAX) {
		dlo_stats_add(&e->stats, DLO_STAT_MATCHES_OVER,
			n_hits - DLO_HITS_MAX);
		n_hits = DLO_HITS_MAX;
	}
	n = dlo_ruleset_decide(e->rules, e->hit, n_hits, e->verdict);
	for (size_t i = 0; i < n; i++) {
		const struct dlo_verdict *v = &e->verdict[i];

		if (v->action == DLO_ACTION_ALERT) {
			alert(e, question, v);
		} else if (v->action == DLO_ACTION_COUNT) {
			count(e, DLO_STAT_COUNTED);
			dlo_tally_add(e->tally, v->group, e->decap.dgram.src,
				e->decap.dgram.ip_version);
		}
	}
}

/* ---- the path ----------------------------------------------------------- */

static void screened(struct dlo_engine *e)
{
	struct dlo_message *m = &e->message;
	bool response = dlo_message_is_response(m);

	count(e, response ? DLO_STAT_RESPONSES : DLO_STAT_QUERIES);
	dlo_stats_add(&e->stats, DLO_STAT_QUESTIONS, m->n_seen);
	if (m->n_questions > DLO_QUESTIONS_MAX) {
		dlo_stats_add(&e->stats, DLO_STAT_QUESTIONS_OVER,
			m->n_questions - DLO_QUESTIONS_MAX);
	}
	if (m->damaged) {
		count(e, DLO_STAT_DAMAGED);
	}
	e->n_emitted = 0;
	if (e->cfg.all) {
		emit_questions(e, 1);
	}
	for (unsigned i = 0; i < m->n_seen; i++) {
		size_t n;

		if (response || dlo_message_opcode(m)) {
			break; /* alerts are raised on queries */
		}
		n = dlo_ruleset_match(
			e->rules, &m->question[i].name, e->hit, DLO_HITS_MAX);
		if (n) {
			judge(e, i, n);
		}
	}
	emit_end(e);
}

static void note_time(struct dlo_engine *e, uint64_t ts_ns)
{
	if (ts_ns >= e->last_ns) {
		e->last_ns = ts_ns;
	} else if (e->last_ns - ts_ns > DLO_TIME_BACK_NS) {
		count(e, DLO_STAT_TIME_BACK);
		if (e->limit) {
			dlo_limit_close_all(e->limit, e->last_ns);
		}
		e->last_ns = ts_ns;
	}
}

/* Takes what a frame holds, or one of several, along the path. */
static void take(struct dlo_engine *e)
{
	struct dlo_decap *d = &e->decap;
	enum dlo_stat stop;
	int end;

	count(e, DLO_STAT_FRAMES);
	end = dlo_decap_run(d);
	if (end != DLO_DECAP_DATAGRAM) {
		count(e, end == DLO_DECAP_SEGMENT    ? DLO_STAT_TCP
			 : end == DLO_DECAP_FRAGMENT ? DLO_STAT_FRAGMENT
						     : (enum dlo_stat)end);
		return;
	}
	note_time(e, e->frame->ts_ns);
	stop = dlo_message_read(
		&e->message, e->decap.dgram.payload, e->decap.dgram.len);
	if (stop == DLO_STAT_NO_QUESTION) {
		count(e, stop);
		if (e->cfg.all) {
			e->n_emitted = 0;
			emit_questions(e, 1);
			emit_end(e);
		}
		return;
	}
	if (stop) {
		bool cut = e->decap.dgram.len < e->decap.dgram.sent_len;

		count(e, cut ? DLO_STAT_CUT_DNS : stop);
		return;
	}
	count(e, DLO_STAT_MESSAGES);
	screened(e);
}

void dlo_engine_frame(struct dlo_engine *e, const struct dlo_frame *f)
{
	e->frame = f;
	if (f->link_type != e->link_type) {
		e->link_type = f->link_type;
		e->layer = dlo_link_layer(f->link_type);
	}
	dlo_decap_begin(&e->decap, &e->decap_cfg, e->layer, f);
	do {
		take(e);
	} while (dlo_decap_more(&e->decap));
}

void dlo_engine_flush(struct dlo_engine *e, uint64_t now_ns)
{
	if (!e->limit) {
		return;
	}
	if (now_ns == UINT64_MAX) {
		dlo_limit_close_all(e->limit, e->last_ns);
	} else {
		dlo_limit_expire(e->limit, now_ns);
	}
}

/* ---- closing lines ------------------------------------------------------ */

static void on_closing(void *ctx, const struct dlo_limit_closing *closing)
{
	struct dlo_engine *e = ctx;
	struct dlo_record rec = {
		.rules = e->rules,
		.kind = DLO_RECORD_CLOSING,
		.flags = DLO_RECORD_FIRST | DLO_RECORD_LAST,
		.level = closing->level,
		.n_matches = closing->n_matches,
		.n_matches_total = closing->n_matches,
		.count = closing->count,
		.first_ns = closing->first_ns,
		.last_ns = closing->last_ns,
		.n_clients = closing->ip_version ? 1 : 0,
		.meta.ts_ns = closing->closed_ns,
		.meta.ip_version = closing->ip_version,
	};

	memcpy(rec.match, closing->match, sizeof(closing->match));
	memcpy(rec.meta.src, closing->client, sizeof(closing->client));
	count(e, DLO_STAT_CLOSINGS);
	e->cfg.record(e->cfg.ctx, &rec);
}

/* ---- making one --------------------------------------------------------- */

void dlo_engine_config_init(struct dlo_engine_config *cfg)
{
	*cfg = (struct dlo_engine_config){.dns_port = {53}, .n_dns_ports = 1};
}

static bool config_valid(const struct dlo_engine_config *cfg)
{
	return cfg->record && cfg->n_dns_ports &&
	       cfg->n_dns_ports <= DLO_PORTS_MAX &&
	       !cfg->limit_n == !cfg->limit_s;
}

int dlo_engine_new(const struct dlo_engine_config *cfg,
	const struct dlo_ruleset *rs, struct dlo_engine **ret)
{
	uint32_t n_groups = dlo_ruleset_n_groups(rs);
	struct dlo_engine *e;
	int r;

	if (!config_valid(cfg)) {
		return -EINVAL;
	}
	e = calloc(1, sizeof(*e));
	if (!e) {
		return -ENOMEM;
	}
	e->cfg = *cfg;
	e->rules = rs;
	e->decap_cfg = (struct dlo_decap_config){.ports = e->cfg.dns_port,
		.n_ports = e->cfg.n_dns_ports,
		.census = &e->census};
	e->layer = dlo_link_layer(e->link_type);
	r = dlo_tally_new(n_groups, cfg->seed, &e->tally);
	if (!r && cfg->limit_n) {
		r = dlo_limit_new(cfg->limit_n, cfg->limit_s, n_groups,
			cfg->seed, on_closing, e, &e->limit);
	}
	if (r) {
		dlo_engine_free(e);
		return r;
	}
	*ret = e;
	return 0;
}

struct dlo_engine *dlo_engine_free(struct dlo_engine *e)
{
	if (e) {
		dlo_limit_free(e->limit);
		dlo_tally_free(e->tally);
		free(e);
	}
	return NULL;
}

void dlo_engine_restart(struct dlo_engine *e)
{
	e->last_ns = 0;
	e->decode_second = 0;
	e->n_decoded = 0;
	if (e->limit) {
		dlo_limit_restart(e->limit);
	}
}

uint64_t dlo_engine_stat(const struct dlo_engine *e, enum dlo_stat stat)
{
	return dlo_stats_get(&e->stats, stat);
}

struct tally_out {
	const struct dlo_engine *e;
	void (*row)(void *ctx, const struct dlo_tally_row *row);
	void *ctx;
};

static void on_tally(void *ctx, const struct dlo_tally_count *count)
{
	const struct tally_out *out = ctx;
	struct dlo_pattern_info p;
	struct dlo_tally_row row = {
		.ip_version = count->ip_version, .count = count->count};

	dlo_ruleset_pattern(out->e->rules,
		dlo_ruleset_group_pattern(out->e->rules, count->group), &p);
	row.rule_id = p.rule_id;
	row.title = p.title;
	row.category = p.category;
	row.service = p.service;
	memcpy(row.client, count->client, sizeof(row.client));
	out->row(out->ctx, &row);
}

void dlo_engine_tally(const struct dlo_engine *e,
	void (*row)(void *ctx, const struct dlo_tally_row *row), void *ctx)
{
	struct tally_out out = {.e = e, .row = row, .ctx = ctx};

	dlo_tally_each(e->tally, on_tally, &out);
}
