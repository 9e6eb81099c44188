/*
 * SIGINT and SIGTERM end every command, wherever it waits.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "os.h"

static struct {
	int fd;
	_Atomic uint64_t grace_ns;
	_Atomic int status;
} ending = {.fd = -1, .grace_ns = NANOSECONDS, .status = STATUS_OK};

static struct {
	pthread_mutex_t lock;
	void (*call)(void *user);
	void *user;
	bool came; /* a signal has come */
} hook = {.lock = PTHREAD_MUTEX_INITIALIZER};

void signals_set_hook(void (*call)(void *user), void *user)
{
	(void)pthread_mutex_lock(&hook.lock);
	hook.call = call;
	hook.user = user;
	if (call && hook.came)
		call(user);
	(void)pthread_mutex_unlock(&hook.lock);
}

int signals_fd(void)
{
	return ending.fd;
}

void signals_set_end(uint64_t grace_ns, int status)
{
	atomic_store(&ending.grace_ns, grace_ns);
	atomic_store(&ending.status, status);
}

/* Ends the process some time after a signal. Most waits see the signal and end in order. Some
 * can't: a call within a driver or within the library's acquire, or an open that a network file
 * system doesn't answer. Peers cope with a process that just ends. */
static void *end_late(void *user)
{
	struct pollfd poll_signals = {.fd = *(const int *)user, .events = POLLIN};

	while (poll(&poll_signals, 1, -1) < 0 && errno == EINTR)
		;
	(void)pthread_mutex_lock(&hook.lock);
	hook.came = true;
	if (hook.call)
		hook.call(hook.user);
	(void)pthread_mutex_unlock(&hook.lock);
	os_sleep_until(now_ns() + atomic_load(&ending.grace_ns));
	_exit(atomic_load(&ending.status));
}

static bool start_watcher(int fd)
{
	static int watched; /* a copy of the descriptor, since the command closes the original */
	pthread_t thread;
	int error;

	watched = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (watched < 0)
		return false;
	error = pthread_create(&thread, NULL, end_late, &watched);
	if (!error)
		error = pthread_detach(thread);
	errno = error;
	return !error;
}

int signals_open(void)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = os_watch_signals(&set);
	if (fd >= 0 && start_watcher(fd)) {
		ending.fd = fd;
		return fd;
	}
	(void)failure("signals can't be watched (%s): free some file descriptors", strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

void signals_close(void)
{
	if (ending.fd >= 0)
		(void)close(ending.fd);
	ending.fd = -1;
}

int signals_wait(int signals)
{
	struct pollfd poll_signals = {.fd = signals, .events = POLLIN};

	while (poll(&poll_signals, 1, -1) < 0) {
		if (errno != EINTR)
			return failure("poll failed (%s)", strerror(errno));
	}
	return STATUS_OK;
}

bool signals_came(int signals)
{
	struct pollfd poll_signals = {.fd = signals, .events = POLLIN};

	return poll(&poll_signals, 1, 0) > 0;
}
