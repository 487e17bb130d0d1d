/* SPDX-License-Identifier: BSD-2-Clause */
/* limit.c - at most so many alerts; the rest counted into a closing line. */
#include "alert/limit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/*
 * Theory of operation
 *
 * A window belongs to one (group, client). Windows lie in a table of sets of 8:
 * a key hashes to one set, and a full set gives up its oldest window, closing
 * line and all. So memory is fixed, nothing is searched beyond 8 places, and
 * nothing that was held back goes unreported. Each group also has a window of
 * all clients together (ip_version 0), which no client can push out.
 *
 * Windows of one kind all last equally long, so each kind's list, in order of
 * opening, is in order of closing too: expiring looks at the head only. Packets
 * that come a little out of order break that order a little: who needs a window
 * looks whether it is over, and only its closing line may be as late as they.
 *
 * An alert passes when its client's window has room and fewer than
 * DLO_LIMIT_FLOOD alerts of its group passed in the running minute; else it is
 * counted, in the client's window when that is full, and otherwise in the
 * window of all clients, so that a flood from a million forged addresses ends
 * in one line a minute.
 *
 * The engines of a fan-out share one, for their alerts are to be those of one
 * engine. A few alerts and idle wake-ups take the lock, no packet does. What a
 * window that closes held is copied, and told of when the lock is free again:
 * who is told may wait. Packets of an engine that lags behind are older than
 * those of the others, which is what was said above of such packets.
 */

#define WAYS 8u
#define MINUTE_NS 60000000000u

enum kind { CLIENT, EVERYBODY, N_KINDS };

struct window {
	struct window *prev, *next; /* in order of opening */
	uint64_t opened_ns;
	uint32_t group;
	uint32_t n_passed;
	uint8_t client[16];
	uint8_t ip_version;
	bool open;
	struct dlo_limit_closing held;
};

struct list {
	struct window *first, *last;
	uint64_t duration_ns;
};

struct group {
	uint64_t minute_ns; /* when the running minute began */
	uint32_t n_passed; /* in it */
	struct window everybody;
};

struct dlo_limit {
	unsigned n;
	uint32_t n_groups;
	uint64_t seed;
	pthread_mutex_t lock; /* of all that follows */
	unsigned n_owners;
	unsigned n_asking;
	struct list list[N_KINDS];
	struct group *group;
	struct window window[DLO_LIMIT_WINDOWS];
};

/* What closed windows held, told of when the lock is free. An alert needs one
 * place in each of two lists at most. */
struct due {
	unsigned n;
	struct dlo_limit_closing closing[N_KINDS];
};

static void tell(const struct due *due, const struct dlo_limit_out *out)
{
	for (unsigned i = 0; i < due->n; i++) {
		out->close(out->ctx, &due->closing[i]);
	}
}

int dlo_limit_new(unsigned n, unsigned seconds, uint32_t n_groups,
	uint64_t seed, struct dlo_limit **ret)
{
	struct dlo_limit *l = calloc(1, sizeof(*l));

	if (!l) {
		return -ENOMEM;
	}
	l->group = calloc(n_groups ? n_groups : 1, sizeof(*l->group));
	if (!l->group || pthread_mutex_init(&l->lock, NULL)) {
		free(l->group);
		free(l);
		return -ENOMEM;
	}
	l->n = n;
	l->n_groups = n_groups;
	l->seed = seed;
	l->n_owners = 1;
	l->list[CLIENT].duration_ns = seconds * (uint64_t)1000000000;
	l->list[EVERYBODY].duration_ns = MINUTE_NS;
	*ret = l;
	return 0;
}

struct dlo_limit *dlo_limit_share(struct dlo_limit *l)
{
	pthread_mutex_lock(&l->lock);
	l->n_owners++;
	pthread_mutex_unlock(&l->lock);
	return l;
}

struct dlo_limit *dlo_limit_free(struct dlo_limit *l)
{
	unsigned n_left = 0;

	if (l) {
		pthread_mutex_lock(&l->lock);
		n_left = --l->n_owners;
		pthread_mutex_unlock(&l->lock);
	}
	if (l && !n_left) {
		pthread_mutex_destroy(&l->lock);
		free(l->group);
		free(l);
	}
	return NULL;
}

