/*
 * What the conformance and the process tests need of the operating system beside the library:
 * system_linux.c, or system_darwin.c for macOS.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SYSTEM_H
#define TESTS_SYSTEM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of this process: memory that it has now, and what malloc has given it. */
uint64_t resident_bytes(void);
uint64_t allocated_bytes(void);

/* Whether a process of ours sleeps; a stopped one doesn't. */
bool is_asleep(pid_t pid);

/* As pipe, close-on-exec. */
int make_pipe(int ends[2]);

/* A helper of a test doesn't outlive it. */
void die_with_parent(void);

/* As fork, but without the handlers of pthread_atfork where the system allows that. */
pid_t raw_fork(void);

/* A condition that is waited for in monotonic time, and such a wait: 0 or an error number. */
void condition_init(pthread_cond_t *condition);
int condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline_ns);

#endif
