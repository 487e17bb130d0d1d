/* SPDX-License-Identifier: BSD-2-Clause */
/* test_syscalls.c - which system calls work behind the sandbox, fail, or kill.
 */
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#include "trial.h"

#include <uv.h>

struct call {
	const char *name;
	long number, arg[4];
};
#define CALL(name, ...) \
	{ \
#name, SYS_##name, \
		{ \
			__VA_ARGS__ \
		} \
	}
#define GARBAGE (INT64_C(7) << 32) /* in half of a register nobody looks at */

static long make_call(const struct call *c)
{
	return syscall(c->number, c->arg[0], c->arg[1], c->arg[2], c->arg[3]);
}

/* Each fails with EPERM and is counted by name. */
static const struct call refused[] = {CALL(kill, 1, 0),
	CALL(memfd_create, (long)"x", 0), CALL(setpriority, 0, 0, 5),
	CALL(unshare, CLONE_NEWUSER), CALL(setns, 0, 0), CALL(personality, 0),
	CALL(setuid, 0), CALL(chroot, (long)"/"), CALL(io_uring_setup, 1, 0),
	CALL(socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
	CALL(socket, 40 /* AF_VSOCK */, SOCK_STREAM, 0),
	CALL(ioctl, 0, TIOCSTI, (long)"x"),
	CALL(prlimit64, 0, 0, (long)&refused, 0),
#ifndef TRACES_ITSELF
	CALL(clone, SIGCHLD), CALL(prctl, PR_SET_DUMPABLE, 1),
#endif
	CALL(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE)};
#define N_REFUSED (sizeof(refused) / sizeof(refused[0]))

static int be_refused(const void *arg)
{
	char name[32];

	(void)arg;
	for (size_t i = 0; i < N_REFUSED; i++) {
		errno = 0;
		if (make_call(&refused[i]) != -1 || errno != EPERM ||
			syscalls_refused(name, sizeof(name)) != i + 1 ||
			strcmp(name, refused[i].name) != 0) {
			fprintf(stderr, "%s: %s; %d refused, the last %s\n",
				refused[i].name, strerror(errno),
				(int)syscalls_refused(name, sizeof(name)),
				name);
			return 1;
		}
	}
	return 0;
}

static void test_others_are_refused_and_counted(void **state)
{
	struct trial t = {.act = be_refused};

	(void)state;
	need_seccomp();
	assert_fine(&t);
}

static void on_worker(uv_work_t *work)
{
	*(int *)work->data = unshare(0) == -1 && errno == EPERM ? 0 : 1;
}

static void *on_thread(void *arg)
{
	*(int *)arg = unshare(0) == -1 && errno == EPERM ? 0 : 1;
	return NULL;
}

/* As capture and writer threads are started; and libuv's workers. */
static int be_refused_in_threads(const void *arg)
{
	int first = 2, second = 2;
	uv_loop_t loop;
	uv_work_t work = {.data = &first};
	pthread_t thread;
	sigset_t set;
	char name[32];

	(void)arg;
	sigfillset(&set);
	sigdelset(&set, SIGSYS);
	if (uv_loop_init(&loop) ||
		uv_queue_work(&loop, &work, on_worker, NULL) ||
		uv_run(&loop, UV_RUN_DEFAULT) || uv_loop_close(&loop) ||
		pthread_sigmask(SIG_SETMASK, &set, NULL) ||
		pthread_create(&thread, NULL, on_thread, &second) ||
		pthread_join(thread, NULL)) {
		return 3;
	}
	return first || second || syscalls_refused(name, sizeof(name)) != 2;
}

static void test_refused_in_threads(void **state)
{
	struct trial t = {.act = be_refused_in_threads};

	(void)state;
	need_seccomp();
	assert_fine(&t);
}

static int use_sockets(const void *arg)
{
	const int *want = arg;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), error = fd < 0 ? errno : 0;

	if (fd >= 0) {
		close(fd);
	}
	return error != *want;
}

static void test_replay_makes_no_socket(void **state)
{
	const char *files[] = {"-"};
	const int works = 0, refused_with = EPERM;
	struct trial t = {.o.files = {files, 1},
		.act = use_sockets,
		.arg = &refused_with};

	(void)state;
	need_seccomp();
	assert_fine(&t);
	t.o.syslog = "/dev/log";
	t.arg = &works;
	assert_fine(&t);
	t.o.files.n = 0; /* sniffing */
	t.o.syslog = NULL;
	assert_fine(&t);
}

static const struct call deadly[] = {CALL(execve, (long)"/bin/true", 0, 0),
	CALL(execveat, AT_FDCWD, (long)"/bin/true", 0, 0),
#ifndef TRACES_ITSELF
	CALL(ptrace, PTRACE_TRACEME),
#endif
	CALL(process_vm_readv, 1), CALL(bpf, 0),
	CALL(mount, (long)"none", (long)"/", (long)"tmpfs", 0),
	CALL(umount2, (long)"/", MNT_DETACH), CALL(move_mount, 0),
	CALL(socket, AF_INET, SOCK_STREAM, 0),
	CALL(socket, AF_INET6, SOCK_DGRAM, 0),
	CALL(socket, AF_INET | GARBAGE, SOCK_DGRAM, 0)};

static int be_killed(const void *arg)
{
	make_call(arg);
	return 1;
}

static void test_some_kill(void **state)
{
	const char *files[] = {"-"};
	struct trial t = {.act = be_killed};
	int status;

	(void)state;
	need_seccomp();
	for (size_t i = 0; i < 2 * sizeof(deadly) / sizeof(deadly[0]); i++) {
		t.o.files = (struct texts){files, i % 2}; /* replay, too */
		t.arg = &deadly[i / 2];
		status = play(&t);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS) {
			fail_msg("%s: status %#x", deadly[i / 2].name,
				(unsigned)status);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_others_are_refused_and_counted),
		cmocka_unit_test(test_refused_in_threads),
		cmocka_unit_test(test_replay_makes_no_socket),
		cmocka_unit_test(test_some_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