static struct list *list_of(struct dlo_limit *l, const struct window *w)
{
	return &l->list[w->ip_version ? CLIENT : EVERYBODY];
}

static bool is_over(
	const struct list *list, const struct window *w, uint64_t now_ns)
{
	return now_ns >= w->opened_ns &&
	       now_ns - w->opened_ns >= list->duration_ns;
}

/* Its end, or now when it is closed before; never before what it held. */
static uint64_t closing_time(
	const struct list *list, const struct window *w, uint64_t now_ns)
{
	if (is_over(list, w, now_ns)) {
		return w->opened_ns + list->duration_ns;
	}
	return now_ns > w->held.last_ns ? now_ns : w->held.last_ns;
}

static void close_window(
	struct dlo_limit *l, struct window *w, uint64_t now_ns, struct due *due)
{
	struct list *list = list_of(l, w);

	*(w->prev ? &w->prev->next : &list->first) = w->next;
	*(w->next ? &w->next->prev : &list->last) = w->prev;
	w->open = false;
	if (w->held.count) {
		w->held.group = w->group;
		w->held.ip_version = w->ip_version;
		memcpy(w->held.client, w->client, sizeof(w->client));
		w->held.closed_ns = closing_time(list, w, now_ns);
		due->closing[due->n++] = w->held;
	}
}

static void open_window(struct dlo_limit *l, struct window *w, uint32_t group,
	const uint8_t *client, uint8_t ip_version, uint64_t ts_ns)
{
	struct list *list;

	*w = (struct window){
		.open = true,
		.opened_ns = ts_ns,
		.group = group,
		.ip_version = ip_version,
	};
	memcpy(w->client, client, sizeof(w->client));
	list = list_of(l, w);
	w->prev = list->last;
	*(list->last ? &list->last->next : &list->first) = w;
	list->last = w;
}

/* The running window of a client, opened where there is none. */
static struct window *window_of_client(struct dlo_limit *l,
	const struct dlo_limit_alert *alert, struct due *due)
{
	uint8_t client[16] = {0};
	struct window *set, *w, *place = NULL;
	uint64_t h;

	memcpy(client, alert->client, alert->ip_version == 4 ? 4 : 16);
	h = dlo_hash(client, sizeof(client),
		l->seed ^ alert->group ^ (uint64_t)alert->ip_version << 32);
	set = &l->window[h % (DLO_LIMIT_WINDOWS / WAYS) * WAYS];
	for (w = set; w < set + WAYS; w++) {
		if (w->open && w->group == alert->group &&
			w->ip_version == alert->ip_version &&
			!memcmp(w->client, client, sizeof(client))) {
			if (!is_over(&l->list[CLIENT], w, alert->ts_ns)) {
				return w;
			}
			place = w;
			break;
		}
		if (!place || (place->open &&
				      (!w->open || w->opened_ns <
							   place->opened_ns))) {
			place = w;
		}
	}
	if (place->open) {
		close_window(l, place, alert->ts_ns, due);
	}
	open_window(l, place, alert->group, client, alert->ip_version,
		alert->ts_ns);
	return place;
}

static struct window *window_of_everybody(struct dlo_limit *l,
	const struct dlo_limit_alert *alert, struct due *due)
{
	static const uint8_t nobody[16];
	struct window *w = &l->group[alert->group].everybody;

	if (w->open && is_over(&l->list[EVERYBODY], w, alert->ts_ns)) {
		close_window(l, w, alert->ts_ns, due);
	}
	if (!w->open) {
		open_window(l, w, alert->group, nobody, 0, alert->ts_ns);
	}
	return w;
}

/* Level and matches are of one alert, the first of the worst: they are read
 * together. */
static void keep_worst(
	struct dlo_limit_closing *held, const struct dlo_limit_alert *alert)
{
	uint32_t n = alert->n_matches;

	if (held->count && alert->level <= held->level) {
		return;
	}
	held->level = alert->level;
	held->n_matches = (uint8_t)(n < DLO_MATCHES_MAX ? n : DLO_MATCHES_MAX);
	memcpy(held->match, alert->match,
		held->n_matches * sizeof(held->match[0]));
}

