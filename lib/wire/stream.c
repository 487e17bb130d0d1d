/* SPDX-License-Identifier: BSD-2-Clause */
/* stream.c - DNS messages from TCP segments: RFC 1035, 4.2.2; RFC 7766. */
#include "wire/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "wire/held.h"

/*
 * Theory of operation
 *
 * A flow is one direction of a connection. Its `front` (held.pieces.front) is
 * the sequence number of the first octet that was not dealt with. Of a flow in
 * sync a message's length stands there, and what came from behind it is held.
 * Of one out of sync nothing is held, and messages are looked for in each
 * segment: a place where dlo_message_begins() brings it back into sync.
 *
 * A flow begins with its first data, not with its SYN: SYNs are noted in a
 * small table where newer ones push out older ones, and tell the flow, when it
 * comes, where it begins. Without that, as in the middle of a connection, it
 * begins where a message does. So neither a flood of SYNs nor one of garbage
 * makes flows.
 *
 * Octets before the front were dealt with, and are a retransmission, but for
 * those in [gap, gap_end): they were skipped, and may come yet.
 *
 * A message that can never become whole (it was cut by the snap length, the
 * receiver acknowledged what we have not, the room or the time is over) is
 * delivered as partial when it holds a question, and the front moves to where
 * its length says that the next one begins. So what comes of it later is behind
 * the front, and it is not judged twice.
 */

#define LEN_OCTETS 2u /* before each message: RFC 1035, 4.2.2 */
#define MESSAGE_MAX 65535u
#define SHARE (DLO_BLOCKS / 4)
#define SYNS 4096u

struct flow {
	struct dlo_held held;
	struct dlo_dgram dgram; /* of `first` */
	struct frame {
		uint64_t ts_ns, packet;
	} first, last; /* of what is held */
	uint64_t moved_ns; /* when the front moved, or holding began */
	uint32_t gap, gap_end;
	uint32_t begin; /* behind its SYN */
	uint32_t far; /* behind the last segment out of the window */
	uint32_t acked; /* the receiver has all before */
	uint64_t acked_ns; /* since when */
	bool in_sync, has_begin, has_far, has_acked;
};

struct syn {
	uint32_t tag;
	uint32_t begin;
	bool used;
};

struct dlo_stream {
	struct dlo_stream_config cfg;
	struct dlo_held_table *table;
	struct syn syn[SYNS];
	struct {
		uint8_t pad[DLO_NAME_HEADROOM];
		uint8_t data[LEN_OCTETS + MESSAGE_MAX];
	} scratch;
};

/* A segment, as far as it is still to be dealt with. */
struct segment {
	struct dlo_stream *s;
	const struct dlo_dgram *dgram;
	const uint8_t *data;
	uint32_t seq, len, sent_len;
	struct frame frame;
	unsigned n_delivered; /* messages that it made whole */
};

static struct flow *flow_of(struct dlo_held *h)
{
	return (struct flow *)h; /* its first member */
}

static int32_t ahead(uint32_t seq, uint32_t of)
{
	return (int32_t)(seq - of);
}

static void skip(struct segment *g, uint32_t n)
{
	uint32_t there = n < g->len ? n : g->len;

	g->data += there;
	g->len -= there;
	g->seq += n;
	g->sent_len -= n;
}

/* ---- delivering ---------------------------------------------------------- */

static void deliver(struct dlo_stream *s, const struct dlo_dgram *of,
	const uint8_t *data, uint32_t len, uint32_t sent_len,
	const struct frame *frame)
{
	struct dlo_dgram dgram = *of;
	struct dlo_delivery d = {.dgram = &dgram,
		.ts_ns = frame->ts_ns,
		.packet = frame->packet,
		.partial = len < sent_len};

	dgram.payload = data;
	dgram.len = len;
	dgram.sent_len = sent_len;
	dlo_stats_add(s->cfg.stats, DLO_STAT_TCP_MESSAGES, 1);
	s->cfg.deliver(s->cfg.ctx, &d);
}

/* The whole messages at the beginning of data[0..len). Returns their octets. */
static uint32_t deliver_whole(struct segment *g, const uint8_t *data,
	uint32_t len, const struct frame *frame)
{
	uint32_t at = 0, n;

	while (len - at >= LEN_OCTETS) {
		n = dlo_get16(data + at);
		if (len - at - LEN_OCTETS < n) {
			break;
		}
		if (n) {
			deliver(g->s, g->dgram, data + at + LEN_OCTETS, n, n,
				frame);
			g->n_delivered++;
		}
		at += LEN_OCTETS + n;
	}
	return at;
}

