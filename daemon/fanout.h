/* SPDX-License-Identifier: BSD-2-Clause */
/* fanout.h - the frames of an interface spread over several sockets. */
#ifndef FANOUT_H
#define FANOUT_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define FANOUT_CODE_MAX 192u

/* An EtherType that no frame has: what a socket is bound to until it joins. */
#define FANOUT_NO_PROTOCOL 0xffff

/* For the kernel's BPF machine, or libpcap's. */
struct fanout_program {
	unsigned n;
	struct sock_filter code[FANOUT_CODE_MAX];
};

/*
 * The program that says which socket a frame is for: a number, of which the
 * kernel takes the rest by how many sockets there are. `base`: where headers
 * are loaded from, SKF_LL_OFF; 0 for libpcap's bpf_filter().
 */
void fanout_ethernet(uint32_t base, struct fanout_program *ret);

/* The same of a socket with any other link type, where the kernel says what a
 * packet is. */
void fanout_cooked(struct fanout_program *ret);

/*
 * Lets a packet socket, bound to FANOUT_NO_PROTOCOL, into a group: *group < 0
 * makes one. It is bound to all protocols then, and a filter is set that
 * refuses all frames, so that it sees none which is another's: to be exchanged
 * when all have joined, by fanout_open_filter() if there is none.
 * 0, -errno; -EOPNOTSUPP: it is no packet socket.
 */
int fanout_join(int fd, bool ethernet, int *group);

/* Lets all frames pass. 0, -errno. */
int fanout_open_filter(int fd);

#endif
