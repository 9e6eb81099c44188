/*
 * Requests for renditions: of any content, in any number, by processes that go again at once. They
 * cost a publisher a bounded number of threads, and honest subscribers get their frames. A
 * publisher of an earlier version is told from one that converts.
 */
#include "peer.h"

#include "base/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "converted"
#define PATIENCE (20 * GY_SECOND)

static struct geyser_manager *manager;
static struct geyser_publisher *publisher;

static int begin(void **state)
{
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 16},
	};

	(void)state;
	assert_ok(geyser_manager_create(NULL, &manager));
	assert_ok(geyser_publisher_create(manager, &desc, &publisher));
	return 0;
}

static int end(void **state)
{
	(void)state;
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
	return 0;
}

static void submit(void)
{
	struct geyser_frame *frame;

	assert_ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	assert_ok(geyser_publisher_submit(publisher, frame));
}

/* Returns the number of this process's threads that convert. */
static unsigned count_converters(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *task;
	unsigned count = 0;

	assert_non_null(tasks);
	while ((task = readdir(tasks))) {
		char path[300], name[32] = "";
		FILE *file;

		(void)snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file))
			count += strcmp(name, "geyser-convert\n") == 0;
		(void)fclose(file);
	}
	(void)closedir(tasks);
	return count;
}

static uint32_t noise(void)
{
	static uint64_t random = UINT64_C(88172645463325252);

	random ^= random << 13;
	random ^= random >> 7;
	random ^= random << 17;
	return (uint32_t)(random >> 32);
}

/* Asks for a rendition over a new connection, which it returns. */
static int ask(const struct geyser_rendition_desc *rendition, struct gy_message *answer)
{
	struct gy_message request = {.type = GY_WIRE_SUBSCRIBE, .name.rendition = *rendition};
	int connection, fd;

	(void)snprintf(request.name.name, sizeof(request.name.name), "%s", NAME);
	request.name.every = noise() & 1;
	request.name.feeds = noise() & 1;
	connection = peer_request(NAME, &request, answer, &fd);
	if (fd >= 0)
		(void)close(fd);
	return connection;
}

static void requests_of_any_content(void **state)
{
	const struct geyser_rendition_desc wish = {.format = GEYSER_FORMAT_BGRA8_UNORM};
	const struct geyser_subscriber_desc desc = {.name = NAME};
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	uint64_t sequence;
	int open[6] = {-1, -1, -1, -1, -1, -1};

	(void)state;
	assert_ok(geyser_subscriber_create_rendition(manager, &desc, &wish, &subscriber));
	for (unsigned i = 0; i < 300; i++) {
		const bool wild = noise() & 1;
		const struct geyser_rendition_desc rendition = {
			.format = (enum geyser_format)(noise() % (wild ? 200 : 12)),
			.width = wild ? noise() : noise() % 40,
			.height = wild ? noise() : noise() % 40,
			.filter = (enum geyser_filter)(noise() % (wild ? 9 : 4)),
			.upright = noise() & 1,
		};
		struct gy_message answer;

		if (open[i % 6] >= 0)
			(void)close(open[i % 6]);
		open[i % 6] = ask(&rendition, &answer);
		assert_true(answer.type == GY_WIRE_STREAM || answer.type == GY_WIRE_ERROR);
		assert_true(count_converters() <= GEYSER_STREAM_RENDITIONS_MAX);
		submit();
	}
	for (unsigned i = 0; i < 6; i++)
		(void)close(open[i]);
	submit();
	do {
		assert_ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		sequence = geyser_frame_get_info(frame)->sequence;
		assert_ok(geyser_subscriber_release(subscriber, frame));
	} while (sequence < 301);
	geyser_subscriber_destroy(subscriber);
}

/* The child has no objects of geyser's: its connections are made by hand. */
static int use_renditions(void)
{
	unsigned used = 0, refused = 0;

	for (uint32_t i = 1; i <= 6; i++) {
		struct gy_message answer;

		(void)ask(
			&(struct geyser_rendition_desc){
				.format = GEYSER_FORMAT_R16_FLOAT, .width = i, .height = 1},
			&answer);
		used += answer.type == GY_WIRE_STREAM && answer.stream.rendition;
		refused +=
			answer.type == GY_WIRE_ERROR && answer.error.result == GEYSER_ERROR_LIMIT;
	}
	return used == GEYSER_STREAM_RENDITIONS_OF_A_PROCESS && refused == 2 ? 0 : 1;
}

static void a_process_uses_four(void **state)
{
	int status;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(use_renditions());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	submit();
	assert_ok(geyser_publisher_flush(publisher, PATIENCE));
}

/* Answers as a publisher that doesn't know of renditions: with the stream's own ring. */
static void serve_own_frames(struct fake *fake, int connection)
{
	struct gy_message request, answer;

	if (fake_request(connection, &request)) {
		answer = peer_stream(request.sequence, 3);
		(void)peer_send_message(connection, &answer, -1);
	}
	fake_linger(fake, connection);
}

static void an_earlier_publisher_is_told_from_others(void **state)
{
	const struct geyser_rendition_desc wish = {.format = GEYSER_FORMAT_BGRA8_UNORM};
	const struct geyser_subscriber_desc desc = {.name = "old", .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;
	struct fake fake;

	(void)state;
	fake_start(&fake, serve_own_frames, NULL);
	fake_publish(&fake, "old");
	assert_fails(GEYSER_ERROR_UNSUPPORTED, "earlier version",
		geyser_subscriber_create_rendition(manager, &desc, &wish, &subscriber));
	assert_null(subscriber);
	fake_withdraw("old");
	fake_stop(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_of_any_content, begin, end),
		cmocka_unit_test_setup_teardown(a_process_uses_four, begin, end),
		cmocka_unit_test_setup_teardown(
			an_earlier_publisher_is_told_from_others, begin, end),
	};

	test_limit(100);
	return test_run("hostile renditions", tests, test_runtime_enter, test_runtime_leave);
}
