/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * out_syslog.c - alerts to the log daemon, in RFC 3164's form.
 *
 * Theory of operation
 *
 * syslog(3) blocks when the daemon stalls and loses in silence when it is away.
 * So this is a non-blocking datagram socket of our own, and an alert leaves the
 * queue when the kernel has taken it. Until then there is an outage: either
 * the daemon reads nothing (EAGAIN: wait for POLLOUT), or it is away (connect
 * again, less and less often). One message tells of it, one of its end.
 *
 * A message in the queue is an octet, the severity, and what comes after the
 * tag; the header is made when it is sent, for daemons expect the time of
 * sending there (the packet's own time is in the message). RFC 5424 is no
 * choice: daemons do not expect it on this socket.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dnslookout.h"
#include "log.h"
#include "output.h"
#include "plural.h"
#include "writer.h"

/* 4,096 of the longest text lines: 1,024 octets less a header. */
#define QUEUE_SIZE ((size_t)4 << 20)
/* rsyslog takes 8 KiB if not told otherwise, and half an object is none. */
#define MESSAGE_MAX 8192u
#define HEADER_MAX 64u
#define CEE "@cee: "

#define BACK_OFF_MIN_MS 100
#define BACK_OFF_MAX_MS 5000
#define FULL_MS 20 /* the kernel is out of buffers */
#define STALL_LOOK_MS 1000 /* how often to try while nothing is read */
#define STALL_SAID_S 5 /* from then on it is an outage worth a message */

/* RFC 3164 4.1.1 */
enum severity { SEV_ERR = 3, SEV_WARNING, SEV_NOTICE, SEV_INFO };

/* Never worse than an error: that goes to consoles. */
static const unsigned char severities[DLO_LEVEL__N] = {
	[DLO_LEVEL_INFORMATIONAL] = SEV_INFO,
	[DLO_LEVEL_LOW] = SEV_INFO,
	[DLO_LEVEL_MEDIUM] = SEV_NOTICE,
	[DLO_LEVEL_HIGH] = SEV_WARNING,
	[DLO_LEVEL_CRITICAL] = SEV_ERR,
};

struct out_syslog {
	struct output o;
	const char *path;
	struct sockaddr_un to;
	unsigned facility;
	bool cee;

	char buf[MESSAGE_MAX]; /* the loop thread's */

	/* the writer's thread's, and before it begins and after its end ours */
	int fd; /* -1: not connected */
	unsigned back_off_ms; /* until the next attempt */
	time_t stalled_since; /* CLOCK_MONOTONIC; 0: not */
	bool out; /* an outage was told of */
	bool refused_said;
	uint64_t n_refused; /* too long for the socket */
};

static time_t monotonic_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1; /* never 0 */
}

/* ---- in the loop thread -------------------------------------------------- */

/* "<165>Jan  2 03:04:05 dnslookout[77]: ", month names in no locale. */
static size_t put_header(
	const struct out_syslog *s, unsigned severity, char buf[HEADER_MAX])
{
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = time(NULL);
	struct tm tm;
	int n;

	if (!localtime_r(&now, &tm)) {
		gmtime_r(&(time_t){0}, &tm);
	}
	n = snprintf(buf, HEADER_MAX,
		"<%u>%s %2d %02d:%02d:%02d dnslookout[%ld]: ",
		s->facility * 8 + severity, months[tm.tm_mon], tm.tm_mday,
		tm.tm_hour, tm.tm_min, tm.tm_sec, (long)getpid());
	return (size_t)n;
}

static size_t print(struct out_syslog *s, const struct dlo_record *rec,
	const struct dlo_origin *origin)
{
	char header[HEADER_MAX];
	size_t room = put_header(s, SEV_INFO, header), len;
	char *p = s->buf + 1;

	if (!s->cee) {
		return dlo_syslog_print(
			rec, origin, room, p, sizeof(s->buf) - 1);
	}
	memcpy(p, CEE, strlen(CEE));
	len = dlo_json_print(rec, origin, p + strlen(CEE),
		sizeof(s->buf) - 1 - strlen(CEE) - room);
	return len > 0 ? len + strlen(CEE) : 0;
}

