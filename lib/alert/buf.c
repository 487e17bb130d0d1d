/* SPDX-License-Identifier: BSD-2-Clause */
/* buf.c - text that only grows, in memory of fixed size. */
#include "alert/buf.h"

void dlo_putu(struct dlo_buf *b, uint64_t value, unsigned width)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (at > 0 && sizeof(digits) - at < width) {
		digits[--at] = '0';
	}
	dlo_put(b, digits + at, sizeof(digits) - at);
}

void dlo_putx(struct dlo_buf *b, uint64_t value, unsigned digits)
{
	char text[16];

	for (size_t at = sizeof(text); at > 0; value >>= 4) {
		text[--at] = "0123456789abcdef"[value & 15];
	}
	digits = digits < sizeof(text) ? digits : (unsigned)sizeof(text);
	dlo_put(b, text + sizeof(text) - digits, digits);
}