/* Where in data[0..len) a message begins with its length; len: nowhere. */
static uint32_t find_message(const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i + LEN_OCTETS + DLO_DNS_HEADER < len; i++) {
		const uint8_t *message = data + i + LEN_OCTETS;
		uint32_t sent_len = dlo_get16(data + i);
		uint32_t there = len - i - LEN_OCTETS;

		if (dlo_message_begins(message,
			    there < sent_len ? there : sent_len, sent_len)) {
			return i;
		}
	}
	return len;
}

/* ---- what is held -------------------------------------------------------- */

static void move_front(
	struct flow *f, uint32_t n, uint64_t now_ns, struct dlo_stream *s)
{
	dlo_held_drop(s->table, &f->held, n);
	f->moved_ns = now_ns;
}

/* Delivers what is whole of what is held. */
static void drain(struct segment *g, struct flow *f, const struct frame *frame)
{
	struct dlo_held_table *t = g->s->table;
	uint32_t run = dlo_held_run(t, &f->held), n;
	uint8_t *data = g->s->scratch.data;

	while (run >= LEN_OCTETS) {
		dlo_held_copy(t, &f->held, LEN_OCTETS, data);
		n = LEN_OCTETS + dlo_get16(data);
		if (run < n) {
			break;
		}
		dlo_held_copy(t, &f->held, n, data);
		move_front(f, n, frame->ts_ns, g->s);
		f->first = *frame;
		run -= n;
		deliver_whole(g, data, n, frame);
	}
}

/* The message at the front will not become whole. Returns whether it could be
 * delivered. */
static bool abandon(struct dlo_stream *s, struct flow *f)
{
	uint8_t *data = s->scratch.data;
	uint32_t run = dlo_held_run(s->table, &f->held), n;

	if (run < LEN_OCTETS) {
		dlo_held_drop(s->table, &f->held, run);
		f->in_sync = false;
		return false;
	}
	dlo_held_copy(s->table, &f->held, LEN_OCTETS, data);
	n = dlo_get16(data);
	run = run < LEN_OCTETS + n ? run : LEN_OCTETS + n;
	dlo_held_copy(s->table, &f->held, run, data);
	dlo_held_drop(s->table, &f->held, LEN_OCTETS + n);
	if (!dlo_message_begins(data + LEN_OCTETS, run - LEN_OCTETS, n)) {
		return false;
	}
	deliver(s, &f->dgram, data + LEN_OCTETS, run - LEN_OCTETS, n,
		&f->first);
	return true;
}

/* Behind a hole: what is held from here on up to the next one. */
static void resynchronise(struct dlo_stream *s, struct flow *f)
{
	uint8_t *data = s->scratch.data;
	uint32_t run = dlo_held_run(s->table, &f->held), at;

	run = run < sizeof(s->scratch.data) ? run : sizeof(s->scratch.data);
	dlo_held_copy(s->table, &f->held, run, data);
	at = find_message(data, run);
	f->in_sync = at < run;
	dlo_held_drop(s->table, &f->held, at);
}

/* Goes over the hole that the front stands before. */
static void jump(struct dlo_stream *s, struct flow *f)
{
	uint32_t hole = dlo_held_hole(s->table, &f->held);

	f->gap = f->held.pieces.front;
	f->gap_end = f->gap + hole;
	f->in_sync = false;
	dlo_held_drop(s->table, &f->held, hole);
	dlo_stats_add(s->cfg.stats, DLO_STAT_TCP_GAPS, 1);
}

/* Everything held is judged as it is, hole after hole. */
static void on_give_up(void *ctx, struct dlo_held *h)
{
	struct dlo_stream *s = ctx;
	struct flow *f = flow_of(h);
	struct segment g = {.s = s, .dgram = &f->dgram};

	while (h->holding) {
		uint32_t hole = dlo_held_hole(s->table, h);

		if (hole) {
			jump(s, f);
		} else if (!f->in_sync) {
			resynchronise(s, f);
		} else {
			drain(&g, f, &f->last);
			if (h->holding && !dlo_held_hole(s->table, h)) {
				abandon(s, f);
			}
		}
	}
}

/* ---- flows --------------------------------------------------------------- */

