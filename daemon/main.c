/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - dnslookout. A map of daemon/, from the command line inwards:
 *
 *	main ─ app (verbs) ┬ verb_sniff ┬ settings ┬ cmdline ┬ options ─ option
 *	                   │            │          ├ config ─┤
 *	                   │            │          └ dump ───┘
 *	                   │            ├ lists ─ libdnslookout's builder
 *	                   │            ├ programs ─ filter
 *	                   │            ├ source ┬ live ┬ handle
 *	                   │            │        │      ├ outages
 *	                   │            │        │      └ sampler
 *	                   │            │        ├ replay ┬ savefile
 *	                   │            │        ├ watch  ┘
 *	                   │            │        └ capture ─ engine ─ ring
 *	                   │            ├ sandbox ┬ landlock
 *	                   │            │         └ syscalls
 *	                   │            ├ loop ┬ delivery ┬ ifnames
 *	                   │            │      │          └ merge
 *	                   │            │      ├ output ┬ out_stdout ┬ writer
 *	                   │            │      │        ├ out_pcapng ┤
 *	                   │            │      │        └ out_syslog ┘
 *	                   │            │      └ minute ─ summary
 *	                   │            ├ notify, log
 *	                   │            └ summary ─ census
 *	                   ├ verb_explain
 *	                   └ verb_check
 */
#include "app.h"

int main(int argc, char **argv)
{
	return app_run(argc, argv);
}
