/* SPDX-License-Identifier: BSD-2-Clause */
/* lists.c - finds, reads and compiles the lists. */
#include "lists.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "plural.h"
#include "readfile.h"

#define SITE_LISTS DLO_CONFIG_DIR "/lists.d"
#define SITE_EXCEPTIONS DLO_CONFIG_DIR "/exceptions.d"
#define LIST_BYTES_MAX ((size_t)1 << 30)

struct loading {
	struct dlo_builder *builder;
	FILE *verbose;
	bool exceptions; /* are what is being read */
	unsigned n_lists, n_patterns;
	struct lists_age age;
	struct dlo_list_report report; /* of the list under way */
	char shipped[PATH_MAX];
};

/* ---- one list ----------------------------------------------------------- */

static void print_report(
	struct loading *l, const char *path, const struct dlo_list_report *rep)
{
	unsigned n;

	for (unsigned i = 0; i < rep->n_diags; i++) {
		log_diag(&rep->diag[i]);
	}
	if (rep->n_bad > rep->n_diags) {
		n = rep->n_bad - rep->n_diags;
		log_error("%s: %u more bad line%s", path, n, plural(n));
	}
	if (l->verbose) {
		n = rep->n_patterns;
		fprintf(l->verbose, "%s: %u pattern%s", path, n, plural(n));
		if (rep->n_skipped) {
			fprintf(l->verbose, ", %u skipped", rep->n_skipped);
		}
		if (rep->n_bad) {
			fprintf(l->verbose, ", %u bad line%s left out",
				rep->n_bad, plural(rep->n_bad));
		}
		fputc('\n', l->verbose);
	}
}

static void note_age(struct lists_age *age, const char *path)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode)) {
		return;
	}
	if (!age->oldest || st.st_mtime < age->oldest) {
		age->oldest = st.st_mtime;
	}
	if (st.st_mtime > age->newest) {
		age->newest = st.st_mtime;
	}
}

static int take_list(struct loading *l, const char *path, const char *text,
	size_t len, struct dlo_diag *diag)
{
	int r = dlo_builder_add_list(
		l->builder, path, text, len, &l->report, diag);

	if (!r) {
		l->n_lists++;
		note_age(&l->age, path);
		l->n_patterns += l->report.n_patterns;
		print_report(l, path, &l->report);
	}
	return r;
}

static int take_exceptions(struct loading *l, const char *path,
	const char *text, size_t len, struct dlo_diag *diag)
{
	unsigned n;
	int r = dlo_builder_add_exceptions(
		l->builder, path, text, len, &n, diag);

	if (!r && l->verbose) {
		fprintf(l->verbose, "%s: %u exception%s\n", path, n, plural(n));
	}
	return r;
}

static int load_file(struct loading *l, const char *path)
{
	struct dlo_diag diag = {0};
	char *text = NULL;
	size_t len = 0;
	int r = readfile(path, LIST_BYTES_MAX, &text, &len);

	if (r == -EISDIR) { /* in a folder of lists, or linked from there */
		return 0;
	}
	if (r < 0) {
		log_error("%s: %s", path, strerror(-r));
		return EXIT_USAGE;
	}
	r = (l->exceptions ? take_exceptions : take_list)(
		l, path, text, len, &diag);
	free(text);
	if (r > 0) {
		log_diag(&diag);
		return EXIT_USAGE;
	}
	if (r < 0) {
		log_error("%s: %s", path, strerror(-r));
		return EXIT_RUNTIME;
	}
	return 0;
}

/* ---- directories -------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n >= k && !strcmp(name + n - k, end);
}

/* What editors and package managers leave beside a file is no list. */
static int is_list(const struct dirent *d)
{
	static const char *const leftovers[] = {"~", ".bak", ".swp", ".tmp",
		".dpkg-new", ".dpkg-old", ".dpkg-dist", ".rpmnew", ".rpmsave"};

	if (d->d_name[0] == '.') {
		return 0;
	}
	for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
		if (ends_with(d->d_name, leftovers[i])) {
			return 0;
		}
	}
	return 1;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct directory {
	const char *path;
	struct dirent **entry;
	int n; /* < 0: no such directory */
};

static void directory_read(struct directory *d, const char *path)
{
	d->path = path;
	d->entry = NULL;
	d->n = scandir(path, &d->entry, is_list, by_name);
}

static void directory_free(struct directory *d)
{
	for (int i = 0; i < d->n; i++) {
		free(d->entry[i]);
	}
	free(d->entry);
}

/* An exception hides alerts: what is one must be beyond doubt. */
static bool is_left_out(const struct loading *l, const char *path)
{
	if (!l->exceptions || ends_with(path, ".list")) {
		return false;
	}
	log_warning("%s: left out: files of exceptions end in .list", path);
	return true;
}

/*
 * Loads two directories as one, in the order of names; where both have a name,
 * the second's file wins.
 */
static int load_merged(
	struct loading *l, const struct directory *a, const struct directory *b)
{
	char *path;
	int i = 0, k = 0, r, worst = 0;

