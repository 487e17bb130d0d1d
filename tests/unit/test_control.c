/* SPDX-License-Identifier: BSD-2-Clause */
/* test_control.c - the control socket: clients good, slow and hostile. */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "control_socket.h"
#include "request.h"

#define LIMIT_MS 30000

/* A service without sources, in its own thread; and where it is reached. */
static struct {
	char folder[64], path[80];
	struct options options;
	struct loop loop;
	struct control *control;
	struct dlo_ruleset *rules;
	pthread_t thread;
} t;

static void build_rules(void)
{
	static const char list[] = "#: title: T\n#: action: alert\n"
				   "match.example\n";
	struct dlo_builder *b;
	struct dlo_diag diag;

	assert_int_equal(dlo_builder_new(&b), 0);
	assert_int_equal(dlo_builder_add_list(b, "t.list", list,
				 sizeof(list) - 1, NULL, &diag),
		0);
	assert_int_equal(dlo_builder_build(b, &t.rules, &diag), 0);
	dlo_builder_free(b);
}

static void *run(void *arg)
{
	loop_run(arg);
	return NULL;
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	memset(&t, 0, sizeof(t));
	snprintf(t.folder, sizeof(t.folder), "%s/dnslookout-XXXXXX",
		tmp && strlen(tmp) < 32 ? tmp : P_tmpdir);
	assert_non_null(mkdtemp(t.folder));
	snprintf(t.path, sizeof(t.path), "%s/ctl", t.folder);
	build_rules();
	t.options.control = t.path;
	t.loop.options = &t.options;
	t.loop.rules = t.rules;
	t.loop.hostname = "host";
	assert_int_equal(loop_open(&t.loop), 0);
	assert_int_equal(control_open(&t.loop, &t.control), 0);
	assert_int_equal(pthread_create(&t.thread, NULL, run, &t.loop), 0);
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	loop_notify(&t.loop); /* no source: it ends */
	pthread_join(t.thread, NULL);
	loop_close(&t.loop);
	control_close(t.control);
	dlo_ruleset_free(t.rules);
	/* The socket is gone, or else the folder stays. */
	assert_int_equal(rmdir(t.folder), 0);
	(void)state;
	return 0;
}

/* ---- a client ------------------------------------------------------------ */

