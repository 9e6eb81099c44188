/* Streams: how they start, how subscribers find them, and how they end. */
#include "streams.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* ---- names ---- */

static void names_that_do(void **state)
{
	static const char *const names[] = {"a", "a/b", "/", "..", ".", "%", "%2F", "%41", "100%",
		"caméra 1", "カメラ", "😀", " ", "a b", "-x", "\"", "\\",
		/* These names have 63 bytes. A "/" takes three bytes in a file's name. */
		"012345678901234567890123456789012345678901234567890123456789012",
		"///////////////////////////////////////////////////////////////"};
	struct geyser_publisher *publishers[COUNT_OF(names)];
	struct geyser_stream_info *streams;
	size_t count;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		publishers[i] = publish(state, names[i], 2);
		submit(publishers[i], 1);
	}
	ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, COUNT_OF(names));
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(streams[i - 1].name, streams[i].name) < 0);
	geyser_stream_list_free(streams);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct geyser_subscriber *subscriber =
			subscribe(state, names[i], GEYSER_DELIVER_LATEST);

		pass(subscriber, 1);
		geyser_subscriber_destroy(subscriber);
		geyser_publisher_destroy(publishers[i]);
	}
}

static void names_that_do_not(void **state)
{
	static const char *const names[] = {NULL, "", "a\nb", "\x01", "tab\t", "\x7f", "\x1b[2J",
		"\xff", "a\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe3\x82",
		"0123456789012345678901234567890123456789012345678901234567890123"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct geyser_stream_desc desc = stream_desc(names[i], 0, GEYSER_PACING_FREE);
		const struct geyser_subscriber_desc wanted = {.name = names[i]};
		struct geyser_publisher *publisher = JUNK;
		struct geyser_subscriber *subscriber = JUNK;

		refused(GEYSER_ERROR_INVALID_ARGUMENT, "name",
			geyser_publisher_create(manager_of(state), &desc, &publisher));
		assert_null(publisher);
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "name",
			geyser_subscriber_create(manager_of(state), &wanted, &subscriber));
		assert_null(subscriber);
	}
}

static struct geyser_manager *manager_called(const char *application)
{
	const struct geyser_manager_desc desc = {
		.backend = test_backend, .application = application};
	struct geyser_manager *manager;

	ok(geyser_manager_create(&desc, &manager));
	return manager;
}

static void a_taken_name_says_who_has_it(void **state)
{
	struct geyser_stream_desc desc = stream_desc("taken", 0, GEYSER_PACING_FREE);
	struct geyser_manager *manager = manager_called("the first one");
	struct geyser_publisher *first, *second = JUNK;
	char pid[32];

	(void)snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	ok(geyser_publisher_create(manager, &desc, &first));
	refused(GEYSER_ERROR_EXISTS, "the first one",
		geyser_publisher_create(manager_of(state), &desc, &second));
	assert_null(second);
	refused(GEYSER_ERROR_EXISTS, pid,
		geyser_publisher_create(manager_of(state), &desc, &second));
	submit(first, 1); /* the refused publisher left it unharmed */
	/* The name is free again at once. */
	for (unsigned i = 0; i < 10; i++) {
		geyser_publisher_destroy(first);
		ok(geyser_publisher_create(i % 2 ? manager : manager_of(state), &desc, &first));
	}
	geyser_publisher_destroy(first);
	geyser_manager_destroy(manager);
}

/* ---- connecting ---- */

