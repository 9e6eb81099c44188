/*
 * Child processes of the demo.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "common.h"
#include "os.h"

extern char **environ;

/* Starts the program. The parent blocks signals and ignores SIGPIPE; the child gets no blocked
 * signals and SIGPIPE's default. */
static int spawn(char *const argv[], int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, broken_pipe;
	int error;

	(void)sigemptyset(&none);
	(void)sigemptyset(&broken_pipe);
	(void)sigaddset(&broken_pipe, SIGPIPE);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
	(void)posix_spawn_file_actions_init(&actions);
	error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!error && output >= 0)
		error = posix_spawn_file_actions_adddup2(&actions, output, 1);
	if (!error)
		error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return error;
}

bool child_start(char *const argv[], const char *name, int signals, bool piped, struct child *out)
{
	int ends[2] = {-1, -1};
	int error = 0;

	*out = (struct child){.name = name, .end = -1, .output = -1, .signals = signals};
	if (piped && os_pipe(ends) < 0)
		error = errno;
	if (!error)
		error = spawn(argv, ends[1], &out->pid);
	if (ends[1] >= 0)
		(void)close(ends[1]);
	out->output = ends[0];
	if (!error) {
		out->end = os_watch_child(out->pid);
		error = out->end < 0 ? errno : 0;
	} else {
		out->pid = 0;
	}
	if (!error)
		return true;
	(void)failure("%s can't be started (%s): %s", name, strerror(error),
		error == ENOENT ? "install it, or add its directory to PATH"
				: "free some processes and file descriptors");
	child_end(out);
	return false;
}

/* Waits until fd is readable. Prints what is wrong and returns false at the deadline or after a
 * signal. */
static bool await(const struct child *child, int fd, uint64_t deadline)
{
	struct pollfd fds[2] = {
		{.fd = fd, .events = POLLIN},
		{.fd = child->signals, .events = POLLIN},
	};

	for (;;) {
		const uint64_t now = now_ns();
		const uint64_t rest = now < deadline ? deadline - now : 0;
		const int count = poll(fds, 2, (int)((rest + 999999) / 1000000));

		if (count < 0 && errno != EINTR)
			return (void)failure("poll failed (%s)", strerror(errno)), false;
		if (count > 0 && fds[1].revents)
			return (void)failure("interrupted by a signal"), false;
		if (count > 0)
			return true;
		if (!rest)
			return (void)failure("%s did not answer in time: it needs a less busy "
					     "machine or a smaller --size",
				       child->name),
			       false;
	}
}

bool child_read_lines(
	struct child *child, unsigned lines, uint64_t limit_ns, char *text, size_t size)
{
	const uint64_t deadline = now_ns() + limit_ns;
	size_t length = 0;

	while (lines) {
		ssize_t count;

		if (!await(child, child->output, deadline))
			return false;
		/* Read one byte at a time, so that no byte of the next line is consumed. The lines
		 * are few and short. */
		count = read(child->output, text + length, 1);
		if (count <= 0 || length + 2 > size) {
			(void)failure("%s ended early: see its messages above", child->name);
			return false;
		}
		if (text[length++] == '\n')
			lines--;
	}
	text[length] = '\0';
	return true;
}

bool child_is_well(const struct child *child)
{
	struct pollfd fds[2] = {
		{.fd = child->end, .events = POLLIN},
		{.fd = child->signals, .events = POLLIN},
	};

	if (poll(fds, 2, 0) <= 0)
		return true;
	if (fds[1].revents)
		(void)failure("interrupted by a signal");
	else
		(void)failure("%s ended early: see its messages above", child->name);
	return false;
}

bool child_finish(struct child *child, uint64_t limit_ns)
{
	int status = 0;

	if (!await(child, child->end, now_ns() + limit_ns)) {
		child_end(child);
		return false;
	}
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
	child_end(child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	(void)failure("%s failed (%s %d): see its messages above", child->name,
		WIFEXITED(status) ? "status" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return false;
}

void child_end(struct child *child)
{
	if (child->pid > 0) {
		(void)kill(child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (child->end >= 0)
		(void)close(child->end);
	if (child->output >= 0)
		(void)close(child->output);
	child->pid = 0;
	child->end = child->output = -1;
}
