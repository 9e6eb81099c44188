/*
 * The functions of os.h on Linux.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "os.h"

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / NANOSECONDS),
		.tv_nsec = (long)(ns % NANOSECONDS),
	};
}

char *os_program(void)
{
	static char path[] = "/proc/self/exe";

	return path;
}

bool os_die_with_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

int os_watch_child(pid_t child)
{
	return pidfd_open(child, 0);
}

int os_watch_signals(const sigset_t *signals)
{
	return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int os_pipe(int ends[2])
{
	return pipe2(ends, O_CLOEXEC);
}

int os_open_unnamed(const char *directory, mode_t mode)
{
	return open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
}

int os_name_file(int fd, const char *path)
{
	char unnamed[64];

	(void)snprintf(unnamed, sizeof(unnamed), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, unnamed, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

int os_poll(struct pollfd *fds, unsigned count, uint64_t limit_ns)
{
	const struct timespec limit = timespec_of(limit_ns);

	return ppoll(fds, count, limit_ns == UINT64_MAX ? NULL : &limit, NULL);
}

void os_sleep_until(uint64_t time_ns)
{
	const struct timespec time = timespec_of(time_ns);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

/* On Linux a thread has a nice value of its own, which the threads that it starts inherit. */
void os_work_in_background(void)
{
	enum { STEPS = 10 };

	(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + STEPS);
}

void os_describe(char *text, size_t size)
{
	struct utsname name;

	if (uname(&name) < 0)
		(void)snprintf(text, size, "unknown");
	else
		(void)snprintf(text, size, "%s %s, %s", name.sysname, name.release, name.machine);
}
