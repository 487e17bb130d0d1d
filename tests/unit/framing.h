/* SPDX-License-Identifier: BSD-2-Clause */
/* framing.h - frames in hex, and what must become of them. */
#ifndef FRAMING_H
#define FRAMING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plain_twin.h"
#include "wire/link.h"

/* Pieces of frames. */
#define MACS "020000000001020000000002"
#define ETH_IP4 MACS "0800"
#define ETH_IP6 MACS "86dd"
#define IP4(total, frag, proto) \
	"4500" total "0001" frag "40" proto "0000c0000205c6336401"
#define IP6(len, next) \
	"60000000" len next "40" \
	"20010db8000000000000000000000005" \
	"20010db8000000000000000000000035"
#define UDP(sport, dport, len) sport dport len "0000"
#define DNS "123401000001000000000000" /* a payload of 12 octets */
#define IP4_UDP IP4("0028", "0000", "11") UDP("c000", "0035", "0014") DNS
#define IP6_UDP IP6("0014", "11") UDP("c000", "0035", "0014") DNS
#define SNAP4 "aaaa030000000800" IP4_UDP
#define ETH4 ETH_IP4 IP4_UDP

struct frame_case {
	const char *name;
	int link_type;
	const char *hex;
	int want; /* a stat, or an end; 0: a datagram */
	const char *vlans; /* as "5 7" */
	uint32_t len, sent_len; /* of the payload */
	uint32_t wire_len; /* of the frame, when it was cut */
};

#define WHOLE .len = 12, .sent_len = 12

static const uint16_t ports[] = {53, 5353};
static struct dlo_census census;
static const struct dlo_decap_config cfg = {
	.ports = ports, .n_ports = 2, .census = &census};

static inline size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned v;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		out[i] = (uint8_t)v;
	}
	return n;
}

static inline void check_plain(int link_type, const struct dlo_frame *f)
{
	bool taken;

	if (link_type == 1 && !plain_agrees(&cfg, f, &taken)) {
		fail_msg("a plain frame that the decoders see otherwise");
	}
}

/* Takes a frame apart that is exactly as long as its octets, so that a
 * sanitizer sees an over-read. *ret_data is the caller's to free. */
static inline int take_apart(struct dlo_decap *d, int link_type,
	const char *hex, uint32_t wire_len, uint8_t **ret_data)
{
	size_t n = strlen(hex) / 2;
	struct dlo_frame f = {.caplen = (uint32_t)n, .len = (uint32_t)n};

	*ret_data = malloc(n ? n : 1);
	assert_non_null(*ret_data);
	unhex(hex, *ret_data);
	f.data = *ret_data;
	f.len = wire_len ? wire_len : f.len;
	check_plain(link_type, &f);
	memset(d, 0, sizeof(*d));
	d->cfg = &cfg;
	dlo_decap_begin(d, dlo_link_layer(link_type), &f);
	return dlo_decap_run(d);
}

static inline void check_vlans(
	const struct frame_case *c, const struct dlo_dgram *d)
{
	char text[64] = "";
	size_t at = 0;

	for (unsigned i = 0; i < d->n_vlans && i < DLO_VLANS_MAX; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u",
			i ? " " : "", d->vlan[i]);
	}
	assert_string_equal(text, c->vlans ? c->vlans : "");
}

static inline void check_frame(const struct frame_case *c)
{
	int want = c->want ? c->want : DLO_DECAP_DATAGRAM;
	struct dlo_decap d;
	uint8_t *data;
	int got = take_apart(&d, c->link_type, c->hex, c->wire_len, &data);

	if (got != want) {
		fail_msg("%s: end %d, not %d", c->name, got, want);
	}
	if (got == DLO_DECAP_DATAGRAM) {
		print_message("# %s\n", c->name);
		assert_int_equal(d.dgram.len, c->len);
		assert_int_equal(d.dgram.sent_len, c->sent_len);
		check_vlans(c, &d.dgram);
	}
	free(data);
}

/* Every shorter form of a frame: no over-read, always a reason. */
static inline void check_cuts(const struct frame_case *c)
{
	uint8_t whole[1024];
	size_t n = unhex(c->hex, whole);

	for (size_t len = 0; len < n; len++) {
		uint8_t *data = malloc(len ? len : 1);
		struct dlo_frame f = {.data = data,
			.caplen = (uint32_t)len,
			.len = (uint32_t)n};
		struct dlo_decap d = {.cfg = &cfg};

		assert_non_null(data);
		memcpy(data, whole, len);
		check_plain(c->link_type, &f);
		dlo_decap_begin(&d, dlo_link_layer(c->link_type), &f);
		do {
			if (dlo_decap_run(&d) < 0) {
				assert_true(d.dgram.len <= d.dgram.sent_len);
				assert_true(d.dgram.payload + d.dgram.len <=
					    data + len);
			}
		} while (dlo_decap_more(&d));
		free(data);
	}
}

#endif
