/* SPDX-License-Identifier: BSD-2-Clause */
/* lastgood.c - the last good set of a service. */
#include "lastgood.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "log.h"
#include "plural.h"
#include "readfile.h"
#include "state.h"

/*
 * The file:
 *
 *	dnslookout last good set 1
 *	sha256 HEX			of all that follows
 *	date SECONDS
 *	list PATH-OCTETS TEXT-OCTETS	each file: its path, a newline, its
 *	PATH				text, a newline; instead of "list",
 *	TEXT				"exceptions" or "ruleset", if it is one
 *
 * The checksum says that it is what was written, not by whom: who may write
 * into the state folder is trusted.
 */

#define MAGIC "dnslookout last good set "
#define VERSION "1\n"
#define SUM "sha256 "
#define HEX_LEN (2 * 32)
#define BYTES_MAX ((size_t)5 << 30)

static bool sha256(const struct iovec *v, size_t n, char ret[HEX_LEN + 1])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned char sum[EVP_MAX_MD_SIZE];
	bool ok = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL);

	for (size_t i = 0; ok && i < n; i++) {
		ok = EVP_DigestUpdate(c, v[i].iov_base, v[i].iov_len);
	}
	ok = ok && EVP_DigestFinal_ex(c, sum, NULL);
	EVP_MD_CTX_free(c);
	for (size_t i = 0; ok && i < HEX_LEN / 2; i++) {
		snprintf(ret + 2 * i, 3, "%02x", sum[i]);
	}
	return ok;
}

/* ---- writing ------------------------------------------------------------ */

#define LINE_MAX_LEN 64u
#define PIECES 5u /* of a file */

static const char *const kinds[] = {
	[LISTS_LIST] = "list ",
	[LISTS_EXCEPTIONS] = "exceptions ",
	[LISTS_RULESET] = "ruleset ",
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct iovec piece(const char *text, size_t len)
{
	return (struct iovec){(void *)(uintptr_t)text, len};
}

static void put_file(const struct lists_text *t, char line[LINE_MAX_LEN],
	struct iovec v[PIECES])
{
	snprintf(line, LINE_MAX_LEN, "%s%zu %zu\n", kinds[t->kind],
		strlen(t->path), t->len);
	v[0] = piece(line, strlen(line));
	v[1] = piece(t->path, strlen(t->path));
	v[2] = piece("\n", 1);
	v[3] = piece(t->text, t->len);
	v[4] = piece("\n", 1);
}

int lastgood_write(const char *path, const struct lists *l, time_t date)
{
	size_t n = 2 + PIECES * l->n_texts;
	struct iovec *v = calloc(n, sizeof(*v));
	char(*line)[LINE_MAX_LEN] = calloc(l->n_texts + 1, sizeof(*line));
	char head[LINE_MAX_LEN + HEX_LEN], sum[HEX_LEN + 1];
	int r = -ENOMEM;

	if (v && line) {
		snprintf(line[0], LINE_MAX_LEN, "date %lld\n", (long long)date);
		v[1] = piece(line[0], strlen(line[0]));
		for (unsigned i = 0; i < l->n_texts; i++) {
			put_file(&l->text[i], line[i + 1], &v[2 + PIECES * i]);
		}
		if (sha256(v + 1, n - 1, sum)) {
			snprintf(head, sizeof(head), MAGIC VERSION SUM "%s\n",
				sum);
			v[0] = piece(head, strlen(head));
			r = state_write(path, v, n);
		}
	}
	free(line);
	free(v);
	return r;
}

/* ---- reading ------------------------------------------------------------ */

struct cursor {
	char *p, *end;
};

static bool take(struct cursor *c, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(c->end - c->p) < len || memcmp(c->p, word, len) != 0) {
		return false;
	}
	c->p += len;
	return true;
}

/* Decimal digits and what stands behind them. */
static bool take_number(struct cursor *c, const char *behind, uint64_t *ret)
{
	const char *first = c->p;
	uint64_t n = 0;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
		if (n > (UINT64_MAX - 9) / 10) {
			return false;
		}
		n = 10 * n + (uint64_t)(*c->p++ - '0');
	}
	*ret = n;
	return c->p > first && take(c, behind);
}

/* So many octets and a newline, which becomes a NUL. */
static char *take_octets(struct cursor *c, uint64_t len)
{
	char *p = c->p;

	if ((uint64_t)(c->end - p) <= len || p[len] != '\n') {
		return NULL;
	}
	p[len] = '\0';
	c->p += len + 1;
	return p;
}

