/* SPDX-License-Identifier: BSD-2-Clause */
/* list_watch.c - a reload when a list, or a folder of them, has changed. */
#include "list_watch.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Theory of operation
 *
 * Folders are looked through every other second: a stat() a list. Notices of
 * the kernel would be sooner, but there are none on NFS, none of what a link
 * leads to, and none from a folder that takes the place of the watched one.
 */

#define PERIOD_MS 2000

struct list_watch {
	uv_timer_t timer;
	struct reload *reload;
};

static void on_period(uv_timer_t *timer)
{
	struct list_watch *w = timer->data;

	reload_look(w->reload);
}

int list_watch_open(uv_loop_t *uv, struct reload *r, struct list_watch **ret)
{
	struct list_watch *w = calloc(1, sizeof(*w));
	int err = w ? uv_timer_init(uv, &w->timer) : -ENOMEM;

	if (err) {
		free(w);
		return err;
	}
	w->reload = r;
	w->timer.data = w;
	*ret = w;
	return uv_timer_start(&w->timer, on_period, PERIOD_MS, PERIOD_MS);
}

void list_watch_close(struct list_watch *w)
{
	free(w);
}
