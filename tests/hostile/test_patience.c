/*
 * Publishers and exporters that are silent, slow or stopped, answer by half or accept no connection
 * hold no call up for longer than its timeout.
 *
 * "test_patience measure COUNT" prints how much longer the calls take.
 */
#include "helper.h"
#include "manners.h"

#include "base/clock.h"

#include <geyser/stream.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIDE 16
#define SLACK (3 * GY_SECOND) /* for a busy machine and for sanitizers */

/* ---- calls ---- */

struct call {
	const char *name;
	enum manner manner; /* of the publisher during the call */
	struct geyser_manager *manager;
	struct publisher publisher;
	struct geyser_subscriber *subscriber;
	void (*prepare)(struct call *call);
	enum geyser_result (*make)(struct call *call, uint64_t timeout_ns);
	void (*finish)(struct call *call);
	bool no_timeout; /* the call has none, and must return at once */
};

static void drop(struct call *call)
{
	geyser_subscriber_destroy(call->subscriber);
	call->subscriber = NULL;
}

/* create succeeds once the publisher has accepted the subscriber. Without buffers the first acquire
 * then waits. */
static enum geyser_result create(struct call *call, uint64_t timeout_ns)
{
	struct geyser_subscriber *subscriber;
	enum geyser_result result = subscribe(call->manager, timeout_ns, &subscriber);
	struct geyser_frame *frame;

	if (result == GEYSER_OK && call->manner == NO_BUFFER)
		result = geyser_subscriber_acquire(subscriber, 0, &frame);
	geyser_subscriber_destroy(subscriber);
	return result;
}

static enum geyser_result acquire(struct call *call, uint64_t timeout_ns)
{
	struct geyser_frame *frame;
	enum geyser_result result = geyser_subscriber_acquire(call->subscriber, timeout_ns, &frame);

	if (result == GEYSER_OK)
		assert_ok(geyser_subscriber_release(call->subscriber, frame));
	return result;
}

static void connect_well(struct call *call)
{
	call->publisher.manner = QUICK;
	assert_ok(subscribe(call->manager, PATIENCE, &call->subscriber));
}

/* The subscriber has a frame whose buffer it must ask for. */
static void prepare_fetch(struct call *call)
{
	connect_well(call);
	call->publisher.manner = (int)call->manner;
	publish_frame(&call->publisher, 1, OTHER_GENERATION);
}

/* The subscriber's publisher has gone, and another one is there. */
static void prepare_reconnect(struct call *call)
{
	struct geyser_frame *frame;

	connect_well(call);
	stop_publisher(&call->publisher);
	assert_fails(GEYSER_ERROR_DISCONNECTED, "has died",
		geyser_subscriber_acquire(call->subscriber, PATIENCE, &frame));
	start_publisher(&call->publisher, call->manner);
}

/* The subscriber's thread has sent a request that no publisher answers. */
static void prepare_thread(struct call *call)
{
	uint32_t before;
	int fd;

	prepare_reconnect(call);
	before = call->publisher.requests;
	assert_ok(geyser_subscriber_fd(call->subscriber, &fd));
	(void)close(fd);
	while (call->manner != DEAF && call->publisher.requests == before)
		(void)usleep(1000);
}

static enum geyser_result destroy(struct call *call, uint64_t timeout_ns)
{
	(void)timeout_ns;
	drop(call);
	return GEYSER_ERROR_TIMEOUT;
}

static enum geyser_result read_stats(struct call *call, uint64_t timeout_ns)
{
	struct geyser_subscriber_stats stats;

	(void)timeout_ns;
	assert_ok(geyser_subscriber_get_stats(call->subscriber, &stats));
	return GEYSER_ERROR_TIMEOUT;
}

