/* SPDX-License-Identifier: BSD-2-Clause */
/* config.h - the settings from the configuration file, which is YAML. */
#ifndef CONFIG_H
#define CONFIG_H

#include "dnslookout.h"
#include "options.h"

/* What became of a file. diag[0..n_diags) are the first errors. */
struct config_report {
	unsigned n_settings; /* keys taken */
	unsigned n_bad, n_diags;
	struct dlo_diag diag[10];
};

/*
 * Takes what the text of a configuration says into *o, which must not have any
 * setting of a file or command line yet. `file` is its name for diagnostics.
 * The text is a mapping from the table's names to values; lists are sequences.
 * Returns 0; 1 when anything in it is wrong: *ret_report says what and where.
 */
int config_read(struct options *o, const char *file, const char *text,
	size_t len, struct config_report *ret_report);

#endif
