/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compiled.h - compiled sets for tests: written, sealed, loaded, and used up to
 * all that a hostile one could lead to.
 */
#ifndef TESTS_COMPILED_H
#define TESTS_COMPILED_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/image.h"
#include "check.h"
#include "dnslookout.h"
#include "rules/ruleset.h"

struct image {
	uint8_t *at;
	size_t len;
};

/* A rule set as its file. */
static inline struct image image_of(const struct dlo_ruleset *rs, uint64_t s)
{
	struct dlo_compiled *c;
	const struct dlo_piece *p;
	struct image image = {0};
	size_t n;

	CHECK(!dlo_compiled_new(rs, s, &c));
	p = dlo_compiled_pieces(c, &n);
	for (size_t i = 0; i < n; i++) {
		image.at = realloc(image.at, image.len + p[i].len + 1);
		CHECK(image.at);
		if (p[i].len) {
			memcpy(image.at + image.len, p[i].at, p[i].len);
		}
		image.len += p[i].len;
	}
	dlo_compiled_free(c);
	return image;
}

/* Puts the right checksum on whatever it holds. */
static inline void image_seal(struct image *image)
{
	uint64_t sum;

	if (image->len >= DLO_IMAGE_ALIGN) {
		sum = dlo_image_sum(image->at, image->len);
		memcpy(image->at + DLO_IMAGE_SUM_AT, &sum, sizeof(sum));
	}
}

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

/* Pages of their own; a sanitizer sees who reads on behind the file. */
static inline void *pages_of(const uint8_t *data, size_t len)
{
	size_t whole = (len + 4096) / 4096 * 4096;
	uint8_t *p = mmap(NULL, len + !len, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	/* What lay there before may have left its mark. */
	ASAN_UNPOISON_MEMORY_REGION(p, whole);
	ASAN_POISON_MEMORY_REGION(p + len, len % 4096 ? whole - len : 0);
	if (len) {
		memcpy(p, data, len);
	}
	return p;
}

/* Loads it as the only thing there is. 0, 1, -ENOMEM. */
static inline int load(const uint8_t *data, size_t len,
	struct dlo_ruleset **ret, struct dlo_diag *reterr_diag)
{
	struct dlo_builder *b;
	int r;

	CHECK(!dlo_builder_new(&b));
	r = dlo_builder_add_compiled(
		b, "x.dlo", pages_of(data, len), len, reterr_diag);
	if (!r) {
		r = dlo_builder_build(b, ret, reterr_diag);
	}
	dlo_builder_free(b);
	return r;
}

static inline size_t sum_of(const char *text)
{
	return text ? strlen(text) : 0;
}

/* Reads all that a set says of a pattern. */
static inline size_t read_pattern(const struct dlo_ruleset *rs, uint32_t id)
{
	static char text[DLO_PATTERN_TEXT_MAX];
	struct dlo_pattern_info p;
	size_t n = dlo_ruleset_text(rs, id, text);

	CHECK(n < sizeof(text) && strlen(text) <= n);
	dlo_ruleset_pattern(rs, id, &p);
	n += sum_of(p.file) + sum_of(p.path) + sum_of(p.rule_id) +
	     sum_of(p.title) + sum_of(p.category) + sum_of(p.service) +
	     sum_of(p.note);
	for (unsigned i = 0; i < p.n_tags; i++) {
		n += sum_of(p.tags[i]);
	}
	CHECK(p.level < DLO_LEVEL__N && p.action < DLO_ACTION__N);
	return n;
}

/* What the packet path does with a name. */
static inline size_t use_name(
	const struct dlo_ruleset *rs, const struct dlo_name *name)
{
	static uint32_t ids[DLO_HITS_MAX];
	static struct dlo_verdict verdict[DLO_HITS_MAX];
	size_t n = dlo_ruleset_match(rs, name, ids, DLO_HITS_MAX), n_verdicts;

	n = n < DLO_HITS_MAX ? n : DLO_HITS_MAX;
	n_verdicts = dlo_ruleset_decide(rs, ids, n, verdict);
	CHECK(n_verdicts <= n);
	for (size_t i = 0; i < n; i++) {
		CHECK(ids[i] < dlo_ruleset_n_patterns(rs));
		read_pattern(rs, ids[i]);
	}
	for (size_t i = 0; i < n_verdicts; i++) {
		CHECK(verdict[i].group < dlo_ruleset_n_groups(rs));
		read_pattern(
			rs, dlo_ruleset_group_pattern(rs, verdict[i].group));
	}
	return n;
}

static inline void use_text(const struct dlo_ruleset *rs, const char *text)
{
	struct dlo_name_buf buf;
	struct dlo_name name;
	const char *msg;
	size_t at;

	if (!dlo_name_parse(text, strlen(text), &buf, &name, &at, &msg)) {
		use_name(rs, &name);
	}
}

/* The name that a pattern is about, and what is printed of it. */
static __attribute__((noinline, unused)) void use_pattern(
	const struct dlo_ruleset *rs, uint32_t id)
{
	static const struct dlo_origin origin = {.capture = "x.pcap"};
	static char text[DLO_PATTERN_TEXT_MAX], out[1 << 16];
	struct dlo_record rec = {.rules = rs,
		.kind = DLO_RECORD_ALERT,
		.flags = DLO_RECORD_FIRST | DLO_RECORD_LAST,
		.n_matches = 1,
		.n_matches_total = 1,
		.match[0] = id,
		.name_len = 1,
		.meta.ip_version = 4};
	size_t n;

	dlo_ruleset_text(rs, id, text);
	use_text(rs, text + (text[0] == '='));
	if (text[0] == '*') {
		text[0] = 'a';
		use_text(rs, text);
	}
	n = dlo_json_print(&rec, &origin, out, sizeof(out));
	CHECK(n > 0 && n < sizeof(out));
	n = dlo_syslog_print(&rec, &origin, 0, out, sizeof(out));
	CHECK(n > 0 && n <= 1024);
	for (size_t i = 0; i < n; i++) {
		CHECK((uint8_t)out[i] >= ' ');
	}
}

/* Follows everything in a set. */
static inline void use(const struct dlo_ruleset *rs)
{
	static const char *const names[] = {".", "a", "com", "a.ngrok.io",
		"x.up.freeo1.space", "a.portmap.evil.example", "pastebin.com",
		"www.api.telegram.org", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaa",
		"1-tail7-raw.example.net", "x.infix-9-here.y.example",
		"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.ngrok.io"};
	struct dlo_source_info source;
	size_t n = 0;

	for (unsigned i = 0; i < dlo_ruleset_n_lists(rs); i++) {
		dlo_ruleset_source(rs, i, &source);
		n += sum_of(source.path);
	}
	for (uint32_t id = 0; id < dlo_ruleset_n_patterns(rs); id++) {
		n += read_pattern(rs, id);
	}
	for (uint32_t id = 0; id < 16 && id < dlo_ruleset_n_patterns(rs);
		id++) {
		use_pattern(rs, id);
	}
	for (uint32_t i = 0; i < dlo_ruleset_n_groups(rs); i++) {
		n += read_pattern(rs, dlo_ruleset_group_pattern(rs, i));
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		use_text(rs, names[i]);
	}
	__asm__ volatile("" ::"r"(n));
}

#endif
