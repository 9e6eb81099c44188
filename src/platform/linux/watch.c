/* SPDX-License-Identifier: MIT */
#include "platform/descriptor.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* An exporter keeps its lock file open for writing until it dies, and no other process opens the
 * file for writing. So the closing of the file means the exporter's death. */
#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_CLOSE_WRITE)

/* These events of the directory above mean that a new directory has replaced the watched one. */
#define REPLACEMENTS (IN_CREATE | IN_MOVED_TO)

struct directory {
	int itself, above; /* watch numbers; -1 if not watched */
	char name[64];     /* the directory's name in the directory above */
};

struct gy_watch {
	int inotify;
	unsigned count;
	struct directory directories[GY_WATCH_DIRECTORIES];
};

/* Inotify has its own limits. The kernel reports them with the errors of other shortages, so the
 * code finds out which limit was reached. */
static enum geyser_result watch_failure(int directory, const char *path)
{
	int error = errno, free_fd = -1;

	if (error == EMFILE)
		free_fd = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	if (free_fd >= 0)
		(void)close(free_fd);
	errno = error;
	if (error == ENOSPC)
		return gy_fail(GEYSER_ERROR_LIMIT,
			"watching %.300s: this user has no watch left (see "
			"/proc/sys/fs/inotify/max_user_watches)",
			path);
	if (free_fd < 0)
		return gy_fail_errno("watching %.300s", path);
	return gy_fail(GEYSER_ERROR_LIMIT,
		"watching %.300s: this user watches as many directories as are allowed (see "
		"/proc/sys/fs/inotify/max_user_instances)",
		path);
}

enum geyser_result gy_watch_create(
	int directory, const char *path, const char *suffix, struct gy_watch **out)
{
	struct gy_watch *watch = calloc(1, sizeof(*watch));
	enum geyser_result result;

	(void)suffix; /* no other file there is opened for writing */
	*out = NULL;
	if (!watch)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a watch");
	watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	result = watch->inotify >= 0 ? gy_watch_add(watch, directory, path)
				     : watch_failure(directory, path);
	if (result == GEYSER_OK)
		*out = watch;
	else
		gy_watch_destroy(watch);
	return result;
}

/* Watches the directory above, unless other users may write into it: /tmp changes too often. */
static int watch_above(int inotify, const char *path, const char *name)
{
	char above[4096];
	struct stat status;

	if (name == path || (size_t)(name - path) >= sizeof(above))
		return -1;
	memcpy(above, path, (size_t)(name - path));
	above[name - path] = '\0';
	if (stat(above, &status) < 0 || (status.st_mode & S_ISVTX))
		return -1;
	return inotify_add_watch(inotify, above, REPLACEMENTS | IN_MASK_ADD);
}

enum geyser_result gy_watch_add(struct gy_watch *watch, int directory, const char *path)
{
	struct directory *added = &watch->directories[watch->count];
	const char *name = strrchr(path, '/');

	if (watch->count == GY_WATCH_DIRECTORIES)
		return gy_fail(GEYSER_ERROR_LIMIT, "watching %.300s: %d directories are watched",
			path, GY_WATCH_DIRECTORIES);
	added->itself = inotify_add_watch(watch->inotify, path, CHANGES);
	if (added->itself < 0)
		return watch_failure(directory, path);
	name = name ? name + 1 : path;
	(void)snprintf(added->name, sizeof(added->name), "%s", name);
	added->above = watch_above(watch->inotify, path, name);
	watch->count++;
	return GEYSER_OK;
}

void gy_watch_clear(struct gy_watch *watch)
{
	while (watch->count > 0) {
		struct directory *last = &watch->directories[--watch->count];

		(void)inotify_rm_watch(watch->inotify, last->itself);
		if (last->above >= 0)
			(void)inotify_rm_watch(watch->inotify, last->above);
	}
}

void gy_watch_destroy(struct gy_watch *watch)
{
	if (!watch)
		return;
	if (watch->inotify >= 0)
		(void)close(watch->inotify);
	free(watch);
}

int gy_watch_fd(const struct gy_watch *watch)
{
	return watch->inotify;
}

/* Returns whether the event concerns a watched directory. An event of the directory above does so
 * only if it names the watched directory. */
static bool concerns_us(const struct gy_watch *watch, const struct inotify_event *event)
{
	for (unsigned i = 0; i < watch->count; i++) {
		const struct directory *it = &watch->directories[i];

		if (event->wd == it->itself || (event->wd == it->above && event->len > 0 &&
						       strcmp(event->name, it->name) == 0))
			return true;
	}
	return event->wd < 0; /* the kernel's queue was too long: events are missing */
}

bool gy_watch_drain(struct gy_watch *watch, bool *unlocked)
{
	alignas(struct inotify_event) char bytes[4096];
	bool any = false;
	ssize_t size;

	while ((size = read(watch->inotify, bytes, sizeof(bytes))) > 0) {
		const struct inotify_event *event;

		for (char *at = bytes; at < bytes + size; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			if (!concerns_us(watch, event))
				continue;
			any = true;
			*unlocked = *unlocked || (event->mask & IN_CLOSE_WRITE);
		}
	}
	return any;
}
