/* SPDX-License-Identifier: BSD-2-Clause */
/* merge.c - one alert of a look-up that several interfaces saw. */
#include "merge.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

/*
 * Theory of operation
 *
 * Each source has a queue of records, oldest first. A message is due when its
 * packet is as old as MERGE_HOLD_NS; what comes later than that is due now,
 * what seems to come from the future (the clock was set) after that time. The
 * message that leaves is the one that is due first of all queues' first ones:
 * so packets leave in the order of their time, and the first to be seen is the
 * one that the others are merged into. They are looked for only then, by a key:
 * a pass over at most MERGE_SLOTS keys a source, the cost of any flood.
 *
 * What is merged is marked in its queue and left out when its turn comes, and
 * so is a message that has no other alert.
 */

static_assert((MERGE_SLOTS & (MERGE_SLOTS - 1)) == 0, "not a power of two");
static_assert(MERGE_SLOTS >= RING_MESSAGE_MAX, "the longest message has room");

/* Instead of a key. */
enum { NO_ALERT, MERGED, KEY_MIN };

/* What is looked at in passing stands apart from the records. */
struct label {
	uint64_t key;
	uint64_t due_ns; /* of a message's first record counts */
	uint32_t ifindex;
};

struct queue {
	unsigned interface; /* the first source of it */
	uint32_t head, tail; /* both only grow, and wrap with their type */
	uint32_t whole; /* messages up to here are complete */
	bool within; /* a message is under way */
	struct label label[MERGE_SLOTS];
	struct dlo_record record[MERGE_SLOTS];
};

struct merge {
	merge_emit_fn *emit;
	void *ctx;
	uint64_t n_early;
	unsigned n_queues;
	struct queue queue[];
};

static struct dlo_record *record_at(struct queue *q, uint32_t at)
{
	return &q->record[at % MERGE_SLOTS];
}

static struct label *label_at(struct queue *q, uint32_t at)
{
	return &q->label[at % MERGE_SLOTS];
}

/* ---- the same look-up --------------------------------------------------- */

struct ends {
	const uint8_t *client, *server;
};

static struct ends ends_of(const struct dlo_meta *m)
{
	bool answer = m->flags & 0x8000; /* RFC 1035 4.1.1: QR */

	return (struct ends){
		.client = answer ? m->dst : m->src,
		.server = answer ? m->src : m->dst,
	};
}

static size_t address_len(const struct dlo_meta *m)
{
	return m->ip_version == 4 ? 4 : 16;
}

/* FNV-1a over octets that differ in no more than the bit that lower case sets:
 * equal names have equal sums, and others nearly never. */
static uint64_t mix(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		sum = (sum ^ (p[i] | 0x20u)) * UINT64_C(0x100000001b3);
	}
	return sum;
}

static uint64_t key_of(const struct dlo_record *rec)
{
	const struct dlo_meta *m = &rec->meta;
	struct ends e = ends_of(m);
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	if (rec->kind != DLO_RECORD_ALERT) {
		return NO_ALERT;
	}
	sum = mix(sum, e.client, address_len(m));
	sum = mix(sum, &m->id, sizeof(m->id));
	sum = mix(sum, rec->u.name, rec->name_len);
	return sum < KEY_MIN ? KEY_MIN : sum;
}

/* A length octet is below 'A', so the whole wire form may be folded. */
static bool same_name(const struct dlo_record *a, const struct dlo_record *b)
{
	if (a->name_len != b->name_len) {
		return false;
	}
	for (unsigned i = 0; i < a->name_len; i++) {
		uint8_t x = a->u.name[i], y = b->u.name[i];

		x = (uint8_t)(x >= 'A' && x <= 'Z' ? x | 0x20 : x);
		y = (uint8_t)(y >= 'A' && y <= 'Z' ? y | 0x20 : y);
		if (x != y) {
			return false;
		}
	}
	return true;
}

