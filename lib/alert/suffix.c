/* SPDX-License-Identifier: BSD-2-Clause */
/* suffix.c - where the registered domain of a name begins. */
#include "alert/suffix.h"

#include <stdint.h>

#include <libpsl.h>

#include "wire/name.h"

/* No rule of the list has more labels; what lies left of them is not asked. */
#define RULE_LABELS 6

/* A name's labels as libpsl may see them: an escaped octet, which no rule
 * holds, as one underscore, so that no escape looks like a label boundary. */
struct labels {
	char text[DLO_NAME_MAX + 1];
	uint8_t at[DLO_LABELS_MAX + 1]; /* in text */
	uint16_t printed_at[DLO_LABELS_MAX + 1]; /* in the printed name */
	size_t n;
};

static size_t escape_len(const char *s)
{
	return (uint8_t)(s[1] - '0') < 10 ? 4 : 2;
}

static void split(const char *name, struct labels *l)
{
	size_t from = 0, to = 0;

	l->n = 1;
	l->at[0] = 0;
	l->printed_at[0] = 0;
	while (name[from] && to < DLO_NAME_MAX) {
		if (name[from] == '\\') {
			l->text[to++] = '_';
			from += escape_len(name + from);
			continue;
		}
		l->text[to++] = name[from++];
		if (l->text[to - 1] == '.' && l->n <= DLO_LABELS_MAX) {
			l->at[l->n] = (uint8_t)to;
			l->printed_at[l->n++] = (uint16_t)from;
		}
	}
	l->text[to] = '\0';
}

bool dlo_suffix_find(const char *name, struct dlo_suffix *ret)
{
	const psl_ctx_t *psl = psl_builtin();
	struct labels l;
	const char *top;
	size_t first, n;

	split(name, &l);
	first = l.n > RULE_LABELS ? l.n - RULE_LABELS : 0;
	top = psl ? psl_unregistrable_domain(psl, l.text + l.at[first]) : NULL;
	if (!top) {
		return false;
	}
	for (n = l.n - 1; n > 0 && l.text + l.at[n] > top; n--) {
	}
	ret->top = l.printed_at[n];
	ret->has_registered = n > 0;
	ret->registered = n > 0 ? l.printed_at[n - 1] : 0;
	return true;
}
