/* SPDX-License-Identifier: BSD-2-Clause */
/* interfaces.h - -D, -L, and the interface that is meant when none is named. */
#ifndef INTERFACES_H
#define INTERFACES_H

#include <stddef.h>

#include "options.h"

/* All return 0, or an exit code after a message. */
int interfaces_print(void);
int interfaces_print_link_types(const struct options *o);
int interfaces_first(char *buf, size_t cap);

#endif
