/*
 * The functions of os.h on macOS.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mach-o/dyld.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/event.h>
#include <sys/sysctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "os.h"

/* ---- processes ------------------------------------------------------------------------------ */

char *os_program(void)
{
	static char path[4 * PATH_MAX];
	uint32_t size = sizeof(path);

	/* A program whose path is too long for the array must be found on PATH. */
	if (_NSGetExecutablePath(path, &size) != 0)
		(void)snprintf(path, sizeof(path), "geyser");
	return path;
}

/* Closes the descriptor and keeps errno. */
static void close_quietly(int fd)
{
	const int error = errno;

	(void)close(fd);
	errno = error;
}

static int cloexec(int fd)
{
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return fd;
	close_quietly(fd);
	return -1;
}

static int kqueue_of(const struct kevent *changes, int count)
{
	const int queue = cloexec(kqueue());

	if (queue < 0 || kevent(queue, changes, count, NULL, 0, NULL) == 0)
		return queue;
	close_quietly(queue);
	return -1;
}

static struct kevent exit_of(pid_t pid)
{
	struct kevent event;

	EV_SET(&event, pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
	return event;
}

/* kqueue may refuse a child that has ended but wasn't waited for (ESRCH). Returns a descriptor at
 * its end, which is readable. */
static int ended_already(void)
{
	int ends[2];

	if (os_pipe(ends) < 0)
		return -1;
	(void)close(ends[1]);
	return ends[0];
}

int os_watch_child(pid_t child)
{
	const struct kevent event = exit_of(child);
	const int queue = kqueue_of(&event, 1);

	return queue < 0 && errno == ESRCH ? ended_already() : queue;
}

static void *die_after_parent(void *user)
{
	const int queue = (int)(intptr_t)user;
	struct kevent event;

	while (kevent(queue, NULL, 0, &event, 1, NULL) != 1)
		;
	(void)kill(getpid(), SIGKILL);
	return NULL;
}

bool os_die_with_parent(pid_t parent)
{
	const struct kevent event = exit_of(parent);
	const int queue = kqueue_of(&event, 1);
	sigset_t all, before;
	pthread_t thread;
	bool started;

	if (queue < 0)
		return false;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, NULL, die_after_parent, (void *)(intptr_t)queue) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!started) {
		(void)close(queue);
		return false;
	}
	(void)pthread_detach(thread);
	return getppid() == parent;
}

/* ---- signals -------------------------------------------------------------------------------- */

/* A signal that came before its filter was added makes no event: EVFILT_USER reports such
 * signals. */
int os_watch_signals(const sigset_t *signals)
{
	struct kevent changes[NSIG];
	int count = 0, queue;
	sigset_t pending;

	EV_SET(&changes[count++], 0, EVFILT_USER, EV_ADD, 0, 0, NULL);
	for (int i = 1; i < NSIG; i++) {
		if (sigismember(signals, i) == 1)
			EV_SET(&changes[count++], (uintptr_t)i, EVFILT_SIGNAL, EV_ADD, 0, 0, NULL);
	}
	queue = kqueue_of(changes, count);
	if (queue < 0 || sigpending(&pending) < 0)
		return queue;
	for (int i = 1; i < NSIG; i++) {
		if (sigismember(signals, i) == 1 && sigismember(&pending, i) == 1) {
			EV_SET(&changes[0], 0, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
			(void)kevent(queue, changes, 1, NULL, 0, NULL);
		}
	}
	return queue;
}

/* ---- files ---------------------------------------------------------------------------------- */

int os_pipe(int ends[2])
{
	if (pipe(ends) < 0)
		return -1;
	if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0)
		return 0;
	close_quietly(ends[0]);
	close_quietly(ends[1]);
	return -1;
}

/* macOS has no files without a name. */
int os_open_unnamed(const char *directory, mode_t mode)
{
	(void)directory;
	(void)mode;
	errno = EOPNOTSUPP;
	return -1;
}

int os_name_file(int fd, const char *path)
{
	(void)fd;
	(void)path;
	errno = EOPNOTSUPP;
	return -1;
}

/* ---- time ----------------------------------------------------------------------------------- */

int os_poll(struct pollfd *fds, unsigned count, uint64_t limit_ns)
{
	const uint64_t ms = limit_ns / 1000000 + (limit_ns % 1000000 != 0);

	if (limit_ns == UINT64_MAX)
		return poll(fds, count, -1);
	return poll(fds, count, ms < INT_MAX ? (int)ms : INT_MAX);
}

void os_sleep_until(uint64_t time_ns)
{
	for (uint64_t now = now_ns(); now < time_ns; now = now_ns()) {
		const uint64_t rest = time_ns - now;
		const struct timespec time = {
			.tv_sec = (time_t)(rest / NANOSECONDS),
			.tv_nsec = (long)(rest % NANOSECONDS),
		};

		(void)nanosleep(&time, NULL);
	}
}

/* ---- names ---------------------------------------------------------------------------------- */

/* A nice value is that of the whole process here. */
void os_work_in_background(void)
{
}

void os_describe(char *text, size_t size)
{
	char version[64] = "";
	size_t length = sizeof(version) - 1;
	struct utsname name;

	if (uname(&name) < 0) {
		(void)snprintf(text, size, "unknown");
		return;
	}
	/* This name exists from macOS 10.13.4 on. */
	if (sysctlbyname("kern.osproductversion", version, &length, NULL, 0) == 0)
		(void)snprintf(text, size, "macOS %s (%s %s), %s", version, name.sysname,
			name.release, name.machine);
	else
		(void)snprintf(text, size, "%s %s, %s", name.sysname, name.release, name.machine);
}