/* The rule set may have been replaced between the two. */
static bool same_group(const struct dlo_record *a, const struct dlo_record *b)
{
	struct dlo_pattern_info x, y;

	dlo_ruleset_pattern(a->rules, a->match[0], &x);
	dlo_ruleset_pattern(b->rules, b->match[0], &y);
	return !strcmp(x.rule_id, y.rule_id) && !strcmp(x.service, y.service);
}

static bool same_lookup(const struct dlo_record *a, const struct dlo_record *b)
{
	const struct dlo_meta *m = &a->meta, *n = &b->meta;
	struct ends x = ends_of(m), y = ends_of(n);
	uint64_t apart_ns = m->ts_ns < n->ts_ns ? n->ts_ns - m->ts_ns
						: m->ts_ns - n->ts_ns;

	return m->id == n->id && m->ip_version == n->ip_version &&
	       !memcmp(x.client, y.client, address_len(m)) &&
	       !memcmp(x.server, y.server, address_len(m)) &&
	       a->qtype == b->qtype && a->qclass == b->qclass &&
	       apart_ns <= MERGE_WITHIN_NS && same_name(a, b) &&
	       same_group(a, b);
}

/* ---- places ------------------------------------------------------------- */

struct seen {
	struct merge_place place[MERGE_SEEN_MAX];
	unsigned n;
};

static bool has_place(const struct merge *m, const struct seen *seen,
	unsigned source, uint32_t ifindex)
{
	unsigned interface = m->queue[source].interface;

	for (unsigned i = 0; i < seen->n; i++) {
		if (m->queue[seen->place[i].source].interface == interface &&
			seen->place[i].ifindex == ifindex) {
			return true;
		}
	}
	return false;
}

/* Takes in the same alerts of one queue, one of each place. */
static void gather(struct merge *m, unsigned source,
	const struct dlo_record *rec, uint64_t key, struct seen *seen)
{
	struct queue *q = &m->queue[source];

	for (uint32_t at = q->head; at != q->whole && seen->n < MERGE_SEEN_MAX;
		at++) {
		struct label *label = label_at(q, at);

		if (label->key == key &&
			!has_place(m, seen, source, label->ifindex) &&
			same_lookup(rec, record_at(q, at))) {
			label->key = MERGED;
			seen->place[seen->n++] =
				(struct merge_place){source, label->ifindex};
		}
	}
}

/* ---- leaving ------------------------------------------------------------ */

/* Whether a record leaves a message under way. A closing line may come within
 * one. */
static bool goes_on(const struct dlo_record *rec, bool before)
{
	if (rec->kind == DLO_RECORD_CLOSING) {
		return before;
	}
	return !(rec->flags & DLO_RECORD_LAST);
}

/* The end of the message at the head. */
static uint32_t end_of_first(struct queue *q)
{
	bool within = false;
	uint32_t at = q->head;

	do {
		within = goes_on(record_at(q, at++), within);
	} while (within);
	return at;
}

/* Of the first message, what is not merged elsewhere. Closing lines are of no
 * message and stay. */
struct rest {
	bool any; /* there is an alert left, or there was none */
	uint32_t last; /* the record that the message ends with now */
};

static struct rest rest_of(struct queue *q, uint32_t end)
{
	struct rest r = {.last = q->head};
	bool had = false;

	for (uint32_t at = q->head; at != end; at++) {
		uint64_t key = label_at(q, at)->key;

		had = had || key != NO_ALERT;
		r.any = r.any || key >= KEY_MIN;
		if (key != MERGED &&
			record_at(q, at)->kind != DLO_RECORD_CLOSING) {
			r.last = at;
		}
	}
	r.any = r.any || !had;
	return r;
}

static void emit_one(struct merge *m, unsigned source, uint32_t at)
{
	struct dlo_record *rec = record_at(&m->queue[source], at);
	struct seen seen = {.place = {{source, rec->meta.ifindex}}, .n = 1};
	uint64_t key = label_at(&m->queue[source], at)->key;

	for (unsigned i = 0; key != NO_ALERT && i < m->n_queues; i++) {
		gather(m, i, rec, key, &seen);
	}
	if (seen.n > 1) {
		rec->count = seen.n;
	}
	m->emit(m->ctx, rec, seen.place, seen.n);
}

