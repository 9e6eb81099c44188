/*
 * The events of a stream whose frames a device draws. A hostile subscriber gets the events' pages
 * and its lease memory, and can write into the lease memory alone. So it can neither raise an event
 * nor declare the device lost, and other subscribers sleep and wake as without it. $GEYSER_BACKEND
 * names the device's backend.
 */
#include "helper.h"
#include "peer.h"

#include "base/clock.h"
#include "core/event.h"
#include "ipc/registry/names.h"
#include "stream/publisher_state.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define NAME "drawn"
#define SIDE 16
#define SOON (20 * GY_SECOND) /* for a busy machine and for sanitizers */

static struct geyser_manager *manager, *host;
static struct geyser_publisher *publisher;

static int publish(void **state)
{
	const struct geyser_manager_desc on_host = {.backend = GEYSER_BACKEND_HOST};
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = SIDE, .height = SIDE},
		.buffers = 4,
	};

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	assert_ok(geyser_manager_create(&on_host, &host));
	assert_ok(geyser_publisher_create(manager, &desc, &publisher));
	assert_non_null(publisher->ready); /* else this backend has no device */
	return 0;
}

static int end(void **state)
{
	(void)state;
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(host);
	geyser_manager_destroy(manager);
	return 0;
}

/* Submits a frame that isn't drawn yet, and returns the point that says when it is. */
static struct geyser_point submit(void)
{
	struct geyser_frame *frame;
	struct geyser_point point;

	assert_ok(geyser_publisher_acquire(publisher, SOON, &frame));
	assert_ok(geyser_frame_signal_point(frame, &point));
	assert_ok(geyser_publisher_submit(publisher, frame));
	return point;
}

static void draw(struct geyser_point point)
{
	assert_ok(geyser_event_signal(point.event, point.value));
}

static struct geyser_subscriber *subscribe(struct geyser_manager *by)
{
	const struct geyser_subscriber_desc desc = {.name = NAME};
	struct geyser_subscriber *subscriber;

	assert_ok(geyser_subscriber_create(by, &desc, &subscriber));
	return subscriber;
}

/* ---- a subscriber without the library ---- */

struct raw {
	int connection;
	struct gy_lease_memory *lease;
	int pages[2]; /* of the frames' event and of the mirrors' event */
};

static int receive_fd(int connection)
{
	struct gy_packet packet;
	int fd;

	assert_ok(gy_packet_receive(connection, &packet, &fd));
	assert_true(fd >= 0);
	return fd;
}

static struct raw subscribe_raw(void)
{
	struct gy_message request = {.type = GY_WIRE_SUBSCRIBE, .sequence = 1};
	struct gy_registry registry;
	struct raw raw;
	uint64_t instance;
	int fd;

