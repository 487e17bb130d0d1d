/* SPDX-License-Identifier: BSD-2-Clause */
/* syscalls.h - which system calls this process may still make, by seccomp. */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From now on, for this thread and those that it starts: what is in a table of
 * what we and our libraries need is done. To start a program, trace a process,
 * load BPF, mount or make an internet socket kills the process (SIGSYS). All
 * else fails with EPERM and is counted. `sockets`: local ones, packet sockets
 * and what libpcap asks interfaces by may be made. Needs no_new_privs or
 * CAP_SYS_ADMIN. 0; -ENOSYS when built without libseccomp; -errno.
 *
 * A thread that blocks SIGSYS is killed where it would see EPERM.
 */
int syscalls_restrict(bool sockets);

/* How many calls have failed so; the newest one's name. Any thread. */
uint64_t syscalls_refused(char *newest, size_t cap);

#endif
