/* SPDX-License-Identifier: BSD-2-Clause */
/* sandbox.c - gives up the rights that are not needed any more. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <malloc.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cap-ng.h>
#include <openssl/crypto.h>

#include "control_socket.h"
#include "landlock.h"
#include "lists.h"
#include "log.h"
#include "settings.h"
#include "state.h"
#include "syscalls.h"

/*
 * Theory of operation
 *
 * Whoever finds a hole in what reads packets shall find nothing behind it. In
 * this order: the user (-Z), capabilities, no_new_privs, files (Landlock),
 * system calls (seccomp). All of them hold for one thread and those that it
 * starts, so there must be one thread.
 *
 * Captures come from anywhere, and who reads them is a person with keys and
 * mail: replay may read its captures, write its -w file and do no more. A
 * service opens its files again and reads its configuration and lists again,
 * which may have been replaced: it may read the folders that hold them, and
 * write to those that hold its output files and to those that systemd gave it.
 */

/* ---- places: files and folders that are still needed --------------------- */

struct places {
	struct place {
		char *path;
		unsigned what;
	} * v;
	unsigned n;
};

/* Who runs out of memory here will not find the file later, and say so. */
static void add(struct places *p, const char *path, unsigned what)
{
	struct place *more = realloc(p->v, (p->n + 1) * sizeof(*more));
	char *copy = strdup(path);

	p->v = more ? more : p->v;
	if (!more || !copy) {
		free(copy);
		return;
	}
	p->v[p->n++] = (struct place){copy, what};
}

/* The folder that holds a path; but not all that there is, for one in the root:
 * then the path itself. */
static void add_folder(struct places *p, const char *path, unsigned what)
{
	char *copy = strdup(path);
	const char *folder = copy ? dirname(copy) : path;

	add(p, strcmp(folder, "/") != 0 ? folder : path, what);
	free(copy);
}

/* For a path that may be replaced; of a link, also its target may. */
static void add_around(struct places *p, const char *path, unsigned what)
{
	char *target = realpath(path, NULL);

	add_folder(p, path, what);
	if (target) {
		add_folder(p, target, what);
	}
	free(target);
}

/* What a reload reads. */
static void add_to_read(void *ctx, const char *path)
{
	add_around(ctx, path, PLACE_READ);
}

/* What is not a file yet is made now: then the right to this one is enough, and
 * none for the folder. */
static void add_output_once(
	struct places *p, const char *path, unsigned what, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	if (fd >= 0) {
		close(fd);
		add(p, path, what);
	}
}

/* what: may be done with the file. */
static void add_output(struct places *p, const struct options *o,
	const char *path, unsigned what, mode_t mode)
{
	struct stat st;

	if (!path || !strcmp(path, "-")) {
		return;
	}
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		add(p, path, what);
	} else if (o->files.n) {
		add_output_once(p, path, what, mode);
	} else {
		add(p, path, what);
		add_around(p, path, what | PLACE_MAKE);
	}
}

/* The folders that systemd made for us: StateDirectory= and others. */
static void add_given(struct places *p)
{
	static const char *const names[] = {
		"STATE_DIRECTORY", "RUNTIME_DIRECTORY", "LOGS_DIRECTORY"};
	char *save;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);
		char *copy = value ? strdup(value) : NULL;

		for (char *path = copy ? strtok_r(copy, ":", &save) : NULL;
			path; path = strtok_r(NULL, ":", &save)) {
			add(p, path, PLACE_READ | PLACE_WRITE | PLACE_MAKE);
		}
		free(copy);
	}
}

/* The control socket is removed at the end. */
static void add_control(struct places *p, const char *given)
{
	char path[CONTROL_PATH_MAX];

	if (!control_socket_path(given, path)) {
		add_around(p, path, PLACE_MAKE);
	}
}

static void add_state(struct places *p, const struct options *o)
{
	char path[STATE_PATH_MAX];

	if (!state_make(o, "", path)) {
		add(p, path, PLACE_READ | PLACE_WRITE | PLACE_MAKE);
	}
}

static void gather(
	struct places *p, const struct options *o, const struct texts *files)
{
	add(p, "/proc/sys/vm/overcommit_memory", PLACE_READ); /* malloc() */
#ifdef TRACES_ITSELF
	add(p, "/proc/self", PLACE_READ);
#endif
	if (settings_live(o)) { /* libpcap, of interfaces */
		add(p, "/sys/class/net", PLACE_READ);
		add(p, "/sys/devices", PLACE_READ);
	}
	for (unsigned i = 0; i < files->n; i++) {
		add(p, files->text[i], PLACE_READ);
	}
	if (o->watch) {
		add(p, o->watch, PLACE_READ);
	}
	if (o->service) {
		add_to_read(p, o->config ? o->config : SETTINGS_FILE);
		if (o->filter_file) {
			add_to_read(p, o->filter_file);
		}
		lists_paths(o, add_to_read, p);
		add_given(p);
		add_state(p, o);
		if (o->control) {
			add_control(p, o->control);
		}
	}
	add_output(p, o, o->write, PLACE_WRITE, 0666);
	/* Of which the end is looked at. */
	add_output(p, o, o->alerts, PLACE_READ | PLACE_WRITE, 0640);
	add_output(p, o, o->metrics_file, PLACE_WRITE, 0644);
}

