/* SPDX-License-Identifier: BSD-2-Clause */
/* outages.c - how long an interface has been away, how often, and when to look
 * for it again. */
#include "outages.h"

/* Counters that others read: nothing else hangs on them. */
static uint64_t get(const atomic_uint_fast64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

static void set(atomic_uint_fast64_t *v, uint64_t value)
{
	atomic_store_explicit(v, value, memory_order_relaxed);
}

bool outages_begin(struct outages *o, uint64_t now_ns)
{
	bool begins = !get(&o->since_ns);

	o->pause_ns = OUTAGES_PAUSE_MIN_NS;
	o->retry_ns = now_ns + o->pause_ns;
	if (begins) {
		set(&o->n, get(&o->n) + 1);
		set(&o->since_ns, now_ns);
	}
	return begins;
}

void outages_failed(struct outages *o, uint64_t now_ns)
{
	o->pause_ns = o->pause_ns < OUTAGES_PAUSE_MAX_NS / 2
			      ? 2 * o->pause_ns
			      : OUTAGES_PAUSE_MAX_NS;
	o->retry_ns = now_ns + o->pause_ns;
}

uint64_t outages_end(struct outages *o, uint64_t now_ns)
{
	uint64_t length_ns = now_ns - get(&o->since_ns);

	set(&o->past_ns, get(&o->past_ns) + length_ns);
	set(&o->since_ns, 0);
	return length_ns;
}

bool outages_is_on(const struct outages *o)
{
	return get(&o->since_ns);
}

uint64_t outages_total_ns(const struct outages *o, uint64_t now_ns)
{
	uint64_t since_ns = get(&o->since_ns);

	return get(&o->past_ns) +
	       (since_ns && now_ns > since_ns ? now_ns - since_ns : 0);
}
