/* SPDX-License-Identifier: MIT */
#include "core/notifier.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "platform/socket.h"

#include <sys/resource.h>
#include <unistd.h>

/* The first search for closed descriptors comes when there are this many, or after this time. */
#define SWEEP_AT 8
#define SWEEP_EVERY GY_SECOND

#define LIMIT_SHARE 4   /* one event may have a quarter of the process's descriptors */
#define LIMIT_LEAST 256 /* of descriptors, if getrlimit fails */

void gy_notifier_init(
	struct gy_notifier *notifier, struct geyser_event *event, struct gy_timeline *timeline)
{
	*notifier =
		(struct gy_notifier){.event = event, .timeline = timeline, .sweep_at = SWEEP_AT};
	(void)pthread_mutex_init(&notifier->lock, NULL);
}

/* ---- the thread; all functions but run() need the lock ---- */

/* Returns the result for a notification that waits for this value, or 1 if it must go on
 * waiting. */
static int outcome(const struct gy_notifier *notifier, uint64_t value)
{
	if (gy_timeline_value(notifier->timeline) >= value)
		return GEYSER_OK;
	if (notifier->closing)
		return GEYSER_ERROR_STALE;
	if (gy_timeline_is_lost(notifier->timeline))
		return GEYSER_ERROR_DEVICE_LOST;
	if (notifier->timeline->dead && atomic_load(notifier->timeline->dead))
		return GEYSER_ERROR_DISCONNECTED;
	return 1;
}

/* Runs the first callback in the queue. Releases the lock meanwhile. */
static void call(struct gy_notifier *notifier, int result)
{
	const struct gy_notification first = gy_queue_take(&notifier->callbacks);

	(void)pthread_mutex_unlock(&notifier->lock);
	first.callback(notifier->event, gy_timeline_value(notifier->timeline),
		(enum geyser_result)result, first.user);
	(void)pthread_mutex_lock(&notifier->lock);
}

/* Makes the caller's end of a socket pair readable for good, at end of file, and closes this end.
 * close() alone isn't enough: a forked child may have a copy of this end. */
static void make_readable(int fd)
{
	(void)shutdown(fd, SHUT_RDWR);
	(void)close(fd);
}

/* Closes this side's end if the caller has closed the other. Returns whether it was so. */
static bool is_unwanted(const struct gy_notification *notification)
{
	if (!gy_socket_is_hung_up(notification->fd))
		return false;
	(void)close(notification->fd);
	return true;
}

/* Drops the descriptors that the caller has closed. */
static void sweep(struct gy_notifier *notifier)
{
	gy_queue_sweep(&notifier->descriptors, is_unwanted);
	notifier->sweep_at = 2 * notifier->descriptors.count;
	if (notifier->sweep_at < SWEEP_AT)
		notifier->sweep_at = SWEEP_AT;
}

/* Runs the first notification that is due. Returns false if none is due. */
static bool work(struct gy_notifier *notifier)
{
	const struct gy_notification *first = gy_queue_first(&notifier->descriptors);
	int result;

	if (first && outcome(notifier, first->value) <= 0) {
		make_readable(gy_queue_take(&notifier->descriptors).fd);
		return true;
	}
	first = gy_queue_first(&notifier->callbacks);
	result = first ? outcome(notifier, first->value) : 1;
	if (result <= 0)
		call(notifier, result);
	return result <= 0;
}

/* Returns the smallest value that a callback or descriptor waits for; UINT64_MAX if none waits. */
static uint64_t next_value(const struct gy_notifier *notifier)
{
	const struct gy_notification *callback = gy_queue_first(&notifier->callbacks);
	const struct gy_notification *descriptor = gy_queue_first(&notifier->descriptors);
	uint64_t value = callback ? callback->value : UINT64_MAX;

	return descriptor && descriptor->value < value ? descriptor->value : value;
}

static bool is_pending(const struct gy_notifier *notifier)
{
	return notifier->callbacks.count > 0 || notifier->descriptors.count > 0;
}

/* Releases the lock and sleeps until a notification may be due. Notices interruptions before it
 * releases the lock, so that no later one is missed. A hostile holder of the event may hide a
 * signal, so that the wait is a watchful one. */
static void sleep_until_next(struct gy_notifier *notifier)
{
	const uint64_t value = next_value(notifier);
	const uint64_t due =
		notifier->descriptors.count > 0 ? gy_deadline(SWEEP_EVERY) : GY_WATCHFUL;
	const bool pending = is_pending(notifier);

	gy_interrupt_notice(&notifier->interrupt);
	(void)pthread_mutex_unlock(&notifier->lock);
	if (pending)
		(void)gy_timeline_wait(notifier->timeline, value, due, &notifier->interrupt);
	else
		gy_interrupt_await(&notifier->interrupt, GY_NEVER);
	(void)pthread_mutex_lock(&notifier->lock);
	if (notifier->descriptors.count > 0 && gy_now() >= due)
		sweep(notifier);
}

