/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.c - the capture thread of --watch: a folder of captures that grows. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "clock.h"
#include "log.h"
#include "replay.h"

/*
 * Theory of operation
 *
 * Every file of the folder has an entry; those that are new are added behind,
 * in the order of names, so the last one is the newest. Each is read to its
 * end and then followed: a change makes it `dirty` and it is read on, for the
 * reader waits at an end as it is. Several are followed at a time, for several
 * programs may write. A file is left for good when a newer one has come and
 * nothing was written to it for a while, a short one if it was closed; when it
 * is gone; and when too many are followed.
 *
 * A file is known by device, inode and time of birth, so a new name is no new
 * file, and a new file with the inode of one that was deleted is. One that
 * shrinks below what was read of it is written anew. The packed form of a file
 * that was read (x.pcap, x.pcap.gz) is not read again. A name with a dot in
 * front is not looked at: it is what will be renamed when it is whole.
 */

#define FOLLOWED_MAX 8u
#define CLOSED_S 5 /* without a change since, a closed file is left */
#define QUIET_S 300 /* any other, when a newer one is there */
#define IDLE_MS 500
#define EVENTS \
	(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY | \
		IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

enum state { NEW, FOLLOWED, LEFT };

struct entry {
	dev_t dev;
	ino_t ino;
	uint64_t born_ns; /* 0: the file system does not say */
	char *name;
	char *path; /* as it was when it was opened */
	enum state state;
	bool there; /* in the newest scan */
	bool closed; /* by who wrote it, or moved here as a whole */
	bool dirty;
	bool warned; /* that it grows behind our back */
	uint64_t taken; /* octets, when it was left */
	struct replay_file *file; /* FOLLOWED */
};

struct watch {
	struct source *s;
	const char *dir;
	int inotify;
	bool rescan, gone;
	struct entry *entry;
	unsigned n, cap;
	const struct entry *current; /* whose name the loop thread knows */
	struct replay replay;
};

/* ---- entries ------------------------------------------------------------- */

static struct entry *find_name(struct watch *w, const char *name, size_t len)
{
	for (unsigned i = w->n; i-- > 0;) {
		if (!strncmp(w->entry[i].name, name, len) &&
			!w->entry[i].name[len]) {
			return &w->entry[i];
		}
	}
	return NULL;
}

static struct entry *find_file(struct watch *w, const struct entry *like)
{
	for (unsigned i = w->n; i-- > 0;) {
		const struct entry *e = &w->entry[i];

		if (e->ino == like->ino && e->dev == like->dev &&
			e->born_ns == like->born_ns) {
			return &w->entry[i];
		}
	}
	return NULL;
}

/* Whether it is the packed form of a file that was read. */
static bool is_twin(struct watch *w, const char *name)
{
	const char *dot = strrchr(name, '.');
	struct entry *e;

	if (!dot || (strcmp(dot, ".gz") != 0 && strcmp(dot, ".zst") != 0)) {
		return false;
	}
	e = find_name(w, name, (size_t)(dot - name));
	return e && e->state != NEW;
}

static bool add_entry(struct watch *w, const struct entry *e)
{
	unsigned cap = w->cap ? 2 * w->cap : 64, current = 0;
	struct entry *more;

	if (w->n == w->cap) {
		current = w->current ? (unsigned)(w->current - w->entry) : 0;
		more = realloc(w->entry, cap * sizeof(*more));
		if (!more) {
			return false;
		}
		w->current = w->current ? &more[current] : NULL;
		w->entry = more;
		w->cap = cap;
	}
	w->entry[w->n++] = *e;
	return true;
}

/* Closes a file. `ended`: nothing more will come, so say what is missing. */
static void leave(struct watch *w, struct entry *e, bool ended)
{
	e->taken = savefile_taken(e->file->file);
	replay_close(&w->replay, e->file, ended);
	free(e->file);
	free(e->path);
	e->file = NULL;
	e->path = NULL;
	e->state = LEFT;
	w->current = w->current == e ? NULL : w->current;
}

/* ---- what is in the folder ----------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int shown(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static char *path_of(const struct watch *w, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", w->dir, name) < 0 ? NULL : path;
}

/* False: it is no regular file, or gone. */
static bool look_at(const struct watch *w, const char *name, struct entry *ret,
	uint64_t *ret_size)
{
	char *path = path_of(w, name);
	struct statx st;
	bool ok = path &&
		  !statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_BTIME,
			  &st) &&
		  S_ISREG(st.stx_mode);

	free(path);
	*ret = (struct entry){.there = true, .dirty = true};
	if (ok) {
		ret->dev = (dev_t)st.stx_dev_major << 32 | st.stx_dev_minor;
		ret->ino = st.stx_ino;
		ret->born_ns =
			st.stx_mask & STATX_BTIME
				? (uint64_t)st.stx_btime.tv_sec * 1000000000u +
					  st.stx_btime.tv_nsec
				: 0;
		*ret_size = st.stx_size;
	}
	return ok;
}

