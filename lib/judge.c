/* SPDX-License-Identifier: BSD-2-Clause */
/* judge.c - a message -> records: screen, match, decide, limit, decode. */
#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "wire/decode.h"
#include "wire/via.h"

/*
 * Theory of operation
 *
 * dlo_judge_message() runs for all messages; what comes after match() for the
 * few names that match a pattern.
 *
 * A query is judged by its questions. A response is judged by them only if its
 * query was not seen, and by the names that its answer leads to; each group
 * (rule, service) that its look-up has been judged for is not said again. Only
 * queries that matched are remembered: the others have nothing to repeat.
 *
 * Records of one message go out through emit_next(), which keeps the newest
 * back until it is known whether another follows: so the last one can say that
 * it is the last. Questions are emitted when the first alert of the message is,
 * those before it included, or all of them with `all`.
 */

static void count(struct dlo_judge *j, enum dlo_stat stat)
{
	dlo_stats_add(j->stats, stat, 1);
}

/* ---- records ------------------------------------------------------------ */

static void fill_meta(const struct dlo_judge *j, struct dlo_meta *meta)
{
	const struct dlo_dgram *d = j->from->dgram;
	const struct dlo_message *m = &j->message;

	*meta = (struct dlo_meta){
		.ts_ns = j->from->ts_ns,
		.packet = j->from->packet,
		.sport = d->sport,
		.dport = d->dport,
		.ip_version = d->ip_version,
		.transport = d->transport,
		.partial = j->from->partial,
		.n_vlans = d->n_vlans < DLO_VLANS_MAX ? d->n_vlans
						      : DLO_VLANS_MAX,
		.ifindex = d->ifindex,
		.id = dlo_message_id(m),
		.flags = m->flags,
		.n_questions = m->n_questions,
		.n_answers = dlo_message_n_answers(m),
		.n_authority = dlo_message_n_authority(m),
		.n_additional = dlo_message_n_additional(m),
		.dns_len = (uint16_t)(d->sent_len < UINT16_MAX ? d->sent_len
							       : UINT16_MAX),
		.n_seen = m->n_seen,
	};
	memcpy(meta->src, d->src, d->ip_version == 4 ? 4 : 16);
	memcpy(meta->dst, d->dst, d->ip_version == 4 ? 4 : 16);
	memcpy(meta->vlan, d->vlan, meta->n_vlans * sizeof(meta->vlan[0]));
}

/* Hands the record that was kept back to the caller, and gives a new one. */
static struct dlo_record *emit_next(struct dlo_judge *j, uint16_t kind)
{
	struct dlo_record *rec = &j->record;

	if (j->emitting) {
		j->cfg->record(j->cfg->ctx, rec);
		rec->flags = 0;
		rec->expired = 0;
		rec->n_matches = 0;
		rec->n_matches_total = 0;
	} else {
		memset(rec, 0, offsetof(struct dlo_record, u));
		rec->rules = j->rules->set;
		rec->flags = DLO_RECORD_FIRST;
		fill_meta(j, &rec->meta);
		j->emitting = true;
	}
	rec->kind = kind;
	return rec;
}

static void emit_bytes(struct dlo_judge *j)
{
	const struct dlo_frame *f = j->frame;
	struct dlo_record *rec;

	for (size_t at = 0; at < f->caplen && at <= UINT16_MAX;) {
		size_t n = f->caplen - at;

		rec = emit_next(j, DLO_RECORD_BYTES);
		n = n < sizeof(rec->u.bytes) ? n : sizeof(rec->u.bytes);
		memcpy(rec->u.bytes, f->data + at, n);
		rec->n_bytes = (uint16_t)n;
		rec->at = (uint16_t)at;
		rec->frame_len = f->len;
		rec->net_off = (uint16_t)j->from->dgram->net_off;
		rec->link_type = f->link_type;
		at += n;
	}
}

/* The caller fills in what the answer says (wire/via.h). */
static struct dlo_record *emit_question(
	struct dlo_judge *j, uint16_t kind, unsigned i)
{
	const struct dlo_question *q = &j->message.question[i];
	struct dlo_record *rec = emit_next(j, kind);

	rec->question = (uint16_t)i;
	rec->decoded = DLO_DECODED_NONE;
	rec->name_len = 0;
	if (i < j->message.n_seen) {
		rec->qtype = q->type;
		rec->qclass = q->cls;
		rec->name_len = q->name.len;
		memcpy(rec->u.name, q->name.wire, q->name.len);
	}
	return rec;
}

/* Emits the questions before number `end` that are still to be emitted, if they
 * are wanted; what comes before the first of them always. */
