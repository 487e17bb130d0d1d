/* SPDX-License-Identifier: BSD-2-Clause */
/* notify.c - word to the service manager: sd_notify(3)'s protocol. */
#include "notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TEXT_MAX 1024u

/* A path, or with '@' a name in the abstract space, which may be as long as
 * the field and has no NUL at its end. */
static int address(
	const char *path, struct sockaddr_un *ret, socklen_t *ret_len)
{
	size_t len = strlen(path);

	if (path[0] != '/' && path[0] != '@') {
		return -EAFNOSUPPORT;
	}
	if (len > sizeof(ret->sun_path) - (path[0] == '/')) {
		return -ENAMETOOLONG;
	}
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret->sun_path, path, len);
	if (path[0] == '@') {
		ret->sun_path[0] = '\0';
	}
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

static int send_to(const struct sockaddr_un *to, socklen_t to_len,
	const char *text, size_t len)
{
	const struct timeval limit = {.tv_sec = 1};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0) {
		return -errno;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (sendto(fd, text, len, MSG_NOSIGNAL, (const struct sockaddr *)to,
		    to_len) < 0) {
		r = -errno;
	}
	close(fd);
	return r;
}

int notify_send(const char *format, ...)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to;
	socklen_t to_len;
	char text[TEXT_MAX + 1];
	va_list ap;
	int n, r;

	if (!path || !path[0]) {
		return 0;
	}
	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	r = address(path, &to, &to_len);
	if (r == 0 && (n < 0 || (size_t)n >= sizeof(text))) {
		r = -EMSGSIZE;
	}
	return r < 0 ? r : send_to(&to, to_len, text, (size_t)n);
}
