/* SPDX-License-Identifier: BSD-2-Clause */
/* out_stdout.c - records on standard output: tcpdump's lines, or JSON. */
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dnslookout.h"
#include "log.h"
#include "output.h"
#include "plural.h"
#include "stamp.h"
#include "writer.h"

#define QUEUE_SIZE ((size_t)2 << 20) /* the longest line, -X, is 500 KB */
#define JSON_SIZE 32768u
#define CHUNK 16384u /* of one write(2): the grain in which progress shows */

enum ending { GOES_ON, READER_GONE, BROKEN };

struct out_stdout {
	struct output o;
	struct output_context c;
	struct dlo_text *text; /* NULL: JSON */
	struct stamp stamp;
	uint64_t n_alerts; /* of the message whose line is being made */
	uint64_t n_lost_lines; /* queue full */
	/* Written by the thread, read by the loop thread; relaxed, for nothing
	 * else hangs on it. */
	_Atomic enum ending ending;
	char json[JSON_SIZE];
};

/* ---- in the loop thread -------------------------------------------------- */

static enum ending ending(const struct out_stdout *s)
{
	return atomic_load_explicit(&s->ending, memory_order_relaxed);
}

static void lose(struct out_stdout *s, uint64_t alerts)
{
	output_lose(&s->o, alerts, ending(s) == READER_GONE);
}

static bool is_alert(const struct dlo_record *rec)
{
	return rec->kind == DLO_RECORD_ALERT || rec->kind == DLO_RECORD_CLOSING;
}

static void push(struct out_stdout *s, const struct iovec *v, unsigned n,
	uint32_t alerts)
{
	if (!writer_push(s->o.writer, v, n, alerts)) {
		s->n_lost_lines++;
		lose(s, alerts);
	}
}

/* tcpdump's -#: the number and two blanks; blanks alone for a line that is of
 * no packet. */
static size_t put_number(const struct dlo_record *rec, char *p, size_t cap)
{
	int n = rec->meta.packet ? snprintf(p, cap, "%5llu  ",
					   (unsigned long long)rec->meta.packet)
				 : snprintf(p, cap, "%7s", "");

	return (size_t)n;
}

static void record_text(struct out_stdout *s, const struct dlo_record *rec)
{
	/* A closing line may come while a message is under way. */
	bool closing = rec->kind == DLO_RECORD_CLOSING;
	char front[STAMP_MAX + 24];
	const char *line;
	uint64_t ts_ns;
	size_t len = dlo_text_print(s->text, rec, &line, &ts_ns), at = 0;

	s->n_alerts += rec->kind == DLO_RECORD_ALERT;
	if (len == 0) {
		return;
	}
	if (s->c.options->number) {
		at = put_number(rec, front, sizeof(front) - STAMP_MAX);
	}
	at += stamp_print(&s->stamp, ts_ns, front + at);
	push(s, (struct iovec[]){{front, at}, {(void *)(uintptr_t)line, len}},
		2, closing ? 1 : (uint32_t)s->n_alerts);
	s->n_alerts = closing ? s->n_alerts : 0;
}

static void record_json(struct out_stdout *s, const struct dlo_record *rec,
	const struct dlo_origin *origin)
{
	size_t len;

	if (rec->kind == DLO_RECORD_QUESTION && !s->c.options->all) {
		return;
	}
	len = dlo_json_print(rec, origin, s->json, sizeof(s->json));
	if (len > 0) {
		s->json[len] = '\n'; /* where the NUL was */
		push(s, &(struct iovec){s->json, len + 1}, 1, is_alert(rec));
	} else {
		lose(s, is_alert(rec)); /* it has no form */
	}
}

static void record(struct output *o, const struct dlo_record *rec,
	const struct dlo_origin *origin)
{
	struct out_stdout *s = (struct out_stdout *)o;

	if (ending(s) != GOES_ON) {
		lose(s, s->n_alerts + is_alert(rec));
		s->n_alerts = 0;
		return;
	}
	if (s->text) {
		record_text(s, rec);
	} else {
		record_json(s, rec, origin);
	}
}

/* ---- in the writer's thread ---------------------------------------------- */

