/* SPDX-License-Identifier: BSD-2-Clause */
/* lists.c - finds, reads and compiles the lists. */
#include "lists.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "plural.h"
#include "readfile.h"
#include "utc.h"

#define SITE_LISTS DLO_CONFIG_DIR "/lists.d"
#define SITE_EXCEPTIONS DLO_CONFIG_DIR "/exceptions.d"
#define LIST_BYTES_MAX ((size_t)1 << 30)
#define RULESET_BYTES_MAX ((size_t)4 << 30)

/* From one file to the next. */
struct walk {
	enum lists_kind kind; /* of these files */
	struct lists *lists; /* what is loaded; NULL: files are only seen */
	struct dlo_builder *builder;
	struct dlo_list_report report; /* of the list under way */
	uint64_t seen; /* of files and their states; lists_look() */
	char shipped[PATH_MAX];
};

static int no_memory(void)
{
	log_error("lists: out of memory");
	return EXIT_RUNTIME;
}

/* ---- one file ----------------------------------------------------------- */

/* Such a list is used all the same. */
static void warn_left_out(const char *path, const struct dlo_list_report *rep)
{
	unsigned n = rep->n_bad - rep->n_diags;

	for (unsigned i = 0; i < rep->n_diags; i++) {
		const struct dlo_diag *d = &rep->diag[i];

		log_warning("%s:%u:%u: %s", d->file, d->line, d->col, d->msg);
	}
	if (n) {
		log_warning("%s: %u more bad line%s", path, n, plural(n));
	}
}

static void print_line(
	FILE *f, const char *path, const struct dlo_list_report *rep)
{
	fprintf(f, "%s: %u pattern%s", path, rep->n_patterns,
		plural(rep->n_patterns));
	if (rep->n_exceptions) {
		fprintf(f, ", %u exception%s", rep->n_exceptions,
			plural(rep->n_exceptions));
	}
	if (rep->n_skipped) {
		fprintf(f, ", %u skipped", rep->n_skipped);
	}
	if (rep->n_bad) {
		fprintf(f, ", %u bad line%s left out", rep->n_bad,
			plural(rep->n_bad));
	}
	fputc('\n', f);
}

/* What has become of a list. */
static void count(struct walk *w, const char *path)
{
	const struct dlo_list_report *rep = &w->report;
	struct lists *l = w->lists;

	l->n_lists++;
	l->n_patterns += rep->n_patterns;
	l->n_bad += rep->n_bad;
	l->n_skipped += rep->n_skipped;
	l->n_unreadable += rep->n_bad && !rep->n_patterns;
	if (l->verbose) {
		print_line(l->verbose, path, rep);
	}
}

/* 0; 1 with a diagnostic; -ENOMEM: as all that add a file. */
static int add_list(struct walk *w, struct lists_text *t, struct dlo_diag *diag)
{
	int r;

	if (dlo_compiled_is(t->text, t->len)) {
		snprintf(diag->file, sizeof(diag->file), "%s", t->path);
		snprintf(diag->msg, sizeof(diag->msg),
			"a compiled rule set is no list: --ruleset takes it");
		return 1;
	}
	r = dlo_builder_add_list(
		w->builder, t->path, t->text, t->len, &w->report, diag);
	if (!r) {
		warn_left_out(t->path, &w->report);
		count(w, t->path);
	}
	return r;
}

static int add_exceptions(
	struct walk *w, struct lists_text *t, struct dlo_diag *diag)
{
	FILE *verbose = w->lists->verbose;
	unsigned n;
	int r = dlo_builder_add_exceptions(
		w->builder, t->path, t->text, t->len, &n, diag);

	if (!r && verbose) {
		fprintf(verbose, "%s: %u exception%s\n", t->path, n, plural(n));
	}
	return r;
}

/* The pages become the builder's, whatever comes. */
static int add_ruleset(
	struct walk *w, struct lists_text *t, struct dlo_diag *diag)
{
	t->lent = true;
	return dlo_builder_add_compiled(
		w->builder, t->path, t->text, t->len, diag);
}

static int add_text(struct walk *w, struct lists_text *t)
{
	static int (*const adds[])(struct walk * w, struct lists_text * t,
		struct dlo_diag * diag) = {
		[LISTS_LIST] = add_list,
		[LISTS_EXCEPTIONS] = add_exceptions,
		[LISTS_RULESET] = add_ruleset,
	};
	struct dlo_diag diag = {0};
	int r = adds[t->kind](w, t, &diag);

	if (r > 0) {
		log_diag(&diag);
		return EXIT_USAGE;
	}
	return r < 0 ? no_memory() : 0;
}

/* Takes the text over, but not the path. */
static int keep_text(struct lists *l, struct lists_text *t)
{
	struct lists_text *more =
		realloc(l->text, (l->n_texts + 1) * sizeof(*more));
	char *path = strdup(t->path);

	l->text = more ? more : l->text;
	if (!more || !path) {
		free(path);
		return no_memory();
	}
	l->text[l->n_texts] = *t;
	l->text[l->n_texts++].path = path;
	t->text = NULL;
	return 0;
}

