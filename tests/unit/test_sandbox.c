/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sandbox.c - what is left of files, users and rights in the sandbox. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

#include "trial.h"

#define NOBODY 65534

static char base[64]; /* a folder of our own */

/* ---- files --------------------------------------------------------------- */

/* base/name, in one of a few buffers. */
static char *at(const char *name)
{
	static char buf[32][128];
	static unsigned i;
	char *path = buf[i++ % 32];

	snprintf(path, sizeof(buf[0]), "%s/%s", base, name);
	return path;
}

static void make(const char *name, mode_t mode)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* What open() is to say. */
struct opened {
	const char *path;
	int flags;
	int error; /* 0: it works */
};

static int open_all(const void *arg)
{
	for (const struct opened *o = arg; o->path; o++) {
		int fd = open(o->path, o->flags, 0600);

		if ((fd < 0 ? errno : 0) != o->error) {
			fprintf(stderr, "%s, flags %#x: %s\n", o->path,
				(unsigned)o->flags,
				strerror(fd < 0 ? errno : 0));
			return 1;
		}
		close(fd);
	}
	return 0;
}

static void test_replay_reads_its_captures(void **state)
{
	const char *files[] = {at("a.pcap"), at("absent.pcap"), "-"};
	const struct opened want[] = {{files[0], O_RDONLY, 0},
		{files[0], O_WRONLY, EACCES},
		{files[1], O_RDONLY, ENOENT}, /* the message stays right */
		{at("b.pcap"), O_RDONLY, EACCES},
		{base, O_RDONLY | O_DIRECTORY, EACCES},
		{at("new"), O_WRONLY | O_CREAT, EACCES},
		{"/etc/passwd", O_RDONLY, EACCES},
		{"/dev/null", O_WRONLY, EACCES}, {0}};
	struct trial t = {.o.files = {files, 3}, .act = open_all, .arg = want};

	(void)state;
	need_landlock(1);
	make("a.pcap", 0600);
	make("b.pcap", 0600);
	assert_fine(&t);
	assert_string_equal(said, "");
}

/* One may cut what one may only read, up to ABI 2. */
static void test_captures_are_not_cut(void **state)
{
	const char *files[] = {at("a.pcap")};
	const struct opened want[] = {
		{files[0], O_RDONLY | O_TRUNC, EACCES}, {0}};
	struct trial t = {.o.files = {files, 1}, .act = open_all, .arg = want};

	(void)state;
	need_landlock(3);
	make("a.pcap", 0600);
	assert_fine(&t);
}

static void test_replay_writes_one_file(void **state)
{
	const char *files[] = {at("a.pcap")};
	const struct opened want[] = {
		{at("w.pcapng"), O_WRONLY | O_CREAT | O_TRUNC, 0},
		{at("w.pcapng"), O_WRONLY | O_CREAT | O_APPEND, 0},
		{at("b.pcap"), O_WRONLY, EACCES},
		{at("new"), O_WRONLY | O_CREAT, EACCES}, {0}};
	struct trial t = {.o = {.files = {files, 1}, .write = want[0].path},
		.act = open_all,
		.arg = want};

	(void)state;
	need_landlock(1);
	assert_fine(&t); /* which is made */
	assert_fine(&t); /* and there the second time */
}

/* A file that is moved away, and made again. */
static int move_and_open(const void *arg)
{
	const struct opened *o = arg;

	return rename(o->path, at("logs/old")) ? 2 : open_all(arg);
}

static void test_live_output_is_opened_again(void **state)
{
	const struct opened want[] = {
		{at("logs/w.pcapng"), O_WRONLY | O_CREAT | O_APPEND, 0},
		{at("b.pcap"), O_WRONLY, EACCES},
		{at("new"), O_WRONLY | O_CREAT, EACCES}, {0}};
	struct trial t = {
		.o.write = want[0].path, .act = move_and_open, .arg = want};

	(void)state;
	need_landlock(1);
	make("logs/w.pcapng", 0600);
	assert_fine(&t);
}

