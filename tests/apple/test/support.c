/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEER_SOCKET 3

static size_t read_all(int fd, char *buffer, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while (length < size - 1 && (got = read(fd, buffer + length, size - 1 - length)) > 0)
		length += (size_t)got;
	buffer[length] = '\0';
	close(fd);
	return length;
}

static int run_forked(void (*body)(void), char *errors, size_t size)
{
	const struct rlimit none = {0, 0};
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	(void)fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(
			SIGABRT, SIG_DFL); /* cmocka's handlers are for the parent process only */
		(void)signal(SIGSEGV, SIG_DFL);
		setrlimit(RLIMIT_CORE, &none);
		dup2(ends[1], STDERR_FILENO);
		alarm(30);
		body();
		_exit(0);
	}
	close(ends[1]);
	read_all(ends[0], errors, size);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

void expect_death(void (*body)(void), const char *text)
{
	char errors[2000];
	int status = run_forked(body, errors, sizeof(errors));

	if (!strstr(errors, text))
		print_error("expected '%s', got '%s'\n", text, errors);
	assert_non_null(strstr(errors, text));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

void expect_end(void (*body)(void))
{
	char errors[2000];
	int status = run_forked(body, errors, sizeof(errors));

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

struct peer peer_start(const char *mode, const char *environment)
{
	struct peer peer;
	int sockets[2], errors[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_int_equal(pipe(errors), 0);
	peer.pid = fork();
	assert_true(peer.pid >= 0);
	if (peer.pid == 0) {
		if (environment)
			putenv((char *)environment);
		dup2(errors[1], STDERR_FILENO);
		close(errors[0]);
		close(errors[1]);
		if (sockets[1] == PEER_SOCKET)
			dup2(dup(sockets[1]), PEER_SOCKET);
		else
			dup2(sockets[1], PEER_SOCKET);
		execl("/proc/self/exe", "peer", mode, (char *)NULL);
		_exit(127);
	}
	close(sockets[1]);
	close(errors[1]);
	peer.socket = sockets[0];
	peer.errors = errors[0];
	return peer;
}

int peer_end(struct peer *peer, char *errors, size_t size)
{
	char rest[2000];
	int status;

	read_all(peer->errors, errors ? errors : rest, errors ? size : sizeof(rest));
	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	close(peer->socket);
	if (!errors && rest[0])
		print_error("the peer says: %s\n", rest);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void peer_kill(struct peer *peer)
{
	int status;

	assert_int_equal(kill(peer->pid, SIGKILL), 0);
	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	close(peer->socket);
	close(peer->errors);
}

void tell(int socket)
{
	if (write(socket, "!", 1) != 1)
		abort();
}

void listen_to(int socket)
{
	char byte;

	if (read(socket, &byte, 1) != 1)
		abort();
}

bool peers_run(int argc, char **argv, const struct mode *modes, int *status)
{
	if (argc != 2)
		return false;
	alarm(60);
	for (; modes->name; modes++) {
		if (strcmp(modes->name, argv[1]) == 0) {
			*status = modes->run(PEER_SOCKET);
			return true;
		}
	}
	return false;
}

static void set_number(CFMutableDictionaryRef properties, CFStringRef key, size_t value)
{
	CFNumberRef number;

	if (!value)
		return;
	number = CFNumberCreate(NULL, kCFNumberLongType, &value);
	CFDictionarySetValue(properties, key, number);
	CFRelease(number);
}

IOSurfaceRef surface_of(size_t width, size_t height, size_t row, size_t bytes, bool global)
{
	CFMutableDictionaryRef properties = CFDictionaryCreateMutable(
		NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	IOSurfaceRef surface;

	set_number(properties, kIOSurfaceWidth, width);
	set_number(properties, kIOSurfaceHeight, height);
	set_number(properties, kIOSurfaceBytesPerElement, 4);
	set_number(properties, kIOSurfaceBytesPerRow, row);
	set_number(properties, kIOSurfaceAllocSize, bytes);
	set_number(properties, kIOSurfacePixelFormat, 0x42475241);
	CFDictionarySetValue(
		properties, kIOSurfaceIsGlobal, global ? kCFBooleanTrue : kCFBooleanFalse);
	surface = IOSurfaceCreate(properties);
	CFRelease(properties);
	return surface;
}

IOSurfaceRef surface_new(void)
{
	IOSurfaceRef surface = surface_of(64, 16, 0, 0, false);

	assert_non_null(surface);
	return surface;
}
