/* Streams without subscribers: the publisher frees the memory of buffers, and makes it again. */
#include "streams.h"

#include <geyser/memory.h>

#if !APPLE
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#define BUFFERS 4

static uint64_t held(struct geyser_manager *manager)
{
	struct geyser_memory_info info;

	ok(geyser_manager_memory(manager, &info));
	return info.textures.held;
}

#if APPLE
static uint64_t kernels_bytes(void)
{
	return 0;
}
#else
/* Returns how many bytes this process has in memfds for textures: 0 on a device, and where the
 * system's shared memory has no names. */
static uint64_t kernels_bytes(void)
{
	struct dirent *entry;
	uint64_t bytes = 0;
	DIR *files = opendir("/proc/self/fd");

	assert_non_null(files);
	while ((entry = readdir(files))) {
		char target[64] = "";
		struct stat status;

		if (readlinkat(dirfd(files), entry->d_name, target, sizeof(target) - 1) < 0 ||
			strncmp(target, "/memfd:geyser-texture", 21) != 0)
			continue;
		assert_int_equal(fstatat(dirfd(files), entry->d_name, &status, 0), 0);
		bytes += (uint64_t)status.st_blocks * 512;
	}
	(void)closedir(files);
	return bytes;
}
#endif

/* Waits until the manager's textures hold this many bytes. */
static void held_becomes(struct geyser_manager *manager, uint64_t bytes)
{
	const uint64_t end = now_ns() + PATIENCE;

	while (held(manager) != bytes)
		assert_true(now_ns() < end);
}

/* Publishes a stream, and lets it be idle with `left` buffers. Returns the bytes of a buffer. */
static struct geyser_publisher *idle(
	void **state, const char *name, uint32_t frames, uint32_t left, uint64_t *bytes)
{
	struct geyser_publisher *publisher = publish(state, name, BUFFERS);

	uint64_t all = kernels_bytes();

	*bytes = held(manager_of(state)) / BUFFERS;
	submit_all(publisher, 1, frames);
	ok(geyser_publisher_set_idle_limit(publisher, 0));
	held_becomes(manager_of(state), left * *bytes);
	if (all)
		assert_int_equal(kernels_bytes(), all / BUFFERS * left);
	return publisher;
}

