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
 * `port 53` alone loses QinQ, PPPoE and every fragment but the first, and the
 * textbook `P or (vlan and P) or (pppoes and P)` is refused by the kernel and
 * then loses frames in user space too, because `vlan` and `pppoes` move the
 * offsets of all that stands behind them. So:
 *
 *	P or X or (vlan and (P or (vlan and P)))
 *
 * with P the ports and the fragments, and X PPPoE by fixed offsets, before the
 * first `vlan`: EtherType 0x8864, then the UDP or TCP ports behind an IPv4
 * header of 20 octets (42, 44) or an IPv6 header (62, 64). The live test sends
 * one frame of each shape through it.
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
	put(t, "ip[6:2] & 0x1fff != 0 or ip6 proto 44)");
	put_and(t, expression);
	put(t, ")");
}

static void put_pppoe(struct text *t, const uint16_t *ports, unsigned n_ports,
	const char *expression)
{
	static const unsigned offsets[] = {42, 44, 62, 64};

	put(t, "(ether proto 0x8864 and (");
	for (unsigned i = 0; i < n_ports; i++) {
		for (unsigned k = 0; k < 4; k++) {
			put(t, "%sether[%u:2] = %u", i || k ? " or " : "",
				offsets[k], ports[i]);
		}
	}
	put(t, ")");
	put_and(t, expression);
	put(t, ")");
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

	*ret_replaced = moves_offsets(expression);
	if (*ret_replaced) {
		put(&t, "%s", expression);
		return t.len < cap ? 0 : -1;
	}
	put_plain(&t, ports, n_ports, expression);
	if (link_type == 1) { /* Ethernet: others have no `vlan` */
		put(&t, " or ");
		put_pppoe(&t, ports, n_ports, expression);
		put(&t, " or (vlan and (");
		put_plain(&t, ports, n_ports, expression);
		put(&t, " or (vlan and ");
		put_plain(&t, ports, n_ports, expression);
		put(&t, ")))");
	}
	return t.len < cap ? 0 : -1;
}
