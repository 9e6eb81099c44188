/*
 * Every call is allowed within a callback. Each of the library's callbacks makes calls of all kinds
 * here: with objects of its own, and with the objects that the callback is about.
 */
#include "conformance.h"
#include "streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char key;

/* The objects that a callback may use. */
struct world {
	struct geyser_manager *manager;
	/* These two are NULL, or alive while the callback runs. */
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_subscriber *ending; /* the callback destroys this subscriber */
	struct latch called;
	unsigned names; /* number of stream names made so far */
	/* `of` is imported from `kept`. The first export and the first import open descriptors that
	 * stay open; both happen before `fds` is counted. */
	struct geyser_event *kept, *of;
	unsigned fds;
};

static void world_init(struct world *world, void **state)
{
	struct geyser_handle handle;

	*world = (struct world){.manager = manager_of(state)};
	world->kept = make_event(world->manager, 0);
	handle = export_event(world->kept);
	world->of = import_event(world->manager, &handle);
	world->fds = fd_count();
	latch_init(&world->called);
}

/* Waits for the descriptors to be closed: an event whose last reference is dropped within a
 * callback ends on a thread of its own. */
static void world_finish(struct world *world)
{
	fd_count_becomes(world->fds);
	geyser_event_unref(world->of);
	geyser_event_unref(world->kept);
	latch_finish(&world->called);
	no_failures();
}

/* ---- the calls ---- */

static void nothing_more(void *data)
{
	(void)data;
}

static void nothing_reached(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	(void)event;
	(void)value;
	(void)user;
	check(result == GEYSER_ERROR_STALE);
}

static void nothing_changed(enum geyser_stream_change change, const char *name, void *user)
{
	(void)change;
	(void)name;
	(void)user;
}

static void use_managers(struct world *world)
{
	const struct geyser_manager_desc desc = {
		.backend = geyser_manager_get_backend(world->manager)};
	struct geyser_memory_info memory;
	struct geyser_manager *manager;
	uint32_t usage;

	check(geyser_manager_create(&desc, &manager) == GEYSER_OK);
	check(geyser_manager_memory(manager, &memory) == GEYSER_OK);
	check(geyser_manager_set_spin(manager, MILLISECOND) == GEYSER_OK);
	check(geyser_manager_format_usage(manager, GEYSER_FORMAT_RGBA8_UNORM, GEYSER_DIMENSION_2D,
		      &usage) == GEYSER_OK);
	geyser_manager_destroy(manager);
}

static void use_textures(struct world *world)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 8, .height = 8};
	struct geyser_texture *texture, *imported;
	struct geyser_importers importers;
	struct geyser_handle handle;
	int data, fd;

	check(geyser_texture_create(world->manager, &desc, &texture) == GEYSER_OK);
	check(geyser_texture_attach(texture, &key, &data, nothing_more) == GEYSER_OK);
	check(fill_texture(texture, 7));
	check(geyser_texture_export(texture, &handle) == GEYSER_OK);
	check(geyser_handle_from_id(geyser_handle_id(&handle), &handle) == GEYSER_OK);
	check(geyser_texture_importers_fd(texture, &fd) == GEYSER_OK);
	check(geyser_texture_import(world->manager, &handle, &desc, &imported) == GEYSER_OK);
	check(geyser_texture_importers(texture, &importers) == GEYSER_OK);
	check(importers.current == 1);
	check(texture_holds(imported, 7));
	check(close(fd) == 0);
	geyser_texture_unref(imported);
	check(geyser_texture_unexport(texture) == GEYSER_OK);
	geyser_texture_unref(texture);
}

