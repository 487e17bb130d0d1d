/* SPDX-License-Identifier: BSD-2-Clause */
/* spooling.h - for tests with spools: folders, their files, what is said. */
#ifndef SPOOLING_H
#define SPOOLING_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A new folder, its name in path. */
static inline void make_folder(char path[64])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(path, 64, "%s/dnslookout-XXXXXX",
		tmp && strlen(tmp) < 32 ? tmp : P_tmpdir);
	assert_non_null(mkdtemp(path));
}

/* Each file of a folder, "." and ".." left out; `path` is with the folder. */
static inline void for_each_file(const char *folder,
	void (*call)(void *ctx, const char *path, const char *name), void *ctx)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[400];

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0) {
			snprintf(path, sizeof(path), "%s/%s", folder,
				entry->d_name);
			call(ctx, path, entry->d_name);
		}
	}
	closedir(dir);
}

static inline void remove_one(void *ctx, const char *path, const char *name)
{
	(void)ctx, (void)name;
	assert_int_equal(remove(path), 0);
}

static inline void empty_folder(const char *folder)
{
	for_each_file(folder, remove_one, NULL);
}

static inline void remove_folder(const char *folder)
{
	empty_folder(folder);
	assert_int_equal(rmdir(folder), 0);
}

/* The octets of a file; malloc'ed. */
static inline unsigned char *read_file(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	unsigned char *p;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	p = malloc((size_t)st.st_size + 1);
	assert_non_null(p);
	assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_len = (size_t)st.st_size;
	return p;
}

static inline void write_file(
	const char *folder, const char *name, const void *p, size_t len)
{
	char path[400];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, len), len);
	close(fd);
}

static inline void copy_one(void *to, const char *path, const char *name)
{
	size_t len;
	unsigned char *p = read_file(path, &len);

	write_file(to, name, p, len);
	free(p);
}

/* What a crash would leave of a folder: in another one, which was emptied. */
static inline void copy_folder(const char *from, char *to)
{
	empty_folder(to);
	for_each_file(from, copy_one, to);
}

/* ---- what is said on stderr ---- */

static int said_fd, said_real;

static inline void hear(void)
{
	said_fd = memfd_create("stderr", MFD_CLOEXEC);
	said_real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(said_fd, STDERR_FILENO);
}

static inline void hear_no_more(void)
{
	dup2(said_real, STDERR_FILENO);
	close(said_real);
	close(said_fd);
}

/* All of it so far. */
static inline const char *said(void)
{
	static char text[65536];
	ssize_t n = pread(said_fd, text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

static inline unsigned n_said(const char *what)
{
	unsigned n = 0;

	for (const char *p = said(); (p = strstr(p, what)) != NULL; p++) {
		n++;
	}
	return n;
}

static inline void forget_said(void)
{
	assert_int_equal(ftruncate(said_fd, 0), 0);
	lseek(said_fd, 0, SEEK_SET);
}

#endif
