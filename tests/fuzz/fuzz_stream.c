/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_stream.c - segments in any order against a map of octets.
 *
 * The first octet picks one of two games. In the first, segments of one
 * connection with a SYN come in any order, twice, overlapping, and (when the
 * octet says so) with other octets than before: what is delivered must be at
 * each step what the map of the octets that came first holds from the start,
 * and at the end every message of which all octets came, once. In the second,
 * segments say anything, and nothing must be delivered that is not in them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "wire/message.h"
#include "wire/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STREAM_MAX 16384u
#define MESSAGES_MAX 200u
#define SEGMENT_MAX 4096u

struct world {
	struct dlo_stream *s;
	struct dlo_stats stats;
	uint8_t truth[STREAM_MAX]; /* what was sent */
	uint8_t map[STREAM_MAX]; /* what came first of each octet */
	bool there[STREAM_MAX];
	uint32_t len;
	struct sent {
		uint32_t at, len;
		unsigned n_delivered;
	} message[MESSAGES_MAX];
	unsigned n_messages;
	bool lies; /* in this game the map differs from the truth */
	uint32_t parsed; /* octets of the map that were delivered */
	bool at_end;
	unsigned n_whole, n_partial;
};

/* Of the messages as they were sent, the one that the octets begin. */
static void check_known(struct world *w, const struct dlo_delivery *d)
{
	uint32_t at = dlo_get16(d->dgram->payload); /* the id says which */
	struct sent *m = &w->message[at];

	CHECK(at < w->n_messages && m->len == d->dgram->sent_len);
	CHECK(!memcmp(d->dgram->payload, w->truth + m->at + 2, d->dgram->len));
	CHECK(++m->n_delivered == 1);
}

static void on_message(void *ctx, const struct dlo_delivery *d)
{
	const struct dlo_dgram *g = d->dgram;
	struct world *w = ctx;

	CHECK(d->partial == (g->len < g->sent_len));
	CHECK(g->sport == 50000 && g->dport == 53 && g->ip_version == 4);
	*(d->partial ? &w->n_partial : &w->n_whole) += 1;
	if (!w->len) {
		return;
	}
	if (!w->lies) {
		check_known(w, d);
	}
	if (!w->at_end) { /* in order, from the map */
		CHECK(!d->partial && w->parsed + 2 + g->len <= w->len);
		while (!dlo_get16(w->map + w->parsed)) {
			w->parsed += 2;
		}
		CHECK(dlo_get16(w->map + w->parsed) == g->len);
		CHECK(!memcmp(w->map + w->parsed + 2, g->payload, g->len));
		w->parsed += 2 + g->len;
	}
}

/* Queries with ids that count, names from the input's octets. */
static void make_truth(struct world *w, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && w->n_messages < MESSAGES_MAX; i++) {
		uint32_t label = data[i] % 63 + 1u, extra = data[i] / 63;
		uint32_t n = 12 + label + 2 + 4 + extra * 300;
		uint8_t *p = w->truth + w->len;

		if (w->len + 2 + n > STREAM_MAX) {
			break;
		}
		w->message[w->n_messages] =
			(struct sent){.at = w->len, .len = n};
		memset(p, 0, 2 + n);
		p[0] = (uint8_t)(n >> 8);
		p[1] = (uint8_t)n;
		p[3] = (uint8_t)w->n_messages++;
		p[4] = 1;
		p[7] = 1;
		p[13] = extra > 0;
		p[14] = (uint8_t)label;
		memset(p + 15, 'a' + data[i] % 26, label);
		p[15 + label + 2] = 1;
		p[15 + label + 4] = 1;
		memset(p + 15 + label + 5, 'x', extra * 300);
		w->len += 2 + n;
	}
}

static struct dlo_dgram dgram_of(const uint8_t *data, uint32_t len)
{
	return (struct dlo_dgram){.src = {192, 0, 2, 5},
		.dst = {198, 51, 100, 1},
		.sport = 50000,
		.dport = 53,
		.ip_version = 4,
		.transport = DLO_TCP,
		.payload = data,
		.len = len,
		.sent_len = len};
}

/* The message that begins at `parsed` of the map is all there, or empty. */
static bool more_to_parse(struct world *w)
{
	uint32_t end = w->parsed;

	while (end < w->len && w->there[end]) {
		end++;
	}
	while (end - w->parsed >= 2 && !dlo_get16(w->map + w->parsed)) {
		w->parsed += 2;
	}
	return end - w->parsed >= 2 &&
	       end - w->parsed - 2 >= dlo_get16(w->map + w->parsed);
}