static struct dlo_held_key key_of(const struct dlo_dgram *dgram)
{
	return dlo_held_key(
		dgram, 6, (uint32_t)dgram->sport << 16 | dgram->dport);
}

static struct syn *syn_of(struct dlo_stream *s, uint64_t hash)
{
	return &s->syn[(hash >> 16) % SYNS];
}

static void note_syn(struct dlo_stream *s, uint64_t hash, uint32_t begin)
{
	*syn_of(s, hash) = (struct syn){
		.tag = (uint32_t)(hash >> 32), .begin = begin, .used = true};
}

/* The SYN of a flow that a segment is near the beginning of. */
static const struct syn *begin_of(
	struct dlo_stream *s, uint64_t hash, uint32_t seq)
{
	struct syn *syn = syn_of(s, hash);

	if (!syn->used || syn->tag != (uint32_t)(hash >> 32) ||
		ahead(seq, syn->begin) < 0 ||
		ahead(seq, syn->begin) >= DLO_STREAM_WINDOW) {
		return NULL;
	}
	return syn;
}

/* The front is known to be at `front`, where a message begins. */
static void start(struct flow *f, uint32_t front, uint32_t skipped)
{
	f->held.pieces.front = front;
	f->in_sync = true;
	f->has_far = false;
	f->gap = front - skipped;
	f->gap_end = front;
}

/* The front is behind the flow's SYN, which is used up: should the flow be
 * forgotten, its later segments are not measured by it. */
static void start_behind(struct dlo_stream *s, struct flow *f)
{
	struct syn *syn = syn_of(s, f->held.hash);

	start(f, syn->begin, 0);
	f->has_begin = true;
	f->begin = syn->begin;
	f->has_acked = false;
	syn->used = false;
}

/* The flow of a first segment; NULL: no message begins in it. */
static struct flow *open_flow(
	struct segment *g, const struct dlo_held_key *key, uint64_t hash)
{
	const struct syn *syn = begin_of(g->s, hash, g->seq);
	uint32_t at = syn ? 0 : find_message(g->data, g->len);
	struct flow *f;

	if (!syn && at == g->len) {
		return NULL;
	}
	f = flow_of(dlo_held_add(g->s->table, key, hash, g->frame.ts_ns));
	if (syn) {
		start_behind(g->s, f);
	} else {
		start(f, g->seq + at, DLO_STREAM_WINDOW);
		skip(g, at);
	}
	return f;
}

/* ---- segments that are not in order -------------------------------------- */

/*
 * What the receiver has and we have not was not captured: unless it was so a
 * moment ago only, for frames of two directions may overtake each other.
 */
static void check_acked(struct dlo_stream *s, struct flow *f, uint64_t now_ns)
{
	uint32_t end = f->held.pieces.front + dlo_held_run(s->table, &f->held);
	uint64_t since_ns = f->acked_ns < f->moved_ns ? f->acked_ns
						      : f->moved_ns;

	if (!f->has_acked || !f->held.holding || now_ns < since_ns ||
		now_ns - since_ns < DLO_STREAM_ACKED_NS ||
		ahead(f->acked, end) <= 0 ||
		ahead(f->acked, end) >= DLO_STREAM_WINDOW) {
		return;
	}
	dlo_held_give_up(s->table, &f->held);
	if (ahead(f->acked, f->held.pieces.front) > 0) { /* its end too */
		f->gap = f->held.pieces.front;
		f->gap_end = f->acked;
		f->held.pieces.front = f->acked;
		f->in_sync = false;
	}
}

/* An acknowledgement in a segment of the other direction than `key`. */
static void note_ack(
	struct segment *g, const struct dlo_held_key *key, uint32_t ack)
{
	struct dlo_held_table *t = g->s->table;
	struct dlo_held *h = dlo_held_find(t, key, dlo_held_hash(t, key));
	struct flow *f = h ? flow_of(h) : NULL;

	if (f && (!f->has_acked || ahead(ack, f->acked) > 0)) {
		f->has_acked = true;
		f->acked = ack;
		f->acked_ns = g->frame.ts_ns;
	}
	if (f && h->holding) {
		check_acked(g->s, f, g->frame.ts_ns);
	}
}