/* A file that is known already, under the name that it has now. */
static void meet_again(
	struct watch *w, struct entry *e, const char *name, uint64_t size)
{
	char *copy = strcmp(e->name, name) != 0 ? strdup(name) : NULL;

	if (copy) {
		free(e->name);
		e->name = copy;
	}
	e->there = true;
	if (e->state == LEFT && e->taken > size) {
		e->state = NEW; /* written anew */
		e->closed = false;
		e->dirty = true;
	} else if (e->state == LEFT && e->taken && size > e->taken &&
		   !e->warned) {
		capture_trouble(w->s, LOG_LEVEL_WARNING,
			"%s/%s: grows again after it was left: not read",
			w->dir, name);
		e->warned = true;
	}
}

static void meet(struct watch *w, const char *name)
{
	struct entry e, *known;
	uint64_t size;

	if (!look_at(w, name, &e, &size)) {
		return;
	}
	known = find_file(w, &e);
	if (known) {
		meet_again(w, known, name, size);
		return;
	}
	e.state = is_twin(w, name) ? LEFT : NEW;
	e.name = strdup(name);
	if (!e.name || !add_entry(w, &e)) {
		free(e.name);
		capture_trouble(w->s, LOG_LEVEL_ERROR, "out of memory");
	}
}

/* Entries of files that are gone and need no more reading. */
static void forget(struct watch *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++) {
		struct entry *e = &w->entry[i];

		if (!e->there && e->state != FOLLOWED) {
			free(e->name);
			continue;
		}
		if (w->current == e) {
			w->current = &w->entry[n];
		}
		w->entry[n++] = *e;
	}
	w->n = n;
}

static void scan(struct watch *w)
{
	struct dirent **found;
	int n = scandir(w->dir, &found, shown, by_name);

	w->rescan = false;
	if (n < 0) {
		capture_trouble(w->s, LOG_LEVEL_ERROR, "%s: %s", w->dir,
			strerror(errno));
		w->gone = true;
		return;
	}
	for (unsigned i = 0; i < w->n; i++) {
		w->entry[i].there = false;
	}
	for (int i = 0; i < n; i++) {
		meet(w, found[i]->d_name);
		free(found[i]);
	}
	free(found);
	forget(w);
}

/* ---- reading ------------------------------------------------------------- */

static void make_room(struct watch *w)
{
	struct entry *oldest = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < w->n; i++) {
		if (w->entry[i].state == FOLLOWED) {
			oldest = oldest ? oldest : &w->entry[i];
			n++;
		}
	}
	if (n >= FOLLOWED_MAX) {
		leave(w, oldest, true);
	}
}

static void start(struct watch *w, struct entry *e)
{
	make_room(w);
	e->path = path_of(w, e->name);
	e->file = malloc(sizeof(*e->file));
	if (e->path && e->file && replay_open(&w->replay, e->file, e->path)) {
		e->file->captures_only = true;
		e->state = FOLLOWED;
		return;
	}
	free(e->path);
	free(e->file);
	e->path = NULL;
	e->file = NULL;
	e->state = LEFT;
}

/* Whether less is in the file than was read of it. */
static bool is_anew(const struct entry *e)
{
	struct stat st;

	return !fstat(savefile_fd(e->file->file), &st) &&
	       (uint64_t)st.st_size < savefile_taken(e->file->file);
}

static void read_entry(struct watch *w, struct entry *e)
{
	if (e->state == FOLLOWED && is_anew(e)) {
		leave(w, e, false);
		e->state = NEW;
	}
	if (e->state == NEW) {
		start(w, e);
	}
	e->dirty = false;
	if (e->state != FOLLOWED) {
		return;
	}
	if (w->current != e && e->file->begun) {
		capture_resume(w->s, e->path);
	}
	replay_read(&w->replay, e->file);
	if (e->file->begun) {
		w->current = e;
	}
	if (e->file->over) {
		e->warned = true; /* damaged, or no capture: it may grow */
		leave(w, e, false);
	}
}

static bool ends(const struct watch *w)
{
	return w->s->done || capture_stopped(w->s);
}

