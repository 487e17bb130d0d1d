/* SPDX-License-Identifier: BSD-2-Clause */
/* rpz.h - lines of response policy zones. */
#ifndef DLO_RULES_RPZ_H
#define DLO_RULES_RPZ_H

#include "rules/reader.h"

void dlo_rpz_begin(struct dlo_zone *z);

/* Takes any line but a header; a record may go on over several. 0; 1 with a
 * diagnostic, whose line is that where the record began; -ENOMEM. */
int dlo_rpz_line(struct dlo_reader *t, struct dlo_line *l);

/* The end of the file. Same returns. */
int dlo_rpz_end(struct dlo_reader *t);

#endif
