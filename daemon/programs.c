/* SPDX-License-Identifier: BSD-2-Clause */
/* programs.c - the user's expression, compiled for each link type. */
#include "programs.h"

#include <stdlib.h>
#include <string.h>

#include "dnslookout.h"
#include "log.h"
#include "options.h"

#define LINK_TYPES 512 /* more than libpcap knows */
#define SNAPLEN 262144

struct row {
	struct bpf_program program;
	char *error; /* NULL: compiled, if it has instructions */
};

struct programs {
	struct row row[LINK_TYPES];
};

static void compile(struct row *row, int link_type, const char *expression)
{
	pcap_t *p = pcap_open_dead(link_type, SNAPLEN);

	if (!p || pcap_compile(p, &row->program, expression, 1,
			  PCAP_NETMASK_UNKNOWN)) {
		memset(&row->program, 0, sizeof(row->program));
		row->error = strdup(p ? pcap_geterr(p) : "out of memory");
	}
	if (p) {
		pcap_close(p);
	}
}

int programs_new(const char *expression, struct programs **ret)
{
	struct programs *p;

	*ret = NULL;
	if (!*expression) {
		return 0;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	/* First, for what is wrong is mostly wrong for all. */
	compile(&p->row[DLT_EN10MB], DLT_EN10MB, expression);
	if (p->row[DLT_EN10MB].error) {
		log_error("filter expression: %s", p->row[DLT_EN10MB].error);
		programs_free(p);
		return EXIT_USAGE;
	}
	for (int i = 0; i < LINK_TYPES; i++) {
		if (i != DLT_EN10MB && dlo_link_known(i)) {
			compile(&p->row[i], i, expression);
		}
	}
	*ret = p;
	return 0;
}

const struct bpf_program *programs_find(
	const struct programs *p, int link_type, const char **ret_error)
{
	const struct row *row = p && link_type >= 0 && link_type < LINK_TYPES
					? &p->row[link_type]
					: NULL;

	*ret_error = row ? row->error : NULL;
	return row && row->program.bf_insns ? &row->program : NULL;
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
