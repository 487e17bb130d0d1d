/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_answer.c - any octets as a message: its answers against a slow reading
 * and against ldns, the ways through them against their definition, and what
 * a record carries through all printers.
 *
 *	A1 Records, links, addresses and damage are those of the slow reading.
 *	A2 A link that we keep ldns reads as well, with the same octets.
 *	A3 A link is reached just when its owner is a name that is reached (or,
 *	   of a DNAME, lies above one), at most 16 hops from the question.
 *	A4 A record carries the first names of a way, in order, and the last.
 */
#include <ldns/ldns.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "wire/chain.h"
#include "wire/message.h"
#include "wire/via.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dlo_message message;
static struct dlo_answer answer;
static struct dlo_chain chain;

/* ---- a slow reading ---- */

struct slow {
	const uint8_t *msg;
	size_t len, at; /* of the record */
	unsigned n_links, n_links_met, n_addresses;
	bool damaged;
};

static bool slow_skip(const uint8_t *msg, size_t end, size_t *off)
{
	size_t total = 0;

	for (;;) {
		if (*off >= end || (msg[*off] > 63 && msg[*off] < 192)) {
			return false;
		}
		if (msg[*off] >= 192) {
			*off += 2;
			return *off <= end && total < 255;
		}
		total += msg[*off] + 1u;
		if (total > 255 || *off + msg[*off] + 1 > end) {
			return false;
		}
		*off += msg[*off] + 1u;
		if (msg[*off - 1] == 0 && total == 1) {
			return true;
		}
		if (*off < end && msg[*off] == 0) {
			*off += 1;
			return total + 1 <= 255;
		}
	}
}

static bool slow_name(
	const struct slow *s, size_t *off, uint8_t *out, size_t *out_len)
{
	struct dlo_name_buf buf;
	struct dlo_name name;

	/* fuzz_name.c holds this one against ldns. */
	if (dlo_name_unfold(s->msg, s->len, off, &buf, &name)) {
		return false;
	}
	memcpy(out, name.wire, name.len);
	*out_len = name.len;
	return true;
}

static bool same_octets(const struct dlo_name *n, const uint8_t *p, size_t len)
{
	return n->len == len && !memcmp(n->wire, p, len);
}

/* A2. Only for types of fixed shape, on which ldns may be let loose. */
static void check_ldns(const struct slow *s, const struct dlo_answer_link *link)
{
	ldns_rr *rr = NULL;
	size_t pos = s->at;

	if (link->type != DLO_RR_CNAME && link->type != DLO_RR_DNAME) {
		return;
	}
	CHECK(ldns_wire2rr(&rr, s->msg, s->len, &pos, LDNS_SECTION_ANSWER) ==
		LDNS_STATUS_OK);
	CHECK(same_octets(&link->owner, ldns_rdf_data(ldns_rr_owner(rr)),
		ldns_rdf_size(ldns_rr_owner(rr))));
	CHECK(same_octets(&link->target, ldns_rdf_data(ldns_rr_rdf(rr, 0)),
		ldns_rdf_size(ldns_rr_rdf(rr, 0))));
	ldns_rr_free(rr);
}

static bool slow_link(struct slow *s, unsigned type, size_t rdata, size_t end)
{
	bool service = type == DLO_RR_SVCB || type == DLO_RR_HTTPS;
	size_t target = rdata + (service ? 2 : 0), owner = s->at;
	uint8_t from[255], to[255];
	size_t from_len, to_len;
	const struct dlo_answer_link *link = &answer.link[s->n_links];

	if (target >= end) {
		return false;
	}
	if (service && s->msg[target] == 0) {
		return true;
	}
	if (++s->n_links_met > DLO_ANSWER_LINKS) {
		return slow_skip(s->msg, end, &target);
	}
	if (!slow_name(s, &target, to, &to_len) || target > end ||
		!slow_name(s, &owner, from, &from_len)) {
		return false;
	}
	if (service && to_len == 1) {
		return true;
	}
	CHECK(s->n_links < answer.n_links && link->type == type);
	CHECK(same_octets(&link->owner, from, from_len));
	CHECK(same_octets(&link->target, to, to_len));
	check_ldns(s, link);
	s->n_links++;
	return true;
}

static bool slow_address(struct slow *s, size_t rdata, size_t end, size_t len)
{
	unsigned i = s->n_addresses;

	if (end - rdata != len) {
		return false;
	}
	s->n_addresses++;
	if (i < DLO_ANSWER_ADDRESSES) {
		CHECK(i < answer.n_addresses && answer.address[i].len == len &&
			answer.address[i].octets == s->msg + rdata);
	}
	return true;
}

