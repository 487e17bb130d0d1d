/* SPDX-License-Identifier: BSD-2-Clause */
/* verb_ctl.c - asks the running service, through its control socket. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <jansson.h>

#include "cmdline.h"
#include "commands.h"
#include "control_socket.h"
#include "json_out.h"
#include "log.h"
#include "options.h"
#include "verbs.h"

#define PATIENCE_S 10 /* beyond what the command may take */

/* ---- the request --------------------------------------------------------- */

/* A line, to be freed; NULL: no memory. */
static char *print_request(const struct options *o)
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);

	if (!f) {
		return NULL;
	}
	fputs("{\"command\":", f);
	json_out(f, o->words[0]);
	fprintf(f, ",\"form\":\"%s\"", o->json ? "json" : "text");
	if (o->client) {
		fputs(",\"client\":", f);
		json_out(f, o->client);
	}
	fputs(o->force ? ",\"force\":true" : "", f);
	for (int i = 1; i < o->n_words; i++) {
		fputs(i == 1 ? ",\"names\":[" : ",", f);
		json_out(f, o->words[i]);
	}
	fputs(o->n_words > 1 ? "]}\n" : "}\n", f);
	if (fclose(f)) {
		free(line);
		return NULL;
	}
	return line;
}

/* -1 to go on, or an exit code after a message. */
static int check(const struct options *o, const struct command *c)
{
	if (!o->n_words) {
		log_error("ctl takes a command (see dnslookout ctl --help)");
	} else if (!c) {
		log_error("ctl has no command \"%s\" (see dnslookout ctl "
			  "--help)",
			o->words[0]);
	} else if (c->takes_names != (o->n_words > 1)) {
		log_error("%s takes %s", c->name,
			c->takes_names ? "names" : "no names");
	} else if (o->force && !c->takes_force) {
		log_error("%s takes no --force", c->name);
	} else if (o->n_words - 1 > (int)REQUEST_NAMES_MAX) {
		log_error("%s takes at most %u names", c->name,
			REQUEST_NAMES_MAX);
	} else {
		return -1;
	}
	return EXIT_USAGE;
}

/* ---- the way there and back ---------------------------------------------- */

static void say_no_way(const char *path, int error)
{
	switch (-error) {
	case ENOENT:
	case ECONNREFUSED:
		log_error("no service is reached at %s: it does not run, or "
			  "with another --control",
			path);
		break;
	case EACCES:
	case EPERM:
		log_error("no right to use %s: that is for the user of the "
			  "service, root, and the group of --control-group",
			path);
		break;
	default:
		log_error("%s: %s", path,
			error == -EAGAIN ? "the service does not answer"
					 : strerror(-error));
	}
}

/* -errno. */
static int send_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static size_t receive(void *buf, size_t size, void *ctx)
{
	ssize_t n;

	do {
		n = recv(*(const int *)ctx, buf, size, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? (size_t)-1 : (size_t)n;
}

/* The answer; NULL after a message. */
static json_t *ask(int fd, const char *line, const struct command *c)
{
	const struct timeval limit = {.tv_sec = c->wait_s + PATIENCE_S};
	json_error_t e;
	json_t *answer;
	int r;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	r = send_all(fd, line, strlen(line));
	/* What was refused early has its answer there. */
	errno = 0;
	answer = json_load_callback(receive, &fd, 0, &e);
	if (!answer) {
		log_error("no answer from the service: %s",
			r	? strerror(-r)
			: errno ? strerror(errno)
				: e.text);
	}
	return answer;
}

/* ---- the answer ---------------------------------------------------------- */

/* Without what a terminal would obey. */
static void print_text(const char *text)
{
	for (const char *end; *text; text = end) {
		char line[1024];
		size_t len = strcspn(text, "\n\t"), part;

		part = len < sizeof(line) - 1 ? len : sizeof(line) - 1;
		memcpy(line, text, part);
		line[part] = '\0';
		log_clean(line, part);
		fputs(line, stdout);
		end = text + part;
		if (*end && part == len) {
			putchar(*end++);
		}
	}
}

static int print(const json_t *answer)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *text = json_string_value(json_object_get(answer, "text"));
	int r = 0;

	if (error) {
		log_error("%s", error);
		return EXIT_RUNTIME;
	}
	if (text) {
		print_text(text);
	} else {
		r = json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	if (r || fflush(stdout) || ferror(stdout)) {
		log_error("standard output: %s", strerror(errno));
		return EXIT_RUNTIME;
	}
	return EXIT_FINE;
}

static int talk(const struct options *o, const struct command *c)
{
	char path[CONTROL_PATH_MAX], *line = print_request(o);
	json_t *answer = NULL;
	int r = EXIT_RUNTIME;
	int fd = control_socket_path(
		o->control ? o->control : CONTROL_NAME, path);

	fd = fd < 0 ? fd : control_socket_connect(path);
	if (!line) {
		log_error("out of memory");
	} else if (fd < 0) {
		say_no_way(path, fd);
	} else {
		answer = ask(fd, line, c);
	}
	if (answer) {
		r = print(answer);
	}
	json_decref(answer);
	free(line);
	if (fd >= 0) {
		close(fd);
	}
	return r;
}

int verb_ctl(int argc, char **argv)
{
	const struct command *c;
	struct options o;
	int r = EXIT_RUNTIME;

	/* Not the configuration: a service is asked also when that is bad. */
	if (options_init(&o, false)) {
		log_error("out of memory");
	} else {
		r = cmdline_read(&o, OPTION_CTL, argc, argv);
	}
	if (r < 0) {
		c = o.n_words ? command_find(o.words[0]) : NULL;
		r = check(&o, c);
		r = r < 0 ? talk(&o, c) : r;
	}
	if (o.help) {
		puts("\nCommands:");
		commands_print_help(stdout);
	}
	options_free(&o);
	return r;
}
