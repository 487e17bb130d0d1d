/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - replays a corpus without a fuzzer: main for a target in the normal
 * build. Usage: fuzz_x FILE|DIRECTORY...; each file goes to the target once,
 * and every shorter form of a small file too.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_MAX ((size_t)1 << 20)
#define CUT_MAX 512u

static unsigned n_files;

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(FILE_MAX), *exact;
	size_t n = f && data ? fread(data, 1, FILE_MAX, f) : 0;

	if (!f || !data) {
		perror(path);
		return 1;
	}
	fclose(f);
	for (size_t len = n <= CUT_MAX ? 0 : n; len <= n; len++) {
		/* Its own block, so that a sanitizer sees an over-read. */
		exact = malloc(len ? len : 1);
		memcpy(exact, data, len);
		LLVMFuzzerTestOneInput(exact, len);
		free(exact);
	}
	free(data);
	n_files++;
	return 0;
}

static int replay(const char *path)
{
	struct dirent *entry;
	char *name;
	struct stat st;
	DIR *dir;
	int r = 0;

	if (stat(path, &st)) {
		perror(path);
		return 1;
	}
	if (!S_ISDIR(st.st_mode)) {
		return replay_file(path);
	}
	dir = opendir(path);
	while (!r && dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' &&
			asprintf(&name, "%s/%s", path, entry->d_name) > 0) {
			r = replay_file(name);
			free(name);
		}
	}
	if (dir) {
		closedir(dir);
	}
	return r;
}

int main(int argc, char **argv)
{
	int r = 0;

	for (int i = 1; !r && i < argc; i++) {
		r = replay(argv[i]);
	}
	printf("%u files\n", n_files);
	return r || !n_files;
}
