/* Lists of streams. Each process gets all requests on one connection, and all processes get theirs
 * at the same time: those that don't answer cost one wait together. */
#include "harness.h"

#include <geyser/stream.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define MANY 40u /* streams of one process: more requests than are sent at once */

/* Stopped processes are waited for half a second; one after the other these would be several. */
#define WITHIN (UINT64_C(3) * 1000000000)

static void resume(struct peer *peer)
{
	assert_int_equal(kill(peer->pid, SIGCONT), 0);
	end_peer(peer);
}

/* How many begin with that, each a stream of that process, or by name alone with 0. */
static size_t count_listed(
	const struct geyser_stream_info *streams, size_t count, const char *begin, pid_t pid)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (strncmp(streams[i].name, begin, strlen(begin)) != 0)
			continue;
		assert_int_equal(streams[i].pid, pid);
		assert_int_equal(streams[i].width, pid ? 64 : 0);
		assert_true(found == 0 || strcmp(streams[i - 1].name, streams[i].name) < 0);
		found++;
	}
	return found;
}

static void every_stream_of_a_process_is_described(void **state)
{
	struct geyser_stream_info *streams;
	struct peer publisher;
	size_t count;

	(void)state;
	start_saying(&publisher, "publish-many", "many 40", "ok");
	for (int i = 0; i < 10; i++) {
		ok(geyser_stream_list(&streams, &count));
		assert_int_equal(count, MANY);
		assert_int_equal(count_listed(streams, count, "many", publisher.pid), MANY);
		geyser_stream_list_free(streams);
	}
	end_peer(&publisher);
}

static void a_processs_own_streams_are_described(void **state)
{
	const struct geyser_stream_desc desc = {
		.name = "own",
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 64, .height = 48},
	};
	struct geyser_publisher *own;
	struct geyser_stream_info *streams;
	struct peer publisher;
	size_t count;

	start_saying(&publisher, "publish", "other 2 0", "ok");
	ok(geyser_publisher_create(manager_of(state), &desc, &own));
	ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 2);
	assert_int_equal(count_listed(streams, count, "own", getpid()), 1);
	assert_int_equal(count_listed(streams, count, "other", publisher.pid), 1);
	geyser_stream_list_free(streams);
	geyser_publisher_destroy(own);
	end_peer(&publisher);
}

static void stopped_processes_cost_one_wait(void **state)
{
	struct peer stopped[10], running, with_many;
	struct geyser_stream_info *streams;
	const unsigned number = processes(COUNT_OF(stopped));
	uint64_t begun;
	size_t count;

	(void)state;
	for (unsigned i = 0; i < number; i++) {
		char argument[64];

		(void)snprintf(argument, sizeof(argument), "stopped-%u 2 0", i);
		start_saying(&stopped[i], "publish", argument, "ok");
		stop_peer(&stopped[i]);
	}
	start_saying(&with_many, "publish-many", "many 40", "ok");
	stop_peer(&with_many);
	start_saying(&running, "publish-many", "running 40", "ok");
	begun = now_ns();
	ok(geyser_stream_list(&streams, &count));
	assert_in_range(now_ns() - begun, 0, WITHIN);
	assert_int_equal(count, number + 2 * MANY);
	assert_int_equal(count_listed(streams, count, "stopped", 0), number);
	assert_int_equal(count_listed(streams, count, "many", 0), MANY);
	assert_int_equal(count_listed(streams, count, "running", running.pid), MANY);
	geyser_stream_list_free(streams);
	for (unsigned i = 0; i < number; i++)
		resume(&stopped[i]);
	resume(&with_many);
	end_peer(&running);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(every_stream_of_a_process_is_described),
		manager_test(a_processs_own_streams_are_described),
		manager_test(stopped_processes_cost_one_wait),
	};

	return run_suite(argc, argv, "listing", tests, COUNT_OF(tests));
}
