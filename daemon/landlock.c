/* SPDX-License-Identifier: BSD-2-Clause */
/* landlock.c - which files this process may still open, by Landlock. */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Theory of operation
 *
 * Kernels learn rights one by one (landlock(7), "ABI"); a right that a kernel
 * does not know must not be asked for. The tables and the struct below know
 * more than the header that this is built with may.
 */

/* struct landlock_ruleset_attr of ABI 6 */
struct ruleset {
	uint64_t files;
	uint64_t tcp; /* ABI 4: bind, connect */
	uint64_t scoped; /* ABI 6 */
};
#define TCP (1u | 2u)
#define SCOPE_ABSTRACT 1u
#define SCOPE_SIGNAL 2u

#define TRUNCATE (UINT64_C(1) << 14)
#define IOCTL_DEV (UINT64_C(1) << 15)

static const struct {
	int abi;
	uint64_t files;
} abis[] = {
	{1, (UINT64_C(1) << 13) - 1},
	{2, UINT64_C(1) << 13}, /* REFER: from folder to folder */
	{3, TRUNCATE},
	{5, IOCTL_DEV},
};

static const struct {
	unsigned what;
	uint64_t rights;
} meanings[] = {
	{PLACE_READ,
		LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR},
	{PLACE_WRITE, LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE},
	{PLACE_MAKE, LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |
			     LANDLOCK_ACCESS_FS_MAKE_SOCK |
			     LANDLOCK_ACCESS_FS_REMOVE_FILE |
			     LANDLOCK_ACCESS_FS_REMOVE_DIR},
};
/* Those that make sense for what is no folder; others are an error there. */
#define OF_FILES \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
		TRUNCATE)

int landlock_open(struct landlock *l, bool abstract)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset r = {0};
	size_t size = abi >= 6	 ? sizeof(r)
		      : abi >= 4 ? offsetof(struct ruleset, scoped)
				 : offsetof(struct ruleset, tcp);

	l->fd = -1;
	if (abi < 1) {
		return abi < 0 ? -errno : -EOPNOTSUPP;
	}
	for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]); i++) {
		r.files |= abi >= abis[i].abi ? abis[i].files : 0;
	}
	r.tcp = TCP;
	r.scoped = SCOPE_SIGNAL | (abstract ? 0 : SCOPE_ABSTRACT);
	l->files = r.files;
	l->fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	return l->fd < 0 ? -errno : 0;
}

int landlock_allow(const struct landlock *l, const char *path, unsigned what)
{
	struct landlock_path_beneath_attr rule = {
		.parent_fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat st;
	int r = 0;

	if (rule.parent_fd < 0) {
		return errno == ENOENT ? 0 : -errno;
	}
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		rule.allowed_access |=
			what & meanings[i].what ? meanings[i].rights : 0;
	}
	rule.allowed_access &= l->files;
	if (!fstat(rule.parent_fd, &st) && !S_ISDIR(st.st_mode)) {
		rule.allowed_access &= OF_FILES;
	}
	if (syscall(SYS_landlock_add_rule, l->fd, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0) &&
		errno != EBADFD) { /* a pipe, which needs no rule */
		r = -errno;
	}
	close(rule.parent_fd);
	return r;
}

int landlock_enforce(const struct landlock *l)
{
	return syscall(SYS_landlock_restrict_self, l->fd, 0) ? -errno : 0;
}

void landlock_close(struct landlock *l)
{
	if (l->fd >= 0) {
		close(l->fd);
	}
	l->fd = -1;
}
