/*
 * The streams that geyser view shows: their connections and their newest frames.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "streams.h"
#include "view_feed.h"

/* How long one attempt to connect may take. Meanwhile the thread reports no frames of other
 * streams. */
#define CONNECT_NS (NANOSECONDS / 10)

/* When to try again after a failure. */
#define RETRY_NS NANOSECONDS

/* ---- connecting ------------------------------------------------------------------------------ */

static enum geyser_result connect_feed(
	struct view_feed *feed, uint64_t timeout_ns, struct geyser_subscriber **subscriber, int *fd)
{
	const struct geyser_subscriber_desc desc = {
		.name = feed->name, .connect_timeout_ns = timeout_ns};
	enum geyser_result result = geyser_subscriber_create(feed->manager, &desc, subscriber);

	if (result)
		return result;
	result = geyser_subscriber_fd(*subscriber, fd);
	if (result) {
		geyser_subscriber_destroy(*subscriber);
		*subscriber = NULL;
	}
	return result;
}

/* Connects on the thread. */
static void try_to_connect(struct view_feeds *feeds, struct view_feed *feed)
{
	struct geyser_subscriber *subscriber = NULL;
	int fd = -1;
	const enum geyser_result result = connect_feed(feed, CONNECT_NS, &subscriber, &fd);
	const char *const detail = result ? geyser_error_detail() : "";

	(void)pthread_mutex_lock(&feeds->lock);
	(void)snprintf(feed->refusal, sizeof(feed->refusal), "%s", detail);
	feed->retry_ns = result ? now_ns() + RETRY_NS : 0;
	if (result == GEYSER_OK) {
		feed->subscriber = subscriber;
		feed->fd = fd;
		feed->armed = true;
		feed->present = false;
	}
	(void)pthread_mutex_unlock(&feeds->lock);
}

