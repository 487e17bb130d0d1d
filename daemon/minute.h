/* SPDX-License-Identifier: BSD-2-Clause */
/* minute.h - what the loop thread looks at once a minute, live. */
#ifndef MINUTE_H
#define MINUTE_H

#include "source.h"

#define MINUTE_CENSUS 60 /* between two of the service */

/*
 * Says once when an interface has shown no query for so long, and once when it
 * does again; as a service, also the census when it is due. minute: of the
 * program's, from 1.
 */
void minute_tick(
	struct source *sources, unsigned n, unsigned minute, bool service);

#endif