static void use_events(struct world *world)
{
	struct geyser_event *event, *imported;
	struct geyser_handle handle;
	uint64_t value;
	int fd;

	check(geyser_event_create(world->manager, 1, &event) == GEYSER_OK);
	check(geyser_event_attach(event, &key, &value, nothing_more) == GEYSER_OK);
	check(geyser_event_export(event, &handle) == GEYSER_OK);
	check(geyser_event_import(world->manager, &handle, &imported) == GEYSER_OK);
	check(geyser_event_notify(event, 9, nothing_reached, NULL) == GEYSER_OK);
	check(geyser_event_notify(imported, 9, nothing_reached, NULL) == GEYSER_OK);
	check(geyser_event_fd(imported, 2, &fd) == GEYSER_OK);
	check(geyser_event_signal(event, 2) == GEYSER_OK);
	check(geyser_event_wait(imported, 2, PATIENCE) == GEYSER_OK);
	check(geyser_event_set_spin(imported, MILLISECOND) == GEYSER_OK);
	check(geyser_event_value(imported, &value) == GEYSER_OK && value == 2);
	check(readable(fd, PATIENCE));
	check(close(fd) == 0);
	check(geyser_event_wait(event, 3, MILLISECOND) == GEYSER_ERROR_TIMEOUT);
	geyser_event_unref(imported);
	geyser_event_unref(event);
}

static void use_streams(struct world *world)
{
	struct geyser_stream_desc desc = stream_desc(NULL, 3, GEYSER_PACING_FREE);
	struct geyser_subscriber_desc wanted = {.connect_timeout_ns = PATIENCE};
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	enum geyser_end end;
	char name[64];
	uint64_t evictions;
	int fd;

	(void)snprintf(name, sizeof(name), "within %p %u", (void *)world, world->names++);
	desc.name = name;
	wanted.name = name;
	check(geyser_publisher_create(world->manager, &desc, &publisher) == GEYSER_OK);
	check(geyser_subscriber_create(world->manager, &wanted, &subscriber) == GEYSER_OK);
	check(geyser_publisher_acquire(publisher, PATIENCE, &frame) == GEYSER_OK);
	check(geyser_publisher_submit(publisher, frame) == GEYSER_OK);
	check(geyser_subscriber_fd(subscriber, &fd) == GEYSER_OK);
	check(readable(fd, PATIENCE));
	check(close(fd) == 0);
	check(geyser_subscriber_acquire(subscriber, PATIENCE, &frame) == GEYSER_OK);
	check(geyser_subscriber_release(subscriber, frame) == GEYSER_OK);
	check(geyser_publisher_acquire(publisher, PATIENCE, &frame) == GEYSER_OK);
	check(geyser_publisher_submit_kept(publisher, frame) == GEYSER_OK);
	check(geyser_publisher_discard(publisher, frame) == GEYSER_OK);
	check(geyser_subscriber_acquire(subscriber, PATIENCE, &frame) == GEYSER_OK);
	check(geyser_subscriber_release(subscriber, frame) == GEYSER_OK);
	check(geyser_publisher_flush(publisher, PATIENCE) == GEYSER_OK);
	check(geyser_publisher_drain(publisher, PATIENCE) == GEYSER_OK);
	check(geyser_publisher_set_hold_limit(publisher, UINT64_MAX) == GEYSER_OK);
	check(geyser_publisher_get_evictions(publisher, &evictions) == GEYSER_OK);
	check(geyser_publisher_set_interrupted(publisher, false) == GEYSER_OK);
	check(geyser_publisher_set_spin(publisher, MILLISECOND) == GEYSER_OK);
	check(geyser_subscriber_set_spin(subscriber, MILLISECOND) == GEYSER_OK);
	desc.texture.width = 2 * STREAM_WIDTH;
	check(geyser_publisher_resize(publisher, &desc.texture) == GEYSER_OK);
	check(geyser_publisher_acquire(publisher, PATIENCE, &frame) == GEYSER_OK);
	check(geyser_publisher_discard(publisher, frame) == GEYSER_OK);
	geyser_publisher_close(publisher);
	check(geyser_publisher_acquire(publisher, 0, &frame) == GEYSER_ERROR_DISCONNECTED);
	geyser_publisher_destroy(publisher);
	check(geyser_subscriber_acquire(subscriber, PATIENCE, &frame) == GEYSER_ERROR_DISCONNECTED);
	check(geyser_subscriber_get_end(subscriber, &end) == GEYSER_OK && end == GEYSER_END_CLOSED);
	geyser_subscriber_destroy(subscriber);
}

