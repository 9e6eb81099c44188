/* SPDX-License-Identifier: MIT */
/*
 * Watches a directory with kqueue. A name that comes or goes is reported as a write to the
 * directory.
 *
 * The kernel reports the end of a lock (NOTE_FUNLOCK, also when the holder dies) only for the
 * locked file itself. So the watch opens each lock file and watches it as long as a process holds
 * its lock. It doesn't watch a file whose lock is free. Processes take that lock for a moment to
 * see whether its holder lives, and would wake each other for ever.
 */
#include "platform/descriptor.h"

#include "base/error.h"
#include "base/grow.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/file.h>
#include <unistd.h>

#define BATCH 16

struct gy_watch {
	int kqueue;
	int directories[GY_WATCH_DIRECTORIES];
	unsigned directory_count;
	const char *suffix;
	int *locks; /* descriptors of the watched lock files */
	size_t count, room;
};

static int add(const struct gy_watch *watch, int fd, unsigned flags, unsigned notes)
{
	struct kevent change;

	EV_SET(&change, fd, EVFILT_VNODE, (unsigned short)(EV_ADD | flags), notes, 0, NULL);
	return kevent(watch->kqueue, &change, 1, NULL, 0, NULL);
}

/* Adds a descriptor to the list. Returns false if there is no memory. */
static bool keep(struct gy_watch *watch, int fd)
{
	int *locks = gy_grow(watch->locks, watch->count, &watch->room, sizeof(*locks));

	if (!locks)
		return false;
	locks[watch->count++] = fd;
	watch->locks = locks;
	return true;
}

static void watch_lock(struct gy_watch *watch, int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0 || add(watch, fd, EV_ONESHOT, NOTE_FUNLOCK) < 0 ||
		!keep(watch, fd))
		(void)close(fd);
}

static void forget_locks(struct gy_watch *watch)
{
	while (watch->count > 0)
		(void)close(watch->locks[--watch->count]);
}

static void watch_locks_of(struct gy_watch *watch, int directory_fd)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	size_t suffix = strlen(watch->suffix);
	const struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);

		if (length > suffix && strcmp(entry->d_name + length - suffix, watch->suffix) == 0)
			watch_lock(watch, directory_fd, entry->d_name);
	}
	(void)closedir(directory);
}

/* A lock may end before we watch it. That is harmless: callers look at all locks after this change
 * is reported. */
static void watch_locks(struct gy_watch *watch)
{
	forget_locks(watch);
	for (unsigned i = 0; i < watch->directory_count; i++)
		watch_locks_of(watch, watch->directories[i]);
}

enum geyser_result gy_watch_create(
	int directory, const char *path, const char *suffix, struct gy_watch **out)
{
	struct gy_watch *watch = calloc(1, sizeof(*watch));
	enum geyser_result result;

	*out = NULL;
	if (!watch)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a watch");
	watch->suffix = suffix;
	watch->kqueue = kqueue();
	if (watch->kqueue >= 0 && fcntl(watch->kqueue, F_SETFD, FD_CLOEXEC) == 0)
		result = gy_watch_add(watch, directory, path);
	else
		result = gy_fail_errno("watching %.300s", path);
	if (result == GEYSER_OK)
		*out = watch;
	else
		gy_watch_destroy(watch);
	return result;
}

enum geyser_result gy_watch_add(struct gy_watch *watch, int directory, const char *path)
{
	if (watch->directory_count == GY_WATCH_DIRECTORIES)
		return gy_fail(GEYSER_ERROR_LIMIT, "watching %.300s: %d directories are watched",
			path, GY_WATCH_DIRECTORIES);
	if (add(watch, directory, EV_CLEAR, NOTE_WRITE | NOTE_DELETE | NOTE_RENAME) < 0)
		return gy_fail_errno("watching %.300s", path);
	watch->directories[watch->directory_count++] = directory;
	watch_locks(watch);
	return GEYSER_OK;
}

/* EV_DELETE and closing a descriptor both end its watch. */
void gy_watch_clear(struct gy_watch *watch)
{
	struct kevent change;

	forget_locks(watch);
	while (watch->directory_count > 0) {
		EV_SET(&change, watch->directories[--watch->directory_count], EVFILT_VNODE,
			EV_DELETE, 0, 0, NULL);
		(void)kevent(watch->kqueue, &change, 1, NULL, 0, NULL);
	}
}

void gy_watch_destroy(struct gy_watch *watch)
{
	if (!watch)
		return;
	forget_locks(watch);
	if (watch->kqueue >= 0)
		(void)close(watch->kqueue);
	free(watch->locks);
	free(watch);
}

int gy_watch_fd(const struct gy_watch *watch)
{
	return watch->kqueue;
}

bool gy_watch_drain(struct gy_watch *watch, bool *unlocked)
{
	const struct timespec none = {.tv_sec = 0};
	struct kevent events[BATCH];
	bool any = false;
	int count;

	do {
		count = kevent(watch->kqueue, NULL, 0, events, BATCH, &none);
		for (int i = 0; i < count; i++)
			*unlocked = *unlocked || (events[i].fflags & NOTE_FUNLOCK);
		any = any || count > 0;
	} while (count == BATCH);
	if (any)
		watch_locks(watch);
	return any;
}
