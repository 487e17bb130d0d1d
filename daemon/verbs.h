/* SPDX-License-Identifier: BSD-2-Clause */
/* verbs.h - what the first word of the command line selects. */
#ifndef VERBS_H
#define VERBS_H

/* Each takes argv from its own name on and returns an exit code. */
int verb_sniff(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_compile(int argc, char **argv);
int verb_ctl(int argc, char **argv);

#endif
