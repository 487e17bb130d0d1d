/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.c - main for a fuzz target in the normal build: a fixed sequence of
 * pseudo-random inputs. Usage: random_x COUNT.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 1024u

/* xorshift64* */
static uint64_t next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	uint64_t state = 0x9e3779b97f4a7c15u;

	for (unsigned long i = 0; i < n; i++) {
		size_t size = next(&state) % INPUT_MAX;
		uint8_t *data = malloc(size ? size : 1);

		if (!data) {
			return 1;
		}
		for (size_t k = 0; k < size; k++) {
			data[k] = (uint8_t)(next(&state) >> 56);
		}
		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	printf("%lu inputs\n", n);
	return n == 0;
}