static void note_change(enum geyser_stream_change change, const char *name, void *user)
{
	struct view_feeds *const feeds = user;

	(void)pthread_mutex_lock(&feeds->lock);
	for (unsigned i = 0; i < feeds->count; i++) {
		struct view_feed *const feed = &feeds->feed[i];

		if (feed->fd >= 0 || strcmp(feed->name, name) != 0)
			continue;
		feed->present = change == GEYSER_STREAM_ADDED;
		feed->refusal[0] = '\0';
		feed->retry_ns = 0;
	}
	(void)pthread_mutex_unlock(&feeds->lock);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* What the thread waits for. The first entry is the pipe, the second the watch. */
struct waiting {
	struct pollfd fds[VIEW_STREAMS_MAX + 2];
	uint64_t limit_ns;
};

/* Returns false if the thread must end. */
static bool prepare(struct view_feeds *feeds, struct waiting *out)
{
	const uint64_t now = now_ns();
	uint64_t at = UINT64_MAX;
	bool stop;

	(void)pthread_mutex_lock(&feeds->lock);
	stop = feeds->stop;
	out->fds[0] = (struct pollfd){.fd = feeds->pipe[0], .events = POLLIN};
	out->fds[1] = (struct pollfd){.fd = -1, .events = POLLIN};
	for (unsigned i = 0; i < feeds->count; i++) {
		const struct view_feed *const feed = &feeds->feed[i];

		out->fds[i + 2] =
			(struct pollfd){.fd = feed->armed ? feed->fd : -1, .events = POLLIN};
		if (feed->fd < 0)
			out->fds[1].fd = geyser_stream_watch_fd(feeds->watch);
		if (feed->fd < 0 ? feed->present : feed->retry_ns > 0)
			at = feed->retry_ns < at ? feed->retry_ns : at;
	}
	(void)pthread_mutex_unlock(&feeds->lock);
	out->limit_ns = at == UINT64_MAX ? at : at > now ? at - now : 0;
	return !stop;
}

static void drain(const struct view_feeds *feeds, const struct pollfd *polled)
{
	char bytes[64];

	while (polled->revents && read(feeds->pipe[0], bytes, sizeof(bytes)) == sizeof(bytes))
		;
}

/* Handles what has come for one feed. Returns true if the other thread must look. */
static bool look_after(struct view_feeds *feeds, struct view_feed *feed, bool readable)
{
	bool ready, connect;

	(void)pthread_mutex_lock(&feeds->lock);
	ready = feed->armed && readable;
	if (ready)
		feed->armed = false;
	connect = feed->fd < 0 && feed->present && feed->retry_ns <= now_ns();
	if (feed->fd >= 0 && feed->retry_ns && feed->retry_ns <= now_ns()) {
		feed->retry_ns = 0;
		feed->armed = true;
	}
	(void)pthread_mutex_unlock(&feeds->lock);
	if (connect)
		try_to_connect(feeds, feed);
	return connect || ready;
}

static void *run(void *user)
{
	struct view_feeds *const feeds = user;
	struct waiting waiting;

	/* a stream that exists, but didn't answer at first: no change makes the watch readable */
	(void)geyser_stream_watch_dispatch(feeds->watch, 0);
	while (prepare(feeds, &waiting)) {
		bool changed = false;

		(void)os_poll(waiting.fds, feeds->count + 2, waiting.limit_ns);
		drain(feeds, &waiting.fds[0]);
		if (waiting.fds[1].revents)
			(void)geyser_stream_watch_dispatch(feeds->watch, 0);
		for (unsigned i = 0; i < feeds->count; i++)
			changed |=
				look_after(feeds, &feeds->feed[i], waiting.fds[i + 2].revents != 0);
		if (changed)
			feeds->wake(feeds->user);
	}
	return NULL;
}

static void nudge(const struct view_feeds *feeds)
{
	/* a full pipe wakes the thread as well */
	(void)write(feeds->pipe[1], "", 1);
}

/* ---- opening and closing --------------------------------------------------------------------- */

/* Tries to connect until the time `end`, which all streams have in common: a wrong name is found
 * here. timeout_ns is the option's; 0: don't wait. Returns the exit status. */
static int connect_at_first(struct view_feed *feed, uint64_t timeout_ns, uint64_t end)
{
	const uint64_t now = now_ns();
	const enum geyser_result result = connect_feed(
		feed, timeout_ns && end > now ? end - now : 0, &feed->subscriber, &feed->fd);
	const bool absent = result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_NOT_FOUND;

	if (absent && timeout_ns)
		return stream_absence(feed->name, timeout_ns);
	if (result && !absent)
		return creation_failure(result, feed->name);
	feed->armed = feed->fd >= 0;
	return STATUS_OK;
}

static int start(struct view_feeds *feeds)
{
	int error;

	if (geyser_stream_watch_create(note_change, feeds, &feeds->watch))
		return library_failure("view");
	if (os_pipe(feeds->pipe) || fcntl(feeds->pipe[0], F_SETFL, O_NONBLOCK) < 0 ||
		fcntl(feeds->pipe[1], F_SETFL, O_NONBLOCK) < 0)
		return failure(
			"a pipe can't be made (%s): free some file descriptors", strerror(errno));
	error = pthread_create(&feeds->thread, NULL, run, feeds);
	if (error)
		return failure(
			"a thread can't be started (%s): end some programs", strerror(error));
	feeds->started = true;
	return STATUS_OK;
}

int view_feeds_open(const struct view_options *options, struct view_feeds *out)
{
	int status = open_manager(
		"view", &(struct geyser_manager_desc){.backend = options->backend}, &out->manager);
	const uint64_t end = now_ns() + options->timeout_ns;

	out->pipe[0] = out->pipe[1] = -1;
	(void)pthread_mutex_init(&out->lock, NULL);
	for (; !status && out->count < options->count; out->count++) {
		out->feed[out->count] = (struct view_feed){
			.name = options->names[out->count], .manager = out->manager, .fd = -1};
		status = connect_at_first(&out->feed[out->count], options->timeout_ns, end);
	}
	if (!status)
		status = start(out);
	if (status)
		view_feeds_close(out);
	return status;
}

static void disconnect(struct view_feed *feed)
{
	geyser_subscriber_destroy(feed->subscriber);
	if (feed->fd >= 0)
		(void)close(feed->fd);
	feed->subscriber = NULL;
	feed->frame = NULL;
	feed->fd = -1;
	feed->armed = false;
}

void view_feeds_close(struct view_feeds *feeds)
{
	(void)pthread_mutex_lock(&feeds->lock);
	feeds->stop = true;
	(void)pthread_mutex_unlock(&feeds->lock);
	if (feeds->started) {
		nudge(feeds);
		(void)pthread_join(feeds->thread, NULL);
	}
	for (unsigned i = 0; i < feeds->count; i++)
		disconnect(&feeds->feed[i]);
	geyser_stream_watch_destroy(feeds->watch);
	for (unsigned i = 0; i < 2; i++) {
		if (feeds->pipe[i] >= 0)
			(void)close(feeds->pipe[i]);
	}
	geyser_manager_destroy(feeds->host);
	geyser_manager_destroy(feeds->manager);
	(void)pthread_mutex_destroy(&feeds->lock);
	*feeds = (struct view_feeds){.count = 0};
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void end_of_stream(struct view_feed *feed)
{
	enum geyser_end end = GEYSER_END_BROKEN;

	(void)geyser_subscriber_get_end(feed->subscriber, &end);
	feed->state = end == GEYSER_END_CLOSED ? VIEW_CLOSED : VIEW_BROKEN;
}

static void note_frame(struct view_feed *feed, struct geyser_frame *frame)
{
	feed->times[feed->taken++ % VIEW_RATES] = geyser_frame_get_info(frame)->timestamp_ns;
	feed->last_ns = now_ns();
	feed->state = VIEW_LIVE;
}

/* Acquires the newest frame. Returns NULL if there is none; then *retry says whether the
 * descriptor stays readable all the same. */
static struct geyser_frame *acquire(struct view_feed *feed, bool *retry)
{
	struct geyser_frame *frame = NULL;
	const enum geyser_result result = geyser_subscriber_acquire(feed->subscriber, 0, &frame);

	switch (result) {
	case GEYSER_OK:
		note_frame(feed, frame);
		break;
	case GEYSER_ERROR_TIMEOUT:
	case GEYSER_ERROR_BUSY:
		break;
	case GEYSER_ERROR_DISCONNECTED:
	case GEYSER_ERROR_DEVICE_LOST:
		end_of_stream(feed);
		break;
	default:
		(void)snprintf(feed->trouble, sizeof(feed->trouble), "%s", geyser_error_detail());
		feed->state = VIEW_FAILED;
		*retry = true;
		break;
	}
	return frame;
}

static void arm(struct view_feeds *feeds, struct view_feed *feed, bool retry)
{
	(void)pthread_mutex_lock(&feeds->lock);
	feed->armed = !retry;
	feed->retry_ns = retry ? now_ns() + RETRY_NS : 0;
	(void)pthread_mutex_unlock(&feeds->lock);
	nudge(feeds);
}

bool view_feed_take(struct view_feeds *feeds, struct view_feed *feed, bool keep,
	void (*let_go)(struct view_feed *feed, void *user), void *user)
{
	struct geyser_frame *frame;
	bool retry = false, due;

	(void)pthread_mutex_lock(&feeds->lock);
	due = feed->subscriber && !feed->armed && !feed->retry_ns;
	if (feed->state == VIEW_WAITING)
		(void)snprintf(feed->trouble, sizeof(feed->trouble), "%s", feed->refusal);
	(void)pthread_mutex_unlock(&feeds->lock);
	if (!due)
		return false;
	frame = acquire(feed, &retry);
	if (frame && keep && feed->frame) {
		(void)geyser_subscriber_release(feed->subscriber, frame);
		frame = NULL;
	}
	if (frame) {
		if (feed->frame) {
			let_go(feed, user);
			(void)geyser_subscriber_release(feed->subscriber, feed->frame);
		}
		feed->frame = frame;
	}
	arm(feeds, feed, retry);
	return frame != NULL;
}

void view_feed_use_host(struct view_feeds *feeds, struct view_feed *feed)
{
	const struct geyser_manager_desc host = {.backend = GEYSER_BACKEND_HOST};

	if (geyser_manager_get_backend(feed->manager) == GEYSER_BACKEND_HOST)
		return;
	if (!feeds->host && geyser_manager_create(&host, &feeds->host))
		return;
	(void)pthread_mutex_lock(&feeds->lock);
	disconnect(feed);
	feed->manager = feeds->host;
	feed->present = true;
	feed->retry_ns = 0;
	(void)pthread_mutex_unlock(&feeds->lock);
	nudge(feeds);
}