static void hold_back(struct window *w, const struct dlo_limit_alert *alert)
{
	struct dlo_limit_closing *held = &w->held;

	keep_worst(held, alert);
	if (!held->count || alert->ts_ns < held->first_ns) {
		held->first_ns = alert->ts_ns;
	}
	if (alert->ts_ns > held->last_ns) {
		held->last_ns = alert->ts_ns;
	}
	held->count++;
}

static bool flooded(struct group *g, uint64_t ts_ns)
{
	if (!g->n_passed || ts_ns >= g->minute_ns + MINUTE_NS) {
		g->minute_ns = ts_ns;
		g->n_passed = 0;
	}
	return g->n_passed >= DLO_LIMIT_FLOOD;
}

static bool pass(struct dlo_limit *l, const struct dlo_limit_alert *alert,
	struct due *due)
{
	struct group *g = &l->group[alert->group];
	struct window *w = window_of_client(l, alert, due);

	if (w->n_passed >= l->n) {
		hold_back(w, alert);
		return false;
	}
	if (flooded(g, alert->ts_ns)) {
		hold_back(window_of_everybody(l, alert, due), alert);
		return false;
	}
	w->n_passed++;
	g->n_passed++;
	return true;
}

/* Closes a window that is over, the oldest of its list. False: none is. */
static bool close_one(
	struct dlo_limit *l, uint64_t now_ns, bool over_or_not, struct due *due)
{
	for (struct list *list = l->list; list < l->list + N_KINDS; list++) {
		struct window *w = list->first;

		if (w && (over_or_not || is_over(list, w, now_ns))) {
			close_window(l, w, now_ns, due);
			return true;
		}
	}
	return false;
}

bool dlo_limit_pass(struct dlo_limit *l, const struct dlo_limit_alert *alert,
	const struct dlo_limit_out *out)
{
	bool closed, passes = false;

	do {
		struct due due = {.n = 0};

		pthread_mutex_lock(&l->lock);
		closed = close_one(l, alert->ts_ns, false, &due);
		passes = !closed && pass(l, alert, &due);
		pthread_mutex_unlock(&l->lock);
		tell(&due, out);
	} while (closed);
	return passes;
}

/* One at a time, so that the lock is held for no longer. */
static void close_many(struct dlo_limit *l, uint64_t now_ns, bool over_or_not,
	const struct dlo_limit_out *out)
{
	bool closed;

	do {
		struct due due = {.n = 0};

		pthread_mutex_lock(&l->lock);
		closed = close_one(l, now_ns, over_or_not, &due);
		pthread_mutex_unlock(&l->lock);
		tell(&due, out);
	} while (closed);
}

void dlo_limit_expire(
	struct dlo_limit *l, uint64_t now_ns, const struct dlo_limit_out *out)
{
	close_many(l, now_ns, false, out);
}

void dlo_limit_close_all(
	struct dlo_limit *l, uint64_t now_ns, const struct dlo_limit_out *out)
{
	close_many(l, now_ns, true, out);
	pthread_mutex_lock(&l->lock);
	for (uint32_t i = 0; i < l->n_groups; i++) {
		l->group[i].n_passed = 0; /* its minute may lie ahead */
	}
	pthread_mutex_unlock(&l->lock);
}

void dlo_limit_enter(struct dlo_limit *l)
{
	pthread_mutex_lock(&l->lock);
	l->n_asking++;
	pthread_mutex_unlock(&l->lock);
}

void dlo_limit_leave(
	struct dlo_limit *l, uint64_t now_ns, const struct dlo_limit_out *out)
{
	unsigned n_left;

	pthread_mutex_lock(&l->lock);
	n_left = --l->n_asking;
	pthread_mutex_unlock(&l->lock);
	if (!n_left) {
		dlo_limit_close_all(l, now_ns, out);
	}
}

void dlo_limit_restart(struct dlo_limit *l)
{
	pthread_mutex_lock(&l->lock);
	for (struct list *list = l->list; list < l->list + N_KINDS; list++) {
		list->first = NULL;
		list->last = NULL;
	}
	memset(l->group, 0, l->n_groups * sizeof(*l->group));
	memset(l->window, 0, sizeof(l->window));
	pthread_mutex_unlock(&l->lock);
}
