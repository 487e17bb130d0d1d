/* SPDX-License-Identifier: BSD-2-Clause */
/* list_watch.h - a reload when a list, or a folder of them, has changed. */
#ifndef LIST_WATCH_H
#define LIST_WATCH_H

#include "reload.h"

struct list_watch;

/* Looks again and again while the loop runs. 0, -errno. */
int list_watch_open(uv_loop_t *uv, struct reload *r, struct list_watch **ret);

/* When the loop has ended. NULL is fine. */
void list_watch_close(struct list_watch *w);

#endif
