/* SPDX-License-Identifier: BSD-2-Clause */
/* image.c - arrays of numbers as one file, which may lie anywhere in memory. */
#include "base/image.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

/* As PNG's: what takes it for text, or loses the eighth bit, spoils it. */
static const uint8_t magic[8] = {0x89, 'D', 'L', 'O', '\r', '\n', 0x1a, '\n'};

#define ORDER 0x01020304u
#define ORDER_FOREIGN 0x04030201u

struct head {
	uint8_t magic[8];
	uint32_t order, version;
	uint64_t len; /* of the file */
	uint64_t sum; /* of all, itself taken for 0 */
	uint32_t n_sections;
	uint8_t zero[28];
};
static_assert(offsetof(struct head, sum) == DLO_IMAGE_SUM_AT, "as it is told");
static_assert(sizeof(struct head) == DLO_IMAGE_ALIGN, "the table is aligned");

struct entry {
	uint64_t at, n;
	uint32_t size;
	uint8_t zero[12];
};
static_assert(sizeof(struct entry) == 32, "see struct dlo_image_head");

static uint64_t aligned(uint64_t n)
{
	return (n + DLO_IMAGE_ALIGN - 1) / DLO_IMAGE_ALIGN * DLO_IMAGE_ALIGN;
}

/* ---- the checksum -------------------------------------------------------- */

#define LANES 4u

/* Four at once, for one would wait for its multiplications. */
struct sum {
	uint64_t lane[LANES];
};

/* Whole blocks of DLO_IMAGE_ALIGN octets. */
static void sum_blocks(struct sum *s, const uint8_t *p, uint64_t len)
{
	for (; len > 0; p += DLO_IMAGE_ALIGN, len -= DLO_IMAGE_ALIGN) {
		for (size_t i = 0; i < LANES; i++) {
			s->lane[i] = dlo_mum(
				dlo_load64(p + 16 * i) ^ 0xa0761d6478bd642fu,
				dlo_load64(p + 16 * i + 8) ^ s->lane[i]);
		}
	}
}

/* And what follows them, as if zeros did. */
static void sum_padded(struct sum *s, const uint8_t *p, uint64_t len)
{
	uint64_t whole = len / DLO_IMAGE_ALIGN * DLO_IMAGE_ALIGN;
	uint8_t last[DLO_IMAGE_ALIGN] = {0};

	sum_blocks(s, p, whole);
	if (len > whole) {
		memcpy(last, p + whole, len - whole);
		sum_blocks(s, last, sizeof(last));
	}
}

static uint64_t sum_end(const struct sum *s)
{
	return dlo_hash(s->lane, sizeof(s->lane), LANES);
}

/* Begins with the head. */
static struct sum sum_begin(const struct head *h)
{
	struct sum s = {{0x9e3779b97f4a7c15u, 0xe7037ed1a0b428dbu,
		0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u}};
	struct head without = *h;

	without.sum = 0;
	sum_blocks(&s, (const uint8_t *)&without, sizeof(without));
	return s;
}

uint64_t dlo_image_sum(const void *data, size_t len)
{
	struct head h;
	struct sum sum;

	memcpy(&h, data, sizeof(h));
	sum = sum_begin(&h);
	sum_padded(&sum, (const uint8_t *)data + sizeof(h), len - sizeof(h));
	return sum_end(&sum);
}

/* ---- writing ------------------------------------------------------------- */

bool dlo_image_is(const void *data, size_t len)
{
	return len >= sizeof(magic) && !memcmp(data, magic, sizeof(magic));
}

size_t dlo_image_write(const struct dlo_section *section, size_t n,
	struct dlo_image_head *head, struct dlo_piece ret[DLO_IMAGE_PIECES_MAX])
{
	static const uint8_t zero[DLO_IMAGE_ALIGN];
	struct head h = {
		.order = ORDER,
		.version = DLO_IMAGE_VERSION,
		.n_sections = (uint32_t)n,
	};
	struct sum sum;
	uint64_t at = sizeof(h) + aligned(n * sizeof(struct entry));
	size_t n_pieces = 1;

	memset(head->at, 0, sizeof(head->at));
	head->len = at;
	ret[0] = (struct dlo_piece){head->at, head->len};
	for (size_t i = 0; i < n; i++) {
		struct entry e = {at, section[i].n, section[i].size, {0}};
		uint64_t len = e.n * e.size;

		memcpy(head->at + sizeof(h) + i * sizeof(e), &e, sizeof(e));
		ret[n_pieces++] = (struct dlo_piece){section[i].at, len};
		ret[n_pieces++] = (struct dlo_piece){zero, aligned(len) - len};
		at += aligned(len);
	}
	memcpy(h.magic, magic, sizeof(magic));
	h.len = at;
	sum = sum_begin(&h);
	sum_blocks(&sum, head->at + sizeof(h), head->len - sizeof(h));
	for (size_t i = 0; i < n; i++) {
		sum_padded(&sum, section[i].at, section[i].n * section[i].size);
	}
	h.sum = sum_end(&sum);
	memcpy(head->at, &h, sizeof(h));
	return n_pieces;
}