/* Octets that were skipped come after all, or some of them. */
static void take_skipped(struct segment *g, struct flow *f)
{
	uint32_t len = g->len, max = f->gap_end - g->seq, at;

	len = len < max ? len : max;
	at = find_message(g->data, len);
	if (at < len) {
		at += deliver_whole(g, g->data + at, len - at, &g->frame);
	}
	if (g->seq + len == f->gap_end) {
		f->gap_end = g->seq;
	} else {
		f->gap = g->seq + len;
	}
}

/* Skips what was dealt with. */
static void trim(struct segment *g, struct flow *f)
{
	uint32_t old = f->held.pieces.front - g->seq;

	if (ahead(g->seq, f->gap) < 0 &&
		ahead(f->gap, g->seq) < (int32_t)g->sent_len) {
		uint32_t n = f->gap - g->seq;

		skip(g, n);
		old -= n;
	}
	if (ahead(g->seq, f->gap) >= 0 && ahead(g->seq, f->gap_end) < 0) {
		take_skipped(g, f);
	}
	skip(g, old < g->sent_len ? old : g->sent_len);
}

/* A new connection of the same ports, or one of which much was not seen. */
static bool begins_anew(struct segment *g, struct flow *f)
{
	const struct syn *syn = begin_of(g->s, f->held.hash, g->seq);
	int32_t off = ahead(g->seq, f->held.pieces.front);
	uint32_t at;

	if (syn && syn->begin == g->seq &&
		!(f->has_begin && f->begin == syn->begin)) {
		dlo_held_give_up(g->s->table, &f->held);
		start_behind(g->s, f);
		return true;
	}
	if (off < DLO_STREAM_WINDOW && off > -DLO_STREAM_WINDOW) {
		return false;
	}
	at = find_message(g->data, g->len);
	if ((at || !g->len) && !(f->has_far && f->far == g->seq)) {
		f->has_far = true;
		f->far = g->seq + g->sent_len;
		skip(g, g->sent_len);
		return true;
	}
	dlo_held_give_up(g->s->table, &f->held);
	dlo_stats_add(g->s->cfg.stats, DLO_STAT_TCP_GAPS, 1);
	start(f, g->seq + at, 0);
	f->in_sync = at < g->len;
	f->has_acked = false;
	skip(g, at);
	return true;
}

/* ---- segments ------------------------------------------------------------ */

/* The rest of what the snap length cut is a hole that nothing will fill. */
static void cut(struct segment *g, struct flow *f)
{
	uint32_t end = g->seq + g->sent_len;
	uint32_t run = dlo_held_run(g->s->table, &f->held);

	if (f->held.pieces.front + run != g->seq + g->len) {
		return; /* one before it is missing; time will tell */
	}
	g->n_delivered += abandon(g->s, f);
	if (f->held.holding) {
		dlo_held_give_up(g->s->table, &f->held);
	}
	if (ahead(f->held.pieces.front, end) < 0) { /* and more was in it */
		f->held.pieces.front = end;
		f->in_sync = false;
	}
}

static enum dlo_stat hold(struct segment *g, struct flow *f)
{
	struct dlo_held_table *t = g->s->table;

	if (!f->held.holding) {
		f->first = g->frame;
		f->moved_ns = g->frame.ts_ns;
		f->dgram = *g->dgram;
		f->dgram.payload = NULL;
	}
	f->last = g->frame;
	if (!dlo_held_put(
		    t, &f->held, g->seq, g->data, g->len, g->frame.ts_ns)) {
		dlo_held_give_up(t, &f->held);
		start(f, g->seq + g->sent_len, 0);
		f->in_sync = false;
		return DLO_STAT_TCP_FULL;
	}
	dlo_held_touch(t, &f->held, g->frame.ts_ns);
	drain(g, f, &g->frame);
	if (g->len < g->sent_len) {
		cut(g, f);
	}
	check_acked(g->s, f, g->frame.ts_ns);
	return DLO_STAT_TCP_HELD;
}

/* Nothing is held, and where the next message begins is not known. */
static enum dlo_stat search(struct segment *g, struct flow *f)
{
	uint32_t from = f->held.pieces.front;
	uint32_t at = find_message(g->data, g->len);

	if (at == g->len) {
		at = g->sent_len;
	}
	if (g->seq != from) {
		dlo_stats_add(g->s->cfg.stats, DLO_STAT_TCP_GAPS, 1);
	}
	start(f, g->seq + at, 0);
	f->gap = from;
	f->gap_end = g->seq;
	f->in_sync = at < g->len;
	skip(g, at);
	return f->in_sync ? 0 : DLO_STAT_TCP_LOST;
}

