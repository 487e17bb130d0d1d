/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_compiled.c - a compiled rule set of any octets.
 *
 * As it is, and with a head and a checksum that are right, for no fuzzer
 * guesses those: it is the checks that must hold. Whatever they let through is
 * used: every pattern is read, names are looked up, alerts printed.
 */
#include <stdint.h>

#include "compiled.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static __attribute__((noinline)) void try(const uint8_t *data, size_t len)
{
	struct dlo_diag diag = {0};
	struct dlo_ruleset *rs;
	int r = load(data, len, &rs, &diag);

	CHECK(r == 0 || (r == 1 && diag.msg[0]));
	if (!r) {
		use(rs);
		dlo_ruleset_free(rs);
	}
}

/* A head as it is written, but for the number of sections. */
static void put_head(struct image *image)
{
	static const uint8_t begin[16] = {0x89, 'D', 'L', 'O', '\r', '\n', 0x1a,
		'\n', 4, 3, 2, 1, DLO_IMAGE_VERSION};
	uint64_t len = image->len;

	memcpy(image->at, begin, sizeof(begin));
	memcpy(image->at + sizeof(begin), &len, sizeof(len));
	image_seal(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Files end where a section would begin. */
	struct image image = {.len = size / DLO_IMAGE_ALIGN * DLO_IMAGE_ALIGN};

	try(data, size);
	if (image.len > 0) {
		image.at = malloc(image.len);
		CHECK(image.at);
		memcpy(image.at, data, image.len);
		put_head(&image);
		try(image.at, image.len);
		free(image.at);
	}
	return 0;
}
