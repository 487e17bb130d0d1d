/* SPDX-License-Identifier: BSD-2-Clause */
/* tallies.c - what was only counted, by service and client. */
#include "tallies.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "plural.h"

struct tally_service {
	char *rule_id, *title, *category, *service;
};

struct tally_row {
	uint32_t service; /* its number */
	uint8_t client[16];
	uint8_t ip_version; /* 0: other clients */
	uint64_t count;
};

/* ---- services ----------------------------------------------------------- */

static void free_service(struct tally_service *s)
{
	free(s->rule_id);
	free(s->title);
	free(s->category);
	free(s->service);
}

static bool add_service(struct tallies *t, const struct dlo_tally_row *row)
{
	struct tally_service *more =
		realloc(t->service, (t->n_services + 1) * sizeof(*more));
	struct tally_service s = {.rule_id = strdup(row->rule_id),
		.title = strdup(row->title),
		.category = strdup(row->category),
		.service = strdup(row->service)};

	t->service = more ? more : t->service;
	if (!more || !s.rule_id || !s.title || !s.category || !s.service) {
		free_service(&s);
		return false;
	}
	t->service[t->n_services++] = s;
	return true;
}

/* Its number; that of none when there is no memory. A rule may have another
 * title or category in the next set: the first is kept. */
static unsigned find_service(struct tallies *t, const struct dlo_tally_row *row)
{
	unsigned i = 0;

	while (i < t->n_services &&
		(strcmp(t->service[i].service, row->service) != 0 ||
			strcmp(t->service[i].rule_id, row->rule_id) != 0)) {
		i++;
	}
	if (i == t->n_services) {
		add_service(t, row);
	}
	return i;
}

/* ---- rows --------------------------------------------------------------- */

static bool make_room(struct tallies *t)
{
	size_t cap = t->cap ? 2 * t->cap : 64;
	struct tally_row *more;

	if (t->n < t->cap) {
		return true;
	}
	more = realloc(t->row, cap * sizeof(*more));
	if (more) {
		t->row = more;
		t->cap = cap;
	}
	return more;
}

void tallies_add(void *ctx, const struct dlo_tally_row *row)
{
	struct tallies *t = ctx;
	unsigned service = find_service(t, row);
	struct tally_row own = {.service = service,
		.ip_version = row->ip_version,
		.count = row->count};

	if (service < t->n_services && make_room(t)) {
		memcpy(own.client, row->client, sizeof(own.client));
		t->row[t->n++] = own;
	}
}

static int by_service(const void *a, const void *b, void *ctx)
{
	const struct tally_row *x = a, *y = b;
	const struct tallies *t = ctx;
	const struct tally_service *s = &t->service[x->service],
				   *u = &t->service[y->service];
	int r = strcmp(s->category, u->category);

	r = r ? r : strcmp(s->service, u->service);
	r = r ? r : strcmp(s->rule_id, u->rule_id);
	r = r ? r : x->ip_version - y->ip_version;
	return r ? r : memcmp(x->client, y->client, sizeof(x->client));
}

/* One row a client, whichever interface he was seen on. */
static void merge(struct tallies *t)
{
	size_t n = 0;

	if (t->n) {
		qsort_r(t->row, t->n, sizeof(t->row[0]), by_service, t);
	}
	for (size_t i = 0; i < t->n; i++) {
		if (n > 0 && !by_service(&t->row[n - 1], &t->row[i], t)) {
			t->row[n - 1].count += t->row[i].count;
		} else {
			t->row[n++] = t->row[i];
		}
	}
	t->n = n;
}

/* Makes clients with a count of at most that to others. */
static void fold(struct tallies *t, uint64_t count)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->row[i].count <= count) {
			t->row[i].ip_version = 0;
			memset(t->row[i].client, 0, sizeof(t->row[i].client));
		}
	}
}

void tallies_settle(struct tallies *t)
{
	merge(t);
	/* Each service may have its row of others. */
	for (uint64_t count = 1; t->n > TALLIES_MAX + t->n_services;
		count *= 2) {
		fold(t, count);
		merge(t);
	}
}

void tallies_free(struct tallies *t)
{
	for (unsigned i = 0; i < t->n_services; i++) {
		free_service(&t->service[i]);
	}
	free(t->service);
	free(t->row);
	*t = (struct tallies){0};
}

/* ---- for a person ------------------------------------------------------- */

/* Text of a list, or of a list's file name. */
static void print_label(FILE *f, const char *text, const char *otherwise)
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", *text ? text : otherwise);
	log_clean(copy, strlen(copy));
	fputs(copy, f);
}

static void print_clients(FILE *f, const struct tally_row *row, size_t n)
{
	char client[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < n; i++) {
		if (!row[i].ip_version) {
			memcpy(client, "others", sizeof("others"));
		} else {
			inet_ntop(row[i].ip_version == 4 ? AF_INET : AF_INET6,
				row[i].client, client, sizeof(client));
		}
		fprintf(f, "\t%s %" PRIu64 "\n", client, row[i].count);
	}
}

/* row[0..n) are of one service; its row of others, if there is one, is the
 * first. */
static void print_service(FILE *f, const struct tally_service *s,
	const struct tally_row *row, size_t n, bool verbose)
{
	size_t n_others = row->ip_version ? 0 : 1, n_clients = n - n_others;
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += row[i].count;
	}
	fputs("  ", f);
	print_label(f, s->category, s->title);
	fputc('/', f);
	print_label(f, s->service, "-");
	fprintf(f, ": %" PRIu64 " by ", sum);
	if (n_clients) {
		fprintf(f, "%zu client%s%s", n_clients, plural(n_clients),
			n_others ? " and " : "");
	}
	fprintf(f, "%s\n", n_others ? "others" : "");
	if (verbose) {
		print_clients(f, row, n);
	}
}

void tallies_print(FILE *f, struct tallies *t, bool verbose)
{
	const struct tally_row *row;

	tallies_settle(t);
	row = t->row;
	if (t->n) {
		fputs("counted only:\n", f);
	}
	for (size_t i = 0, end; i < t->n; i = end) {
		for (end = i; end < t->n && row[end].service == row[i].service;
			end++) {
		}
		print_service(f, &t->service[row[i].service], &row[i], end - i,
			verbose);
	}
}
