/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sampler.h - what the kernel filter hides, looked at one second in sixty.
 *
 * A second handle on the interface, without a filter, whose frames feed a
 * census of their own: so that "98 % of the traffic is in a tunnel that is not
 * decoded" is said though none of it passes the filter.
 */
#ifndef SAMPLER_H
#define SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "dnslookout.h"

struct sampler {
	const char *interface;
	struct dlo_engine *engine; /* census only; NULL: switched off */
	pcap_t *pcap; /* open while a sample is taken */
	uint64_t from_ns; /* of the sample under way, or of the next */
	uint64_t packet;
	bool told; /* of an error, since the last sample that worked */
	char error[PCAP_ERRBUF_SIZE];
};

/* Makes one; the first sample begins at once. 0, -errno. */
int sampler_init(struct sampler *s, const char *interface,
	const struct dlo_ruleset *rules, const struct dlo_engine_config *cfg);
void sampler_fini(struct sampler *s);

/*
 * Opens, reads or closes, as the clock says; called at least every second by
 * the thread that owns it, while the interface is there. NULL, or what went
 * wrong, once: it goes on trying.
 */
const char *sampler_tick(struct sampler *s);

/* The interface is not there any more: a sample under way ends. */
void sampler_pause(struct sampler *s);

#endif
