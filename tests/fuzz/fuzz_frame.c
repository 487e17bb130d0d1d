/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_frame.c - any octets as a frame of any link type, along the whole path.
 *
 * The first octet picks the link type, the second the options, one of which
 * makes several frames of the rest. What must hold: a plain frame is what the
 * decoders make of it; each frame (of an aggregate: each in it) and each
 * message ends at exactly one counter; what is reported is what a slow reading
 * of the same message finds, matched by the definition of a pattern and not by
 * the compiled matcher; all printers cope with every record.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dnslookout.h"
#include "match/pattern.h"
#include "plain_twin.h"
#include "wire/name.h"
#include "wire/via.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int link_types[] = {1, 0, 9, 12, 50, 51, 101, 108, 113, 228, 229,
	276, 147, 6, 7, 8, 10, 11, 104, 105, 107, 109, 117, 119, 122, 127, 129,
	149, 163, 166, 192, 204, 205, 206, 226, 239, 258};
#define N_LINK_TYPES (sizeof(link_types) / sizeof(link_types[0]))

/* One pattern a line: its id is its line less one. */
static const char *const patterns[] = {
	"io", "=a.io", "*.b.io", "*a*", "?.io", "aa.*", "*b.io", "ccc"};
#define N_PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

struct world {
	struct dlo_ruleset *rules;
	struct dlo_pattern *pattern[N_PATTERNS];
	struct dlo_text *text;
	unsigned n_records;
};

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct dlo_text_options options = {
		.link = true, .hex = true, .verbose = true};
	struct dlo_builder *b;
	struct dlo_diag diag;
	char list[256] = "";
	size_t at;
	const char *msg;

	for (size_t i = 0; i < N_PATTERNS; i++) {
		strcat(strcat(list, patterns[i]), "\n");
		w->pattern[i] = malloc(sizeof(struct dlo_pattern));
		CHECK(!dlo_pattern_parse(patterns[i], strlen(patterns[i]),
			w->pattern[i], &at, &msg));
	}
	CHECK(!dlo_builder_new(&b));
	CHECK(!dlo_builder_add_list(
		b, "p.list", list, strlen(list), NULL, &diag));
	CHECK(!dlo_builder_build(b, &w->rules, &diag));
	dlo_builder_free(b);
	CHECK(!dlo_text_new(&options, &w->text));
	return w;
}

/* The patterns of an alert are exactly those that match by definition: the
 * question, or the last name of the way from there. */
static void check_alert(const struct world *w, const struct dlo_record *rec)
{
	struct dlo_name_buf buf;
	struct dlo_name name;
	struct dlo_hop hop;
	uint32_t n = 0;
	size_t at = 0;

	dlo_name_copy(&buf, rec->u.name, rec->name_len, &name);
	while (dlo_via_next(rec, &at, &hop)) {
		name = hop.name;
	}
	for (uint32_t id = 0; id < N_PATTERNS; id++) {
		if (dlo_pattern_matches(w->pattern[id], &name)) {
			CHECK(n < rec->n_matches && rec->match[n] == id);
			n++;
		}
	}
	CHECK(n == rec->n_matches && n == rec->n_matches_total && n > 0);
	/* At most so many in a second: the time of the engine never ends it. */
	CHECK(rec->decoded == DLO_DECODED_OK ||
		rec->decoded == DLO_DECODED_SKIPPED);
}