static int come(void)
{
	int fd = control_socket_connect(t.path);

	assert_true(fd >= 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(
		send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All that comes until the service closes; freed by the next call. */
static const char *hear(int fd)
{
	static char *text;
	struct pollfd p = {fd, POLLIN, 0};
	size_t len = 0, cap = 1 << 20;
	ssize_t n = 1;

	free(text);
	text = malloc(cap);
	assert_non_null(text);
	while (n > 0) {
		assert_int_equal(poll(&p, 1, LIMIT_MS), 1);
		n = recv(fd, text + len, cap - len - 1, 0);
		assert_true(n >= 0);
		len += (size_t)n;
	}
	text[len] = '\0';
	close(fd);
	return text;
}

static const char *ask(const char *request)
{
	int fd = come();

	say(fd, request);
	return hear(fd);
}

/* ---- tests --------------------------------------------------------------- */

/* Each answer is one document on one line. */
static void test_answers(void **state)
{
	static const struct {
		const char *request, *want; /* what the answer begins with */
	} rows[] = {
		{"{\"command\":\"status\"}\n", "{\"status\":{\"version\":\""},
		{"{\"command\":\"status\",\"form\":\"text\"}\n",
			"{\"text\":\"dnslookout "},
		{"{\"command\":\"stats\"}\n", "{\"stats\":[]}\n"},
		{"{\"command\":\"stats\",\"form\":\"text\"}\n",
			"{\"text\":\"0 packets captured\\u000a"},
		{"{\"command\":\"census\",\"form\":\"json\"}\n",
			"{\"census\":[]}\n"},
		{"{\"command\":\"explain\",\"names\":[\"a.Match.example\"]}\n",
			"{\"explain\":[{\"name\":\"a.match.example\","
			"\"matches\":[{\"pattern\":\"match.example\","
			"\"file\":\"t.list\",\"line\":3,"},
		{"{\"command\":\"explain\",\"names\":[\"x.test\",\"y.test\"],"
		 "\"form\":\"text\"}\n",
			"{\"text\":\"x.test: matches nothing\\u000a"
			"y.test: matches nothing\\u000a\"}\n"},
		/* not what was asked for */
		{"{\"command\":\"explain\",\"names\":[\"x\",\"a..b\"]}\n",
			"{\"error\":\"\\\"a..b\\\":3: "},
		{"{\"command\":\"explain\"}\n",
			"{\"error\":\"explain takes names\"}\n"},
		{"{\"command\":\"status\",\"names\":[\"x\"]}\n",
			"{\"error\":\"status takes no names\"}\n"},
		{"{\"command\":\"reboot\"}\n",
			"{\"error\":\"unknown command \\\"reboot\\\"\"}\n"},
		{"{\"command\":\"test-alert\"}\n",
			"{\"error\":\"there is no output that takes alerts"},
		{"[]\n", "{\"error\":\"a request is an object\"}\n"},
		{"{}\n", "{\"error\":\"\\\"command\\\" is missing\"}\n"},
		{"{\"command\":1}\n",
			"{\"error\":\"\\\"command\\\" is a text\"}\n"},
		{"{\"command\":\"status\",\"command\":\"status\"}\n",
			"{\"error\":\"no JSON: column "},
		{"{\"command\":\"status\"} x\n",
			"{\"error\":\"no JSON: column "},
		{"{\"command\":\"status\",\"form\":\"xml\"}\n",
			"{\"error\":\"\\\"form\\\" is \\\"text\\\" or "},
		{"{\"command\":\"status\",\"\\u001b[2J\":1}\n",
			"{\"error\":\"unknown member \\\"?[2J\\\"\"}\n"},
		{"{\"command\":\"explain\",\"names\":\"x\"}\n",
			"{\"error\":\"\\\"names\\\" is an array of at most "
			"64 "},
		{"{\"command\":\"explain\",\"names\":[\"x\",null]}\n",
			"{\"error\":\"a name is a text\"}\n"},
		{"status\n", "{\"error\":\"no JSON: column "},
		{"\n", "{\"error\":\"no JSON: column "},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = ask(rows[i].request);
		json_t *json = json_loads(got, 0, NULL);

		if (strncmp(got, rows[i].want, strlen(rows[i].want)) != 0) {
			fail_msg("%s: %s", rows[i].request, got);
		}
		assert_non_null(json);
		assert_int_equal(json_object_size(json), 1);
		json_decref(json);
		assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
	}
	(void)state;
}

static void test_request_in_pieces(void **state)
{
	static const char request[] = "{\"command\":\"census\"}\n";
	char piece[2] = "";
	int fd = come();

	for (const char *p = request; *p; p++) {
		piece[0] = *p;
		say(fd, piece);
	}
	assert_string_equal(hear(fd), "{\"census\":[]}\n");
	/* Without the end of its line, but no more to come. */
	fd = come();
	say(fd, "{\"command\":\"census\"}");
	shutdown(fd, SHUT_WR);
	assert_string_equal(hear(fd), "{\"census\":[]}\n");
	/* What stands behind the line is not read. */
	fd = come();
	say(fd, "{\"command\":\"census\"}\n{\"command\":\"status\"}\n");
	assert_string_equal(hear(fd), "{\"census\":[]}\n");
	(void)state;
}

static void test_too_long(void **state)
{
	static char big[REQUEST_MAX];
	int fd = come();

	memset(big, ' ', sizeof(big) - 1);
	say(fd, big);
	say(fd, " ");
	assert_string_equal(
		hear(fd), "{\"error\":\"the request is too long\"}\n");
	fd = come();
	memset(big, '[', sizeof(big) - 1); /* deep */
	big[sizeof(big) - 2] = '\n';
	say(fd, big);
	assert_non_null(strstr(hear(fd), "{\"error\":\"no JSON: "));
	(void)state;
}

/* Clients that leave, at any time, harm nobody. */
static void test_clients_that_leave(void **state)
{
	for (unsigned i = 0; i < 100; i++) {
		int fd = come();

		if (i % 3 > 0) {
			say(fd, "{\"command\":\"status\"}\n");
		}
		if (i % 3 == 2) {
			shutdown(fd, SHUT_WR);
		}
		close(fd);
	}
	assert_string_equal(
		ask("{\"command\":\"census\"}\n"), "{\"census\":[]}\n");
	(void)state;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Those who say nothing take all places; whoever comes then waits until they
 * are sent away, and is served. */
static void test_slow_clients(void **state)
{
	enum { N = 20 };
	int silent[N], late;
	uint64_t begun = now_ms();

	for (unsigned i = 0; i < N; i++) {
		silent[i] = come();
		if (i % 2) {
			say(silent[i], "{\"comm");
		}
	}
	late = come();
	say(late, "{\"command\":\"census\"}\n");
	for (unsigned i = 0; i < 8; i++) {
		assert_string_equal(
			hear(silent[i]), "{\"error\":\"no request came\"}\n");
	}
	assert_in_range(now_ms() - begun, 4500, LIMIT_MS);
	for (unsigned i = 8; i < N; i++) {
		close(silent[i]); /* while it waits for a place */
	}
	assert_string_equal(hear(late), "{\"census\":[]}\n");
	(void)state;
}

static void test_mode(void **state)
{
	struct stat st;

	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	(void)state;
}

/* ---- the socket itself --------------------------------------------------- */

static void test_living_socket_is_respected(void **state)
{
	struct stat before, after;

	assert_int_equal(stat(t.path, &before), 0);
	assert_int_equal(control_socket_make(t.path, NULL), -EADDRINUSE);
	assert_int_equal(stat(t.path, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_string_equal(
		ask("{\"command\":\"census\"}\n"), "{\"census\":[]}\n");
	(void)state;
}

static void test_dead_socket_is_replaced(void **state)
{
	char path[128];
	int fd, next;

	snprintf(path, sizeof(path), "%s/dead", t.folder);
	fd = control_socket_make(path, NULL);
	assert_true(fd >= 0);
	close(fd); /* as if it had been killed */
	assert_int_equal(control_socket_connect(path), -ECONNREFUSED);
	next = control_socket_make(path, NULL);
	assert_true(next >= 0);
	assert_int_equal(listen(next, 1), 0);
	fd = control_socket_connect(path);
	assert_true(fd >= 0);
	close(fd);
	close(next);
	assert_int_equal(unlink(path), 0);
	(void)state;
}

static void test_other_files_stay(void **state)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/file", t.folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(control_socket_make(path, NULL), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(control_socket_make(path, NULL), -EEXIST);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/no/where", t.folder);
	assert_int_equal(control_socket_make(path, NULL), -ENOENT);
	assert_int_equal(
		control_socket_make(path, "no-such-group-of-ours"), -ESRCH);
	(void)state;
}

/* root's own group has the right then, and nobody else. */
static void test_group(void **state)
{
	char path[128];
	struct stat st;
	int fd;

	if (geteuid() != 0) {
		skip();
	}
	snprintf(path, sizeof(path), "%s/group", t.folder);
	fd = control_socket_make(path, "daemon");
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_not_equal(st.st_gid, getegid());
	close(fd);
	assert_int_equal(unlink(path), 0);
	(void)state;
}

static void test_path(void **state)
{
	char path[CONTROL_PATH_MAX], longest[CONTROL_PATH_MAX + 1];

	unsetenv("RUNTIME_DIRECTORY");
	assert_int_equal(control_socket_path(CONTROL_NAME, path), 0);
	assert_string_equal(path, "/run/dnslookout/ctl.sock");
	setenv("RUNTIME_DIRECTORY", "/run/a:/run/b", 1);
	assert_int_equal(control_socket_path(CONTROL_NAME, path), 0);
	assert_string_equal(path, "/run/a/ctl.sock");
	assert_int_equal(control_socket_path("x/y", path), 0);
	assert_string_equal(path, "x/y");
	assert_int_equal(control_socket_path("x", path), 0);
	assert_string_equal(path, "/run/a/x");
	memset(longest, '/', sizeof(longest));
	longest[CONTROL_PATH_MAX] = '\0';
	assert_int_equal(control_socket_path(longest, path), -ENAMETOOLONG);
	longest[CONTROL_PATH_MAX - 1] = '\0';
	assert_int_equal(control_socket_path(longest, path), 0);
	unsetenv("RUNTIME_DIRECTORY");
	(void)state;
}

#define test(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_answers),
		test(test_request_in_pieces),
		test(test_too_long),
		test(test_clients_that_leave),
		test(test_slow_clients),
		test(test_mode),
		test(test_living_socket_is_respected),
		test(test_dead_socket_is_replaced),
		test(test_other_files_stay),
		test(test_group),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
