/* SPDX-License-Identifier: MIT */
#include "ipc/process.h"

#include "base/error.h"
#include "base/thread.h"

#include <search.h>
#include <unistd.h>

#define BATCH 16
#define RING_MS 1
#define STACK_SIZE ((size_t)256 * 1024)

static int compare_keys(const void *a, const void *b)
{
	const struct gy_source *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

enum geyser_result gy_loop_add(
	struct gy_ipc *ipc, struct gy_source *source, enum gy_readiness events)
{
	source->key = ++ipc->next_key;
	if (!tsearch(source, &ipc->sources, compare_keys))
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory to watch a descriptor");
	if (gy_poller_add(ipc->poller, source->fd, events, source->key) == 0)
		return GEYSER_OK;
	(void)tdelete(source, &ipc->sources, compare_keys);
	source->key = 0;
	return gy_fail_errno("watching a descriptor");
}

void gy_loop_remove(struct gy_ipc *ipc, struct gy_source *source)
{
	if (source->key == 0)
		return;
	gy_poller_remove(ipc->poller, source->fd);
	(void)tdelete(source, &ipc->sources, compare_keys);
	source->key = 0;
}

static void dispatch(struct gy_ipc *ipc, const struct gy_ready *event)
{
	struct gy_source wanted = {.key = event->key};
	struct gy_source *const *found = tfind(&wanted, &ipc->sources, compare_keys);

	if (found)
		(*found)->ready(ipc, *found, event->events);
}

static void *run(void *data)
{
	struct gy_ipc *ipc = data;
	struct gy_ready events[BATCH];
	bool stopping = false;
	int timeout = -1;

	while (!stopping) {
		int count = gy_poller_wait(ipc->poller, events, BATCH, timeout);

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
	(void)source;
	(void)events;
	gy_wakeup_clear(&ipc->wake);
}

static void close_loop(struct gy_ipc *ipc)
{
	gy_loop_remove(ipc, &ipc->wake_source);
	gy_wakeup_close(&ipc->wake);
	if (ipc->poller >= 0)
		(void)close(ipc->poller);
	ipc->poller = -1;
}

enum geyser_result gy_loop_start(struct gy_ipc *ipc)
{
	enum geyser_result result;

	if (ipc->running)
		return GEYSER_OK;
	ipc->poller = gy_poller_create();
	if (ipc->poller < 0)
		return gy_fail_errno("making a descriptor to wait with");
	result = gy_wakeup_create(&ipc->wake);
	if (result != GEYSER_OK)
		goto close_fds;
	ipc->wake_source = (struct gy_source){.fd = ipc->wake.fd, .ready = woken};
	result = gy_loop_add(ipc, &ipc->wake_source, GY_READABLE);
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
	bool running;

	(void)pthread_mutex_lock(&ipc->lock);
	ipc->stopping = true;
	running = ipc->running;
	if (running)
		gy_wakeup_raise(&ipc->wake);
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
	/* Not removed from the poller: that may be the parent's too. */
	(void)tdelete(&ipc->wake_source, &ipc->sources, compare_keys);
	ipc->wake_source.key = 0;
	close_loop(ipc);
}