static void record(struct output *o, const struct dlo_record *rec,
	const struct dlo_origin *origin)
{
	struct out_syslog *s = (struct out_syslog *)o;
	size_t len;

	if (rec->kind != DLO_RECORD_ALERT && rec->kind != DLO_RECORD_CLOSING) {
		return;
	}
	len = print(s, rec, origin);
	s->buf[0] = (char)(rec->level < DLO_LEVEL__N ? severities[rec->level]
						     : SEV_ERR);
	if (len == 0 || !writer_push(o->writer,
				&(struct iovec){s->buf, len + 1}, 1, 1)) {
		output_lose(o, 1, false);
	}
}

/* ---- the socket ---------------------------------------------------------- */

/* 0; -errno. */
static int connect_now(struct out_syslog *s)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r = 0;

	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (const struct sockaddr *)&s->to, sizeof(s->to)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	s->fd = fd;
	return 0;
}

static void disconnect(struct out_syslog *s)
{
	if (s->fd >= 0) {
		close(s->fd);
		s->fd = -1;
	}
}

/* Says once why nothing leaves. */
static void tell_outage(struct out_syslog *s, const char *why)
{
	size_t n;

	if (!s->out) {
		n = writer_queued(s->o.writer);
		log_warning("cannot reach the log socket %s: %s; %zu alert%s "
			    "wait%s",
			s->path, why, n, plural(n), n == 1 ? "s" : "");
	}
	s->out = true;
}

static void tell_end_of_outage(struct out_syslog *s)
{
	s->stalled_since = 0;
	s->back_off_ms = 0;
	if (s->out) {
		log_info("the log socket %s is back", s->path);
	}
	s->out = false;
}

/* ---- in the writer's thread ---------------------------------------------- */

/* The daemon is away. */
static struct writer_wait away(struct out_syslog *s, int error)
{
	unsigned ms = s->back_off_ms;

	tell_outage(s, strerror(error));
	s->back_off_ms = ms ? 2 * ms : BACK_OFF_MIN_MS;
	if (s->back_off_ms > BACK_OFF_MAX_MS) {
		s->back_off_ms = BACK_OFF_MAX_MS;
	}
	if (writer_closing(s->o.writer)) {
		s->back_off_ms = BACK_OFF_MIN_MS;
	}
	return (struct writer_wait){
		.fd = -1, .timeout_ms = (int)s->back_off_ms};
}

/* The daemon is there and reads nothing. */
static struct writer_wait stalled(struct out_syslog *s)
{
	time_t now = monotonic_s();

	if (!s->stalled_since) {
		s->stalled_since = now;
	}
	if (now - s->stalled_since >= STALL_SAID_S) {
		tell_outage(s, "nothing is read from it");
	}
	return (struct writer_wait){.fd = s->fd, .timeout_ms = STALL_LOOK_MS};
}

static int send_one(struct out_syslog *s, const struct iovec *v)
{
	const char *msg = v->iov_base;
	char header[HEADER_MAX];
	struct iovec part[2];
	struct msghdr m = {.msg_iov = part, .msg_iovlen = 2};

	part[0].iov_base = header;
	part[0].iov_len = put_header(s, (unsigned char)msg[0], header);
	part[1].iov_base = (void *)(uintptr_t)(msg + 1);
	part[1].iov_len = v->iov_len - 1;
	return sendmsg(s->fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* A message that the socket will never take. */
static void refused(struct out_syslog *s, size_t len)
{
	s->n_refused++;
	/* It leaves the queue, which counts it as delivered. */
	account_add(&s->o.account,
		&(struct account_counts){.delivered = (uint64_t)-1, .lost = 1});
	if (!s->refused_said) {
		log_warning("the log socket %s refuses an alert of %zu octets",
			s->path, len);
	}
	s->refused_said = true;
}

/* Whether the message is done with; if not, what to wait for. */
static bool deliver_one(struct out_syslog *s, const struct iovec *v,
	struct writer_wait *ret_wait)
{
	bool fresh = s->fd < 0;
	int r = fresh ? connect_now(s) : 0;

	if (r == 0) {
		r = send_one(s, v);
	}
	switch (-r) {
	case 0:
		tell_end_of_outage(s);
		return true;
	case EMSGSIZE:
		refused(s, v->iov_len);
		return true;
	case EINTR:
		break;
	case EAGAIN:
		*ret_wait = stalled(s);
		break;
	case ENOBUFS:
	case ENOMEM:
		*ret_wait =
			(struct writer_wait){.fd = -1, .timeout_ms = FULL_MS};
		break;
	default:
		disconnect(s);
		if (fresh) { /* else its successor may be there already */
			*ret_wait = away(s, -r);
		}
		break;
	}
	return false;
}

static size_t deliver(
	void *ctx, struct iovec *v, unsigned n, struct writer_wait *ret_wait)
{
	size_t done = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!deliver_one(ctx, &v[i], ret_wait)) {
			break;
		}
		done += v[i].iov_len;
	}
	return done;
}

