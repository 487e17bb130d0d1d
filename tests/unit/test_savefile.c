/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_savefile.c - the reader of captures: formats, byte orders, clocks, what
 * is cut, what lies, what grows. Files are made here and read from memory.
 */
#include "savefile.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include "making.h"
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#define SECOND 1000000000ull
#define N_FRAMES_MAX 4096

/* ---- reading them -------------------------------------------------------- */

struct got {
	struct savefile *file;
	int fd, verdict; /* the last */
	unsigned n, n_begin;
	struct dlo_frame frame[N_FRAMES_MAX]; /* data is not kept */
	bool wrong; /* a frame's octets are not those that were put in */
	bool cut; /* it says that something is missing */
	char error[256];
};

static void open_got(struct got *g)
{
	char path[64];

	memset(g, 0, sizeof(*g));
	g->fd = memfd_create("capture", MFD_CLOEXEC);
	assert_true(g->fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", g->fd);
	assert_int_equal(
		savefile_open(path, NULL, &g->file, g->error, sizeof(g->error)),
		0);
}

static void close_got(struct got *g)
{
	savefile_close(g->file);
	close(g->fd);
}

static void write_all(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		assert_true(done > 0);
		p += done;
		n -= (size_t)done;
	}
}

static void add(struct got *g, const struct dlo_frame *f)
{
	assert_true(g->n < N_FRAMES_MAX);
	for (uint32_t i = 0; i < f->caplen; i++) {
		g->wrong = g->wrong || f->data[i] != octet(g->n, i);
	}
	assert_int_equal(f->packet, g->n + 1);
	g->frame[g->n++] = *f;
}

/* Reads until there is no more for now. */
static void read_on(struct got *g)
{
	struct dlo_frame v[7];
	int n = 0;

	do {
		n = savefile_read(g->file, v, 7);
		for (int i = 0; i < n; i++) {
			add(g, &v[i]);
		}
		g->n_begin += n == SAVEFILE_BEGIN;
	} while (n > 0 || n == SAVEFILE_BEGIN);
	g->verdict = n;
}

static void conclude(struct got *g)
{
	const char *cut = g->verdict == SAVEFILE_END ? savefile_cut(g->file)
						     : NULL;

	g->cut = cut != NULL;
	snprintf(g->error, sizeof(g->error), "%s",
		cut ? cut : savefile_error(g->file));
	close_got(g);
}

static void read_all(struct got *g, const uint8_t *data, size_t n)
{
	open_got(g);
	write_all(g->fd, data, n);
	read_on(g);
	conclude(g);
}

static struct got got; /* too large for a stack */

/* ---- classic ------------------------------------------------------------- */

static void test_classic_in_all_forms(void **state)
{
	static const struct {
		const char *name;
		uint32_t magic;
		unsigned extra;
		uint64_t want_frac;
	} forms[] = {
		{"microseconds", 0xa1b2c3d4, 0, 123456000},
		{"nanoseconds", 0xa1b23c4d, 0, 123456},
		{"patched Linux", 0xa1b2cd34, 8, 123456000},
	};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct maker m = {.big = i & 1};

		print_message("# %s, %s\n", forms[i / 2].name,
			m.big ? "big-endian" : "little-endian");
		/* high half: two octets of FCS */
		header(&m, forms[i / 2].magic, 0x24000071);
		for (unsigned k = 0; k < 20; k++) {
			record(&m, 0xf0000000 + k, 123456, forms[i / 2].extra,
				k, 60 + k);
		}
		read_all(&got, m.data, m.len);
		assert_int_equal(got.verdict, SAVEFILE_END);
		assert_false(got.cut);
		assert_int_equal(got.n_begin, 1);
		assert_int_equal(got.n, 20);
		assert_false(got.wrong);
		for (unsigned k = 0; k < 20; k++) {
			assert_int_equal(got.frame[k].ts_ns,
				(0xf0000000 + k) * SECOND +
					forms[i / 2].want_frac);
			assert_int_equal(got.frame[k].caplen, 60 + k);
			assert_int_equal(got.frame[k].len, 61 + k);
			assert_int_equal(got.frame[k].link_type, 113);
		}
		free(m.data);
	}
}