static void emit_questions(struct dlo_judge *j, unsigned end)
{
	struct dlo_record *rec;

	if (!j->emitting && j->cfg->bytes && j->frame) {
		emit_bytes(j);
	}
	for (; j->n_emitted < end && !j->cfg->alerts_only; j->n_emitted++) {
		rec = emit_question(j, DLO_RECORD_QUESTION, j->n_emitted);
		if (j->response && !j->n_emitted) {
			dlo_via_answer(rec, &j->answer);
		} else {
			dlo_via_clear(rec);
		}
	}
}

static void emit_end(struct dlo_judge *j)
{
	if (j->emitting) {
		emit_questions(j, j->message.n_seen);
		j->record.flags |= DLO_RECORD_LAST;
		j->cfg->record(j->cfg->ctx, &j->record);
		j->emitting = false;
	}
}

/* ---- judging a question that matched ------------------------------------ */

/* Decoding has a budget, so that a flood cannot make ldns the bottleneck. */
static enum dlo_decoded decode(
	struct dlo_judge *j, const struct dlo_question *q)
{
	uint64_t second = j->now_ns / 1000000000;
	enum dlo_decoded decoded;

	if (second != j->decode_second) {
		j->decode_second = second;
		j->n_decoded = 0;
	}
	if (j->n_decoded >= DLO_DECODE_PER_S) {
		count(j, DLO_STAT_DECODE_SKIPPED);
		return DLO_DECODED_SKIPPED;
	}
	j->n_decoded++;
	decoded = dlo_decode_question(&q->name, q->type, q->cls);
	if (decoded == DLO_DECODED_BAD) {
		count(j, DLO_STAT_DECODE_BAD);
	}
	return decoded;
}

/* Who asked. */
static const uint8_t *client(const struct dlo_judge *j)
{
	const struct dlo_dgram *d = j->from->dgram;

	return j->response ? d->dst : d->src;
}

/* What matched: a question of the message, or where its answer leads to. */
struct subject {
	unsigned question;
	int link; /* of the chain; -1: the question itself */
};

static void fill_answer(struct dlo_judge *j, const struct subject *what)
{
	struct dlo_record *rec = &j->record;

	if (what->link >= 0) {
		dlo_via_path(rec, &j->chain, (unsigned)what->link);
	} else if (j->response) {
		dlo_via_addresses(rec, &j->answer);
	} else {
		dlo_via_clear(rec);
	}
}

/* `expired` is the number + 1 of an exception that hid it until then. */
static void alert(struct dlo_judge *j, const struct subject *what,
	const struct dlo_verdict *v, uint32_t expired)
{
	struct dlo_limit_alert ask = {
		.group = v->group,
		.client = client(j),
		.ip_version = j->from->dgram->ip_version,
		.level = (uint8_t)v->level,
		.match = v->match,
		.n_matches = v->n_matches,
		.ts_ns = j->frame ? j->from->ts_ns : j->now_ns,
	};
	unsigned question = what->question;
	struct dlo_record *rec;

	if (!dlo_engine_rules_pass(j->rules, &ask)) {
		count(j, DLO_STAT_SUPPRESSED);
		return;
	}
	count(j, DLO_STAT_ALERTS);
	emit_questions(j, question + 1);
	rec = emit_question(j, DLO_RECORD_ALERT, question);
	fill_answer(j, what);
	rec->decoded = (uint8_t)decode(j, &j->message.question[question]);
	rec->level = (uint8_t)v->level;
	rec->expired = expired;
	rec->n_matches_total = v->n_matches;
	rec->n_matches = (uint8_t)(v->n_matches < DLO_MATCHES_MAX
					   ? v->n_matches
					   : DLO_MATCHES_MAX);
	memcpy(rec->match, v->match, rec->n_matches * sizeof(rec->match[0]));
}

/* Whether this look-up has been judged for that group. */
static bool is_said(const struct dlo_judge *j, uint32_t group)
{
	unsigned i = 0;

	while (i < j->n_said && j->said[i] != group) {
		i++;
	}
	return i < j->n_said;
}

static void say(struct dlo_judge *j, uint32_t group)
{
	if (!is_said(j, group) && j->n_said < DLO_SAID_MAX) {
		j->said[j->n_said++] = group;
	}
}

/* An exception is about the name that was asked for, wherever it leads, or
 * about the one that it leads to, whoever leads there. */
static struct dlo_excepted except(struct dlo_judge *j,
	const struct subject *what, const struct dlo_verdict *v)
{
	struct dlo_asker who = {.client = client(j),
		.ip_version = j->from->dgram->ip_version,
		.ts_ns = j->from->ts_ns};
	struct dlo_excepted e = {0};

	dlo_ruleset_except(j->rules->set,
		&j->message.question[what->question].name, v, &who, &e);
	if (what->link >= 0) {
		dlo_ruleset_except(j->rules->set,
			&j->chain.link[what->link].name, v, &who, &e);
	}
	return e;
}

