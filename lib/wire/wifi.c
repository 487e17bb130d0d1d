/* SPDX-License-Identifier: BSD-2-Clause */
/* wifi.c - decoders of IEEE 802.11 and of what is put before it in captures. */
#include <string.h>

#include "wire/decap.h"

/* IEEE 802.11-2020, 9.2.4.1: bits of the two octets of frame control. */
enum {
	TYPE = 0x0c,
	TYPE_DATA = 0x08,
	SUBTYPE_NULL = 0x40, /* no data */
	SUBTYPE_QOS = 0x80,
	TO_DS = 0x01,
	FROM_DS = 0x02,
	PROTECTED = 0x40,
	HTC = 0x80, /* with QoS */
};

/* A capture may hold frames that were decrypted, the bit still set. */
static bool decrypted(const struct dlo_decap *d)
{
	static const uint8_t snap[6] = {0xaa, 0xaa, 0x03};

	return d->in.left >= sizeof(snap) &&
	       !memcmp(d->in.p, snap, sizeof(snap));
}

/* 9.3.2.1: three addresses and a sequence number, a fourth address between two
 * stations of the distribution system, QoS and HT control. */
static int data(struct dlo_decap *d, bool padded)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 24);
	size_t more = 0;
	bool aggregate = false;

	if (!h) {
		return DLO_STAT_CUT_LINK;
	}
	/* Of a split frame only the first piece (9.2.4.4) has a header. */
	if ((h[0] & TYPE) != TYPE_DATA || h[0] & SUBTYPE_NULL || h[22] & 15) {
		return DLO_STAT_NOT_DATA;
	}
	more += (h[1] & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS) ? 6 : 0;
	if (h[0] & SUBTYPE_QOS) {
		const uint8_t *qos;

		dlo_bytes_take(&d->in, more);
		qos = dlo_bytes_take(&d->in, 2);
		aggregate = qos && qos[0] & 0x80;
		dlo_bytes_take(&d->in, h[1] & HTC ? 4 : 0);
		more += 2;
	} else {
		dlo_bytes_take(&d->in, more);
	}
	dlo_bytes_take(&d->in, padded && more % 4 ? 2 : 0);
	if (!d->in.over && h[1] & PROTECTED && !decrypted(d)) {
		return DLO_STAT_ENCRYPTED;
	}
	return dlo_decap_next(d, aggregate ? DLO_LAYER_AMSDU : DLO_LAYER_LLC);
}

int dlo_wifi_data(struct dlo_decap *d)
{
	return data(d, false);
}

int dlo_wifi_padded(struct dlo_decap *d)
{
	return data(d, true);
}

/*
 * 9.3.2.2: addresses, length, LLC, padded to 4 octets, and the next one. In a
 * frame within a frame only the outer one is gone on with.
 */
int dlo_wifi_amsdu(struct dlo_decap *d)
{
	struct dlo_bytes rest;
	uint16_t len;

	dlo_bytes_take(&d->in, 12);
	len = dlo_bytes_u16(&d->in);
	rest = d->in;
	dlo_bytes_take(&rest, len + (0u - (14u + len)) % 4);
	if (!d->rest.in.left && rest.left >= 14) {
		d->rest = (struct dlo_decap_rest){.in = rest,
			.missing = d->missing,
			.context = d->dgram.context,
			.ip_version = d->dgram.ip_version,
			.n_vlans = d->dgram.n_vlans};
	}
	if (!d->in.over) {
		dlo_decap_clip(d, len);
	}
	return dlo_decap_next(d, DLO_LAYER_LLC);
}

/* Takes the check sequence off the end, as far as it is there. */
static void drop_fcs(struct dlo_decap *d)
{
	uint32_t there = d->missing < 4 ? 4 - d->missing : 0;

	d->missing -= 4 - there;
	dlo_bytes_clip(&d->in, d->in.left > there ? d->in.left - there : 0);
}

/* radiotap.org: length and, of the fields that are present, the second: flags.
 * Fields are aligned to their size; bit 31 says that more bits follow. */
int dlo_wifi_radiotap(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);
	size_t len = h ? dlo_get16le(h + 2) : 0, at = 8;
	uint32_t present, more;
	uint8_t flags;

	if (!h) {
		return DLO_STAT_CUT_LINK;
	}
	if (len < 8) {
		return DLO_STAT_NOT_DATA;
	}
	if (!dlo_bytes_take(&d->in, len - 8)) {
		return DLO_STAT_CUT_LINK;
	}
	present = more = dlo_get32le(h + 4);
	for (; more >> 31 && at + 4 <= len; at += 4) {
		more = dlo_get32le(h + at);
	}
	if (present & 1) { /* a time of 8 octets */
		at = (at + 7) / 8 * 8 + 8;
	}
	flags = present & 2 && at < len ? h[at] : 0;
	if (flags & 0x10) {
		drop_fcs(d);
	}
	return dlo_decap_next(
		d, flags & 0x20 ? DLO_LAYER_WIFI_PADDED : DLO_LAYER_WIFI);
}

/* 144 octets, or AVS by its magic. */
int dlo_wifi_prism(struct dlo_decap *d)
{
	if (d->in.left >= 4 && dlo_get32(d->in.p) >> 12 == 0x80211) {
		return dlo_decap_next(d, DLO_LAYER_AVS);
	}
	dlo_bytes_take(&d->in, 144);
	return dlo_decap_next(d, DLO_LAYER_WIFI);
}

/* Magic and length. */
int dlo_wifi_avs(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8);
	uint32_t len = h ? dlo_get32(h + 4) : 8;

	if (len < 8) {
		return DLO_STAT_NOT_DATA;
	}
	dlo_bytes_take(&d->in, len - 8);
	return dlo_decap_next(d, DLO_LAYER_WIFI);
}

/* CACE's PPI 1.0.7: length and DLT_, then fields of type, length and value;
 * bit 1 of the flags of field 2 says that there is a check sequence. */
int dlo_wifi_ppi(struct dlo_decap *d)
{
	const uint8_t *h = dlo_bytes_take(&d->in, 8), *f;
	struct dlo_bytes fields;
	size_t len = h ? dlo_get16le(h + 2) : 8;

	if (len < 8) {
		return DLO_STAT_NOT_DATA;
	}
	fields = dlo_bytes(d->in.p, len - 8);
	if (!h || !dlo_bytes_take(&d->in, len - 8)) {
		return DLO_STAT_CUT_LINK;
	}
	while ((f = dlo_bytes_take(&fields, 4))) {
		uint16_t size = dlo_get16le(f + 2);

		if (dlo_get16le(f) == 2 && size >= 10 && fields.left >= 10 &&
			f[12] & 1) {
			drop_fcs(d);
			break;
		}
		dlo_bytes_take(&fields, size);
	}
	return dlo_decap_next(d, dlo_link_layer((int)dlo_get32le(h + 4)));
}
