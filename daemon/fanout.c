/* SPDX-License-Identifier: BSD-2-Clause */
/* fanout.c - the frames of an interface spread over several sockets. */
#include "fanout.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * Theory of operation
 *
 * The kernel gives each frame to one socket of a group (packet(7),
 * PACKET_FANOUT), each of which has its own thread and engine. What has to meet
 * in one engine: the fragments of a datagram, the segments of a flow, a query
 * and its response (wire/pair.h), both directions of a tunnel.
 *
 * The kernel's own hash of flows does not do: it takes the ports in, which all
 * fragments but the first lack, so that a response in fragments would not get
 * to where its query went, and be said again. Of what all of them have in
 * common there are only the two addresses, so a program hashes those, the same
 * both ways. It costs that all between one client and one server is one
 * engine's: a single forwarder that asks a single resolver is not spread. Most
 * wires have many clients, or a resolver's many servers.
 *
 * The addresses are those of the outermost IP header, which in a tunnel are
 * the tunnel's. That is no loss: the engine pairs nothing across two tunnels
 * (dlo_dgram.context). What may stand in one direction only is looked behind:
 * VLAN tags (the kernel takes the outer one off what comes in, not off what
 * goes out), MPLS labels, PPPoE. All else goes to the first socket.
 *
 * A frame is read from where its Ethernet header is, not from where a program's
 * offset 0 is, for that is the network header of what comes in and the link
 * header of what goes out. Link types other than Ethernet, and `any`, have the
 * EtherType from the kernel, and the network header.
 *
 * To be loaded, headers have to be in the linear part of the kernel's buffer
 * (before Linux 6.15), which drivers see to; what is not goes to the first
 * socket.
 */

/* ---- a small assembler --------------------------------------------------- */

enum label {
	NEXT,
	INCOMING,
	TAG_1,
	TAG_2,
	TAG_3,
	TAG_4,
	TYPES,
	MPLS,
	PPPOE,
	LONG_PPP,
	IP,
	V6,
	MIX,
	FIRST,
	N_LABELS
};

#define N_TAGS 4
#define N_MPLS_LABELS 6

struct assembler {
	struct fanout_program *out;
	uint32_t base;
	enum label to[FANOUT_CODE_MAX]; /* NEXT: no jump */
	unsigned at[N_LABELS];
};

static void op(struct assembler *a, unsigned code, uint32_t k)
{
	struct fanout_program *p = a->out;

	assert(p->n < FANOUT_CODE_MAX);
	a->to[p->n] = NEXT;
	p->code[p->n++] = (struct sock_filter){.code = (uint16_t)code, .k = k};
}

/* Goes to the label if A is k (JEQ) or has a bit of it (JSET). */
static void jump_if(
	struct assembler *a, unsigned test, uint32_t k, enum label to)
{
	op(a, BPF_JMP | test | BPF_K, k);
	a->to[a->out->n - 1] = to;
}

static void jump(struct assembler *a, enum label to)
{
	jump_if(a, BPF_JA, 0, to);
}

static void here(struct assembler *a, enum label label)
{
	a->at[label] = a->out->n;
}

/* Puts distances in place of labels. */
static void link_up(struct assembler *a)
{
	for (unsigned i = 0; i < a->out->n; i++) {
		struct sock_filter *c = &a->out->code[i];
		unsigned distance = a->at[a->to[i]] - i - 1;

		if (a->to[i] == NEXT) {
			continue;
		}
		assert(a->at[a->to[i]] > i && distance < 256);
		if (BPF_OP(c->code) == BPF_JA) {
			c->k = distance;
		} else {
			c->jt = (uint8_t)distance;
		}
	}
}

/* A: what stands at X + offset; size: BPF_B, BPF_H, BPF_W. */
static void load(struct assembler *a, unsigned size, uint32_t offset)
{
	op(a, BPF_LD | size | BPF_IND, a->base + offset);
}

/* X += n; A is lost. */
static void skip(struct assembler *a, uint32_t n)
{
	op(a, BPF_MISC | BPF_TXA, 0);
	op(a, BPF_ALU | BPF_ADD | BPF_K, n);
	op(a, BPF_MISC | BPF_TAX, 0);
}

/* ---- the program --------------------------------------------------------- */

