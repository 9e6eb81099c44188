/*
 * Two processes that share an event and a stream, of which nothing is wanted at present: no thread
 * wakes up. With GEYSER_TEST_IDLE=10 the threads must sleep for ten seconds.
 */
#include "harness.h"
#include "wakeups.h"

#include <geyser/stream.h>

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

/* ---- what waits in this process ---- */

static void ended(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *endings)
{
	(void)event;
	(void)value;
	if (result == GEYSER_ERROR_DISCONNECTED)
		atomic_fetch_add((_Atomic int *)endings, 1);
}

struct waiting {
	struct geyser_subscriber *subscriber;
	struct geyser_event *event;
	enum geyser_result result;
};

static void *await_frame(void *data)
{
	struct waiting *waiting = data;
	struct geyser_frame *frame;

	test_count_me();
	waiting->result = geyser_subscriber_acquire(waiting->subscriber, UINT64_MAX, &frame);
	return NULL;
}

static void *await_value(void *data)
{
	struct waiting *waiting = data;

	test_count_me();
	waiting->result = geyser_event_wait(waiting->event, 10, UINT64_MAX);
	return NULL;
}

static struct geyser_subscriber *subscribe(struct geyser_manager *manager)
{
	const struct geyser_subscriber_desc desc = {.name = "idle", .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;

	ok(geyser_subscriber_create(manager, &desc, &subscriber));
	return subscriber;
}

/* A callback and a call wait for the event; a descriptor and a call for a frame. The exporter's
 * death then ends all of the waits. (An event's descriptor is looked at each second.) */
static void idle_processes_sleep(void **state)
{
	struct waiting for_value = {.result = GEYSER_OK}, for_frame = {.result = GEYSER_OK};
	struct geyser_handle handle;
	struct geyser_subscriber *with_fd;
	_Atomic int endings = 0;
	pthread_t threads[2];
	pid_t pids[2] = {0, getpid()};
	uint64_t end;
	struct peer exporter;
	int fd;

	start_exporter(&exporter, "create-event", "0");
	ask(&exporter, "publish idle rgba8unorm 64 48", "ok");
	with_fd = subscribe(manager_of(state));
	ok(geyser_subscriber_fd(with_fd, &fd));
	for_frame.subscriber = subscribe(manager_of(state));
	handle = handle_of(&exporter);
	for_value.event = import_event(manager_of(state), &handle);
	ok(geyser_event_notify(for_value.event, 11, ended, &endings));
	assert_int_equal(pthread_create(&threads[0], NULL, await_value, &for_value), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, await_frame, &for_frame), 0);
	make_wait(&exporter, "wait 10 18446744073709551615");
	pids[0] = exporter.pid;
	assert_true(test_stay_asleep(pids, COUNT_OF(pids)));
	kill_peer(&exporter);
	end = now_ns() + PATIENCE;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(for_value.result, GEYSER_ERROR_DISCONNECTED);
	assert_int_equal(for_frame.result, GEYSER_ERROR_DISCONNECTED);
	assert_true(readable(fd, PATIENCE));
	(void)close(fd);
	geyser_subscriber_destroy(with_fd);
	geyser_subscriber_destroy(for_frame.subscriber);
	while (atomic_load(&endings) == 0)
		assert_true(now_ns() < end);
	geyser_event_unref(for_value.event);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		littered_test(idle_processes_sleep),
	};

	return run_suite(argc, argv, "idle", tests, COUNT_OF(tests));
}
