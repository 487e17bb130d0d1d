/* SPDX-License-Identifier: BSD-2-Clause */
/* app.h - the program: a table of verbs. */
#ifndef APP_H
#define APP_H

/* Runs what the command line says. Returns the exit code. */
int app_run(int argc, char **argv);

#endif