static void test_link_types_as_libpcap_names_them(void **state)
{
	char error[PCAP_ERRBUF_SIZE];

	(void)state;
	for (uint32_t network = 0; network < 320; network++) {
		struct maker m = {0};
		FILE *f;
		pcap_t *p;

		header(&m, 0xa1b2c3d4, network);
		f = fmemopen(m.data, m.len, "r");
		p = pcap_fopen_offline(f, error);
		assert_non_null(p);
		assert_int_equal(savefile_link_type(network), pcap_datalink(p));
		pcap_close(p);
		free(m.data);
	}
}

static void test_old_versions_are_libpcaps(void **state)
{
	struct maker m = {0};
	char octets[64];
	struct dlo_frame v[1];

	(void)state;
	header(&m, 0xa1b2c3d4, 1);
	m.data[6] = 3; /* 2.3: lengths the other way round, or not */
	open_got(&got);
	write_all(got.fd, m.data, m.len);
	assert_int_equal(savefile_read(got.file, v, 1), SAVEFILE_FOREIGN);
	assert_int_equal(savefile_octets(got.file, octets, 5), 5);
	assert_int_equal(savefile_octets(got.file, octets + 5, 59), 19);
	assert_memory_equal(octets, m.data, 24);
	assert_int_equal(savefile_octets(got.file, octets, 64), 0);
	close_got(&got);
	free(m.data);
}

/* Records that lie across the ends of chunks, the longest too. */
static void test_long_file(void **state)
{
	struct maker m = {0};
	uint64_t sum = 0;
	unsigned n = 0;

	(void)state;
	header(&m, 0xa1b2c3d4, 1);
	while (m.len < 3000000) {
		uint32_t len = n % 100 == 99 ? SAVEFILE_CAPLEN_MAX
					     : n * 7919 % 3000;

		record(&m, n, 0, 0, n, len);
		sum += len;
		n++;
	}
	read_all(&got, m.data, m.len);
	assert_int_equal(got.verdict, SAVEFILE_END);
	assert_false(got.cut);
	assert_int_equal(got.n, n);
	assert_false(got.wrong);
	for (unsigned i = 0; i < n; i++) {
		sum -= got.frame[i].caplen;
	}
	assert_int_equal(sum, 0);
	free(m.data);
}

/* ---- pcapng -------------------------------------------------------------- */

static void test_clocks(void **state)
{
	static const struct {
		const char *name;
		int resol; /* -1: no option */
		int64_t off_s;
		uint64_t units, want;
	} clocks[] = {
		{"none: microseconds", -1, 0, 1767603600123456,
			1767603600123456000},
		{"seconds", 0, 0, 1767603600, 1767603600 * SECOND},
		{"milliseconds", 3, 0, 1767603600123, 1767603600123000000},
		{"nanoseconds", 9, 0, 1767603600123456789, 1767603600123456789},
		{"tens of picoseconds", 11, 0, 176760360012345678,
			1767603600123456},
		{"10^-19", 19, 0, 12345678901234567890u, 1234567890},
		{"1/2 s", 0x81, 0, 7, 3500000000},
		{"2^-20 s", 0x80 | 20, 0, (1767603600ull << 20) + (1 << 19),
			1767603600500000000},
		{"2^-63 s", 0x80 | 63, 0, 3ull << 62, 1500000000},
		{"offset", 6, 1000, 5, 1000 * SECOND + 5000},
		{"offset back", 6, -1000, 1001000000, SECOND},
		{"2^-32 s, offset", 0x80 | 32, 1767603600, 1ull << 31,
			1767603600500000000},
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(clocks) / sizeof(clocks[0]); i++) {
		struct maker m = {.big = i & 1};

		print_message("# %s\n", clocks[i / 2].name);
		section(&m);
		interface(&m, 1, 0, clocks[i / 2].resol, clocks[i / 2].off_s);
		packet(&m, 0, clocks[i / 2].units, 0, 61);
		read_all(&got, m.data, m.len);
		assert_int_equal(got.verdict, SAVEFILE_END);
		assert_int_equal(got.n, 1);
		assert_int_equal(got.frame[0].ts_ns, clocks[i / 2].want);
		free(m.data);
	}
}