static void subscribe_to_nobody(void **state)
{
	struct geyser_subscriber_desc desc = {.name = "nobody"};
	struct geyser_publisher *other = publish(state, "somebody", 0);
	struct geyser_subscriber *subscriber = JUNK;
	uint64_t begin = now_ns();

	refused(GEYSER_ERROR_NOT_FOUND, "nobody",
		geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	assert_null(subscriber);
	subscriber = JUNK;
	desc.connect_timeout_ns = 1; /* less than the first look into the registry takes */
	refused(GEYSER_ERROR_TIMEOUT, "nobody",
		geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	assert_null(subscriber);
	subscriber = JUNK;
	desc.connect_timeout_ns = 50 * MILLISECOND;
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	assert_null(subscriber);
	assert_true(now_ns() - begin >= 50 * MILLISECOND);
	geyser_publisher_destroy(other);
	desc.name = "somebody";
	desc.connect_timeout_ns = 0;
	refused(GEYSER_ERROR_NOT_FOUND, "somebody",
		geyser_subscriber_create(manager_of(state), &desc, &subscriber));
}

struct meeting {
	void **state;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscribers[4];
};

static void meet(unsigned index, void *data)
{
	const struct geyser_subscriber_desc wanted = {
		.name = "later", .connect_timeout_ns = PATIENCE};
	const struct geyser_stream_desc desc = stream_desc("later", 0, GEYSER_PACING_FREE);
	struct meeting *meeting = data;

	if (index == 4) /* after the delay, some of the others probably wait already */
		check(poll(NULL, 0, 20) == 0 && geyser_publisher_create(manager_of(meeting->state),
							&desc, &meeting->publisher) == GEYSER_OK);
	else
		check(geyser_subscriber_create(manager_of(meeting->state), &wanted,
			      &meeting->subscribers[index]) == GEYSER_OK);
}

static void subscribers_may_come_first(void **state)
{
	struct meeting meeting = {.state = state};

	run_threads(5, meet, &meeting);
	submit(meeting.publisher, 1);
	for (unsigned i = 0; i < 4; i++) {
		pass(meeting.subscribers[i], 1);
		geyser_subscriber_destroy(meeting.subscribers[i]);
	}
	geyser_publisher_destroy(meeting.publisher);
}

static void there_may_be_64_subscribers(void **state)
{
	const struct geyser_subscriber_desc desc = {.name = "many"};
	struct geyser_publisher *publisher = publish(state, "many", 3);
	struct geyser_subscriber *subscribers[GEYSER_STREAM_SUBSCRIBERS_MAX], *more = JUNK;

	for (unsigned i = 0; i < COUNT_OF(subscribers); i++)
		subscribers[i] = subscribe(state, "many", (enum geyser_delivery)(i % 2));
	assert_int_equal(publisher_stats(publisher).subscribers, COUNT_OF(subscribers));
	refused(GEYSER_ERROR_LIMIT, "64",
		geyser_subscriber_create(manager_of(state), &desc, &more));
	assert_null(more);
	for (unsigned i = 0; i < COUNT_OF(subscribers); i++)
		nothing_to_take(subscribers[i]);
	submit(publisher, 1);
	for (unsigned i = 0; i < COUNT_OF(subscribers); i++)
		pass(subscribers[i], 1);
	geyser_subscriber_destroy(subscribers[31]);
	subscribers_become(publisher, 63);
	subscribers[31] = subscribe(state, "many", GEYSER_DELIVER_LATEST);
	for (unsigned i = 0; i < COUNT_OF(subscribers); i++)
		geyser_subscriber_destroy(subscribers[i]);
	geyser_publisher_destroy(publisher);
}

/* ---- the end of a stream ---- */

static void the_end_is_said_once(void **state)
{
	struct geyser_publisher *publisher = publish(state, "end", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "end", GEYSER_DELIVER_EVERY);
	struct geyser_frame *held, *frame;

	submit_all(publisher, 1, 3);
	held = take(subscriber, 1);
	geyser_publisher_destroy(publisher);
	pass(subscriber, 2); /* frames that were submitted before the end still arrive */
	frame = take(subscriber, 3);
	disconnected(subscriber);
	nothing_to_take(subscriber);
	nothing_to_take(subscriber);
	assert_true(texture_holds(geyser_frame_texture(held), 1));
	assert_true(texture_holds(geyser_frame_texture(frame), 3));
	assert_int_equal(subscriber_stats(subscriber).frames, 3);
	ok(geyser_subscriber_release(subscriber, frame));
	assert_true(texture_holds(geyser_frame_texture(held), 1));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame is NULL",
		geyser_subscriber_release(subscriber, NULL));
	ok(geyser_subscriber_release(subscriber, held));
	geyser_subscriber_destroy(subscriber);
}

static void who_comes_back_is_found(void **state)
{
	struct geyser_publisher *publisher = publish(state, "again", 2);
	struct geyser_subscriber *subscriber = subscribe(state, "again", GEYSER_DELIVER_LATEST);
	struct geyser_frame *held[3];

	for (unsigned i = 0; i < COUNT_OF(held); i++) {
		submit(publisher, 1);
		/* the new stream's frames are numbered from 1 again */
		held[i] = take(subscriber, 1);
		geyser_publisher_destroy(publisher);
		disconnected(subscriber);
		publisher = publish(state, "again", 2 + i);
	}
	submit_all(publisher, 1, 4);
	pass(subscriber, 4);
	assert_int_equal(subscriber_stats(subscriber).connections, 4);
	assert_int_equal(subscriber_stats(subscriber).frames, 4);
	for (unsigned i = 0; i < COUNT_OF(held); i++)
		assert_true(texture_holds(geyser_frame_texture(held[i]), 1));
	ok(geyser_subscriber_release(subscriber, held[1]));
	geyser_subscriber_destroy(subscriber); /* while the caller still holds frames */
	geyser_publisher_destroy(publisher);
}

struct ending {
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
};

/* Thread 0 ends the stream. The other threads wait without a deadline. */
static void end_or_wait(unsigned index, void *data)
{
	struct ending *ending = data;
	struct geyser_frame *frame;

	if (index == 0) {
		(void)poll(NULL, 0, 20);
		geyser_publisher_destroy(ending->publisher);
		return;
	}
	check(geyser_subscriber_acquire(ending->subscriber, UINT64_MAX, &frame) ==
		GEYSER_ERROR_DISCONNECTED);
}

static void who_waits_is_told_of_the_end(void **state)
{
	struct ending ending = {.publisher = publish(state, "wait", 2)};

	enum geyser_end end;

	ending.subscriber = subscribe(state, "wait", GEYSER_DELIVER_LATEST);
	ok(geyser_subscriber_get_end(ending.subscriber, &end));
	assert_int_equal(end, GEYSER_END_NONE);
	run_threads(2, end_or_wait, &ending);
	ok(geyser_subscriber_get_end(ending.subscriber, &end));
	assert_int_equal(end, GEYSER_END_CLOSED);
	geyser_subscriber_destroy(ending.subscriber);
}

static void close_or_acquire(unsigned index, void *data)
{
	struct ending *ending = data;
	struct geyser_frame *frame;

	if (index == 0) {
		(void)poll(NULL, 0, 20);
		geyser_publisher_close(ending->publisher);
		geyser_publisher_close(ending->publisher);
		return;
	}
	check(geyser_publisher_acquire(ending->publisher, UINT64_MAX, &frame) ==
		GEYSER_ERROR_DISCONNECTED);
	check(geyser_publisher_flush(ending->publisher, UINT64_MAX) == GEYSER_OK);
}

/* Whichever thread is first, closing ends the wait. A subscriber that takes nothing delays nobody
 * after the end. */
static void closing_ends_a_wait_to_draw(void **state)
{
	struct ending ending = {.publisher = publish_lossless(state, "close", 2)};
	enum geyser_end end;

	geyser_publisher_close(NULL);
	ending.subscriber = subscribe(state, "close", GEYSER_DELIVER_EVERY);
	submit_all(ending.publisher, 1, 2);
	run_threads(2, close_or_acquire, &ending);
	pass(ending.subscriber, 1);
	pass(ending.subscriber, 2);
	disconnected(ending.subscriber);
	ok(geyser_subscriber_get_end(ending.subscriber, &end));
	assert_int_equal(end, GEYSER_END_CLOSED);
	/* The name is free again. */
	geyser_publisher_destroy(publish(state, "close", 2));
	geyser_publisher_destroy(ending.publisher);
	geyser_subscriber_destroy(ending.subscriber);
}

/* ---- the descriptor of a subscriber ---- */

static void the_descriptor_says_when_there_is_something(void **state)
{
	struct geyser_publisher *publisher = publish(state, "fd", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "fd", GEYSER_DELIVER_EVERY);
	int fd, again;

	ok(geyser_subscriber_fd(subscriber, &fd));
	ok(geyser_subscriber_fd(subscriber, &again));
	assert_true(again != fd && fd_is_cloexec(fd) && fd_is_cloexec(again));
	(void)close(again);
	for (uint32_t i = 1; i < 60; i += 2) {
		assert_false(readable(fd, 0));
		submit_all(publisher, i, i + 1);
		assert_true(readable(fd, PATIENCE));
		pass(subscriber, i);
		assert_true(readable(fd, PATIENCE)); /* another frame is ready */
		assert_true(readable(fd, 0));
		pass(subscriber, i + 1);
		assert_false(readable(fd, 0));
		nothing_to_take(subscriber);
		assert_false(readable(fd, 0));
	}
	geyser_publisher_destroy(publisher);
	assert_true(readable(fd, PATIENCE));
	disconnected(subscriber);
	assert_false(readable(fd, 0));
	/* the subscriber connects to the new publisher by itself */
	publisher = publish(state, "fd", 3);
	subscribers_become(publisher, 1);
	assert_false(readable(fd, 0));
	submit(publisher, 1);
	assert_true(readable(fd, PATIENCE));
	pass(subscriber, 1);
	(void)close(fd);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void a_descriptor_outlives_its_subscriber(void **state)
{
	struct geyser_publisher *publisher = publish(state, "dead fd", 3);
	int fds[3];

	for (unsigned i = 0; i < COUNT_OF(fds); i++) {
		struct geyser_subscriber *subscriber =
			subscribe(state, "dead fd", GEYSER_DELIVER_LATEST);

		ok(geyser_subscriber_fd(subscriber, &fds[i]));
		if (i == 1) /* the subscriber's thread waits for a publisher then */
			geyser_publisher_destroy(publisher);
		if (i == 1)
			disconnected(subscriber);
		geyser_subscriber_destroy(subscriber);
		if (i == 1)
			publisher = publish(state, "dead fd", 3);
		(void)close(fds[i]);
	}
	geyser_publisher_destroy(publisher);
}

static void coming_and_going_is_told(void **state)
{
	struct geyser_publisher *publisher = publish(state, "who", 3);
	struct geyser_subscriber *one, *two;
	uint64_t changes;
	int fd;

	ok(geyser_publisher_subscribers_fd(publisher, &fd));
	assert_true(fd_is_cloexec(fd));
	assert_false(readable(fd, 0));
	one = subscribe(state, "who", GEYSER_DELIVER_LATEST);
	two = subscribe(state, "who", GEYSER_DELIVER_EVERY);
	assert_true(readable(fd, PATIENCE));
	assert_int_equal(read(fd, &changes, sizeof(changes)), sizeof(changes));
	assert_int_equal(changes, 2);
	assert_false(readable(fd, 0));
	assert_int_equal(publisher_stats(publisher).subscribers, 2);
	geyser_subscriber_destroy(one);
	assert_true(readable(fd, PATIENCE));
	assert_int_equal(read(fd, &changes, sizeof(changes)), sizeof(changes));
	assert_int_equal(publisher_stats(publisher).subscribers, 1);
	geyser_subscriber_destroy(two);
	assert_true(readable(fd, PATIENCE));
	(void)close(fd);
	geyser_publisher_destroy(publisher);
}

/* ---- statistics ---- */

static void discard_all(struct geyser_publisher *publisher, unsigned count)
{
	struct geyser_frame *frames[GEYSER_STREAM_BUFFERS_MAX];

	for (unsigned i = 0; i < count; i++)
		frames[i] = begin_frame(publisher);
	for (unsigned i = 0; i < count; i++)
		ok(geyser_publisher_discard(publisher, frames[i]));
}

static void flush_waits_for_who_owes(void **state)
{
	struct geyser_publisher *publisher = publish(state, "flush", 3);
	struct geyser_subscriber *every, *latest;
	struct geyser_frame *frame;
	uint64_t begin;

	ok(geyser_publisher_flush(publisher, 0));
	submit(publisher, 1);
	ok(geyser_publisher_flush(publisher, 0)); /* there is no subscriber to wait for */
	every = subscribe(state, "flush", GEYSER_DELIVER_EVERY);
	latest = subscribe(state, "flush", GEYSER_DELIVER_LATEST);
	submit(publisher, 2);
	refused(GEYSER_ERROR_TIMEOUT, "take", geyser_publisher_flush(publisher, 0));
	begin = now_ns();
	refused(GEYSER_ERROR_TIMEOUT, "take", geyser_publisher_flush(publisher, 20 * MILLISECOND));
	assert_true(now_ns() - begin >= 20 * MILLISECOND);
	pass(every, 1);
	frame = take(every, 2);
	refused(GEYSER_ERROR_TIMEOUT, "hold", geyser_publisher_flush(publisher, 0));
	ok(geyser_subscriber_release(every, frame));
	refused(GEYSER_ERROR_TIMEOUT, "take", geyser_publisher_flush(publisher, 0));
	frame = take(latest, 2);
	refused(GEYSER_ERROR_TIMEOUT, "hold", geyser_publisher_flush(publisher, 0));
	ok(geyser_subscriber_release(latest, frame));
	ok(geyser_publisher_flush(publisher, 0));
	submit_all(publisher, 3, 4);
	pass(latest, 4); /* a subscriber to the latest frame never gets frame 3 */
	pass(every, 3);
	pass(every, 4);
	ok(geyser_publisher_flush(publisher, 0));
	submit(publisher, 5);
	/* reuses the buffer of frame 5: no subscriber can take it any more */
	discard_all(publisher, 3);
	ok(geyser_publisher_flush(publisher, 0));
	submit(publisher, 6);
	geyser_subscriber_destroy(latest);
	geyser_subscriber_destroy(every);
	/* subscribers that are gone need not be waited for */
	ok(geyser_publisher_flush(publisher, UINT64_MAX));
	geyser_publisher_destroy(publisher);
}

static void drain_waits_for_no_holder(void **state)
{
	struct geyser_publisher *publisher = publish(state, "drain", 3);
	struct geyser_subscriber *every = subscribe(state, "drain", GEYSER_DELIVER_EVERY);
	struct geyser_frame *frame;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "NULL", geyser_publisher_drain(NULL, 0));
	ok(geyser_publisher_drain(publisher, 0));
	submit(publisher, 1);
	refused(GEYSER_ERROR_TIMEOUT, "take", geyser_publisher_drain(publisher, 0));
	frame = take(every, 1);
	ok(geyser_publisher_drain(publisher, UINT64_MAX));
	submit(publisher, 2);
	refused(GEYSER_ERROR_TIMEOUT, "take", geyser_publisher_drain(publisher, MILLISECOND));
	pass(every, 2);
	ok(geyser_publisher_drain(publisher, 0));
	refused(GEYSER_ERROR_TIMEOUT, "hold", geyser_publisher_flush(publisher, 0));
	ok(geyser_subscriber_release(every, frame));
	ok(geyser_publisher_flush(publisher, 0));
	geyser_subscriber_destroy(every);
	geyser_publisher_destroy(publisher);
}

static void stats_count(void **state)
{
	struct geyser_publisher *publisher = publish(state, "stats", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "stats", GEYSER_DELIVER_LATEST);
	struct geyser_subscriber_stats stats = subscriber_stats(subscriber);
	struct geyser_frame *frame;

	assert_int_equal(stats.frames + stats.dropped, 0);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.latency_p50_ns + stats.latency_p99_ns, 0);
	submit_all(publisher, 1, 3);
	frame = take(subscriber, 3);
	assert_int_equal(publisher_stats(publisher).frames, 3);
	assert_int_equal(publisher_stats(publisher).subscribers, 1);
	assert_int_equal(publisher_stats(publisher).buffers_held, 1);
	ok(geyser_subscriber_release(subscriber, frame));
	assert_int_equal(publisher_stats(publisher).buffers_held, 0);
	stats = subscriber_stats(subscriber);
	assert_int_equal(stats.frames, 1);
	assert_int_equal(stats.dropped, 2);
	assert_in_range(stats.latency_p50_ns, 1, PATIENCE);
	assert_in_range(stats.latency_p99_ns, stats.latency_p50_ns, PATIENCE);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* ---- the directory ---- */

static void expect_camera(const struct geyser_stream_info *info)
{
	assert_string_equal(info->name, "camera");
	assert_string_equal(info->application, "a camera's");
	assert_int_equal(info->pid, getpid());
	assert_int_equal(info->format, GEYSER_FORMAT_RGBA8_UNORM);
	assert_int_equal(info->width, STREAM_WIDTH);
	assert_int_equal(info->height, STREAM_HEIGHT);
	assert_int_equal(info->buffers, 5);
	assert_int_equal(info->frame_rate_num, 30000);
	assert_int_equal(info->frame_rate_den, 1001);
	assert_int_equal(info->pacing, GEYSER_PACING_LOSSLESS);
	assert_int_equal(info->path, GEYSER_PATH_ZERO_COPY);
	assert_int_equal(info->subscribers, 1);
	assert_int_equal(info->frames, 2);
	assert_int_equal(info->dropped, 0);
	assert_in_range(info->latency_p50_ns, 1, PATIENCE);
}

static void the_list_says_all(void **state)
{
	struct geyser_stream_desc desc = stream_desc("camera", 5, GEYSER_PACING_LOSSLESS);
	struct geyser_manager *manager = manager_called("a camera's");
	struct geyser_stream_info *streams = JUNK, found;
	struct geyser_subscriber *subscriber;
	struct geyser_publisher *camera, *other;
	size_t count = 7;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_stream_list(NULL, &count));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "count is NULL", geyser_stream_list(&streams, NULL));
	geyser_stream_list_free(NULL);
	ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 0);
	geyser_stream_list_free(streams);
	desc.frame_rate_num = 30000;
	desc.frame_rate_den = 1001;
	ok(geyser_publisher_create(manager, &desc, &camera));
	other = publish(state, "another", 0);
	subscriber = subscribe(state, "camera", GEYSER_DELIVER_EVERY);
	for (uint32_t i = 1; i <= 2; i++) {
		submit(camera, i);
		pass(subscriber, i);
	}
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "name is NULL", geyser_stream_find(NULL, &found));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL", geyser_stream_find("camera", NULL));
	refused(GEYSER_ERROR_NOT_FOUND, "no stream is called \"cam\"",
		geyser_stream_find("cam", &found));
	ok(geyser_stream_find("camera", &found));
	expect_camera(&found);
	ok(geyser_stream_find("another", &found));
	assert_string_equal(found.name, "another");
	ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 2);
	assert_string_equal(streams[0].name, "another");
	assert_int_equal(streams[0].buffers, 3);
	assert_int_equal(streams[0].frames + streams[0].frame_rate_num, 0);
	expect_camera(&streams[1]);
	assert_int_equal(streams[1].backend, geyser_manager_get_backend(manager));
	geyser_stream_list_free(streams);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(camera);
	geyser_publisher_destroy(other);
	geyser_manager_destroy(manager);
}

