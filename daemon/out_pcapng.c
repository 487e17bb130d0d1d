/* SPDX-License-Identifier: BSD-2-Clause */
/* out_pcapng.c - the packets behind the records, as a pcapng file. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "dnslookout.h"
#include "log.h"
#include "output.h"
#include "writer.h"

/*
 * Theory of operation
 *
 * A message's records begin with the pieces of its frame: they are put
 * together, and with the message's last record the packet is queued, in one
 * message with the description of its interface when that is new. The writer
 * thread writes what is queued at once, a batch with a write(2): nothing waits
 * in a buffer of ours, so -U is always so.
 *
 * A section header in the queue begins a file: the first that was opened at
 * the start, each later one (USR2) whatever has the name then, which is
 * continued if it is there. pcapng has sections for that.
 *
 * Blocks are in our byte order; a reader sees that in the section header.
 */

#define QUEUE_SIZE ((size_t)4 << 20)
#define FRAME_MAX 66048u /* BYTES: 16-bit offsets, and the last piece */
#define INTERFACES_MAX 256u /* of a section; then a new one begins */
#define IF_NAME_MAX 64u

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_ENHANCED 6u

enum ending { GOES_ON, READER_GONE, BROKEN };

struct interface {
	int link_type;
	char name[IF_NAME_MAX]; /* "": a file's */
};

struct out_pcapng {
	struct output o;
	struct output_context c;
	const char *path;
	bool is_stdout;
	struct interface interface[INTERFACES_MAX];
	unsigned n_interfaces;
	bool begin; /* a section header is due */
	/* The packet of the message under way. */
	struct dlo_record first; /* its first piece, without the octets */
	size_t len;
	unsigned n_alerts;
	uint8_t frame[FRAME_MAX];
	uint64_t n_lost_packets;
	/* the thread's */
	int fd; /* -1: to be opened (a FIFO waits for its reader) */
	bool fresh; /* fd is the file of the section header to come */
	bool inside; /* a message is written in part */
	/* Written by the thread, read by the loop thread; relaxed, for nothing
	 * else hangs on it. */
	_Atomic enum ending ending;
};

/* ---- blocks -------------------------------------------------------------- */

struct blocks {
	uint8_t data[512]; /* all but a frame's octets */
	size_t len, start; /* of the block under way */
};

static void put(struct blocks *b, const void *p, size_t n)
{
	memcpy(b->data + b->len, p, n);
	b->len += n;
}

static void put32(struct blocks *b, uint32_t v)
{
	put(b, &v, sizeof(v));
}

static void put16(struct blocks *b, unsigned v)
{
	put(b, &(uint16_t){(uint16_t)v}, sizeof(uint16_t));
}

static void pad(struct blocks *b)
{
	put(b, "\0\0\0", -b->len % 4);
}

static void put_option(struct blocks *b, unsigned code, const char *text)
{
	size_t n = strlen(text);

	put16(b, code);
	put16(b, (unsigned)n);
	put(b, text, n);
	pad(b);
}

static void begin_block(struct blocks *b, uint32_t type)
{
	b->start = b->len;
	put32(b, type);
	put32(b, 0);
}

/* `more` octets of the block are not in here. */
static void end_block(struct blocks *b, size_t more)
{
	uint32_t total = (uint32_t)(b->len + 4 + more - b->start);

	memcpy(b->data + b->start + 4, &total, sizeof(total));
	put32(b, total);
}

static void put_section(struct blocks *b)
{
	begin_block(b, BLOCK_SECTION);
	put32(b, 0x1a2b3c4d);
	put16(b, 1);
	put16(b, 0);
	put32(b, UINT32_MAX); /* its length is not known */
	put32(b, UINT32_MAX);
	put_option(b, 4, "dnslookout " DLO_VERSION);
	put32(b, 0);
	end_block(b, 0);
}

/* What a file calls a link type: see savefile.c's map for the other way. */
static unsigned network_of(int link_type)
{
	return link_type == DLT_RAW ? 101 : (unsigned)link_type;
}

static void put_interface(
	struct blocks *b, const struct interface *i, unsigned snaplen)
{
	begin_block(b, BLOCK_INTERFACE);
	put16(b, network_of(i->link_type));
	put16(b, 0);
	put32(b, snaplen);
	if (*i->name) {
		put_option(b, 2, i->name);
	}
	put_option(b, 9, "\t"); /* if_tsresol: 10^-9 */
	put32(b, 0);
	end_block(b, 0);
}

/* ---- in the loop thread -------------------------------------------------- */

static enum ending ending(const struct out_pcapng *s)
{
	return atomic_load_explicit(&s->ending, memory_order_relaxed);
}

static void lose(struct out_pcapng *s, uint64_t alerts)
{
	output_lose(&s->o, alerts, ending(s) == READER_GONE);
}

static bool push(struct out_pcapng *s, const struct iovec *v, unsigned n)
{
	return writer_push(s->o.writer, v, n, s->n_alerts);
}