/* Two sections of different byte orders, several interfaces, all kinds of
 * packets, and blocks that say nothing to us. */
static void make_mixed(struct maker *m)
{
	size_t at;

	for (unsigned i = 0; i < 2; i++) {
		m->big = i;
		section(m);
		interface(m, 1, 96, 9, 0);
		interface(m, 276, 0, -1, 0);
		at = begin(m, 0x0bad);
		fill(m, 0, 1000);
		end(m, at);
		packet(m, 0, 5 * SECOND, 4 * i, 33);
		packet(m, 1, 6000000, 4 * i + 1, 1);
		simple_packet(m, 4 * i + 2, 96, 200);
		interface(m, 101, 0, 0x80 | 10, 0);
		old_packet(m, 2, 7168, 4 * i + 3, 0);
	}
}

static void check_mixed(void)
{
	static const struct {
		uint64_t ts_ns;
		uint32_t caplen, len;
		int link_type;
	} want[] = {
		{5 * SECOND, 33, 34, 1},
		{6 * SECOND, 1, 2, 276},
		{6 * SECOND, 96, 200, 1},
		{7 * SECOND, 0, 1, 12},
	};

	assert_int_equal(got.verdict, SAVEFILE_END);
	assert_false(got.cut);
	assert_int_equal(got.n_begin, 1);
	assert_int_equal(got.n, 8);
	assert_false(got.wrong);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(got.frame[i].ts_ns, want[i % 4].ts_ns);
		assert_int_equal(got.frame[i].caplen, want[i % 4].caplen);
		assert_int_equal(got.frame[i].len, want[i % 4].len);
		assert_int_equal(got.frame[i].link_type, want[i % 4].link_type);
	}
}

static void test_sections_and_interfaces(void **state)
{
	struct maker m = {0};

	(void)state;
	make_mixed(&m);
	read_all(&got, m.data, m.len);
	check_mixed();
	free(m.data);
}

/* ... also when all of it is there. */
static void test_too_long_and_whole(void **state)
{
	struct maker m = {0};

	(void)state;
	header(&m, 0xa1b2c3d4, 1);
	record(&m, 0, 0, 0, 0, 60);
	record(&m, 0, 0, 0, 1, SAVEFILE_CAPLEN_MAX + 1);
	record(&m, 0, 0, 0, 2, 60);
	read_all(&got, m.data, m.len);
	assert_int_equal(got.verdict, SAVEFILE_ERROR);
	assert_int_equal(got.n, 1);
	free(m.data);
}

static void test_larger_than_the_buffer_is_skipped(void **state)
{
	struct maker m = {0};
	size_t at;

	(void)state;
	section(&m);
	at = begin(&m, 0x40000bad);
	fill(&m, 0, 1500000);
	end(&m, at);
	interface(&m, 1, 0, -1, 0);
	packet(&m, 0, 1, 0, 100);
	read_all(&got, m.data, m.len);
	assert_int_equal(got.verdict, SAVEFILE_END);
	assert_false(got.cut);
	assert_int_equal(got.n, 1);
	free(m.data);
}

/* ---- what is cut, and what grows ----------------------------------------- */

static void make_small(struct maker *m)
{
	header(m, 0xa1b2c3d4, 1);
	for (unsigned k = 0; k < 3; k++) {
		record(m, k, 0, 0, k, 60 + k);
	}
}

/* Cut anywhere, the whole frames before come out, and it is said that
 * something is missing but where nothing is. */
static void check_cuts(
	const struct maker *m, bool packed, unsigned n_whole_cuts)
{
	unsigned n_fine = 0, last = 0;

	for (size_t n = 0; n <= m->len; n++) {
		read_all(&got, m->data, n);
		assert_int_equal(got.verdict, SAVEFILE_END);
		assert_false(got.wrong);
		/* Packed data come out in blocks. */
		assert_true(got.n == last || got.n == last + 1 ||
			    (packed && got.n > last));
		last = got.n;
		n_fine += !got.cut;
		if (got.cut) {
			assert_true(strstr(got.error, "truncated") ||
				    strstr(got.error, "no Interface"));
		}
	}
	assert_int_equal(n_fine, n_whole_cuts);
}

