/* SPDX-License-Identifier: BSD-2-Clause */
/* adblock.h - lines of AdBlock lists. */
#ifndef DLO_RULES_ADBLOCK_H
#define DLO_RULES_ADBLOCK_H

#include "rules/reader.h"

/* Takes any line but a header. 0; 1 with a diagnostic; -ENOMEM. */
int dlo_adblock_line(struct dlo_reader *t, struct dlo_line *l);

#endif
