/* SPDX-License-Identifier: BSD-2-Clause */
/* output.c - where records go: one table row an output. */
#include "output.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "writer.h"

static bool wants_stdout(const struct options *o)
{
	return !o->service && !(o->write && strcmp(o->write, "-") == 0);
}

static bool wants_pcapng(const struct options *o)
{
	return o->write != NULL;
}

static bool wants_syslog(const struct options *o)
{
	return o->syslog;
}

static bool wants_file(const struct options *o)
{
	return o->alerts != NULL;
}

static const struct {
	bool (*wanted)(const struct options *o);
	int (*open)(const struct output_context *c, struct output **ret);
} table[] = {
	{wants_stdout, out_stdout_open},
	{wants_syslog, out_syslog_open},
	{wants_file, out_file_open},
	{wants_pcapng, out_pcapng_open},
};
#define TABLE_N (sizeof(table) / sizeof(table[0]))
static_assert(TABLE_N <= OUTPUTS_MAX, "a place for each output");

void *output_new(size_t size, const struct output_class *class)
{
	struct output *o = calloc(1, size);

	if (o) {
		o->class = class;
		account_init(&o->account);
	}
	return o;
}

void output_free(struct output *o)
{
	if (o) {
		account_fini(&o->account);
		free(o);
	}
}

void output_lose(struct output *o, uint64_t alerts, bool reader_gone)
{
	struct account_counts n = {0};

	*(reader_gone ? &n.unread : &n.lost) = alerts;
	account_add(&o->account, &n);
}

bool output_close(
	struct output *o, unsigned grace_ms, struct account_counts *ret_n)
{
	bool fine = o->class->close(o, grace_ms);

	*ret_n = account_get(&o->account);
	output_free(o);
	return fine;
}

int outputs_open(const struct output_context *c, struct outputs *ret)
{
	struct output_context own = *c;
	int r;

	ret->n = 0;
	ret->n_tests = 0;
	atomic_init(&ret->abandoned, false);
	own.abandoned = &ret->abandoned;
	for (unsigned i = 0; i < TABLE_N; i++) {
		if (!table[i].wanted(c->options)) {
			continue;
		}
		r = table[i].open(&own, &ret->output[ret->n]);
		if (r < 0) {
			outputs_close(ret, 0);
			return r;
		}
		ret->n++;
	}
	return 0;
}

static bool is_alert(const struct dlo_record *rec)
{
	return rec->kind == DLO_RECORD_ALERT || rec->kind == DLO_RECORD_CLOSING;
}

static unsigned way_of(const struct output *o)
{
	return o->wire ? OUTPUT_WIRE : OUTPUT_MERGED;
}

static void give(struct output *o, const struct dlo_record *rec,
	const struct dlo_origin *origin)
{
	if (o->class->each && is_alert(rec)) {
		account_add(&o->account, &(struct account_counts){.taken = 1});
	}
	o->class->record(o, rec, origin);
}

void outputs_record(struct outputs *o, unsigned ways,
	const struct dlo_record *rec, const struct dlo_origin *origin)
{
	for (unsigned i = 0; i < o->n; i++) {
		if (way_of(o->output[i]) & ways) {
			give(o->output[i], rec, origin);
		}
	}
}

bool outputs_take(const struct outputs *o, unsigned way)
{
	bool take = false;

	for (unsigned i = 0; i < o->n; i++) {
		take = take || way_of(o->output[i]) == way;
	}
	return take;
}

bool outputs_ready(struct outputs *o)
{
	bool ready = true;

	for (unsigned i = 0; i < o->n; i++) {
		ready = writer_ready(o->output[i]->writer) && ready;
	}
	return ready;
}

bool outputs_drained(struct outputs *o)
{
	bool drained = true;

	for (unsigned i = 0; i < o->n; i++) {
		if (o->output[i]->patient) {
			drained = writer_drained(o->output[i]->writer) &&
				  drained;
		}
	}
	return drained;
}

void outputs_reopen(struct outputs *o)
{
	for (unsigned i = 0; i < o->n; i++) {
		if (o->output[i]->class->reopen) {
			o->output[i]->class->reopen(o->output[i]);
		}
	}
}

void outputs_abandon(struct outputs *o)
{
	/* Relaxed: the flag alone, which the writers look at again and again.
	 */
	atomic_store_explicit(&o->abandoned, true, memory_order_relaxed);
}

static struct output_alerts alerts_of(
	const struct output *o, const struct account_counts *n)
{
	return (struct output_alerts){
		.output = o->class->name,
		.each = o->class->each,
		.wire = o->wire,
		.raised = n->taken,
		.recovered = n->recovered,
		.delivered = n->delivered,
		.waiting = account_waiting(n),
		.spooled = n->spooled,
		.lost = n->lost,
		.unread = n->unread,
	};
}

struct output_alerts outputs_alerts(const struct outputs *o, unsigned i)
{
	struct output *out = o->output[i];
	struct account_counts n;

	if (!out) {
		return o->at_end[i];
	}
	n = account_get(&out->account);
	return alerts_of(out, &n);
}

uint64_t outputs_lost(const struct outputs *o)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < o->n; i++) {
		n += outputs_alerts(o, i).lost;
	}
	return n;
}

bool outputs_close(struct outputs *o, unsigned grace_ms)
{
	bool fine = true;

	for (unsigned i = o->n; i-- > 0;) {
		const struct output before = *o->output[i];
		struct account_counts n;

		fine = output_close(o->output[i], grace_ms, &n) && fine;
		o->output[i] = NULL;
		o->at_end[i] = alerts_of(&before, &n);
	}
	return fine;
}
