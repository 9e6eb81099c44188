/*
 * For AddressSanitizer, by LD_PRELOAD: a process forks while its other threads sleep. The allocator
 * of gcc 12's and clang 14's AddressSanitizer keeps its locks through a fork. If another thread
 * holds one just then, for example because that thread is starting, the child waits for ever in
 * its next malloc. Sleeping threads hold none.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 5 /* seconds; threads that never sleep are let be after that */

/* A thread that has just ended sleeps too. */
static bool sleeps(int tasks, const char *thread)
{
	char path[32] = "", text[512];
	const char *name_end;
	ssize_t length;
	int fd;

	(void)strncat(strncat(path, thread, 20), "/stat", 6);
	fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	length = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	text[length > 0 ? length : 0] = '\0';
	name_end = strrchr(text, ')'); /* "12345 (geyser-ipc) S ..." */
	return !name_end || name_end[2] != 'R';
}

static bool others_sleep(void)
{
	const long own = syscall(SYS_gettid);
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *thread;
	bool all = true;

	while (tasks && all && (thread = readdir(tasks)))
		if (thread->d_name[0] != '.' && atol(thread->d_name) != own)
			all = sleeps(dirfd(tasks), thread->d_name);
	if (tasks)
		(void)closedir(tasks);
	return all;
}

static void await_sleep(void)
{
	const time_t limit = time(NULL) + PATIENCE;

	while (!others_sleep() && time(NULL) < limit)
		(void)sched_yield();
}

__attribute__((constructor)) static void start(void)
{
	(void)pthread_atfork(await_sleep, NULL, NULL);
}
