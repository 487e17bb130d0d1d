/* SPDX-License-Identifier: BSD-2-Clause */
/* elsewhere.c - what is on no DNS port: DNS all the same, or hidden. */
#include "wire/elsewhere.h"

#include "wire/message.h"
#include "wire/resolver.h"

static bool on_port(const struct dlo_dgram *g, uint16_t port)
{
	return g->sport == port || g->dport == port;
}

/* RFC 7858, RFC 9250 (and RFC 8094), RFC 8484. */
static void count_encrypted(
	const struct dlo_decap *d, enum dlo_encrypted on_853)
{
	const struct dlo_dgram *g = &d->dgram;
	_Atomic uint64_t *counts = d->cfg->census->encrypted;

	if (on_port(g, 853)) {
		dlo_census_count(&counts[on_853]);
	} else if ((g->dport == 443 &&
			   dlo_resolver_known(g->dst, g->ip_version)) ||
		   (g->sport == 443 &&
			   dlo_resolver_known(g->src, g->ip_version))) {
		dlo_census_count(&counts[DLO_ENCRYPTED_DOH]);
	}
}

/* NetBIOS names, RFC 1002, 4.2: messages are laid out as those of DNS. */
#define NETBIOS_NS 137

int dlo_elsewhere_udp(struct dlo_decap *d)
{
	count_encrypted(d, DLO_ENCRYPTED_DOQ);
	if (on_port(&d->dgram, NETBIOS_NS) ||
		!dlo_message_begins(
			d->in.p, d->in.left, d->in.left + d->missing)) {
		return DLO_STAT_NOT_DNS_PORT;
	}
	return d->cfg->any_port ? DLO_DECAP_DATAGRAM : DLO_STAT_ODD_PORT;
}

int dlo_elsewhere_tcp(struct dlo_decap *d)
{
	count_encrypted(d, DLO_ENCRYPTED_DOT);
	return d->cfg->any_port ? DLO_DECAP_SEGMENT : DLO_STAT_NOT_DNS_PORT;
}