static void use_directory(struct world *world)
{
	struct geyser_stream_watch *watch;
	struct geyser_stream_info *streams, stream;
	struct geyser_export_info *exports;
	size_t count;

	(void)world;
	check(geyser_export_list(&exports, &count) == GEYSER_OK);
	geyser_export_list_free(exports);
	check(geyser_stream_list(&streams, &count) == GEYSER_OK);
	geyser_stream_list_free(streams);
	check(geyser_stream_find("no stream of that name", &stream) == GEYSER_ERROR_NOT_FOUND);
	check(geyser_stream_watch_create(nothing_changed, NULL, &watch) == GEYSER_OK);
	(void)geyser_stream_watch_dispatch(watch, 0);
	geyser_stream_watch_destroy(watch);
}

/* Calls functions of the publisher and subscriber that the callback is about, if they are alive. */
static void use_what_it_is_about(struct world *world)
{
	struct geyser_subscriber_stats received;
	struct geyser_publisher_stats sent;
	struct geyser_frame *frame;
	int fd;

	if (world->subscriber) {
		if (geyser_subscriber_acquire(world->subscriber, 0, &frame) == GEYSER_OK)
			check(geyser_subscriber_release(world->subscriber, frame) == GEYSER_OK);
		check(geyser_subscriber_get_stats(world->subscriber, &received) == GEYSER_OK);
		check(geyser_subscriber_fd(world->subscriber, &fd) == GEYSER_OK);
		check(close(fd) == 0);
	}
	if (world->publisher) {
		if (geyser_publisher_acquire(world->publisher, 0, &frame) == GEYSER_OK)
			check(geyser_publisher_discard(world->publisher, frame) == GEYSER_OK);
		check(geyser_publisher_get_stats(world->publisher, &sent) == GEYSER_OK);
	}
	geyser_subscriber_destroy(world->ending);
	world->ending = NULL;
}

static void call_everything(struct world *world)
{
	static void (*const calls[])(struct world *) = {use_what_it_is_about, use_managers,
		use_textures, use_events, use_streams, use_directory};

	for (size_t i = 0; i < COUNT_OF(calls); i++)
		calls[i](world);
	check(geyser_stream_list(NULL, NULL) == GEYSER_ERROR_INVALID_ARGUMENT);
	latch_add(&world->called);
}

/* ---- the callbacks ---- */

static void on_destroy(void *data)
{
	call_everything(data);
}

static void on_value(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	(void)event;
	(void)value;
	(void)result;
	call_everything(user);
}

static void on_change(enum geyser_stream_change change, const char *name, void *user)
{
	struct world *world = user;

	(void)change;
	/* The watch also reports the streams that use_streams() creates. */
	if (strncmp(name, "watched", strlen("watched")) == 0)
		call_everything(world);
}

static void an_events_callback(void **state)
{
	struct geyser_event *event;
	struct world world;

	world_init(&world, state);
	event = make_event(world.manager, 0);
	ok(geyser_event_notify(event, 1, on_value, &world));
	ok(geyser_event_notify(event, 2, on_value, &world));
	ok(geyser_event_signal(event, 1));
	assert_true(latch_wait(&world.called, 1));
	geyser_event_unref(event);
	assert_int_equal(world.called.count, 2);
	world_finish(&world);
}

static void an_events_destructor(void **state)
{
	struct geyser_event *event;
	struct world world;

	world_init(&world, state);
	event = make_event(world.manager, 0);
	ok(geyser_event_attach(event, &key, &world, on_destroy));
	geyser_event_unref(event);
	assert_int_equal(world.called.count, 1);
	world_finish(&world);
}

