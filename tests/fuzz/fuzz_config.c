/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_config.c - a configuration of any octets, read, dumped and read again.
 *
 * What must hold: each diagnosis has a place within the text and words; numbers
 * are in their bounds; who gave a value is known; what is dumped is accepted,
 * and dumps to the same but for the comments.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "config.h"
#include "dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_report(
	const struct config_report *rep, const char *text, size_t len)
{
	unsigned n_lines = 1;

	for (size_t i = 0; i < len; i++) {
		n_lines += text[i] == '\n' || text[i] == '\r';
		/* NEL, and the separators of lines and paragraphs */
		n_lines += (unsigned char)text[i] == 0x85 ||
			   (unsigned char)text[i] == 0xa8 ||
			   (unsigned char)text[i] == 0xa9;
	}
	CHECK(rep->n_diags <= rep->n_bad && rep->n_diags <= 10);
	CHECK(rep->n_diags > 0 || rep->n_bad == 0);
	for (unsigned i = 0; i < rep->n_diags; i++) {
		const struct dlo_diag *d = &rep->diag[i];

		CHECK(*d->msg && memchr(d->msg, '\0', sizeof(d->msg)));
		CHECK(!strcmp(d->file, "f.yaml"));
		/* At the end libyaml stands in the line after. */
		CHECK(d->line > 0 && d->line <= n_lines + 1);
		CHECK(d->col > 0 && d->col <= len + 1);
	}
}

static void check_options(struct options *o)
{
	CHECK(o->snaplen <= 262144 && o->buffer_kib > 0);
	CHECK(o->dns_ports.n > 0 && o->dns_ports.n <= PORTS_MAX);
	for (unsigned i = 0; i < o->dns_ports.n; i++) {
		CHECK(o->dns_ports.port[i]);
	}
	CHECK(!o->limit.n == !o->limit.seconds);
	CHECK(o->interfaces.n <= TEXTS_MAX && o->lists.n <= TEXTS_MAX);
	for (unsigned i = 0; i < o->lists.n; i++) {
		CHECK(*o->lists.text[i]);
	}
	CHECK(!o->syslog || strlen(o->syslog) <= 107);
	for (unsigned i = 0; i < n_option_rows; i++) {
		CHECK(!(o->place[i].origin == ORIGIN_FILE) ||
			(option_rows[i].where & OPTION_FILE &&
				o->place[i].line));
	}
}

/* The caller frees it. */
static char *dump(struct options *o, size_t *len)
{
	const struct option_row *row;
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	CHECK(f && !dump_config(o, f, &row)); /* libyaml took UTF-8 only */
	CHECK(!fclose(f));
	return text;
}

/* The length of a line without its comment, which is the last in it. */
static size_t value_len(const char *line)
{
	size_t n = strcspn(line, "\n");

	while (strncmp(line + n, "  # ", 4) != 0) {
		CHECK(n-- > 0);
	}
	return n;
}

/* Who gave a value differs, the values do not. */
static void check_same(const char *a, const char *b)
{
	for (;;) { /* the first line is a comment */
		size_t n;

		a += strcspn(a, "\n") + 1;
		b += strcspn(b, "\n") + 1;
		if (!*a) {
			break;
		}
		n = value_len(a);
		CHECK(n == value_len(b) && !memcmp(a, b, n));
	}
	CHECK(!*b);
}

static void check_dump(struct options *o)
{
	static struct config_report rep;
	struct options again;
	size_t len, again_len;
	char *text = dump(o, &len), *again_text;

	for (size_t i = 0; i < len; i++) {
		CHECK((unsigned char)text[i] >= 0x20 || text[i] == '\n');
		CHECK(text[i] != 0x7f);
	}
	CHECK(!options_init(&again, true));
	CHECK(!config_read(&again, "f.yaml", text, len, &rep));
	again_text = dump(&again, &again_len);
	check_same(text, again_text);
	options_free(&again);
	free(text);
	free(again_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config_report rep;
	struct options o;
	int r;

	CHECK(!options_init(&o, true));
	r = config_read(&o, "f.yaml", (const char *)data, size, &rep);
	CHECK(r == (rep.n_bad > 0));
	check_report(&rep, (const char *)data, size);
	if (!r) {
		check_options(&o);
		check_dump(&o);
	}
	options_free(&o);
	return 0;
}
