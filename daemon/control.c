/* SPDX-License-Identifier: BSD-2-Clause */
/* control.c - the control socket: clients, one request and one answer each. */
#include "control.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "commands.h"
#include "control_socket.h"
#include "log.h"

/*
 * Theory of operation
 *
 * Everything happens in the loop thread, and nothing waits in it. A client goes
 * from reading its request, by way of waiting for what takes time (looked at
 * every POLL_MS), to writing the answer; each state has an end, however slow
 * the client is. There is room for CLIENTS_MAX; who comes then stays in the
 * kernel's queue until one leaves: libuv takes no more while one that it has
 * announced was not accepted.
 *
 * The memory is ours until control_close(): the loop closes handles at the end
 * of the program without asking us.
 */

#define CLIENTS_MAX 8u
#define BACKLOG 16
#define READ_MS 5000u
#define POLL_MS 50u
#define WRITE_MS 10000u

enum state { FREE, READING, WAITING, WRITING, CLOSING };

struct client {
	struct control *control;
	enum state state;
	uv_pipe_t pipe;
	uv_timer_t timer;
	uint64_t end_ms; /* of WAITING: uv_now() */
	uv_write_t write;
	char line[REQUEST_MAX];
	size_t len;
	struct answer answer;
	char *document; /* being written */
};

struct control {
	struct loop *loop;
	uv_pipe_t server;
	bool announced; /* a client that was not accepted yet */
	struct client client[CLIENTS_MAX];
	char path[CONTROL_PATH_MAX];
	struct stat made; /* what we made there, to remove nothing else */
};

static void accept_next(struct control *c);

/* ---- leaving ------------------------------------------------------------- */

static void forget(struct client *k)
{
	answer_free(&k->answer);
	free(k->document);
	k->document = NULL;
}

static void on_closed(uv_handle_t *pipe)
{
	struct client *k = pipe->data;

	forget(k);
	k->state = FREE;
	accept_next(k->control);
}

static void leave(struct client *k)
{
	if (k->state != CLOSING && !uv_is_closing((uv_handle_t *)&k->pipe)) {
		k->state = CLOSING;
		uv_timer_stop(&k->timer);
		uv_close((uv_handle_t *)&k->pipe, on_closed);
	}
}

/* ---- the answer ---------------------------------------------------------- */

static void on_written(uv_write_t *write, int status)
{
	(void)status; /* nobody to tell */
	leave(write->data);
}

static void on_write_end(uv_timer_t *timer)
{
	leave(timer->data);
}

static void answer(struct client *k)
{
	uv_buf_t buf;
	size_t len;

	k->state = WRITING;
	k->document = answer_print(&k->answer, &len);
	if (!k->document) {
		leave(k);
		return;
	}
	buf = uv_buf_init(k->document, (unsigned)len);
	k->write.data = k;
	uv_timer_start(&k->timer, on_write_end, WRITE_MS, 0);
	if (uv_write(&k->write, (uv_stream_t *)&k->pipe, &buf, 1, on_written)) {
		leave(k);
	}
}

static void on_poll(uv_timer_t *timer)
{
	struct client *k = timer->data;

	if (answer_ready(&k->answer) || uv_now(timer->loop) >= k->end_ms) {
		answer(k);
	}
}

/* ---- the request --------------------------------------------------------- */

static void log_peer(const struct client *k)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&k->pipe, &fd) ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
		log_warning("control: %s", k->answer.command->name);
		return;
	}
	log_info("control: %s, asked by uid %ld, pid %ld",
		k->answer.command->name, (long)peer.uid, (long)peer.pid);
}

/* The request is there. */
static void begin(struct client *k, size_t len)
{
	struct answer *a = &k->answer;
	unsigned wait_ms;

	uv_read_stop((uv_stream_t *)&k->pipe);
	answer_begin(a, k->control->loop, k->line, len);
	if (a->command && a->command->changes && !a->error[0]) {
		log_peer(k);
	}
	if (answer_ready(a)) {
		answer(k);
		return;
	}
	k->state = WAITING;
	wait_ms = a->command->wait_s * 1000;
	k->end_ms = uv_now(k->timer.loop) + wait_ms;
	uv_timer_start(&k->timer, on_poll, POLL_MS, POLL_MS);
}

/* There is none, and none will come. */
static void refuse(struct client *k, const char *why)
{
	uv_read_stop((uv_stream_t *)&k->pipe);
	answer_refuse(&k->answer, "%s", why);
	answer(k);
}

