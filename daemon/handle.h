/* SPDX-License-Identifier: BSD-2-Clause */
/* handle.h - an interface, opened as the options say. */
#ifndef HANDLE_H
#define HANDLE_H

#include <stdbool.h>

#include <pcap/pcap.h>

#include "options.h"
#include "programs.h"

struct handle {
	pcap_t *pcap; /* NULL: not open */
	int link_type;
	/* Without the interface's name: what went wrong; when it is open, a
	 * warning, or "". */
	char text[1024];
	bool absent; /* not there, or down: it may come */
};

/*
 * Opens an interface: with the options' settings, the filter set, and not
 * blocking. n > 1: so many times, each frame to be seen by one (fanout.h); all
 * or none. 0; an exit code with ret->text. Any thread; a handle is that
 * thread's, or of one that is started later or is given it. Waits for nobody,
 * but the kernel may take some milliseconds. Needs CAP_NET_RAW.
 */
int handle_open(const struct options *o, struct programs *programs,
	const char *interface, struct handle *ret, unsigned n);

/* Whether pcap_activate() says that there is no such interface, or that it is
 * down: it may come. */
bool handle_is_absent(int status);

/*
 * Whether the interface of that name is not the one that was opened: it was
 * deleted, or has another name now, which libpcap notices only of one that is
 * down. Two system calls.
 */
bool handle_is_stale(pcap_t *pcap, const char *interface);

#endif
