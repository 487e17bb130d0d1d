/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood_bench.c - what floods of pieces cost those who send none.
 *
 * Usage: flood_bench [FRAMES]. By hand:
 *   cc -O3 -D_GNU_SOURCE -Ilib tests/bench/flood_bench.c
 *      build/lib/libdnslookout.so.0 -Wl,-rpath,build/lib -o flood_bench
 *
 * Plain UDP queries go through an engine in batches, between batches of the
 * same number of flood frames, each of another flow. Told for each flood: CPU
 * time of a plain query in it, the same between other plain queries (paired:
 * the rounds alternate), their ratio; CPU time of a flood frame; and by how
 * much the most memory that was ever resident grew in the second half, when all
 * tables are full.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "dnslookout.h"

#define BATCH 64u
#define ROUNDS 20u

static const char name[] = "\3www\7example\3com";

struct frame {
	uint8_t data[160];
	uint32_t len;
};

enum flood { PLAIN, SYN, SEGMENT, HALF, GARBAGE, FRAGMENT, LATER, N_FLOODS };
static const char *const flood_names[N_FLOODS] = {"plain queries", "TCP SYNs",
	"TCP segments, a message each", "TCP segments, half a message each",
	"TCP segments of garbage", "first fragments", "later fragments"};

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t put_query(uint8_t *p, unsigned id)
{
	memset(p, 0, 12);
	put16(p, id);
	p[2] = 1;
	p[5] = 1;
	memcpy(p + 12, name, sizeof(name));
	memcpy(p + 12 + sizeof(name), "\0\1\0\1", 4);
	return 12 + sizeof(name) + 4;
}

/* Raw IPv4 from a source that `i` makes. */
static void make(struct frame *f, enum flood flood, uint32_t i)
{
	uint32_t mixed = i * 0x9e3779b1u; /* each another, in no order */
	uint8_t *ip = f->data, *p = ip + 20;
	bool is_tcp = flood >= SYN && flood <= GARBAGE;

	memset(ip, 0, sizeof(f->data));
	ip[0] = 0x45;
	ip[8] = 64;
	ip[9] = is_tcp ? 6 : 17;
	memcpy(ip + 12, &mixed, 4);
	memcpy(ip + 16, "\xc6\x33\x64\x01", 4);
	put16(p, 1024 + i % 60000);
	put16(p + 2, 53);
	if (is_tcp) {
		memcpy(p + 4, &mixed, 4);
		p[12] = 0x50;
		p[13] = flood == SYN ? 2 : 0x18;
		p += 20;
		if (flood != SYN) {
			uint32_t n = put_query(p + 2, i);

			put16(p, flood == HALF ? n + 11 : n);
			p[2 + 11] = flood == HALF;
			p[0] = flood == GARBAGE ? 'x' : p[0];
			p += 2 + n;
		}
	} else {
		p += 8 + put_query(p + 8, i);
		put16(ip + 24, (unsigned)(p - ip - 20));
		put16(ip + 4, i);
		put16(ip + 6, flood == FRAGMENT ? 0x2000
			      : flood == LATER	? 0x2001
						: 0);
	}
	f->len = (uint32_t)(p - ip);
	put16(ip + 2, f->len);
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static long peak_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static void nothing(void *ctx, const struct dlo_record *rec)
{
	(void)ctx;
	(void)rec;
}

static uint64_t n_fed;

static double feed(struct dlo_engine *e, struct frame *f, unsigned n)
{
	double begin = cpu_ns();

	for (unsigned i = 0; i < n; i++) {
		struct dlo_frame frame = {.ts_ns = ++n_fed * 1000,
			.packet = n_fed,
			.data = f[i].data,
			.caplen = f[i].len,
			.len = f[i].len};

		dlo_engine_frame(e, &frame);
	}
	return cpu_ns() - begin;
}

/* CPU time of the plain queries and of what is between them. */
static void round_of(struct dlo_engine *e, enum flood flood, uint32_t from,
	unsigned n, double *plain, double *other)
{
	static struct frame f[BATCH];

	for (unsigned done = 0; done < n; done += BATCH) {
		for (unsigned i = 0; i < BATCH; i++) {
			make(&f[i], flood, from + done + i);
		}
		*other += feed(e, f, BATCH);
		for (unsigned i = 0; i < BATCH; i++) {
			make(&f[i], PLAIN, i);
		}
		*plain += feed(e, f, BATCH);
	}
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void bench(const struct dlo_ruleset *rules, enum flood flood, unsigned n)
{
	struct dlo_engine_config cfg;
	struct dlo_engine *with, *without;
	double ratio[ROUNDS], plain = 0, other = 0;
	unsigned part = n / ROUNDS;
	long half = 0;

	dlo_engine_config_init(&cfg);
	cfg.link_type = 101;
	cfg.record = nothing;
	cfg.seed = 1;
	if (dlo_engine_new(&cfg, rules, &with) ||
		dlo_engine_new(&cfg, rules, &without)) {
		abort();
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		double in = 0, out = 0, ignored = 0;

		if (i == ROUNDS / 2) {
			half = peak_kib();
		}
		round_of(without, PLAIN, i * part, part, &out, &ignored);
		round_of(with, flood, i * part, part, &in, &other);
		ratio[i] = in / out;
		plain += in;
	}
	qsort(ratio, ROUNDS, sizeof(ratio[0]), by_size);
	printf("%-36s plain %5.1f ns (%.3f of that without), flood %6.1f ns, "
	       "peak %ld KiB, grew by %ld\n",
		flood_names[flood], plain / n, ratio[ROUNDS / 2], other / n,
		peak_kib(), peak_kib() - half);
	dlo_engine_free(with);
	dlo_engine_free(without);
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
	struct dlo_builder *b;
	struct dlo_ruleset *rules;
	struct dlo_diag diag;
	static const char list[] = "ngrok.io\ntunnel.example\n";

	if (dlo_builder_new(&b) ||
		dlo_builder_add_list(
			b, "x.list", list, sizeof(list) - 1, NULL, &diag) ||
		dlo_builder_build(b, &rules, &diag)) {
		return 1;
	}
	dlo_builder_free(b);
	for (enum flood flood = PLAIN; flood < N_FLOODS; flood++) {
		bench(rules, flood, n);
	}
	dlo_ruleset_free(rules);
	return 0;
}
