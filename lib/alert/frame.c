/* SPDX-License-Identifier: BSD-2-Clause */
/* frame.c - the octets of a frame as tcpdump -e and -X write them. */
#include "alert/frame.h"

#include "base/bytes.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_8021Q = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_8021AD = 0x88a8,
	ETHERTYPE_9100 = 0x9100,
	ETHERTYPE_9200 = 0x9200,
	ETHERTYPE_MIN = 0x0600, /* below: a length of IEEE 802.3 */
};

static const struct {
	uint16_t type;
	bool tag;
	char name[16];
} ethertypes[] = {
	{ETHERTYPE_IPV4, false, "IPv4"},
	{ETHERTYPE_IPV6, false, "IPv6"},
	{ETHERTYPE_8021Q, true, "802.1Q"},
	{ETHERTYPE_8021AD, true, "802.1Q-QinQ"},
	{ETHERTYPE_9100, true, "802.1Q-9100"},
	{ETHERTYPE_9200, true, "802.1Q-9200"},
	{0x8847, false, "MPLS unicast"},
	{0x8864, false, "PPPoE S"},
};
#define N_ETHERTYPES (sizeof(ethertypes) / sizeof(ethertypes[0]))

static void put_mac(struct dlo_buf *b, const uint8_t *mac)
{
	for (size_t i = 0; i < 6; i++) {
		if (i > 0) {
			dlo_putc(b, ':');
		}
		dlo_putx(b, mac[i], 2);
	}
}

/* Its index; the number of them all when it has no name. */
static size_t find_ethertype(uint16_t type)
{
	size_t i = 0;

	while (i < N_ETHERTYPES && ethertypes[i].type != type) {
		i++;
	}
	return i;
}

static bool is_tag(uint16_t type)
{
	size_t i = find_ethertype(type);

	return i < N_ETHERTYPES && ethertypes[i].tag;
}

static const char *ethertype_name(uint16_t type)
{
	size_t i = find_ethertype(type);

	return i < N_ETHERTYPES ? ethertypes[i].name : "Unknown";
}

static void put_ethertype(struct dlo_buf *b, uint16_t type, bool quiet)
{
	if (type < ETHERTYPE_MIN) {
		dlo_puts(b, "802.3");
		return;
	}
	dlo_puts(b, quiet ? "" : "ethertype ");
	dlo_puts(b, ethertype_name(type));
	if (!quiet || find_ethertype(type) == N_ETHERTYPES) {
		dlo_puts(b, " (0x");
		dlo_putx(b, type, 4);
		dlo_putc(b, ')');
	}
}

static void put_length(struct dlo_buf *b, uint32_t wire_len)
{
	dlo_puts(b, ", length ");
	dlo_putu(b, wire_len, 0);
	dlo_puts(b, ": ");
}

/* IEEE 802.1Q 9.6: priority, drop eligible, VLAN id. */
static void put_tag(struct dlo_buf *b, uint16_t tci)
{
	dlo_puts(b, "vlan ");
	dlo_putu(b, tci & 0x0fff, 0);
	dlo_puts(b, ", p ");
	dlo_putu(b, tci >> 13, 0);
	dlo_puts(b, tci & 0x1000 ? ", DEI, " : ", ");
}

/* The type, the tags and their types, and the frame's length after the first
 * of them. */
static void put_types(struct dlo_buf *b, uint16_t type, struct dlo_bytes *in,
	uint32_t wire_len, bool quiet)
{
	put_ethertype(b, type, quiet);
	put_length(b, wire_len);
	while (is_tag(type) && !in->over) {
		put_tag(b, dlo_bytes_u16(in));
		type = dlo_bytes_u16(in);
		put_ethertype(b, type, quiet);
		dlo_puts(b, ", ");
	}
}

static void put_ethernet(
	struct dlo_buf *b, struct dlo_bytes *in, uint32_t wire_len, bool quiet)
{
	const uint8_t *macs = dlo_bytes_take(in, 12);
	uint16_t type = dlo_bytes_u16(in);

	if (in->over) {
		return;
	}
	put_mac(b, macs + 6);
	dlo_puts(b, " > ");
	put_mac(b, macs);
	dlo_puts(b, ", ");
	put_types(b, type, in, wire_len, quiet);
}

/* pcap-linktype(7), LINKTYPE_LINUX_SLL: what is no type but a kind of frame. */
static void put_cooked_type(struct dlo_buf *b, uint16_t type)
{
	if (type == 1 || type == 4) {
		dlo_puts(b, type == 1 ? "802.3" : "802.2");
		return;
	}
	dlo_puts(b, "ethertype ");
	dlo_puts(b, ethertype_name(type));
	dlo_puts(b, " (0x");
	dlo_putx(b, type, 4);
	dlo_putc(b, ')');
}

