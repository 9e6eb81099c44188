/* Publishers that answer late, or with buffers of another generation: their subscribers reach them
 * in the end, and ask no request twice. */
#include "manners.h"

#include "base/clock.h"

#include <geyser/stream.h>

#include <poll.h>
#include <unistd.h>

struct scene {
	struct geyser_manager *manager;
	struct geyser_subscriber *subscriber;
	struct publisher publisher;
};

/* Starts the publisher. The caller creates the subscriber. */
static void begin(struct scene *scene, enum manner manner)
{
	scene->manager = make_manager(IMPORT_TIMEOUT);
	scene->subscriber = NULL;
	start_publisher(&scene->publisher, manner);
}

static void end(struct scene *scene)
{
	geyser_subscriber_destroy(scene->subscriber);
	geyser_manager_destroy(scene->manager);
	stop_publisher(&scene->publisher);
}

/* Acquires the next frame within the timeout and releases it. */
static void take(struct scene *scene, uint64_t timeout_ns)
{
	struct geyser_frame *frame;

	assert_ok(geyser_subscriber_acquire(scene->subscriber, timeout_ns, &frame));
	assert_ok(geyser_subscriber_release(scene->subscriber, frame));
}

/* ---- slow but honest publishers are reached in the end ---- */

static void a_slow_publisher_is_reached_by_short_calls(void **state)
{
	const uint64_t deadline = gy_deadline(PATIENCE);
	struct geyser_frame *frame;
	enum geyser_result result;
	unsigned calls_made = 0;
	struct scene scene;

	(void)state;
	begin(&scene, QUICK);
	assert_ok(subscribe(scene.manager, PATIENCE, &scene.subscriber));
	stop_publisher(&scene.publisher);
	assert_fails(GEYSER_ERROR_DISCONNECTED, "has died",
		geyser_subscriber_acquire(scene.subscriber, PATIENCE, &frame));
	start_publisher(&scene.publisher, SLOW);
	publish_frame(&scene.publisher, 1, 0);
	do {
		result = geyser_subscriber_acquire(scene.subscriber, GY_MILLISECOND, &frame);
		calls_made++;
	} while (result == GEYSER_ERROR_TIMEOUT && gy_now() < deadline);
	assert_ok(result);
	assert_true(calls_made > 1);
	assert_int_equal(scene.publisher.fake.served, 1); /* one connection serves all calls */
	assert_int_equal(scene.publisher.requests, 1 + BUFFERS);
	end(&scene);
}

/* ---- a publisher whose buffers come later ---- */

/* Subscribes while the publisher has no buffers. */
static struct geyser_subscriber *subscribe_early(struct geyser_manager *manager)
{
	const uint64_t deadline = gy_deadline(PATIENCE);
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	enum geyser_result result;

	do /* each attempt ends after the library's grace */
		result = subscribe(manager, 0, &subscriber);
	while (result == GEYSER_ERROR_TIMEOUT && gy_now() < deadline);
	assert_ok(result);
	assert_fails(GEYSER_ERROR_TIMEOUT, "doesn't answer",
		geyser_subscriber_acquire(subscriber, 0, &frame));
	return subscriber;
}

/* Subscribes to a publisher that has a frame, but no buffers yet. */
static void begin_early(struct scene *scene)
{
	begin(scene, LATE);
	publish_frame(&scene->publisher, 1, 0);
	scene->subscriber = subscribe_early(scene->manager);
}

static void buffers_may_come_after_the_subscriber(void **state)
{
	struct scene scene;

	(void)state;
	begin_early(&scene);
	scene.publisher.has_buffers = true;
	take(&scene, PATIENCE);
	assert_int_equal(scene.publisher.fake.served, 1);
	end(&scene);
}

static void who_polls_is_told_that_they_have_come(void **state)
{
	struct pollfd readable = {.events = POLLIN};
	struct scene scene;

	(void)state;
	begin_early(&scene);
	assert_ok(geyser_subscriber_fd(scene.subscriber, &readable.fd));
	assert_int_equal(poll(&readable, 1, 0), 0);
	scene.publisher.has_buffers = true;
	assert_int_equal(poll(&readable, 1, (int)(PATIENCE / GY_MILLISECOND)), 1);
	take(&scene, 0);
	(void)close(readable.fd);
	end(&scene);
}

/* Subscribes to a publisher without buffers and ends the publisher. polling: the thread
 * "geyser-stream" notices the end, and the publisher says that it closes the stream. */
static void lose_publisher(struct scene *scene, bool polling, struct pollfd *readable)
{
	scene->subscriber = subscribe_early(scene->manager);
	if (polling)
		assert_ok(geyser_subscriber_fd(scene->subscriber, &readable->fd));
	atomic_store(&scene->publisher.page->closed, polling);
	stop_publisher(&scene->publisher);
	if (polling)
		assert_int_equal(poll(readable, 1, (int)(PATIENCE / GY_MILLISECOND)), 1);
}

/* The caller learns of the end once, whether its own call or the thread "geyser-stream" notices
 * it. */
static void a_publisher_that_goes_before_they_come(void **state)
{
	struct geyser_frame *frame;

	(void)state;
	for (unsigned polling = 0; polling < 2; polling++) {
		struct pollfd readable = {.fd = -1, .events = POLLIN};
		struct scene scene;
		enum geyser_end how;

		begin(&scene, LATE);
		lose_publisher(&scene, polling, &readable);
		assert_fails(GEYSER_ERROR_DISCONNECTED, "before its first frame",
			geyser_subscriber_acquire(
				scene.subscriber, polling ? 0 : PATIENCE, &frame));
		assert_ok(geyser_subscriber_get_end(scene.subscriber, &how));
		assert_int_equal(how, polling ? GEYSER_END_CLOSED : GEYSER_END_BROKEN);
		assert_fails(GEYSER_ERROR_TIMEOUT, polling ? NULL : "nobody publishes",
			geyser_subscriber_acquire(scene.subscriber, 0, &frame));
		start_publisher(&scene.publisher, QUICK);
		publish_frame(&scene.publisher, 1, 0);
		take(&scene, PATIENCE);
		if (polling)
			(void)close(readable.fd);
		end(&scene);
	}
}

/* The records say a generation that the publisher's answers never have. */
static void a_wrong_generation_costs_one_request(void **state)
{
	struct geyser_frame *frame;
	struct scene scene;

	(void)state;
	begin(&scene, QUICK);
	assert_ok(subscribe(scene.manager, PATIENCE, &scene.subscriber));
	assert_int_equal(scene.publisher.requests, 1 + BUFFERS);
	for (uint64_t i = 1; i <= 20; i++) {
		publish_frame(&scene.publisher, i, OTHER_GENERATION);
		assert_fails(GEYSER_ERROR_TIMEOUT, NULL,
			geyser_subscriber_acquire(scene.subscriber, PATIENCE / 1000, &frame));
	}
	assert_int_equal(scene.publisher.requests, 1 + BUFFERS + 1);
	publish_frame(&scene.publisher, 21, 0); /* the generation that the buffers have */
	take(&scene, PATIENCE);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_publisher_is_reached_by_short_calls),
		cmocka_unit_test(buffers_may_come_after_the_subscriber),
		cmocka_unit_test(who_polls_is_told_that_they_have_come),
		cmocka_unit_test(a_publisher_that_goes_before_they_come),
		cmocka_unit_test(a_wrong_generation_costs_one_request),
	};

	test_limit(100);
	return test_run("hostile late", tests, test_runtime_enter, test_runtime_leave);
}
