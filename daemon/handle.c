/* SPDX-License-Identifier: BSD-2-Clause */
/* handle.c - an interface, opened as the options say. */
#include "handle.h"

#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dnslookout.h"
#include "fanout.h"

#define TIMEOUT_MS 100 /* of a ring block: 0 would wait for ever */

__attribute__((format(printf, 3, 4))) static int fail(
	struct handle *h, int exit_code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(h->text, sizeof(h->text), format, ap);
	va_end(ap);
	if (h->pcap) {
		pcap_close(h->pcap);
	}
	h->pcap = NULL;
	return exit_code;
}

static int say_why_not(struct handle *h, int status)
{
	const char *why = pcap_statustostr(status);
	const char *more = pcap_geterr(h->pcap);
	char exe[512] = "dnslookout";
	ssize_t n;

	h->absent = handle_is_absent(status);
	if (status == PCAP_ERROR_PERM_DENIED ||
		status == PCAP_ERROR_PROMISC_PERM_DENIED) {
		n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
		exe[n > 0 ? n : (ssize_t)strlen(exe)] = '\0';
		return fail(h, EXIT_RUNTIME,
			"no right to capture: the capability CAP_NET_RAW is "
			"missing. Run as root, or give it once: setcap "
			"cap_net_raw+ep %s",
			exe);
	}
	if (status == PCAP_ERROR || !strcmp(why, more)) {
		return fail(h, EXIT_RUNTIME, "%s", more);
	}
	return fail(h, EXIT_RUNTIME, "%s%s%s", why, *more ? ": " : "", more);
}

static int activate(struct handle *h, const struct options *o,
	const char *interface, bool alone)
{
	char error[PCAP_ERRBUF_SIZE];
	int status;

	h->pcap = pcap_create(interface, error);
	if (!h->pcap) {
		return fail(h, EXIT_RUNTIME, "%s", error);
	}
	pcap_set_snaplen(h->pcap, (int)o->snaplen);
	pcap_set_promisc(
		h->pcap, o->promiscuous && strcmp(interface, "any") != 0);
	pcap_set_timeout(h->pcap, TIMEOUT_MS);
	pcap_set_buffer_size(h->pcap, (int)(o->buffer_kib * 1024));
	pcap_set_immediate_mode(h->pcap, o->immediate);
	pcap_set_tstamp_precision(h->pcap, PCAP_TSTAMP_PRECISION_NANO);
	if (!alone) {
		pcap_set_protocol_linux(h->pcap, FANOUT_NO_PROTOCOL);
	}
	status = pcap_activate(h->pcap);
	if (status < 0) {
		return say_why_not(h, status);
	}
	if (status > 0 || *pcap_geterr(h->pcap)) {
		snprintf(h->text, sizeof(h->text), "%s",
			*pcap_geterr(h->pcap) ? pcap_geterr(h->pcap)
					      : pcap_statustostr(status));
	}
	return pcap_setnonblock(h->pcap, 1, error)
		       ? fail(h, EXIT_RUNTIME, "%s", error)
		       : 0;
}

static int set_link_type(struct handle *h, const struct options *o)
{
	int wanted = o->link_type ? pcap_datalink_name_to_val(o->link_type)
				  : pcap_datalink(h->pcap);

	if (!o->link_type && wanted == DLT_LINUX_SLL) {
		/* `any` can say which interface, if asked before the filter. */
		pcap_set_datalink(h->pcap, DLT_LINUX_SLL2);
	} else if (o->link_type && pcap_set_datalink(h->pcap, wanted) < 0) {
		return fail(h, EXIT_RUNTIME, "%s", pcap_geterr(h->pcap));
	}
	h->link_type = pcap_datalink(h->pcap);
	if (!dlo_link_known(h->link_type)) {
		return fail(h, EXIT_RUNTIME, "link type %s is not decoded yet",
			pcap_datalink_val_to_name(h->link_type));
	}
	return 0;
}

/* What no filter is to be set for had one until it had joined. */
static int set_filter(struct handle *h, struct programs *programs, bool alone)
{
	const char *error;
	const struct bpf_program *program =
		programs_find(programs, h->link_type, &error);
	struct bpf_program copy; /* its type is not const */
	int r;

	if (error) {
		return fail(h, EXIT_USAGE, "filter expression: %s", error);
	}
	if (program) {
		copy = *program;
		if (pcap_setfilter(h->pcap, &copy)) {
			return fail(
				h, EXIT_RUNTIME, "%s", pcap_geterr(h->pcap));
		}
	} else if (!alone) {
		r = fanout_open_filter(pcap_fileno(h->pcap));
		return r ? fail(h, EXIT_RUNTIME, "fan-out: %s", strerror(-r))
			 : 0;
	}
	return 0;
}

static int join(struct handle *h, int *group)
{
	int r = fanout_join(
		pcap_fileno(h->pcap), h->link_type == DLT_EN10MB, group);

	h->absent = r == -ENETDOWN || r == -ENODEV;
	if (r == -EOPNOTSUPP) {
		return fail(
			h, EXIT_RUNTIME, "fan-out is for network interfaces");
	}
	return r ? fail(h, EXIT_RUNTIME, "fan-out: %s", strerror(-r)) : 0;
}

/* All have joined before the first sees a frame. *ret_i: which one it is about.
 */
static int open_each(const struct options *o, struct programs *programs,
	const char *interface, struct handle *h, unsigned n, unsigned *ret_i)
{
	const bool alone = n == 1;
	int r = 0, group = -1;

	for (unsigned i = 0; !r && i < n; i++) {
		*ret_i = i;
		r = activate(&h[i], o, interface, alone);
		r = r ? r : set_link_type(&h[i], o);
		r = r || alone ? r : join(&h[i], &group);
	}
	for (unsigned i = 0; !r && i < n; i++) {
		*ret_i = i;
		r = set_filter(&h[i], programs, alone);
	}
	return r;
}

int handle_open(const struct options *o, struct programs *programs,
	const char *interface, struct handle *ret, unsigned n)
{
	unsigned at = 0;
	int r;

	memset(ret, 0, n * sizeof(*ret));
	if (o->link_type && pcap_datalink_name_to_val(o->link_type) < 0) {
		return fail(
			ret, EXIT_USAGE, "unknown link type %s", o->link_type);
	}
	r = open_each(o, programs, interface, ret, n, &at);
	if (r) {
		memmove(ret->text, ret[at].text, sizeof(ret->text));
		ret->absent = ret[at].absent;
	}
	for (unsigned i = 0; r && i < n; i++) {
		if (ret[i].pcap) {
			pcap_close(ret[i].pcap);
		}
		ret[i].pcap = NULL;
	}
	return r;
}

bool handle_is_absent(int status)
{
	return status == PCAP_ERROR_NO_SUCH_DEVICE ||
	       status == PCAP_ERROR_IFACE_NOT_UP;
}

bool handle_is_stale(pcap_t *pcap, const char *interface)
{
	int fd = pcap_fileno(pcap);
	struct sockaddr_ll bound = {0};
	socklen_t len = sizeof(bound);
	struct ifreq now = {0};

	/* Some have no network interface behind them, `any` has all. */
	if (getsockname(fd, (struct sockaddr *)&bound, &len) ||
		bound.sll_family != AF_PACKET || !bound.sll_ifindex) {
		return false;
	}
	snprintf(now.ifr_name, sizeof(now.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCGIFINDEX, &now)) {
		return errno == ENODEV;
	}
	return now.ifr_ifindex != bound.sll_ifindex;
}