/* tcpdump's way with cooked headers: nothing of types with -q, and what stands
 * behind a tag without its number. */
static void put_cooked_types(struct dlo_buf *b, uint16_t type,
	struct dlo_bytes *in, uint32_t wire_len, bool quiet)
{
	if (!quiet) {
		put_cooked_type(b, type);
		put_length(b, wire_len);
	}
	while (is_tag(type) && !in->over) {
		put_tag(b, dlo_bytes_u16(in));
		type = dlo_bytes_u16(in);
		if (!quiet) {
			dlo_puts(b, "ethertype ");
			dlo_puts(b, ethertype_name(type));
			dlo_puts(b, ", ");
		}
	}
}

/* Who it was for: the same number in both versions, the word on the other side
 * of three columns. */
static void put_direction(struct dlo_buf *b, unsigned kind, bool left)
{
	static const char words[][4] = {"In", "B", "M", "P", "Out", "?"};
	const char *word = words[kind < 5 ? kind : 5];
	size_t len = strlen(word);

	dlo_put(b, "  ", left ? 0 : 3 - len);
	dlo_puts(b, word);
	dlo_put(b, "   ", left ? 4 - len : 1);
}

/* The address, where it is Ethernet's by its length. */
static void put_cooked_mac(struct dlo_buf *b, unsigned len, const uint8_t *mac)
{
	if (len == 6) {
		put_mac(b, mac);
		dlo_putc(b, ' ');
	}
}

static void put_sll(
	struct dlo_buf *b, struct dlo_bytes *in, uint32_t wire_len, bool quiet)
{
	uint16_t kind = dlo_bytes_u16(in);
	const uint8_t *rest = dlo_bytes_take(in, 12);
	uint16_t type = dlo_bytes_u16(in);

	if (in->over) {
		return;
	}
	put_direction(b, kind, false);
	put_cooked_mac(b, dlo_get16(rest + 2), rest + 4);
	put_cooked_types(b, type, in, wire_len, quiet);
}

/* tcpdump begins with the name that the interface's number has on the machine
 * that reads; a file does not say what it was. */
static void put_sll2(
	struct dlo_buf *b, struct dlo_bytes *in, uint32_t wire_len, bool quiet)
{
	uint16_t type = dlo_bytes_u16(in);
	const uint8_t *reserved = dlo_bytes_take(in, 2);
	uint32_t interface = dlo_bytes_u32(in);
	const uint8_t *rest = dlo_bytes_take(in, 12);

	(void)reserved;
	if (in->over) {
		return;
	}
	put_direction(b, rest[2], true);
	dlo_puts(b, "ifindex ");
	dlo_putu(b, interface, 0);
	dlo_putc(b, ' ');
	put_cooked_mac(b, rest[3], rest + 4);
	put_cooked_types(b, type, in, wire_len, quiet);
}

void dlo_put_link(struct dlo_buf *b, int link_type, const uint8_t *p,
	size_t len, uint32_t wire_len, bool quiet)
{
	struct dlo_bytes in = dlo_bytes(p, len);
	size_t mark = b->len;

	switch (link_type) { /* DLT_ */
	case 1:
		put_ethernet(b, &in, wire_len, quiet);
		break;
	case 113:
		put_sll(b, &in, wire_len, quiet);
		break;
	case 276:
		put_sll2(b, &in, wire_len, quiet);
		break;
	default:
		dlo_puts(b, "link-type ");
		dlo_putu(b, (uint64_t)(unsigned)link_type, 0);
		put_length(b, wire_len);
		break;
	}
	if (in.over) {
		dlo_buf_cut(b, mark);
		dlo_puts(b, "[|link] ");
	}
}

static void put_hex_line(
	struct dlo_buf *b, const uint8_t *p, size_t n, size_t offset)
{
	char ascii[16];

	dlo_puts(b, "\t0x");
	dlo_putx(b, offset, offset > 0xffff ? 5 : 4);
	dlo_puts(b, ": ");
	for (size_t i = 0; i < sizeof(ascii); i++) {
		if (i % 2 == 0) {
			dlo_putc(b, ' ');
		}
		if (i < n) {
			ascii[i] = p[i] > ' ' && p[i] < 0x7f ? (char)p[i] : '.';
			dlo_putx(b, p[i], 2);
		} else {
			dlo_put(b, "  ", 2);
		}
	}
	dlo_put(b, "  ", 2);
	dlo_put(b, ascii, n);
	dlo_putc(b, '\n');
}

void dlo_put_hex(struct dlo_buf *b, const uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len && !b->over; at += 16) {
		put_hex_line(b, p + at, len - at < 16 ? len - at : 16, at);
	}
}
