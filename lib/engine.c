/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.c - the path of a frame: decap, put together, judge. */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/distinct.h"
#include "base/stats.h"
#include "judge.h"
#include "wire/defrag.h"
#include "wire/link.h"
#include "wire/plain.h"
#include "wire/stream.h"

/*
 * Theory of operation
 *
 * dlo_engine_frame() is the path; read it first, then dlo_judge_message().
 * Plain frames take a short way to the same datagram (wire/plain.h).
 *
 * What is put together from pieces goes on where a piece stopped: a packet of
 * fragments through decap again, a message of segments to judge. What will
 * never be whole comes the same way, but in the middle of another frame's path
 * or of none: so it has its own struct dlo_decap, and no frame.
 */

#define GIVE_UP_EVERY_NS 100000000u /* a frame's time is short */

struct dlo_engine {
	struct dlo_engine_config cfg;
	int link_type; /* of the newest frame, and its layer */
	enum dlo_layer layer;
	struct dlo_decap_config decap_cfg;
	struct dlo_census census;
	struct dlo_defrag *defrag;
	struct dlo_stream *stream;
	uint64_t last_ns; /* newest packet time seen */
	uint64_t give_up_ns; /* when to look for what waited too long */
	struct dlo_stats stats;
	const struct dlo_frame *frame; /* under way, or NULL */
	struct dlo_decap decap; /* of it */
	struct dlo_judge judge;
};

static void count(struct dlo_engine *e, enum dlo_stat stat)
{
	dlo_stats_add(&e->stats, stat, 1);
}

/* ---- what never became whole --------------------------------------------- */

/* A message over TCP: of the frame under way, or of one long gone. */
static void on_message(void *ctx, const struct dlo_delivery *d)
{
	struct dlo_engine *e = ctx;
	bool ours = e->frame && d->packet == e->frame->packet;

	dlo_judge_message(&e->judge, d, ours ? e->frame : NULL);
}

/* The beginning of a packet. A fragment in it is given up with it. */
static void on_give_up(void *ctx, const struct dlo_packet *p)
{
	struct dlo_engine *e = ctx;
	struct dlo_decap d = {.cfg = &e->decap_cfg, .dgram = p->dgram};
	struct dlo_delivery from = {.dgram = &d.dgram,
		.ts_ns = p->ts_ns,
		.packet = p->packet,
		.partial = true};
	int end;

	d.frame = p->data;
	dlo_decap_resume(&d, p->protocol, p->data, p->len, p->missing);
	end = dlo_decap_run(&d);
	if (end == DLO_DECAP_DATAGRAM) {
		dlo_judge_message(&e->judge, &from, NULL);
	} else if (end == DLO_DECAP_SEGMENT) {
		dlo_stream_take(
			e->stream, &d.dgram, &d.tcp, p->ts_ns, p->packet);
	}
}

static void give_up(struct dlo_engine *e, uint64_t now_ns)
{
	dlo_defrag_expire(e->defrag, now_ns); /* may hold segments */
	dlo_stream_expire(e->stream, now_ns);
}

/* ---- the path ----------------------------------------------------------- */

/* What a new packet time brings about, now and then. */
static __attribute__((noinline)) void pass_time(
	struct dlo_engine *e, uint64_t ts_ns, bool back)
{
	if (back) {
		count(e, DLO_STAT_TIME_BACK);
		give_up(e, UINT64_MAX);
		dlo_judge_close(&e->judge);
		e->last_ns = ts_ns;
		e->judge.now_ns = ts_ns;
	}
	give_up(e, ts_ns);
	e->give_up_ns = ts_ns + GIVE_UP_EVERY_NS;
}

static void note_time(struct dlo_engine *e, uint64_t ts_ns)
{
	bool back = e->last_ns > ts_ns && e->last_ns - ts_ns > DLO_TIME_BACK_NS;

	if (ts_ns > e->last_ns) {
		e->last_ns = ts_ns;
		e->judge.now_ns = ts_ns;
	}
	if (back || ts_ns >= e->give_up_ns) {
		pass_time(e, ts_ns, back);
	}
}

/* Takes layers off, through packets that were put together from fragments. */
static int decap(struct dlo_engine *e)
{
	const struct dlo_frame *f = e->frame;
	struct dlo_decap *d = &e->decap;
	struct dlo_packet p;
	int end = dlo_decap_run(d);

	while (end == DLO_DECAP_FRAGMENT && !e->cfg.census_only) {
		note_time(e, f->ts_ns);
		enum dlo_stat stop = dlo_defrag_take(e->defrag, &d->dgram,
			&d->fragment, f->ts_ns, f->packet, &p);

		if (stop) {
			return (int)stop;
		}
		dlo_decap_resume(d, p.protocol, p.data, p.len, p.missing);
		end = dlo_decap_run(d);
	}
	return end;
}

/* Hands on what the decoders ended with. */
static enum dlo_stat deliver(struct dlo_engine *e, int end)
{
	const struct dlo_frame *f = e->frame;
	struct dlo_decap *d = &e->decap;
	struct dlo_delivery from = {
		.dgram = &d->dgram, .ts_ns = f->ts_ns, .packet = f->packet};

	note_time(e, f->ts_ns);
	if (end == DLO_DECAP_SEGMENT) {
		return dlo_stream_take(
			e->stream, &d->dgram, &d->tcp, f->ts_ns, f->packet);
	}
	dlo_judge_message(&e->judge, &from, f);
	return 0;
}

static inline __attribute__((always_inline)) void finish(
	struct dlo_engine *e, int end)
{
	enum dlo_stat stop = end > 0		  ? (enum dlo_stat)end
			     : e->cfg.census_only ? 0 /* pieces stay pieces */
						  : deliver(e, end);