static void note_age(struct lists_age *age, const struct stat *st)
{
	if (!S_ISREG(st->st_mode)) {
		return;
	}
	if (!age->oldest || st->st_mtime < age->oldest) {
		age->oldest = st->st_mtime;
	}
	if (st->st_mtime > age->newest) {
		age->newest = st->st_mtime;
	}
}

static int read_text(struct lists_text *t, const atomic_bool *stop,
	char reterr_why[READFILE_WHY_MAX])
{
	void *pages;
	int r;

	if (t->kind != LISTS_RULESET) {
		return readfile_unpack(t->path, LIST_BYTES_MAX, stop, &t->text,
			&t->len, reterr_why);
	}
	r = readfile_pages(t->path, RULESET_BYTES_MAX, &pages, &t->len);
	t->text = r ? NULL : pages;
	return r;
}

static int load_file(struct walk *w, const char *path, const struct stat *st)
{
	struct lists_text t = {
		.path = (char *)(uintptr_t)path, .kind = w->kind};
	struct lists *l = w->lists;
	char why[READFILE_WHY_MAX];
	int r;

	if (l->stop && atomic_load(l->stop)) {
		return EXIT_RUNTIME;
	}
	r = read_text(&t, l->stop, why);
	if (r == -EISDIR && t.kind != LISTS_RULESET) {
		return 0; /* in a folder of lists, or linked from there */
	}
	if (r == -ECANCELED) {
		return EXIT_RUNTIME;
	}
	if (r) {
		log_error("%s: %s", path, r < 0 ? strerror(-r) : why);
		return EXIT_USAGE;
	}
	if (t.kind == LISTS_LIST) {
		note_age(&l->age, st);
	}
	r = add_text(w, &t);
	if (!r && l->keep) {
		r = keep_text(l, &t);
	}
	if (!t.lent) {
		free(t.text);
	}
	return r;
}

/* FNV-1a: nobody gains by a collision. */
static void see(struct walk *w, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		w->seen = (w->seen ^ p[i]) * UINT64_C(1099511628211);
	}
}

/* 0, or an exit code. What is written to a file while it is read must be news
 * to the next look: so it is seen first. */
static int take_file(struct walk *w, const char *path)
{
	struct stat st;
	uint64_t v[6];

	if (stat(path, &st)) {
		memset(&st, 0, sizeof(st)); /* not there */
	}
	v[0] = st.st_dev;
	v[1] = st.st_ino;
	v[2] = (uint64_t)st.st_size;
	v[3] = (uint64_t)st.st_mtim.tv_sec;
	v[4] = (uint64_t)st.st_mtim.tv_nsec;
	v[5] = st.st_mode;
	see(w, path, strlen(path) + 1);
	see(w, v, sizeof(v));
	return w->lists ? load_file(w, path, &st) : 0;
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
static bool is_left_out(const struct walk *w, const char *path)
{
	if (w->kind != LISTS_EXCEPTIONS || ends_with(path, ".list")) {
		return false;
	}
	if (w->lists) {
		log_warning(
			"%s: left out: files of exceptions end in .list", path);
	}
	return true;
}

/*
 * Walks two directories as one, in the order of names; where both have a name,
 * the second's file wins.
 */
static int walk_merged(
	struct walk *w, const struct directory *a, const struct directory *b)
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
			return no_memory();
		}
		r = is_left_out(w, path) ? 0 : take_file(w, path);
		free(path);
		worst = r > worst ? r : worst;
		i += order <= 0;
		k += order >= 0;
	}
	return worst;
}

static int nothing_there(const struct walk *w, const char *a, const char *b)
{
	if (w->lists) {
		log_error("no %s: neither %s nor %s can be read",
			w->kind == LISTS_EXCEPTIONS ? "exceptions" : "lists", a,
			b ? b : "another folder");
	}
	return EXIT_USAGE;
}

static int walk_directories(
	struct walk *w, const char *shipped, const char *site)
{
	struct directory a = {0}, b = {.n = -1};
	int r;

	directory_read(&a, shipped);
	if (site) {
		directory_read(&b, site);
	}
	if (a.n < 0 && b.n < 0) {
		return nothing_there(w, shipped, site);
	}
	r = walk_merged(w, &a, &b);
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
	       options_origin(o, "list") != ORIGIN_COMMAND_LINE &&
	       options_origin(o, "ruleset") != ORIGIN_COMMAND_LINE;
}

void lists_paths(const struct options *o,
	void (*path)(void *ctx, const char *path), void *ctx)
{
	char *shipped = malloc(PATH_MAX);

	if (o->ruleset) {
		path(ctx, o->ruleset);
	}
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

static int walk_given(struct walk *w, const struct texts *paths)
{
	int r, worst = 0;

	for (unsigned i = 0; i < paths->n; i++) {
		const char *path = paths->text[i];
		struct stat st;

		if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
			r = walk_directories(w, path, NULL);
		} else {
			r = take_file(w, path);
		}
		worst = r > worst ? r : worst;
	}
	return worst;
}