struct changes {
	char text[256]; /* "+name " for a new stream, "-name " for an ended one */
};

static void note_change(enum geyser_stream_change change, const char *name, void *user)
{
	struct changes *changes = user;
	size_t used = strlen(changes->text);

	(void)snprintf(changes->text + used, sizeof(changes->text) - used, "%c%s ",
		change == GEYSER_STREAM_ADDED ? '+' : '-', name);
}

static void expect_changes(
	struct geyser_stream_watch *watch, struct changes *changes, const char *wanted)
{
	uint64_t end = now_ns() + PATIENCE;

	changes->text[0] = '\0';
	while (strlen(changes->text) < strlen(wanted)) {
		assert_true(readable(geyser_stream_watch_fd(watch), PATIENCE));
		(void)geyser_stream_watch_dispatch(watch, 0);
		assert_true(now_ns() < end);
	}
	assert_string_equal(changes->text, wanted);
}

static void the_watch_tells_of_changes(void **state)
{
	struct geyser_publisher *a = publish(state, "a", 2), *b;
	struct geyser_stream_watch *watch = JUNK;
	struct changes changes = {""};

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "callback is NULL",
		geyser_stream_watch_create(NULL, NULL, &watch));
	assert_null(watch);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_stream_watch_create(note_change, NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "watch is NULL",
		geyser_stream_watch_dispatch(NULL, 0));
	geyser_stream_watch_destroy(NULL);
	ok(geyser_stream_watch_create(note_change, &changes, &watch));
	assert_true(fd_is_cloexec(geyser_stream_watch_fd(watch)));
	/* the first dispatch reports the streams that exist */
	ok(geyser_stream_watch_dispatch(watch, 0));
	assert_string_equal(changes.text, "+a ");
	refused(GEYSER_ERROR_TIMEOUT, "", geyser_stream_watch_dispatch(watch, 0));
	refused(GEYSER_ERROR_TIMEOUT, "", geyser_stream_watch_dispatch(watch, 5 * MILLISECOND));
	b = publish(state, "b/2", 2);
	expect_changes(watch, &changes, "+b/2 ");
	geyser_publisher_destroy(a);
	expect_changes(watch, &changes, "-a ");
	geyser_publisher_destroy(b);
	changes.text[0] = '\0';
	ok(geyser_stream_watch_dispatch(watch, PATIENCE));
	assert_string_equal(changes.text, "-b/2 ");
	geyser_stream_watch_destroy(watch);
}