/* Somebody who is in no sandbox: replaces lists when a byte comes. */
static pid_t start_admin(int fd)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0) {
		bool ok =
			read(fd, &byte, 1) == 1 &&
			!rename(at("lists/mine.new"), at("lists/mine.list")) &&
			!unlink(at("site/current")) &&
			!symlink("../releases/2", at("site/current")) &&
			write(fd, "", 1) == 1;

		_exit(!ok);
	}
	return pid;
}

static int wait_and_open(const void *arg)
{
	const int *fd = arg;
	const struct opened want[] = {{at("lists/mine.list"), O_RDONLY, 0},
		{at("lists/mine.list"), O_WRONLY, EACCES},
		{at("site/current/list"), O_RDONLY, 0},
		{at("etc/dnslookout.yaml"), O_RDONLY, 0},
		{at("filters/filter"), O_RDONLY, 0},
		{"/etc/passwd", O_RDONLY, EACCES}, /* though "/" holds /proc */
		{at("state/spool"), O_WRONLY | O_CREAT, 0},
		{at("b.pcap"), O_RDONLY, EACCES}, {0}};
	char byte;

	if (write(*fd, "", 1) != 1 || read(*fd, &byte, 1) != 1) {
		return 2;
	}
	return open_all(want) || mkdir(at("state/d"), 0700) ||
	       rmdir(at("state/d")) || unlink(at("state/spool"));
}

static void test_service_reads_replaced_lists(void **state)
{
	const char *lists[] = {
		at("lists/mine.list"), at("site/current"), "/proc"};
	int fds[2], status;
	struct trial t = {.o = {.lists = {lists, 3},
				  .service = true,
				  .config = at("etc/dnslookout.yaml"),
				  .filter_file = at("filters/filter")},
		.act = wait_and_open,
		.arg = &fds[0]};
	pid_t admin;

	(void)state;
	need_landlock(1);
	make("etc/dnslookout.yaml", 0600);
	make("filters/filter", 0600);
	make("lists/mine.list", 0600);
	make("lists/mine.new", 0600);
	assert_int_equal(symlink("../releases/1", at("site/current")), 0);
	assert_int_equal(setenv("STATE_DIRECTORY", at("state"), 1), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	admin = start_admin(fds[1]);
	assert_fine(&t);
	assert_int_equal(waitpid(admin, &status, 0), admin);
	assert_int_equal(status, 0);
	close(fds[0]);
	close(fds[1]);
}

/* The address of an abstract socket, which stands in no folder. */
static socklen_t abstract(pid_t pid, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)sprintf(ret->sun_path + 1,
				   "dnslookout-test-%d", (int)pid));
}

static int send_abstract(const void *arg)
{
	struct sockaddr_un to;
	socklen_t len = abstract(getppid(), &to);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ssize_t n = sendto(fd, "x", 1, 0, (struct sockaddr *)&to, len);

	return (n < 0 ? errno : 0) != *(const int *)arg;
}

static void test_abstract_sockets(void **state)
{
	const int works = 0, refused_with = EPERM;
	struct trial t = {.act = send_abstract, .arg = &refused_with};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un at;
	socklen_t len = abstract(getpid(), &at);

	(void)state;
	need_landlock(6);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_fine(&t);
	/* The service manager's may be one. */
	setenv("NOTIFY_SOCKET", "@anything", 1);
	t.arg = &works;
	assert_fine(&t);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}

