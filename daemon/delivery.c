/* SPDX-License-Identifier: BSD-2-Clause */
/* delivery.c - records from sources to outputs. */
#include "delivery.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"

/*
 * Theory of operation
 *
 * With one interface, or files, a record goes straight to all outputs. With
 * several (`any` is several, too) messages with alerts take the way through
 * merge.h. With -a they take both: what shows each message as the wire carried
 * it gets it at once, and what takes alerts alone gets them merged. The parts
 * of an interface (parts.h) are not several.
 */

#define NAME_MAX_LEN 64

/* ---- where records come from -------------------------------------------- */

/* Of frames of `any`, the interface itself. */
static const char *interface_of(
	struct delivery *d, const struct source *s, uint32_t ifindex)
{
	const char *name = NULL;

	if (s->interface && ifindex) {
		name = ifnames_get(&d->ifnames, ifindex);
	}
	return name ? name : s->interface;
}

static struct dlo_origin origin_of(
	struct delivery *d, const struct source *s, uint32_t ifindex)
{
	return (struct dlo_origin){
		.capture = s->interface ? NULL : s->capture,
		.interface = interface_of(d, s, ifindex),
		/* The machine that replays is not the one that saw. */
		.hostname = s->interface ? d->hostname : NULL,
	};
}

/* ---- merged ------------------------------------------------------------- */

/* Looking up a name may end the life of another. */
static void emit(void *ctx, const struct dlo_record *rec,
	const struct merge_place *place, unsigned n)
{
	struct delivery *d = ctx;
	struct source *s = &d->sources[place[0].source];
	struct dlo_origin origin = origin_of(d, s, place[0].ifindex);
	char name[MERGE_SEEN_MAX][NAME_MAX_LEN];
	const char *others[MERGE_SEEN_MAX];

	for (unsigned i = 0; n > 1 && i < n; i++) {
		s = &d->sources[place[i].source];
		snprintf(name[i], sizeof(name[i]), "%s",
			interface_of(d, s, place[i].ifindex));
		others[i] = name[i];
		atomic_fetch_add(&s->counts.merged, i > 0);
	}
	if (n > 1) {
		origin.interface = others[0];
		origin.others = others + 1;
		origin.n_others = n - 1;
	}
	outputs_record(d->outputs, OUTPUT_MERGED, rec, &origin);
}

static void hold(
	struct delivery *d, struct source *s, const struct dlo_record *rec)
{
	uint64_t early = merge_n_early(d->merge);

	merge_add(d->merge, (unsigned)(s - d->sources), rec, clock_steady_ns(),
		clock_wall_ns());
	atomic_fetch_add(&s->counts.early, merge_n_early(d->merge) - early);
}

/* Of a message that others have got, alerts alone. */
static void hold_alert(
	struct delivery *d, struct source *s, const struct dlo_record *rec)
{
	struct dlo_record alone;

	if (rec->kind == DLO_RECORD_ALERT || rec->kind == DLO_RECORD_CLOSING) {
		alone = *rec;
		alone.flags = DLO_RECORD_FIRST | DLO_RECORD_LAST;
		hold(d, s, &alone);
	}
}

/* ---- all ---------------------------------------------------------------- */

static bool are_several(const struct source *sources, unsigned n)
{
	return n && sources[0].interface &&
	       (n > sources[0].n_more + 1 ||
		       !strcmp(sources[0].interface, "any"));
}

int delivery_open(struct delivery *ret, const struct options *o,
	struct source *sources, unsigned n_sources, struct outputs *outputs,
	const char *hostname)
{
	int r;

	*ret = (struct delivery){.sources = sources,
		.outputs = outputs,
		.hostname = hostname,
		.all = o->all};
	if (!are_several(sources, n_sources) ||
		!outputs_take(outputs, OUTPUT_MERGED)) {
		return 0;
	}
	r = merge_new(n_sources, emit, ret, &ret->merge);
	for (unsigned i = 0; !r && i < n_sources; i++) {
		merge_join(ret->merge, i, i - sources[i].part);
	}
	return r;
}

void delivery_close(struct delivery *d)
{
	d->merge = merge_free(d->merge);
}

void delivery_record(
	struct delivery *d, struct source *s, const struct dlo_record *rec)
{
	struct dlo_origin origin;

	if (d->merge && !d->all) {
		hold(d, s, rec);
		return;
	}
	origin = origin_of(d, s, rec->meta.ifindex);
	if (d->merge) {
		outputs_record(d->outputs, OUTPUT_WIRE, rec, &origin);
		hold_alert(d, s, rec);
	} else {
		outputs_record(
			d->outputs, OUTPUT_WIRE | OUTPUT_MERGED, rec, &origin);
	}
}

uint64_t delivery_release(struct delivery *d, bool at_end)
{
	uint64_t now_ns = clock_steady_ns(), due_ns;

	if (!d->merge) {
		return 0;
	}
	due_ns = merge_release(d->merge, at_end ? UINT64_MAX : now_ns);
	return due_ns == UINT64_MAX ? 0 : (due_ns - now_ns) / 1000000 + 1;
}
