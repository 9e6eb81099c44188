/* SPDX-License-Identifier: MIT */
#include "ipc/process.h"

#include "base/error.h"
#include "base/thread.h"

#include <errno.h>
#include <search.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH 16
#define RING_MS 1
#define STACK_SIZE ((size_t)256 * 1024)

static int compare_keys(const void *a, const void *b)
{
	const struct gy_source *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

enum geyser_result gy_loop_add(struct gy_ipc *ipc, struct gy_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events};

	source->key = ++ipc->next_key;
	event.data.u64 = source->key;
	if (!tsearch(source, &ipc->sources, compare_keys))
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory to watch a descriptor");
	if (epoll_ctl(ipc->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0)
		return GEYSER_OK;
	(void)tdelete(source, &ipc->sources, compare_keys);
	source->key = 0;
	return gy_fail_errno("epoll_ctl");
}

void gy_loop_remove(struct gy_ipc *ipc, struct gy_source *source)
{
	if (source->key == 0)
		return;
	(void)epoll_ctl(ipc->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	(void)tdelete(source, &ipc->sources, compare_keys);
	source->key = 0;
}

static void dispatch(struct gy_ipc *ipc, const struct epoll_event *event)
{
	struct gy_source wanted = {.key = event->data.u64};
	struct gy_source *const *found = tfind(&wanted, &ipc->sources, compare_keys);

	if (found)
		(*found)->ready(ipc, *found, event->events);
}

static void *run(void *data)
{
	struct gy_ipc *ipc = data;
	struct epoll_event events[BATCH];
	bool stopping = false;
	int timeout = -1;

	while (!stopping) {
		int count = epoll_wait(ipc->epoll, events, BATCH, timeout);

		(void)pthread_mutex_lock(&ipc->lock);
		for (int i = 0; i < count; i++)
			dispatch(ipc, &events[i]);
		timeout = gy_server_tick(ipc);
		if (gy_peers_ring(ipc))
			timeout = RING_MS;
		stopping = ipc->stopping;
		(void)pthread_mutex_unlock(&ipc->lock);
	}
	return NULL;
}

static void woken(struct gy_ipc *ipc, struct gy_source *source, uint32_t events)
{
	uint64_t count;

	(void)ipc;
	(void)events;
	if (read(source->fd, &count, sizeof(count)) < 0)
		return; /* nothing there: a spurious event */
}

static void close_loop(struct gy_ipc *ipc)
{
	gy_loop_remove(ipc, &ipc->wake_source);
	if (ipc->wake >= 0)
		(void)close(ipc->wake);
	if (ipc->epoll >= 0)
		(void)close(ipc->epoll);
	ipc->wake = -1;
	ipc->epoll = -1;
}

enum geyser_result gy_loop_start(struct gy_ipc *ipc)
{
	enum geyser_result result;

	if (ipc->running)
		return GEYSER_OK;
	ipc->epoll = epoll_create1(EPOLL_CLOEXEC);
	ipc->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ipc->epoll < 0 || ipc->wake < 0) {
		result = gy_fail_errno("making epoll and eventfd descriptors");
		goto close_fds;
	}
	ipc->wake_source = (struct gy_source){.fd = ipc->wake, .ready = woken};
	result = gy_loop_add(ipc, &ipc->wake_source, EPOLLIN);
	if (result != GEYSER_OK)
		goto close_fds;
	result = gy_thread_start(&ipc->thread, "geyser-ipc", STACK_SIZE, run, ipc);
	if (result == GEYSER_OK) {
		ipc->running = true;
		return GEYSER_OK;
	}

close_fds:
	close_loop(ipc);
	return result;
}

void gy_loop_stop(struct gy_ipc *ipc)
{
	const uint64_t one = 1;
	bool running;

	(void)pthread_mutex_lock(&ipc->lock);
	ipc->stopping = true;
	running = ipc->running;
	if (running && write(ipc->wake, &one, sizeof(one)) < 0)
		(void)0; /* full: then it is awake already */
	(void)pthread_mutex_unlock(&ipc->lock);
	if (!running)
		return;
	(void)pthread_join(ipc->thread, NULL);
	ipc->running = false;
	close_loop(ipc);
}

void gy_loop_abandon(struct gy_ipc *ipc)
{
	if (!ipc->running)
		return;
	ipc->running = false;
	/* Not removed from the epoll set: that is the parent's too. */
	(void)tdelete(&ipc->wake_source, &ipc->sources, compare_keys);
	ipc->wake_source.key = 0;
	close_loop(ipc);
}