	assert_ok(test_open_registry(false, &registry));
	assert_ok(gy_registry_find_name(&registry, NAME, &instance));
	gy_registry_close(&registry);
	(void)snprintf(request.name.name, sizeof(request.name.name), "%s", NAME);
	raw.connection = peer_greet(instance);
	assert_true(peer_send_message(raw.connection, &request, -1));
	(void)close(receive_fd(raw.connection)); /* the ring */
	fd = receive_fd(raw.connection);
	raw.lease = mmap(NULL, sizeof(*raw.lease), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(raw.lease != MAP_FAILED);
	assert_int_equal(close(fd), 0);
	for (int mirror = 0; mirror < 2; mirror++) {
		request = (struct gy_message){
			.type = GY_WIRE_READY, .sequence = 2, .ready.mirror = mirror};
		assert_true(peer_send_message(raw.connection, &request, -1));
		raw.pages[mirror] = receive_fd(raw.connection);
	}
	return raw;
}

static void leave_raw(struct raw *raw)
{
	assert_int_equal(munmap(raw->lease, sizeof(*raw->lease)), 0);
	assert_int_equal(close(raw->pages[0]), 0);
	assert_int_equal(close(raw->pages[1]), 0);
	assert_int_equal(close(raw->connection), 0);
}

static void assert_not_mapped(int fd, int protection)
{
	void *page = mmap(NULL, GY_TIMELINE_SIZE, protection, MAP_SHARED, fd, 0);

	assert_true(page == MAP_FAILED);
}

static void assert_only_readable(int fd)
{
	char path[64];
	struct gy_memory_info memory = {.writable = true};
	void *page;
	int again;

	assert_ok(gy_memory_check(fd, &memory));
	assert_false(memory.writable);
	assert_true(memory.size >= GY_TIMELINE_SIZE);
#ifndef GEYSER_PLATFORM_APPLE
	assert_true(fcntl(fd, F_GET_SEALS) & F_SEAL_FUTURE_WRITE);
	assert_true(fcntl(fd, F_GET_SEALS) & F_SEAL_SEAL);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	assert_true(again >= 0); /* the kernel allows this, but not a writable mapping */
	assert_not_mapped(again, PROT_WRITE);
	assert_int_equal(close(again), 0);
#else
	(void)path;
	(void)again;
#endif
	assert_not_mapped(fd, PROT_READ | PROT_WRITE);
	assert_true(pwrite(fd, "x", 1, 0) < 0);
	page = mmap(NULL, GY_TIMELINE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(page != MAP_FAILED);
	assert_true(mprotect(page, GY_TIMELINE_SIZE, PROT_READ | PROT_WRITE) < 0);
	assert_int_equal(munmap(page, GY_TIMELINE_SIZE), 0);
}

static void the_pages_can_only_be_read(void **state)
{
	struct raw raw = subscribe_raw();

	(void)state;
	assert_only_readable(raw.pages[0]);
	assert_only_readable(raw.pages[1]);
	leave_raw(&raw);
}

/* The notice has the values that a subscriber's device will wait for. */
static void the_notice_says_which_frames_are_drawn(void **state)
{
	struct raw raw = subscribe_raw();
	const struct gy_notice_page *notice = &raw.lease->notice;
	struct geyser_point point = submit();

	(void)state;
	assert_true(atomic_load(&notice->ready) == 0);
	draw(point);
	assert_true(atomic_load(&notice->ready) == point.value);
	assert_true(atomic_load(&notice->mirror_ready) == 0);
	leave_raw(&raw);
	draw(submit());
}

/* ---- the events in the library ---- */

static void only_the_publisher_signals(void **state)
{
	struct geyser_subscriber *subscriber = subscribe(manager);
	struct geyser_point point = submit(), wait;
	struct geyser_frame *frame;
	struct geyser_handle handle;
	uint64_t value;

	(void)state;
	assert_ok(geyser_subscriber_acquire(subscriber, SOON, &frame));
	assert_ok(geyser_frame_wait_point(frame, &wait));
	assert_non_null(wait.event);
	assert_fails(
		GEYSER_ERROR_PERMISSION, "publisher", geyser_event_signal(wait.event, wait.value));
	assert_fails(GEYSER_ERROR_PERMISSION, "stream", geyser_event_export(wait.event, &handle));
	assert_fails(GEYSER_ERROR_PERMISSION, "stream", geyser_event_export(point.event, &handle));
	assert_ok(geyser_event_value(wait.event, &value));
	assert_true(value < wait.value);
	draw(point);
	assert_ok(geyser_event_wait(wait.event, wait.value, SOON));
	assert_ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
}

/* A caller with a reference may wait for longer than the subscriber lives. */
static void an_event_outlives_its_subscriber(void **state)
{
	struct geyser_subscriber *subscriber = subscribe(manager);
	struct geyser_point points[] = {submit(), submit()}, wait;
	struct geyser_frame *frame;
	struct geyser_event *event;

	(void)state;
	assert_ok(geyser_subscriber_acquire(subscriber, SOON, &frame));
	assert_ok(geyser_frame_wait_point(frame, &wait));
	event = geyser_event_ref(wait.event);
	assert_ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	assert_fails(GEYSER_ERROR_TIMEOUT, "",
		geyser_event_wait(event, points[0].value, GY_MILLISECOND));
	draw(points[0]);
	assert_ok(geyser_event_wait(event, points[0].value, SOON));
	draw(points[1]);
	assert_ok(geyser_event_wait(event, points[1].value, SOON));
	geyser_publisher_destroy(publisher);
	publisher = NULL;
	assert_fails(
		GEYSER_ERROR_DISCONNECTED, "", geyser_event_wait(event, points[1].value + 1, SOON));
	geyser_event_unref(event);
}

static void *await_point(void *data)
{
	const struct geyser_point *point = data;

	return geyser_event_wait(point->event, point->value, UINT64_MAX) == GEYSER_OK ? data : NULL;
}

static void raise_pipe(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	const char byte = result == GEYSER_OK ? 'y' : 'n';

	(void)event;
	(void)value;
	if (write(*(int *)user, &byte, 1) != 1)
		abort();
}

/* The waits have no deadline: a lost wake-up hangs the test. */
static void every_way_of_waiting_ends(void **state)
{
	struct geyser_subscriber *subscriber = subscribe(manager);
	struct geyser_point point = submit(), wait;
	struct pollfd readable = {.events = POLLIN};
	struct geyser_frame *frame;
	pthread_t threads[4];
	void *reached;
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(test_pipe(ends), 0);
	assert_ok(geyser_subscriber_acquire(subscriber, SOON, &frame));
	assert_ok(geyser_frame_wait_point(frame, &wait));
	for (size_t i = 0; i < TEST_COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, await_point, &wait), 0);
	assert_ok(geyser_event_notify(wait.event, wait.value, raise_pipe, &ends[1]));
	assert_ok(geyser_event_fd(wait.event, wait.value, &readable.fd));
	assert_int_equal(poll(&readable, 1, 0), 0);
	while (atomic_load(&publisher->subscriptions[0]->lease->ready_sleepers) <
		TEST_COUNT(threads))
		;
	draw(point);
	for (size_t i = 0; i < TEST_COUNT(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &reached), 0);
		assert_ptr_equal(reached, &wait);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_int_equal(poll(&readable, 1, -1), 1);
	assert_int_equal(close(readable.fd), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
	assert_ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
}

struct reader {
	struct geyser_subscriber *subscriber;
	_Atomic unsigned got, wrong;
	_Atomic uint64_t drawn; /* the sequence of the last drawn frame */
};

/* Reads on the host: a frame must not come before it is drawn. */
static void *read_frames(void *data)
{
	struct reader *reader = data;
	struct geyser_frame *frame;

	while (geyser_subscriber_acquire(reader->subscriber, UINT64_MAX, &frame) == GEYSER_OK) {
		if (geyser_frame_get_info(frame)->sequence > atomic_load(&reader->drawn))
			atomic_fetch_add(&reader->wrong, 1);
		(void)geyser_subscriber_release(reader->subscriber, frame);
		atomic_fetch_add(&reader->got, 1);
		gy_wake(&reader->got, false);
	}
	return NULL;
}

static void await_got(struct reader *reader, unsigned count)
{
	unsigned now;

	while ((now = atomic_load(&reader->got)) < count) {
		const struct gy_wait_word word = {.word = &reader->got, .expected = now};

		gy_wait(&word, 1, gy_deadline(SOON));
	}
}

/* Sets drawn before it draws: the reader may get the frame between the two. */
static void publish_to(struct reader *reader, unsigned count)
{
	for (unsigned i = 1; i <= count; i++) {
		struct geyser_point point = submit();

		atomic_store(&reader->drawn, atomic_load(&reader->drawn) + 1);
		draw(point);
		await_got(reader, i);
	}
}

struct noise {
	struct raw raw;
	atomic_bool stop;
	uint32_t pattern;
};

/* Writes into the words of lease and notice about events. test_holding.c is about the other words.
 */
static void *make_noise(void *data)
{
	struct noise *noise = data;
	struct gy_lease_memory *memory = noise->raw.lease;

	for (uint32_t i = 0; !atomic_load(&noise->stop); i++) {
		const uint32_t word = noise->pattern ? noise->pattern : i * 2654435761u;

		atomic_store(&memory->lease.ready_sleepers, word);
		atomic_store(&memory->lease.mirror_sleepers, word);
		atomic_store(&memory->notice.ready, word);
		atomic_store(&memory->notice.mirror_ready, UINT64_MAX - word);
	}
	return NULL;
}

static void a_liar_beside_an_honest_reader(void **state)
{
	static const uint32_t patterns[] = {0, 1, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(patterns); i++) {
		struct reader reader = {.subscriber = subscribe(host)};
		struct noise noise = {.raw = subscribe_raw(), .pattern = patterns[i]};
		struct geyser_publisher_stats stats;
		pthread_t threads[2];

		assert_ok(geyser_publisher_get_stats(publisher, &stats));
		atomic_store(&reader.drawn, stats.frames);
		assert_int_equal(pthread_create(&threads[0], NULL, make_noise, &noise), 0);
		assert_int_equal(pthread_create(&threads[1], NULL, read_frames, &reader), 0);
		publish_to(&reader, 50);
		atomic_store(&noise.stop, true);
		assert_int_equal(pthread_join(threads[0], NULL), 0);
		leave_raw(&noise.raw);
		end(NULL); /* which ends the reader's wait */
		assert_int_equal(pthread_join(threads[1], NULL), 0);
		assert_int_equal(atomic_load(&reader.wrong), 0);
		geyser_subscriber_destroy(reader.subscriber);
		publish(NULL);
	}
}

/* ---- a subscriber that dies in its sleep ---- */

static int sleep_for_ever(int orders, int reports, void *data)
{
	const struct geyser_subscriber_desc desc = {.name = NAME, .connect_timeout_ns = SOON};
	struct geyser_subscriber *subscriber;
	struct geyser_manager *own;
	struct geyser_frame *frame;

	(void)orders;
	(void)data;
	if (geyser_manager_create(&(struct geyser_manager_desc){.backend = GEYSER_BACKEND_HOST},
		    &own) != GEYSER_OK ||
		geyser_subscriber_create(own, &desc, &subscriber) != GEYSER_OK ||
		!say_ready(reports))
		return 1;
	for (;;)
		(void)geyser_subscriber_acquire(subscriber, UINT64_MAX, &frame);
}

/* The child is forked while this process has no manager, and makes one on the host. */
static void a_death_in_sleep_costs_nobody_a_wake_up(void **state)
{
	struct geyser_point point;
	struct reader reader = {.drawn = 1};
	struct gy_subscription *dead;
	struct helper child;
	pthread_t thread;

	end(NULL);
	child = start_helper(sleep_for_ever, NULL);
	publish(state);
	await_helper(&child);
	dead = publisher->subscriptions[0];
	reader.subscriber = subscribe(host);
	point = submit();
	assert_int_equal(pthread_create(&thread, NULL, read_frames, &reader), 0);
	while (!atomic_load(&dead->lease->mirror_sleepers) ||
		!atomic_load(&publisher->subscriptions[1]->lease->mirror_sleepers))
		;
	kill_helper(&child);
	draw(point);
	await_got(&reader, 1);
	end(NULL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load(&reader.wrong), 0);
	geyser_subscriber_destroy(reader.subscriber);
	publish(state);
}

#define ready_test(name) cmocka_unit_test_setup_teardown(name, publish, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ready_test(the_pages_can_only_be_read),
		ready_test(the_notice_says_which_frames_are_drawn),
		ready_test(only_the_publisher_signals),
		ready_test(an_event_outlives_its_subscriber),
		ready_test(every_way_of_waiting_ends),
		ready_test(a_liar_beside_an_honest_reader),
		ready_test(a_death_in_sleep_costs_nobody_a_wake_up),
	};

	test_limit(100);
	return test_run("hostile ready", tests, test_runtime_enter, test_runtime_leave);
}
