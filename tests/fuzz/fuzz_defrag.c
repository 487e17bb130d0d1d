/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_defrag.c - fragments in any order against a map of octets.
 *
 * Each 8 octets of the input are a fragment of one of a few packets, or a step
 * of time. A packet must become whole exactly when its map is, with the octets
 * that came first; and be given up when its time is over, with those that are
 * there of its beginning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "wire/defrag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N_PACKETS 4u
#define PAYLOAD_MAX 65535u

struct model {
	uint8_t map[PAYLOAD_MAX];
	bool there[PAYLOAD_MAX];
	uint32_t total, end;
	bool open, done;
	uint64_t opened_ns, done_ns;
	uint64_t packet;
};

struct world {
	struct dlo_defrag *g;
	struct dlo_stats stats;
	struct model model[N_PACKETS];
	uint64_t now_ns, packet;
	unsigned n_given_up;
};

static uint32_t prefix(const struct model *m)
{
	uint32_t n = 0;

	while (n < PAYLOAD_MAX && m->there[n]) {
		n++;
	}
	return n;
}

/* The packets are told apart by their source address. */
static struct model *model_of(struct world *w, const struct dlo_dgram *dgram)
{
	return &w->model[dgram->src[3] % N_PACKETS];
}

static void on_give_up(void *ctx, const struct dlo_packet *p)
{
	struct world *w = ctx;
	const struct model *m = model_of(w, &p->dgram);

	CHECK(m->open && p->len == prefix(m) && p->len > 0);
	CHECK(!memcmp(p->data, m->map, p->len));
	CHECK(p->packet == m->packet && p->ts_ns == m->opened_ns);
	CHECK(p->missing == (m->total ? m->total : PAYLOAD_MAX) - p->len);
	w->n_given_up++;
}

static void expire(struct world *w, uint64_t now_ns)
{
	unsigned want = w->n_given_up;

	for (unsigned i = 0; i < N_PACKETS; i++) {
		struct model *m = &w->model[i];

		want += m->open && prefix(m) &&
			(now_ns == UINT64_MAX ||
				now_ns - m->opened_ns >= DLO_DEFRAG_TIMEOUT_NS);
	}
	dlo_defrag_expire(w->g, now_ns);
	CHECK(w->n_given_up == want);
	for (unsigned i = 0; i < N_PACKETS; i++) {
		struct model *m = &w->model[i];

		if (m->open && (now_ns == UINT64_MAX ||
				       now_ns - m->opened_ns >=
					       DLO_DEFRAG_TIMEOUT_NS)) {
			memset(m, 0, sizeof(*m));
		}
	}
}

/* What must become of a fragment. */
static enum dlo_stat predict(struct world *w, struct model *m,
	const struct dlo_fragment *f, const uint8_t *data, uint32_t len)
{
	uint32_t end = f->offset + len;

	if (m->done && w->now_ns - m->done_ns > DLO_DEFRAG_AGAIN_NS) {
		memset(m, 0, sizeof(*m));
	}
	if (m->done) {
		return DLO_STAT_FRAGMENT_AGAIN;
	}
	if (f->more ? m->total && end > m->total
		    : (m->total && end != m->total) || end < m->end) {
		return DLO_STAT_FRAGMENT_BAD;
	}
	if (!m->open) {
		m->open = true;
		m->opened_ns = w->now_ns;
		m->packet = w->packet;
	}
	m->total = f->more ? m->total : end;
	m->end = end > m->end ? end : m->end;
	for (uint32_t i = 0; i < len; i++) {
		if (!m->there[f->offset + i]) {
			m->map[f->offset + i] = data[i];
			m->there[f->offset + i] = true;
		}
	}
	return m->total && prefix(m) >= m->total ? 0 : DLO_STAT_FRAGMENT_HELD;
}

static void take(struct world *w, const uint8_t *h)
{
	uint32_t len = (h[4] & 15) < 15 ? (h[4] % 15 + 1u) * 8 : 8192;
	struct dlo_fragment f = {.id = 1,
		.offset = (dlo_get16(h + 1) & 0x1fffu) * 8 % 16384,
		.more = h[0] & 4,
		.protocol = h[0] & 8 ? 17 : 6};
	struct dlo_dgram dgram = {.src = {192, 0, 2, h[0] % N_PACKETS},
		.dst = {198, 51, 100, 1},
		.ip_version = 6};
	uint8_t *data;
	struct dlo_packet p;
	enum dlo_stat want, got;
	struct model *m = model_of(w, &dgram);

	if (!f.more) {
		len -= h[3] & 7;
	}
	if (h[0] & 16) { /* far behind */
		f.offset += 49152;
	}
	data = malloc(len);
	CHECK(data != NULL);
	for (uint32_t i = 0; i < len; i++) {
		data[i] = (uint8_t)(h[5] + f.offset + i);
	}
	dgram.payload = data;
	dgram.len = len;
	dgram.sent_len = len;
	w->packet++;
	want = f.offset + len > PAYLOAD_MAX ? DLO_STAT_FRAGMENT_BAD
					    : predict(w, m, &f, data, len);
	got = dlo_defrag_take(w->g, &dgram, &f, w->now_ns, w->packet, &p);
	CHECK(got == want);
	if (!got) {
		CHECK(p.len == m->total && !p.missing);
		CHECK(!memcmp(p.data, m->map, p.len));
		CHECK(p.packet == w->packet);
		memset(m, 0, sizeof(*m));
		m->done = true;
		m->done_ns = w->now_ns;
	}
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dlo_defrag *defrag;
	static struct world w;
	struct dlo_defrag_config cfg = {
		.seed = 1, .stats = &w.stats, .give_up = on_give_up, .ctx = &w};

	if (size > 4096) {
		return 0;
	}
	if (!defrag) {
		CHECK(!dlo_defrag_new(&cfg, &defrag));
	}
	memset(&w, 0, sizeof(w));
	w.g = defrag;
	w.now_ns = 1;
	dlo_defrag_restart(defrag);
	for (size_t i = 0; i + 8 <= size; i += 8) {
		if ((data[i] & 0xe0) == 0xe0) {
			w.now_ns += (uint64_t)data[i + 1] << 28;
		}
		expire(&w, w.now_ns);
		take(&w, data + i);
	}
	expire(&w, UINT64_MAX);
	return 0;
}
