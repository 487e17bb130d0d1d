/* SPDX-License-Identifier: BSD-2-Clause */
/* plain_twin.h - dlo_plain() beside the decoders that it stands for. */
#ifndef PLAIN_TWIN_H
#define PLAIN_TWIN_H

#include <stdbool.h>
#include <string.h>

#include "wire/link.h"
#include "wire/plain.h"

static inline bool same_datagram(
	const struct dlo_dgram *a, const struct dlo_dgram *b)
{
	size_t n = a->ip_version == 4 ? 4 : 16;

	return a->ip_version == b->ip_version && !memcmp(a->src, b->src, n) &&
	       !memcmp(a->dst, b->dst, n) && a->payload == b->payload &&
	       a->len == b->len && a->sent_len == b->sent_len &&
	       a->context == b->context && a->net_off == b->net_off &&
	       a->sport == b->sport && a->dport == b->dport &&
	       a->transport == b->transport && a->n_vlans == b->n_vlans &&
	       (!a->n_vlans || a->vlan[0] == b->vlan[0]) &&
	       a->ifindex == b->ifindex;
}

/* Whether both make the same of an Ethernet frame, if dlo_plain() takes it:
 * *ret_taken. */
static inline bool plain_agrees(const struct dlo_decap_config *cfg,
	const struct dlo_frame *f, bool *ret_taken)
{
	static struct dlo_census census[2];
	struct dlo_decap_config c[2] = {*cfg, *cfg};
	struct dlo_decap d[2] = {{.cfg = &c[0]}, {.cfg = &c[1]}};

	memset(census, 0, sizeof(census));
	for (int i = 0; i < 2; i++) {
		memset(&d[i].dgram, i, sizeof(d[i].dgram)); /* what is left */
		c[i].census = &census[i];
	}
	*ret_taken = dlo_plain(&d[0], f);
	if (!*ret_taken) {
		return true;
	}
	dlo_decap_begin(&d[1], DLO_LAYER_ETHERNET, f);
	return dlo_decap_run(&d[1]) == DLO_DECAP_DATAGRAM &&
	       !dlo_decap_more(&d[1]) &&
	       same_datagram(&d[0].dgram, &d[1].dgram) &&
	       !memcmp(&census[0], &census[1], sizeof(census[0]));
}

#endif