static void give_up(struct out_stdout *s, int error)
{
	bool gone = error == EPIPE;

	atomic_store_explicit(
		&s->ending, gone ? READER_GONE : BROKEN, memory_order_relaxed);
	if (!gone) {
		log_error(
			"cannot write to standard output: %s", strerror(error));
	}
	s->c.reader_gone(s->c.ctx);
}

/* As many messages as make a chunk, the first cut if it is longer. */
static unsigned chunk(struct iovec *v, unsigned n)
{
	size_t len = 0;
	unsigned i = 0;

	if (v[0].iov_len > CHUNK) {
		v[0].iov_len = CHUNK;
		return 1;
	}
	while (i < n && len + v[i].iov_len <= CHUNK) {
		len += v[i++].iov_len;
	}
	return i;
}

static size_t deliver(
	void *ctx, struct iovec *v, unsigned n, struct writer_wait *ret_wait)
{
	ssize_t done = writev(STDOUT_FILENO, v, (int)chunk(v, n));

	if (done >= 0) {
		return (size_t)done;
	}
	if (errno == EAGAIN) {
		*ret_wait = (struct writer_wait){
			.fd = STDOUT_FILENO, .timeout_ms = -1};
	} else if (errno != EINTR) {
		ret_wait->no_more = true;
		give_up(ctx, errno);
	}
	return 0;
}

static bool loss(void *ctx, uint64_t n, time_t since)
{
	(void)ctx, (void)since;
	log_warning("%llu line%s lost: standard output is read too slowly",
		(unsigned long long)n, plural(n));
	return false;
}

/* ---- opening and closing ------------------------------------------------- */

static bool close_stdout(struct output *o, unsigned grace_ms)
{
	struct out_stdout *s = (struct out_stdout *)o;
	struct writer_left left = writer_close(s->o.writer, grace_ms);
	bool gone = ending(s) == READER_GONE; /* and wanted no more */
	bool fine = gone || (ending(s) == GOES_ON && left.n == 0 &&
				    s->n_lost_lines == 0);

	if (left.n > 0 && ending(s) == GOES_ON) {
		log_error("%zu line%s could not be written to standard output",
			left.n, plural(left.n));
	}
	lose(s, s->n_alerts + left.alerts);
	dlo_text_free(s->text);
	return fine;
}

static bool is_colored(const struct options *o)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO) {
		return o->color == COLOR_ALWAYS;
	}
	return isatty(STDOUT_FILENO) && !(none && none[0]) &&
	       !(term && strcmp(term, "dumb") == 0);
}

static int open_text(struct out_stdout *s)
{
	const struct options *o = s->c.options;

	if (o->json || o->format == FORMAT_JSON) {
		return 0;
	}
	stamp_init(&s->stamp, (enum stamp_style)o->stamp);
	return dlo_text_new(
		&(struct dlo_text_options){
			.link = o->link_header,
			.hex = o->hex > 0,
			.hex_link = o->hex > 1,
			.verbose = o->verbose > 0,
			.quiet = o->quiet,
			.color = is_colored(o),
		},
		&s->text);
}

int out_stdout_open(const struct output_context *c, struct output **ret)
{
	static const struct output_class class = {.name = "stdout",
		.each = true,
		.record = record,
		.close = close_stdout};
	struct out_stdout *s = output_new(sizeof(*s), &class);
	struct writer_config w = {
		.name = "stdout",
		.size = QUEUE_SIZE,
		.wait = c->wait,
		.abandoned = c->abandoned,
		.deliver = deliver,
		.loss = loss,
		.moved = c->moved,
		.moved_ctx = c->ctx,
	};
	int r = -ENOMEM;

	if (s) {
		s->o.wire = c->options->all;
		s->o.patient = true;
		s->c = *c;
		r = open_text(s);
	}
	if (r == 0) {
		w.ctx = s;
		w.account = &s->o.account;
		r = writer_open(&w, &s->o.writer);
	}
	if (r < 0) {
		log_error("cannot open standard output: %s", strerror(-r));
		dlo_text_free(s ? s->text : NULL);
		output_free(s ? &s->o : NULL);
		return r;
	}
	*ret = &s->o;
	return 0;
}