static enum geyser_result import_texture(struct call *call, uint64_t timeout_ns)
{
	const struct geyser_handle handle = fake_handle(&call->publisher.fake, GY_HANDLE_TEXTURE);
	struct geyser_manager *manager = make_manager(timeout_ns ? timeout_ns : 1);
	struct geyser_texture *texture;
	enum geyser_result result = geyser_texture_import(manager, &handle, NULL, &texture);

	geyser_manager_destroy(manager);
	return result;
}

static enum geyser_result import_event(struct call *call, uint64_t timeout_ns)
{
	const struct geyser_handle handle = fake_handle(&call->publisher.fake, GY_HANDLE_EVENT);
	struct geyser_manager *manager = make_manager(timeout_ns ? timeout_ns : 1);
	struct geyser_event *event;
	enum geyser_result result = geyser_event_import(manager, &handle, &event);

	geyser_manager_destroy(manager);
	return result;
}

static const struct call calls[] = {
	{.name = "subscriber_create", .make = create},
	{.name = "acquire, a new buffer",
		.prepare = prepare_fetch,
		.make = acquire,
		.finish = drop},
	{.name = "acquire, reconnecting",
		.prepare = prepare_reconnect,
		.make = acquire,
		.finish = drop},
	{.name = "acquire, the thread asks",
		.prepare = prepare_thread,
		.make = acquire,
		.finish = drop},
	{.name = "get_stats, the thread asks",
		.prepare = prepare_thread,
		.make = read_stats,
		.finish = drop,
		.no_timeout = true},
	{.name = "destroy, the thread asks",
		.prepare = prepare_thread,
		.make = destroy,
		.no_timeout = true},
	{.name = "texture_import", .make = import_texture},
	{.name = "event_import", .make = import_event},
};

static const uint64_t timeouts[] = {0, 10 * GY_MILLISECOND, 100 * GY_MILLISECOND};

/* No subscriber can be connected to a publisher that accepts no connection, or answers SUBSCRIBE by
 * half. */
static bool makes_sense(const struct call *call, enum manner manner)
{
	if (call->prepare == prepare_fetch)
		return manner == SILENT || manner == NO_BUFFER;
	if (call->make == import_texture || call->make == import_event)
		return manner == SILENT || manner == DEAF;
	return manner != QUICK && manner != SLOW && manner != LATE;
}

/* Makes the call, which must end in a timeout, and returns how long it took. Another publisher is
 * there after it, if the call began with one that answers. */
static uint64_t measure(struct call *call, uint64_t timeout_ns)
{
	uint64_t before;
	enum geyser_result result;

	if (call->prepare)
		call->prepare(call);
	before = gy_now();
	result = call->make(call, timeout_ns);
	before = gy_now() - before;
	if (result != GEYSER_ERROR_TIMEOUT)
		print_error("%s, %s: %s\n", call->name, manner_names[call->manner],
			geyser_result_string(result));
	assert_int_equal(result, GEYSER_ERROR_TIMEOUT);
	if (call->finish)
		call->finish(call);
	if (call->prepare) {
		stop_publisher(&call->publisher);
		start_publisher(&call->publisher, QUICK);
	}
	return before;
}

/* Calls use() for each call and each manner of a publisher that makes sense. */
static void with_each_call(void (*use)(struct call *call))
{
	for (size_t i = 0; i < TEST_COUNT(calls); i++)
		for (unsigned manner = 0; manner < MANNERS; manner++) {
			struct call call = calls[i];

			call.manner = (enum manner)manner;
			if (!makes_sense(&call, call.manner))
				continue;
			call.manager = make_manager(IMPORT_TIMEOUT);
			start_publisher(&call.publisher, call.prepare ? QUICK : call.manner);
			use(&call);
			stop_publisher(&call.publisher);
			geyser_manager_destroy(call.manager);
		}
}

static void expect_in_time(struct call *call)
{
	for (size_t i = 0; i < TEST_COUNT(timeouts); i++) {
		const uint64_t most = call->no_timeout ? 0 : timeouts[i];

		assert_in_range(measure(call, timeouts[i]), 0, most + SLACK);
	}
}

