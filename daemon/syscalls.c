/* SPDX-License-Identifier: BSD-2-Clause */
/* syscalls.c - which system calls this process may still make, by seccomp. */
#include "syscalls.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef HAVE_SECCOMP
#include <seccomp.h>

/*
 * Theory of operation
 *
 * The kernel cannot count what it refuses. So what is in no table is answered
 * with a signal in place of the call (SECCOMP_RET_TRAP); its handler counts,
 * and puts EPERM where the call's result would be. On machines where it is not
 * known where that is, the kernel answers EPERM itself, and nothing is counted.
 *
 * The tables are what strace showed of all modes with Debian 12's libraries,
 * and what other versions of them do instead. A name that this libseccomp or
 * machine does not have is passed over.
 */

#if defined(__x86_64__)
#define RESULT(c) ((c)->uc_mcontext.gregs[REG_RAX])
#elif defined(__i386__)
#define RESULT(c) ((c)->uc_mcontext.gregs[REG_EAX])
#elif defined(__aarch64__)
#define RESULT(c) ((c)->uc_mcontext.regs[0])
#elif defined(__arm__)
#define RESULT(c) ((c)->uc_mcontext.arm_r0)
#endif

static atomic_uint_fast64_t n_refused; /* relaxed: nothing hangs on them */
static atomic_int newest_refused;

/* ---- the tables ---------------------------------------------------------- */

/* Names with a space between. */
static const char *const allowed[] = {
	/* files */
	"access close copy_file_range dup dup2 dup3 faccessat "
	"faccessat2 fadvise64 fallocate fchmod fcntl fcntl64 fdatasync flock "
	"fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate "
	"ftruncate64 getcwd getdents64 _llseek lseek lstat lstat64 "
	"mkdir mkdirat newfstatat open openat pread64 pwrite64 read "
	"readlink readlinkat readv rename renameat renameat2 rmdir "
	"stat stat64 statfs statfs64 statx sync_file_range umask "
	"unlink unlinkat write writev",
	/* waiting */
	"clock_nanosleep clock_nanosleep_time64 epoll_create1 "
	"epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 "
	"inotify_add_watch inotify_init1 inotify_rm_watch nanosleep "
	"_newselect pipe2 poll ppoll ppoll_time64 pselect6 "
	"restart_syscall select",
	/* memory */
	"brk madvise membarrier mremap munmap",
	/* time, and who we are */
	"clock_getres clock_getres_time64 clock_gettime "
	"clock_gettime64 getcpu getegid getegid32 geteuid geteuid32 "
	"getgid getgid32 getpid getppid getrandom getrlimit getrusage "
	"gettid gettimeofday getuid getuid32 sched_getaffinity "
	"sysinfo time ugetrlimit uname",
	/* threads and signals */
	"exit exit_group futex futex_time64 get_robust_list rseq "
	"rt_sigaction rt_sigprocmask rt_sigreturn sched_yield "
	"set_robust_list sigaltstack sigreturn",
	/* sockets, once they are made */
	"accept accept4 bind connect getpeername getsockname "
	"getsockopt listen recvfrom recvmsg sendmsg sendto setsockopt "
	"shutdown",
#ifdef TRACES_ITSELF
	"clone getdents prctl ptrace wait4",
#endif
};

static const char *const deadly[] = {
	"execve execveat process_vm_readv process_vm_writev bpf",
	"mount umount umount2 pivot_root fsmount fsopen fspick move_mount "
	"mount_setattr open_tree",
#ifndef TRACES_ITSELF
	"ptrace",
#endif
};

/* Allowed, or deadly, with some arguments. */
struct row {
	const char *name;
	bool deadly, sockets; /* see syscalls_restrict() */
	unsigned n;
	struct scmp_arg_cmp arg[2];
};

#define IS(at, value) \
	{ \
		(at), SCMP_CMP_MASKED_EQ, 0xffffffff, (scmp_datum_t)(value) \
	}
#define HAS(at, bits) \
	{ \
		(at), SCMP_CMP_MASKED_EQ, (bits), (bits) \
	}
#define HAS_NOT(at, bits) \
	{ \
		(at), SCMP_CMP_MASKED_EQ, (bits), 0 \
	}
#define NAMES_MEMORY 0x53564d41 /* PR_SET_VMA: glibc, of its arenas */
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

static const struct row rows[] = {
	{"socket", true, false, 1, {IS(0, AF_INET)}},
	{"socket", true, false, 1, {IS(0, AF_INET6)}},
	{"socket", false, true, 1, {IS(0, AF_UNIX)}},
	{"socket", false, true, 1, {IS(0, AF_PACKET)}},
	{"socket", false, true, 2, {IS(0, AF_NETLINK), IS(2, NETLINK_GENERIC)}},
	/* No code that was not there at the start. */
	{"mmap", false, false, 1, {HAS_NOT(2, PROT_EXEC)}},
	{"mmap2", false, false, 1, {HAS_NOT(2, PROT_EXEC)}},
	{"mprotect", false, false, 1, {HAS_NOT(2, PROT_EXEC)}},
	/* Threads, no processes. */
	{"clone", false, false, 1, {HAS(CLONE_FLAGS, CLONE_THREAD)}},
	/* Look, do not set. */
	{"prlimit64", false, false, 1, {{2, SCMP_CMP_EQ, 0, 0}}},
	{"prctl", false, false, 1, {IS(0, PR_SET_NAME)}},
	{"prctl", false, false, 1, {IS(0, NAMES_MEMORY)}},
	/* The terminal and pipes: glibc, libuv */
	{"ioctl", false, false, 1, {IS(1, TCGETS)}},
	{"ioctl", false, false, 1, {IS(1, TIOCGWINSZ)}},
	{"ioctl", false, false, 1, {IS(1, FIONBIO)}},
	{"ioctl", false, false, 1, {IS(1, FIONREAD)}},
	{"ioctl", false, false, 1, {IS(1, FIOCLEX)}},
	/* Interfaces: libpcap; SIOCGIFNAME: if_indextoname() */
	{"ioctl", false, false, 1, {IS(1, SIOCGIFNAME)}},
	{"ioctl", false, false, 1, {IS(1, SIOCGIFINDEX)}},
	{"ioctl", false, false, 1, {IS(1, SIOCGIFFLAGS)}},
	{"ioctl", false, false, 1, {IS(1, SIOCGIFHWADDR)}},
	{"ioctl", false, false, 1, {IS(1, SIOCGIFMTU)}},
	{"ioctl", false, false, 1, {IS(1, SIOCETHTOOL)}},
	{"ioctl", false, false, 1, {IS(1, SIOCBONDINFOQUERY)}},
};

