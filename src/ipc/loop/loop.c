/* SPDX-License-Identifier: MIT */
#include "ipc/loop/loop.h"

#include "base/error.h"
#include "base/later.h"
#include "base/thread.h"
#include "platform/platform.h"

#include <search.h>
#include <unistd.h>

#define BATCH 16
#define STACK_SIZE ((size_t)256 * 1024)

/* ---- descriptors ---- */

static int compare_keys(const void *a, const void *b)
{
	const struct gy_source *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

enum geyser_result gy_loop_add(
	struct gy_loop *loop, struct gy_source *source, enum gy_readiness events)
{
	source->key = ++loop->next_key;
	if (!tsearch(source, &loop->sources, compare_keys))
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory to watch a descriptor");
	if (gy_poller_add(loop->poller, source->fd, events, source->key) == 0)
		return GEYSER_OK;
	(void)tdelete(source, &loop->sources, compare_keys);
	source->key = 0;
	return gy_fail_errno("watching a descriptor");
}

void gy_loop_remove(struct gy_loop *loop, struct gy_source *source)
{
	if (source->key == 0)
		return;
	gy_poller_remove(loop->poller, source->fd);
	(void)tdelete(source, &loop->sources, compare_keys);
	source->key = 0;
}

static void dispatch(struct gy_loop *loop, const struct gy_ready *event)
{
	struct gy_source wanted = {.key = event->key};
	struct gy_source *const *found = tfind(&wanted, &loop->sources, compare_keys);

	if (found)
		(*found)->ready(*found, event->events);
}

/* Dispatches the events, and those of all other descriptors that are ready: the clients' work may
 * take long, and they must know first who else has something to do. */
static void dispatch_all(struct gy_loop *loop, struct gy_ready *events, int count)
{
	for (;;) {
		for (int i = 0; i < count; i++)
			dispatch(loop, &events[i]);
		if (count < BATCH)
			return;
		count = gy_poller_wait(loop->poller, events, BATCH, 0);
	}
}

/* ---- the thread ---- */

/* Lets all clients work; returns the milliseconds until the first of them has more to do, or -1. */
static int tick(struct gy_loop *loop)
{
	int first = -1;

	for (struct gy_loop_client *it = loop->clients; it; it = it->next) {
		int next = it->tick(it);

		if (next >= 0 && (first < 0 || next < first))
			first = next;
	}
	return first;
}

static void *run(void *data)
{
	struct gy_loop *loop = data;
	struct gy_ready events[BATCH];
	bool stopping = false;
	int timeout = -1;

	while (!stopping) {
		int count = gy_poller_wait(loop->poller, events, BATCH, timeout);

		/* objects of a rendition that can't be made end after the lock is released */
		gy_later_hold();
		(void)pthread_mutex_lock(&loop->lock);
		dispatch_all(loop, events, count);
		timeout = tick(loop);
		stopping = loop->stopping;
		(void)pthread_mutex_unlock(&loop->lock);
		gy_later_release();
	}
	return NULL;
}

void gy_loop_wake(struct gy_loop *loop)
{
	gy_wakeup_raise(&loop->wake);
}

static void woken(struct gy_source *source, uint32_t events)
{
	struct gy_loop *loop =
		(struct gy_loop *)((char *)source - offsetof(struct gy_loop, wake_source));

	(void)events;
	gy_wakeup_clear(&loop->wake);
}

/* ---- life ---- */

void gy_loop_init(struct gy_loop *loop)
{
	*loop = (struct gy_loop){.pid = gy_process_id(), .poller = -1, .wake = GY_NO_WAKEUP};
	(void)pthread_mutex_init(&loop->lock, NULL);
}

void gy_loop_finish(struct gy_loop *loop)
{
	(void)pthread_mutex_destroy(&loop->lock);
}

void gy_loop_add_client(struct gy_loop *loop, struct gy_loop_client *client)
{
	client->next = loop->clients;
	loop->clients = client;
}

static void close_loop(struct gy_loop *loop)
{
	gy_loop_remove(loop, &loop->wake_source);
	gy_wakeup_close(&loop->wake);
	if (loop->poller >= 0)
		(void)close(loop->poller);
	loop->poller = -1;
}

enum geyser_result gy_loop_start(struct gy_loop *loop)
{
	enum geyser_result result;

	if (loop->running)
		return GEYSER_OK;
	loop->poller = gy_poller_create();
	if (loop->poller < 0)
		return gy_fail_errno("making a descriptor to wait with");
	result = gy_wakeup_create(&loop->wake);
	if (result != GEYSER_OK)
		goto close_fds;
	loop->wake_source = (struct gy_source){.fd = loop->wake.fd, .ready = woken};
	result = gy_loop_add(loop, &loop->wake_source, GY_READABLE);
	if (result != GEYSER_OK)
		goto close_fds;
	result = gy_thread_start(&loop->thread, "geyser-ipc", STACK_SIZE, run, loop);
	if (result == GEYSER_OK) {
		loop->running = true;
		return GEYSER_OK;
	}

close_fds:
	close_loop(loop);
	return result;
}

void gy_loop_stop(struct gy_loop *loop)
{
	bool running;

	(void)pthread_mutex_lock(&loop->lock);
	loop->stopping = true;
	running = loop->running;
	if (running)
		gy_loop_wake(loop);
	(void)pthread_mutex_unlock(&loop->lock);
	if (!running)
		return;
	(void)pthread_join(loop->thread, NULL);
	(void)pthread_mutex_lock(&loop->lock);
	loop->running = false;
	close_loop(loop);
	(void)pthread_mutex_unlock(&loop->lock);
}

/* ---- fork ---- */

bool gy_loop_is_inherited(const struct gy_loop *loop)
{
	return loop->inherited || loop->pid != gy_process_id();
}

enum geyser_result gy_loop_check_own(const struct gy_loop *loop)
{
	if (!gy_loop_is_inherited(loop))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"manager or object made before fork: the child must make its own");
}

/* The source isn't removed from the poller, which may be the parent's too. */
static void abandon_thread(struct gy_loop *loop)
{
	if (!loop->running)
		return;
	loop->running = false;
	(void)tdelete(&loop->wake_source, &loop->sources, compare_keys);
	loop->wake_source.key = 0;
	close_loop(loop);
}

/* The child must not answer for its parent, nor keep its sockets open and so hide its death. */
void gy_loop_abandon(struct gy_loop *loop)
{
	loop->inherited = true;
	for (struct gy_loop_client *it = loop->clients; it; it = it->next)
		it->abandon(it);
	abandon_thread(loop);
}

void gy_loop_leave_parents(struct gy_loop *loop)
{
	if (!loop->inherited && loop->pid != gy_process_id())
		gy_loop_abandon(loop);
}
