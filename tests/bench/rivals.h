/* SPDX-License-Identifier: BSD-2-Clause */
/* rivals.h - what the matcher is measured beside. */
#ifndef BENCH_RIVALS_H
#define BENCH_RIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A name in both forms, each in lower case; text ends without a dot. */
struct bench_name {
	const uint8_t *wire; /* no root octet in the length */
	const char *text;
	uint32_t wire_len, text_len;
};

/* A pattern: its wire form and kind (enum dlo_pattern_kind), no globs for what
 * cannot hold them; or a regular expression over the whole text. */
struct bench_pattern {
	const uint8_t *wire;
	const char *regex;
	uint32_t wire_len;
	int kind;
};

struct rival {
	const char *name;
	bool globs; /* whether it can hold them */
	size_t max; /* patterns, beyond which building takes minutes */
	void *(*build)(const struct bench_pattern *p, size_t n);
	bool (*match)(void *x, const struct bench_name *name);
	void (*free)(void *x);
};

extern const struct rival rival_open_set, rival_std_set, rival_vectorscan,
	rival_re2;

#ifdef __cplusplus
}
#endif

#endif
