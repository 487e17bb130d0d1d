/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_lastgood.c - a last good set of any octets, read and loaded.
 *
 * As it is, and behind a right head, for no fuzzer guesses a checksum. What
 * must hold: what is taken lies within the file, and is written to the same
 * octets again; what is refused has a reason.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "check.h"
#include "lastgood.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char magic[] = "dnslookout last good set 1\nsha256 ";

static const char *const kinds[] = {"list", "exceptions", "ruleset"};

/* What such lists are written as. */
static size_t print(const struct lastgood *g, char *to, size_t cap)
{
	size_t at =
		(size_t)snprintf(to, cap, "date %lld\n", (long long)g->date);

	for (unsigned i = 0; i < g->n; i++) {
		const struct lists_text *t = &g->text[i];

		at += (size_t)snprintf(to + at, cap - at, "%s %zu %zu\n%s\n",
			kinds[t->kind], strlen(t->path), t->len, t->path);
		CHECK(at + t->len + 1 <= cap);
		memcpy(to + at, t->text, t->len);
		at += t->len;
		to[at++] = '\n';
	}
	return at;
}

static void check_lists(const struct lastgood *g, const char *data, size_t len)
{
	struct lists l = {0};

	CHECK(g->n > 0 && g->date >= 0);
	for (unsigned i = 0; i < g->n; i++) {
		const struct lists_text *t = &g->text[i];

		CHECK(*t->path && t->path > data && t->text > t->path);
		CHECK(t->text + t->len < data + len);
		CHECK(strlen(t->path) + 1 == (size_t)(t->text - t->path));
	}
	lists_load_texts(g->text, g->n, &l); /* fuzz_list says more of it */
	lists_free(&l);
}

static void check(const char *given, size_t len, const char *body)
{
	char *data = malloc(len ? len : 1), *again = malloc(2 * len + 64);
	struct lastgood g = {0};
	const char *why = NULL;
	size_t again_len;
	int r;

	CHECK(data && again);
	memcpy(data, given, len);
	r = lastgood_parse(data, len, &g, &why);
	CHECK(r == 0 || r == 1);
	CHECK(r == 0 || (why && *why && !g.text));
	if (!r) {
		check_lists(&g, data, len);
		again_len = print(&g, again, 2 * len + 64);
		/* But for zeros in front of numbers, which nobody writes. */
		CHECK(again_len <= len);
		if (body && again_len == len - (size_t)(body - given)) {
			CHECK(!memcmp(again, body, again_len));
		}
		free(g.text);
	}
	free(again);
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	size_t head = sizeof(magic) - 1 + 64 + 1;
	char *file = malloc(head + size + 1), *p = file;

	CHECK(file);
	check((const char *)data, size, NULL);
	CHECK(EVP_Digest(data, size, sum, NULL, EVP_sha256(), NULL));
	p = stpcpy(p, magic);
	for (unsigned i = 0; i < 32; i++) {
		p += sprintf(p, "%02x", sum[i]);
	}
	*p++ = '\n';
	if (size) {
		memcpy(p, data, size);
	}
	check(file, head + size, p);
	free(file);
	return 0;
}