static bool slow_rdata(struct slow *s, unsigned type, size_t rdata, size_t end)
{
	size_t at = rdata + (type == DLO_RR_MX		 ? 2
				    : type == DLO_RR_SRV ? 6
							 : 0);

	switch (type) {
	case DLO_RR_A:
	case DLO_RR_AAAA:
		return slow_address(s, rdata, end, type == DLO_RR_A ? 4 : 16);
	case DLO_RR_CNAME:
	case DLO_RR_DNAME:
	case DLO_RR_SVCB:
	case DLO_RR_HTTPS:
		return slow_link(s, type, rdata, end);
	case DLO_RR_NS:
	case DLO_RR_PTR:
	case DLO_RR_MX:
	case DLO_RR_SRV:
		return at < end && slow_skip(s->msg, end, &at) && at == end;
	default:
		return true;
	}
}

/* A1 */
static void check_answer(const uint8_t *msg, size_t len)
{
	struct slow s = {.msg = msg, .len = len, .at = message.end};
	unsigned n = 0;

	for (; n < dlo_message_n_answers(&message); n++) {
		size_t at = s.at, end;

		if (!slow_skip(msg, len, &at) || len - at < 10) {
			break;
		}
		end = at + 10 + (msg[at + 8] << 8 | msg[at + 9]);
		if (end > len) {
			break;
		}
		if ((msg[at + 2] & 0x7f) == 0 && msg[at + 3] == 1 &&
			!slow_rdata(
				&s, msg[at] << 8 | msg[at + 1], at + 10, end)) {
			s.damaged = true;
		}
		s.at = end;
	}
	CHECK(answer.n_records == n);
	CHECK(answer.damaged ==
		(s.damaged || n < dlo_message_n_answers(&message)));
	CHECK(answer.n_links == s.n_links);
	CHECK(answer.n_links_met == s.n_links_met);
	CHECK(answer.n_addresses_met == s.n_addresses);
}

/* ---- the ways ---- */

static bool same_name(const struct dlo_name *a, const struct dlo_name *b)
{
	for (size_t i = 0; i < a->len; i++) {
		if (a->len != b->len ||
			dlo_lower(a->wire[i]) != dlo_lower(b->wire[i])) {
			return false;
		}
	}
	return true;
}

/* What a link makes of a name; len 0: nothing. */
static struct dlo_name lead(const struct dlo_answer_link *l,
	const struct dlo_name *name, struct dlo_name_buf *buf)
{
	const struct dlo_name nothing = {NULL, 0, 0, 0, 0};
	struct dlo_name rest, to;
	size_t at = 0, off;

	if (l->type != DLO_RR_DNAME) {
		return same_name(&l->owner, name) ? l->target : nothing;
	}
	while (name->wire[at] > 0) {
		at += name->wire[at] + 1u;
		off = at;
		CHECK(!dlo_name_walk(name->wire, name->len, &off, &rest));
		if (same_name(&rest, &l->owner) && at + l->target.len <= 255) {
			uint8_t wire[255];

			memcpy(wire, name->wire, at);
			memcpy(wire + at, l->target.wire, l->target.len);
			dlo_name_copy(buf, wire, at + l->target.len, &to);
			return to;
		}
	}
	return nothing;
}

/* The name that a link was taken from. */
static const struct dlo_name *before(
	const struct dlo_name *question, unsigned link)
{
	unsigned from = chain.link[link].from;

	return from == DLO_CHAIN_QUESTION ? question : &chain.link[from].name;
}

/* Whether the walk goes on from a link. */
static bool goes_on(unsigned link)
{
	const struct dlo_chain_link *l = &chain.link[link];

	return l->n_hops < DLO_CHAIN_HOPS && !l->twin && !l->loop;
}

static void check_reached(const struct dlo_name *question, unsigned i)
{
	const struct dlo_chain_link *l = &chain.link[i];
	struct dlo_name_buf buf;
	struct dlo_name name = lead(&answer.link[i], before(question, i), &buf);
	unsigned hops =
		l->from == DLO_CHAIN_QUESTION ? 0 : chain.link[l->from].n_hops;
	bool loop = same_name(&l->name, question), twin = false;

	CHECK(name.len > 0 && same_octets(&l->name, name.wire, name.len));
	CHECK(l->n_hops == hops + 1 && hops < DLO_CHAIN_HOPS);
	CHECK(l->from == DLO_CHAIN_QUESTION || goes_on(l->from));
	for (unsigned k = l->from; k != DLO_CHAIN_QUESTION;
		k = chain.link[k].from) {
		loop |= same_name(&l->name, &chain.link[k].name);
	}
	CHECK(l->loop == loop && (chain.loop || !loop));
	for (unsigned k = 0; chain.order[k] != i; k++) {
		unsigned other = chain.order[k];

		twin |= chain.link[other].from == l->from &&
			same_name(&l->name, &chain.link[other].name);
	}
	CHECK(l->twin == twin);
}

