/* SPDX-License-Identifier: BSD-2-Clause */
/* notify.h - word to the service manager. */
#ifndef NOTIFY_H
#define NOTIFY_H

/*
 * Sends assignments, a line each: "READY=1\nSTATUS=...", at most 1,024
 * octets. Returns 0, also when there is no manager to tell; -errno. Waits a
 * second at most. Source:
 * sd_notify(3).
 */
__attribute__((format(printf, 1, 2))) int notify_send(const char *format, ...);

#endif