static void an_idle_stream_keeps_its_newest_frame(void **state)
{
	uint64_t bytes;
	struct geyser_publisher *publisher = idle(state, "idle", 6, 1, &bytes);
	struct geyser_subscriber *subscriber = subscribe(state, "idle", GEYSER_DELIVER_LATEST);

	pass(subscriber, 6);
	assert_int_equal(held(manager_of(state)), bytes);
	for (uint32_t i = 7; i < 20; i++) {
		submit(publisher, i);
		pass(subscriber, i);
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	assert_int_equal(held(manager_of(state)), 0);
}

static void a_stream_without_frames_keeps_one_buffer(void **state)
{
	uint64_t bytes;
	struct geyser_publisher *publisher = idle(state, "empty", 0, 1, &bytes);
	struct geyser_subscriber *subscriber = subscribe(state, "empty", GEYSER_DELIVER_EVERY);

	submit_all(publisher, 1, BUFFERS);
	assert_int_equal(held(manager_of(state)), BUFFERS * bytes);
	for (uint32_t i = 1; i <= BUFFERS; i++)
		pass(subscriber, i);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* Without subscribers, two buffers are enough. */
static void an_idle_stream_that_goes_on_needs_two_buffers(void **state)
{
	uint64_t bytes;
	struct geyser_publisher *publisher = idle(state, "on", 6, 1, &bytes);
	struct geyser_subscriber *subscriber;

	submit_all(publisher, 7, 20);
	assert_int_equal(held(manager_of(state)), 2 * bytes);
	subscriber = subscribe(state, "on", GEYSER_DELIVER_EVERY);
	pass(subscriber, 20);
	submit_all(publisher, 21, 24);
	for (uint32_t i = 21; i <= 24; i++)
		pass(subscriber, i);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void a_stream_with_a_subscriber_keeps_its_buffers(void **state)
{
	struct geyser_publisher *publisher = publish(state, "seen", BUFFERS);
	struct geyser_subscriber *subscriber = subscribe(state, "seen", GEYSER_DELIVER_EVERY);
	uint64_t all = held(manager_of(state));

	ok(geyser_publisher_set_idle_limit(publisher, 0));
	submit_all(publisher, 1, BUFFERS);
	for (uint32_t i = 1; i <= BUFFERS; i++)
		pass(subscriber, i);
	assert_int_equal(held(manager_of(state)), all);
	geyser_subscriber_destroy(subscriber);
	held_becomes(manager_of(state), all / BUFFERS);
	geyser_publisher_destroy(publisher);
}

static void buffers_that_the_program_has_stay(void **state)
{
	struct geyser_publisher *publisher = publish(state, "drawn", BUFFERS);
	const uint64_t bytes = held(manager_of(state)) / BUFFERS;
	struct geyser_frame *first = begin_frame(publisher), *second = begin_frame(publisher);
	struct geyser_texture *texture = geyser_texture_ref(geyser_frame_texture(first));

	assert_true(fill_texture(geyser_frame_texture(first), 1));
	assert_true(fill_texture(geyser_frame_texture(second), 2));
	ok(geyser_publisher_set_idle_limit(publisher, 0));
	held_becomes(manager_of(state), 2 * bytes);
	assert_true(texture_holds(geyser_frame_texture(first), 1));
	assert_true(texture_holds(geyser_frame_texture(second), 2));
	ok(geyser_publisher_submit(publisher, first));
	ok(geyser_publisher_submit(publisher, second));
	assert_true(texture_holds(texture, 1));
	geyser_texture_unref(texture);
	geyser_publisher_destroy(publisher);
}

static void an_idle_stream_can_be_resized(void **state)
{
	const struct geyser_texture_desc larger = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 128, .height = 64};
	uint64_t bytes;
	struct geyser_publisher *publisher = idle(state, "resized", 6, 1, &bytes);
	struct geyser_subscriber *subscriber;

	ok(geyser_publisher_resize(publisher, &larger));
	submit_all(publisher, 7, 7);
	subscriber = subscribe(state, "resized", GEYSER_DELIVER_EVERY);
	pass(subscriber, 7);
	for (uint32_t i = 8; i < 20; i++) {
		submit(publisher, i);
		pass(subscriber, i);
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void without_a_limit_nothing_is_freed(void **state)
{
	struct geyser_publisher *publisher = publish(state, "kept", BUFFERS), *other;
	const uint64_t all = held(manager_of(state));
	uint64_t bytes;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher",
		geyser_publisher_set_idle_limit(NULL, 0));
	ok(geyser_publisher_set_idle_limit(publisher, UINT64_MAX));
	/* the thread has looked at both streams when the other one is idle */
	other = publish(state, "other", BUFFERS);
	bytes = (held(manager_of(state)) - all) / BUFFERS;
	ok(geyser_publisher_set_idle_limit(other, 0));
	held_becomes(manager_of(state), all + bytes);
	geyser_publisher_destroy(other);
	geyser_publisher_destroy(publisher);
}

/* A lossless publisher keeps a frame for subscribers that don't exist yet no longer than a free
 * one. */
static void a_lossless_stream_is_idle_too(void **state)
{
	struct geyser_publisher *publisher = publish_lossless(state, "lossless", BUFFERS);
	const uint64_t bytes = held(manager_of(state)) / BUFFERS;
	struct geyser_subscriber *subscriber;

	submit_all(publisher, 1, 9);
	ok(geyser_publisher_set_idle_limit(publisher, 0));
	held_becomes(manager_of(state), bytes);
	subscriber = subscribe(state, "lossless", GEYSER_DELIVER_EVERY);
	for (uint32_t i = 9; i < 20; i++) {
		pass(subscriber, i);
		submit(publisher, i + 1);
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static uint64_t mirrors(struct geyser_manager *manager)
{
	struct geyser_memory_amount amount;

	ok(geyser_manager_memory_of(manager, GEYSER_MEMORY_MIRROR, &amount));
	return amount.count;
}

static struct geyser_subscriber *subscribe_on(struct geyser_manager *manager, const char *name)
{
	const struct geyser_subscriber_desc desc = {.name = name};
	struct geyser_subscriber *subscriber;

	ok(geyser_subscriber_create(manager, &desc, &subscriber));
	return subscriber;
}

/* A subscriber without the device reads copies of the buffers. */
static void mirrors_of_freed_buffers_are_freed_too(void **state)
{
	struct geyser_manager *manager = manager_of(state), *other;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	uint64_t bytes;

	if (test_backend == GEYSER_BACKEND_HOST)
		return;
	other = make_manager_on(GEYSER_BACKEND_HOST);
	publisher = publish(state, "mirrored", BUFFERS);
	submit(publisher, 1);
	subscriber = subscribe_on(other, "mirrored");
	for (uint32_t i = 1; i < 6; i++) {
		pass(subscriber, i);
		submit(publisher, i + 1);
	}
	assert_int_equal(mirrors(manager), BUFFERS);
	geyser_subscriber_destroy(subscriber);
	subscribers_become(publisher, 0);
	bytes = held(manager) / BUFFERS;
	ok(geyser_publisher_set_idle_limit(publisher, 0));
	held_becomes(manager, bytes);
	assert_int_equal(mirrors(manager), 1);
	subscriber = subscribe_on(other, "mirrored");
	for (uint32_t i = 6; i < 12; i++) {
		pass(subscriber, i);
		submit(publisher, i + 1);
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	assert_int_equal(mirrors(manager), 0);
	geyser_manager_destroy(other);
}

static uint64_t listed_bytes(void)
{
	struct geyser_stream_info *streams;
	uint64_t bytes;
	size_t count;

	ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 1);
	bytes = geyser_stream_list_bytes(streams, count, 0);
	assert_int_equal(geyser_stream_list_bytes(streams, count, 1), 0);
	assert_int_equal(geyser_stream_list_bytes(NULL, count, 0), 0);
	geyser_stream_list_free(streams);
	return bytes;
}

static void the_list_tells_how_much_memory_a_stream_has(void **state)
{
	struct geyser_publisher *publisher = publish(state, "listed", BUFFERS);
	const uint64_t bytes = held(manager_of(state)) / BUFFERS, all = listed_bytes();

	assert_true(all > BUFFERS * bytes);
	ok(geyser_publisher_set_idle_limit(publisher, 0));
	held_becomes(manager_of(state), bytes);
	assert_int_equal(listed_bytes(), all - (BUFFERS - 1) * bytes);
	geyser_publisher_destroy(publisher);
}

static const struct CMUnitTest tests[] = {
	test(an_idle_stream_keeps_its_newest_frame),
	test(a_stream_without_frames_keeps_one_buffer),
	test(an_idle_stream_that_goes_on_needs_two_buffers),
	test(a_stream_with_a_subscriber_keeps_its_buffers),
	test(buffers_that_the_program_has_stay),
	test(an_idle_stream_can_be_resized),
	test(without_a_limit_nothing_is_freed),
	test(a_lossless_stream_is_idle_too),
	test(mirrors_of_freed_buffers_are_freed_too),
	test(the_list_tells_how_much_memory_a_stream_has),
};

const struct group stream_idle_group = {"stream-idle", tests, COUNT_OF(tests), NULL};