static void on_read_end(uv_timer_t *timer)
{
	refuse(timer->data, "no request came");
}

static void on_room(uv_handle_t *pipe, size_t suggested, uv_buf_t *buf)
{
	struct client *k = pipe->data;

	(void)suggested;
	*buf = uv_buf_init(k->line + k->len, (unsigned)(REQUEST_MAX - k->len));
}

static void on_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *buf)
{
	struct client *k = pipe->data;
	const char *end;

	(void)buf;
	if (n == UV_EOF && k->len) {
		begin(k, k->len); /* a line without its end */
		return;
	}
	if (n < 0) {
		leave(k);
		return;
	}
	k->len += (size_t)n;
	end = memchr(k->line, '\n', k->len);
	if (end) {
		begin(k, (size_t)(end - k->line));
	} else if (k->len == REQUEST_MAX) {
		refuse(k, "the request is too long");
	}
}

/* ---- coming -------------------------------------------------------------- */

static void take(struct client *k)
{
	struct control *c = k->control;

	c->announced = false;
	k->state = READING;
	k->len = 0;
	uv_pipe_init(c->server.loop, &k->pipe, 0);
	k->pipe.data = k;
	if (uv_accept((uv_stream_t *)&c->server, (uv_stream_t *)&k->pipe) ||
		uv_read_start((uv_stream_t *)&k->pipe, on_room, on_read)) {
		leave(k);
		return;
	}
	uv_timer_start(&k->timer, on_read_end, READ_MS, 0);
}

static void accept_next(struct control *c)
{
	for (unsigned i = 0; c->announced && i < CLIENTS_MAX; i++) {
		if (c->client[i].state == FREE) {
			take(&c->client[i]);
		}
	}
}

static void on_connection(uv_stream_t *server, int status)
{
	struct control *c = server->data;

	if (!status) {
		c->announced = true;
		accept_next(c);
	}
}

/* ---- opening and closing ------------------------------------------------- */

/* The folder of the default path may have to be made by who starts us by hand;
 * with systemd it is there. */
static void make_folder(const char *path)
{
	char copy[CONTROL_PATH_MAX];

	memcpy(copy, path, sizeof(copy));
	mkdir(dirname(copy), 0755); /* if it fails, binding says why */
}

static const char *reason(int error)
{
	switch (-error) {
	case EADDRINUSE:
		return "another one runs that is reached there (--control "
		       "names another path)";
	case EEXIST:
		return "a file of that name is no socket";
	case EPERM:
		return "it cannot be given to that group: who starts us is no "
		       "member of it";
	case ESRCH:
		return "there is no such group";
	default:
		return strerror(-error);
	}
}

/* A descriptor; -errno. */
static int make_socket(struct control *c)
{
	const struct options *o = c->loop->options;
	int fd = control_socket_path(o->control, c->path);

	if (fd < 0) {
		return fd;
	}
	if (!strchr(o->control, '/')) {
		make_folder(c->path);
	}
	fd = control_socket_make(c->path, o->control_group);
	if (fd >= 0) {
		(void)lstat(c->path, &c->made);
	}
	return fd;
}

/* -errno. */
static int serve(struct control *c, int fd)
{
	uv_loop_t *uv = loop_uv(c->loop);
	int r = uv_pipe_init(uv, &c->server, 0);

	c->server.data = c;
	r = r ? r : uv_pipe_open(&c->server, fd);
	if (r) {
		close(fd);
		return r;
	}
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		c->client[i].control = c;
		c->client[i].timer.data = &c->client[i];
		uv_timer_init(uv, &c->client[i].timer);
	}
	return uv_listen((uv_stream_t *)&c->server, BACKLOG, on_connection);
}

int control_open(struct loop *l, struct control **ret)
{
	struct control *c = calloc(1, sizeof(*c));
	const bool given = strcmp(l->options->control, CONTROL_NAME) != 0 ||
			   l->options->control_group;
	int r;

	if (!c) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	*ret = c;
	c->loop = l;
	r = make_socket(c);
	r = r < 0 ? r : serve(c, r);
	if (!r) {
		return 0;
	}
	log_line(given ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
		"no control socket %s: %s", c->path, reason(r));
	return given ? EXIT_RUNTIME : 0;
}

void control_close(struct control *c)
{
	struct stat st;

	if (!c) {
		return;
	}
	if (c->made.st_ino && !lstat(c->path, &st) &&
		st.st_ino == c->made.st_ino && st.st_dev == c->made.st_dev) {
		unlink(c->path);
	}
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		forget(&c->client[i]);
	}
	free(c);
}