/* The number of the packet's interface, described in *b when it is new. */
static unsigned find_interface(struct out_pcapng *s, struct blocks *b,
	int link_type, const struct dlo_origin *origin)
{
	struct interface want = {.link_type = link_type};

	snprintf(want.name, sizeof(want.name), "%s",
		origin->interface ? origin->interface : "");
	for (unsigned i = 0; i < s->n_interfaces; i++) {
		if (s->interface[i].link_type == link_type &&
			!strcmp(s->interface[i].name, want.name)) {
			return i;
		}
	}
	s->interface[s->n_interfaces] = want;
	put_interface(b, &want, s->c.options->snaplen);
	return s->n_interfaces++;
}

/* A section header is a message of its own: see deliver(). */
static void begin_section(struct out_pcapng *s)
{
	struct blocks b = {.len = 0};
	unsigned n_alerts = s->n_alerts;

	if (!s->begin) {
		return;
	}
	put_section(&b);
	s->n_alerts = 0;
	s->begin = !push(s, &(struct iovec){b.data, b.len}, 1);
	s->n_alerts = n_alerts;
	s->n_interfaces = 0;
}

static void push_packet(struct out_pcapng *s, const struct dlo_origin *origin)
{
	struct blocks b = {.len = 0}, after = {.len = 0};
	uint64_t ts_ns = s->first.meta.ts_ns;
	unsigned n_interfaces, id;
	size_t padding = -s->len % 4;

	s->begin = s->begin || s->n_interfaces == INTERFACES_MAX;
	account_add(
		&s->o.account, &(struct account_counts){.taken = s->n_alerts});
	begin_section(s);
	n_interfaces = s->n_interfaces;
	id = find_interface(s, &b, s->first.link_type, origin);
	begin_block(&b, BLOCK_ENHANCED);
	put32(&b, id);
	put32(&b, (uint32_t)(ts_ns >> 32));
	put32(&b, (uint32_t)ts_ns);
	put32(&b, (uint32_t)s->len);
	put32(&b, s->first.frame_len);
	put(&after, "\0\0\0", padding);
	end_block(&b, s->len + padding);
	/* The length that ends the block goes behind the octets. */
	b.len -= 4;
	put(&after, b.data + b.len, 4);
	if (s->begin ||
		!push(s,
			(struct iovec[]){{b.data, b.len}, {s->frame, s->len},
				{after.data, after.len}},
			3)) {
		s->n_interfaces = n_interfaces;
		s->n_lost_packets++;
		lose(s, s->n_alerts);
	}
	s->len = 0;
	s->n_alerts = 0;
}

static void record(struct output *o, const struct dlo_record *rec,
	const struct dlo_origin *origin)
{
	struct out_pcapng *s = (struct out_pcapng *)o;
	bool is_alert = rec->kind == DLO_RECORD_ALERT;

	if (rec->kind == DLO_RECORD_CLOSING) {
		return; /* of no packet, and may come amid a message */
	}
	if (ending(s) != GOES_ON) {
		s->n_alerts += is_alert;
		account_add(&s->o.account,
			&(struct account_counts){.taken = s->n_alerts});
		lose(s, s->n_alerts);
		s->n_alerts = 0;
		s->n_lost_packets += rec->flags & DLO_RECORD_LAST &&
				     ending(s) == BROKEN;
		return;
	}
	if (rec->flags & DLO_RECORD_FIRST) {
		s->len = 0;
		s->n_alerts = 0;
	}
	if (rec->kind == DLO_RECORD_BYTES && rec->at == s->len &&
		s->len + rec->n_bytes <= FRAME_MAX) {
		if (!s->len) {
			memcpy(&s->first, rec, offsetof(struct dlo_record, u));
		}
		memcpy(s->frame + s->len, rec->u.bytes, rec->n_bytes);
		s->len += rec->n_bytes;
	}
	s->n_alerts += is_alert;
	if (rec->flags & DLO_RECORD_LAST && s->len) {
		push_packet(s, origin);
	}
}

/* A section without an interface is no capture for most readers. */
static void end_section(struct out_pcapng *s)
{
	struct blocks b = {.len = 0};

	if (!s->n_interfaces && !s->begin && ending(s) == GOES_ON) {
		put_interface(&b, &(struct interface){.link_type = DLT_EN10MB},
			s->c.options->snaplen);
		s->n_alerts = 0;
		push(s, &(struct iovec){b.data, b.len}, 1);
	}
}

static void reopen(struct output *o)
{
	struct out_pcapng *s = (struct out_pcapng *)o;

	end_section(s);
	s->begin = s->begin || !s->is_stdout;
	begin_section(s);
}

/* ---- in the writer's thread ---------------------------------------------- */

static void give_up(struct out_pcapng *s, int error)
{
	bool gone = error == EPIPE && s->is_stdout;

	atomic_store_explicit(
		&s->ending, gone ? READER_GONE : BROKEN, memory_order_relaxed);
	if (!gone) {
		log_error("cannot write to %s: %s",
			s->is_stdout ? "standard output" : s->path,
			strerror(error));
	}
	if (s->is_stdout) {
		s->c.reader_gone(s->c.ctx);
	}
}

