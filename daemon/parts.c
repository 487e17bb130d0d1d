/* SPDX-License-Identifier: BSD-2-Clause */
/* parts.c - the sources that are parts of one interface: one behind the other,
 * and the first speaks for all. */
#include "parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

/*
 * Theory of operation
 *
 * Only when all sockets of an interface are in one group is each frame seen by
 * one of them. So they come and go together: the first's thread opens them
 * all, and gives the others theirs; whichever is of no use any more, the others
 * are closed too, and the first does not open new ones before that is done.
 */

enum { NOT_LOST, BEING_LOST, LOST };

static void give(struct source *s, pcap_t *pcap)
{
	atomic_store_explicit(&s->holds, true, memory_order_relaxed);
	/* Pairs with the acquire in source_take_handle(): it is open. */
	atomic_store_explicit(&s->given, pcap, memory_order_release);
	source_wake(s);
}

int parts_open(struct source *first, struct handle *ret)
{
	const struct source_context *c = first->shared;
	const unsigned n = first->n_more + 1;
	struct handle *h = calloc(n, sizeof(*h));
	int r;

	if (!h) {
		*ret = (struct handle){.text = "out of memory"};
		return EXIT_RUNTIME;
	}
	r = handle_open(c->options, c->programs, first->interface, h, n);
	if (!r) {
		atomic_store(&first->lost, NOT_LOST);
	}
	for (unsigned i = 1; !r && i < n; i++) {
		give(first + i, h[i].pcap);
	}
	*ret = h[0];
	free(h);
	return r;
}

/* What all of its parts begin with. */
static void begin_parts(struct source *s, unsigned n,
	struct source_context *shared, const char *interface)
{
	for (unsigned i = 0; i < n; i++) {
		s[i] = (struct source){.shared = shared,
			.interface = interface,
			.part = i,
			.n_more = i ? 0 : n - 1,
			.link_type = -1,
			.filtered = shared->programs != NULL,
			.wake = -1};
	}
}

/* A handle is the thread's from now on. */
static void take_handles(struct source *s, unsigned n, pcap_t *first)
{
	for (unsigned i = 0; i < n; i++) {
		s[i].pcap = i ? source_take_handle(&s[i]) : first;
		s[i].link_type = pcap_datalink(first);
	}
}

static int init_parts(struct source *s, unsigned n)
{
	int r = 0;

	for (unsigned i = 0; !r && i < n; i++) {
		r = source_init(&s[i]);
	}
	return r;
}

int parts_open_live(
	struct source *s, struct source_context *shared, const char *interface)
{
	const struct options *o = shared->options;
	const unsigned n = o->fanout;
	struct handle h;
	int r;

	begin_parts(s, n, shared, interface);
	r = parts_open(s, &h);
	if (r && !(o->service && h.absent)) {
		log_error("%s: %s", interface, h.text);
		return r;
	}
	if (r) {
		log_warning(
			"interface %s down, waiting: %s", interface, h.text);
	} else if (*h.text) {
		log_warning("%s: %s", interface, h.text);
	}
	if (!r) {
		take_handles(s, n, h.pcap);
	}
	for (unsigned i = 0; r && i < n; i++) {
		outages_begin(&s[i].outages, clock_steady_ns());
	}
	return init_parts(s, n);
}

void parts_lose(struct source *s, const char *why)
{
	struct source *first = source_first(s);
	int before = NOT_LOST;

	if (!first->n_more || !atomic_compare_exchange_strong(
				      &first->lost, &before, BEING_LOST)) {
		return;
	}
	snprintf(first->lost_why, sizeof(first->lost_why), "%s", why);
	/* Pairs with the acquire in parts_lost(). */
	atomic_store_explicit(&first->lost, LOST, memory_order_release);
	for (unsigned i = 0; i <= first->n_more; i++) {
		source_wake(first + i);
	}
}

const char *parts_lost(struct source *s)
{
	const struct source *first = source_first(s);

	return atomic_load_explicit(&first->lost, memory_order_acquire) == LOST
		       ? first->lost_why
		       : NULL;
}

void parts_let_go(struct source *s)
{
	/* Pairs with the acquire in parts_have_let_go(). */
	atomic_store_explicit(&s->holds, false, memory_order_release);
}

bool parts_have_let_go(const struct source *first)
{
	for (unsigned i = 1; i <= first->n_more; i++) {
		if (atomic_load_explicit(
			    &first[i].holds, memory_order_acquire)) {
			return false;
		}
	}
	return true;
}