/* ---- what is not in them ------------------------------------------------- */

#ifdef RESULT
static void on_refused(int number, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	(void)number;
	if (info->si_code <= 0) {
		return; /* somebody's kill(), not the kernel */
	}
	RESULT(c) = -EPERM;
	atomic_store_explicit(
		&newest_refused, info->si_syscall, memory_order_relaxed);
	atomic_fetch_add_explicit(&n_refused, 1, memory_order_relaxed);
}
#endif

static uint32_t answer_to_others(void)
{
#ifdef RESULT
	struct sigaction action = {.sa_sigaction = on_refused,
		.sa_flags = SA_SIGINFO | SA_NODEFER};

	if (!sigaction(SIGSYS, &action, NULL)) {
		return SCMP_ACT_TRAP;
	}
#endif
	return SCMP_ACT_ERRNO(EPERM);
}

/* ---- the filter ---------------------------------------------------------- */

static int add(scmp_filter_ctx c, uint32_t action, const struct row *row)
{
	int call = seccomp_syscall_resolve_name(row->name);

	return call == __NR_SCMP_ERROR ? 0
				       : seccomp_rule_add_array(c, action, call,
						 row->n, row->arg);
}

/* The names of a text. */
static int add_names(scmp_filter_ctx c, uint32_t action, const char *text)
{
	char *copy = strdup(text), *save = copy, *name;
	int r = copy ? 0 : -ENOMEM;

	while (!r && (name = strsep(&save, " "))) {
		r = add(c, action, &(struct row){.name = name});
	}
	free(copy);
	return r;
}

static int add_texts(
	scmp_filter_ctx c, uint32_t action, const char *const *text, size_t n)
{
	int r = 0;

	for (size_t i = 0; !r && i < n; i++) {
		r = add_names(c, action, text[i]);
	}
	return r;
}

static int add_rows(scmp_filter_ctx c, bool sockets)
{
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (sockets || !rows[i].sockets) {
			r = add(c,
				rows[i].deadly ? SCMP_ACT_KILL_PROCESS
					       : SCMP_ACT_ALLOW,
				&rows[i]);
		}
	}
	return r;
}

static int fill(scmp_filter_ctx c, bool sockets)
{
	/* One cannot look into clone3()'s flags: "not there" makes glibc take
	 * clone(). */
	const struct row clone3 = {.name = "clone3"};
	/* To ourselves, for abort() and for threads that sleep. */
	const struct row tgkill = {
		.name = "tgkill", .n = 1, .arg = {IS(0, getpid())}};
	int r = add_texts(c, SCMP_ACT_ALLOW, allowed,
		sizeof(allowed) / sizeof(allowed[0]));

	r = r ? r
	      : add_texts(c, SCMP_ACT_KILL_PROCESS, deadly,
			sizeof(deadly) / sizeof(deadly[0]));
	r = r ? r : add_rows(c, sockets);
	r = r ? r : add(c, SCMP_ACT_ERRNO(ENOSYS), &clone3);
	return r ? r : add(c, SCMP_ACT_ALLOW, &tgkill);
}

int syscalls_restrict(bool sockets)
{
	scmp_filter_ctx c = seccomp_init(answer_to_others());
	int r = c ? fill(c, sockets) : -ENOMEM;

	if (!r) {
		/* no_new_privs is the caller's. Calls of another machine's are
		 * none of ours. There is no foreign code in here that would
		 * have to be kept from speculation. */
		seccomp_attr_set(c, SCMP_FLTATR_CTL_NNP, 0);
		seccomp_attr_set(
			c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
		seccomp_attr_set(c, SCMP_FLTATR_CTL_SSB, 1);
		r = seccomp_load(c);
	}
	seccomp_release(c);
	return r;
}

uint64_t syscalls_refused(char *newest, size_t cap)
{
	uint64_t n = atomic_load_explicit(&n_refused, memory_order_relaxed);
	int call = atomic_load_explicit(&newest_refused, memory_order_relaxed);
	char *name =
		n ? seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call)
		  : NULL;

	if (name) {
		snprintf(newest, cap, "%s", name);
	} else {
		snprintf(newest, cap, "%d", call);
	}
	free(name);
	return n;
}

#else /* without libseccomp */

int syscalls_restrict(bool sockets)
{
	(void)sockets;
	return -ENOSYS;
}

uint64_t syscalls_refused(char *newest, size_t cap)
{
	snprintf(newest, cap, "none");
	return 0;
}

#endif