/* X: where a packet begins; A: its EtherType. Goes on behind its VLAN tags,
 * IEEE 802.1Q, 9.6. */
static void put_tags(struct assembler *a)
{
	for (unsigned i = 0; i < N_TAGS; i++) {
		jump_if(a, BPF_JEQ, ETH_P_8021Q, TAG_1 + i);
		jump_if(a, BPF_JEQ, ETH_P_8021AD, TAG_1 + i);
		jump_if(a, BPF_JEQ, 0x9100, TAG_1 + i);
		jump(a, TYPES);
		here(a, TAG_1 + i);
		load(a, BPF_H, 2);
		op(a, BPF_ST, 0);
		skip(a, 4);
		op(a, BPF_LD | BPF_MEM, 0);
	}
	here(a, TYPES);
}

static void put_types(struct assembler *a)
{
	jump_if(a, BPF_JEQ, ETH_P_IP, IP);
	jump_if(a, BPF_JEQ, ETH_P_IPV6, IP);
	jump_if(a, BPF_JEQ, ETH_P_PPP_SES, PPPOE);
	jump_if(a, BPF_JEQ, ETH_P_MPLS_UC, MPLS);
	jump_if(a, BPF_JEQ, ETH_P_MPLS_MC, MPLS);
	jump(a, FIRST);
}

/* RFC 2516, 4: six octets, then the protocol of PPP, which may be one octet
 * (RFC 1661, 6.5). */
static void put_pppoe(struct assembler *a)
{
	here(a, PPPOE);
	load(a, BPF_B, 6);
	op(a, BPF_ALU | BPF_XOR | BPF_K, 1);
	jump_if(a, BPF_JSET, 1, LONG_PPP);
	skip(a, 7);
	jump(a, IP);
	here(a, LONG_PPP);
	skip(a, 8);
	jump(a, IP);
}

/* RFC 3032, 2.1: words, of which the last has the bottom bit. */
static void put_mpls(struct assembler *a)
{
	here(a, MPLS);
	for (unsigned i = 0; i < N_MPLS_LABELS; i++) {
		load(a, BPF_B, 2);
		op(a, BPF_ST, 0);
		skip(a, 4);
		op(a, BPF_LD | BPF_MEM, 0);
		jump_if(a, BPF_JSET, 1, IP);
	}
	jump(a, FIRST);
}

/* A += what stands at X + source and X + destination; then mixed. X stays. */
static void put_pair(struct assembler *a, uint32_t source, uint32_t destination)
{
	enum { SUM, OFFSET, WORD };

	op(a, BPF_ST, SUM);
	op(a, BPF_STX, OFFSET);
	load(a, BPF_W, source);
	op(a, BPF_ST, WORD);
	load(a, BPF_W, destination);
	op(a, BPF_LDX | BPF_MEM, WORD);
	op(a, BPF_ALU | BPF_ADD | BPF_X, 0);
	op(a, BPF_LDX | BPF_MEM, SUM);
	op(a, BPF_ALU | BPF_ADD | BPF_X, 0);
	op(a, BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1);
	op(a, BPF_LDX | BPF_MEM, OFFSET);
}

/* A ^= A >> n, then a product. */
static void put_fold(struct assembler *a, unsigned n, uint32_t factor)
{
	op(a, BPF_MISC | BPF_TAX, 0);
	op(a, BPF_ALU | BPF_RSH | BPF_K, n);
	op(a, BPF_ALU | BPF_XOR | BPF_X, 0);
	op(a, BPF_ALU | BPF_MUL | BPF_K, factor);
}

/* A sum of both addresses is the same both ways. That of neighbours differs in
 * low bits; of what is made of it the kernel takes low bits again, or all: the
 * last steps of MurmurHash3 bring each bit to each other. */
static void put_addresses(struct assembler *a)
{
	here(a, IP);
	load(a, BPF_B, 0);
	op(a, BPF_ALU | BPF_RSH | BPF_K, 4);
	jump_if(a, BPF_JEQ, 6, V6);
	op(a, BPF_ALU | BPF_XOR | BPF_K, 4);
	jump_if(a, BPF_JSET, 15, FIRST);
	put_pair(a, 12, 16); /* RFC 791, 3.1; A is 0 */
	jump(a, MIX);
	here(a, V6); /* RFC 8200, 3 */
	for (uint32_t i = 0; i < 16; i += 4) {
		put_pair(a, 8 + i, 24 + i);
	}
	here(a, MIX);
	put_fold(a, 16, 0x85ebca6b);
	put_fold(a, 13, 0xc2b2ae35);
	put_fold(a, 16, 1);
	op(a, BPF_RET | BPF_A, 0);
	here(a, FIRST);
	op(a, BPF_RET | BPF_K, 0);
}