static void act(struct dlo_judge *j, const struct subject *what,
	const struct dlo_verdict *v)
{
	struct dlo_excepted e;

	/* A response says only what its look-up has not said yet. */
	if (v->action == DLO_ACTION_OFF || is_said(j, v->group)) {
		return;
	}
	e = except(j, what, v);
	if (j->response && (!e.by || what->link < 0)) {
		say(j, v->group);
	}
	if (e.by) {
		count(j, DLO_STAT_EXCEPTED);
		dlo_exception_hit(
			&j->rules->exception[e.by - 1], j->from->ts_ns);
	} else if (v->action == DLO_ACTION_ALERT) {
		alert(j, what, v, e.expired);
	} else if (v->action == DLO_ACTION_COUNT) {
		count(j, DLO_STAT_COUNTED);
		dlo_tally_add(j->rules->tally, v->group, client(j),
			j->from->dgram->ip_version);
	}
}

/* The verdicts on the n patterns in j->hit, which may be more than it holds,
 * are in j->verdict. Returns how many. */
static __attribute__((noinline)) size_t decide(struct dlo_judge *j, size_t n)
{
	count(j, DLO_STAT_HITS);
	if (n > DLO_HITS_MAX) {
		dlo_stats_add(
			j->stats, DLO_STAT_MATCHES_OVER, n - DLO_HITS_MAX);
		n = DLO_HITS_MAX;
	}
	return dlo_ruleset_decide(j->rules->set, j->hit, n, j->verdict);
}

/* Nearly all names end here. */
static size_t match(struct dlo_judge *j, const struct dlo_name *name)
{
	return dlo_ruleset_match(j->rules->set, name, j->hit, DLO_HITS_MAX);
}

/* ---- questions ---------------------------------------------------------- */

static struct dlo_pair_key pair_key(const struct dlo_judge *j, unsigned i)
{
	const struct dlo_dgram *d = j->from->dgram;
	bool r = j->response;

	return (struct dlo_pair_key){
		.client = r ? d->dst : d->src,
		.server = r ? d->src : d->dst,
		.client_port = r ? d->dport : d->sport,
		.server_port = r ? d->sport : d->dport,
		.id = dlo_message_id(&j->message),
		.ip_version = d->ip_version,
		.transport = d->transport,
		.context = d->context,
		.question = &j->message.question[i],
	};
}

/* Whether the look-up was judged with its query; a query is remembered. */
static bool is_judged(struct dlo_judge *j, unsigned i)
{
	struct dlo_pair_key key = pair_key(j, i);

	if (j->response) {
		return dlo_pair_response(j->pair, &key, j->from->ts_ns);
	}
	dlo_pair_query(j->pair, &key, j->from->ts_ns);
	return false;
}

/* Judges question i, whose name matches n patterns. */
static __attribute__((noinline)) void judge_question(
	struct dlo_judge *j, unsigned i, size_t n)
{
	struct subject what = {.question = i, .link = -1};
	bool judged = is_judged(j, i);

	n = decide(j, n);
	for (size_t k = 0; k < n; k++) {
		if (judged) {
			say(j, j->verdict[k].group);
		} else {
			act(j, &what, &j->verdict[k]);
		}
	}
}

/* ---- answers ------------------------------------------------------------ */

static void read_answer(struct dlo_judge *j)
{
	const struct dlo_message *m = &j->message;
	const struct dlo_dgram *d = j->from->dgram;

	dlo_answer_read(&j->answer, d->payload, d->len, m->end,
		m->end ? dlo_message_n_answers(m) : 0);
	if (j->answer.damaged) {
		count(j, DLO_STAT_ANSWERS_DAMAGED);
	}
	dlo_stats_add(j->stats, DLO_STAT_ALIASES_OVER,
		dlo_answer_links_over(&j->answer));
}

static __attribute__((noinline)) void judge_aliases(struct dlo_judge *j)
{
	struct dlo_chain *c = &j->chain;
	size_t n;

	dlo_chain_build(c, &j->answer, &j->message.question[0].name);
	if (c->loop) {
		count(j, DLO_STAT_ALIAS_LOOPS);
	}
	for (unsigned k = 0; k < j->answer.n_links; k++) {
		struct subject what = {.link = c->order[k]};

		if (c->link[c->order[k]].twin) {
			continue;
		}
		n = match(j, &c->link[c->order[k]].name);
		n = n ? decide(j, n) : 0;
		for (size_t v = 0; v < n; v++) {
			act(j, &what, &j->verdict[v]);
		}
	}
}

/* ---- messages ----------------------------------------------------------- */

