/* SPDX-License-Identifier: BSD-2-Clause */
/* reader.c - a list that is being read: what all formats do with its lines. */
#include "rules/reader.h"

#include <string.h>
#include <strings.h>

#include "rules/exception_list.h"

/* Names that hosts files give to the machine itself. */
static const char *const local_names[] = {
	"localhost",
	"localhost.localdomain",
	"local",
	"broadcasthost",
	"ip6-localhost",
	"ip6-loopback",
	"ip6-localnet",
	"ip6-mcastprefix",
	"ip6-allnodes",
	"ip6-allrouters",
	"ip6-allhosts",
};

int dlo_reader_parse(struct dlo_reader *t, struct dlo_line *l, const char *text,
	size_t len, size_t at)
{
	const char *msg;
	size_t off;
	int err =
		dlo_pattern_parse(text, len, &t->scratch->pattern, &off, &msg);

	return err == 1 ? dlo_line_bad(l, at + off, "%s", msg) : err;
}

int dlo_reader_add(struct dlo_reader *t, struct dlo_line *l, size_t at,
	const struct dlo_rule *rule)
{
	const char *msg;
	int err = dlo_rules_add(
		t->rules, &t->scratch->pattern, t->diag->line, rule, &msg);

	if (err == 1) {
		return dlo_line_bad(l, at, "%s", msg);
	}
	t->scratch->report.n_patterns += !err;
	return err;
}

int dlo_reader_except(
	struct dlo_reader *t, struct dlo_line *l, size_t at, unsigned rank)
{
	const char *msg;
	int err;

	t->diag->col = (unsigned)at + 1;
	err = dlo_exceptions_add_listed(t->exceptions, t->texts, t->scratch,
		&t->headers.rule, t->diag, rank, &msg);
	if (err == 1) {
		return dlo_line_bad(l, at, "%s", msg);
	}
	t->scratch->report.n_exceptions += !err;
	return err;
}

int dlo_reader_skip(struct dlo_reader *t)
{
	t->scratch->report.n_skipped++;
	return 0;
}

/* ---- hosts lines --------------------------------------------------------- */

/* Whether a hosts file says nothing by it: "0.0.0.0 0.0.0.0" is one, too. */
static bool is_local(const struct dlo_slice *s)
{
	size_t i;

	for (i = 0; i < sizeof(local_names) / sizeof(*local_names); i++) {
		if (strlen(local_names[i]) == s->len &&
			!strncasecmp(local_names[i], s->p, s->len)) {
			return true;
		}
	}
	return dlo_is_address(s);
}

/* Takes one name of a hosts line, as the pattern =name. */
static int host(
	struct dlo_reader *t, struct dlo_line *l, const struct dlo_slice *s)
{
	char *text = t->scratch->value;
	int err;

	if (s->len > DLO_LINE_MAX) {
		return dlo_line_bad(l, s->at, "a name over 255 octets");
	}
	if (memchr(s->p, '=', s->len)) {
		return dlo_line_bad(l, s->at,
			"after the names of a hosts line only a # comment");
	}
	text[0] = '=';
	memcpy(text + 1, s->p, s->len);
	err = dlo_reader_parse(t, l, text, s->len + 1, s->at - 1);
	return err ? err : dlo_reader_add(t, l, s->at, &t->headers.rule);
}

/* A bad name spoils no other; the diagnostic is that of the first. */
int dlo_reader_hosts(
	struct dlo_reader *t, struct dlo_line *l, size_t address_at)
{
	struct dlo_diag first;
	unsigned n = 0, n_local = 0, n_bad = 0;

	for (; dlo_line_more(l); n++) {
		struct dlo_slice name;
		int err = dlo_line_field(l, &name);

		if (!err && is_local(&name)) {
			n_local++;
			continue;
		}
		err = err ? err : host(t, l, &name);
		if (err < 0) {
			return err;
		}
		if (err && !n_bad++) {
			first = *l->diag;
		}
		if (err && l->at < l->len && !dlo_is_blank(l->p[l->at])) {
			break; /* stopped within a field */
		}
	}
	if (!n) {
		return dlo_line_bad(l, address_at,
			"an address without a name; lists hold names only");
	}
	t->scratch->report.n_skipped += n == n_local;
	if (n_bad) {
		*l->diag = first;
	}
	return n_bad > 0;
}
