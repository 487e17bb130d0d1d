/* SPDX-License-Identifier: BSD-2-Clause */
/* verb_compile.c - lists, compiled to one file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "dnslookout.h"
#include "lists.h"
#include "log.h"
#include "options.h"
#include "plural.h"
#include "settings.h"
#include "verbs.h"
#include "writefile.h"

/* What is no file, a device say, must not be replaced; nor must a link, but
 * what it leads to. 0, -errno. */
static int find_target(const char *path, char **ret)
{
	struct stat st;
	char *to;

	if (stat(path, &st)) {
		to = errno == ENOENT ? strdup(path) : NULL;
	} else if (!S_ISREG(st.st_mode)) {
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	} else {
		to = realpath(path, NULL);
	}
	*ret = to;
	return to ? 0 : -errno;
}

/* 0, -errno. */
static int write_compiled(const struct dlo_ruleset *rules, const char *path)
{
	struct dlo_compiled *c;
	const struct dlo_piece *p;
	struct iovec *v = NULL;
	char *target = NULL;
	size_t n = 0;
	int r = dlo_compiled_new(rules, (uint64_t)time(NULL), &c);

	if (!r) {
		p = dlo_compiled_pieces(c, &n);
		v = calloc(n, sizeof(*v));
		r = v ? find_target(path, &target) : -ENOMEM;
		for (size_t i = 0; !r && i < n; i++) {
			v[i].iov_base = (void *)(uintptr_t)p[i].at;
			v[i].iov_len = p[i].len;
		}
		/* Those who read lists may read what is made of them. */
		r = r ? r : writefile(target, 0644, v, (unsigned)n);
		dlo_compiled_free(c);
	}
	free(target);
	free(v);
	return r;
}

static int compile(const struct options *o)
{
	struct lists lists = {
		.only = true, .verbose = o->verbose ? stdout : NULL};
	int r = lists_load(o, &lists);

	if (!r) {
		r = write_compiled(lists.rules, o->output_file);
		if (r) {
			log_error("%s: %s", o->output_file,
				r == -EINVAL ? "not a file" : strerror(-r));
			r = EXIT_RUNTIME;
		} else {
			printf("%s: %u list%s, %u pattern%s; %zu KiB\n",
				o->output_file, lists.n_lists,
				plural(lists.n_lists), lists.n_patterns,
				plural(lists.n_patterns),
				(dlo_ruleset_bytes(lists.rules) + 1023) / 1024);
		}
	}
	lists_free(&lists);
	return r;
}

int verb_compile(int argc, char **argv)
{
	struct options o;
	int r = settings_read(&o, OPTION_COMPILE, argc, argv);

	if (r < 0 && o.n_words) {
		log_error("compile takes no words: %s", o.words[0]);
		r = EXIT_USAGE;
	} else if (r < 0 && !o.output_file) {
		log_error("compile needs -o FILE, where the rule set goes");
		r = EXIT_USAGE;
	}
	if (r < 0) {
		r = compile(&o);
	}
	options_free(&o);
	return r;
}
