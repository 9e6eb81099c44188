/*
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT end every command, wherever it waits: terminals come back as
 * they were, and files are finished.
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

/* A command that has noticed the signal may still have to free a driver's objects, which takes
 * seconds on a busy machine. If it were ended before, its names would stay until the next sweep. */
#define ORDERLY_END (5 * NANOSECONDS)
#define SUDDEN_END NANOSECONDS /* of a command that hasn't noticed it */

/* A command that encodes a film has frames left to encode, perhaps hundreds of large ones. */
#define FILM_END (60 * NANOSECONDS)

static struct {
	int fd;
	_Atomic bool noticed; /* the command has noticed the signal */
	/* what signals_give_time was called with; NULL: it was not called */
	const char *_Atomic file;
} ending = {.fd = -1};

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

void signals_give_time(const char *file)
{
	atomic_store(&ending.file, file);
}

int signals_fd(void)
{
	return ending.fd;
}

/* Tells that the file isn't whole, unless nobody reads stderr. */
static void tell_of_file(const char *file)
{
	struct pollfd poll_stderr = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&poll_stderr, 1, 0) <= 0)
		return;
	tell("geyser: %s: not finished within %.0f s after the signal: expected a place that takes "
	     "what is written; what is there is kept\n",
		file, (double)FILM_END / NANOSECONDS);
}

/* Ends the process some time after a signal. Most waits see the signal and end in order. Some
 * can't: a call within a driver or within the library's acquire, or an open that a network file
 * system doesn't answer. Peers cope with a process that just ends. */
static void *end_late(void *user)
{
	struct pollfd poll_signals = {.fd = *(const int *)user, .events = POLLIN};
	const char *file;
	uint64_t came;

	while (poll(&poll_signals, 1, -1) < 0 && errno == EINTR)
		;
	(void)pthread_mutex_lock(&hook.lock);
	hook.came = true;
	if (hook.call)
		hook.call(hook.user);
	(void)pthread_mutex_unlock(&hook.lock);
	came = now_ns();
	os_sleep_until(came + SUDDEN_END);
	file = atomic_load(&ending.file);
	/* the command may wait for room in the file, and not notice the signal before */
	if (file)
		os_sleep_until(came + FILM_END);
	else if (atomic_load(&ending.noticed))
		os_sleep_until(came + ORDERLY_END);
	if (file)
		tell_of_file(file);
	_exit(file ? STATUS_FAILURE : STATUS_OK);
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

/* Whoever started the program may want it to go on: nohup ignores SIGHUP. */
static void add_unless_ignored(sigset_t *set, int number)
{
	struct sigaction action;

	if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
		(void)sigaddset(set, number);
}

int signals_open(void)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	add_unless_ignored(&set, SIGHUP);
	add_unless_ignored(&set, SIGQUIT);
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

bool signals_noticed(const struct pollfd *polled)
{
	if (!polled->revents)
		return false;
	atomic_store(&ending.noticed, true);
	return true;
}

int signals_wait(int signals)
{
	struct pollfd poll_signals = {.fd = signals, .events = POLLIN};

	while (poll(&poll_signals, 1, -1) < 0) {
		if (errno != EINTR)
			return failure("poll failed (%s)", strerror(errno));
	}
	(void)signals_noticed(&poll_signals);
	return STATUS_OK;
}

bool signals_came(int signals)
{
	struct pollfd poll_signals = {.fd = signals, .events = POLLIN};

	return poll(&poll_signals, 1, 0) > 0 && signals_noticed(&poll_signals);
}
