/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * out_syslog.c - alerts to the log daemon, in RFC 3164's form.
 *
 * Theory of operation
 *
 * syslog(3) blocks when the daemon stalls and loses in silence when it is away.
 * So this is a non-blocking datagram socket of our own, and an alert is
 * delivered when the kernel has taken it. Until then there is an outage: either
 * the daemon reads nothing (EAGAIN: wait for POLLOUT), or it is away (connect
 * again, less and less often). Meanwhile alerts wait in the backlog.
 *
 * A message in the backlog is an octet, the severity, and what comes after the
 * tag; the header is made when it is sent. Daemons expect the time of sending
 * there, and many replace it by that of arrival; it has neither year nor zone,
 * so that a late one would be taken for another day's or the next year's; and a
 * log stays in order. The packet's own time is in the message. RFC 5424 is no
 * choice: daemons do not expect it on this socket.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "backlog.h"
#include "clock.h"
#include "dnslookout.h"
#include "log.h"
#include "output.h"
#include "plural.h"

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
#define STALL_SAID_MS 5000u /* from then on it is an outage worth a message */

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
	struct backlog backlog;
	const char *path;
	struct sockaddr_un to;
	unsigned facility;
	bool cee;

	char buf[MESSAGE_MAX]; /* the loop thread's */

	/* the writer's thread's, and before it begins and after its end ours */
	int fd; /* -1: not connected */
	unsigned back_off_ms; /* until the next attempt */
	uint64_t stalled_ms; /* since then, clock_steady_ms(); 0: not */
	bool refused_said;
};

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
	if (len == 0) {
		output_lose(o, 1, false);
		return;
	}
	backlog_push(&s->backlog, s->buf, len + 1);
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

/* ---- in the writer's thread ---------------------------------------------- */

/* The daemon is away. */
static void away(struct out_syslog *s, int error, struct backlog_try *t)
{
	unsigned ms = s->back_off_ms;

	s->back_off_ms = ms ? 2 * ms : BACK_OFF_MIN_MS;
	if (s->back_off_ms > BACK_OFF_MAX_MS) {
		s->back_off_ms = BACK_OFF_MAX_MS;
	}
	if (writer_closing(s->o.writer)) {
		s->back_off_ms = BACK_OFF_MIN_MS;
	}
	t->trouble = strerror(error);
	t->wait.timeout_ms = (int)s->back_off_ms;
}

/* The daemon is there and reads nothing. */
static void stalled(struct out_syslog *s, struct backlog_try *t)
{
	uint64_t now_ms = clock_steady_ms();

	if (!s->stalled_ms) {
		s->stalled_ms = now_ms;
	}
	if (now_ms - s->stalled_ms >= STALL_SAID_MS) {
		t->trouble = "nothing is read from it";
	}
	t->wait =
		(struct writer_wait){.fd = s->fd, .timeout_ms = STALL_LOOK_MS};
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
static void refused(struct out_syslog *s, size_t len, struct backlog_try *t)
{
	t->n_refused++;
	if (!s->refused_said) {
		log_warning("the log socket %s refuses an alert of %zu octets",
			s->path, len);
	}
	s->refused_said = true;
}

/* Whether the message is done with. */
static bool deliver_one(
	struct out_syslog *s, const struct iovec *v, struct backlog_try *t)
{
	bool fresh = s->fd < 0;
	int r = fresh ? connect_now(s) : 0;

	if (r == 0) {
		r = send_one(s, v);
	}
	switch (-r) {
	case 0:
		s->stalled_ms = 0;
		s->back_off_ms = 0;
		return true;
	case EMSGSIZE:
		refused(s, v->iov_len, t);
		return true;
	case EINTR:
		break;
	case EAGAIN:
		stalled(s, t);
		break;
	case ENOBUFS:
	case ENOMEM:
		t->wait.timeout_ms = FULL_MS;
		break;
	default:
		disconnect(s);
		if (fresh) { /* else its successor may be there already */
			away(s, -r, t);
		}
		break;
	}
	return false;
}

static unsigned deliver(
	void *ctx, struct iovec *v, unsigned n, struct backlog_try *t)
{
	unsigned done = 0;

	while (done < n && deliver_one(ctx, &v[done], t)) {
		done++;
	}
	return done;
}

static size_t loss_line(
	void *ctx, uint64_t n, time_t since, char buf[BACKLOG_LINE_MAX])
{
	struct tm tm = {0};
	int len;

	(void)ctx;
	localtime_r(&since, &tm);
	len = snprintf(buf, BACKLOG_LINE_MAX,
		"%c%" PRIu64 " alert%s not logged since "
		"%04d-%02d-%02d %02d:%02d:%02d",
		SEV_WARNING, n, plural(n), tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return (size_t)len;
}

/* ---- opening and closing ------------------------------------------------- */

static bool close_syslog(struct output *o, unsigned grace_ms)
{
	struct out_syslog *s = (struct out_syslog *)o;
	bool fine = backlog_close(&s->backlog, grace_ms);

	disconnect(s);
	return fine;
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

/* -errno: the daemon is away. */
static int open_socket(struct out_syslog *s)
{
	int r = set_address(s);

	return r ? r : connect_now(s);
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
	struct backlog_config b = {
		.name = "syslog",
		.verb = "reach",
		.what = "the log socket",
		.queue = QUEUE_SIZE,
		.deliver = deliver,
		.loss_line = loss_line,
		.ctx = s,
	};
	int r = s ? open_socket(s) : -ENOMEM;

	/* A service may well start before the log daemon; a person wants to
	 * know. */
	if (r < 0 && !(s && c->options->service && r != -ENAMETOOLONG)) {
		log_error("cannot reach the log socket %s: %s",
			s ? s->path : "", strerror(-r));
		output_free(s ? &s->o : NULL);
		return r;
	}
	b.path = s->path;
	b.trouble = r < 0 ? strerror(-r) : NULL;
	r = backlog_open(&s->backlog, &b, c, &s->o);
	if (r < 0) {
		disconnect(s);
		output_free(&s->o);
		return r;
	}
	*ret = &s->o;
	return 0;
}
