/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.h - the control socket: who has the right may ask a running service
 * (commands.h).
 *
 * A client connects, sends one request (request.h), gets one answer and is
 * disconnected.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "loop.h"

struct control;

/*
 * Makes the socket that the options ask for and serves it while the loop runs,
 * whose fields the answers are about. After loop_open(), and while the rights
 * to make it are there. That there is none is a warning, or an error where the
 * path or the group was given. 0; an exit code after a message; *ret is to be
 * closed either way.
 */
int control_open(struct loop *l, struct control **ret);

/* Removes the socket and frees. After loop_close(). NULL is fine. */
void control_close(struct control *c);

#endif
