/* SPDX-License-Identifier: BSD-2-Clause */
/* output.c - where records go: one table row an output. */
#include "output.h"

#include <assert.h>
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

static const struct {
	bool (*wanted)(const struct options *o);
	int (*open)(const struct output_context *c, struct output **ret);
} table[] = {
	{wants_stdout, out_stdout_open},
	{wants_syslog, out_syslog_open},
	{wants_pcapng, out_pcapng_open},
};
#define TABLE_N (sizeof(table) / sizeof(table[0]))
static_assert(TABLE_N <= OUTPUTS_MAX, "a place for each output");

int outputs_open(const struct output_context *c, struct outputs *ret)
{
	struct output_context own = *c;
	int r;

	ret->n = 0;
	ret->n_lost = 0;
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

static unsigned way_of(const struct output *o)
{
	return o->wire ? OUTPUT_WIRE : OUTPUT_MERGED;
}

void outputs_record(struct outputs *o, unsigned ways,
	const struct dlo_record *rec, const struct dlo_origin *origin)
{
	for (unsigned i = 0; i < o->n; i++) {
		if (way_of(o->output[i]) & ways) {
			o->output[i]->class->record(o->output[i], rec, origin);
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

uint64_t outputs_lost(const struct outputs *o)
{
	uint64_t n = o->n_lost;

	for (unsigned i = 0; i < o->n; i++) {
		n += o->output[i]->class->lost(o->output[i]);
	}
	return n;
}

bool outputs_close(struct outputs *o, unsigned grace_ms)
{
	bool fine = true;
	uint64_t n_lost;

	while (o->n > 0) {
		struct output *last = o->output[--o->n];

		fine = last->class->close(last, grace_ms, &n_lost) && fine;
		o->n_lost += n_lost;
	}
	return fine;
}