static int all_works(const void *arg)
{
	int fd = open(arg, O_RDONLY);

	return fd < 0 || syscall(SYS_memfd_create, "x", 0) < 0 ||
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static void test_no_sandbox(void **state)
{
	struct trial t = {
		.no_sandbox = true, .act = all_works, .arg = "/etc/passwd"};

	(void)state;
	assert_fine(&t);
}

/* ---- users and capabilities ---------------------------------------------- */

static int status_fd; /* of /proc/self/status; behind the sandbox it is shut */

static int open_status(void)
{
	status_fd = open("/proc/self/status", O_RDONLY);
	return status_fd < 0;
}

/* Each line must be in it. */
static int look_at_status(const void *arg)
{
	const char *const *line = arg;
	char text[2048];
	ssize_t n = pread(status_fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	for (; *line; line++) {
		if (!strstr(text, *line)) {
			fprintf(stderr, "no %s in: %s\n", *line, text);
			return 1;
		}
	}
	return 0;
}

#define NONE "0000000000000000\n"
#define NET_RAW "0000000000002000\n"
#define DAC_READ_SEARCH "0000000000000004\n"
#define KEEPS(set) \
	"\nCapInh:\t" NONE "CapPrm:\t" set "CapEff:\t" set, "\nCapAmb:\t" NONE
#define LOCKED "\nNoNewPrivs:\t1\n"

static void test_live_keeps_net_raw(void **state)
{
	const char *want[] = {KEEPS(NET_RAW), "\nCapBnd:\t" NET_RAW, LOCKED,
		"\nUid:\t0\t0\t0\t0\n",
#ifdef HAVE_SECCOMP
		"\nSeccomp:\t2\n",
#endif
		NULL};
	struct trial t = {
		.before = open_status, .act = look_at_status, .arg = want};

	(void)state;
	need_root();
	assert_fine(&t);
	assert_string_equal(said, "");
}

static void test_replay_keeps_nothing(void **state)
{
	const char *files[] = {at("a.pcap")};
	const char *want[] = {KEEPS(NONE), "\nCapBnd:\t" NONE, LOCKED, NULL};
	struct trial t = {.o.files = {files, 1},
		.before = open_status,
		.act = look_at_status,
		.arg = want};

	(void)state;
	need_root();
	assert_fine(&t);
}

/* Root, without all his rights, still gets at what somebody else owns. */
static void test_files_of_others(void **state)
{
	const char *files[] = {at("others/x.pcap")};
	const char *reads[] = {KEEPS(DAC_READ_SEARCH), NULL};
	const char *writes[] = {
		"CapEff:\t0000000000002002\n", NULL}; /* and NET_RAW */
	const struct opened want[] = {{files[0], O_RDONLY, 0}, {0}};
	struct trial reading = {.o.files = {files, 1},
		.before = open_status,
		.act = look_at_status,
		.arg = reads};
	struct trial writing = {.o.write = at("others/w.pcapng"),
		.before = open_status,
		.act = look_at_status,
		.arg = writes};

	(void)state;
	need_root();
	make("others/x.pcap", 0600);
	assert_int_equal(chown(files[0], NOBODY, NOBODY), 0);
	assert_int_equal(chown(at("others"), NOBODY, NOBODY), 0);
	assert_fine(&reading);
	assert_fine(&writing);
	reading.act = open_all;
	reading.arg = want;
	assert_fine(&reading);
}

static void test_become_user(void **state)
{
	const char *uid = "\nUid:\t65534\t65534\t65534\t65534\n";
	const char *live[] = {KEEPS(NET_RAW), "\nCapBnd:\t" NONE, uid,
		"\nGid:\t65534\t65534\t65534\t65534\n", "\nGroups:\t65534 \n",
		LOCKED, NULL};
	const char *open[] = {KEEPS(NET_RAW), uid, "\nNoNewPrivs:\t0\n", NULL};
	const char *replay[] = {KEEPS(NONE), uid, LOCKED, NULL};
	const char *files[] = {"-"};
	struct trial t = {.o.user = "nobody",
		.before = open_status,
		.act = look_at_status,
		.arg = live};

	(void)state;
	need_root();
	if (!getpwnam("nobody") || getpwnam("nobody")->pw_uid != NOBODY) {
		print_message("# no user nobody\n");
		skip();
	}
	assert_fine(&t);
	t.no_sandbox = true;
	t.arg = open;
	assert_fine(&t);
	t.no_sandbox = false;
	t.o.files = (struct texts){files, 1};
	t.arg = replay;
	assert_fine(&t);
}

static int become_nobody(void)
{
	return geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY);
}

static void test_cannot_become_user(void **state)
{
	struct trial unknown = {.o.user = "nobody-of-that-name"};
	struct trial not_root = {.o.user = "root", .before = become_nobody};

	(void)state;
	assert_int_equal(WEXITSTATUS(play(&unknown)), 100 + EXIT_USAGE);
	assert_non_null(strstr(said, "nobody-of-that-name"));
	assert_int_equal(WEXITSTATUS(play(&not_root)), 100 + EXIT_RUNTIME);
	assert_non_null(strstr(said, "cannot become root"));
}

static int become_plain(void)
{
	return become_nobody() || open_status();
}

/* A user without rights has none to give up, and no trouble. */
static void test_plain_user(void **state)
{
	const char *want[] = {KEEPS(NONE), LOCKED, NULL};
	struct trial t = {
		.before = become_plain, .act = look_at_status, .arg = want};

	(void)state;
	assert_fine(&t);
	assert_string_equal(said, "");
}

/* ---- a machine that offers less ------------------------------------------ */

#ifdef HAVE_SECCOMP
static int forget_calls(void)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);

	return !c ||
	       seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS),
		       SCMP_SYS(landlock_create_ruleset), 0) ||
	       seccomp_rule_add(
		       c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) ||
	       seccomp_rule_add(c, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
		       SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0)) ||
	       seccomp_load(c);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what))) {
		text++;
		n++;
	}
	return n;
}