static void a_textures_destructor(void **state)
{
	struct geyser_texture *texture;
	struct world world;

	world_init(&world, state);
	texture = make_texture(world.manager, GEYSER_FORMAT_R8_UNORM, 8, 8);
	ok(geyser_texture_attach(texture, &key, &world, on_destroy));
	geyser_texture_unref(texture);
	assert_int_equal(world.called.count, 1);
	world_finish(&world);
}

static void a_watchs_callback(void **state)
{
	struct geyser_publisher *publisher;
	struct geyser_stream_watch *watch;
	struct world world;

	world_init(&world, state);
	publisher = publish(state, "watched", 2);
	world.publisher = publisher;
	ok(geyser_stream_watch_create(on_change, &world, &watch));
	ok(geyser_stream_watch_dispatch(watch, PATIENCE));
	assert_int_equal(world.called.count, 1);
	world.publisher = NULL;
	geyser_publisher_destroy(publisher);
	while (world.called.count < 2)
		ok(geyser_stream_watch_dispatch(watch, PATIENCE));
	geyser_stream_watch_destroy(watch);
	world_finish(&world);
}

/* ---- destructors on a stream's textures, whose last references the library drops ---- */

struct stream {
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
};

/* Returns a stream whose subscriber has received and released one frame, with a destructor attached
 * to the frame's texture. */
static struct stream stream_with_destructor(void **state, struct world *world)
{
	struct stream stream = {.publisher = publish(state, "about", 3)};
	struct geyser_frame *frame;

	stream.subscriber = subscribe(state, "about", GEYSER_DELIVER_EVERY);
	submit(stream.publisher, 1);
	frame = take(stream.subscriber, 1);
	ok(geyser_texture_attach(geyser_frame_texture(frame), &key, world, on_destroy));
	ok(geyser_subscriber_release(stream.subscriber, frame));
	return stream;
}

static void what_a_lost_stream_destroys(void **state)
{
	struct world world;
	struct stream stream;

	world_init(&world, state);
	stream = stream_with_destructor(state, &world);
	world.subscriber = stream.subscriber;
	geyser_publisher_destroy(stream.publisher);
	/* also checks the error detail, which the destructor's calls must not change */
	disconnected(stream.subscriber);
	assert_int_equal(world.called.count, 1);
	geyser_subscriber_destroy(stream.subscriber);
	world_finish(&world);
}

static void what_the_last_frame_destroys(void **state)
{
	struct geyser_frame *frame;
	struct world world;
	struct stream stream;

	world_init(&world, state);
	stream = stream_with_destructor(state, &world);
	submit(stream.publisher, 2);
	frame = take(stream.subscriber, 2);
	geyser_publisher_destroy(stream.publisher);
	disconnected(stream.subscriber);
	assert_int_equal(world.called.count, 0);
	world.subscriber = stream.subscriber;
	ok(geyser_subscriber_release(stream.subscriber, frame));
	assert_int_equal(world.called.count, 1);
	geyser_subscriber_destroy(stream.subscriber);
	world_finish(&world);
}

static void what_a_subscriber_destroys(void **state)
{
	struct world world;
	struct stream stream;

	world_init(&world, state);
	stream = stream_with_destructor(state, &world);
	world.publisher = stream.publisher;
	geyser_subscriber_destroy(stream.subscriber);
	assert_int_equal(world.called.count, 1);
	geyser_publisher_destroy(stream.publisher);
	world_finish(&world);
}

/* The destructor destroys the subscriber itself, within a call that uses this subscriber. */
static void what_destroys_its_subscriber(void **state)
{
	struct geyser_frame *frame;
	struct world world;
	struct stream stream;

	world_init(&world, state);
	stream = stream_with_destructor(state, &world);
	world.ending = stream.subscriber;
	geyser_publisher_destroy(stream.publisher);
	refused(GEYSER_ERROR_DISCONNECTED, "ended",
		geyser_subscriber_acquire(stream.subscriber, PATIENCE, &frame));
	assert_int_equal(world.called.count, 1);
	world_finish(&world);
}