static void emit_first(struct merge *m, unsigned source)
{
	struct queue *q = &m->queue[source];
	uint32_t end = end_of_first(q);
	struct rest rest = rest_of(q, end);

	for (uint32_t at = q->head; at != end; at++) {
		struct dlo_record *rec = record_at(q, at);

		if (rec->kind != DLO_RECORD_CLOSING &&
			(!rest.any || label_at(q, at)->key == MERGED)) {
			continue;
		}
		if (at == rest.last) {
			rec->flags |= DLO_RECORD_LAST;
		}
		emit_one(m, source, at);
	}
	q->head = end;
}

/* The source whose first message is due first; n_queues: nothing is held. */
static unsigned find_first(const struct merge *m, uint64_t *ret_due_ns)
{
	unsigned first = m->n_queues;

	*ret_due_ns = UINT64_MAX;
	for (unsigned i = 0; i < m->n_queues; i++) {
		const struct queue *q = &m->queue[i];
		uint64_t due_ns = q->label[q->head % MERGE_SLOTS].due_ns;

		if (q->head != q->whole && due_ns < *ret_due_ns) {
			first = i;
			*ret_due_ns = due_ns;
		}
	}
	return first;
}

uint64_t merge_release(struct merge *m, uint64_t now_ns)
{
	uint64_t due_ns;
	unsigned first = find_first(m, &due_ns);

	while (first < m->n_queues && due_ns <= now_ns) {
		emit_first(m, first);
		first = find_first(m, &due_ns);
	}
	return due_ns;
}

/* ---- coming ------------------------------------------------------------- */

static void make_room(struct merge *m, struct queue *q, uint64_t now_ns)
{
	uint64_t due_ns;

	merge_release(m, now_ns);
	while (q->tail - q->head == MERGE_SLOTS) {
		unsigned first = find_first(m, &due_ns);

		assert(first < m->n_queues);
		m->n_early++;
		emit_first(m, first);
	}
}

static uint64_t due_of(
	const struct dlo_record *rec, uint64_t now_ns, uint64_t clock_ns)
{
	uint64_t ts_ns = rec->meta.ts_ns;
	uint64_t age_ns = clock_ns > ts_ns ? clock_ns - ts_ns : 0;

	return now_ns + (age_ns < MERGE_HOLD_NS ? MERGE_HOLD_NS - age_ns : 0);
}

void merge_add(struct merge *m, unsigned source, const struct dlo_record *rec,
	uint64_t now_ns, uint64_t clock_ns)
{
	struct queue *q = &m->queue[source];

	if (q->tail - q->head == MERGE_SLOTS) {
		make_room(m, q, now_ns);
	}
	*record_at(q, q->tail) = *rec;
	*label_at(q, q->tail) = (struct label){
		.key = key_of(rec),
		.due_ns = due_of(rec, now_ns, clock_ns),
		.ifindex = rec->meta.ifindex,
	};
	q->tail++;
	q->within = goes_on(rec, q->within);
	if (!q->within) {
		q->whole = q->tail;
	}
}

/* ---- making one --------------------------------------------------------- */

int merge_new(
	unsigned n_sources, merge_emit_fn *emit, void *ctx, struct merge **ret)
{
	struct merge *m =
		calloc(1, sizeof(*m) + n_sources * sizeof(m->queue[0]));

	if (!m) {
		return -ENOMEM;
	}
	m->emit = emit;
	m->ctx = ctx;
	m->n_queues = n_sources;
	for (unsigned i = 0; i < n_sources; i++) {
		m->queue[i].interface = i;
	}
	*ret = m;
	return 0;
}

void merge_join(struct merge *m, unsigned source, unsigned other)
{
	m->queue[source].interface = m->queue[other].interface;
}

struct merge *merge_free(struct merge *m)
{
	free(m);
	return NULL;
}

uint64_t merge_n_early(const struct merge *m)
{
	return m->n_early;
}