static void send_segment(
	struct world *w, uint32_t at, uint32_t len, uint8_t lie, uint32_t isn)
{
	/* Its own block behind what precedes a payload in a frame. */
	uint8_t *frame = malloc(40 + len);
	struct dlo_dgram dgram = dgram_of(frame + 40, len);
	struct dlo_tcp tcp = {.seq = isn + 1 + at};
	unsigned before = w->n_whole;
	enum dlo_stat stop;

	CHECK(frame != NULL);
	memset(frame, 0, 40);
	for (uint32_t i = 0; i < len; i++) {
		frame[40 + i] = w->truth[at + i] ^ (w->lies ? lie : 0);
		if (!w->there[at + i]) {
			w->map[at + i] = frame[40 + i];
			w->there[at + i] = true;
		}
	}
	stop = dlo_stream_take(w->s, &dgram, &tcp, 1, 1);
	CHECK(!stop == (w->n_whole > before));
	free(frame);
	CHECK(!more_to_parse(w));
}

static void play_map(struct world *w, const uint8_t *data, size_t size)
{
	struct dlo_dgram none = dgram_of(NULL, 0);
	struct dlo_tcp syn = {.flags = DLO_TCP_SYN};
	size_t half = size / 2;
	uint32_t isn = 0u - data[0] * 64u;

	w->lies = data[0] & 2;
	make_truth(w, data + 1, half - 1);
	if (!w->len) {
		return;
	}
	syn.seq = isn;
	CHECK(dlo_stream_take(w->s, &none, &syn, 1, 1) == DLO_STAT_TCP_EMPTY);
	for (size_t i = half; i + 4 <= size; i += 4) {
		uint32_t at = dlo_get16(data + i) % w->len;
		uint32_t len = data[i + 2] < 250 ? data[i + 2] + 1u
						 : SEGMENT_MAX;

		len = len < w->len - at ? len : w->len - at;
		send_segment(
			w, at, len, data[i + 3] < 8 ? data[i + 3] : 0, isn);
	}
	w->at_end = true;
	dlo_stream_expire(w->s, UINT64_MAX);
	for (unsigned i = 0; i < w->n_messages && !w->lies; i++) {
		const struct sent *m = &w->message[i];
		bool all = true;

		for (uint32_t k = 0; k < 2 + m->len; k++) {
			all = all && w->there[m->at + k];
		}
		CHECK(!all || m->n_delivered == 1);
	}
}

/* Octets of the input, as segments of two connections that say anything. */
static void play_anything(struct world *w, const uint8_t *data, size_t size)
{
	uint64_t now_ns = 1, packet = 0;
	uint32_t seq = 0;

	for (size_t i = 1; i + 8 <= size;) {
		const uint8_t *h = data + i;
		uint32_t len = h[0], there;
		uint8_t *frame;
		struct dlo_dgram dgram;
		struct dlo_tcp tcp = {.flags = h[1]};
		unsigned before = w->n_whole + w->n_partial;
		enum dlo_stat stop;

		i += 8;
		there = len < size - i ? len : (uint32_t)(size - i);
		frame = malloc(40 + there);
		CHECK(frame != NULL);
		memcpy(frame + 40, data + i, there);
		memset(frame, 0, 40);
		dgram = dgram_of(frame + 40, there);
		dgram.sent_len = h[2] & 1 ? there + h[3] : there;
		if (h[2] & 2) { /* backwards */
			memcpy(dgram.src, "\xc6\x33\x64\x01", 4);
			memcpy(dgram.dst, "\xc0\x00\x02\x05", 4);
		}
		dgram.context = h[2] & 4;
		tcp.seq = seq + (h[2] & 8 ? (uint32_t)(int8_t)h[4] : 0) +
			  (h[2] & 16 ? (uint32_t)h[5] << 14 : 0);
		tcp.ack = seq + h[6];
		now_ns += (uint64_t)h[7] << (h[2] & 32 ? 27 : 10);
		dlo_stream_expire(w->s, now_ns);
		stop = dlo_stream_take(w->s, &dgram, &tcp, now_ns, ++packet);
		CHECK(stop || w->n_whole + w->n_partial > before);
		seq = tcp.seq + dgram.sent_len;
		i += there;
		free(frame);
	}
	dlo_stream_expire(w->s, UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dlo_stream *stream;
	static struct world w;
	struct dlo_stream_config cfg = {
		.seed = 1, .stats = &w.stats, .deliver = on_message, .ctx = &w};

	if (size < 8 || size > 65536) {
		return 0;
	}
	if (!stream) {
		CHECK(!dlo_stream_new(&cfg, &stream));
	}
	memset(&w, 0, sizeof(w));
	w.s = stream;
	dlo_stream_restart(stream);
	if (data[0] & 1) {
		play_anything(&w, data, size);
	} else {
		play_map(&w, data, size);
	}
	return 0;
}