static void places_free(struct places *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		free(p->v[i].path);
	}
	free(p->v);
}

/* ---- what cannot be had -------------------------------------------------- */

/* Once, and not to a person who reads a capture. */
static void tell(const struct options *o, const char *what, int error)
{
	bool absent = error == -ENOSYS || error == -EOPNOTSUPP;

	if (error && (settings_live(o) || o->verbose)) {
		log_line(absent ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
			"sandbox: no limit to %s: %s", what,
			absent ? "this system does not offer it"
			       : strerror(-error));
	}
}

/* ---- the user and capabilities ------------------------------------------- */

/* -Z. 0, or an exit code after a message. */
static int become_user(const struct options *o)
{
	const struct passwd *user = o->user ? getpwnam(o->user) : NULL;

	if (!o->user) {
		return 0;
	}
	if (!user) {
		log_error("-Z: there is no user %s", o->user);
		return EXIT_USAGE;
	}
	if (user->pw_uid == geteuid() && user->pw_uid == getuid()) {
		return 0;
	}
	state_make_for(o, user->pw_uid, user->pw_gid);
	capng_clear(CAPNG_SELECT_BOTH);
	if (settings_live(o)) {
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			CAP_NET_RAW);
	}
	errno = EPERM;
	if (capng_change_id((int)user->pw_uid, (int)user->pw_gid,
		    CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING)) {
		log_error("-Z: cannot become %s: %s", o->user, strerror(errno));
		return EXIT_RUNTIME;
	}
	return 0;
}

#define BIT(capability) (UINT64_C(1) << (capability))

static uint64_t permitted_now(void)
{
	uint64_t set = 0;

	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		set |= capng_have_capability(CAPNG_PERMITTED, i) ? BIT(i) : 0;
	}
	return set;
}

/* 0, -errno. */
static int set_capabilities(uint64_t effective, uint64_t permitted)
{
	capng_select_t what =
		capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP)
			? CAPNG_SELECT_BOTH
			: CAPNG_SELECT_CAPS;

	capng_clear(what);
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		if (permitted & BIT(i)) {
			capng_update(CAPNG_ADD, CAPNG_PERMITTED, i);
		}
		if (effective & BIT(i)) {
			capng_update(CAPNG_ADD,
				CAPNG_EFFECTIVE | CAPNG_BOUNDING_SET, i);
		}
	}
	return capng_apply(what) ? -EPERM : 0;
}

/* Whether permissions keep us from a place that we need. */
static bool any_closed(const struct places *p, unsigned what, int mode)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->v[i].what & what &&
			faccessat(AT_FDCWD, p->v[i].path, mode, AT_EACCESS) &&
			errno == EACCES) {
			return true;
		}
	}
	return false;
}

/*
 * CAP_NET_RAW alone; none to replay. Root without the others is a user among
 * users: with files of somebody else, he keeps the one that lets him at them
 * (and the places are all that he gets at).
 */
static int limit_capabilities(const struct options *o, const struct places *p)
{
	uint64_t had, kept, over;
	int r;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (capng_get_caps_process()) {
		return -errno;
	}
	had = permitted_now();
	kept = had & (settings_live(o) ? BIT(CAP_NET_RAW) : 0);
	over = had & (BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH));
	if (had == kept) {
		return 0;
	}
	r = set_capabilities(kept, kept | over);
	if (!r && any_closed(p, PLACE_WRITE, W_OK)) {
		kept |= over & BIT(CAP_DAC_OVERRIDE);
	}
	if (!r && any_closed(p, PLACE_READ, R_OK)) {
		kept |= over & BIT(CAP_DAC_READ_SEARCH);
	}
	return r ? r : set_capabilities(kept, kept);
}

/* ---- all of it ----------------------------------------------------------- */

/* What libraries read when they are first used. */
static void warm_up(const struct options *o)
{
	tzset();
	if (o->format == FORMAT_JSON || o->syslog_format == SYSLOG_CEE) {
		OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	}
}

static bool is_abstract(const char *socket)
{
	return socket && socket[0] == '@';
}

/* Rules are made before capabilities go: some places are beyond a folder that
 * only root may enter. */
static int make_rules(struct landlock *l, const struct places *p)
{
	int r = landlock_open(l, is_abstract(getenv("NOTIFY_SOCKET")));

	for (unsigned i = 0; !r && i < p->n; i++) {
		r = landlock_allow(l, p->v[i].path, p->v[i].what);
	}
	return r;
}

int sandbox_enter(const struct options *o, const struct texts *files)
{
	struct places p = {0};
	struct landlock l;
	int r = become_user(o), rules;

	if (r || !o->sandbox) {
		return r;
	}
	warm_up(o);
	gather(&p, o, files);
	rules = make_rules(&l, &p);
	tell(o, "capabilities", limit_capabilities(o, &p));
	tell(o, "new privileges",
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0);
	tell(o, "files", rules ? rules : landlock_enforce(&l));
	tell(o, "system calls",
		syscalls_restrict(settings_live(o) || o->syslog));
	landlock_close(&l);
	places_free(&p);
	if (!o->files.n) { /* which are read, and that is it */
		malloc_trim(0); /* the filter was made on the heap */
	}
	return 0;
}