static void every_call_ends_in_time(void **state)
{
	(void)state;
	with_each_call(expect_in_time);
}

/* ---- a process that is stopped ---- */

static int publish_until_killed(int orders, int reports, void *data)
{
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = SIDE, .height = SIDE},
	};
	struct geyser_manager *manager = make_manager(0);
	struct geyser_publisher *publisher;

	(void)orders;
	(void)data;
	if (geyser_publisher_create(manager, &desc, &publisher) || !say_ready(reports))
		return 1;
	for (;;)
		(void)pause();
}

/* Returns when the publisher's process has stopped. */
static struct helper start_stopped(void)
{
	const struct helper helper = start_helper(publish_until_killed, NULL);
	int status;

	await_helper(&helper);
	assert_int_equal(kill(helper.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(helper.pid, &status, WUNTRACED), helper.pid);
	return helper;
}

/* Apple's systems don't say whether a process is stopped. */
#ifdef GEYSER_PLATFORM_APPLE
#define SILENT "doesn't answer"
#else
#define SILENT "is stopped"
#endif

static void a_stopped_publisher_is_called_so(void **state)
{
	const struct helper stopped = start_stopped();
	struct geyser_manager *manager = make_manager(IMPORT_TIMEOUT);
	struct geyser_subscriber *subscriber;
	uint64_t before;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(timeouts); i++) {
		before = gy_now();
		assert_fails(
			GEYSER_ERROR_TIMEOUT, SILENT, subscribe(manager, timeouts[i], &subscriber));
		assert_in_range(gy_now() - before, 0, timeouts[i] + SLACK);
	}
	assert_int_equal(kill(stopped.pid, SIGCONT), 0);
	assert_ok(subscribe(manager, PATIENCE, &subscriber));
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
	kill_helper(&stopped);
}

/* ---- measuring ---- */

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print_line(const struct call *call, uint64_t timeout_ns, uint64_t *over, size_t count)
{
	const size_t at[] = {count / 2, count * 99 / 100, count * 999 / 1000, count - 1};
	const double ms = (double)GY_MILLISECOND;

	qsort(over, count, sizeof(*over), compare);
	print_message("%-28s %-10s %4.0f ms: %6.2f %6.2f %6.2f %6.2f ms over\n", call->name,
		manner_names[call->manner], (double)timeout_ns / ms, (double)over[at[0]] / ms,
		(double)over[at[1]] / ms, (double)over[at[2]] / ms, (double)over[at[3]] / ms);
}

static size_t measurements; /* of each kind */

static void measure_often(struct call *call, uint64_t timeout_ns)
{
	const size_t count = measurements;
	uint64_t *over = calloc(count, sizeof(*over));
	const uint64_t allowed = call->no_timeout ? 0 : timeout_ns;

	assert_non_null(over);
	for (size_t i = 0; i < count; i++) {
		uint64_t took = measure(call, timeout_ns);

		over[i] = took > allowed ? took - allowed : 0;
	}
	print_line(call, timeout_ns, over, count);
	free(over);
}

static void measure_call(struct call *call)
{
	measure_often(call, 0);
	if (!call->no_timeout)
		measure_often(call, timeouts[1]);
}

static void measure_all(void **state)
{
	(void)state;
	print_message("%-28s %-10s  timeout: p50, p99, p99.9, max\n", "call", "publisher");
	with_each_call(measure_call);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_ends_in_time),
		cmocka_unit_test(a_stopped_publisher_is_called_so),
	};
	const struct CMUnitTest measuring[] = {cmocka_unit_test(measure_all)};

	if (argc == 3 && strcmp(argv[1], "measure") == 0) {
		measurements = strtoul(argv[2], NULL, 10);
		return test_run(
			"measuring patience", measuring, test_runtime_enter, test_runtime_leave);
	}
	test_limit(100);
	return test_run("hostile patience", tests, test_runtime_enter, test_runtime_leave);
}