static void on_record(void *ctx, const struct dlo_record *rec)
{
	static char line[65536];
	struct world *w = ctx;
	struct dlo_origin origin = {.capture = "x.pcap", .interface = "eth0"};
	const char *text;
	uint64_t ts_ns;
	size_t n;

	w->n_records++;
	CHECK(!(rec->flags & DLO_RECORD_FIRST) == (w->n_records > 1));
	if (rec->flags & DLO_RECORD_LAST) {
		w->n_records = 0;
	}
	if (rec->kind == DLO_RECORD_ALERT) {
		check_alert(w, rec);
	}
	n = dlo_text_print(w->text, rec, &text, &ts_ns);
	CHECK(!(n > 0) == !(rec->flags & DLO_RECORD_LAST));
	for (size_t i = 0; i < n; i++) {
		CHECK((text[i] >= 0x20 && text[i] < 0x7f) || text[i] == '\n' ||
			text[i] == '\t');
	}
	n = dlo_json_print(rec, &origin, line, sizeof(line));
	CHECK((n > 0) == (rec->kind != DLO_RECORD_BYTES));
	CHECK(!n || strlen(line) == n);
	n = dlo_syslog_print(rec, &origin, 48, line, sizeof(line));
	CHECK(n <= 1024 - 48);
	CHECK((n > 0) == (rec->kind == DLO_RECORD_ALERT));
}

/* Each frame ends at one counter, each message too. */
static void check_counters(const struct dlo_engine *e)
{
	uint64_t frames = dlo_engine_stat(e, DLO_STAT_CARRIERS);
	uint64_t messages = dlo_engine_stat(e, DLO_STAT_MESSAGES);

	for (unsigned i = 0; i < DLO_STAT__N; i++) {
		enum dlo_ends ends = dlo_stat_info(i).ends;
		uint64_t n = dlo_engine_stat(e, i);

		frames += ends == DLO_ENDS_FRAME ? n : 0;
		messages += ends == DLO_ENDS_MESSAGE ? n : 0;
	}
	CHECK(frames == dlo_engine_stat(e, DLO_STAT_FRAMES));
	CHECK(messages >= dlo_engine_stat(e, DLO_STAT_CARRIERS));
}

/* An engine of each combination of options, for all inputs. */
static struct dlo_engine *engine_of(struct world *w, unsigned options)
{
	static struct dlo_engine *engines[4];
	struct dlo_engine_config cfg;

	options %= 4;
	if (!engines[options]) {
		dlo_engine_config_init(&cfg);
		cfg.all = options & 1;
		cfg.bytes = options & 2;
		cfg.record = on_record;
		cfg.ctx = w;
		CHECK(!dlo_engine_new(&cfg, w->rules, &engines[options]));
	}
	return engines[options];
}

static void check_plain(const struct dlo_frame *f)
{
	static const uint16_t port = 53;
	const struct dlo_decap_config cfg = {.ports = &port, .n_ports = 1};
	bool taken;

	CHECK(plain_agrees(&cfg, f, &taken));
}

/* The octets are one frame, or several, each behind its length. */
static void feed(struct dlo_engine *e, int link_type, const uint8_t *data,
	size_t size, unsigned options)
{
	struct dlo_frame f = {.ts_ns = 1, .link_type = link_type};
	size_t n = size;

	do {
		uint8_t *copy;

		if (options & 8) {
			n = size < 2 ? 0 : (size_t)(data[0] << 8 | data[1]);
			n = size < 2 ? 0 : n < size - 2 ? n : size - 2;
			data += size < 2 ? size : 2;
			size -= size < 2 ? size : 2;
		}
		copy = malloc(n ? n : 1);
		CHECK(copy != NULL);
		memcpy(copy, data, n);
		f.ts_ns += options & 16 ? 400000000 : 1000000;
		f.packet++;
		f.data = copy;
		f.caplen = (uint32_t)n;
		f.len = (uint32_t)n + (options & 4 ? 100 : 0);
		check_plain(&f);
		dlo_engine_frame(e, &f);
		free(copy);
		data += n;
		size -= n;
	} while (size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	struct dlo_engine *e;

	if (!w) {
		w = world_new();
	}
	if (size < 2 || size > 65536) {
		return 0;
	}
	e = engine_of(w, data[1]);
	dlo_engine_restart(e);
	feed(e, link_types[data[0] % N_LINK_TYPES], data + 2, size - 2,
		data[1]);
	dlo_engine_flush(e, UINT64_MAX);
	CHECK(w->n_records == 0);
	check_counters(e);
	return 0;
}