static void test_cut_at_every_octet(void **state)
{
	struct maker m = {0}, ng = {0};

	(void)state;
	make_small(&m);
	check_cuts(&m, false, 4); /* behind the header and each record */
	make_mixed(&ng);
	check_cuts(&ng, false, 17); /* behind each block but the first */
	free(m.data);
	free(ng.data);
}

/* At the end of what is there it is asked again and again. */
static void check_growing(const struct maker *m)
{
	open_got(&got);
	for (size_t i = 0; i < m->len; i++) {
		write_all(got.fd, m->data + i, 1);
		for (unsigned k = 0; k < (i % 100 ? 2 : 40); k++) {
			read_on(&got);
			assert_int_equal(got.verdict, SAVEFILE_END);
		}
		savefile_rest(got.file);
	}
	conclude(&got);
	check_mixed();
}

static void test_growing_octet_by_octet(void **state)
{
	struct maker m = {0};

	(void)state;
	make_mixed(&m);
	check_growing(&m);
	free(m.data);
}

static void test_messages(void **state)
{
	static const struct {
		size_t cut;
		const char *want;
	} cuts[] = {
		{0, "truncated dump file; tried to read 4 file header bytes, "
		    "only got 0"},
		{23, "truncated dump file; tried to read 24 file header bytes, "
		     "only got 23"},
		{39, "truncated dump file; tried to read 16 header bytes, only "
		     "got 15"},
		{99, "truncated dump file; tried to read 60 captured bytes, "
		     "only got 59"},
	};
	struct maker m = {0};

	(void)state;
	make_small(&m);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		read_all(&got, m.data, cuts[i].cut);
		assert_string_equal(got.error, cuts[i].want);
	}
	free(m.data);
}

/* ---- what lies ----------------------------------------------------------- */

/* One word of a good file is overwritten, in the file's own byte order. */
static const struct lie {
	const char *name;
	bool ng;
	size_t at;
	uint32_t v;
	unsigned n; /* frames before it */
	const char *want;
} lies[] = {
	{"packet of 4 GiB", false, 24 + 76 + 8, UINT32_MAX, 1,
		"damaged: octet 100: a packet of 4294967295 octets (at most "
		"262144)"},
	{"packet over the limit", false, 24 + 8, 262145, 0,
		"damaged: octet 24: a packet of 262145 octets (at most "
		"262144)"},
	{"no byte order", true, 8, 0, 0,
		"damaged: octet 0: a section without its byte order"},
	{"version 2", true, 12, 2, 0,
		"damaged: octet 0: pcapng version 2.0, not 1"},
	{"section too short", true, 4, 24, 0,
		"damaged: octet 0: a section header of 24 octets"},
	{"block of no octets", true, 28 + 4, 0, 0,
		"damaged: octet 28: a block of 0 octets"},
	{"odd block", true, 28 + 4, 45, 0,
		"damaged: octet 28: a block of 45 octets"},
	{"interface of 3 GiB", true, 28 + 4, 0xc0000000, 0,
		"damaged: octet 28: a block of 3221225472 octets (at most "
		"393280)"},
	{"interface too short", true, 28 + 4, 16, 0,
		"damaged: octet 28: an interface description of 16 octets"},
	{"long option", true, 28 + 16, 0x00ff0002, 0,
		"damaged: octet 28: an option of 255 octets in 20"},
	{"clock that is too fine", true, 28 + 32, 20, 0,
		"damaged: octet 28: a time resolution of 0x14"},
	{"clock that is too fine, binary", true, 28 + 32, 0xc0, 0,
		"damaged: octet 28: a time resolution of 0xc0"},
	{"ends otherwise", true, 28 + 40, 40, 0,
		"damaged: octet 68: a block of 44 octets ends as one of 40"},
	{"unknown interface", true, 72 + 64 + 8, 1, 1,
		"damaged: octet 136: a packet of interface 1 of 1"},
	{"packet larger than its block", true, 72 + 20, 61, 0,
		"damaged: octet 72: a packet of 61 octets in a block of 64"},
	{"packet block too short", true, 72 + 4, 28, 0,
		"damaged: octet 72: a packet block of 28 octets"},
};

