/* SPDX-License-Identifier: BSD-2-Clause */
/* exceptions.c - how often each exception hid something, over restarts. */
#include "exceptions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json_out.h"
#include "log.h"
#include "state.h"
#include "utc.h"

/*
 * The file: HEAD, a line "identity hits last_ns" for each exception of this
 * site (what lists except of themselves is counted for one rule set), END.
 * Those of the same identity stand in their order. Who reads an exception again
 * after it was gone begins anew.
 */
#define HEAD "dnslookout exceptions 1\n"
#define END "end\n"
#define FILE_NAME "exceptions.state"
#define NS_PER_S 1000000000u

/* ---- reading ------------------------------------------------------------- */

/* "0123456789abcdef 17 1767323045123456789" */
static bool read_line(
	const char *line, uint64_t *ret_identity, struct exception_hits *ret)
{
	int end = 0;

	return strspn(line, "0123456789abcdef \n") == strlen(line) &&
	       sscanf(line, "%16" SCNx64 " %20" SCNu64 " %20" SCNu64 "%n",
		       ret_identity, &ret->n, &ret->last_ns, &end) == 3 &&
	       !strcmp(line + end, "\n");
}

/* Whether it is of that identity, and not one of thousands that lists make of
 * themselves. */
static bool is_kept(
	const struct dlo_ruleset *rules, unsigned i, uint64_t identity)
{
	const struct dlo_exception_info *e = dlo_ruleset_exception(rules, i);

	return e->identity == identity && !e->of_list;
}

static void give(struct exceptions *x, bool *given, uint64_t identity,
	const struct exception_hits *hits)
{
	unsigned n = dlo_ruleset_n_exceptions(x->rules);

	for (unsigned i = 0; i < n; i++) {
		if (!given[i] && is_kept(x->rules, i, identity)) {
			given[i] = true;
			x->before[i] = *hits;
			x->kept += hits->n;
			return;
		}
	}
}

/* Reads what follows the head. */
static void read_lines(struct exceptions *x, FILE *f, bool *given)
{
	struct exception_hits hits;
	char line[128];
	uint64_t identity;
	unsigned n = 2;

	for (; fgets(line, sizeof(line), f); n++) {
		if (!strcmp(line, END)) {
			return;
		}
		if (!read_line(line, &identity, &hits)) {
			break;
		}
		give(x, given, identity, &hits);
	}
	log_warning("%s:%u: damaged: what exceptions hid is counted anew from "
		    "there on",
		x->path, n);
}

/* Nothing that is written there is ours to write over. */
static void leave_alone(struct exceptions *x)
{
	log_warning("%s: not a file of this version of dnslookout: it is left "
		    "as it is, and what exceptions hide is not kept",
		x->path);
	free(x->path);
	x->path = NULL;
}

static void read_file(struct exceptions *x, FILE *f, bool *given)
{
	char head[sizeof(HEAD)];
	struct stat st;

	if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode)) {
		leave_alone(x);
		return;
	}
	if (!fgets(head, sizeof(head), f)) { /* all was lost */
		log_warning("%s: empty: what exceptions hid is counted anew",
			x->path);
	} else if (strcmp(head, HEAD) != 0) {
		leave_alone(x);
	} else {
		read_lines(x, f, given);
	}
}

static int read_state(struct exceptions *x)
{
	bool *given =
		calloc(dlo_ruleset_n_exceptions(x->rules) + 1u, sizeof(*given));
	int fd = open(x->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd < 0 && errno != ENOENT) {
		log_warning("%s: %s: what exceptions hid is counted anew",
			x->path, strerror(errno));
	}
	if (f && given) {
		read_file(x, f, given);
	}
	if (f) {
		fclose(f);
	}
	free(given);
	return given && (f || fd < 0) ? 0 : -ENOMEM;
}

int exceptions_open(struct exceptions *x, const struct dlo_ruleset *rules,
	const char *folder)
{
	unsigned n = dlo_ruleset_n_exceptions(rules);

	*x = (struct exceptions){.rules = rules};
	x->before = calloc(n + 1u, sizeof(*x->before));
	if (!x->before) {
		return -ENOMEM;
	}
	if (!folder) {
		return 0;
	}
	if (asprintf(&x->path, "%s/" FILE_NAME, folder) < 0) {
		x->path = NULL;
		return -ENOMEM;
	}
	return read_state(x);
}

