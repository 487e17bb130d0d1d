/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.h - one source of frames: an interface, or capture files one after
 * the other, with its capture thread, engine and ring.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "dnslookout.h"
#include "options.h"
#include "outages.h"
#include "programs.h"
#include "ring.h"
#include "sampler.h"

#define SOURCE_SILENT 10u /* minutes without a query */

/* What all sources of a run share. */
struct source_context {
	const struct options *options;
	const struct dlo_ruleset *rules;
	struct programs *programs; /* the filter */
	struct texts files; /* of a replay, in order */
	atomic_uint next_file; /* that nobody has taken */
	atomic_uint_fast64_t frames_left; /* of -c; counts down */
	/* Called in capture threads: something is in a ring. */
	void (*notify)(void *ctx);
	void *ctx;
};

/* Written by the capture thread, read by any. */
struct source_counts {
	atomic_uint_fast64_t captured; /* frames read */
	atomic_uint_fast64_t filtered; /* of them, refused by the filter */
	atomic_uint_fast64_t dropped; /* by the kernel: ring full */
	atomic_uint_fast64_t if_dropped; /* by the interface */
	atomic_uint_fast64_t lost; /* alerts: our ring was full */
	/* The loop thread's: */
	atomic_uint_fast64_t
		merged; /* alerts: with those of another interface */
	atomic_uint_fast64_t early; /* messages not held for that: no room */
};

struct source {
	struct source_context *shared;
	const char *interface; /* NULL: files */
	/* Live, see parts.h. */
	unsigned part; /* 0: the first of the interface */
	unsigned n_more; /* of the first: the parts behind it */
	_Atomic(pcap_t *) given; /* by the first; NULL: none */
	atomic_bool holds; /* an open handle, given or in use; not the first's
			    */
	atomic_int lost; /* the first's: whether all handles are of no use */
	char lost_why[256];
	/* Live: the capture thread's once it runs. NULL: there is no interface
	 * of that name, or it is down. */
	pcap_t *pcap;
	int link_type; /* live: of all frames until it is opened again */
	struct outages outages; /* live; that of the first counts */
	bool told; /* why it cannot be opened though it is there */
	uint64_t kept_ns, looked_ns; /* live: when things were looked after */
	const struct bpf_program *filter; /* files: the newest frame's */
	bool done; /* -c is used up */
	uint64_t packet; /* live: frames so far, of this part */
	bool filtered; /* not every frame gets here */
	struct sampler sampler; /* live: of what the filter hides */
	struct pcap_stat kernel; /* of this handle, to tell what was added */
	struct dlo_engine *engine;
	uint64_t seed; /* of its tables */
	struct ring *ring;
	uint64_t lost_said, said_ns; /* of counts.lost; live: when */
	bool dropping; /* the rest of a message for which there was no room */
	unsigned n_staged, n_staged_alerts; /* of the message under way */
	int wake; /* eventfd, see source_wake() */
	atomic_bool stop;
	_Atomic(struct dlo_engine_rules *) mailbox; /* new; NULL: none */
	struct dlo_engine_rules *retired; /* old, to be given back */
	struct source_counts counts;
	atomic_uint_fast64_t alive_ns; /* watchdog.h */
	pthread_t thread;
	bool running;
	/* loop thread's */
	bool ended;
	struct dlo_engine_rules *rules; /* in use, as far as it knows */
	uint64_t queries; /* seen a minute ago */
	unsigned silent_minutes; /* since one was seen, the first part's; from
				    SOURCE_SILENT on something is wrong */
	int exit_code;
	char capture[512]; /* file that records come from */
};

/* Makes one that reads the files of `shared`, as others may do, each one that
 * nobody has taken yet; or the folder of --watch. Same returns. */
int source_open_files(struct source *s, struct source_context *shared);

/* What is to be replayed: files, and captures of directories, read now; opens
 * none to stay. Same returns. */
int source_find_files(struct source_context *shared, const struct texts *paths);
void source_forget_files(struct source_context *shared);

/* The first part of its interface. */
static inline struct source *source_first(struct source *s)
{
	return s - s->part;
}

/* Whether a source sees the same place as the one before it, as a part of that
 * interface, or for all are files: their engines share its work. */
static inline bool source_goes_on(const struct source *s)
{
	return !s->interface || s->part;
}

/* A signal with an empty handler that gets a thread out of read(2). */
#define SOURCE_NUDGE SIGURG

/* Starts the capture thread, with all signals blocked but the nudge. 0,
 * -errno. */
int source_start(struct source *s);

/* Asks the thread to end; it posts ITEM_EOF. Any thread. */
void source_stop(struct source *s);

/* Makes what each has: its engine, its ring. 0; an exit code after a message.
 */
int source_init(struct source *s);

/* Has the thread look at `stop`, `mailbox`, `given` and `lost`. Any thread. */
void source_wake(const struct source *s);

/* Of the thread, after each sleep, before it looks at `stop`: whoever wakes it
 * from now on is heard. */
void source_woken(const struct source *s);

/* What its engine needs of a rule set; limit_of: of the interface's first part,
 * NULL for that. Any thread. -ENOMEM. */
int source_make_rules(const struct source *s, const struct options *o,
	const struct dlo_ruleset *rs, const struct dlo_engine_rules *limit_of,
	struct dlo_engine_rules **ret);

/* Puts new rules into the mailbox, which must be empty; the thread takes them,
 * and posts ITEM_RETIRED with the old ones. */
void source_give_rules(struct source *s, struct dlo_engine_rules *rules);

/* What is in the mailbox, now empty; NULL. Any thread. */
struct dlo_engine_rules *source_take_rules(struct source *s);

/* The handle that it was given, now its thread's; NULL: none. Any thread. */
pcap_t *source_take_handle(struct source *s);

/* Waits for the thread's end (after ITEM_EOF) and frees everything. */
void source_close(struct source *s);

/* ---- what runs in the thread -------------------------------------------- */

void capture_live(struct source *s); /* live.c */
void replay_files(struct source *s); /* replay.c */
void watch_folder(struct source *s); /* watch.c */

#endif
