/* SPDX-License-Identifier: BSD-2-Clause */
/* answer.c - the answer section: aliases and addresses, RFC 1035, 4.1.3. */
#include "wire/answer.h"

#include <assert.h>

#include "base/bytes.h"
#include "wire/message.h"

/*
 * Theory of operation
 *
 * Records are framed first (owner, fixed fields, RDLENGTH) and looked into
 * second, so that a bad RDATA costs that record only. Framing steps over names
 * in place: labels up to the root or to the first pointer, which is not
 * followed. So no octet is framed twice, whatever pointers there are. Only the
 * first DLO_ANSWER_LINKS links, good or bad, are followed and unfolded.
 */

#define FIXED 10 /* type, class, TTL, RDLENGTH */
#define LABEL_MAX 63
#define POINTER 0xc0
#define CLASS_IN 1
#define CLASS_MASK 0x7fff /* RFC 6762, 10.2: cache-flush bit */

static_assert(sizeof(struct dlo_answer) <= 20 * 1024, "see answer.h");

/* The message, and one record in it. */
struct walk {
	const uint8_t *msg;
	size_t len;
	size_t owner; /* offset of the record */
	uint16_t type, cls;
	size_t rdata, end; /* offsets of its RDATA and of what follows it */
};

/* The offset after the name at `off`, as far as it stands there; 0: none. */
static size_t step_over(const uint8_t *msg, size_t end, size_t off)
{
	size_t from = off;

	while (off < end && off - from < DLO_NAME_MAX) {
		size_t label = msg[off];

		if (label >= POINTER) {
			return end - off >= 2 ? off + 2 : 0;
		}
		if (label > LABEL_MAX) {
			return 0;
		}
		off += label + 1;
		if (label == 0) {
			return off;
		}
	}
	return 0;
}

/* Frames the record at w->owner. */
static bool frame(struct walk *w)
{
	const uint8_t *msg = w->msg;
	size_t at = w->owner + 2, rdlength;

	/* Nearly always the owner is a mere pointer. */
	if (at > w->len || msg[w->owner] < POINTER) {
		at = step_over(msg, w->len, w->owner);
		if (at == 0) {
			return false;
		}
	}
	if (w->len - at < FIXED) {
		return false;
	}
	w->type = dlo_get16(msg + at);
	w->cls = dlo_get16(msg + at + 2);
	rdlength = dlo_get16(msg + at + 8);
	w->rdata = at + FIXED;
	w->end = w->rdata + rdlength;
	return rdlength <= w->len - w->rdata;
}

/* Reads a name: in place where it can be, else unfolded into buf. */
static bool read_name(const struct walk *w, size_t *off,
	struct dlo_name_buf *buf, struct dlo_name *ret)
{
	size_t at = *off;

	if (dlo_name_walk(w->msg, w->len, off, ret) == DLO_NAME_OK) {
		return true;
	}
	/* A mere pointer to a whole name, such as the question's. */
	if (w->len - at >= 2 && w->msg[at] >= POINTER) {
		size_t to = dlo_get16(w->msg + at) & 0x3fffu;

		if (to >= DLO_DNS_HEADER && to < at &&
			dlo_name_walk(w->msg, w->len, &to, ret) ==
				DLO_NAME_OK) {
			*off = at + 2;
			return true;
		}
	}
	return dlo_name_unfold(w->msg, w->len, off, buf, ret) == DLO_NAME_OK;
}

/* Looks into a record whose target stands `skip` octets into its RDATA.
 * Returns whether it is sound. */
static bool add_link(struct dlo_answer *a, const struct walk *w, size_t skip)
{
	struct dlo_answer_link *link = &a->link[a->n_links];
	bool service = w->type == DLO_RR_SVCB || w->type == DLO_RR_HTTPS;
	size_t owner = w->owner, target = w->rdata + skip;

	if (target >= w->end) {
		return false;
	}
	if (service && w->msg[target] == 0) {
		return true;
	}
	if (a->n_links_met++ >= DLO_ANSWER_LINKS) {
		return step_over(w->msg, w->end, target) != 0;
	}
	if (!read_name(w, &target, &a->target[a->n_links], &link->target) ||
		target > w->end ||
		!read_name(w, &owner, &a->owner[a->n_links], &link->owner)) {
		return false;
	}
	link->type = w->type;
	if (!service || link->target.n_labels > 0) {
		a->n_links++;
	}
	return true;
}

static bool add_address(struct dlo_answer *a, const struct walk *w, size_t len)
{
	if (w->end - w->rdata != len) {
		return false;
	}
	a->n_addresses_met++;
	if (a->n_addresses < DLO_ANSWER_ADDRESSES) {
		a->address[a->n_addresses++] = (struct dlo_answer_address){
			.octets = w->msg + w->rdata, .len = (uint8_t)len};
	}
	return true;
}

/* Whether a name stands `skip` octets into the RDATA, up to its end. */
static bool check_target(const struct walk *w, size_t skip)
{
	return w->end - w->rdata > skip &&
	       step_over(w->msg, w->end, w->rdata + skip) == w->end;
}

static bool look_into(struct dlo_answer *a, const struct walk *w)
{
	if ((w->cls & CLASS_MASK) != CLASS_IN) {
		return true;
	}
	switch (w->type) {
	case DLO_RR_A:
		return add_address(a, w, 4);
	case DLO_RR_AAAA:
		return add_address(a, w, 16);
	case DLO_RR_CNAME:
	case DLO_RR_DNAME:
		return add_link(a, w, 0);
	case DLO_RR_SVCB:
	case DLO_RR_HTTPS:
		return add_link(a, w, 2);
	case DLO_RR_NS:
	case DLO_RR_PTR:
		return check_target(w, 0);
	case DLO_RR_MX:
		return check_target(w, 2);
	case DLO_RR_SRV:
		return check_target(w, 6);
	default:
		return true;
	}
}

void dlo_answer_read(struct dlo_answer *a, const uint8_t *msg, size_t len,
	size_t off, unsigned n_records)
{
	struct walk w = {.msg = msg, .len = len, .owner = off};

	a->n_records = 0;
	a->n_links = 0;
	a->n_links_met = 0;
	a->n_addresses = 0;
	a->n_addresses_met = 0;
	a->damaged = false;
	for (; n_records > 0; n_records--, w.owner = w.end) {
		if (!frame(&w)) {
			a->damaged = true;
			return;
		}
		if (!look_into(a, &w)) {
			a->damaged = true;
		}
		a->n_records++;
	}
}