static int walk_lists(struct walk *w, const struct options *o)
{
	if (o->ruleset && !(w->lists && w->lists->only)) {
		w->kind = LISTS_RULESET;
		return take_file(w, o->ruleset);
	}
	w->kind = LISTS_LIST;
	return o->lists.n ? walk_given(w, &o->lists)
			  : walk_directories(
				    w, shipped_lists(w->shipped), SITE_LISTS);
}

static int walk_exceptions(struct walk *w, const struct options *o)
{
	w->kind = LISTS_EXCEPTIONS;
	if (o->exceptions.n) {
		return walk_given(w, &o->exceptions);
	}
	if (!wants_site_exceptions(o) ||
		(access(SITE_EXCEPTIONS, F_OK) && errno == ENOENT)) {
		return 0;
	}
	return walk_directories(w, SITE_EXCEPTIONS, NULL);
}

/* The worst of the files, or 0. */
static int walk(struct walk *w, const struct options *o)
{
	bool only = w->lists && w->lists->only;
	int r, worst;

	w->seen = UINT64_C(14695981039346656037);
	r = walk_lists(w, o);
	worst = only ? 0 : walk_exceptions(w, o);
	return r > worst ? r : worst;
}

/* A copy, as the builder takes it. */
static int to_pages(struct lists_text *t)
{
	void *pages = mmap(NULL, t->len ? t->len : 1, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED) {
		return no_memory();
	}
	memcpy(pages, t->text, t->len);
	t->text = pages;
	return 0;
}

static int walk_texts(struct walk *w, const struct lists_text *text, unsigned n)
{
	int r = 0;

	for (unsigned i = 0; !r && i < n; i++) {
		struct lists_text t = text[i];

		r = t.kind == LISTS_RULESET ? to_pages(&t) : 0;
		r = r ? r : add_text(w, &t);
	}
	return r;
}

/* What is in a compiled set is told like lists that are read. It is as old as
 * it was compiled: copies have other dates. */
static void count_compiled(struct walk *w)
{
	struct lists *l = w->lists;
	const struct dlo_ruleset *rules = l->rules;
	time_t built = (time_t)dlo_ruleset_built(rules);
	char when[UTC_TEXT_MAX];

	if (!built) {
		return;
	}
	l->age = (struct lists_age){built, built};
	if (l->verbose) {
		fprintf(l->verbose, "compiled %s:\n", utc_text(built, when));
	}
	for (unsigned i = 0; i < dlo_ruleset_n_lists(rules); i++) {
		struct dlo_source_info s;

		dlo_ruleset_source(rules, i, &s);
		w->report.n_patterns = s.n_patterns;
		w->report.n_exceptions = s.n_exceptions;
		w->report.n_bad = s.n_bad;
		w->report.n_skipped = s.n_skipped;
		count(w, s.path);
	}
}

static int compile(struct walk *w)
{
	struct lists *l = w->lists;
	struct dlo_diag diag = {0};
	int r = dlo_builder_build(w->builder, &l->rules, &diag);

	if (r > 0) {
		log_diag(&diag);
		return EXIT_USAGE;
	}
	if (r < 0) {
		return no_memory();
	}
	count_compiled(w);
	if (!l->n_patterns) {
		log_warning(
			"no patterns in %u list%s: nothing will be reported",
			l->n_lists, plural(l->n_lists));
	}
	return 0;
}

/* Of the options, or of texts: o is NULL then. */
static int load(const struct options *o, const struct lists_text *text,
	unsigned n, struct lists *l)
{
	struct walk *w = calloc(1, sizeof(*w));
	int r;

	if (!w || dlo_builder_new(&w->builder)) {
		free(w);
		return no_memory();
	}
	w->lists = l;
	if (o) {
		r = walk(w, o);
		l->seen = w->seen;
	} else {
		r = walk_texts(w, text, n);
	}
	if (!r) {
		r = compile(w);
	}
	dlo_builder_free(w->builder);
	free(w);
	return r;
}

int lists_load(const struct options *o, struct lists *l)
{
	return load(o, NULL, 0, l);
}

int lists_load_texts(const struct lists_text *text, unsigned n, struct lists *l)
{
	return load(NULL, text, n, l);
}

uint64_t lists_look(const struct options *o)
{
	struct walk *w = calloc(1, sizeof(*w));
	uint64_t seen = 0;

	if (w) {
		walk(w, o);
		seen = w->seen;
	}
	free(w);
	return seen;
}

void lists_free_texts(struct lists *l)
{
	for (unsigned i = 0; i < l->n_texts; i++) {
		free(l->text[i].path);
		if (!l->text[i].lent) {
			free(l->text[i].text);
		}
	}
	free(l->text);
	l->text = NULL;
	l->n_texts = 0;
}

void lists_free(struct lists *l)
{
	lists_free_texts(l);
	l->rules = dlo_ruleset_free(l->rules);
}
