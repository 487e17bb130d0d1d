/* SPDX-License-Identifier: BSD-2-Clause */
/* programs.c - the filter as a program, compiled for each link type. */
#include "programs.h"

#include <stdlib.h>
#include <string.h>

#include "dnslookout.h"
#include "filter.h"
#include "log.h"

#define LINK_TYPES 512 /* more than libpcap knows */
#define SNAPLEN 262144

struct row {
	struct bpf_program program;
	char *error; /* NULL: compiled, if it has instructions */
	bool tried;
};

struct programs {
	const struct options *options;
	bool generated; /* with the generated filter */
	bool live;
	bool replaced; /* not with it: the expression looks into tags itself */
	struct row row[LINK_TYPES];
};

/* ---- one link type ------------------------------------------------------ */

/* The kernel takes VLAN tags off, and libpcap makes programs that look where it
 * puts them, but only for a handle that is open: all gateways have this one. */
static pcap_t *open_loopback(void)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create("lo", error);

	if (p && (pcap_set_snaplen(p, SNAPLEN) ||
			 pcap_set_buffer_size(p, SNAPLEN) ||
			 pcap_activate(p) < 0 ||
			 pcap_datalink(p) != DLT_EN10MB)) {
		pcap_close(p);
		p = NULL;
	}
	return p;
}

static pcap_t *open_for(const struct programs *p, int link_type)
{
	pcap_t *pcap = NULL;

	if (p->live && link_type == DLT_EN10MB) {
		pcap = open_loopback();
	}
	return pcap ? pcap : pcap_open_dead(link_type, SNAPLEN);
}

/* NULL: out of memory, or too long. */
static char *text_for(struct programs *p, int link_type)
{
	const struct options *o = p->options;
	char *text;

	if (!p->generated) {
		return strdup(o->filter);
	}
	text = malloc(FILTER_TEXT_MAX);
	if (text &&
		filter_generate(link_type, o->dns_ports.port, o->dns_ports.n,
			o->filter, text, FILTER_TEXT_MAX, &p->replaced)) {
		free(text);
		text = NULL;
	}
	return text;
}

static void compile(struct programs *p, int link_type)
{
	struct row *row = &p->row[link_type];
	pcap_t *pcap = open_for(p, link_type);
	char *text = text_for(p, link_type);

	if (!pcap || !text ||
		pcap_compile(
			pcap, &row->program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		memset(&row->program, 0, sizeof(row->program));
		row->error = strdup(!text  ? "too long"
				    : pcap ? pcap_geterr(pcap)
					   : "out of memory");
	}
	row->tried = true;
	free(text);
	if (pcap) {
		pcap_close(pcap);
	}
}

/* ---- all of them -------------------------------------------------------- */

/* What is wrong with an expression is mostly wrong for all link types; but some
 * words are for Wi-Fi alone. NULL: it is right. */
static const char *why_wrong(struct programs *p)
{
	const char *error, *other;

	if (programs_find(p, DLT_EN10MB, &error)) {
		return NULL;
	}
	return programs_find(p, DLT_IEEE802_11_RADIO, &other) ? NULL : error;
}

int programs_new(const struct options *o, bool live, struct programs **ret)
{
	bool generated = live && o->default_filter && !o->any_port;
	struct programs *p;
	const char *error;

	*ret = NULL;
	if (!generated && !*o->filter) {
		return 0;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	p->options = o;
	p->live = live;
	p->generated = generated;
	error = why_wrong(p);
	if (error) {
		log_error("filter expression: %s", error);
		programs_free(p);
		return EXIT_USAGE;
	}
	if (p->replaced) {
		log_warning("the expression looks into tags itself and is "
			    "used alone, without the generated filter");
	}
	for (int i = 0; (!live || o->service) && i < LINK_TYPES; i++) {
		programs_find(p, i, &error);
	}
	*ret = p;
	return 0;
}

const struct bpf_program *programs_find(
	struct programs *p, int link_type, const char **ret_error)
{
	struct row *row;

	*ret_error = NULL;
	if (!p || link_type < 0 || link_type >= LINK_TYPES ||
		!dlo_link_known(link_type)) {
		return NULL;
	}
	row = &p->row[link_type];
	if (!row->tried) {
		compile(p, link_type);
	}
	*ret_error = row->error;
	return row->program.bf_insns ? &row->program : NULL;
}

struct programs *programs_free(struct programs *p)
{
	for (int i = 0; p && i < LINK_TYPES; i++) {
		pcap_freecode(&p->row[i].program);
		free(p->row[i].error);
	}
	free(p);
	return NULL;
}
