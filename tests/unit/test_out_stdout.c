/* SPDX-License-Identifier: BSD-2-Clause */
/* test_out_stdout.c - lines to standard output, and alerts that find no room or
 * no reader: each is counted where it is lost. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "output.h"
#include "writer.h"

#define LIMIT_MS 60000u
#define LONG_LINE 60000u

/* The library's printers are not what is tested here: a message is a line when
 * its last record comes, as long as that one's frame_len says; a closing is a
 * line by itself. */
struct dlo_text {
	char line[LONG_LINE + 1];
};

int dlo_text_new(const struct dlo_text_options *o, struct dlo_text **ret)
{
	(void)o;
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -1;
}

struct dlo_text *dlo_text_free(struct dlo_text *t)
{
	free(t);
	return NULL;
}

size_t dlo_text_print(struct dlo_text *t, const struct dlo_record *rec,
	const char **ret, uint64_t *ret_ts_ns)
{
	size_t len = rec->frame_len ? rec->frame_len : 10;

	if (!(rec->flags & DLO_RECORD_LAST)) {
		return 0;
	}
	memset(t->line, rec->kind == DLO_RECORD_CLOSING ? 'c' : 'm', len);
	t->line[len - 1] = '\n';
	*ret = t->line;
	*ret_ts_ns = 0;
	return len;
}

size_t dlo_json_print(const struct dlo_record *rec,
	const struct dlo_origin *origin, char *buf, size_t cap)
{
	(void)origin;
	return (size_t)snprintf(buf, cap, "{\"kind\":%u}", rec->kind);
}

static struct {
	struct options options;
	struct output *output;
	atomic_bool abandoned, gone;
	int saved_out, saved_err, log; /* the real ones; what goes to stderr */
	int fds[2]; /* the pipe that is standard output */
	struct account_counts n; /* at the end */
} t;

static void reader_gone(void *ctx)
{
	(void)ctx;
	atomic_store(&t.gone, true);
}

static int setup(void **state)
{
	struct output_context c = {.options = &t.options,
		.reader_gone = reader_gone,
		.abandoned = &t.abandoned};

	memset(&t, 0, sizeof(t));
	t.options.stamp = 1; /* none */
	fflush(stdout);
	assert_int_equal(pipe2(t.fds, O_CLOEXEC), 0);
	t.log = memfd_create("stderr", MFD_CLOEXEC);
	t.saved_out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	t.saved_err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(t.fds[1], STDOUT_FILENO);
	dup2(t.log, STDERR_FILENO);
	close(t.fds[1]);
	assert_int_equal(out_stdout_open(&c, &t.output), 0);
	(void)state;
	return 0;
}

static void give(unsigned kind, unsigned flags, unsigned len)
{
	struct dlo_record rec = {.kind = (uint16_t)kind,
		.flags = (uint16_t)flags,
		.frame_len = len};
	const struct dlo_origin origin = {.capture = NULL};

	t.output->class->record(t.output, &rec, &origin);
}

static uint64_t lost(void)
{
	return account_get(&t.output->account).lost;
}

static bool close_output(unsigned grace_ms)
{
	struct output *o = t.output;

	t.output = NULL;
	return output_close(o, grace_ms, &t.n);
}

static int teardown(void **state)
{
	if (t.output) { /* the test failed */
		atomic_store(&t.abandoned, true);
		close_output(1);
	}
	dup2(t.saved_out, STDOUT_FILENO);
	dup2(t.saved_err, STDERR_FILENO);
	close(t.saved_out);
	close(t.saved_err);
	close(t.log);
	if (t.fds[0] >= 0) {
		close(t.fds[0]);
	}
	(void)state;
	return 0;
}

/* Nobody reads: lines of that length until none fits any more. Returns how many
 * alerts were given. */
static unsigned fill(unsigned len)
{
	unsigned n = 0;
	uint64_t before = lost();

	while (lost() == before) {
		give(DLO_RECORD_ALERT, DLO_RECORD_FIRST | DLO_RECORD_LAST, len);
		n++;
	}
	return n;
}

/* A closing line that comes within a message takes none of its alerts along:
 * it fits, the message's line does not. */
static void test_closing_within_a_message(void **state)
{
	uint64_t before;
	unsigned n = fill(LONG_LINE) + 4;

	before = lost();
	give(DLO_RECORD_ALERT, DLO_RECORD_FIRST, 0);
	give(DLO_RECORD_ALERT, 0, 0);
	give(DLO_RECORD_CLOSING, DLO_RECORD_FIRST | DLO_RECORD_LAST, 0);
	assert_int_equal(lost(), before);
	give(DLO_RECORD_ALERT, DLO_RECORD_LAST, LONG_LINE);
	assert_int_equal(lost(), before + 3);
	t.abandoned = true;
	assert_false(close_output(1));
	/* What the pipe took before it was full has left. */
	assert_in_range(t.n.lost, n - 2, n);
	(void)state;
}

/* A disk that is full in the middle of a message. */
static void test_broken_within_a_message(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(full >= 0);
	dup2(full, STDOUT_FILENO);
	close(full);
	give(DLO_RECORD_ALERT, DLO_RECORD_FIRST, 0);
	give(DLO_RECORD_CLOSING, DLO_RECORD_FIRST | DLO_RECORD_LAST, 0);
	for (unsigned ms = 0; !atomic_load(&t.gone); ms++) {
		assert_true(ms < LIMIT_MS);
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	give(DLO_RECORD_ALERT, DLO_RECORD_LAST, 0);
	assert_false(close_output(LIMIT_MS));
	assert_int_equal(t.n.lost, 3);
	(void)state;
}

/* Who has gone wanted no more: nothing is lost. */
static void test_reader_gone(void **state)
{
	close(t.fds[0]);
	t.fds[0] = -1;
	give(DLO_RECORD_ALERT, DLO_RECORD_FIRST | DLO_RECORD_LAST, 0);
	for (unsigned ms = 0; !atomic_load(&t.gone); ms++) {
		assert_true(ms < LIMIT_MS);
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	give(DLO_RECORD_ALERT, DLO_RECORD_FIRST | DLO_RECORD_LAST, 0);
	assert_true(close_output(LIMIT_MS));
	assert_int_equal(t.n.lost, 0);
	assert_int_equal(lseek(t.log, 0, SEEK_END), 0);
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_closing_within_a_message),
		TEST(test_broken_within_a_message),
		TEST(test_reader_gone),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
