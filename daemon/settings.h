/* SPDX-License-Identifier: BSD-2-Clause */
/* settings.h - all that a run was told: by defaults, a file, and argv. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "options.h"

/* The configuration that is read when none is named. */
#define SETTINGS_FILE DLO_CONFIG_DIR "/dnslookout.yaml"

/*
 * Reads the settings of the verb that `where` (OPTION_SNIFF and so on) stands
 * for into *o: the defaults, the configuration file, argv, each over the one
 * before; then looks whether they make sense together. A file is read with
 * --config; without, SETTINGS_FILE is, if there: with --service, by
 * check, and by explain and compile without --list or --ruleset.
 *
 * Returns -1 to go on, or the exit code to end with: of --help, --version and
 * --dump-config, or of an error after a message. The caller frees *o either
 * way. May be called again with the same argv, for the settings of a reload:
 * nothing is kept but in *o. One thread at a time.
 */
int settings_read(struct options *o, unsigned where, int argc, char **argv);

/* Says which settings are others than `now` and need a restart. */
void settings_say_restart(struct options *now, struct options *next);

/* Whether it is interfaces that are listened to, not files. */
bool settings_live(const struct options *o);

/* Says what is wrong with an option, with its place if it stands in the file.
 * Returns EXIT_USAGE. */
int settings_wrong(struct options *o, const char *name, const char *message);

#endif