static void test_lies(void **state)
{
	struct maker m = {0}, ng = {0};

	(void)state;
	make_small(&m);
	section(&ng);
	interface(&ng, 1, 0, 9, 0);
	packet(&ng, 0, 1, 0, 32);
	packet(&ng, 0, 1, 1, 32);
	assert_int_equal(ng.len, 200);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct lie *l = &lies[i];
		struct maker *from = l->ng ? &ng : &m;
		uint8_t before[4];

		print_message("# %s\n", l->name);
		memcpy(before, from->data + l->at, 4);
		memcpy(from->data + l->at, &l->v, 4);
		read_all(&got, from->data, from->len);
		memcpy(from->data + l->at, before, 4);
		assert_int_equal(got.verdict, SAVEFILE_ERROR);
		assert_int_equal(got.n, l->n);
		assert_string_equal(got.error, l->want);
	}
	free(m.data);
	free(ng.data);
}

/* ---- packed -------------------------------------------------------------- */

#ifdef HAVE_ZLIB
static void gzip(struct maker *m, const uint8_t *data, size_t n)
{
	z_stream z = {0};
	static uint8_t out[4096];

	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
		Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)data;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = sizeof(out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	put(m, out, sizeof(out) - z.avail_out);
	deflateEnd(&z);
}

static void test_gzip(void **state)
{
	struct maker plain = {0}, m = {0};
	size_t one;

	(void)state;
	make_mixed(&plain);
	gzip(&m, plain.data, 500);
	one = m.len;
	gzip(&m, plain.data + 500, 0);
	gzip(&m, plain.data + 500, plain.len - 500);
	read_all(&got, m.data, m.len);
	check_mixed();
	check_cuts(&m, true, 1);
	check_growing(&m);
	put(&m, "\0\0\0rubbish", 10);
	read_all(&got, m.data, m.len);
	check_mixed();
	m.data[one - 6] ^= 1; /* the check sum */
	read_all(&got, m.data, m.len);
	assert_int_equal(got.verdict, SAVEFILE_ERROR);
	assert_string_equal(got.error, "damaged: gzip: incorrect data check");
	free(plain.data);
	free(m.data);
}
#endif

#ifdef HAVE_ZSTD
static void zstd(struct maker *m, const uint8_t *data, size_t n)
{
	static uint8_t out[4096];
	size_t len = ZSTD_compress(out, sizeof(out), data, n, 3);

	assert_false(ZSTD_isError(len));
	put(m, out, len);
}

static void test_zstd(void **state)
{
	struct maker plain = {0}, m = {0};

	(void)state;
	make_mixed(&plain);
	zstd(&m, plain.data, 500);
	zstd(&m, plain.data + 500, 0);
	zstd(&m, plain.data + 500, plain.len - 500);
	read_all(&got, m.data, m.len);
	check_mixed();
	check_cuts(&m, true, 1);
	check_growing(&m);
	put(&m, "rubbish", 7);
	read_all(&got, m.data, m.len);
	assert_int_equal(got.verdict, SAVEFILE_ERROR);
	assert_int_equal(got.n, 8);
	assert_string_equal(
		got.error, "damaged: zstd: Unknown frame descriptor");
	free(plain.data);
	free(m.data);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classic_in_all_forms),
		cmocka_unit_test(test_link_types_as_libpcap_names_them),
		cmocka_unit_test(test_old_versions_are_libpcaps),
		cmocka_unit_test(test_long_file),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_sections_and_interfaces),
		cmocka_unit_test(test_too_long_and_whole),
		cmocka_unit_test(test_larger_than_the_buffer_is_skipped),
		cmocka_unit_test(test_cut_at_every_octet),
		cmocka_unit_test(test_growing_octet_by_octet),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_lies),
#ifdef HAVE_ZLIB
		cmocka_unit_test(test_gzip),
#endif
#ifdef HAVE_ZSTD
		cmocka_unit_test(test_zstd),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
