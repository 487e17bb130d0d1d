/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_alert.h - an alert about nothing, sent down every output: shows that
 * alerts arrive where people look.
 *
 * It comes from the packet path itself, from a packet made up with reserved
 * names and addresses (RFC 2606, 5737) and a rule that says TEST. No counter of
 * alerts raised knows of it; outputs count it as what it is to them.
 */
#ifndef TEST_ALERT_H
#define TEST_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

enum test_alert_fate {
	FATE_NOT_GIVEN, /* that output takes no alerts, but packets */
	FATE_WAITING,
	FATE_DELIVERED,
	FATE_LOST, /* alerts were lost meanwhile: it may be one of them */
};

struct test_alert {
	unsigned n; /* outputs */
	const char *output[OUTPUTS_MAX]; /* their names */
	enum test_alert_fate fate[OUTPUTS_MAX];
	uint64_t delivered_at[OUTPUTS_MAX]; /* alerts delivered by then */
	uint64_t lost_before[OUTPUTS_MAX];
	char event[8192], line[1024]; /* in the forms JSON and syslog */
};

/* Sends it. In the loop thread. -errno. */
int test_alert_send(struct test_alert *t, struct loop *l);

/* Looks what became of it: whether nothing can be waited for any longer. */
bool test_alert_done(struct test_alert *t, const struct loop *l);

#endif