static void put_rest(struct assembler *a)
{
	put_tags(a);
	put_types(a);
	put_pppoe(a);
	put_mpls(a);
	put_addresses(a);
	link_up(a);
}

void fanout_ethernet(uint32_t base, struct fanout_program *ret)
{
	struct assembler a = {.out = ret, .base = base};

	ret->n = 0;
	op(&a, BPF_LDX | BPF_IMM, ETH_HLEN);
	op(&a, BPF_LD | BPF_H | BPF_ABS, base + 12);
	put_rest(&a);
}

/* What goes out with a tag in it has its network header behind that; what comes
 * in has it at the tag that was not taken off. */
void fanout_cooked(struct fanout_program *ret)
{
	struct assembler a = {.out = ret, .base = (uint32_t)SKF_NET_OFF};

	ret->n = 0;
	op(&a, BPF_LDX | BPF_IMM, 0);
	op(&a, BPF_LD | BPF_W | BPF_ABS,
		(uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
	op(&a, BPF_ST, 0);
	op(&a, BPF_LD | BPF_W | BPF_ABS,
		(uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
	op(&a, BPF_ALU | BPF_XOR | BPF_K, PACKET_OUTGOING);
	jump_if(&a, BPF_JSET, UINT32_MAX, INCOMING);
	op(&a, BPF_LD | BPF_MEM, 0);
	jump_if(&a, BPF_JEQ, ETH_P_8021Q, IP);
	jump_if(&a, BPF_JEQ, ETH_P_8021AD, IP);
	jump(&a, TYPES);
	here(&a, INCOMING);
	op(&a, BPF_LD | BPF_MEM, 0);
	put_rest(&a);
}

/* ---- sockets ------------------------------------------------------------- */

static int set_filter(int fd, int option, struct sock_filter *code, unsigned n)
{
	struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
	int level = option == PACKET_FANOUT_DATA ? SOL_PACKET : SOL_SOCKET;

	return setsockopt(fd, level, option, &program, sizeof(program)) ? -errno
									: 0;
}

/* To all protocols, of the interface that it is bound to already. */
static int bind_to_all(int fd)
{
	struct sockaddr_ll at = {0};
	socklen_t len = sizeof(at);
	int error = 0;

	if (getsockname(fd, (struct sockaddr *)&at, &len)) {
		return -errno;
	}
	if (at.sll_family != AF_PACKET) {
		return -EOPNOTSUPP;
	}
	at.sll_protocol = htons(ETH_P_ALL);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		return -errno;
	}
	len = sizeof(error); /* of an interface that is down */
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? -errno
								  : -error;
}

static int make_group(int fd, bool ethernet, int *ret_group)
{
	int argument = (PACKET_FANOUT_CBPF | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
	socklen_t len = sizeof(argument);
	struct fanout_program program;

	if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &argument, len) ||
		getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &argument, &len)) {
		return -errno;
	}
	*ret_group = argument & 0xffff;
	if (ethernet) {
		fanout_ethernet((uint32_t)SKF_LL_OFF, &program);
	} else {
		fanout_cooked(&program);
	}
	return set_filter(fd, PACKET_FANOUT_DATA, program.code, program.n);
}

int fanout_join(int fd, bool ethernet, int *group)
{
	struct sock_filter none = {.code = BPF_RET | BPF_K, .k = 0};
	int argument = *group | PACKET_FANOUT_CBPF << 16;
	int r = set_filter(fd, SO_ATTACH_FILTER, &none, 1);

	r = r ? r : bind_to_all(fd);
	if (r || *group < 0) {
		return r ? r : make_group(fd, ethernet, group);
	}
	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &argument,
		       sizeof(argument))
		       ? -errno
		       : 0;
}

int fanout_open_filter(int fd)
{
	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0) ? -errno
								     : 0;
}
