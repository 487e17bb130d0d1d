/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload.h - other lists for a running program, and the last good ones kept.
 *
 * All of it is the loop thread's.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include <time.h>

#include <uv.h>

#include "exceptions.h"
#include "lists.h"
#include "reasons.h"
#include "source.h"
#include "tallies.h"

struct reload_context {
	struct options *options;
	/* Reads them again, as settings_read() does; in another thread. NULL:
	 * they stay. */
	int (*settings)(void *ctx, struct options *ret);
	struct source *sources;
	unsigned n_sources;
	struct dlo_ruleset **rules; /* in use: replaced, the old ones freed */
	struct lists_age *age; /* of them */
	struct exceptions *exceptions; /* of them */
	struct tallies *tallies; /* gets what the old rules only counted */
	const char *keep; /* file of the last good set; NULL: not kept */
	uv_loop_t *uv;
	/* Another status is to be told, `before` in front of it. */
	void (*tell)(void *ctx, const char *before);
	void *ctx;
};

/* What the rules in use were made of at the start. */
struct reload_boot {
	struct lists lists; /* but for the rules */
	time_t last_good; /* their date, if they are the last good ones in place
			     of others; else 0 */
	struct reasons reasons; /* what was wrong with those */
};

struct reload;

/*
 * Makes one, when all sources are open. The texts of the lists, and the
 * reasons, are taken over; if they are good, the texts are kept. *c is copied.
 * -ENOMEM.
 */
int reload_open(const struct reload_context *c, struct reload_boot *boot,
	struct reload **ret);

/* Begins: the sandbox is entered, the loop is about to run. */
void reload_begin(struct reload *r);

/* No run is begun any more, and one that reads lists is ended soon. */
void reload_stop(struct reload *r);

/* When the loop has ended; the rules in use are the caller's again. NULL. */
struct reload *reload_close(struct reload *r);

/*
 * Reads settings and lists again. Of the settings, those of the table's rows
 * with `reload` are taken, others need a restart, and it is said. Unless
 * `force`, a set that is not plausible (plausible.h) is refused, as is any with
 * an error; then what is in use stays. `why` is for the log: "SIGHUP".
 *
 * Returns the number of the run that reads all that is there now. If one is
 * under way it is the next, and one for all who ask meanwhile; so there is one
 * set more than that in use, at most.
 */
uint64_t reload_request(struct reload *r, const char *why, bool force);

struct reload_outcome {
	uint64_t run; /* 0: the start */
	time_t when;
	bool accepted; /* by all sources: they use it */
	struct reasons reasons; /* why not; what was left out */
};

/* Of the newest run that has ended. */
const struct reload_outcome *reload_newest(const struct reload *r);

/* The same, if that run or a later one has; else NULL:
 * ask again. For who waits and may be gone before. */
const struct reload_outcome *reload_outcome(
	const struct reload *r, uint64_t run);

/* Looks whether the lists are others than at the newest run; when that is so,
 * and was the time before, a run is begun. Nothing while one is under way. */
void reload_look(struct reload *r);

/* What an admin must know: that the last good set is in use, that the newest
 * reload was refused, and why; ASCII, for systemd takes no status with half a
 * character. Returns buf, "" when all is well. */
const char *reload_trouble(const struct reload *r, char *buf, size_t cap);

/* A source has given back its old rules: ITEM_RETIRED. */
void reload_retired(
	struct reload *r, struct source *s, struct dlo_engine_rules *rules);

/* A source has ended: ITEM_EOF. */
void reload_source_ended(struct reload *r, struct source *s);

#endif
