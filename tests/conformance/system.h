/*
 * Functions of the operating system that the conformance and the process tests need. They are
 * implemented in system_linux.c, and in system_darwin.c for macOS.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SYSTEM_H
#define TESTS_SYSTEM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of memory that this process occupies now, and bytes that malloc has given out. */
uint64_t resident_bytes(void);
uint64_t allocated_bytes(void);

/* Returns whether a process of this user sleeps. A stopped process doesn't count as asleep. */
bool is_asleep(pid_t pid);

/* As pipe(2), with both ends close-on-exec. */
int make_pipe(int ends[2]);

/* Lets the kernel end this process when its parent ends. */
void die_with_parent(void);

/* As fork(2), but without running the handlers of pthread_atfork where the system allows that. */
pid_t raw_fork(void);

/* A condition variable on the monotonic clock. A wait ends at `deadline_ns` and returns 0 or an
 * error number. */
void condition_init(pthread_cond_t *condition);
int condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline_ns);

#endif
