/* SPDX-License-Identifier: BSD-2-Clause */
/* answer.h - the answer section: aliases and addresses, RFC 1035, 4.1.3. */
#ifndef DLO_WIRE_ANSWER_H
#define DLO_WIRE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/name.h"

#define DLO_ANSWER_LINKS 32
#define DLO_ANSWER_ADDRESSES 8

/* Types of records that are looked into. */
enum dlo_rr_type {
	DLO_RR_A = 1,
	DLO_RR_NS = 2,
	DLO_RR_CNAME = 5,
	DLO_RR_PTR = 12,
	DLO_RR_MX = 15,
	DLO_RR_AAAA = 28,
	DLO_RR_SRV = 33, /* RFC 2782 */
	DLO_RR_DNAME = 39, /* RFC 6672 */
	DLO_RR_SVCB = 64, /* RFC 9460 */
	DLO_RR_HTTPS = 65,
};

/* A record that sends whoever asked on to another name. */
struct dlo_answer_link {
	struct dlo_name owner, target; /* as sent */
	uint16_t type; /* CNAME, DNAME, SVCB, HTTPS */
};

struct dlo_answer_address {
	const uint8_t *octets; /* in the message */
	uint8_t len; /* 4, 16 */
};

/*
 * An answer section. A view: valid as long as the octets it was read from.
 * Large (about 19 KiB), of which an answer without links touches the first
 * cache lines only: belongs into the engine, not onto a stack.
 */
struct dlo_answer {
	uint16_t n_records; /* walked: all, or those before the damage */
	uint16_t n_links; /* in link[] */
	uint16_t n_links_met; /* records that may be links; the first
				 DLO_ANSWER_LINKS of them are looked at */
	uint16_t n_addresses; /* in address[] */
	uint16_t n_addresses_met; /* A and AAAA records of the right length */
	bool damaged; /* cut or overrun, or a bad RDATA, which is left out */
	struct dlo_answer_address address[DLO_ANSWER_ADDRESSES];
	struct dlo_answer_link link[DLO_ANSWER_LINKS];
	/* Where names with pointers in them are unfolded to. */
	struct dlo_name_buf owner[DLO_ANSWER_LINKS], target[DLO_ANSWER_LINKS];
};

/* Links met beyond the capacity, not looked at. */
static inline unsigned dlo_answer_links_over(const struct dlo_answer *a)
{
	return a->n_links_met < DLO_ANSWER_LINKS
		       ? 0
		       : (unsigned)a->n_links_met - DLO_ANSWER_LINKS;
}

/*
 * Reads n_records records from msg[off..len); off is dlo_message.end. Class IN
 * only (less mDNS's top bit); other classes and types are skipped by their
 * length. A SVCB or HTTPS record with the target "." is no link: it means its
 * owner. Names of NS, PTR, MX and SRV are checked, not kept.
 *
 * Pointers are followed for links alone, so for 2 * DLO_ANSWER_LINKS names,
 * each of at most 126 pointers and 255 octets; all else is one pass. What an
 * owner's pointer leads to is looked at only when the record is a link.
 * The octets before `msg` are as for dlo_message_read().
 */
void dlo_answer_read(struct dlo_answer *a, const uint8_t *msg, size_t len,
	size_t off, unsigned n_records);

#endif