void exceptions_close(struct exceptions *x)
{
	free(x->before);
	free(x->path);
	*x = (struct exceptions){0};
}

/* ---- sums ---------------------------------------------------------------- */

static struct exception_hits hits_of(const struct exceptions *x, unsigned i,
	const struct source *sources, unsigned n_sources)
{
	struct exception_hits h = x->before[i];
	uint64_t last_ns;

	for (unsigned k = 0; k < n_sources; k++) {
		h.n += dlo_engine_rules_exception(
			sources[k].rules, i, &last_ns);
		h.last_ns = last_ns > h.last_ns ? last_ns : h.last_ns;
	}
	return h;
}

static int by_use(const void *a, const void *b)
{
	const struct exception_row *x = a, *y = b;
	int used = (x->hits.n > 0) - (y->hits.n > 0);
	int later = (x->hits.last_ns > y->hits.last_ns) -
		    (x->hits.last_ns < y->hits.last_ns);
	int behind = (x->info > y->info) - (x->info < y->info);

	return used ? used : later ? later : behind;
}

int exceptions_each(const struct exceptions *x, const struct source *sources,
	unsigned n_sources,
	void (*row)(void *ctx, const struct exception_row *row), void *ctx)
{
	unsigned n = dlo_ruleset_n_exceptions(x->rules);
	struct exception_row *rows = calloc(n + 1u, sizeof(*rows));

	if (!rows) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < n; i++) {
		rows[i].info = dlo_ruleset_exception(x->rules, i);
		rows[i].hits = hits_of(x, i, sources, n_sources);
	}
	qsort(rows, n, sizeof(*rows), by_use);
	for (unsigned i = 0; i < n; i++) {
		if (rows[i].hits.n || !rows[i].info->of_list) {
			row(ctx, &rows[i]);
		}
	}
	free(rows);
	return 0;
}

/* ---- another rule set ---------------------------------------------------- */

/* The number of the first exception of that identity that has no `from` yet; n:
 * there is none. */
static unsigned find(const struct exceptions_next *next, uint64_t identity)
{
	unsigned n = dlo_ruleset_n_exceptions(next->rules), i = 0;

	while (i < n && (next->from[i] != EXCEPTION_NEW ||
				!is_kept(next->rules, i, identity))) {
		i++;
	}
	return i;
}

int exceptions_prepare(const struct exceptions *x,
	const struct dlo_ruleset *rules, struct exceptions_next *ret)
{
	unsigned n = dlo_ruleset_n_exceptions(rules);

	*ret = (struct exceptions_next){.rules = rules,
		.before = calloc(n + 1u, sizeof(*ret->before)),
		.from = malloc((n + 1u) * sizeof(*ret->from))};
	if (!ret->before || !ret->from) {
		exceptions_forget(ret);
		return -ENOMEM;
	}
	memset(ret->from, 0xff, (n + 1u) * sizeof(*ret->from));
	for (unsigned i = 0; i < dlo_ruleset_n_exceptions(x->rules); i++) {
		const struct dlo_exception_info *e =
			dlo_ruleset_exception(x->rules, i);

		if (!e->of_list) {
			ret->from[find(ret, e->identity)] = i;
		}
	}
	return 0;
}

void exceptions_exchange(struct exceptions *x, struct exceptions_next *next,
	const struct source *sources, unsigned n_sources)
{
	for (unsigned i = 0; i < dlo_ruleset_n_exceptions(next->rules); i++) {
		if (next->from[i] != EXCEPTION_NEW) {
			next->before[i] =
				hits_of(x, next->from[i], sources, n_sources);
		}
	}
	free(x->before);
	x->rules = next->rules;
	x->before = next->before;
	x->kept = UINT64_MAX; /* the file tells of others */
	next->before = NULL;
	exceptions_forget(next);
}

void exceptions_forget(struct exceptions_next *next)
{
	free(next->before);
	free(next->from);
	*next = (struct exceptions_next){0};
}

/* ---- for a person -------------------------------------------------------- */