	count(e, DLO_STAT_FRAMES);
	count(e, stop ? stop : DLO_STAT_CARRIERS);
}

/* Apart: plain frames need none of its registers. */
static __attribute__((noinline)) void take_apart(struct dlo_engine *e)
{
	dlo_decap_begin(&e->decap, e->layer, e->frame);
	do {
		finish(e, decap(e));
	} while (dlo_decap_more(&e->decap));
}

void dlo_engine_frame(struct dlo_engine *e, const struct dlo_frame *f)
{
	if (f->link_type != e->link_type) {
		e->link_type = f->link_type;
		e->layer = dlo_link_layer(f->link_type);
	}
	e->frame = f;
	if (e->layer == DLO_LAYER_ETHERNET && dlo_plain(&e->decap, f)) {
		finish(e, DLO_DECAP_DATAGRAM);
	} else {
		take_apart(e);
	}
	e->frame = NULL;
}

void dlo_engine_flush(struct dlo_engine *e, uint64_t now_ns)
{
	if (e->cfg.census_only) {
		return; /* it has no tables */
	}
	give_up(e, now_ns);
	dlo_judge_flush(&e->judge, now_ns);
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

static int init(struct dlo_engine *e, const struct dlo_ruleset *rs)
{
	struct dlo_defrag_config defrag = {.seed = e->cfg.seed,
		.stats = &e->stats,
		.give_up = on_give_up,
		.ctx = e};
	struct dlo_stream_config stream = {.seed = e->cfg.seed,
		.stats = &e->stats,
		.deliver = on_message,
		.ctx = e};
	int r = dlo_defrag_new(&defrag, &e->defrag);

	r = r ? r : dlo_stream_new(&stream, &e->stream);
	return r ? r : dlo_judge_init(&e->judge, rs);
}

int dlo_engine_new(const struct dlo_engine_config *cfg,
	const struct dlo_ruleset *rs, struct dlo_engine **ret)
{
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
	e->judge.cfg = &e->cfg;
	e->judge.stats = &e->stats;
	e->decap_cfg = (struct dlo_decap_config){.ports = e->cfg.dns_port,
		.n_ports = e->cfg.n_dns_ports,
		.any_port = e->cfg.any_port,
		.census = &e->census};
	e->decap.cfg = &e->decap_cfg;
	e->layer = dlo_link_layer(e->link_type);
	r = cfg->census_only ? 0 : init(e, rs);
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
		dlo_judge_fini(&e->judge);
		dlo_stream_free(e->stream);
		dlo_defrag_free(e->defrag);
		free(e);
	}
	return NULL;
}

void dlo_engine_restart(struct dlo_engine *e)
{
	if (e->cfg.census_only) {
		return;
	}
	e->last_ns = 0;
	e->give_up_ns = 0;
	dlo_defrag_restart(e->defrag);
	dlo_stream_restart(e->stream);
	dlo_judge_restart(&e->judge);
}

struct dlo_engine_rules *dlo_engine_swap(
	struct dlo_engine *e, struct dlo_engine_rules *rules)
{
	return dlo_judge_swap(&e->judge, rules);
}

struct dlo_engine_rules *dlo_engine_rules(const struct dlo_engine *e)
{
	return e->judge.rules;
}

uint64_t dlo_engine_stat(const struct dlo_engine *e, enum dlo_stat stat)
{
	return dlo_stats_get(&e->stats, stat);
}

struct census_out {
	const struct dlo_engine *const *e;
	unsigned n;
	void (*row)(void *ctx, const struct dlo_census_row *row);
	void *ctx;
};

static const _Atomic uint64_t *counter_of(
	const struct dlo_census *c, enum dlo_census_part part, unsigned i)
{
	return part == DLO_CENSUS_LAYERS  ? &c->layer[i]
	       : part == DLO_CENSUS_VLANS ? &c->vlan[i]
					  : &c->encrypted[i];
}

static void give_row(const struct census_out *out, enum dlo_census_part part,
	unsigned i, const char *name, const char *text)
{
	struct dlo_census_row row = {.part = part, .name = name, .text = text};

	for (unsigned k = 0; k < out->n; k++) {
		row.count += atomic_load_explicit(
			counter_of(&out->e[k]->census, part, i),
			memory_order_relaxed);
	}
	if (row.count) {
		out->row(out->ctx, &row);
	}
}

void dlo_engine_census(const struct dlo_engine *const *e, unsigned n,
	void (*row)(void *ctx, const struct dlo_census_row *row), void *ctx)
{
	static const char *const encrypted[][2] = {
#define DLO_X(symbol, name, text) {name, text},
		DLO_ENCRYPTED(DLO_X)
#undef DLO_X
	};
	const struct census_out out = {.e = e, .n = n, .row = row, .ctx = ctx};
	char id[8];

	for (unsigned i = 0; i < DLO_LAYER__N; i++) {
		give_row(&out, DLO_CENSUS_LAYERS, i, dlo_layer_name(i),
			dlo_layer_text(i));
	}
	for (unsigned i = 0; i < DLO_VLANS; i++) {
		snprintf(id, sizeof(id), "%u", i);
		give_row(&out, DLO_CENSUS_VLANS, i, id, id);
	}
	for (unsigned i = 0; i < DLO_ENCRYPTED__N; i++) {
		give_row(&out, DLO_CENSUS_ENCRYPTED, i, encrypted[i][0],
			encrypted[i][1]);
	}
}

uint64_t dlo_engine_clients(const struct dlo_engine *const *e, unsigned n)
{
	const struct dlo_distinct *d[DLO_ENGINES_MAX];

	for (unsigned i = 0; i < n; i++) {
		d[i] = &e[i]->judge.clients;
	}
	return dlo_distinct_estimate(d, n);
}