static void *run(void *data)
{
	struct gy_notifier *notifier = data;
	void (*finished)(struct geyser_event * event);
	struct geyser_event *event = notifier->event;

	gy_callback_thread();
	(void)pthread_mutex_lock(&notifier->lock);
	while (is_pending(notifier) || !notifier->closing)
		if (!work(notifier))
			sleep_until_next(notifier);
	finished = notifier->finished;
	(void)pthread_mutex_unlock(&notifier->lock);
	if (finished)
		finished(event);
	return NULL;
}

static enum geyser_result start(struct gy_notifier *notifier)
{
	enum geyser_result result =
		gy_thread_start(&notifier->thread, "geyser-event", 0, run, notifier);

	notifier->running = result == GEYSER_OK;
	return result;
}

/* ---- adding ---- */

/* Queues a notification, and starts the thread if there is none. Needs the lock. */
static enum geyser_result add(struct gy_notifier *notifier, struct gy_queue *queue,
	const struct gy_notification *notification)
{
	/* the thread must begin to sweep with the first descriptor */
	const bool first = !is_pending(notifier) || notification->value < next_value(notifier) ||
			   (notification->fd >= 0 && notifier->descriptors.count == 0);
	enum geyser_result result = GEYSER_OK;

	/* otherwise a callback that always adds the next one would keep the event alive for ever */
	if (notifier->closing)
		return gy_fail(GEYSER_ERROR_STALE,
			"the event's last reference is gone: no callback can be added");
	if (!notifier->running)
		result = start(notifier);
	if (result == GEYSER_OK)
		result = gy_queue_add(queue, notification);
	if (result == GEYSER_OK && first)
		gy_interrupt(&notifier->interrupt);
	return result;
}

enum geyser_result gy_notifier_add(
	struct gy_notifier *notifier, uint64_t value, geyser_event_callback *callback, void *user)
{
	const struct gy_notification added = {
		.value = value, .callback = callback, .user = user, .fd = -1};
	enum geyser_result result;

	(void)pthread_mutex_lock(&notifier->lock);
	result = add(notifier, &notifier->callbacks, &added);
	(void)pthread_mutex_unlock(&notifier->lock);
	return result;
}

static size_t descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return LIMIT_LEAST;
	return (size_t)(limit.rlim_cur / LIMIT_SHARE);
}

/* Refuses one more descriptor if the event has too many. Needs the lock. */
static enum geyser_result check_descriptors(struct gy_notifier *notifier)
{
	size_t limit = descriptor_limit();

	if (notifier->descriptors.count >= notifier->sweep_at ||
		notifier->descriptors.count >= limit)
		sweep(notifier);
	if (notifier->descriptors.count < limit)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_LIMIT,
		"the event has %zu descriptors whose values are not reached, a quarter of what "
		"this process may open: close some, or raise the limit (ulimit -n)",
		notifier->descriptors.count);
}

/* Needs the lock. */
static enum geyser_result add_fd(struct gy_notifier *notifier, uint64_t value, int *out)
{
	const bool reached = notifier->closing || gy_timeline_value(notifier->timeline) >= value;
	struct gy_notification added = {.value = value};
	enum geyser_result result = reached ? GEYSER_OK : check_descriptors(notifier);
	int ends[2];

	if (result != GEYSER_OK)
		return result;
	if (gy_socket_pair(ends) < 0)
		return gy_fail_errno("socketpair");
	added.fd = ends[0];
	if (reached)
		make_readable(ends[0]);
	else
		result = add(notifier, &notifier->descriptors, &added);
	if (result == GEYSER_OK) {
		*out = ends[1];
		return GEYSER_OK;
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	return result;
}

enum geyser_result gy_notifier_add_fd(struct gy_notifier *notifier, uint64_t value, int *out)
{
	enum geyser_result result;

	*out = -1;
	(void)pthread_mutex_lock(&notifier->lock);
	result = add_fd(notifier, value, out);
	(void)pthread_mutex_unlock(&notifier->lock);
	return result;
}

/* ---- the end ---- */

bool gy_notifier_close(struct gy_notifier *notifier, void (*finished)(struct geyser_event *event))
{
	const bool within = gy_callback_is_running();
	pthread_t thread;
	bool running;

	(void)pthread_mutex_lock(&notifier->lock);
	running = notifier->running;
	thread = notifier->thread;
	notifier->closing = true;
	notifier->finished = within ? finished : NULL;
	if (running)
		gy_interrupt(&notifier->interrupt);
	/* the thread may free the event as soon as the lock is released */
	if (running && within)
		(void)pthread_detach(thread);
	(void)pthread_mutex_unlock(&notifier->lock);
	if (running && !within)
		(void)pthread_join(thread, NULL);
	return !running || !within;
}

void gy_notifier_reopen(struct gy_notifier *notifier)
{
	(void)pthread_mutex_lock(&notifier->lock);
	notifier->closing = false;
	notifier->running = false;
	(void)pthread_mutex_unlock(&notifier->lock);
}

void gy_notifier_finish(struct gy_notifier *notifier)
{
	while (notifier->descriptors.count > 0)
		(void)close(gy_queue_take(&notifier->descriptors).fd);
	gy_queue_finish(&notifier->descriptors);
	gy_queue_finish(&notifier->callbacks);
	(void)pthread_mutex_destroy(&notifier->lock);
}
