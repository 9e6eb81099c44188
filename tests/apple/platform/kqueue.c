/* SPDX-License-Identifier: MIT */
/*
 * kqueue for three uses, each with queues of its own. A new queue is an epoll set, which implements
 * EVFILT_READ. The first filter of another kind replaces the epoll set under the same descriptor
 * number: EVFILT_PROC by a pidfd, which stays readable until the event is read, and EVFILT_VNODE by
 * inotify. So a queue is one pollable descriptor, and closing it releases everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define BATCH 16

int kqueue(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static bool is_inotify(int queue)
{
	char path[64], target[64];
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", queue);
	length = readlink(path, target, sizeof(target));
	return length == (ssize_t)strlen("anon_inode:inotify") &&
	       memcmp(target, "anon_inode:inotify", (size_t)length) == 0;
}

static int replace(int queue, int fd)
{
	int result = fd < 0 ? -1 : dup3(fd, queue, O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
	return result < 0 ? -1 : 0;
}

static int change_read(int queue, const struct kevent *change)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | (change->flags & EV_CLEAR ? EPOLLET : 0),
		.data.ptr = change->udata,
	};

	return epoll_ctl(queue, change->flags & EV_DELETE ? EPOLL_CTL_DEL : EPOLL_CTL_ADD,
		(int)change->ident, &event);
}

static int change_vnode(int queue, const struct kevent *change)
{
	bool lock = change->fflags == NOTE_FUNLOCK;
	uint32_t mask = lock ? IN_CLOSE_WRITE | IN_MASK_ADD
			     : IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MASK_ADD;
	char path[64];

	if (change->flags & EV_DELETE)
		return 0; /* the caller closes the descriptor next */
	if (!is_inotify(queue) && replace(queue, inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)change->ident);
	return inotify_add_watch(queue, path, mask) < 0 ? -1 : 0;
}

static int apply(int queue, const struct kevent *change)
{
	switch (change->filter) {
	case EVFILT_READ:
		return change_read(queue, change);
	case EVFILT_PROC:
		return replace(queue, pidfd_open((pid_t)change->ident, 0));
	case EVFILT_VNODE:
		return change_vnode(queue, change);
	default:
		errno = EINVAL;
		return -1;
	}
}

/* Reads all pending inotify events, and returns them as one event. */
static int read_inotify(int queue, struct kevent *out)
{
	alignas(struct inotify_event) char bytes[4096];
	unsigned notes = 0;
	ssize_t size;

	while ((size = read(queue, bytes, sizeof(bytes))) > 0) {
		const struct inotify_event *event;

		for (char *at = bytes; at < bytes + size; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			if (event->mask & IN_CLOSE_WRITE)
				notes |= NOTE_FUNLOCK;
			else
				notes |= NOTE_WRITE;
		}
	}
	*out = (struct kevent){.filter = EVFILT_VNODE, .fflags = notes};
	return notes != 0;
}

static int read_epoll(int queue, struct kevent *out, int room, const struct timespec *timeout)
{
	struct epoll_event events[BATCH];
	int milliseconds =
		timeout ? (int)(timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000) : -1;
	int count = epoll_wait(queue, events, room < BATCH ? room : BATCH, milliseconds);

	for (int i = 0; i < count; i++) {
		bool ended = events[i].events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR);

		out[i] = (struct kevent){
			.filter = EVFILT_READ,
			.flags = (unsigned short)(ended ? EV_EOF : 0),
			.udata = events[i].data.ptr,
		};
	}
	return count;
}

int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events,
	int event_count, const struct timespec *timeout)
{
	for (int i = 0; i < change_count; i++)
		if (apply(queue, &changes[i]) < 0)
			return -1;
	if (event_count == 0)
		return 0;
	return is_inotify(queue) ? read_inotify(queue, events)
				 : read_epoll(queue, events, event_count, timeout);
}
