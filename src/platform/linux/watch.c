/* SPDX-License-Identifier: MIT */
#include "platform/descriptor.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

/* A lock file is open for writing as long as its exporter lives, and nobody else opens one so: its
 * closing is a death. */
#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_CLOSE_WRITE)

struct gy_watch {
	int inotify;
};

/* The kernel has limits of its own for watches, and says so with the errors of other shortages. */
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
	struct gy_watch *watch = malloc(sizeof(*watch));
	enum geyser_result result;

	(void)suffix; /* nothing else is opened for writing there */
	*out = NULL;
	if (!watch)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a watch");
	watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->inotify >= 0 && inotify_add_watch(watch->inotify, path, CHANGES) >= 0) {
		*out = watch;
		return GEYSER_OK;
	}
	result = watch_failure(directory, path);
	gy_watch_destroy(watch);
	return result;
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

bool gy_watch_drain(struct gy_watch *watch, bool *unlocked)
{
	alignas(struct inotify_event) char bytes[4096];
	bool any = false;
	ssize_t size;

	while ((size = read(watch->inotify, bytes, sizeof(bytes))) > 0) {
		const struct inotify_event *event;

		any = true;
		for (char *at = bytes; at < bytes + size; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			*unlocked = *unlocked || (event->mask & IN_CLOSE_WRITE);
		}
	}
	return any;
}