/* ---- nothing grows ---- */

#define CYCLES (SANITIZED ? 150u : 2000u)
#define TOLERANCE (UINT64_C(512) << 10) /* in bytes */

static void cycle(void **state, unsigned index)
{
	struct geyser_publisher *publisher = publish(state, "cycle", 2);
	struct geyser_subscriber *subscriber =
		subscribe(state, "cycle", (enum geyser_delivery)(index % 2));

	submit(publisher, 1);
	if (index % 3 == 0)
		(void)take(subscriber, 1);
	else
		pass(subscriber, 1);
	if (index % 2)
		geyser_publisher_destroy(publisher);
	geyser_subscriber_destroy(subscriber);
	if (index % 2 == 0)
		geyser_publisher_destroy(publisher);
}

static void cycles_leave_nothing(void **state)
{
	unsigned before, entries;
	uint64_t resident;

	for (unsigned i = 0; i < 100; i++)
		cycle(state, i);
	before = fd_count();
	entries = registry_entries();
	resident = resident_bytes();
	for (unsigned i = 0; i < CYCLES; i++)
		cycle(state, i);
	assert_in_range(fd_count(), 0, before + 2); /* one connection may just be closing */
	assert_int_equal(registry_entries(), entries);
	if (!SANITIZED)
		assert_in_range(resident_bytes(), 0, resident + TOLERANCE);
}

static const struct CMUnitTest tests[] = {
	test(names_that_do),
	test(names_that_do_not),
	test(a_taken_name_says_who_has_it),
	test(subscribe_to_nobody),
	test(subscribers_may_come_first),
	test(there_may_be_64_subscribers),
	test(the_end_is_said_once),
	test(who_comes_back_is_found),
	test(who_waits_is_told_of_the_end),
	test(closing_ends_a_wait_to_draw),
	test(the_descriptor_says_when_there_is_something),
	test(a_descriptor_outlives_its_subscriber),
	test(coming_and_going_is_told),
	test(flush_waits_for_who_owes),
	test(drain_waits_for_no_holder),
	test(stats_count),
	test(the_list_says_all),
	test(the_watch_tells_of_changes),
	test(cycles_leave_nothing),
};

const struct group stream_life_group = {"stream-life", tests, COUNT_OF(tests), NULL};
