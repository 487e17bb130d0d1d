/* SPDX-License-Identifier: BSD-2-Clause */
/* test_out_syslog.c - alerts to a log socket that is ours: form, order, and
 * that nothing vanishes when it stalls or goes away. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "output.h"
#include "writer.h"

#define LIMIT_MS 60000 /* for what must come some time */
#define STALL_NEEDS 12000u

/* The library's printers are not what is tested here: a record's packet number
 * makes the line, its frame_len the line's width. */
size_t dlo_syslog_print(const struct dlo_record *rec,
	const struct dlo_origin *origin, size_t room, char *buf, size_t cap)
{
	int n = snprintf(buf, cap, "alert n=%llu iface=%s room=%zu",
		(unsigned long long)rec->meta.packet, origin->interface, room);

	while ((size_t)n < rec->frame_len && (size_t)n < 1024 - room) {
		buf[n++] = '.';
	}
	return (size_t)n;
}

size_t dlo_json_print(const struct dlo_record *rec,
	const struct dlo_origin *origin, char *buf, size_t cap)
{
	(void)origin;
	assert_true(cap > 4096);
	return (size_t)snprintf(buf, cap, "{\"packet\":%llu}",
		(unsigned long long)rec->meta.packet);
}

/* ---- the test's log daemon, and our own stderr ---- */

static struct {
	char folder[64], path[96], state[96];
	int fd; /* the socket; -1: away */
	int log, saved; /* what goes to stderr; the real one */
	struct options options;
	struct output *output;
	atomic_bool abandoned;
	struct account_counts n; /* at the end */
} t;

static void daemon_start(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", t.path);
	t.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(t.fd >= 0);
	assert_int_equal(bind(t.fd, (const struct sockaddr *)&a, sizeof(a)), 0);
}

static void daemon_stop(void)
{
	close(t.fd);
	t.fd = -1;
	assert_int_equal(unlink(t.path), 0);
}