static void check_unreached(const struct dlo_name *question, unsigned i)
{
	const struct dlo_answer_link *a = &answer.link[i];
	struct dlo_name_buf buf;

	CHECK(chain.link[i].from == DLO_CHAIN_UNREACHED);
	CHECK(same_octets(&chain.link[i].name, a->target.wire, a->target.len));
	CHECK(lead(a, question, &buf).len == 0);
	for (unsigned k = 0; k < chain.n_reached; k++) {
		unsigned from = chain.order[k];

		CHECK(!goes_on(from) ||
			lead(a, &chain.link[from].name, &buf).len == 0);
	}
}

/* A4 */
static void check_carried(struct dlo_record *rec, unsigned link)
{
	struct dlo_hop path[DLO_CHAIN_HOPS], hop;
	unsigned n = dlo_chain_path(&chain, link, path), i = 0;
	size_t at = 0;

	CHECK(n >= 1 && n <= DLO_CHAIN_HOPS);
	CHECK(path[n - 1].type == answer.link[link].type);
	CHECK(same_octets(&path[n - 1].name, chain.link[link].name.wire,
		chain.link[link].name.len));
	dlo_via_path(rec, &chain, link);
	CHECK(rec->n_via_total == n && rec->n_via >= 1 && rec->n_via <= n);
	for (; dlo_via_next(rec, &at, &hop); i++) {
		const struct dlo_hop *want =
			&path[i + 1u == rec->n_via ? n - 1 : i];

		CHECK(hop.type == want->type);
		CHECK(same_octets(&hop.name, want->name.wire, want->name.len));
	}
	CHECK(i == rec->n_via && at == rec->via_len);
	CHECK(rec->via_len <= DLO_VIA_MAX);
}

/* ---- the printers ---- */

static void check_printed(struct dlo_record *rec)
{
	static struct dlo_text *text;
	static char line[16384];
	struct dlo_text_options options = {.verbose = true};
	const char *out;
	uint64_t ts_ns;
	size_t n;

	if (!text) {
		CHECK(!dlo_text_new(&options, &text));
	}
	n = dlo_text_print(text, rec, &out, &ts_ns);
	CHECK(n > 0 && out[n - 1] == '\n');
	for (size_t i = 0; i + 1 < n; i++) {
		CHECK(out[i] >= 0x20 && out[i] < 0x7f);
	}
	for (size_t cap = 4096; cap <= sizeof(line); cap *= 4) {
		n = dlo_json_print(rec, NULL, line, cap);
		CHECK(n > 0 && n < cap && strlen(line) == n);
		CHECK(line[0] == '{' && line[n - 1] == '}');
	}
	n = dlo_syslog_print(rec, NULL, 48, line, sizeof(line));
	CHECK((n > 0) == (rec->kind == DLO_RECORD_ALERT) && n <= 1024 - 48);
}

static void check_records(void)
{
	static struct dlo_record rec;

	memset(&rec, 0, sizeof(rec));
	rec.flags = DLO_RECORD_FIRST | DLO_RECORD_LAST;
	rec.kind = DLO_RECORD_ALERT;
	rec.meta.ip_version = 4;
	rec.meta.flags = 0x8000;
	rec.meta.n_answers = dlo_message_n_answers(&message);
	rec.name_len = message.question[0].name.len;
	memcpy(rec.u.name, message.question[0].name.wire, rec.name_len);
	for (unsigned i = 0; i < answer.n_links; i++) {
		check_carried(&rec, i);
		check_printed(&rec);
	}
	rec.kind = DLO_RECORD_QUESTION;
	dlo_via_answer(&rec, &answer);
	check_printed(&rec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dlo_name *question = &message.question[0].name;
	uint8_t *block, *msg;
	uint32_t seen = 0;

	if (size > 65535) {
		return 0;
	}
	block = calloc(1, DLO_NAME_HEADROOM + size);
	msg = block + DLO_NAME_HEADROOM;
	memcpy(msg, data, size);
	if (dlo_message_read(&message, msg, size) || !message.end) {
		free(block);
		return 0;
	}
	dlo_answer_read(&answer, msg, size, message.end,
		dlo_message_n_answers(&message));
	check_answer(msg, size);
	dlo_chain_build(&chain, &answer, question);
	for (unsigned k = 0; k < answer.n_links; k++) {
		unsigned i = chain.order[k];

		CHECK(i < answer.n_links && !(seen >> i & 1));
		seen |= 1u << i;
		CHECK((chain.link[i].n_hops > 0) == (k < chain.n_reached));
		if (k < chain.n_reached) {
			check_reached(question, i);
		} else {
			check_unreached(question, i);
		}
	}
	check_records();
	free(block);
	return 0;
}
