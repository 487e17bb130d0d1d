/* SPDX-License-Identifier: BSD-2-Clause */
/* link.c - frame -> the datagram in it: a loop over a table of decoders. */
#include "wire/link.h"

#include "wire/ip.h"

int dlo_decap_none(struct dlo_decap *d)
{
	(void)d;
	return DLO_STAT_NO_LINK;
}

static int (*const decoders[])(struct dlo_decap *d) = {
#define ROW(symbol, decoder, name, text) [DLO_LAYER_##symbol] = decoder,
	DLO_LAYERS(ROW)
#undef ROW
};

void dlo_decap_begin(
	struct dlo_decap *d, enum dlo_layer layer, const struct dlo_frame *f)
{
	d->frame = f->data;
	d->in.p = f->data; /* apart: copied whole, the stores stall the load */
	d->in.left = f->caplen;
	d->in.over = false;
	d->missing = f->len > f->caplen ? f->len - f->caplen : 0;
	d->next = layer;
	d->n_layers = 0;
	d->rest.in.left = 0;
	d->dgram.ip_version = 0;
	d->dgram.n_vlans = 0;
	d->dgram.ifindex = 0;
	d->dgram.context = 0;
}

void dlo_decap_resume(struct dlo_decap *d, uint8_t protocol,
	const uint8_t *data, uint32_t len, uint32_t missing)
{
	d->in = dlo_bytes(data, len);
	d->missing = missing;
	d->next = dlo_ip_layer(d->dgram.ip_version, protocol);
}

bool dlo_decap_more(struct dlo_decap *d)
{
	if (!d->rest.in.left) {
		return false;
	}
	d->in = d->rest.in;
	d->missing = d->rest.missing;
	d->dgram.context = d->rest.context;
	d->dgram.ip_version = d->rest.ip_version;
	d->dgram.n_vlans = d->rest.n_vlans;
	d->next = DLO_LAYER_AMSDU;
	d->n_layers = 0;
	d->rest.in.left = 0;
	return true;
}

int dlo_decap_run(struct dlo_decap *d)
{
	int step = DLO_DECAP_NEXT;

	while (step == DLO_DECAP_NEXT) {
		if (d->n_layers++ == DLO_LAYERS_MAX) {
			return DLO_STAT_TOO_DEEP;
		}
		dlo_census_count(&d->cfg->census->layer[d->next]);
		step = decoders[d->next](d);
	}
	return step;
}