static void read_all(struct watch *w)
{
	for (unsigned i = 0; i < w->n && !ends(w); i++) {
		if (w->entry[i].dirty && w->entry[i].state != LEFT) {
			read_entry(w, &w->entry[i]);
		}
	}
}

/* Whether nothing was written to it for so long that nothing will be. */
static bool is_quiet(const struct entry *e, time_t now)
{
	struct stat st;

	return !fstat(savefile_fd(e->file->file), &st) &&
	       now - st.st_mtime > (e->closed ? CLOSED_S : QUIET_S);
}

/* Leaves what will not grow any more, when all of it is read. */
static void leave_old(struct watch *w)
{
	time_t now = time(NULL);

	for (unsigned i = 0; i < w->n && !ends(w); i++) {
		struct entry *e = &w->entry[i];

		if (e->state == FOLLOWED && !e->dirty &&
			(!e->there || (i + 1 < w->n && is_quiet(e, now)))) {
			leave(w, e, true);
		}
	}
}

/* ---- what happens in the folder ------------------------------------------ */

static void on_event(struct watch *w, const struct inotify_event *event)
{
	struct entry *e =
		event->len ? find_name(w, event->name, strlen(event->name))
			   : NULL;

	if (event->mask & IN_Q_OVERFLOW) {
		w->rescan = true;
		for (unsigned i = 0; i < w->n; i++) {
			w->entry[i].dirty = true;
		}
	} else if (event->mask &
		   (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) {
		w->gone = true;
	} else if (event->mask & (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
					 IN_DELETE) ||
		   !e || (e->state == LEFT && !e->warned)) {
		w->rescan = true;
	}
	if (event->mask & IN_MOVED_TO && event->len) {
		scan(w); /* to know it under this name */
		e = find_name(w, event->name, strlen(event->name));
	}
	if (e && event->mask & (IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO)) {
		e->dirty = true;
		e->closed = !(event->mask & IN_MODIFY);
	}
}

static void read_events(struct watch *w)
{
	union {
		char octets[3072];
		struct inotify_event event; /* for its alignment */
	} buf;
	ssize_t n;

	while ((n = read(w->inotify, buf.octets, sizeof(buf.octets))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event =
				(const void *)(buf.octets + at);

			on_event(w, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
}

static void rest(struct watch *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		if (w->entry[i].state == FOLLOWED) {
			savefile_rest(w->entry[i].file->file);
		}
	}
}

static void wait_for_events(struct watch *w)
{
	struct pollfd fds[] = {
		{.fd = w->s->wake, .events = POLLIN},
		{.fd = w->inotify, .events = POLLIN},
	};

	if (poll(fds, 2, IDLE_MS) == 0) {
		rest(w);
	}
	source_woken(w->s);
}

/* ---- the thread ---------------------------------------------------------- */

static void run(struct watch *w)
{
	while (!ends(w) && !w->gone) {
		read_events(w);
		if (w->rescan) {
			scan(w);
		}
		read_all(w);
		leave_old(w);
		/* All that is there is read: time is the clock's. */
		dlo_engine_flush(w->s->engine, clock_wall_ns());
		wait_for_events(w);
		capture_take_rules(w->s);
	}
	if (w->gone && !ends(w)) {
		capture_trouble(w->s, LOG_LEVEL_ERROR, "%s: the folder is gone",
			w->dir);
		w->replay.exit_code = EXIT_RUNTIME;
	}
}

static void close_all(struct watch *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		if (w->entry[i].state == FOLLOWED) {
			leave(w, &w->entry[i], w->entry[i].closed);
		}
		free(w->entry[i].name);
	}
	free(w->entry);
	if (w->inotify >= 0) {
		close(w->inotify);
	}
}

void watch_folder(struct source *s)
{
	struct watch *w = calloc(1, sizeof(*w));
	int exit_code = EXIT_RUNTIME;

	if (!w) {
		capture_trouble(s, LOG_LEVEL_ERROR, "out of memory");
		capture_eof(s, exit_code);
		return;
	}
	w->s = s;
	w->dir = s->shared->options->watch;
	w->rescan = true;
	replay_init(&w->replay, s);
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* Before the first scan, so that nothing comes in between. */
	if (w->inotify < 0 ||
		inotify_add_watch(w->inotify, w->dir, EVENTS) < 0) {
		capture_trouble(
			s, LOG_LEVEL_ERROR, "%s: %s", w->dir, strerror(errno));
	} else {
		run(w);
		exit_code = w->replay.exit_code;
	}
	dlo_engine_flush(s->engine, UINT64_MAX);
	close_all(w);
	free(w);
	capture_eof(s, exit_code);
}
