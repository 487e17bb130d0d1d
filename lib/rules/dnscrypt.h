/* SPDX-License-Identifier: BSD-2-Clause */
/* dnscrypt.h - lines of dnscrypt-proxy's lists of names. */
#ifndef DLO_RULES_DNSCRYPT_H
#define DLO_RULES_DNSCRYPT_H

#include "rules/reader.h"

/* Takes a line with something on it, the next octet being its first. 0; 1 with
 * a diagnostic; -ENOMEM. */
int dlo_dnscrypt_line(struct dlo_reader *t, struct dlo_line *l);

#endif
