/* SPDX-License-Identifier: BSD-2-Clause */
/* layer.c - the names of the layers, and which a file or interface begins with.
 */
#include "wire/layer.h"

#include <stddef.h>

#include "dnslookout.h"

static const struct {
	const char *name, *text;
} rows[] = {
#define ROW(symbol, decoder, name_, text_) \
	[DLO_LAYER_##symbol] = {.name = name_, .text = text_},
	DLO_LAYERS(ROW)
#undef ROW
};

const char *dlo_layer_name(enum dlo_layer layer)
{
	return rows[layer].name;
}

const char *dlo_layer_text(enum dlo_layer layer)
{
	return rows[layer].text;
}

/* DLT_ values: both libpcap's own numbers on Linux and those that files hold,
 * where the two differ. */
static const struct {
	int link_type;
	enum dlo_layer layer;
} link_types[] = {
	{0, DLO_LAYER_NULL},
	{1, DLO_LAYER_ETHERNET},
	{6, DLO_LAYER_TOKEN_RING},
	{7, DLO_LAYER_ARCNET},
	{8, DLO_LAYER_SLIP},
	{9, DLO_LAYER_PPP},
	{10, DLO_LAYER_FDDI},
	{11, DLO_LAYER_LLC}, /* ATM, RFC 2684 */
	{12, DLO_LAYER_RAW},
	{14, DLO_LAYER_RAW}, /* DLT_RAW of OpenBSD */
	{50, DLO_LAYER_PPP}, /* in HDLC-like framing */
	{51, DLO_LAYER_PPPOE},
	{100, DLO_LAYER_LLC}, /* 11 in files */
	{101, DLO_LAYER_RAW},
	{104, DLO_LAYER_CHDLC},
	{105, DLO_LAYER_WIFI},
	{107, DLO_LAYER_FRELAY},
	{108, DLO_LAYER_LOOP},
	{109, DLO_LAYER_ENC},
	{113, DLO_LAYER_SLL},
	{117, DLO_LAYER_PFLOG},
	{119, DLO_LAYER_PRISM},
	{122, DLO_LAYER_IPFC},
	{127, DLO_LAYER_RADIOTAP},
	{129, DLO_LAYER_ARCNET_LINUX},
	{149, DLO_LAYER_PKTAP}, /* USER2, which Apple took */
	{163, DLO_LAYER_AVS},
	{166, DLO_LAYER_PPP_DIR}, /* pppd's */
	{192, DLO_LAYER_PPI},
	{204, DLO_LAYER_PPP_DIR},
	{205, DLO_LAYER_CHDLC_DIR},
	{206, DLO_LAYER_FRELAY_DIR},
	{226, DLO_LAYER_IPNET},
	{228, DLO_LAYER_RAW}, /* "IPv4", and yet either is seen */
	{229, DLO_LAYER_RAW},
	{239, DLO_LAYER_NFLOG},
	{258, DLO_LAYER_PKTAP},
	{276, DLO_LAYER_SLL2},
};

enum dlo_layer dlo_link_layer(int link_type)
{
	for (size_t i = 0; i < sizeof(link_types) / sizeof(link_types[0]);
		i++) {
		if (link_types[i].link_type == link_type) {
			return link_types[i].layer;
		}
	}
	return DLO_LAYER_NONE;
}

bool dlo_link_known(int link_type)
{
	return dlo_link_layer(link_type) != DLO_LAYER_NONE;
}
