/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_store.c - packed patterns of which not all are whole, as a hostile file
 * may have them.
 */
#include "match/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

static const struct {
	const char *name;
	bool glob;
	unsigned len; /* that the record tells */
	const char *octets;
	bool want;
} records[] = {
	{"a name", false, 4, "\3com", true},
	{"the root", false, 0, "", true},
	{"a label that ends before", false, 5, "\3coma", false},
	{"a label that ends behind", false, 4, "\4com", false},
	{"a label of 63", false, 64, "\x3f" X60 "xxx", true},
	{"a label of 64", false, 65, "\x40" X60 "xxxx", false},
	{"a record that ends behind", false, 8, "\3com", false},
	{"a long one that ends behind", false, 70, "\3com", false},
	{"a glob", true, 5, "CxAyC", true},
	{"of nothing", true, 0, "", false},
	{"a star after a star", true, 4, "xCCx", false},
	{"a symbol that there is not", true, 3, "CDx", false},
	{"63 octets in a row", true, 64, "C" X60 "xxx", true},
	{"64 octets in a row", true, 65, "C" X60 "xxxx", false},
	{"more than a name can have", true, 305,
		X60 "A" X60 "A" X60 "A" X60 "A" X60 "C", false},
	{"as much as a name can have", true, 244,
		X60 "A" X60 "A" X60 "A" X60 "C", true},
};

static void test_records(void **state)
{
	static uint8_t at[DLO_NAME_HEADROOM + 600];
	const uint32_t block[] = {DLO_NAME_HEADROOM};

	(void)state;
	for (size_t i = 0; i < LEN(records); i++) {
		uint8_t *to = at + DLO_NAME_HEADROOM;
		unsigned len = records[i].len;
		struct dlo_store s = {.at = at,
			.block = block,
			.n = 1,
			.n_blocks = 1,
			.n_globs = records[i].glob};

		*to = (uint8_t)(records[i].glob ? DLO_PATTERN_GLOB << 6 : 0);
		if (len < DLO_STORE_LONG) {
			*to++ |= (uint8_t)len;
		} else {
			*to++ |= DLO_STORE_LONG;
			*to++ = (uint8_t)(len >> 8);
			*to++ = (uint8_t)len;
		}
		to = (uint8_t *)stpcpy((char *)to, records[i].octets);
		s.len = (uint32_t)(to - at);
		print_message("# %s\n", records[i].name);
		assert_int_equal(dlo_store_valid(&s), records[i].want);
		s.n_globs ^= 1;
		assert_false(dlo_store_valid(&s));
		s.n_globs ^= 1;
		s.n_blocks = 2;
		assert_false(dlo_store_valid(&s));
	}
}

#define BLOCK(octets) \
	{ \
		octets, sizeof(octets) - 1 \
	}
#define MANY 64u

/* Blocks of four records; not all are whole. */
static const struct {
	const char *octets;
	size_t len;
} blocks[] = {
	BLOCK("\6\3abc\1d\13\1x\2yz\5names\14\1a\2bc\1d\4home\6\2ab\2cd"),
	/* With another length of a label, one that is empty. */
	BLOCK("\6\3\2xy\1d\10\1a\3\2xy\1d\10\1a\1b\3\2xy\7\1a\1b\2c\0"),
	BLOCK("\3\0\1a\3\1a\0\5\1a\0\1b\4\1a\1b"),
	/* What would be as long as it tells, were it told in one octet. */
	BLOCK("\77\36" X10 X10 X10 "\37" X10 X10 X10
	      "x\4\1a\1b\4\1a\1b\4\1a\1b"),
	BLOCK("\3\1a\0\300\101\1a\300\1b\100"),
};

/* Where many follow, they are looked at in another way, which must say the
 * same, whichever octet is another. */
static void test_records_among_others(void **state)
{
	static uint8_t at[DLO_NAME_HEADROOM + 4096];
	uint32_t block[1 + MANY] = {DLO_NAME_HEADROOM};
	struct dlo_store alone = {.at = at, .block = block, .n_blocks = 1};
	struct dlo_store all = alone;
	size_t n_good = 0;

	(void)state;
	alone.n = DLO_STORE_BLOCK;
	all.n_blocks = 1 + MANY;
	all.n = all.n_blocks * DLO_STORE_BLOCK;
	for (size_t k = 0; k < LEN(blocks); k++) {
		uint8_t *from = at + DLO_NAME_HEADROOM, *to = from;

		to = mempcpy(to, blocks[k].octets, blocks[k].len);
		alone.len = (uint32_t)(to - at);
		for (size_t i = 1; i <= MANY; i++) {
			block[i] = (uint32_t)(to - at);
			to = mempcpy(to, blocks[0].octets, blocks[0].len);
		}
		all.len = (uint32_t)(to - at);
		for (size_t i = 0; i < 256 * blocks[k].len; i++) {
			uint8_t before = from[i / 256];

			from[i / 256] = (uint8_t)i;
			n_good += dlo_store_valid(&alone);
			assert_int_equal(
				dlo_store_valid(&all), dlo_store_valid(&alone));
			from[i / 256] = before;
		}
	}
	assert_true(n_good > 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_records_among_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
