/* SPDX-License-Identifier: BSD-2-Clause */
/* filter.c - the kernel filter that passes all that may carry DNS. */
#include "filter.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Theory of operation
 *
 * `port 53` alone loses QinQ, PPPoE, tunnels and every fragment but the first,
 * and the textbook `P or (vlan and P) or (pppoes and P)` is refused by the
 * kernel and then loses frames in user space too, because `vlan` and `pppoes`
 * move the offsets of all that stands behind them. So:
 *
 *	P or T or X or (vlan and (P or T or Y or (vlan and (P or T or Y))))
 *
 * P	the ports, and what hides them: fragments and IPv6 extension headers.
 *	Only here the user's expression is and-ed: of a packet inside of a
 *	tunnel or PPPoE it would judge the outside, or nothing, and hide it.
 * T	what tunnels ride on: IP protocols, UDP ports, MPLS.
 * X	PPPoE by fixed offsets, before the first `vlan`: EtherType 0x8864, then
 *	the UDP or TCP ports behind an IPv4 header of 20 octets (42, 44) or an
 *	IPv6 header (62, 64), or a fragment.
 * Y	any PPPoE: fixed offsets say nothing where tags may have been taken off.
 *
 * Cooked (`any`) there is no `vlan`: the kernel takes the first tag off, and
 * what has a second one, or is PPPoE, passes whatever it holds: P or T or Z.
 *
 * The live test sends one frame of each shape through it.
 */

struct text {
	char *buf;
	size_t cap, len;
};

__attribute__((format(printf, 2, 3))) static void put(
	struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->buf + (t->len < t->cap ? t->len : t->cap),
		t->len < t->cap ? t->cap - t->len : 0, format, ap);
	va_end(ap);
	t->len += n > 0 ? (size_t)n : 0;
}

/* The user's expression, and-ed. */
static void put_and(struct text *t, const char *expression)
{
	if (*expression) {
		put(t, " and (%s)", expression);
	}
}

static void put_plain(struct text *t, const uint16_t *ports, unsigned n_ports,
	const char *expression)
{
	put(t, "((");
	for (unsigned i = 0; i < n_ports; i++) {
		put(t, "port %u or ", ports[i]);
	}
	/* MLD has hop-by-hop options too, and is no loss */
	put(t, "ip[6:2] & 0x1fff != 0 or ip6 proto 44 or "
	       "(ip6 proto 0 and ip6[40] != 58) or "
	       "ip6 proto 43 or ip6 proto 60 or proto 51)");
	put_and(t, expression);
	put(t, ")");
}

/* What lib/wire/ip.c looks into. */
static void put_tunnels(struct text *t, bool has_mpls)
{
	put(t, " or proto 4 or proto 41 or proto 47 or proto 97 or proto 115 "
	       "or proto 137 or proto 143 or udp port 1701 or udp port 2152 "
	       "or udp port 3544 or udp dst port 4789 or udp dst port 4790 "
	       "or udp dst port 6081 or udp dst port 6635 "
	       "or udp dst port 8472 or udp dst port 37008");
	if (has_mpls) {
		put(t, " or ether proto 0x8847 or ether proto 0x8848");
	}
}

static void put_pppoe(struct text *t, const uint16_t *ports, unsigned n_ports)
{
	static const unsigned offsets[] = {42, 44, 62, 64};

	/* A load beyond the end ends the whole filter: the farthest last. */
	put(t, " or (ether proto 0x8864 and ("
	       "(ether[20:2] = 0x21 and ether[28:2] & 0x1fff != 0) or "
	       "(ether[20:2] = 0x57 and ether[28] = 44)");
	for (unsigned k = 0; k < 4; k++) {
		for (unsigned i = 0; i < n_ports; i++) {
			put(t, " or ether[%u:2] = %u", offsets[k], ports[i]);
		}
	}
	put(t, "))");
}

/* Behind `n` tags at most. */
static void put_tagged(struct text *t, const uint16_t *ports, unsigned n_ports,
	const char *expression, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		put(t, " or (vlan and (");
		put_plain(t, ports, n_ports, expression);
		put_tunnels(t, true);
		put(t, " or ether proto 0x8864");
	}
	for (unsigned i = 0; i < n; i++) {
		put(t, "))");
	}
}

/* Whether the expression uses a word that moves header offsets. */
static bool moves_offsets(const char *expression)
{
	static const char *const words[] = {
		"vlan", "mpls", "pppoed", "pppoes", "geneve"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);
		const char *p = expression;

		for (; (p = strstr(p, words[i])); p += len) {
			if ((p == expression ||
				    !isalnum((unsigned char)p[-1])) &&
				!isalnum((unsigned char)p[len])) {
				return true;
			}
		}
	}
	return false;
}

int filter_generate(int link_type, const uint16_t *ports, unsigned n_ports,
	const char *expression, char *buf, size_t cap, bool *ret_replaced)
{
	struct text t = {.buf = buf, .cap = cap};
	bool ethernet = link_type == 1;
	bool cooked = link_type == 113 || link_type == 276; /* SLL, SLL2 */

	*ret_replaced = moves_offsets(expression);
	if (*ret_replaced) {
		put(&t, "%s", expression);
		return t.len < cap ? 0 : -1;
	}
	put_plain(&t, ports, n_ports, expression);
	put_tunnels(&t, ethernet || cooked);
	if (ethernet) {
		put_pppoe(&t, ports, n_ports);
		put_tagged(&t, ports, n_ports, expression, 2);
	}
	if (cooked) {
		put(&t, " or ether proto 0x8100 or ether proto 0x88a8 or "
			"ether proto 0x8864");
	}
	return t.len < cap ? 0 : -1;
}

int filter_check(
	int link_type, const char *expression, char reterr[PCAP_ERRBUF_SIZE])
{
	pcap_t *p = pcap_open_dead(link_type, 65535);
	struct bpf_program program;
	int r = -1;

	if (!p) {
		snprintf(reterr, PCAP_ERRBUF_SIZE, "out of memory");
		return -1;
	}
	if (pcap_compile(p, &program, expression, 1, PCAP_NETMASK_UNKNOWN)) {
		snprintf(reterr, PCAP_ERRBUF_SIZE, "%s", pcap_geterr(p));
	} else {
		pcap_freecode(&program);
		r = 0;
	}
	pcap_close(p);
	return r;
}
