/* SPDX-License-Identifier: BSD-2-Clause */
/* config.c - the settings from the configuration file, which is YAML. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "nearest.h"

/*
 * Theory of operation
 *
 * libyaml's parser gives events; its document API would build everything first,
 * which for some 200 kB of `[` takes minutes. What is not understood is
 * skipped, to a bounded depth, so that one run names all errors; only where the
 * text is no YAML, or uses what is not read here, it ends there. Marks of
 * libyaml count characters from 0.
 *
 * YAML that would let a reader see another thing than the program does is
 * refused: a key that stands twice, aliases (and so merge keys), tags, a second
 * document.
 */

#define DEPTH_MAX 32u
#define SHOWN_MAX 40 /* of a word in a message */

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the newest */
	struct options *o;
	const char *file;
	const char *text;
	struct config_report *rep;
};

/* ---- what is wrong ------------------------------------------------------ */

__attribute__((format(printf, 4, 5))) static void complain_at(
	struct reader *r, size_t line, size_t col, const char *format, ...)
{
	struct config_report *rep = r->rep;
	struct dlo_diag *d = &rep->diag[rep->n_diags];
	va_list ap;

	rep->n_bad++;
	if (rep->n_diags == sizeof(rep->diag) / sizeof(rep->diag[0])) {
		return;
	}
	rep->n_diags++;
	snprintf(d->file, sizeof(d->file), "%s", r->file);
	d->line = (unsigned)line;
	d->col = (unsigned)col;
	va_start(ap, format);
	vsnprintf(d->msg, sizeof(d->msg), format, ap);
	va_end(ap);
}

#define complain(r, mark, ...) \
	complain_at(r, (mark).line + 1, (mark).column + 1, __VA_ARGS__)

/* The reader of octets knows an offset only. */
static void complain_offset(struct reader *r, size_t offset, const char *what)
{
	size_t line = 1, col = 1;

	for (size_t i = 0; i < offset; i++) {
		/* Characters, as the marks do. */
		col += (r->text[i] & 0xc0) != 0x80;
		if (r->text[i] == '\n') {
			line++;
			col = 1;
		}
	}
	complain_at(r, line, col, "%s: is it UTF-8?", what);
}

/* What libyaml says, and what mends it. */
static const char *hint_for(const char *problem)
{
	static const struct {
		const char *problem, *hint;
	} hints[] = {
		{"could not find expected ':'",
			"; a line is `key: value`, with a blank after the "
			"colon"},
		{"found character that cannot start any token",
			"; indent with blanks, not tabs, and quote what "
			"begins with @, % or `"},
		{"did not find expected <document start>",
			"; all keys begin in one column"},
		{"did not find expected key", "; all keys begin in one column"},
		{"did not find expected ',' or ']'", "; a list is [a, b]"},
		{"found unexpected end of stream", "; is a quote not closed?"},
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (!strcmp(problem, hints[i].problem)) {
			return hints[i].hint;
		}
	}
	return "";
}

static void complain_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR) {
		complain_at(r, 1, 1, "out of memory");
	} else if (p->error == YAML_READER_ERROR) {
		complain_offset(r, p->problem_offset, p->problem);
	} else if (p->context) {
		complain(r, p->problem_mark,
			"%s (%s from line %zu, column %zu)%s", p->problem,
			p->context, p->context_mark.line + 1,
			p->context_mark.column + 1, hint_for(p->problem));
	} else {
		complain(r, p->problem_mark, "%s%s", p->problem,
			hint_for(p->problem));
	}
}

/* ---- events ------------------------------------------------------------- */

/* What an event has that is not read here; NULL: nothing. */
static const char *stranger(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return "an alias (*)";
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor ? "an anchor (&)"
		       : e->data.scalar.tag  ? "a tag (!)"
					     : NULL;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor ? "an anchor (&)"
		       : e->data.sequence_start.tag  ? "a tag (!)"
						     : NULL;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor ? "an anchor (&)"
		       : e->data.mapping_start.tag  ? "a tag (!)"
						    : NULL;
	default:
		return NULL;
	}
}

/* Gets the next event. -1 after a complaint. */
static int next(struct reader *r)
{
	const char *what;

	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event)) {
		complain_syntax(r);
		return -1;
	}
	what = stranger(&r->event);
	if (what) {
		complain(r, r->event.start_mark, "%s; write the value itself",
			what);
		return -1;
	}
	return 0;
}

/* Goes to the end of what the newest event begins. */
static int skip(struct reader *r)
{
	unsigned depth = 0;

	for (;;) {
		switch (r->event.type) {
		case YAML_SEQUENCE_START_EVENT:
		case YAML_MAPPING_START_EVENT:
			depth++;
			break;
		case YAML_SEQUENCE_END_EVENT:
		case YAML_MAPPING_END_EVENT:
			depth--;
			break;
		default:
			break;
		}
		if (!depth) {
			return 0;
		}
		if (depth > DEPTH_MAX) {
			complain(r, r->event.start_mark,
				"nested deeper than %u", DEPTH_MAX);
			return -1;
		}
		if (next(r)) {
			return -1;
		}
	}
}

/* ---- a value ------------------------------------------------------------ */

/* Takes the newest event, a scalar. */
static void take_scalar(struct reader *r, const struct option_row *row,
	struct option_place place)
{
	const char *text = (const char *)r->event.data.scalar.value;
	bool plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	char problem[OPTION_PROBLEM_MAX];

	if (strlen(text) != r->event.data.scalar.length) {
		complain(r, r->event.start_mark, "%s: a NUL octet", row->name);
		return;
	}
	if (plain && (!*text || !strcmp(text, "~") || !strcmp(text, "null"))) {
		complain(r, r->event.start_mark, "%s needs a value%s",
			row->name, row->no ? ", or off" : "");
		return;
	}
	if (plain && row->no && option_is_no(text)) {
		text = NULL;
	}
	if (options_take(r->o, row, text, place, problem)) {
		complain(r, r->event.start_mark, "%s %s", row->name, problem);
	}
}