static bool take_file(struct cursor *c, struct lists_text *ret)
{
	uint64_t path_len, len;
	unsigned kind = 0;

	while (kind < N_KINDS && !take(c, kinds[kind])) {
		kind++;
	}
	if (kind == N_KINDS || !take_number(c, " ", &path_len) ||
		!take_number(c, "\n", &len)) {
		return false;
	}
	ret->kind = (enum lists_kind)kind;
	ret->lent = false;
	ret->len = (size_t)len;
	ret->path = take_octets(c, path_len);
	ret->text = ret->path ? take_octets(c, len) : NULL;
	return ret->text && path_len && strlen(ret->path) == path_len;
}

/* Behind the date. 0, 1, -ENOMEM. */
static int take_files(struct cursor *c, struct lastgood *g)
{
	unsigned cap = 0;

	while (c->p < c->end) {
		struct lists_text *more = g->text;

		if (g->n == cap) {
			cap = cap ? 2 * cap : 16;
			more = realloc(g->text, cap * sizeof(*more));
		}
		if (!more) {
			return -ENOMEM;
		}
		g->text = more;
		if (!take_file(c, &g->text[g->n++])) {
			return 1;
		}
	}
	return g->n ? 0 : 1;
}

static bool sum_is_right(struct cursor *c)
{
	char sum[HEX_LEN + 1];
	const char *given = c->p;
	struct iovec rest;

	if (c->end - c->p <= HEX_LEN || c->p[HEX_LEN] != '\n') {
		return false;
	}
	c->p += HEX_LEN + 1;
	rest = piece(c->p, (size_t)(c->end - c->p));
	return sha256(&rest, 1, sum) && !memcmp(given, sum, HEX_LEN);
}

int lastgood_parse(
	char *data, size_t len, struct lastgood *ret, const char **reterr_why)
{
	struct cursor c = {data, data + len};
	struct lastgood g = {0};
	uint64_t date;
	int r;

	if (!take(&c, MAGIC)) {
		*reterr_why = "not a file of the last good set";
		return 1;
	}
	if (!take(&c, VERSION)) {
		*reterr_why = "of another version of this program";
		return 1;
	}
	*reterr_why = "damaged";
	if (!take(&c, SUM) || !sum_is_right(&c) || !take(&c, "date ") ||
		!take_number(&c, "\n", &date) || date > INT64_MAX) {
		return 1;
	}
	r = take_files(&c, &g);
	if (r) {
		free(g.text);
		return r;
	}
	g.date = (time_t)date;
	*ret = g;
	return 0;
}

/* ---- at boot ------------------------------------------------------------ */

/* The rule set of the file. 0; -ENOENT when there is none; another -errno after
 * a message. */
static int load(const char *path, struct lists *l, time_t *ret_date)
{
	struct lastgood g;
	const char *why = strerror(ENOMEM);
	char *data;
	size_t len;
	int r = readfile(path, BYTES_MAX, &data, &len);

	if (r) {
		if (r != -ENOENT) {
			log_error("%s: %s", path, strerror(-r));
		}
		return r;
	}
	r = lastgood_parse(data, len, &g, &why);
	if (r) {
		log_error("%s: %s: not used", path, why);
		r = -EINVAL;
	} else {
		r = lists_load_texts(g.text, g.n, l) ? -EINVAL : 0;
		*ret_date = g.date;
		free(g.text);
	}
	free(data);
	return r;
}

static void warn(
	const struct lists *l, time_t date, const struct reasons *reasons)
{
	char when[32] = "?", why[512];
	struct tm tm;

	if (localtime_r(&date, &tm)) {
		strftime(when, sizeof(when), "%F %T", &tm);
	}
	log_warning("LISTS OR EXCEPTIONS ARE BAD. In their place, until a "
		    "reload, the last good set is used, of %s: %u list%s, %u "
		    "pattern%s. What is wrong: %s",
		when, l->n_lists, plural(l->n_lists), l->n_patterns,
		plural(l->n_patterns),
		reasons_short(reasons, why, sizeof(why)));
}

int lastgood_boot(const struct options *o, const char *path, struct lists *l,
	time_t *ret_date, struct reasons *ret_why)
{
	struct lists good = {0};
	int r;

	*ret_date = 0;
	*ret_why = (struct reasons){0};
	reasons_begin(ret_why);
	r = lists_load(o, l);
	reasons_end();
	if (r == EXIT_RUNTIME || (!r && l->n_patterns)) {
		return r;
	}
	if (load(path, &good, ret_date) || !good.n_patterns) {
		lists_free(&good);
		*ret_date = 0;
		return r;
	}
	good.seen = l->seen;
	good.age = (struct lists_age){*ret_date, *ret_date};
	lists_free(l);
	*l = good;
	warn(l, *ret_date, ret_why);
	return 0;
}