static void test_what_cannot_be_had_is_said(void **state)
{
	const char *files[] = {"-"};
	struct trial live = {.before = forget_calls};
	struct trial replay = {.o.files = {files, 1}, .before = forget_calls};

	(void)state;
	assert_fine(&live);
	assert_int_equal(count(said, "sandbox: no limit to"), 2);
	assert_int_equal(count(said, "no limit to files"), 1);
	assert_int_equal(count(said, "no limit to system calls"), 1);
	assert_fine(&replay);
	assert_string_equal(said, "");
	replay.o.verbose = 1;
	assert_fine(&replay);
	assert_int_equal(count(said, "sandbox: no limit to"), 2);
}
#endif

static int remove_one(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int make_base(void **state)
{
	static const char *const folders[] = {"logs", "lists", "state",
		"others", "site", "etc", "filters", "releases", "releases/1",
		"releases/2"};

	(void)state;
	snprintf(base, sizeof(base), "%s/dnslookout-XXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
	if (!mkdtemp(base)) {
		return -1;
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		mkdir(at(folders[i]), 0700);
	}
	make("b.pcap", 0600);
	make("releases/1/list", 0600);
	make("releases/2/list", 0600);
	return 0;
}

static int remove_base(void **state)
{
	(void)state;
	return nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_reads_its_captures),
		cmocka_unit_test(test_captures_are_not_cut),
		cmocka_unit_test(test_replay_writes_one_file),
		cmocka_unit_test(test_live_output_is_opened_again),
		cmocka_unit_test(test_service_reads_replaced_lists),
		cmocka_unit_test(test_abstract_sockets),
		cmocka_unit_test(test_no_sandbox),
		cmocka_unit_test(test_live_keeps_net_raw),
		cmocka_unit_test(test_replay_keeps_nothing),
		cmocka_unit_test(test_files_of_others),
		cmocka_unit_test(test_become_user),
		cmocka_unit_test(test_cannot_become_user),
		cmocka_unit_test(test_plain_user),
#ifdef HAVE_SECCOMP
		cmocka_unit_test(test_what_cannot_be_had_is_said),
#endif
	};

	return cmocka_run_group_tests(tests, make_base, remove_base);
}