static void count_questions(struct dlo_judge *j)
{
	const struct dlo_message *m = &j->message;
	const struct dlo_dgram *d = j->from->dgram;

	if (!j->response) {
		dlo_distinct_add(&j->clients,
			dlo_hash(d->src, d->ip_version == 4 ? 4 : 16, 0));
	}
	count(j, j->response ? DLO_STAT_RESPONSES : DLO_STAT_QUERIES);
	if (!j->response && d->transport == DLO_TCP) {
		count(j, DLO_STAT_QUERIES_TCP);
	}
	dlo_stats_add(j->stats, DLO_STAT_QUESTIONS, m->n_seen);
	if (m->n_questions > DLO_QUESTIONS_MAX) {
		dlo_stats_add(j->stats, DLO_STAT_QUESTIONS_OVER,
			m->n_questions - DLO_QUESTIONS_MAX);
	}
	if (m->damaged) {
		count(j, DLO_STAT_DAMAGED);
	}
	if (j->from->partial) {
		count(j, DLO_STAT_PARTIAL);
	}
}

/* Only what asks or answers (opcode 0) is judged. */
static void judge(struct dlo_judge *j)
{
	size_t n;

	for (unsigned i = 0; i < j->message.n_seen; i++) {
		n = match(j, &j->message.question[i].name);
		if (n) {
			judge_question(j, i, n);
		}
	}
	if (j->response && j->answer.n_links) {
		judge_aliases(j);
	}
}

static void screened(struct dlo_judge *j)
{
	count_questions(j);
	j->n_emitted = 0;
	j->n_said = 0;
	if (j->response) {
		read_answer(j);
	}
	if (j->cfg->all) {
		emit_questions(j, 1);
	}
	if (!dlo_message_opcode(&j->message)) {
		judge(j);
	}
	emit_end(j);
}

/* Without a question there is nothing to match, but something to print. */
static void questionless(struct dlo_judge *j)
{
	count(j, DLO_STAT_NO_QUESTION);
	if (j->cfg->all) {
		j->n_emitted = 0;
		if (j->response) {
			read_answer(j);
		}
		emit_questions(j, 1);
		emit_end(j);
	}
}

void dlo_judge_message(struct dlo_judge *j, const struct dlo_delivery *from,
	const struct dlo_frame *frame)
{
	const struct dlo_dgram *d = from->dgram;
	enum dlo_stat stop = dlo_message_read(&j->message, d->payload, d->len);

	j->from = from;
	j->frame = frame;
	j->response = dlo_message_is_response(&j->message);
	if (!stop) {
		count(j, DLO_STAT_MESSAGES);
		screened(j);
	} else if (from->partial && !frame) {
		return; /* what is missing was counted */
	} else if (stop == DLO_STAT_NO_QUESTION) {
		questionless(j);
	} else {
		count(j, d->len < d->sent_len ? DLO_STAT_CUT_DNS : stop);
	}
}

/* ---- making one --------------------------------------------------------- */

int dlo_judge_init(struct dlo_judge *j, const struct dlo_ruleset *set)
{
	int r = dlo_engine_rules_new(j->cfg, set, &j->rules);

	if (!r) {
		dlo_engine_rules_begin(j->rules, j->cfg, j->stats);
		r = dlo_pair_new(j->cfg->seed, &j->pair);
	}
	return r;
}

void dlo_judge_fini(struct dlo_judge *j)
{
	dlo_engine_rules_free(j->rules);
	dlo_pair_free(j->pair);
}

struct dlo_engine_rules *dlo_judge_swap(
	struct dlo_judge *j, struct dlo_engine_rules *rules)
{
	struct dlo_engine_rules *old = j->rules;
	bool asking = old->asking;

	dlo_engine_rules_end(old, j->now_ns);
	dlo_engine_rules_begin(rules, j->cfg, j->stats);
	if (!asking) { /* it has ended, and keeps nobody waiting */
		dlo_engine_rules_leave(rules, j->now_ns);
	}
	j->rules = rules;
	return old;
}

void dlo_judge_flush(struct dlo_judge *j, uint64_t now_ns)
{
	if (now_ns == UINT64_MAX) {
		dlo_engine_rules_leave(j->rules, j->now_ns);
	} else {
		dlo_engine_rules_expire(j->rules, now_ns);
	}
}

void dlo_judge_close(struct dlo_judge *j)
{
	dlo_engine_rules_close(j->rules, j->now_ns);
}

void dlo_judge_restart(struct dlo_judge *j)
{
	j->now_ns = 0;
	j->decode_second = 0;
	j->n_decoded = 0;
	dlo_pair_restart(j->pair);
	if (j->rules->limit) {
		dlo_limit_restart(j->rules->limit);
	}
}