static size_t loss(void *ctx, uint64_t n, time_t since, char *buf)
{
	struct tm tm = {0};
	int len;

	(void)ctx;
	localtime_r(&since, &tm);
	len = snprintf(buf, WRITER_LINE_MAX,
		"%c%llu alert%s not logged since %02d:%02d:%02d", SEV_WARNING,
		(unsigned long long)n, plural(n), tm.tm_hour, tm.tm_min,
		tm.tm_sec);
	return (size_t)len;
}

/* ---- opening and closing ------------------------------------------------- */

static bool close_syslog(struct output *o, unsigned grace_ms)
{
	struct out_syslog *s = (struct out_syslog *)o;
	struct writer_left left = writer_close(o->writer, grace_ms);
	uint64_t n = s->n_refused + left.alerts; /* not told of in the log */

	if (n > 0) {
		log_error("%llu alert%s could not be delivered to %s",
			(unsigned long long)n, plural(n), s->path);
	}
	disconnect(s);
	output_lose(o, left.alerts, false);
	return account_get(&o->account).lost == 0;
}

static int set_address(struct out_syslog *s)
{
	size_t len = strlen(s->path);

	if (len >= sizeof(s->to.sun_path)) {
		return -ENAMETOOLONG;
	}
	s->to.sun_family = AF_UNIX;
	memcpy(s->to.sun_path, s->path, len + 1);
	return 0;
}

/* A service may well start before the log daemon; a person wants to know. */
static int open_socket(struct out_syslog *s, bool service)
{
	int r = set_address(s);

	if (r == 0) {
		r = connect_now(s);
		if (r < 0 && service) {
			tell_outage(s, strerror(-r));
			return 0;
		}
	}
	if (r < 0) {
		log_error("cannot reach the log socket %s: %s", s->path,
			strerror(-r));
	}
	return r;
}

static struct out_syslog *new (const struct options *o)
{
	static const struct output_class class = {.name = "syslog",
		.each = true,
		.record = record,
		.close = close_syslog};
	struct out_syslog *s = output_new(sizeof(*s), &class);

	if (s) {
		s->path = o->syslog;
		s->facility = o->syslog_facility;
		s->cee = o->syslog_format == SYSLOG_CEE;
		s->fd = -1;
	}
	return s;
}

int out_syslog_open(const struct output_context *c, struct output **ret)
{
	struct out_syslog *s = new (c->options);
	struct writer_config w = {
		.name = "syslog",
		.size = QUEUE_SIZE,
		.wait = c->wait,
		.abandoned = c->abandoned,
		.deliver = deliver,
		.loss = loss,
		.moved = c->moved,
		.moved_ctx = c->ctx,
		.ctx = s,
		.account = s ? &s->o.account : NULL,
	};
	int r = s ? writer_open(&w, &s->o.writer) : -ENOMEM;

	if (r < 0) {
		log_error("cannot start the syslog writer: %s", strerror(-r));
		output_free(s ? &s->o : NULL);
		return r;
	}
	r = open_socket(s, c->options->service);
	if (r < 0) {
		writer_close(s->o.writer, 1);
		output_free(s ? &s->o : NULL);
		return r;
	}
	*ret = &s->o;
	return 0;
}
