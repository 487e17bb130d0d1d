/* SPDX-License-Identifier: BSD-2-Clause */
/* trial.h - something is tried behind the sandbox, by a process of its own, for
 * there is no way out. */
#ifndef TESTS_TRIAL_H
#define TESTS_TRIAL_H

#include <linux/landlock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox.h"

#define SAID_MAX 4096

static char said[SAID_MAX]; /* by the last child, on stderr */

/* What a child is to do behind the sandbox: 0, or what it exits with. */
typedef int act(const void *arg);

struct trial {
	struct options o;
	int (*before)(void); /* what the machine lacks; NULL: nothing */
	act *act;
	const void *arg;
	bool no_sandbox;
};

/* The status of wait(). */
static int play(struct trial *t)
{
	int fds[2], status;
	ssize_t n;
	size_t len = 0;
	pid_t pid;

	t->o.sandbox = !t->no_sandbox;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		status = t->before ? t->before() : 0;
		status = status ? status : sandbox_enter(&t->o, &t->o.files);
		_exit(status ? 100 + status : t->act ? t->act(t->arg) : 0);
	}
	close(fds[1]);
	while ((n = read(fds[0], said + len, SAID_MAX - 1 - len)) > 0) {
		len += (size_t)n;
	}
	said[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void assert_fine(struct trial *t)
{
	int status = play(t);

	if (status) {
		fail_msg("status %#x: %s", (unsigned)status, said);
	}
}

static inline void need_landlock(long abi)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
		    LANDLOCK_CREATE_RULESET_VERSION) < abi) {
		print_message("# no Landlock %ld in this kernel\n", abi);
		skip();
	}
}

static inline void need_seccomp(void)
{
#ifndef HAVE_SECCOMP
	print_message("# built without libseccomp\n");
	skip();
#endif
}

static inline void need_root(void)
{
	if (geteuid() != 0) {
		print_message("# not root\n");
		skip();
	}
}

#endif
