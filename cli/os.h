/*
 * What differs between operating systems: os_linux.c, or os_darwin.c for macOS.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_OS_H
#define GEYSER_CLI_OS_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What starts this same program again, for child_start. Static. */
char *os_program(void);

/* Sees to it that this process is killed when its parent ends; false if it has ended already. */
bool os_die_with_parent(pid_t parent);

/* Descriptors are the caller's and close-on-exec; -1 with errno if there is none. */

/* Readable once the child, not waited for yet, has ended. */
int os_watch_child(pid_t child);

/* Readable once one of these signals has come, which the caller has blocked, and from then on. */
int os_watch_signals(const sigset_t *signals);

int os_pipe(int ends[2]);

/* A file in the directory that has no name yet. EOPNOTSUPP or another error of open where that
 * can't be had. */
int os_open_unnamed(const char *directory, mode_t mode);

/* Gives it one that isn't taken. */
int os_name_file(int fd, const char *path);

/* As poll, but to the nanosecond where the system can; UINT64_MAX: no limit. */
int os_poll(struct pollfd *fds, unsigned count, uint64_t limit_ns);

/* Sleeps until CLOCK_MONOTONIC says this. */
void os_sleep_until(uint64_t time_ns);

/* "macOS 14.5", "Linux 6.1.0", with the machine's architecture. */
void os_describe(char *text, size_t size);

#endif
