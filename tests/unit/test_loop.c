/* SPDX-License-Identifier: BSD-2-Clause */
/* test_loop.c - rings to outputs: whole messages, whatever the order. */
#include "loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define N_SOURCES 3

/* What the outputs were given, in order: a letter a record. */
static char seen[256];

/* A flood: with each record that is handed out another one comes, until a
 * signal is heard. */
static struct source *flooded;
static unsigned n_flood;
static void put_message(struct source *s, unsigned n, bool closing);

static void see(const char *letter)
{
	assert_true(strlen(seen) + 1 < sizeof(seen));
	strncat(seen, letter, 1);
}

void outputs_record(struct outputs *o, unsigned ways,
	const struct dlo_record *rec, const struct dlo_origin *origin)
{
	(void)o;
	(void)ways;
	if (flooded) {
		put_message(flooded, 1, false);
		if (++n_flood == 100000) {
			fail_msg("nothing else is looked at");
		}
		return;
	}
	if (rec->kind == DLO_RECORD_CLOSING) {
		see("!");
		return;
	}
	see(origin->interface);
	if (rec->flags & DLO_RECORD_LAST) {
		see(".");
	}
}

bool outputs_take(const struct outputs *o, unsigned way)
{
	(void)o;
	(void)way;
	return true;
}

bool outputs_ready(struct outputs *o)
{
	(void)o;
	return true;
}

bool outputs_drained(struct outputs *o)
{
	(void)o;
	return true;
}

void outputs_abandon(struct outputs *o)
{
	(void)o;
}

static void put_eof(struct source *s);

void outputs_reopen(struct outputs *o)
{
	(void)o;
	put_eof(flooded);
	flooded = NULL;
}

uint64_t outputs_lost(const struct outputs *o)
{
	(void)o;
	return 0;
}

struct output_alerts outputs_alerts(const struct outputs *o, unsigned i)
{
	(void)o, (void)i;
	return (struct output_alerts){0};
}

static void put(struct source *s, unsigned kind, unsigned flags)
{
	struct item *item = ring_reserve(s->ring);

	assert_non_null(item);
	*item = (struct item){.kind = ITEM_RECORD,
		.u.record = {.kind = (uint16_t)kind, .flags = (uint16_t)flags}};
	ring_stage(s->ring);
}

/* A message of n records; after the first, a closing line when asked for. */
static void put_message(struct source *s, unsigned n, bool closing)
{
	for (unsigned i = 0; i < n; i++) {
		put(s, DLO_RECORD_QUESTION,
			(i ? 0 : DLO_RECORD_FIRST) |
				(i + 1 < n ? 0 : DLO_RECORD_LAST));
		if (closing && i == 0) {
			put(s, DLO_RECORD_CLOSING,
				DLO_RECORD_FIRST | DLO_RECORD_LAST);
		}
	}
	ring_publish(s->ring);
}

static void put_eof(struct source *s)
{
	struct item *item = ring_reserve(s->ring);

	assert_non_null(item);
	*item = (struct item){.kind = ITEM_EOF};
	ring_stage(s->ring);
	ring_publish(s->ring);
}

static void test_messages_stay_whole(void **state)
{
	static const char *const names[N_SOURCES] = {"a", "b", "c"};
	struct source_context shared = {0};
	static struct source sources[N_SOURCES];
	static struct options options;
	struct loop l = {.options = &options,
		.sources = sources,
		.n_sources = N_SOURCES};

	for (unsigned i = 0; i < N_SOURCES; i++) {
		sources[i].shared = &shared;
		sources[i].interface = names[i];
		assert_int_equal(ring_new(&sources[i].ring), 0);
	}
	put_message(&sources[0], 3, false);
	put_message(&sources[0], 1, false);
	put_message(&sources[1], 2, true);
	put_message(&sources[1], 3, false);
	put_message(&sources[2], 1, false);
	for (unsigned i = 0; i < N_SOURCES; i++) {
		put_eof(&sources[i]);
	}
	assert_int_equal(loop_open(&l), 0);
	loop_notify(&l);
	loop_run(&l);
	loop_close(&l);
	assert_string_equal(seen, "aaa.b!b.c.a.bbb.");
	for (unsigned i = 0; i < N_SOURCES; i++) {
		ring_free(sources[i].ring);
	}
	(void)state;
}

/* Signals, and so timers and clients, have their turn. */
static void test_flood_leaves_time_for_others(void **state)
{
	struct source_context shared = {0};
	struct source source = {.shared = &shared, .interface = "a"};
	static struct options options;
	struct loop l = {
		.options = &options, .sources = &source, .n_sources = 1};

	assert_int_equal(ring_new(&source.ring), 0);
	flooded = &source;
	put_message(&source, 1, false);
	assert_int_equal(loop_open(&l), 0);
	loop_notify(&l);
	raise(SIGUSR2);
	loop_run(&l);
	loop_close(&l);
	assert_true(n_flood > 0);
	assert_null(flooded);
	ring_free(source.ring);
	(void)state;
}

/* A folder of captures may be anybody's, and a terminal obeys a name. */
static void test_file_names_are_cleaned(void **state)
{
	static const char name[] = "a\033[2Jb\n.pcap";
	struct source_context shared = {0};
	struct source source = {.shared = &shared};
	static struct options options;
	struct loop l = {
		.options = &options, .sources = &source, .n_sources = 1};
	int log = memfd_create("stderr", MFD_CLOEXEC);
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	char text[256] = "";
	struct item *item;

	assert_int_equal(ring_new(&source.ring), 0);
	item = ring_reserve(source.ring);
	*item = (struct item){
		.kind = ITEM_FILE, .u.note = {.number = 1, .snaplen = 64}};
	memcpy(item->u.note.text, name, sizeof(name));
	ring_stage(source.ring);
	put_eof(&source);
	assert_int_equal(loop_open(&l), 0);
	loop_notify(&l);
	dup2(log, STDERR_FILENO);
	loop_run(&l);
	dup2(saved, STDERR_FILENO);
	loop_close(&l);
	assert_true(pread(log, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text,
		"reading from file a?[2Jb?.pcap, link-type EN10MB (Ethernet), "
		"snapshot length 64\n");
	assert_string_equal(source.capture, name);
	ring_free(source.ring);
	close(log);
	close(saved);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_stay_whole),
		cmocka_unit_test(test_flood_leaves_time_for_others),
		cmocka_unit_test(test_file_names_are_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
