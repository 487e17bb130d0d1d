/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - dnslookout. A map of daemon/, from the command line inwards:
 *
 *	main ─ app (verbs) ┬ verb_sniff ┬ settings ┬ cmdline ┬ options ─ option
 *	                   │            │          ├ config ─┤
 *	                   │            │          └ dump ───┘
 *	                   │            ├ lists ─ libdnslookout's builder
 *	                   │            ├ lastgood ┬ lists
 *	                   │            │          └ state
 *	                   │            ├ programs ─ filter
 *	                   │            ├ source ┬ live ┬ parts
 *	                   │            │        │      ├ handle ─ fanout
 *	                   │            │        │      ├ outages
 *	                   │            │        │      └ sampler
 *	                   │            │        ├ replay ┬ savefile
 *	                   │            │        ├ watch  ┘
 *	                   │            │        └ capture ─ engine ─ ring
 *	                   │            ├ sandbox ┬ landlock
 *	                   │            │         └ syscalls
 *	                   │            ├ loop ┬ delivery ┬ ifnames
 *	                   │            │      │          └ merge
 *	                   │            │      ├ output ┬ account
 *	                   │            │      │        ├ out_stdout ┬ writer
 *	                   │            │      │        ├ out_pcapng ┘
 *	                   │            │      │        ├ out_syslog ┬ backlog
 *	                   │            │      │        └ out_file ──┘
 *	                   │            │      │ (backlog ─ spool, writer)
 *	                   │            │      ├ minute ─ summary
 *	                   │            │      └ reload ┬ settings
 *	                   │            │               ├ lists
 *	                   │            │               ├ plausible
 *	                   │            │               ├ source (its mailbox)
 *	                   │            │               └ lastgood
 *	                   │            ├ list_watch ─ reload
 *	                   │            ├ control ┬ request
 *	                   │            │         └ commands ┬ status
 *	                   │            │                    ├ metrics
 *	                   │            │                    └ test_alert
 *	                   │            ├ metrics_file ─ metrics
 *	                   │            ├ notify, log
 *	                   │            └ summary ┬ census
 *	                   │                      ├ sums
 *	                   │                      ├ ledger
 *	                   │                      ├ tallies
 *	                   │                      └ exceptions ─ state
 *	                   ├ verb_explain ─ explain
 *	                   ├ verb_check
 *	                   └ verb_ctl
 */
#include "app.h"

int main(int argc, char **argv)
{
	return app_run(argc, argv);
}