/* The subscriber's thread may hold the lost connection's textures until the subscriber is
 * destroyed. */
static void what_a_polled_stream_destroys(void **state)
{
	struct world world;
	struct stream stream;
	int fd;

	world_init(&world, state);
	stream = stream_with_destructor(state, &world);
	ok(geyser_subscriber_fd(stream.subscriber, &fd));
	geyser_publisher_destroy(stream.publisher);
	assert_true(readable(fd, PATIENCE));
	disconnected(stream.subscriber);
	geyser_subscriber_destroy(stream.subscriber);
	assert_int_equal(world.called.count, 1);
	assert_int_equal(close(fd), 0);
	world_finish(&world);
}

static void what_a_publisher_destroys(void **state)
{
	struct geyser_publisher *publisher;
	struct geyser_texture_desc desc;
	struct geyser_frame *frame;
	struct world world;

	for (unsigned resized = 0; resized < 2; resized++) {
		world_init(&world, state);
		publisher = publish(state, "about", 2);
		frame = begin_frame(publisher);
		ok(geyser_texture_attach(geyser_frame_texture(frame), &key, &world, on_destroy));
		ok(geyser_publisher_submit(publisher, frame));
		if (resized) {
			world.publisher = publisher;
			desc = stream_desc("about", 2, GEYSER_PACING_FREE).texture;
			desc.width *= 2;
			ok(geyser_publisher_resize(publisher, &desc));
			for (uint32_t i = 0; i < 4; i++)
				submit(publisher, i);
			assert_int_equal(world.called.count, 1);
		}
		geyser_publisher_destroy(publisher);
		assert_int_equal(world.called.count, 1);
		world_finish(&world);
	}
}

/* ---- callbacks of a stream's events ---- */

static struct geyser_point wait_point(struct geyser_frame *frame)
{
	struct geyser_point point;

	ok(geyser_frame_wait_point(frame, &point));
	return point;
}

/* A callback that waits for a value beyond the last one is called at the stream's end. */
static void what_a_streams_end_tells(void **state)
{
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_point ready, done;
	struct geyser_frame *frame;
	struct world world;
	unsigned calls = 0;

	world_init(&world, state);
	publisher = publish(state, "about", 3);
	subscriber = subscribe(state, "about", GEYSER_DELIVER_EVERY);
	submit(publisher, 1);
	frame = take(subscriber, 1);
	ready = wait_point(frame);
	if (ready.event) {
		ok(geyser_event_notify(ready.event, UINT64_MAX, on_value, &world));
		calls++;
	}
	if (geyser_frame_signal_point(frame, &done) == GEYSER_OK) {
		ok(geyser_event_notify(done.event, UINT64_MAX, on_value, &world));
		ok(geyser_event_signal(done.event, done.value));
		calls++;
	}
	ok(geyser_subscriber_release(subscriber, frame));
	world.publisher = publisher;
	geyser_subscriber_destroy(subscriber);
	assert_true(latch_wait(&world.called, calls));
	geyser_publisher_destroy(publisher);
	world_finish(&world);
}

static const struct CMUnitTest tests[] = {
	test(an_events_callback),
	test(an_events_destructor),
	test(a_textures_destructor),
	test(a_watchs_callback),
	test(what_a_lost_stream_destroys),
	test(what_the_last_frame_destroys),
	test(what_a_subscriber_destroys),
	test(what_destroys_its_subscriber),
	test(what_a_polled_stream_destroys),
	test(what_a_publisher_destroys),
	test(what_a_streams_end_tells),
};

const struct group every_call_group = {"every-call", tests, COUNT_OF(tests), NULL};