static enum dlo_stat take_data(struct segment *g, struct flow *f)
{
	enum dlo_stat stop;
	uint32_t n;

	if (g->seq != f->held.pieces.front && !begins_anew(g, f) &&
		ahead(g->seq, f->held.pieces.front) < 0) {
		trim(g, f);
		if (!g->sent_len) {
			return DLO_STAT_TCP_AGAIN;
		}
	}
	if (g->sent_len && !f->in_sync) {
		stop = search(g, f);
		if (stop) {
			return stop;
		}
	}
	if (g->seq == f->held.pieces.front && !f->held.holding) {
		n = deliver_whole(g, g->data, g->len, &g->frame);
		skip(g, n);
		f->held.pieces.front += n;
	}
	return g->sent_len ? hold(g, f) : DLO_STAT_TCP_LOST;
}

/* RFC 5961, 3: only the exact number ends a connection. */
static void reset(struct segment *g, struct flow *f)
{
	uint32_t end =
		f->held.pieces.front + dlo_held_run(g->s->table, &f->held);

	if (f->held.holding && g->seq == end) {
		dlo_held_give_up(g->s->table, &f->held);
	}
}

enum dlo_stat dlo_stream_take(struct dlo_stream *s,
	const struct dlo_dgram *dgram, const struct dlo_tcp *tcp,
	uint64_t ts_ns, uint64_t packet)
{
	struct segment g = {.s = s,
		.dgram = dgram,
		.data = dgram->payload,
		.seq = tcp->seq,
		.len = dgram->len,
		.sent_len = dgram->sent_len,
		.frame = {.ts_ns = ts_ns, .packet = packet}};
	struct dlo_held_key key = key_of(dgram), back = key;
	struct dlo_held *h;
	struct flow *f;
	enum dlo_stat stop;
	uint64_t hash;

	if (tcp->flags & DLO_TCP_ACK) {
		memcpy(back.src, key.dst, sizeof(back.src));
		memcpy(back.dst, key.src, sizeof(back.dst));
		back.id = key.id << 16 | key.id >> 16;
		note_ack(&g, &back, tcp->ack);
	}
	hash = dlo_held_hash(s->table, &key);
	if (tcp->flags & DLO_TCP_SYN) { /* it counts as an octet */
		note_syn(s, hash, ++g.seq);
	}
	if (!g.sent_len && !(tcp->flags & DLO_TCP_RST)) {
		return DLO_STAT_TCP_EMPTY;
	}
	h = dlo_held_find(s->table, &key, hash);
	if (tcp->flags & DLO_TCP_RST) { /* its data is an error text */
		if (h) {
			reset(&g, flow_of(h));
		}
		return DLO_STAT_TCP_EMPTY;
	}
	f = h ? flow_of(h) : open_flow(&g, &key, hash);
	if (!f) {
		return DLO_STAT_TCP_LOST;
	}
	if (!f->held.holding) {
		dlo_held_touch(s->table, &f->held, ts_ns);
	}
	stop = take_data(&g, f);
	return g.n_delivered ? 0 : stop;
}

void dlo_stream_expire(struct dlo_stream *s, uint64_t now_ns)
{
	dlo_held_expire(s->table, now_ns, DLO_STREAM_TIMEOUT_NS);
}

/* ---- making one ---------------------------------------------------------- */

int dlo_stream_new(const struct dlo_stream_config *cfg, struct dlo_stream **ret)
{
	struct dlo_stream *s = calloc(1, sizeof(*s));
	struct dlo_held_config held = {.n = DLO_STREAM_FLOWS,
		.size = sizeof(struct flow),
		.n_blocks = DLO_BLOCKS,
		.share = SHARE,
		.seed = cfg->seed,
		.stats = cfg->stats,
		.give_up = on_give_up,
		.ctx = s};

	if (!s || dlo_held_new(&held, &s->table)) {
		free(s);
		return -ENOMEM;
	}
	s->cfg = *cfg;
	*ret = s;
	return 0;
}

struct dlo_stream *dlo_stream_free(struct dlo_stream *s)
{
	if (s) {
		dlo_held_free(s->table);
		free(s);
	}
	return NULL;
}

void dlo_stream_restart(struct dlo_stream *s)
{
	memset(s->syn, 0, sizeof(s->syn));
	dlo_held_restart(s->table);
}