static void on_row(void *ctx, const struct exception_row *row)
{
	time_t s = (time_t)(row->hits.last_ns / NS_PER_S);
	char *text, when[64] = "";
	struct tm tm;

	if (asprintf(&text, "%s:%u %s", row->info->file, row->info->line,
		    row->info->text) < 0) {
		return;
	}
	log_clean(text, strlen(text));
	if (row->hits.n && localtime_r(&s, &tm)) {
		strftime(when, sizeof(when), ", last %Y-%m-%d %H:%M:%S", &tm);
	}
	fprintf(ctx, "  %s: %" PRIu64 "%s\n", text, row->hits.n, when);
	free(text);
}

void exceptions_print(FILE *f, const struct exceptions *x,
	const struct source *sources, unsigned n_sources)
{
	if (dlo_ruleset_n_exceptions(x->rules)) {
		fputs("exceptions, unused first:\n", f);
		exceptions_each(x, sources, n_sources, on_row, f);
	}
}

/* ---- for a program ------------------------------------------------------- */

struct array {
	FILE *f;
	bool begun;
};

static void on_row_json(void *ctx, const struct exception_row *row)
{
	struct array *a = ctx;
	time_t s = (time_t)(row->hits.last_ns / NS_PER_S);
	char last[UTC_TEXT_MAX];

	fputs(a->begun ? ",{" : "{", a->f);
	a->begun = true;
	json_out_exception(a->f, row->info);
	fprintf(a->f, ",\"hits\":%" PRIu64 ",", row->hits.n);
	json_out_member(a->f, "last", utc_text(s, last));
	fputc('}', a->f);
}

int exceptions_print_json(FILE *f, const struct exceptions *x,
	const struct source *sources, unsigned n_sources)
{
	struct array a = {.f = f};
	int r;

	fputc('[', f);
	r = exceptions_each(x, sources, n_sources, on_row_json, &a);
	fputc(']', f);
	return r;
}

/* ---- writing ------------------------------------------------------------- */

/* One writing of the file, which nobody else touches meanwhile. */
struct keep {
	uv_work_t work;
	struct exceptions *x;
	char *text;
	size_t len;
	uint64_t n; /* hits in it */
	int error;
};

/* The file's text; NULL: there is nothing new, or no memory. */
static char *state_text(const struct exceptions *x,
	const struct source *sources, unsigned n_sources, struct keep *k)
{
	unsigned n = dlo_ruleset_n_exceptions(x->rules);
	FILE *f = open_memstream(&k->text, &k->len);

	if (!f) {
		return NULL;
	}
	fputs(HEAD, f);
	for (unsigned i = 0; i < n; i++) {
		const struct dlo_exception_info *e =
			dlo_ruleset_exception(x->rules, i);
		struct exception_hits h = hits_of(x, i, sources, n_sources);

		if (e->of_list) {
			continue;
		}
		fprintf(f, "%016" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
			e->identity, h.n, h.last_ns);
		k->n += h.n;
	}
	fputs(END, f);
	if (fclose(f) || k->n == x->kept) {
		free(k->text);
		k->text = NULL;
	}
	return k->text;
}

static void write_file(uv_work_t *work)
{
	struct keep *k = work->data;
	struct iovec v = {k->text, k->len};

	k->error = state_write(k->x->path, &v, 1);
}

static void written(uv_work_t *work, int status)
{
	struct keep *k = work->data;
	struct exceptions *x = k->x;
	int r = status ? status : k->error;

	x->keeping = false;
	if (r) {
		x->kept = UINT64_MAX;
	}
	if (r && !x->failed) {
		log_warning("%s: what exceptions hide cannot be kept: %s",
			x->path, strerror(-r));
	}
	x->failed = r != 0;
	free(k->text);
	free(k);
}

void exceptions_keep(struct exceptions *x, const struct source *sources,
	unsigned n_sources, uv_loop_t *loop)
{
	struct keep *k;

	if (!x->path || x->keeping) {
		return;
	}
	k = calloc(1, sizeof(*k));
	if (!k || !state_text(x, sources, n_sources, k)) {
		free(k);
		return;
	}
	k->x = x;
	x->kept = k->n;
	k->work.data = k;
	x->keeping = true;
	if (!loop || uv_queue_work(loop, &k->work, write_file, written)) {
		write_file(&k->work);
		written(&k->work, 0);
	}
}
