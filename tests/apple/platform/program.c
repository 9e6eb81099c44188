/* SPDX-License-Identifier: MIT */
/*
 * The functions of macOS that cli/os_darwin.c needs, for Linux. Each of its queues has one kind of
 * filter: a signalfd for signals, or a pidfd for the end of a process, under the queue's descriptor
 * number. EVFILT_USER does nothing, since a signalfd also reports signals that came earlier.
 */
#include <errno.h>
#include <fcntl.h>
#include <mach-o/dyld.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/sysctl.h>
#include <unistd.h>

int kqueue(void)
{
	return epoll_create1(0);
}

static int replace(int queue, int fd)
{
	int result = fd < 0 ? -1 : dup3(fd, queue, O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
	return result < 0 ? -1 : 0;
}

static int add_signal(int queue, int number)
{
	static sigset_t signals;

	(void)sigaddset(&signals, number);
	return replace(queue, signalfd(-1, &signals, SFD_CLOEXEC));
}

static int apply(int queue, const struct kevent *change)
{
	switch (change->filter) {
	case EVFILT_PROC:
		return replace(queue, pidfd_open((pid_t)change->ident, 0));
	case EVFILT_SIGNAL:
		return add_signal(queue, (int)change->ident);
	case EVFILT_USER:
		return 0;
	default:
		errno = EINVAL;
		return -1;
	}
}

/* Waits for the end of a process, without a timeout. */
int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events,
	int event_count, const struct timespec *timeout)
{
	struct pollfd fds = {.fd = queue, .events = POLLIN};

	(void)events;
	(void)timeout;
	for (int i = 0; i < change_count; i++) {
		if (apply(queue, &changes[i]) < 0)
			return -1;
	}
	return event_count ? poll(&fds, 1, -1) : 0;
}

int _NSGetExecutablePath(char *path, uint32_t *size)
{
	ssize_t length = readlink("/proc/self/exe", path, *size);

	if (length < 0 || (uint32_t)length >= *size)
		return -1;
	path[length] = '\0';
	return 0;
}

int sysctlbyname(const char *name, void *value, size_t *size, void *new_value, size_t new_size)
{
	static const char version[] = "none, but Linux";

	(void)new_value;
	(void)new_size;
	if (strcmp(name, "kern.osproductversion") != 0 || *size < sizeof(version)) {
		errno = ENOENT;
		return -1;
	}
	memcpy(value, version, sizeof(version));
	*size = sizeof(version);
	return 0;
}