static bool is_many(const struct option_row *row)
{
	return row->type == OPTION_TEXTS || row->type == OPTION_PORTS;
}

/* Of an empty list. */
static void take_nothing(struct reader *r, const struct option_row *row,
	struct option_place place)
{
	char problem[OPTION_PROBLEM_MAX];

	if (row->type != OPTION_TEXTS) {
		complain_at(r, place.line, place.col, "%s needs a value",
			row->name);
	} else {
		options_take(r->o, row, NULL, place, problem);
	}
}

/* Takes a sequence; the newest event is its begin, then its end. */
static int take_sequence(struct reader *r, const struct option_row *row,
	struct option_place place)
{
	for (unsigned n = 0; !next(r); n++) {
		switch (r->event.type) {
		case YAML_SEQUENCE_END_EVENT:
			if (!n) {
				take_nothing(r, row, place);
			}
			return 0;
		case YAML_SCALAR_EVENT:
			take_scalar(r, row, place);
			break;
		default:
			complain(r, r->event.start_mark,
				"%s takes a list of plain values", row->name);
			if (skip(r)) {
				return -1;
			}
		}
	}
	return -1;
}

/* Takes the value of a known key, which stands at `place`. */
static int take_value(struct reader *r, const struct option_row *row,
	struct option_place place)
{
	if (r->event.type == YAML_SCALAR_EVENT) {
		take_scalar(r, row, place);
		return 0;
	}
	if (r->event.type == YAML_SEQUENCE_START_EVENT && is_many(row)) {
		return take_sequence(r, row, place);
	}
	complain(r, r->event.start_mark, "%s takes %s", row->name,
		is_many(row) ? "a value, or a list of them"
			     : "one value, no list and no keys of its own");
	return skip(r);
}

/* ---- a key -------------------------------------------------------------- */

static void complain_key(struct reader *r, const char *key)
{
	const char *names[OPTIONS_MAX], *near;
	unsigned n = 0;

	for (unsigned i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->where & OPTION_FILE) {
			names[n++] = row->name;
		} else if (!strcmp(row->name, key)) {
			complain(r, r->event.start_mark, "%s %s", key,
				row->type == OPTION_LATER
					? "is not built yet"
					: "belongs on the command line");
			return;
		}
	}
	near = nearest(key, names, n);
	complain(r, r->event.start_mark, "unknown key \"%.*s\"%s%s%s",
		SHOWN_MAX, key, near ? "; did you mean \"" : "",
		near ? near : "", near ? "\"?" : "");
}

/* The row of the newest event, a key. NULL after a complaint. */
static const struct option_row *find_key(struct reader *r)
{
	const char *key = (const char *)r->event.data.scalar.value;
	const struct option_place *before;

	if (r->event.type != YAML_SCALAR_EVENT ||
		strlen(key) != r->event.data.scalar.length) {
		complain(r, r->event.start_mark, "a key is one plain word");
		return NULL;
	}
	for (unsigned i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (!(row->where & OPTION_FILE) || strcmp(row->name, key)) {
			continue;
		}
		before = options_place(r->o, row);
		if (before->origin == ORIGIN_FILE) {
			complain(r, r->event.start_mark,
				"the key \"%s\" stands twice, first in line "
				"%u, column %u",
				key, before->line, before->col);
			return NULL;
		}
		return row;
	}
	complain_key(r, key);
	return NULL;
}

static int read_mapping(struct reader *r)
{
	while (!next(r)) {
		const struct option_row *row;
		struct option_place place = {.origin = ORIGIN_FILE,
			.line = (unsigned)r->event.start_mark.line + 1,
			.col = (unsigned)r->event.start_mark.column + 1};

		if (r->event.type == YAML_MAPPING_END_EVENT) {
			return 0;
		}
		row = find_key(r);
		if (skip(r) || next(r)) {
			return -1;
		}
		r->rep->n_settings += row != NULL;
		if (row ? take_value(r, row, place) : skip(r)) {
			return -1;
		}
	}
	return -1;
}

/* ---- the document ------------------------------------------------------- */

static bool is_nothing(const yaml_event_t *e)
{
	return e->type == YAML_SCALAR_EVENT && !e->data.scalar.length &&
	       e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static int read_document(struct reader *r)
{
	if (next(r) || next(r)) { /* the stream, the document */
		return -1;
	}
	if (r->event.type == YAML_STREAM_END_EVENT) { /* comments only */
		return 0;
	}
	if (next(r)) {
		return -1;
	}
	if (r->event.type == YAML_MAPPING_START_EVENT) {
		if (read_mapping(r)) {
			return -1;
		}
	} else if (!is_nothing(&r->event)) {
		complain(r, r->event.start_mark,
			"not a mapping: a line is `key: value`, with a blank "
			"after the colon");
		return -1;
	}
	if (next(r) || next(r)) { /* the document's end, the stream's */
		return -1;
	}
	if (r->event.type != YAML_STREAM_END_EVENT) {
		complain(r, r->event.start_mark, "a second document");
		return -1;
	}
	return 0;
}

int config_read(struct options *o, const char *file, const char *text,
	size_t len, struct config_report *ret_report)
{
	struct reader r = {
		.o = o, .file = file, .text = text, .rep = ret_report};

	*ret_report = (struct config_report){0};
	if (!yaml_parser_initialize(&r.parser)) {
		complain_at(&r, 1, 1, "out of memory");
		return 1;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&r.parser, (const unsigned char *)text, len);
	read_document(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return ret_report->n_bad > 0;
}
