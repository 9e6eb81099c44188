/*
 * Functions that differ between operating systems: os_linux.c, or os_darwin.c for macOS.
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

/* Returns the argv[0] that starts this program again, for child_start. Static. */
char *os_program(void);

/* Makes the system kill this process when its parent ends. Returns false if the parent has ended
 * already. */
bool os_die_with_parent(pid_t parent);

/* The caller owns the descriptors of the functions below. They are close-on-exec; -1 after a
 * failure, which sets errno. */

/* Returns a descriptor that becomes readable when the child ends. The child must not have been
 * waited for. */
int os_watch_child(pid_t child);

/* Returns a descriptor that becomes readable when one of these signals comes, and stays readable.
 * The caller has blocked the signals. */
int os_watch_signals(const sigset_t *signals);

int os_pipe(int ends[2]);

/* Opens a new file in the directory, without a name. Fails with EOPNOTSUPP or another error of open
 * where the system or file system can't do that. */
int os_open_unnamed(const char *directory, mode_t mode);

/* Gives the file a name, which must not exist yet. */
int os_name_file(int fd, const char *path);

/* Does the same as poll, with a time limit in nanoseconds where the system can. UINT64_MAX: no
 * limit. */
int os_poll(struct pollfd *fds, unsigned count, uint64_t limit_ns);

/* Sleeps until CLOCK_MONOTONIC reaches this time. */
void os_sleep_until(uint64_t time_ns);

/* Lets other threads of this process have the processor first: this thread and those that it starts
 * do work that can wait. It does nothing where the system has no such order among threads. */
void os_work_in_background(void);

/* Writes the system's name and version with the machine's architecture: "macOS 14.5", "Linux
 * 6.1.0". */
void os_describe(char *text, size_t size);

#endif
