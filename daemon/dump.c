/* SPDX-License-Identifier: BSD-2-Clause */
/* dump.c - the settings as a configuration file that gives the same ones. */
#include "dump.h"

#include <inttypes.h>
#include <string.h>

/* ---- texts -------------------------------------------------------------- */

/* Reads one character of UTF-8. Returns its octets; 0 when it is none. */
static unsigned decode(const unsigned char *s, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned len = s[0] < 0x80   ? 1
		       : s[0] < 0xc0 ? 0
		       : s[0] < 0xe0 ? 2
		       : s[0] < 0xf0 ? 3
		       : s[0] < 0xf8 ? 4
				     : 0;
	uint32_t c = len == 1 ? s[0] : s[0] & (0x7fu >> len);

	for (unsigned i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80) { /* a NUL too */
			return 0;
		}
		c = c << 6 | (s[i] & 0x3f);
	}
	if (len > 1 && (c < least[len] || c > 0x10ffff ||
			       (c >= 0xd800 && c < 0xe000))) {
		return 0;
	}
	*ret = c;
	return len;
}

/* In double quotes, where nothing but an escape means another thing. All that
 * YAML does not take as it is, or a terminal would obey, is escaped. */
static int put_text(FILE *f, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned len;
	uint32_t c;

	putc('"', f);
	for (; *s; s += len) {
		len = decode(s, &c);
		if (!len) {
			return -1;
		}
		if (c == '"' || c == '\\') {
			fprintf(f, "\\%c", (int)c);
		} else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			fprintf(f, "\\x%02" PRIx32, c);
		} else if (c == 0x2028 || c == 0x2029 || c == 0xfeff ||
			   c == 0xfffe || c == 0xffff) {
			fprintf(f, "\\u%04" PRIx32, c);
		} else {
			fwrite(s, 1, len, f);
		}
	}
	putc('"', f);
	return 0;
}

static int put_texts(FILE *f, const struct texts *t)
{
	int r = 0;

	putc('[', f);
	for (unsigned i = 0; !r && i < t->n; i++) {
		fputs(i ? ", " : "", f);
		r = put_text(f, t->text[i]);
	}
	putc(']', f);
	return r;
}

/* ---- values ------------------------------------------------------------- */

static void put_ports(FILE *f, const struct ports *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		fprintf(f, "%s%" PRIu16, i ? ", " : "[", p->port[i]);
	}
	putc(']', f);
}

static int put_off(FILE *f)
{
	fputs("off", f);
	return 0;
}

static int put_value(FILE *f, const struct option_row *row, const void *at)
{
	const char *text;

	switch (row->type) {
	case OPTION_FLAG:
		fputs(*(const bool *)at ? "yes" : "no", f);
		return 0;
	case OPTION_COUNT:
	case OPTION_NUMBER:
		fprintf(f, "%u", *(const unsigned *)at);
		return 0;
	case OPTION_NUMBER64:
		fprintf(f, "%" PRIu64, *(const uint64_t *)at);
		return 0;
	case OPTION_TEXT:
	case OPTION_LINK_TYPE:
		text = *(const char *const *)at;
		return text ? put_text(f, text) : put_off(f);
	case OPTION_TEXTS:
		return put_texts(f, at);
	case OPTION_CHOICE:
		fputs(row->choices[*(const unsigned *)at], f);
		return 0;
	case OPTION_PORTS:
		put_ports(f, at);
		return 0;
	case OPTION_LIMIT: {
		const struct alert_limit *l = at;

		return l->n ? fprintf(f, "%u/%u", l->n, l->seconds) < 0
			    : put_off(f);
	}
	case OPTION_LATER:
	case OPTION_HELP:
	case OPTION_VERSION:
		break;
	}
	return 0;
}

/* Who gave it, and what a change of it needs. */
static void put_comment(
	FILE *f, const struct option_row *row, const struct option_place *p)
{
	fputs("  # ", f);
	if (p->origin == ORIGIN_FILE) {
		fprintf(f, "line %u", p->line);
	} else {
		fputs(p->origin == ORIGIN_DEFAULT ? "default" : "command line",
			f);
	}
	fputs(row->reload ? "; reload\n" : "; restart\n", f);
}

int dump_config(struct options *o, FILE *f, const struct option_row **ret_row)
{
	fputs("# dnslookout " DLO_VERSION ": each setting, who gave it, and "
	      "what a change of it needs\n",
		f);
	for (unsigned i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (!(row->where & OPTION_FILE)) {
			continue;
		}
		fprintf(f, "%s: ", row->name);
		if (put_value(f, row, options_value(o, row))) {
			*ret_row = row;
			return -1;
		}
		put_comment(f, row, options_place(o, row));
	}
	return 0;
}