static bool begins_file(const struct iovec *v)
{
	uint32_t type = 0;

	if (v->iov_len >= sizeof(type)) {
		memcpy(&type, v->iov_base, sizeof(type));
	}
	return type == BLOCK_SECTION;
}

/* Opens what the section header at the front belongs to. -errno. */
static int open_next(struct out_pcapng *s)
{
	if (s->is_stdout || (s->fresh && s->fd >= 0)) {
		s->fresh = false;
		return 0;
	}
	if (s->fd >= 0) {
		close(s->fd);
	}
	s->fd = open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	s->fresh = false;
	return s->fd < 0 ? -errno : 0;
}

/* Messages up to the next that begins a file. */
static unsigned in_this_file(const struct iovec *v, unsigned n)
{
	unsigned i = 1;

	while (i < n && !begins_file(&v[i])) {
		i++;
	}
	return i;
}

/* Remembers whether `done` octets end amid a message. */
static void note_rest(struct out_pcapng *s, const struct iovec *v, size_t done)
{
	while (done >= v->iov_len) {
		done -= v->iov_len;
		if (!done) {
			break;
		}
		v++;
	}
	s->inside = done > 0;
}

static size_t deliver(
	void *ctx, struct iovec *v, unsigned n, struct writer_wait *ret_wait)
{
	struct out_pcapng *s = ctx;
	ssize_t done = -1;
	int error = 0;

	if (!s->inside && begins_file(&v[0])) {
		error = -open_next(s);
	}
	if (!error) {
		done = writev(s->fd, v, (int)in_this_file(v, n));
		error = done < 0 ? errno : 0;
	}
	if (done > 0) {
		note_rest(s, v, (size_t)done);
		return (size_t)done;
	}
	if (error == EAGAIN) {
		*ret_wait = (struct writer_wait){.fd = s->fd, .timeout_ms = -1};
	} else if (error && error != EINTR) {
		ret_wait->no_more = true;
		give_up(s, error);
	}
	return 0;
}

static bool loss(void *ctx, uint64_t n, time_t since)
{
	struct out_pcapng *s = ctx;

	(void)since;
	log_warning("%llu %s lost: %s is written too slowly",
		(unsigned long long)n, n == 1 ? "packet" : "packets",
		s->is_stdout ? "standard output" : s->path);
	return false;
}

/* ---- opening and closing ------------------------------------------------- */

static bool close_pcapng(struct output *o, unsigned grace_ms)
{
	struct out_pcapng *s = (struct out_pcapng *)o;
	struct writer_left left;
	bool gone, fine;

	end_section(s);
	left = writer_close(s->o.writer, grace_ms);
	gone = ending(s) == READER_GONE; /* and wanted no more */
	fine = gone ||
	       (ending(s) == GOES_ON && left.n == 0 && s->n_lost_packets == 0);

	if (left.n > 0 && ending(s) == GOES_ON) {
		log_error("%zu %s could not be written to %s", left.n,
			left.n == 1 ? "block" : "blocks",
			s->is_stdout ? "standard output" : s->path);
	}
	if (s->fd >= 0 && close(s->fd) && !gone) {
		log_error("cannot write to %s: %s", s->path, strerror(errno));
		fine = false;
	}
	lose(s, left.alerts);
	return fine;
}

/* Whether that file is one of -r: emptied, it would be lost. */
static bool is_read(const struct out_pcapng *s, const struct stat *st)
{
	const struct texts *files = &s->c.options->files;
	struct stat it;

	for (unsigned i = 0; st->st_ino && i < files->n; i++) {
		if (!stat(files->text[i], &it) && S_ISREG(it.st_mode) &&
			it.st_dev == st->st_dev && it.st_ino == st->st_ino) {
			return true;
		}
	}
	return false;
}

/* What is not there is made; what is there is emptied. A FIFO waits for its
 * reader in the writer's thread. */
static int open_file(struct out_pcapng *s)
{
	struct stat st = {0};

	if (s->is_stdout) {
		s->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	} else if (!stat(s->path, &st) && S_ISFIFO(st.st_mode)) {
		return 0;
	} else if (is_read(s, &st)) {
		return -ETXTBSY;
	} else {
		s->fd = open(s->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0666);
	}
	return s->fd < 0 ? -errno : 0;
}

int out_pcapng_open(const struct output_context *c, struct output **ret)
{
	static const struct output_class class = {.name = "pcapng",
		.record = record,
		.close = close_pcapng,
		.reopen = reopen};
	struct out_pcapng *s = output_new(sizeof(*s), &class);
	struct writer_config w = {
		.name = "pcapng",
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
		s->path = c->options->write;
		s->is_stdout = strcmp(s->path, "-") == 0;
		s->fd = -1;
		s->fresh = s->begin = true;
		w.ctx = s;
		w.account = &s->o.account;
		r = open_file(s);
	}
	if (r == 0) {
		r = writer_open(&w, &s->o.writer);
	}
	if (r < 0) {
		log_error("%s: %s", c->options->write,
			r == -ETXTBSY ? "is being read" : strerror(-r));
		output_free(s ? &s->o : NULL);
		return r;
	}
	begin_section(s); /* so that no packet at all is a capture too */
	*ret = &s->o;
	return 0;
}
