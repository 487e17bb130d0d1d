/* SPDX-License-Identifier: BSD-2-Clause */
/* sampler.c - what the kernel filter hides, looked at one second in sixty. */
#include "sampler.h"

#include <stdio.h>

#include "clock.h"
#include "handle.h"

#define SNAPLEN 96 /* headers, through two tunnels */
#define BUFFER (1024 * 1024)
#define TIMEOUT_MS 100
#define LENGTH_NS UINT64_C(1000000000)
#define EVERY_NS (60 * LENGTH_NS)

int sampler_init(struct sampler *s, const char *interface,
	const struct dlo_ruleset *rules, const struct dlo_engine_config *cfg)
{
	struct dlo_engine_config own = *cfg;

	*s = (struct sampler){.interface = interface};
	own.census_only = true;
	own.limit_n = 0;
	own.limit_s = 0;
	return dlo_engine_new(&own, rules, &s->engine);
}

static void close_handle(struct sampler *s)
{
	if (s->pcap) {
		pcap_close(s->pcap);
	}
	s->pcap = NULL;
}

void sampler_fini(struct sampler *s)
{
	close_handle(s);
	s->engine = dlo_engine_free(s->engine);
}

/* Not promiscuous: the handle that captures is, and that holds for all. An
 * interface that goes away is the capture's to tell. */
static bool open_handle(struct sampler *s)
{
	int status;

	s->pcap = pcap_create(s->interface, s->error);
	if (!s->pcap) {
		return false;
	}
	pcap_set_snaplen(s->pcap, SNAPLEN);
	pcap_set_timeout(s->pcap, TIMEOUT_MS);
	pcap_set_buffer_size(s->pcap, BUFFER);
	pcap_set_tstamp_precision(s->pcap, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(s->pcap);
	if (status < 0) {
		snprintf(s->error, sizeof(s->error), "%s",
			handle_is_absent(status) ? ""
						 : pcap_statustostr(status));
		return false;
	}
	return !pcap_setnonblock(s->pcap, 1, s->error);
}

static void on_frame(
	u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct sampler *s = (struct sampler *)(void *)user;
	struct dlo_frame f = {
		.ts_ns = (uint64_t)h->ts.tv_sec * UINT64_C(1000000000) +
			 (uint64_t)h->ts.tv_usec, /* nanoseconds: see open */
		.packet = ++s->packet,
		.data = data,
		.caplen = h->caplen,
		.len = h->len,
		.link_type = pcap_datalink(s->pcap),
	};

	dlo_engine_frame(s->engine, &f);
}

/* False: the interface is gone, which is the capture's to tell. */
static bool read_frames(struct sampler *s)
{
	*s->error = '\0';
	return pcap_dispatch(s->pcap, -1, on_frame, (u_char *)(void *)s) !=
	       PCAP_ERROR;
}

static void end_sample(struct sampler *s)
{
	close_handle(s);
	s->from_ns += EVERY_NS;
}

/* What went wrong, if that is new. */
static const char *tell(struct sampler *s)
{
	bool again = s->told || !*s->error;

	s->told = s->told || *s->error;
	return again ? NULL : s->error;
}

const char *sampler_tick(struct sampler *s)
{
	uint64_t now_ns = clock_steady_ns();
	bool fine;

	if (!s->engine || now_ns < s->from_ns) {
		return NULL;
	}
	if (!s->pcap) {
		fine = open_handle(s);
		s->from_ns = now_ns;
	} else {
		fine = read_frames(s);
		s->told = s->told && !fine;
	}
	if (!fine || now_ns - s->from_ns >= LENGTH_NS) {
		end_sample(s);
	}
	return fine ? NULL : tell(s);
}

void sampler_pause(struct sampler *s)
{
	if (s->pcap) {
		end_sample(s);
	}
}
