/*
 * The functions of system.h for macOS.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <libproc.h>
#include <malloc/malloc.h>
#include <time.h>
#include <unistd.h>

static struct proc_taskinfo task_of(pid_t pid)
{
	struct proc_taskinfo info;

	assert_int_equal(proc_pidinfo(pid, PROC_PIDTASKINFO, 0, &info, sizeof(info)), sizeof(info));
	return info;
}

uint64_t resident_bytes(void)
{
	return task_of(getpid()).pti_resident_size;
}

uint64_t allocated_bytes(void)
{
	malloc_statistics_t statistics;

	malloc_zone_statistics(NULL, &statistics);
	return statistics.size_in_use;
}

bool is_asleep(pid_t pid)
{
	return task_of(pid).pti_numrunning == 0;
}

int make_pipe(int ends[2])
{
	if (pipe(ends) < 0)
		return -1;
	return fcntl(ends[0], F_SETFD, FD_CLOEXEC) | fcntl(ends[1], F_SETFD, FD_CLOEXEC);
}

/* Nothing to do: the helper processes read orders from a pipe and exit at its end. */
void die_with_parent(void)
{
}

/* macOS can't fork without running the handlers. */
pid_t raw_fork(void)
{
	return fork();
}

/* condition_wait() waits for a relative time, which needs no choice of clock. */
void condition_init(pthread_cond_t *condition)
{
	(void)pthread_cond_init(condition, NULL);
}

int condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline_ns)
{
	const uint64_t now = now_ns();
	const uint64_t rest = now < deadline_ns ? deadline_ns - now : 0;
	const struct timespec time = {
		.tv_sec = (time_t)(rest / SECOND),
		.tv_nsec = (long)(rest % SECOND),
	};

	return rest ? pthread_cond_timedwait_relative_np(condition, lock, &time) : ETIMEDOUT;
}
