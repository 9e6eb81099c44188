/* Callbacks of a stream watch may destroy the watch, dispatch it, and take a long time. */
#include "conformance.h"
#include "streams.h"

#include <stdio.h>
#include <stdlib.h>

#define STREAMS 6u

struct seen {
	struct geyser_stream_watch *watch;
	unsigned destroy_at; /* number of the call that destroys the watch; 0: none */
	bool nested;         /* each callback dispatches the watch again */
	enum geyser_result within;
	_Atomic unsigned calls;
	char names[STREAMS + 1][16];
};

static void note(enum geyser_stream_change change, const char *name, void *user)
{
	struct seen *seen = user;
	unsigned call = atomic_fetch_add(&seen->calls, 1);

	check(change == GEYSER_STREAM_ADDED);
	check(call < STREAMS);
	if (call + 1 == seen->destroy_at)
		geyser_stream_watch_destroy(seen->watch);
	else if (seen->nested)
		seen->within = geyser_stream_watch_dispatch(seen->watch, 0);
	(void)snprintf(seen->names[call % STREAMS], sizeof(seen->names[0]), "%s", name);
}

static void publish_all(void **state, struct geyser_publisher *publishers[STREAMS])
{
	char name[16];

	for (unsigned i = 0; i < STREAMS; i++) {
		(void)snprintf(name, sizeof(name), "stream %u", i);
		publishers[i] = publish(state, name, 2);
	}
}

static void end_all(struct geyser_publisher *publishers[STREAMS])
{
	for (unsigned i = 0; i < STREAMS; i++)
		geyser_publisher_destroy(publishers[i]);
}

static void a_callback_may_destroy_its_watch(void **state)
{
	struct geyser_publisher *publishers[STREAMS];
	unsigned fds;

	publish_all(state, publishers);
	fds = fd_count();
	for (unsigned nested = 0; nested < 2; nested++) {
		for (unsigned at = 1; at <= STREAMS; at++) {
			struct seen seen = {.destroy_at = at, .nested = nested};

			ok(geyser_stream_watch_create(note, &seen, &seen.watch));
			ok(geyser_stream_watch_dispatch(seen.watch, PATIENCE));
			assert_int_equal(seen.calls, at);
			assert_int_equal(fd_count(), fds);
		}
	}
	end_all(publishers);
	no_failures();
}

static void a_callback_may_dispatch_its_watch(void **state)
{
	struct geyser_publisher *publishers[STREAMS];
	struct seen seen = {.nested = true};
	char name[16];

	publish_all(state, publishers);
	ok(geyser_stream_watch_create(note, &seen, &seen.watch));
	ok(geyser_stream_watch_dispatch(seen.watch, 0));
	assert_int_equal(seen.calls, STREAMS);
	for (unsigned i = 0; i < STREAMS; i++) {
		(void)snprintf(name, sizeof(name), "stream %u", i);
		assert_string_equal(seen.names[i], name);
	}
	refused(GEYSER_ERROR_TIMEOUT, "", geyser_stream_watch_dispatch(seen.watch, 0));
	assert_int_equal(seen.calls, STREAMS);
	geyser_stream_watch_destroy(seen.watch);
	end_all(publishers);
	no_failures();
}

/* Several threads dispatch the watch. Each change is reported once, to any of them. */
static void dispatch_all(unsigned index, void *data)
{
	struct seen *seen = data;
	uint64_t end = now_ns() + PATIENCE;

	(void)index;
	while (atomic_load(&seen->calls) < STREAMS && now_ns() < end) {
		enum geyser_result result =
			geyser_stream_watch_dispatch(seen->watch, 5 * MILLISECOND);

		check(result == GEYSER_OK || result == GEYSER_ERROR_TIMEOUT);
	}
}

static void several_threads_may_dispatch(void **state)
{
	struct geyser_publisher *publishers[STREAMS];
	struct seen seen = {.watch = NULL};

	publish_all(state, publishers);
	ok(geyser_stream_watch_create(note, &seen, &seen.watch));
	run_threads(4, dispatch_all, &seen);
	assert_int_equal(seen.calls, STREAMS);
	geyser_stream_watch_destroy(seen.watch);
	end_all(publishers);
}

/* The watch's callback drops the last reference to an event. The event's callback meanwhile waits
 * for the watch's callback to return. */
struct waiting {
	struct geyser_event *event;
	struct latch entered, left;
};

static void await_watch(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct waiting *waiting = user;

	(void)event;
	(void)value;
	check(result == GEYSER_OK);
	latch_add(&waiting->entered);
	check(latch_wait(&waiting->left, 1));
	latch_add(&waiting->left);
}

static void drop_event(enum geyser_stream_change change, const char *name, void *user)
{
	struct waiting *waiting = user;

	(void)change;
	(void)name;
	check(latch_wait(&waiting->entered, 1));
	geyser_event_unref(waiting->event);
	latch_add(&waiting->left);
}

static void a_watchs_callback_does_not_wait_for_an_events(void **state)
{
	struct geyser_publisher *publisher = publish(state, "one", 2);
	struct waiting waiting = {.event = make_event(manager_of(state), 1)};
	struct geyser_stream_watch *watch;

	latch_init(&waiting.entered);
	latch_init(&waiting.left);
	ok(geyser_event_notify(waiting.event, 1, await_watch, &waiting));
	ok(geyser_stream_watch_create(drop_event, &waiting, &watch));
	ok(geyser_stream_watch_dispatch(watch, PATIENCE));
	assert_true(latch_wait(&waiting.left, 2));
	geyser_stream_watch_destroy(watch);
	geyser_publisher_destroy(publisher);
	latch_finish(&waiting.entered);
	latch_finish(&waiting.left);
	no_failures();
}

static const struct CMUnitTest tests[] = {
	test(a_callback_may_destroy_its_watch),
	test(a_callback_may_dispatch_its_watch),
	test(several_threads_may_dispatch),
	test(a_watchs_callback_does_not_wait_for_an_events),
};

const struct group watches_group = {"watches", tests, COUNT_OF(tests), NULL};