/* ---- reading ------------------------------------------------------------- */

static __attribute__((format(printf, 2, 3))) int bad(
	struct dlo_diag *diag, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(diag->msg, sizeof(diag->msg), fmt, ap);
	va_end(ap);
	return 1;
}

static int check_head(const struct head *h, size_t len, size_t n_sections,
	struct dlo_diag *diag)
{
	if (h->order == ORDER_FOREIGN) {
		return bad(diag,
			"compiled on a machine with the other byte order: "
			"compile it again on one like this");
	}
	if (h->order != ORDER) {
		return bad(diag, "damaged: its head has no byte order");
	}
	if (h->version != DLO_IMAGE_VERSION) {
		return bad(diag,
			"compiled by %s version of this program (format %u; "
			"this one reads %u): compile it again",
			h->version < DLO_IMAGE_VERSION ? "an older" : "a newer",
			h->version, DLO_IMAGE_VERSION);
	}
	if (h->len > len) {
		return bad(diag, "cut short: %zu of %" PRIu64 " octets", len,
			h->len);
	}
	if (h->len < len) {
		return bad(diag, "damaged: %" PRIu64 " octets too many",
			len - h->len);
	}
	if (h->n_sections != n_sections ||
		len < sizeof(*h) + n_sections * sizeof(struct entry) ||
		len % DLO_IMAGE_ALIGN) {
		return bad(diag, "damaged: its table is not whole");
	}
	return 0;
}

static int check_section(const struct entry *e, size_t first, size_t len,
	const struct dlo_section *s, size_t number, struct dlo_diag *diag)
{
	if (e->size != s->size) {
		return bad(diag,
			"compiled for another kind of machine (section %zu has "
			"elements of %u octets, not %u): compile it again",
			number, e->size, s->size);
	}
	if (e->at < first || e->at > len || e->at % DLO_IMAGE_ALIGN ||
		e->n > (len - e->at) / e->size) {
		return bad(diag, "damaged: section %zu lies outside", number);
	}
	return 0;
}

int dlo_image_read(const void *data, size_t len, struct dlo_section *section,
	size_t n, struct dlo_diag *reterr_diag)
{
	const uint8_t *p = data;
	struct head h;
	int r;

	if (!dlo_image_is(data, len)) {
		return bad(reterr_diag, "not a compiled rule set");
	}
	if (len < sizeof(h)) {
		return bad(reterr_diag, "cut short in its head");
	}
	memcpy(&h, p, sizeof(h));
	r = check_head(&h, len, n, reterr_diag);
	if (r) {
		return r;
	}
	if (dlo_image_sum(data, len) != h.sum) {
		return bad(reterr_diag, "damaged: its checksum is wrong");
	}
	for (size_t i = 0; !r && i < n; i++) {
		struct entry e;

		memcpy(&e, p + sizeof(h) + i * sizeof(e), sizeof(e));
		r = check_section(&e, sizeof(h) + n * sizeof(e), len,
			&section[i], i, reterr_diag);
		section[i].at = p + (r ? 0 : e.at);
		section[i].n = e.n;
	}
	return r;
}

/* ---- arrays and numbers of a struct -------------------------------------- */

void dlo_parts_get(const struct dlo_part *part, size_t n, const void *from,
	struct dlo_section *ret)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t count = 0;

		ret[i] = (struct dlo_section){.size = part[i].size};
		if (from) {
			const char *p = from;

			memcpy(&ret[i].at, p + part[i].at, sizeof(ret[i].at));
			memcpy(&count, p + part[i].n_at, sizeof(count));
		}
		ret[i].n = count;
	}
}

bool dlo_parts_set(const struct dlo_part *part, size_t n,
	const struct dlo_section *section, void *to)
{
	for (size_t i = 0; i < n; i++) {
		/* None is NULL, as where nothing was built. */
		const void *at = section[i].n ? section[i].at : NULL;
		uint32_t count = (uint32_t)section[i].n;

		if (section[i].n > UINT32_MAX) {
			return false;
		}
		memcpy((char *)to + part[i].at, &at, sizeof(at));
		memcpy((char *)to + part[i].n_at, &count, sizeof(count));
	}
	return true;
}

size_t dlo_numbers_get(const struct dlo_number *number, size_t n,
	const void *from, uint8_t *to)
{
	size_t len = 0;

	for (size_t i = 0; i < n; len += number[i++].size) {
		if (to) {
			memcpy(to + len, (const char *)from + number[i].at,
				number[i].size);
		}
	}
	return len;
}

void dlo_numbers_set(const struct dlo_number *number, size_t n,
	const uint8_t *from, void *to)
{
	size_t len = 0;

	for (size_t i = 0; i < n; len += number[i++].size) {
		memcpy((char *)to + number[i].at, from + len, number[i].size);
	}
}
