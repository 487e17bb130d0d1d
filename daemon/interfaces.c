/* SPDX-License-Identifier: BSD-2-Clause */
/* interfaces.c - -D, -L, and the interface that is meant when none is named. */
#include "interfaces.h"

#include <stdio.h>

#include <pcap/pcap.h>

#include "dnslookout.h"
#include "log.h"

static int find_all(pcap_if_t **ret)
{
	char error[PCAP_ERRBUF_SIZE];

	if (pcap_findalldevs(ret, error)) {
		log_error("%s", error);
		return EXIT_RUNTIME;
	}
	if (!*ret) {
		log_error("no interface to capture on");
		return EXIT_RUNTIME;
	}
	return 0;
}

/* tcpdump's words for what is known of the connection. */
static const char *connection(bpf_u_int32 flags)
{
	bool wireless = flags & PCAP_IF_WIRELESS;

	switch (flags & PCAP_IF_CONNECTION_STATUS) {
	case PCAP_IF_CONNECTION_STATUS_UNKNOWN:
		return wireless ? ", Association status unknown"
				: ", Connection status unknown";
	case PCAP_IF_CONNECTION_STATUS_CONNECTED:
		return wireless ? ", Associated" : ", Connected";
	case PCAP_IF_CONNECTION_STATUS_DISCONNECTED:
		return wireless ? ", Not associated" : ", Disconnected";
	default: /* does not apply */
		return "";
	}
}

static void print_flags(bpf_u_int32 flags)
{
	static const struct {
		bpf_u_int32 flag;
		const char *text;
	} rows[] = {
		{PCAP_IF_UP, "Up"},
		{PCAP_IF_RUNNING, "Running"},
		{PCAP_IF_LOOPBACK, "Loopback"},
		{PCAP_IF_WIRELESS, "Wireless"},
	};
	const char *before = "";

	printf(" [");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (flags & rows[i].flag) {
			printf("%s%s", before, rows[i].text);
			before = ", ";
		}
	}
	printf("%s%s]", *before ? "" : "none", connection(flags));
}

int interfaces_print(void)
{
	pcap_if_t *all, *i;
	int r = find_all(&all), n = 1;

	if (r) {
		return r;
	}
	for (i = all; i; i = i->next) {
		printf("%d.%s", n++, i->name);
		if (i->description) {
			printf(" (%s)", i->description);
		}
		if (i->flags) {
			print_flags(i->flags);
		}
		putchar('\n');
	}
	pcap_freealldevs(all);
	return 0;
}

int interfaces_first(char *buf, size_t cap)
{
	pcap_if_t *all;
	int r = find_all(&all);

	if (!r) {
		snprintf(buf, cap, "%s", all->name);
		pcap_freealldevs(all);
	}
	return r;
}

static int print_types_of(pcap_t *p, const char *name)
{
	int *types, n = pcap_list_datalinks(p, &types);

	if (n < 0) {
		log_error("%s: %s", name, pcap_geterr(p));
		return EXIT_RUNTIME;
	}
	printf("Data link types for %s (use option -y to set):\n", name);
	for (int i = 0; i < n; i++) {
		const char *type = pcap_datalink_val_to_name(types[i]);
		const char *text = pcap_datalink_val_to_description(types[i]);

		printf("  %s (%s)%s\n", type ? type : "?", text ? text : "?",
			dlo_link_known(types[i]) ? "" : " (not decoded yet)");
	}
	pcap_free_datalinks(types);
	return 0;
}

int interfaces_print_link_types(const struct options *o)
{
	char first[64], error[PCAP_ERRBUF_SIZE];
	const char *name = first;
	pcap_t *p;
	int r = 0, status;

	if (o->interfaces.n) {
		name = o->interfaces.text[0];
	} else {
		r = interfaces_first(first, sizeof(first));
	}
	if (r) {
		return r;
	}
	p = pcap_create(name, error);
	if (!p) {
		log_error("%s: %s", name, error);
		return EXIT_RUNTIME;
	}
	status = pcap_activate(p);
	if (status < 0) {
		log_error("%s: %s", name, pcap_statustostr(status));
		r = EXIT_RUNTIME;
	} else {
		r = print_types_of(p, name);
	}
	pcap_close(p);
	return r;
}
