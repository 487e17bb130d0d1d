/* SPDX-License-Identifier: BSD-2-Clause */
/* account.c - what became of the alerts that an output was given. */
#include "account.h"

void account_init(struct account *a)
{
	pthread_mutex_init(&a->lock, NULL);
	a->n = (struct account_counts){0};
}

void account_fini(struct account *a)
{
	pthread_mutex_destroy(&a->lock);
}

void account_add(struct account *a, const struct account_counts *delta)
{
	pthread_mutex_lock(&a->lock);
	a->n.taken += delta->taken;
	a->n.recovered += delta->recovered;
	a->n.delivered += delta->delivered;
	a->n.spooled += delta->spooled;
	a->n.lost += delta->lost;
	a->n.unread += delta->unread;
	pthread_mutex_unlock(&a->lock);
}

struct account_counts account_get(struct account *a)
{
	struct account_counts n;

	pthread_mutex_lock(&a->lock);
	n = a->n;
	pthread_mutex_unlock(&a->lock);
	return n;
}

uint64_t account_waiting(const struct account_counts *n)
{
	return n->taken + n->recovered - n->delivered - n->spooled - n->lost -
	       n->unread;
}