	while (i < a->n || k < b->n) {
		int order = i >= a->n	? 1
			    : k >= b->n ? -1
					: strcmp(a->entry[i]->d_name,
						  b->entry[k]->d_name);
		const struct directory *from = order < 0 ? a : b;
		const char *name = order < 0 ? a->entry[i]->d_name
					     : b->entry[k]->d_name;

		if (asprintf(&path, "%s/%s", from->path, name) < 0) {
			log_error("out of memory");
			return EXIT_RUNTIME;
		}
		r = is_left_out(l, path) ? 0 : load_file(l, path);
		free(path);
		worst = r > worst ? r : worst;
		i += order <= 0;
		k += order >= 0;
	}
	return worst;
}

static int load_directories(
	struct loading *l, const char *shipped, const char *site)
{
	struct directory a = {0}, b = {.n = -1};
	int r;

	directory_read(&a, shipped);
	if (site) {
		directory_read(&b, site);
	}
	if (a.n < 0 && b.n < 0) {
		log_error("no %s: neither %s nor %s can be read",
			l->exceptions ? "exceptions" : "lists", shipped,
			site ? site : "another folder");
		return EXIT_USAGE;
	}
	r = load_merged(l, &a, &b);
	directory_free(&a);
	directory_free(&b);
	return r;
}

/* ---- all ---------------------------------------------------------------- */

/* The build folder's own copy, when the program runs from there; else the
 * installed one. */
static const char *shipped_lists(char buf[PATH_MAX])
{
	static const char own[] = "/conf/lists.d";
	ssize_t n = readlink("/proc/self/exe", buf, PATH_MAX - sizeof(own));
	char *slash;

	if (n > 0) {
		buf[n] = '\0';
		slash = strrchr(buf, '/');
		memcpy(slash ? slash : buf + n, own, sizeof(own));
		if (!access(buf, R_OK | X_OK)) {
			return buf;
		}
	}
	return DLO_LISTS_DIR;
}

/* Nobody ships exceptions. Those of the site are not for the lists of a command
 * line. */
static bool wants_site_exceptions(const struct options *o)
{
	return !o->exceptions.n &&
	       options_origin(o, "list") != ORIGIN_COMMAND_LINE;
}

void lists_paths(const struct options *o,
	void (*path)(void *ctx, const char *path), void *ctx)
{
	char *shipped = malloc(PATH_MAX);

	for (unsigned i = 0; i < o->lists.n; i++) {
		path(ctx, o->lists.text[i]);
	}
	for (unsigned i = 0; i < o->exceptions.n; i++) {
		path(ctx, o->exceptions.text[i]);
	}
	if (!o->lists.n && shipped) {
		path(ctx, shipped_lists(shipped));
		path(ctx, SITE_LISTS);
	}
	if (wants_site_exceptions(o)) {
		path(ctx, SITE_EXCEPTIONS);
	}
	free(shipped);
}

static int load_given(struct loading *l, const struct texts *paths)
{
	int r, worst = 0;

	for (unsigned i = 0; i < paths->n; i++) {
		const char *path = paths->text[i];
		struct stat st;

		if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
			r = load_directories(l, path, NULL);
		} else {
			r = load_file(l, path);
		}
		worst = r > worst ? r : worst;
	}
	return worst;
}

static int load_lists(struct loading *l, const struct options *o)
{
	return o->lists.n ? load_given(l, &o->lists)
			  : load_directories(
				    l, shipped_lists(l->shipped), SITE_LISTS);
}

static int load_exceptions(struct loading *l, const struct options *o)
{
	l->exceptions = true;
	if (o->exceptions.n) {
		return load_given(l, &o->exceptions);
	}
	if (!wants_site_exceptions(o) ||
		(access(SITE_EXCEPTIONS, F_OK) && errno == ENOENT)) {
		return 0;
	}
	return load_directories(l, SITE_EXCEPTIONS, NULL);
}

static int compile(struct loading *l, struct dlo_ruleset **ret)
{
	struct dlo_diag diag = {0};
	int r = dlo_builder_build(l->builder, ret, &diag);

	if (r > 0) {
		log_diag(&diag);
		return EXIT_USAGE;
	}
	if (r < 0) {
		log_error("lists: %s", strerror(-r));
		return EXIT_RUNTIME;
	}
	if (!l->n_patterns) {
		log_warning(
			"no patterns in %u list%s: nothing will be reported",
			l->n_lists, plural(l->n_lists));
	}
	return 0;
}

int lists_load(const struct options *o, FILE *verbose, struct dlo_ruleset **ret,
	struct lists_age *ret_age)
{
	struct loading *l = calloc(1, sizeof(*l));
	int r, worst;

	if (!l || dlo_builder_new(&l->builder)) {
		log_error("out of memory");
		free(l);
		return EXIT_RUNTIME;
	}
	l->verbose = verbose;
	r = load_lists(l, o);
	worst = load_exceptions(l, o);
	r = r > worst ? r : worst;
	if (!r) {
		r = compile(l, ret);
	}
	if (!r && ret_age) {
		*ret_age = l->age;
	}
	dlo_builder_free(l->builder);
	free(l);
	return r;
}