/* The next message. */
static const char *receive(void)
{
	static char text[8200];
	struct pollfd p = {t.fd, POLLIN, 0};
	ssize_t n;

	assert_int_equal(poll(&p, 1, LIMIT_MS), 1);
	n = recv(t.fd, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	return text;
}

/* What stands behind "dnslookout[pid]: ". */
static const char *receive_message(void)
{
	const char *p = strstr(receive(), "]: ");

	assert_non_null(p);
	return p + 3;
}

static unsigned long receive_number(void)
{
	const char *p = receive_message();

	assert_int_equal(strncmp(p, "alert n=", 8), 0);
	return strtoul(p + 8, NULL, 10);
}

/* How often stderr holds that text. */
static unsigned n_said(const char *what)
{
	static char text[65536];
	ssize_t n = pread(t.log, text, sizeof(text) - 1, 0);
	unsigned count = 0;

	assert_true(n >= 0);
	text[n] = '\0';
	for (char *p = text; (p = strstr(p, what)) != NULL; p++) {
		count++;
	}
	return count;
}

static void await_said(const char *what, unsigned n)
{
	for (unsigned ms = 0; n_said(what) < n; ms++) {
		assert_true(ms < LIMIT_MS);
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
}

static int open_output(void)
{
	struct output_context c = {
		.options = &t.options, .abandoned = &t.abandoned};

	return out_syslog_open(&c, &t.output);
}

static bool close_output(unsigned grace_ms)
{
	return output_close(t.output, grace_ms, &t.n);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	memset(&t, 0, sizeof(t));
	snprintf(t.folder, sizeof(t.folder), "%s/dnslookout-XXXXXX",
		tmp && strlen(tmp) < 32 ? tmp : P_tmpdir);
	assert_non_null(mkdtemp(t.folder));
	snprintf(t.path, sizeof(t.path), "%s/log", t.folder);
	t.log = memfd_create("stderr", MFD_CLOEXEC);
	t.saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(t.log, STDERR_FILENO);
	t.fd = -1;
	snprintf(t.state, sizeof(t.state), "%s/state", t.folder);
	t.options.syslog = t.path;
	t.options.syslog_facility = 21; /* local5 */
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	char spool[128];

	if (t.fd >= 0) {
		daemon_stop();
	}
	dup2(t.saved, STDERR_FILENO);
	close(t.saved);
	close(t.log);
	snprintf(spool, sizeof(spool), "%s/spool-syslog", t.state);
	rmdir(spool); /* which is empty, or not there */
	rmdir(t.state);
	assert_int_equal(rmdir(t.folder), 0);
	(void)state;
	return 0;
}

static void give(unsigned kind, unsigned level, unsigned n, unsigned width)
{
	const struct dlo_origin origin = {.interface = "eth0"};
	struct dlo_record rec = {
		.kind = (uint16_t)kind,
		.level = (uint8_t)level,
		.frame_len = width,
		.meta.packet = n,
	};

	t.output->class->record(t.output, &rec, &origin);
}

static void give_alert(unsigned n)
{
	give(DLO_RECORD_ALERT, DLO_LEVEL_HIGH, n, 0);
}

/* ---- tests ---- */

static bool is_stamp(const char *p)
{
	char month[4];
	int day, h, m, s, len = 0;

	return sscanf(p, "%3[A-Z a-z]%*1[ ]%2d %2d:%2d:%2d%n", month, &day, &h,
		       &m, &s, &len) == 5 &&
	       len == 15 &&
	       strstr("JanFebMarAprMayJunJulAugSepOctNovDec", month);
}

static void test_form_and_severity(void **state)
{
	static const struct {
		unsigned kind, level;
		const char *want;
	} cases[] = {
		{DLO_RECORD_ALERT, DLO_LEVEL_CRITICAL, "<171>"},
		{DLO_RECORD_ALERT, DLO_LEVEL_HIGH, "<172>"},
		{DLO_RECORD_ALERT, DLO_LEVEL_MEDIUM, "<173>"},
		{DLO_RECORD_ALERT, DLO_LEVEL_LOW, "<174>"},
		{DLO_RECORD_CLOSING, DLO_LEVEL_INFORMATIONAL, "<174>"},
	};
	char tail[128];
	const char *p;

	daemon_start();
	assert_int_equal(open_output(), 0);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		give(DLO_RECORD_QUESTION, DLO_LEVEL_HIGH, 77, 0);
		give(DLO_RECORD_BYTES, DLO_LEVEL_HIGH, 78, 0);
		give(cases[i].kind, cases[i].level, i, 0);
		p = receive();
		assert_int_equal(strncmp(p, cases[i].want, 5), 0);
		assert_true(is_stamp(p + 5));
		p = strstr(p, " dnslookout[");
		snprintf(tail, sizeof(tail),
			" dnslookout[%ld]: alert n=%u iface=eth0",
			(long)getpid(), i);
		assert_int_equal(strncmp(p, tail, strlen(tail)), 0);
	}
	assert_true(close_output(LIMIT_MS));
	assert_int_equal(lseek(t.log, 0, SEEK_END), 0);
	(void)state;
}

/* A relay may cut at 1,024 octets, the header included. */
static void test_length(void **state)
{
	daemon_start();
	assert_int_equal(open_output(), 0);
	give(DLO_RECORD_ALERT, DLO_LEVEL_HIGH, 1, 2000);
	assert_int_equal(strlen(receive()), 1024);
	assert_true(close_output(LIMIT_MS));
	(void)state;
}

static void test_cee(void **state)
{
	daemon_start();
	t.options.syslog_format = SYSLOG_CEE;
	assert_int_equal(open_output(), 0);
	give_alert(5);
	assert_string_equal(receive_message(), "@cee: {\"packet\":5}");
	assert_true(close_output(LIMIT_MS));
	(void)state;
}

static void test_missing_socket(void **state)
{
	assert_int_equal(open_output(), -ENOENT);
	assert_int_equal(n_said("cannot reach the log socket "), 1);
	t.options.syslog = "/12345678901234567890123456789012345678901234567890"
			   "12345678901234567890123456789012345678901234567890"
			   "12345678901234567890";
	assert_int_equal(open_output(), -ENAMETOOLONG);
	(void)state;
}

/* Nothing reads: the queue fills, the newest are lost. Then all that were kept
 * come in order, and the loss is told with its number. */
static void test_stall(void **state)
{
	unsigned long n_got = 0, n_told = 0, last = 0, n;
	int at = 0;
	const char *p;
	unsigned n_given = 0;
	uint64_t n_lost;

	daemon_start();
	assert_int_equal(open_output(), 0);
	while (n_given < STALL_NEEDS) {
		give(DLO_RECORD_ALERT, DLO_LEVEL_HIGH, ++n_given, 900);
	}
	n_lost = account_get(&t.output->account).lost;
	assert_in_range(n_lost, 1, STALL_NEEDS - 4096);
	while (n_told == 0) {
		p = receive_message();
		if (strncmp(p, "alert n=", 8) == 0) {
			n = strtoul(p + 8, NULL, 10);
			assert_true(n > last);
			last = n;
			n_got++;
			continue;
		}
		assert_int_equal(sscanf(p,
					 "%lu alerts not logged since "
					 "%*4d-%*2d-%*2d %*2d:%*2d:%*2d%n",
					 &n_told, &at),
			1);
		assert_int_equal(at, strlen(p));
	}
	assert_int_equal(n_told, n_lost);
	assert_int_equal(n_got + n_lost, n_given);
	give_alert(++n_given); /* there is room again */
	assert_int_equal(receive_number(), n_given);
	assert_false(close_output(LIMIT_MS));
	assert_int_equal(t.n.lost, n_lost);
	assert_int_equal(n_said("could not be delivered"), 0);
	(void)state;
}

static void test_daemon_restarts(void **state)
{
	daemon_start();
	assert_int_equal(open_output(), 0);
	give_alert(1);
	assert_int_equal(receive_number(), 1);
	daemon_stop();
	for (unsigned i = 2; i < 52; i++) {
		give_alert(i);
	}
	await_said("cannot reach the log socket ", 1);
	daemon_start();
	for (unsigned i = 2; i < 52; i++) {
		assert_int_equal(receive_number(), i);
	}
	await_said("is back", 1);
	/* and once more, to see that it is told again */
	daemon_stop();
	give_alert(52);
	await_said("cannot reach the log socket ", 2);
	daemon_start();
	assert_int_equal(receive_number(), 52);
	assert_true(close_output(LIMIT_MS));
	assert_int_equal(n_said("cannot reach the log socket "), 2);
	assert_int_equal(n_said("is back"), 2);
	(void)state;
}

/* The successor is there before we send: no word about it. */
static void test_quick_restart_is_no_outage(void **state)
{
	daemon_start();
	assert_int_equal(open_output(), 0);
	give_alert(1);
	assert_int_equal(receive_number(), 1);
	daemon_stop();
	daemon_start();
	give_alert(2);
	assert_int_equal(receive_number(), 2);
	assert_true(close_output(LIMIT_MS));
	assert_int_equal(lseek(t.log, 0, SEEK_END), 0);
	(void)state;
}

static void test_service_starts_before_the_daemon(void **state)
{
	t.options.service = true;
	t.options.state_directory = t.state;
	assert_int_equal(open_output(), 0);
	assert_int_equal(n_said("No such file or directory; 0 alerts wait"), 1);
	give_alert(1);
	daemon_start();
	assert_int_equal(receive_number(), 1);
	assert_true(close_output(LIMIT_MS));
	assert_int_equal(n_said("is back"), 1);
	(void)state;
}

static void test_close_without_a_daemon(void **state)
{
	daemon_start();
	assert_int_equal(open_output(), 0);
	daemon_stop();
	give_alert(1);
	give_alert(2);
	give_alert(3);
	assert_false(close_output(10));
	assert_int_equal(t.n.lost, 3);
	assert_int_equal(n_said("3 alerts could not be delivered to "), 1);
	(void)state;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_form_and_severity),
		TEST(test_length),
		TEST(test_cee),
		TEST(test_missing_socket),
		TEST(test_stall),
		TEST(test_daemon_restarts),
		TEST(test_quick_restart_is_no_outage),
		TEST(test_service_starts_before_the_daemon),
		TEST(test_close_without_a_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
